//! Cloud-optimised GeoTIFFs. GDAL makes them from a complete raster, so a plain file is written beside the output
//! first.

use crate::error::{Context, Result};
use crate::geotiff::rename::{put, refuse_sides};
use crate::geotiff::writer;
use crate::metadata::plain::PlainCodec;
use crate::progress::Progress;
use crate::raster::source::Raster;
use crate::write::existing::Existing;
use crate::write::scratch::Scratch;
use gdal::raster::RasterCreationOptions;
use gdal::{Dataset, DriverManager};
use std::path::Path;

/// Options for writing, in GDAL's words.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Cog {
    /// `DEFLATE`, `ZSTD`, `LZW` or `NONE`.
    pub compression: &'static str,
    /// How overviews are made: `nearest` or `average`.
    pub resampling: &'static str,
}

/// Writes a raster beside `path`, then renames it into place.
///
/// # Errors
/// When the raster has dimensions other than band, y and x, and when reading or GDAL fails.
pub(crate) fn write_cog(
    path: &Path,
    raster: &dyn Raster,
    options: &Cog,
    existing: Existing,
    progress: &dyn Progress,
) -> Result<()> {
    refuse_sides(path)?;
    let scratch = Scratch::begin(path, existing)?;
    let plain = scratch.on_the_way("plain.tif");
    writer::write_at(&plain, raster, PlainCodec::None, progress)
        .and_then(|()| convert(&plain, &scratch.path(), options))
        .with_context(|| format!("writing {}", path.display()))
        .and_then(|()| put(&scratch))
}

fn convert(plain: &Path, partial: &Path, options: &Cog) -> Result<()> {
    let mut words = RasterCreationOptions::new();
    let fixed = [
        ("COMPRESS", options.compression),
        ("RESAMPLING", options.resampling),
        ("OVERVIEWS", "AUTO"),
        ("BLOCKSIZE", "512"),
        ("BIGTIFF", "IF_SAFER"),
        ("NUM_THREADS", "ALL_CPUS"),
    ];
    for (key, value) in fixed {
        words.add_name_value(key, value)?;
    }
    if options.compression != "NONE" {
        words.add_name_value("PREDICTOR", "YES")?;
    }
    let driver = DriverManager::get_driver_by_name("COG")?;
    Dataset::open(plain)?.create_copy(&driver, partial, &words)?.close()?;
    Ok(())
}
