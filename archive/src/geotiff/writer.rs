//! Writes a raster of two or three dimensions as a tiled GeoTIFF, with the georeference from its attributes.

use crate::error::{Context, Result, bail};
use crate::geotiff::attributes::{COLOURS, ITEMS};
use crate::geotiff::rename::{put, refuse_sides};
use crate::metadata::plain::PlainCodec;
use crate::progress::{Progress, Task};
use crate::raster::region::{Grid, Region};
use crate::raster::source::{Raster, RasterInfo};
use crate::write::existing::Existing;
use crate::write::scratch::Scratch;
use gdal::raster::{Buffer, GdalType, RasterCreationOptions};
use gdal::{Dataset, DriverManager};
use serde_json::Value;
use std::path::Path;
use vqz_codec::axes::Role;
use vqz_codec::sample::DataType;
use vqz_raster::band::{Band, bands_of_attributes, write_bands};
use vqz_raster::georeference::{Georeference, write_georeference};
use vqz_raster::items::{write_colours, write_items};

/// The smallest side of the windows that are written, in pixels, so that they are whole tiles of the file.
const WINDOW: u64 = 512;

/// Writes a raster beside `path`, then renames it into place.
///
/// # Errors
/// When the raster has dimensions other than band, y and x, when reading or GDAL fails, and when the output appeared meanwhile and
/// may not be replaced.
pub(crate) fn write(
    path: &Path,
    raster: &dyn Raster,
    codec: PlainCodec,
    existing: Existing,
    progress: &dyn Progress,
) -> Result<()> {
    refuse_sides(path)?;
    let scratch = Scratch::begin(path, existing)?;
    write_at(&scratch.path(), raster, codec, progress)
        .with_context(|| format!("writing {}", path.display()))
        .and_then(|()| put(&scratch))
}

/// Writes a raster to a path. GDAL puts metadata that the format can't hold into a sidecar file.
///
/// # Errors
/// Those of [`write`].
pub(super) fn write_at(
    path: &Path,
    raster: &dyn Raster,
    codec: PlainCodec,
    progress: &dyn Progress,
) -> Result<()> {
    match raster.info().data_type {
        DataType::UInt8 => write_as::<u8>(path, raster, codec, progress),
        DataType::Int16 => write_as::<i16>(path, raster, codec, progress),
        DataType::UInt16 => write_as::<u16>(path, raster, codec, progress),
        DataType::Int32 => write_as::<i32>(path, raster, codec, progress),
        DataType::Float32 => write_as::<f32>(path, raster, codec, progress),
        DataType::Float64 => write_as::<f64>(path, raster, codec, progress),
    }
}

fn write_as<T: GdalType + Copy + bytemuck::Pod>(
    path: &Path,
    raster: &dyn Raster,
    codec: PlainCodec,
    progress: &dyn Progress,
) -> Result<()> {
    let info = raster.info();
    let looped: Vec<String> = info
        .axes
        .roles()
        .iter()
        .zip(&info.shape)
        .filter(|(role, extent)| matches!(role, Role::Time | Role::Other(_)) && **extent > 1)
        .map(|(role, extent)| format!("{extent} of {role}"))
        .collect();
    if !looped.is_empty() {
        bail!(
            InvalidArgument,
            DecodeToZarr,
            "a GeoTIFF holds bands, y and x only, the array has {}",
            looped.join(", ")
        );
    }
    let bands = bands_of_attributes(&info.metadata.attributes(), info.bands() as usize);
    let coloured = bands.len() == 1
        && matches!(info.data_type, DataType::UInt8 | DataType::UInt16)
        && bands[0].categories.iter().any(|class| class.colour.is_some());
    let mut options = RasterCreationOptions::new();
    let fixed = [
        ("TILED", "YES"),
        ("BIGTIFF", "IF_SAFER"),
        ("INTERLEAVE", "BAND"),
        ("NUM_THREADS", "ALL_CPUS"),
        // Otherwise GDAL would treat the fourth of four bands as transparency.
        ("PHOTOMETRIC", if coloured { "PALETTE" } else { "MINISBLACK" }),
    ];
    for (key, value) in fixed {
        options.add_name_value(key, value)?;
    }
    if matches!(codec, PlainCodec::Zstd) {
        options.add_name_value("COMPRESS", "DEFLATE")?;
        let predictor =
            if matches!(info.data_type, DataType::Float32 | DataType::Float64) { "3" } else { "2" };
        options.add_name_value("PREDICTOR", predictor)?;
    }
    let (width, height) = (info.extent(&Role::X) as usize, info.extent(&Role::Y) as usize);
    let driver = DriverManager::get_driver_by_name("GTiff")?;
    let mut dataset = driver.create_with_band_type_with_options::<T, _>(
        path,
        width,
        height,
        info.bands() as usize,
        &options,
    )?;
    describe(&mut dataset, info, bands)?;
    copy::<T>(&dataset, raster, progress)?;
    if let Some(mask) = raster.mask().filter(|mask| mask.info().bands() == 1) {
        write_mask(&dataset, mask)?;
    }
    dataset.close()?;
    Ok(())
}

