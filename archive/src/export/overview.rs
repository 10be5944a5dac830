//! Plain levels of lower resolution beside an array, in its group: `overviews/4/data` and so on, which the group's
//! attribute `multiscales` lists. GDAL and QGIS open them, zarr-python and xarray too; none of these can load the codec.

use crate::error::{Result, bail, fail};
use crate::export::format::Format;
use crate::export::names::name_rows_and_columns;
use crate::export::nodata::not_by_band;
use crate::export::options::OverviewOptions;
use crate::export::raster::{ExportedRaster, resampling};
use crate::export::source::ExportSource;
use crate::export::summary::ExportSummary;
use crate::export::zarr::members;
use crate::metadata::document::Metadata;
use crate::progress::Progress;
use crate::raster::opening::OpenOptions;
use crate::raster::source::{Raster, RasterInfo};
use crate::store::files;
use crate::store::reader::ZarrRaster;
use crate::store::tree;
use crate::write::existing::OutputKind;
use crate::write::hierarchy::{Content, HierarchyWriter, Node, Output};
use crate::write::settings::Settings;
use crate::write::transfer::Order;
use crate::write::{paths, state};
use serde_json::{Map, Value, json};
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;
use vqz_codec::axes::Role;
use vqz_raster::conventions::registry::Convention;
use vqz_raster::georeference::spatial;

/// The name of the group of levels.
const OVERVIEWS: &str = "overviews";

/// Levels are added until one is at most this many pixels wide and high.
const SMALL: u64 = 256;

/// Arrays below this side begin with level 2 instead of 4.
const MODEST: u64 = 1024;

/// Writes plain levels of lower resolution into the group of an array, and lists them in the group's attributes: for GDAL and
/// QGIS, which can't load the codec.
///
/// # Errors
/// [`InvalidArgument`](crate::ErrorKind::InvalidArgument) when the array is not in a group, and
/// [`Exists`](crate::ErrorKind::Exists) when there is an overview already.
pub fn export_overview(
    archive: impl AsRef<Path>,
    options: &OverviewOptions,
    progress: &dyn Progress,
) -> Result<ExportSummary> {
    let (archive, begun) = (archive.as_ref(), Instant::now());
    let compression = Format::Zarr.compression(options.compression)?;
    let opening = OpenOptions { engine: options.engine, ..OpenOptions::default() };
    let source = &ExportSource::open(archive, &opening)?;
    source.report_conventions(progress)?;
    let info = source.whole.raster.info();
    let Some((group, name)) = &source.group else {
        bail!(
            InvalidArgument,
            "{} is not in a group, so no overview can be written beside it; export a .tif, or encode a group",
            info.label
        );
    };
    let whole = not_by_band(&source.whole, progress)?;
    let levels = levels(&options.levels, info.extent(&Role::Y).max(info.extent(&Role::X)));
    let target = group.join(OVERVIEWS);
    paths::check_place(&target, OutputKind::Folder, options.existing)?;
    let method = resampling(options.resampling, &source.whole.bands);
    let group_node = |path: String| Node { path, content: Content::Group(Metadata::new_group(Map::new())) };
    let mut nodes = vec![group_node(String::new())];
    let mut written: Vec<(u64, ExportedRaster)> = Vec::new();
    for level in &levels {
        // A level is made from the previous one if its factor is a multiple of the previous factor.
        let exported = match written.last() {
            Some((before, exported)) if level % before == 0 => {
                let folder = state::folder_of(&target).join(format!("{before}/{name}"));
                let made = Made::new(exported.raster.info(), &folder);
                let before_it = ExportedRaster { raster: Arc::new(made), ..exported.clone() };
                before_it.reduced(level / before, level / before, method)?
            }
            _ => whole.clone().reduced(*level, *level, method)?,
        };
        let exported = exported.described()?;
        nodes.push(group_node(level.to_string()));
        nodes.extend(members(&format!("{level}/"), name, &exported, compression)?);
        written.push((*level, exported));
    }
    let mut settings = Settings::new("export --overview", archive);
    settings.set("levels", levels);
    settings.set("resampling", method.name());
    let destination = Output {
        target: &target,
        existing: options.existing,
        inputs: vec![group.join(name)],
        settings,
        engine: options.engine,
        order: Order::default(),
        what: "writing an overview",
        progress,
    };
    HierarchyWriter::write_all(&nodes, destination)?;
    if let Some((_, exported)) = written.first() {
        exported.remark(|_| false, progress);
    }
    source.report_losses(progress)?;
    declare(group, name, source, &written, method.name())?;
    let raw_bytes = written.iter().map(|(_, exported)| exported.raster.info().raw_bytes()).sum();
    let seconds = begun.elapsed().as_secs_f64();
    ExportSummary::measure("overview", &[target], &info.shape, raw_bytes, seconds)
}

