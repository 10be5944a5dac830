//! A plain Zarr group: the array `data` and its coordinate arrays, as xarray opens it.

use crate::error::Result;
use crate::export::coordinates::{axis_letter, merged};
use crate::export::dates::DateSelection;
use crate::export::names::{DATA, name, name_of, plain_name};
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
use serde_json::json;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use vqz_codec::axes::Role;
use vqz_raster::conventions::time::Instant;
use vqz_raster::georeference::{CoordinateArray, GRID_MAPPING};

/// The attributes that say how the values of a coordinate are stored, which are not those of other values.
const UNITS: [&str; 9] = [
    "units",
    "calendar",
    "_FillValue",
    "missing_value",
    "scale_factor",
    "add_offset",
    "valid_min",
    "valid_max",
    "valid_range",
];

/// Writes a group, or resumes an interrupted one.
pub(crate) fn write(
    archive: &Path,
    output: &Path,
    exported: &ExportedRaster,
    compression: Compression,
    options: &ExportOptions,
    progress: &dyn Progress,
) -> Result<Vec<PathBuf>> {
    let mut conventions = exported.globals.clone();
    conventions.insert("Conventions".to_owned(), json!("CF-1.8"));
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
    array: &str,
    exported: &ExportedRaster,
    compression: Compression,
) -> Result<Vec<Node>> {
    let codec = if compression == Compression::None { PlainCodec::None } else { PlainCodec::Zstd };
    let mut metadata = plain_metadata(exported.raster.info(), codec, None);
    let arrays = coordinate_arrays(exported)?;
    if arrays.iter().any(|array| array.name == GRID_MAPPING) {
        metadata.set_attribute("grid_mapping", json!(GRID_MAPPING));
    }
    if let Some(names) = auxiliary_names(exported, &arrays) {
        metadata.set_attribute("coordinates", json!(names));
    }
    let raster: Arc<dyn Raster> = Arc::clone(&exported.raster);
    let mut planned =
        vec![Node { path: format!("{group}{array}"), content: Content::Array(raster, metadata) }];
    planned.extend(
        arrays.into_iter().map(|array| Node {
            path: format!("{group}{}", array.name),
            content: Content::Coordinates(array),
        }),
    );
    Ok(planned)
}

/// The names of the coordinates that are not those of a dimension, as CF lists them; none where there are none.
pub(crate) fn auxiliary_names(exported: &ExportedRaster, arrays: &[CoordinateArray]) -> Option<String> {
    let info = exported.raster.info();
    let is_bounds = |array: &CoordinateArray| {
        exported.coordinates.arrays.iter().any(|c| c.array.name == array.name && c.bounds_of.is_some())
    };
    let is_dimension = |array: &CoordinateArray| (0..info.shape.len()).any(|d| name(info, d) == array.name);
    let auxiliary =
        arrays.iter().filter(|array| array.name != GRID_MAPPING && !is_dimension(array) && !is_bounds(array));
    let names: Vec<&str> = auxiliary.map(|array| array.name.as_str()).collect();
    (!names.is_empty()).then(|| names.join(" "))
}

/// The coordinate arrays of an exported raster: those that its georeference, its dates and its bands make, and all others that stand
/// beside it. Where both are there, values and words are those of the source.
pub(crate) fn coordinate_arrays(exported: &ExportedRaster) -> Result<Vec<CoordinateArray>> {
    let info = exported.raster.info();
    let source = &exported.coordinates;
    let (time, band) = (name_of(info, &Role::Time), name_of(info, &Role::Band));
    let times: Option<Vec<Instant>> = exported
        .times
        .as_ref()
        .filter(|_| exported.plain_times && time.as_ref().is_some_and(|time| !source.has_bounds(time)))
        .and_then(|times| times.iter().copied().collect());
    let bands = Some(exported.bands.as_slice());
    let mut arrays = vqz_raster::georeference::coordinates(
        &exported.georeference,
        info.extent(&Role::Y),
        info.extent(&Role::X),
        times.as_deref(),
        bands.filter(|_| band.as_ref().is_some_and(|band| source.of_dimension(band).is_none())),
    )?;
    name_as_dimensions(&mut arrays, exported);
    for coordinate in &source.arrays {
        let mut own = coordinate.array.clone();
        if let Some(letter) = info.axes.roles().iter().enumerate().find_map(|(d, role)| {
            (own.dimensions == [own.name.clone()] && name(info, d) == own.name)
                .then(|| axis_letter(role))
                .flatten()
        }) {
            own.attributes.entry("axis").or_insert_with(|| json!(letter));
        }
        match arrays.iter_mut().find(|array| array.name == own.name) {
            Some(made) if Some(&made.name) == time.as_ref() => {
                for key in UNITS {
                    own.attributes.remove(key);
                }
                made.attributes = merged(&made.attributes, &own.attributes);
            }
            Some(made) => {
                own.attributes = merged(&made.attributes, &own.attributes);
                *made = own;
            }
            None => arrays.push(own),
        }
    }
    for coordinate in source.arrays.iter().filter(|coordinate| coordinate.bounds_of.is_some()) {
        let of = arrays.iter_mut().find(|array| Some(&array.name) == coordinate.bounds_of.as_ref());
        if let Some(of) = of {
            of.attributes.insert("bounds".to_owned(), json!(coordinate.array.name));
        }
    }
    Ok(arrays)
}

/// Gives coordinates that were made for dimensions the names that these have. Where the source has a coordinate of that dimension with a
/// name of its own, none is made.
fn name_as_dimensions(arrays: &mut Vec<CoordinateArray>, exported: &ExportedRaster) {
    let info = exported.raster.info();
    for (d, role) in info.axes.roles().iter().enumerate() {
        let (plain, name) = (plain_name(info, d), name(info, d));
        if plain == name || matches!(role, Role::Other(_)) {
            continue;
        }
        let in_source = exported.coordinates.arrays.iter().map(|coordinate| &coordinate.array);
        if in_source.into_iter().any(|own| own.name == plain && own.dimensions == [name.clone()]) {
            arrays.retain(|array| array.name != plain);
        }
        for made in arrays.iter_mut().filter(|array| array.name == plain) {
            made.name.clone_from(&name);
            made.dimensions = vec![name.clone()];
        }
    }
}
