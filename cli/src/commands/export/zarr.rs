//! A plain Zarr group: the array `data` and its coordinate arrays, as xarray opens it.

use super::choice::Choice;
use super::{Args, Compression};
use crate::commands::decode::plain_metadata;
use crate::commands::hierarchy::{self, Planned, Step};
use crate::raster::Raster;
use crate::raster::metadata::Metadata;
use crate::raster::partial::Existing;
use crate::raster::plain::PlainCodec;
use crate::raster::transfer::Order;
use anyhow::Result;
use serde_json::{Map, json};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use vqz_codec::axes::Role;
use vqz_raster::georeference::{CoordinateArray, GRID_MAPPING};

/// The name of the data array.
pub(super) const DATA: &str = "data";

/// Writes a group; an interrupted one is gone on with.
pub(super) fn write(
    args: &Args,
    output: &Path,
    choice: &Choice,
    compression: Compression,
    existing: Existing,
) -> Result<Vec<PathBuf>> {
    let conventions = Map::from_iter([("Conventions".to_owned(), json!("CF-1.8"))]);
    let root = Planned { path: String::new(), step: Step::Group(Metadata::new_group(conventions)) };
    let planned: Vec<Planned> =
        std::iter::once(root).chain(members("", DATA, choice, compression)?).collect();
    let mut settings = hierarchy::settings("export", &args.archive);
    settings.insert(
        "choice".to_owned(),
        json!([args.dates, args.bands.as_ref().map(|b| &b.0), args.window, args.bounds]),
    );
    settings.insert(
        "resampled".to_owned(),
        json!([args.resolution, args.resampling.map(|resampling| resampling.name())]),
    );
    let work = hierarchy::Work {
        target: output,
        existing,
        settings,
        engine: args.engine,
        order: Order::default(),
        what: "exporting",
        finish: &|_, _| Ok(None),
    };
    hierarchy::write(&planned, work)?;
    Ok(vec![output.to_path_buf()])
}

/// The members of a group: a data array, and what says where its samples are. `group` ends with a `/` where it is not the
/// root.
pub(super) fn members(
    group: &str,
    name: &str,
    choice: &Choice,
    compression: Compression,
) -> Result<Vec<Planned>> {
    let codec = if compression == Compression::None { PlainCodec::None } else { PlainCodec::Zstd };
    let mut metadata = plain_metadata(choice.raster.info(), codec, None);
    let arrays = coordinate_arrays(choice)?;
    if arrays.iter().any(|array| array.name == GRID_MAPPING) {
        metadata.set_attribute("grid_mapping", json!(GRID_MAPPING));
    }
    let raster: Arc<dyn Raster> = Arc::clone(&choice.raster);
    let mut planned = vec![Planned { path: format!("{group}{name}"), step: Step::Convert(raster, metadata) }];
    planned.extend(
        arrays
            .into_iter()
            .map(|array| Planned { path: format!("{group}{}", array.name), step: Step::Coordinates(array) }),
    );
    Ok(planned)
}

/// The coordinate arrays of a choice: of those dimensions that it has.
pub(super) fn coordinate_arrays(choice: &Choice) -> Result<Vec<CoordinateArray>> {
    let info = choice.raster.info();
    let has = |role: Role| info.axes.position(&role).is_some();
    Ok(vqz_raster::georeference::coordinates(
        &choice.place,
        info.extent(&Role::Y),
        info.extent(&Role::X),
        choice.times.as_deref().filter(|_| has(Role::Time)),
        Some(choice.bands.as_slice()).filter(|_| has(Role::Band)),
    )?)
}
