//! Writes a raster of two or three dimensions as a tiled GeoTIFF, with what its attributes tell about its place.

use crate::commands::decode::PlainCodec;
use crate::progress::Progress;
use crate::raster::partial::beside;
use crate::raster::region::{Grid, Region};
use crate::raster::{Info, Raster, files};
use anyhow::{Context, Result, anyhow, bail};
use gdal::raster::{Buffer, GdalType, RasterCreationOptions};
use gdal::spatial_ref::SpatialRef;
use gdal::{Dataset, DriverManager, Metadata as _};
use serde_json::Value;
use std::path::Path;
use vqz_codec::axes::Role;
use vqz_codec::sample::DataType;

/// The least side of the windows that are written, in pixels: whole tiles of the file.
const WINDOW: u64 = 512;

/// Writes a raster beside `path`, then renames it into place.
///
/// # Errors
/// When the raster has dimensions other than band, y and x, and whatever reading and GDAL say.
pub(crate) fn write(path: &Path, raster: &dyn Raster, codec: PlainCodec) -> Result<()> {
    // GDAL tells the format by what it is asked for, not by the name.
    let partial = beside(path, ".partial");
    let written = match raster.info().data_type {
        DataType::UInt8 => write_as::<u8>(&partial, raster, codec),
        DataType::Int16 => write_as::<i16>(&partial, raster, codec),
        DataType::UInt16 => write_as::<u16>(&partial, raster, codec),
        DataType::Int32 => write_as::<i32>(&partial, raster, codec),
        DataType::Float32 => write_as::<f32>(&partial, raster, codec),
        DataType::Float64 => write_as::<f64>(&partial, raster, codec),
    };
    // GDAL puts what the format has no place for into a file of its own.
    let sidecar = beside(&partial, ".aux.xml");
    let renamed = written.with_context(|| format!("writing {}", path.display())).and_then(|()| {
        std::fs::rename(&partial, path).with_context(|| format!("renaming to {}", path.display()))?;
        if sidecar.exists() {
            let target = beside(path, ".aux.xml");
            std::fs::rename(&sidecar, &target)
                .with_context(|| format!("renaming to {}", target.display()))?;
        }
        Ok(())
    });
    if renamed.is_err() {
        for left in [&partial, &sidecar] {
            if left.exists() {
                files::remove(left)?;
            }
        }
    }
    renamed
}

fn write_as<T: GdalType + Copy + bytemuck::Pod>(
    path: &Path,
    raster: &dyn Raster,
    codec: PlainCodec,
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
        bail!("a GeoTIFF holds bands, y and x only, the array has {}; decode to Zarr", looped.join(", "));
    }
    let mut options = RasterCreationOptions::new();
    let fixed = [
        ("TILED", "YES"),
        ("BIGTIFF", "IF_SAFER"),
        ("INTERLEAVE", "BAND"),
        ("NUM_THREADS", "ALL_CPUS"),
        // Otherwise GDAL takes the fourth of four bands for transparency.
        ("PHOTOMETRIC", "MINISBLACK"),
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
    describe(&mut dataset, info)?;
    copy::<T>(&dataset, raster)?;
    dataset.close()?;
    Ok(())
}

/// What the attributes tell about the raster's place, its bands and its nodata value.
fn describe(dataset: &mut Dataset, info: &Info) -> Result<()> {
    let attributes = info.metadata.attributes();
    let text = |key: &str| attributes.get(key).and_then(Value::as_str);
    if let Some(transform) = text("GeoTransform") {
        let numbers: Vec<f64> = transform.split_whitespace().filter_map(|v| v.parse().ok()).collect();
        let transform: [f64; 6] = numbers
            .try_into()
            .map_err(|_| anyhow!("the attribute GeoTransform is \"{transform}\", six numbers are needed"))?;
        dataset.set_geo_transform(&transform)?;
    }
    let reference = match (text("spatial_ref").or_else(|| text("crs_wkt")), text("proj:code")) {
        (Some(wkt), _) => Some(SpatialRef::from_wkt(wkt)?),
        (None, Some(code)) => Some(SpatialRef::from_definition(code)?),
        (None, None) => None,
    };
    if let Some(reference) = reference {
        dataset.set_spatial_ref(&reference)?;
    }
    if let Some(area_or_point) = text("AREA_OR_POINT") {
        dataset.set_metadata_item("AREA_OR_POINT", area_or_point, "")?;
    }
    // A GeoTIFF has one value for all bands.
    let nodata = match info.nodata.first() {
        Some(nodata) => nodata.to_f64(info.data_type)?,
        None => None,
    };
    let names = info.band_names();
    for number in 1..=dataset.raster_count() {
        let mut band = dataset.rasterband(number)?;
        if nodata.is_some() {
            band.set_no_data_value(nodata)?;
        }
        if let Some(name) = names.as_ref().and_then(|names| names.get(number - 1)) {
            band.set_description(name)?;
        }
    }
    Ok(())
}

fn copy<T: GdalType + Copy + bytemuck::Pod>(dataset: &Dataset, raster: &dyn Raster) -> Result<()> {
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
    let progress = Progress::new("decoding");
    progress.begin(grid.len());
    for number in 0..grid.len() {
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
        progress.advance(1);
    }
    Ok(())
}