/// Writes the mask of all bands into the file.
fn write_mask(dataset: &Dataset, mask: &dyn Raster) -> Result<()> {
    // By default, GDAL writes a file of its own for masks.
    gdal::config::set_thread_local_config_option("GDAL_TIFF_INTERNAL_MASK", "YES")?;
    let info = mask.info();
    let mut band = dataset.rasterband(1)?;
    band.create_mask_band(true)?;
    let mut band = band.open_mask_band()?;
    let chunk: Vec<u64> = (info.axes.roles().iter().zip(&info.shape))
        .map(|(role, extent)| if matches!(role, Role::Y | Role::X) { WINDOW.min(*extent) } else { 1 })
        .collect();
    let grid = Grid::new(&info.shape, &chunk);
    for number in 0..grid.len() {
        let region: Region = grid.region(&grid.indices(number));
        let along = |role: Role| info.axes.position(&role).map_or(0..1, |d| region[d].clone());
        let (y, x) = (along(Role::Y), along(Role::X));
        let mut valid = mask.read(&region)?;
        if info.axes.position(&Role::X) < info.axes.position(&Role::Y) {
            let (height, width) = ((y.end - y.start) as usize, (x.end - x.start) as usize);
            valid = (0..height * width).map(|at| valid[at % width * height + at / width]).collect();
        }
        valid.iter_mut().for_each(|valid| *valid = if *valid == 0 { 0 } else { 255 });
        let size = ((x.end - x.start) as usize, (y.end - y.start) as usize);
        band.write((x.start as isize, y.start as isize), size, &mut Buffer::new(size, valid))?;
    }
    Ok(())
}

/// Writes the georeference, the bands and the metadata items that the attributes state.
fn describe(dataset: &mut Dataset, info: &RasterInfo, mut bands: Vec<Band>) -> Result<()> {
    let attributes = info.metadata.attributes();
    write_georeference(dataset, &Georeference::from_attributes(&attributes)?)?;
    // A GeoTIFF has one nodata value for all bands.
    let nodata = match info.nodata.first() {
        Some(nodata) => nodata.to_f64(info.data_type)?,
        None => None,
    };
    for band in &mut bands {
        band.nodata = nodata;
    }
    write_bands(dataset, &bands)?;
    if let Some(Value::Object(items)) = attributes.get(ITEMS) {
        write_items(dataset, items)?;
    }
    // An array states what all of its bands show, the bands of a cube each for itself.
    let of_bands: Vec<Value> =
        bands.iter().map(|band| band.attributes.get(COLOURS).cloned().unwrap_or_default()).collect();
    // With one of red, green and blue missing, the others are no colours.
    let is_picture = ["Red", "Green", "Blue"].iter().all(|colour| of_bands.iter().any(|own| own == colour));
    let of_bands: Vec<Value> = of_bands
        .into_iter()
        .map(|own| if is_picture || own == "Alpha" { own } else { Value::Null })
        .collect();
    match attributes.get(COLOURS) {
        Some(Value::Array(colours)) => write_colours(dataset, colours)?,
        _ => write_colours(dataset, &of_bands)?,
    }
    Ok(())
}

fn copy<T: GdalType + Copy + bytemuck::Pod>(
    dataset: &Dataset,
    raster: &dyn Raster,
    progress: &dyn Progress,
) -> Result<()> {
    let info = raster.info();
    let chunk: Vec<u64> = info
        .axes
        .roles()
        .iter()
        .zip(info.shape.iter().zip(&info.chunk))
        .map(|(role, (extent, chunk))| match role {
            Role::Y | Role::X => (*chunk).max(WINDOW),
            Role::Band | Role::Time | Role::Other(_) => *extent,
        })
        .collect();
    let grid = Grid::new(&info.shape, &chunk);
    let task = Task::start(progress, "writing a GeoTIFF", grid.len());
    for number in 0..grid.walkable(&info.label)? {
        let region: Region = grid.region(&grid.indices(number));
        let shape: Vec<usize> = region.iter().map(|r| (r.end - r.start) as usize).collect();
        let layout = info.axes.layout(&shape)?;
        let bytes = raster.read(&region)?;
        let samples: Vec<T> = bytemuck::pod_collect_to_vec(&bytes);
        let [_, y, x] =
            layout.image_region(&region.iter().map(|r| r.start as usize..r.end as usize).collect::<Vec<_>>());
        let [band_stride, y_stride, x_stride] = layout.image_strides();
        for band in 0..layout.bands() {
            let mut window = Vec::with_capacity(layout.height() * layout.width());
            for row in 0..layout.height() {
                let at = band * band_stride + row * y_stride;
                window.extend((0..layout.width()).map(|column| samples[at + column * x_stride]));
            }
            let mut buffer = Buffer::new((x.len(), y.len()), window);
            dataset.rasterband(band + 1)?.write(
                (x.start as isize, y.start as isize),
                (x.len(), y.len()),
                &mut buffer,
            )?;
        }
        task.advance(1)?;
    }
    Ok(())
}