/// The levels to write, in order: the requested ones, or the default ones for a raster whose longer side has `side`
/// pixels.
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

/// Lists the levels in the attributes of the array's group, and below it in those of the levels' own group: readers
/// that can't load the array then use the first level as the full resolution, and the others as its overviews.
fn declare(
    group: &Path,
    name: &str,
    source: &ExportSource,
    levels: &[(u64, ExportedRaster)],
    method: &str,
) -> Result<()> {
    let below: Vec<(u64, String, &ExportedRaster)> =
        levels.iter().map(|(level, exported)| (*level, format!("{level}/{name}"), exported)).collect();
    if let Some((first, rest)) = below.split_first() {
        describe(&group.join(OVERVIEWS), first, rest, method)?;
    }
    let rest: Vec<(u64, String, &ExportedRaster)> = below
        .iter()
        .map(|(level, asset, exported)| (*level, format!("{OVERVIEWS}/{asset}"), *exported))
        .collect();
    describe(group, &(1, name.to_owned(), &source.whole), &rest, method)
}

/// Writes `multiscales` and the georeference into a group's attributes: the base, and the levels that are made from
/// it.
fn describe(
    group: &Path,
    base: &(u64, String, &ExportedRaster),
    levels: &[(u64, String, &ExportedRaster)],
    method: &str,
) -> Result<()> {
    let mut layout = Vec::new();
    let mut before: Option<&(u64, String, &ExportedRaster)> = None;
    for level in std::iter::once(base).chain(levels) {
        let (factor, asset, exported) = level;
        let info = exported.raster.info();
        let mut entry = Map::from_iter([("asset".to_owned(), Value::from(asset.clone()))]);
        if let Some(transform) = exported.georeference.transform {
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
    let mut georeference = Map::new();
    let info = base.2.raster.info();
    base.2.georeference.set_attributes(&mut georeference, info.extent(&Role::Y), info.extent(&Role::X))?;
    name_rows_and_columns(&mut georeference, info);
    for key in ["zarr_conventions", "proj:code", "proj:wkt2", "spatial:dimensions", "spatial:bbox"] {
        if let Some(value) = georeference.remove(key) {
            attributes.insert(key.to_owned(), value);
        }
    }
    Convention::Multiscales.declare(&mut attributes);
    attributes.insert("multiscales".to_owned(), json!({"layout": layout, "resampling_method": method}));
    metadata.json_mut().insert("attributes".to_owned(), Value::Object(attributes));
    // The group may hold a consolidated copy of its members' metadata, which lacks the new ones.
    metadata.json_mut().remove("consolidated_metadata");
    files::write_atomically(&group.join("zarr.json"), &metadata.to_bytes()?)
}

/// A level that is opened when its first sample is requested, because it does not exist before then.
struct Made {
    info: RasterInfo,
    folder: PathBuf,
    raster: Mutex<Option<Arc<ZarrRaster>>>,
}

impl Made {
    fn new(info: &RasterInfo, folder: &Path) -> Self {
        Self { info: info.clone(), folder: folder.to_path_buf(), raster: Mutex::new(None) }
    }

    fn open(&self) -> Result<Arc<ZarrRaster>> {
        let mut raster = self.raster.lock().unwrap_or_else(PoisonError::into_inner);
        if raster.is_none() {
            let node = tree::Node::open(&self.folder)?;
            let options = OpenOptions { axes: Some(self.info.axes.clone()), ..OpenOptions::default() };
            *raster = Some(Arc::new(ZarrRaster::open(&node, &options)?));
        }
        raster.clone().ok_or_else(|| fail!(NotFound, "{} is not there", self.folder.display()))
    }
}

impl Raster for Made {
    fn info(&self) -> &RasterInfo {
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
