//! Writes a NetCDF-4 file that follows the CF conventions, window by window.

use crate::error::{Context, Result};
use crate::export::names::{DATA, name, name_of};
use crate::export::options::Compression;
use crate::export::raster::ExportedRaster;
use crate::export::zarr::{auxiliary_names, coordinate_arrays};
use crate::progress::{Progress, Task};
use crate::raster::region::{Grid, extents, volume};
use crate::raster::source::Raster;
use crate::write::existing::Existing;
use crate::write::scratch::Scratch;
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use vqz_codec::axes::Role;
use vqz_codec::sample::DataType;
use vqz_raster::conventions::nodata;
use vqz_raster::georeference::{CoordinateArray, CoordinateData, GRID_MAPPING};
use vqz_raster::netcdf::{Content, NetCdf, Storage, Variable};

/// The name of the coordinate of wavelengths.
const WAVELENGTH: &str = "wavelength";

/// The side of a chunk, in pixels.
const CHUNK: u64 = 256;

/// The smallest side of the windows that are written, so that they are whole chunks.
const WINDOW: u64 = 512;

/// Attributes that NetCDF expresses differently, or that belong to Zarr only.
const NOT_WRITTEN: [&str; 12] = [
    "_FillValue",
    "missing_value",
    "_CRS",
    "zarr_conventions",
    "proj:code",
    "proj:wkt2",
    "spatial_ref",
    "GeoTransform",
    "spatial:transform",
    "spatial:shape",
    "spatial:bbox",
    "spatial:dimensions",
];

/// Writes the file in a folder beside the output, then renames it.
pub(crate) fn write(
    output: &Path,
    exported: &ExportedRaster,
    compression: Compression,
    existing: Existing,
    progress: &dyn Progress,
) -> Result<Vec<PathBuf>> {
    let scratch = Scratch::begin(output, existing)?;
    let written = fill(&scratch.path(), exported, compression, progress).and_then(|()| scratch.put());
    written.with_context(|| format!("writing {}", output.display()))?;
    Ok(vec![output.to_path_buf()])
}

fn fill(
    path: &Path,
    exported: &ExportedRaster,
    compression: Compression,
    progress: &dyn Progress,
) -> Result<()> {
    let info = exported.raster.info();
    let names: Vec<String> = (0..info.shape.len()).map(|d| name(info, d)).collect();
    let mut file = NetCdf::create(path)?;
    for (name, value) in &exported.globals {
        file.global(name, value)?;
    }
    for (name, extent) in names.iter().zip(&info.shape) {
        file.dimension(name, *extent)?;
    }
    let arrays = coordinate_arrays(exported)?;
    // Bounds have a dimension of their own.
    for array in &arrays {
        for (name, extent) in array.dimensions.iter().zip(&array.shape) {
            if !file.has_dimension(name) {
                file.dimension(name, *extent)?;
            }
        }
    }
    for array in &arrays {
        write_coordinate(&file, array).with_context(|| format!("the coordinates {}", array.name))?;
    }
    let chunk = info.axes.roles().iter().zip(&info.shape).map(|(role, extent)| match role {
        Role::Y | Role::X => CHUNK.min(*extent),
        Role::Band | Role::Time | Role::Other(_) => 1,
    });
    let storage =
        Storage { chunk: chunk.collect(), deflate: (compression == Compression::Deflate).then_some(4) };
    let dimensions: Vec<&str> = names.iter().map(String::as_str).collect();
    let data = file.variable(DATA, &dimensions, Content::Samples(info.data_type), &storage)?;
    if let Some(nodata) = info.nodata.first()
        && let Some(value) = nodata.to_f64(info.data_type)?
    {
        data.nodata(&crate::raster::samples::bytes_of(info.data_type, value))?;
    }
    for (name, value) in info.metadata.attributes() {
        // `described` declares further values that mean "no data" as CF does.
        let further = name == "missing_value" && info.nodata.len() > 1;
        if further || !NOT_WRITTEN.contains(&name.as_str()) {
            data.attribute(&name, &value)?;
        }
    }
    if arrays.iter().any(|array| array.name == GRID_MAPPING) {
        data.attribute("grid_mapping", &json!(GRID_MAPPING))?;
    }
    let wavelengths: Option<Vec<f64>> = exported.bands.iter().map(|band| band.wavelength_um).collect();
    let taken = arrays.iter().any(|array| array.name == WAVELENGTH);
    let wavelength = match (wavelengths.filter(|_| !taken), name_of(info, &Role::Band)) {
        (Some(values), Some(dimension)) => Some(wavelength(&file, &dimension, &values)?),
        _ => None,
    };
    let auxiliary = auxiliary_names(exported, &arrays);
    let names: Vec<&str> =
        auxiliary.as_deref().into_iter().chain(wavelength.is_some().then_some(WAVELENGTH)).collect();
    if !names.is_empty() {
        data.attribute("coordinates", &Value::from(names.join(" ")))?;
    }
    copy(&data, exported.raster.as_ref(), progress)?;
    drop((data, wavelength));
    Ok(file.finish()?)
}

