//! Runs an export; the ending of the output's name chooses the format.

use crate::error::Result;
use crate::export::format::Format;
use crate::export::nodata::not_by_band;
use crate::export::options::ExportOptions;
use crate::export::raster::ExportedRaster;
use crate::export::source::ExportSource;
use crate::export::summary::ExportSummary;
use crate::export::{geotiff, netcdf, zarr};
use crate::metrics::check_size;
use crate::progress::Progress;
use crate::raster::opening::OpenOptions;
use crate::write::existing::OutputKind;
use crate::write::paths;
use std::path::Path;
use std::time::Instant;

/// Exports an array, or a part of it. The ending of the output's name chooses the format: `.tif` (a cloud-optimised
/// GeoTIFF), `.nc` (NetCDF-4) or `.zarr` (a plain group). A GeoTIFF holds one date: with several, `scene.tif` becomes
/// `scene_2018-07-10.tif` and so on.
///
/// # Errors
/// [`InvalidArgument`](crate::ErrorKind::InvalidArgument) when the requested part does not exist, and
/// [`Exists`](crate::ErrorKind::Exists) when the output already exists.
pub fn export(
    archive: impl AsRef<Path>,
    output: impl AsRef<Path>,
    options: &ExportOptions,
    progress: &dyn Progress,
) -> Result<ExportSummary> {
    let (archive, output, begun) = (archive.as_ref(), output.as_ref(), Instant::now());
    let format = Format::of(output)?;
    let compression = format.compression(options.compression)?;
    paths::refuse_overlap(archive, output)?;
    match format {
        // Files of several dates get other names, which are checked once the dates are known.
        Format::GeoTiff => paths::refuse_missing_folder(output)?,
        Format::NetCdf => paths::check_place(output, OutputKind::File, options.existing)?,
        Format::Zarr => paths::check_place(output, OutputKind::Folder, options.existing)?,
    }
    let opening = OpenOptions { engine: options.engine, ..OpenOptions::default() };
    let source = ExportSource::open(archive, &opening)?;
    source.report_conventions(progress)?;
    let exported = ExportedRaster::new(options, &source.whole)?;
    check_size(exported.raster.as_ref())?;
    exported.remark(|mask| format.holds(mask), progress);
    if !format.holds_scales() {
        exported.remark_on_scales(progress);
    }
    let exported = match format {
        // It has one for all bands in any case, and says so itself.
        Format::GeoTiff => exported,
        Format::NetCdf | Format::Zarr => not_by_band(&exported, progress)?,
    };
    let outputs = match format {
        Format::GeoTiff => geotiff::write(options, output, &exported, compression, progress)?,
        Format::NetCdf => netcdf::write(output, &exported, compression, options.existing, progress)?,
        Format::Zarr => zarr::write(archive, output, &exported, compression, options, progress)?,
    };
    source.report_losses(progress)?;
    let info = exported.raster.info();
    let seconds = begun.elapsed().as_secs_f64();
    ExportSummary::measure(format.name(), &outputs, &info.shape, info.raw_bytes(), seconds)
}
