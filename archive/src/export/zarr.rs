//! A plain Zarr group: the array `data` and its coordinate arrays, as xarray opens it.

use crate::error::Result;
use crate::export::dates::DateSelection;
use crate::export::options::{Area, Compression, ExportOptions};
use crate::export::raster::ExportedRaster;
use crate::metadata::document::Metadata;
use crate::metadata::plain::PlainCodec;
use crate::progress::Progress;
use crate::raster::plain::plain_metadata;
use crate::raster::resampling::Resampling;
use crate::raster::source::Raster;
use crate::write::hierarchy::{Content, HierarchyWriter, Node, Output};
use crate::write::settings::Settings;
use crate::write::transfer::Order;
use serde_json::{Map, json};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use vqz_codec::axes::Role;
use vqz_raster::georeference::{CoordinateArray, GRID_MAPPING};

/// The name of the data array.
pub(crate) const DATA: &str = "data";

/// Writes a group, or resumes an interrupted one.
pub(crate) fn write(
    archive: &Path,
    output: &Path,
    exported: &ExportedRaster,
    compression: Compression,
    options: &ExportOptions,
    progress: &dyn Progress,
) -> Result<Vec<PathBuf>> {
    let conventions = Map::from_iter([("Conventions".to_owned(), json!("CF-1.8"))]);
    let root = Node { path: String::new(), content: Content::Group(Metadata::new_group(conventions)) };
    let nodes: Vec<Node> = std::iter::once(root).chain(members("", DATA, exported, compression)?).collect();
    let mut settings = Settings::new("export", archive);
    let (dates, bands) =
        (options.dates.as_ref().map(DateSelection::text), options.bands.as_ref().map(|b| &b.0));
    settings.set("choice", json!([dates, bands, options.area.as_ref().map(Area::setting)]));
    settings.set("resampled", json!([options.resolution, options.resampling.map(Resampling::name)]));
    let destination = Output {
        target: output,
        existing: options.existing,
        inputs: vec![archive.to_path_buf()],
        settings,
        engine: options.engine,
        order: Order::default(),
        what: "exporting",
        progress,
    };
    HierarchyWriter::write_all(&nodes, destination)?;
    Ok(vec![output.to_path_buf()])
}

/// The members of a group: a data array and its coordinates. `group` ends with a `/` unless it is the root.
pub(crate) fn members(
    group: &str,
    name: &str,
    exported: &ExportedRaster,
    compression: Compression,
) -> Result<Vec<Node>> {
    let codec = if compression == Compression::None { PlainCodec::None } else { PlainCodec::Zstd };
    let mut metadata = plain_metadata(exported.raster.info(), codec, None);
    let arrays = coordinate_arrays(exported)?;
    if arrays.iter().any(|array| array.name == GRID_MAPPING) {
        metadata.set_attribute("grid_mapping", json!(GRID_MAPPING));
    }
    let raster: Arc<dyn Raster> = Arc::clone(&exported.raster);
    let mut planned =
        vec![Node { path: format!("{group}{name}"), content: Content::Array(raster, metadata) }];
    planned.extend(
        arrays.into_iter().map(|array| Node {
            path: format!("{group}{}", array.name),
            content: Content::Coordinates(array),
        }),
    );
    Ok(planned)
}

/// The coordinate arrays of an exported raster, for the dimensions that it has.
pub(crate) fn coordinate_arrays(exported: &ExportedRaster) -> Result<Vec<CoordinateArray>> {
    let info = exported.raster.info();
    let has = |role: Role| info.axes.position(&role).is_some();
    Ok(vqz_raster::georeference::coordinates(
        &exported.georeference,
        info.extent(&Role::Y),
        info.extent(&Role::X),
        exported.times.as_deref().filter(|_| has(Role::Time)),
        Some(exported.bands.as_slice()).filter(|_| has(Role::Band)),
    )?)
}