/// Writes a coordinate with its attributes.
fn write_coordinate(file: &NetCdf, array: &CoordinateArray) -> Result<()> {
    let dimensions: Vec<&str> = array.dimensions.iter().map(String::as_str).collect();
    let content = match &array.data {
        CoordinateData::Float(_) => Content::Samples(DataType::Float64),
        CoordinateData::Single(_) => Content::Samples(DataType::Float32),
        CoordinateData::Integer(_) => Content::Integers,
        CoordinateData::Text(_) => Content::Texts,
    };
    let variable = file.variable(&array.name, &dimensions, content, &Storage::default())?;
    let fill = array.attributes.get("_FillValue").and_then(nodata::from_json);
    match (&array.data, fill) {
        (CoordinateData::Float(_), Some(fill)) => variable.nodata(&fill.to_ne_bytes())?,
        (CoordinateData::Single(_), Some(fill)) => variable.nodata(&(fill as f32).to_ne_bytes())?,
        (CoordinateData::Integer(_), Some(fill)) => {
            // The number itself: one of 64 bits is not a float.
            let whole = array.attributes["_FillValue"].as_i64().unwrap_or(fill as i64);
            variable.nodata(&whole.to_ne_bytes())?;
        }
        _ => {}
    }
    for (name, value) in array.attributes.iter().filter(|(name, _)| *name != "_FillValue") {
        variable.attribute(name, value)?;
    }
    let start = vec![0; dimensions.len()];
    let write = |bytes: Vec<u8>| variable.write(&start, &array.shape, &bytes);
    match &array.data {
        CoordinateData::Float(values) => write(values.iter().flat_map(|v| v.to_ne_bytes()).collect())?,
        CoordinateData::Single(values) => write(values.iter().flat_map(|v| v.to_ne_bytes()).collect())?,
        CoordinateData::Integer(values) => write(values.iter().flat_map(|v| v.to_ne_bytes()).collect())?,
        CoordinateData::Text(texts) => variable.write_texts(texts)?,
    }
    Ok(())
}

/// The coordinate that CF has for the wavelengths of bands.
fn wavelength(file: &NetCdf, dimension: &str, values: &[f64]) -> Result<Variable> {
    let content = Content::Samples(DataType::Float64);
    let variable = file.variable(WAVELENGTH, &[dimension], content, &Storage::default())?;
    variable.attribute("standard_name", &json!("radiation_wavelength"))?;
    variable.attribute("units", &json!("um"))?;
    let bytes: Vec<u8> = values.iter().flat_map(|v| v.to_ne_bytes()).collect();
    variable.write(&[0], &[values.len() as u64], &bytes)?;
    Ok(variable)
}

fn copy(data: &Variable, raster: &dyn Raster, progress: &dyn Progress) -> Result<()> {
    let info = raster.info();
    let window: Vec<u64> = info
        .axes
        .roles()
        .iter()
        .zip(info.shape.iter().zip(&info.chunk))
        .map(|(role, (extent, chunk))| match role {
            Role::Y | Role::X => (*chunk).max(WINDOW).next_multiple_of(CHUNK),
            Role::Band => *extent,
            Role::Time => *chunk,
            Role::Other(_) => 1,
        })
        .collect();
    let grid = Grid::new(&info.shape, &window);
    let task = Task::start(progress, "exporting", grid.len());
    for number in 0..grid.walkable(&info.label)? {
        let region = grid.region(&grid.indices(number));
        if volume(&extents(&region)) > 0 {
            let start: Vec<u64> = region.iter().map(|range| range.start).collect();
            data.write(&start, &extents(&region), &raster.read(&region)?)?;
        }
        task.advance(1)?;
    }
    Ok(())
}
