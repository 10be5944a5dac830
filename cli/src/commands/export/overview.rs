//! Plain levels of lower resolution beside an array, in its group: `overviews/4/data` and so on, which the group's
//! attribute `multiscales` lists. GDAL and QGIS open them, zarr-python and xarray too; none of these can load the codec.

use super::choice::{Choice, resampling};
use super::source::Source;
use super::write::{Figures, figures};
use super::zarr::members;
use super::{Args, Compression};
use crate::commands::hierarchy::{self, Planned, Step};
use crate::raster::metadata::Metadata;
use crate::raster::partial::{Existing, beside};
use crate::raster::transfer::Order;
use crate::raster::tree::Node;
use crate::raster::zarr::ZarrRaster;
use crate::raster::{Info, OpenOptions, Raster, files};
use anyhow::{Result, anyhow, bail};
use serde_json::{Map, Value, json};
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use vqz_codec::axes::Role;
use vqz_raster::conventions::registry::Convention;
use vqz_raster::georeference::spatial;

/// The name of the group of levels.
const OVERVIEWS: &str = "overviews";

/// Levels go on until one is at most so many pixels wide and high.
const SMALL: u64 = 256;

/// Arrays below this side begin with level 2 instead of 4.
const MODEST: u64 = 1024;

/// Writes the levels, then lists them in the group's attributes.
pub(super) fn write(
    args: &Args,
    source: &Source,
    compression: Compression,
    existing: Existing,
) -> Result<Figures> {
    let info = source.raster.info();
    let Some((group, name)) = &source.group else {
        bail!(
            "{} stands in no group, so there is no place beside it for an overview; export a .tif, or encode a group",
            info.label
        );
    };
    let levels = levels(&args.levels, info.extent(&Role::Y).max(info.extent(&Role::X)));
    let target = group.join(OVERVIEWS);
    crate::raster::partial::refuse_existing(&target, existing)?;
    let method = resampling(args, &source.bands);
    let mut planned =
        vec![Planned { path: String::new(), step: Step::Group(Metadata::new_group(Map::new())) }];
    let mut choices: Vec<(u64, Choice)> = Vec::new();
    for level in &levels {
        // A level is made of the one before, where that is a whole fraction of it.
        let choice = match choices.last() {
            Some((before, choice)) if level % before == 0 => {
                let folder = beside(&target, ".partial").join(format!("{before}/{name}"));
                let made = Made::new(choice.raster.info(), &folder);
                let before_it = Choice { raster: Arc::new(made), ..choice.clone() };
                before_it.reduced(level / before, level / before, method)?
            }
            _ => whole(source).reduced(*level, *level, method)?,
        };
        let choice = choice.described()?;
        let place = Planned { path: level.to_string(), step: Step::Group(Metadata::new_group(Map::new())) };
        planned.push(place);
        planned.extend(members(&format!("{level}/"), name, &choice, compression)?);
        choices.push((*level, choice));
    }
    let mut settings = hierarchy::settings("export --overview", &args.archive);
    settings.insert("levels".to_owned(), json!(levels));
    settings.insert("resampling".to_owned(), json!(method.name()));
    let work = hierarchy::Work {
        target: &target,
        existing,
        settings,
        engine: args.engine,
        order: Order::default(),
        what: "overview",
        finish: &|_, _| Ok(None),
    };
    hierarchy::write(&planned, work)?;
    declare(group, name, source, &choices, method.name())?;
    let raw_bytes = choices.iter().map(|(_, choice)| choice.raster.info().raw_bytes()).sum();
    figures("overview", vec![target], info.shape.clone(), raw_bytes)
}

fn whole(source: &Source) -> Choice {
    Choice {
        raster: Arc::clone(&source.raster),
        place: source.place.clone(),
        bands: source.bands.clone(),
        times: source.times.clone(),
    }
}

/// The levels to write, in order: those that are asked for, or the usual ones for a longer side of so many pixels.
fn levels(asked: &[u64], side: u64) -> Vec<u64> {
    if !asked.is_empty() {
        let mut levels = asked.to_vec();
        levels.sort_unstable();
        levels.dedup();
        return levels;
    }
    let first: u64 = if side < MODEST { 2 } else { 4 };
    let mut levels = vec![first];
    while let Some(last) = levels.last().filter(|last| side.div_ceil(**last) > SMALL) {
        levels.push(last * 2);
    }
    levels
}

/// Lists the levels in the attributes of the array's group, and below it in those of the levels' own group: readers that
/// can't load the array take the first level for the whole there, and the others for its overviews.
fn declare(group: &Path, name: &str, source: &Source, levels: &[(u64, Choice)], method: &str) -> Result<()> {
    let below: Vec<(u64, String, &Choice)> =
        levels.iter().map(|(level, choice)| (*level, format!("{level}/{name}"), choice)).collect();
    if let Some((first, rest)) = below.split_first() {
        describe(&group.join(OVERVIEWS), first, rest, method)?;
    }
    let rest: Vec<(u64, String, &Choice)> = below
        .iter()
        .map(|(level, asset, choice)| (*level, format!("{OVERVIEWS}/{asset}"), *choice))
        .collect();
    describe(group, &(1, name.to_owned(), &whole(source)), &rest, method)
}

/// Writes `multiscales` and the place into a group's attributes: a base, and the levels that are made of it.
fn describe(
    group: &Path,
    base: &(u64, String, &Choice),
    levels: &[(u64, String, &Choice)],
    method: &str,
) -> Result<()> {
    let mut layout = Vec::new();
    let mut before: Option<&(u64, String, &Choice)> = None;
    for level in std::iter::once(base).chain(levels) {
        let (factor, asset, choice) = level;
        let info = choice.raster.info();
        let mut entry = Map::from_iter([("asset".to_owned(), Value::from(asset.clone()))]);
        if let Some(transform) = choice.place.transform {
            entry.extend(spatial(transform, info.extent(&Role::Y), info.extent(&Role::X)));
        }
        let from = before.map(|before| if factor % before.0 == 0 { before } else { base });
        let scale = from.map_or(1.0, |from| *factor as f64 / from.0 as f64);
        entry.insert("transform".to_owned(), json!({"scale": [scale, scale], "translation": [0.0, 0.0]}));
        if let Some((_, from, _)) = from {
            entry.insert("derived_from".to_owned(), Value::from(from.clone()));
            entry.insert("resampling_method".to_owned(), Value::from(method));
        }
        layout.push(Value::Object(entry));
        before = Some(level);
    }
    let mut metadata = Metadata::read(group)?;
    let mut attributes = metadata.attributes();
    let mut place = Map::new();
    let info = base.2.raster.info();
    base.2.place.set_attributes(&mut place, info.extent(&Role::Y), info.extent(&Role::X))?;
    for key in ["zarr_conventions", "proj:code", "proj:wkt2", "spatial:dimensions", "spatial:bbox"] {
        if let Some(value) = place.remove(key) {
            attributes.insert(key.to_owned(), value);
        }
    }
    Convention::Multiscales.declare(&mut attributes);
    attributes.insert("multiscales".to_owned(), json!({"layout": layout, "resampling_method": method}));
    metadata.json_mut().insert("attributes".to_owned(), Value::Object(attributes));
    // A copy of its members' metadata that the group may hold does not know the new ones.
    metadata.json_mut().remove("consolidated_metadata");
    files::write_atomically(&group.join("zarr.json"), &metadata.to_bytes()?)
}

/// A level that is there once its turn has come: opened when the first sample is asked for.
struct Made {
    info: Info,
    folder: PathBuf,
    raster: Mutex<Option<Arc<ZarrRaster>>>,
}

impl Made {
    fn new(info: &Info, folder: &Path) -> Self {
        Self { info: info.clone(), folder: folder.to_path_buf(), raster: Mutex::new(None) }
    }

    fn open(&self) -> Result<Arc<ZarrRaster>> {
        let mut raster = self.raster.lock().unwrap_or_else(PoisonError::into_inner);
        if raster.is_none() {
            let metadata = Metadata::read(&self.folder)?;
            let node = Node { path: String::new(), folder: self.folder.clone(), metadata, derived: false };
            let options = OpenOptions { axes: Some(self.info.axes.clone()), ..OpenOptions::default() };
            *raster = Some(Arc::new(ZarrRaster::open(&node, &options)?));
        }
        raster.clone().ok_or_else(|| anyhow!("{} is not there", self.folder.display()))
    }
}

impl Raster for Made {
    fn info(&self) -> &Info {
        &self.info
    }

    fn read(&self, region: &[Range<u64>]) -> Result<Vec<u8>> {
        self.open()?.read(region)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn levels_go_down_to_a_small_picture() {
        assert_eq!(levels(&[], 10_980), [4, 8, 16, 32, 64]);
        assert_eq!(levels(&[], 1024), [4]);
        assert_eq!(levels(&[], 1023), [2, 4]);
        assert_eq!(levels(&[], 10), [2]);
        assert_eq!(levels(&[8, 2, 8], 10), [2, 8]);
    }
}
