//! Runs an export; the ending of the output's name chooses the format.

use crate::error::{Result, bail};
use crate::export::options::{Compression, ExportOptions};
use crate::export::raster::ExportedRaster;
use crate::export::source::ExportSource;
use crate::export::summary::ExportSummary;
use crate::export::{geotiff, netcdf, zarr};
use crate::metrics::check_size;
use crate::progress::{Progress, Remark};
use crate::raster::opening::OpenOptions;
use crate::raster::source::RasterInfo;
use crate::write::existing::OutputKind;
use crate::write::paths;
use std::path::Path;
use std::time::Instant;

/// The format of an output.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Format {
    GeoTiff,
    NetCdf,
    Zarr,
}

impl Format {
    fn of(path: &Path) -> Result<Self> {
        let end = path.extension().map(|end| end.to_string_lossy().to_lowercase());
        match end.as_deref() {
            Some("tif" | "tiff") => Ok(Self::GeoTiff),
            Some("nc" | "nc4") => Ok(Self::NetCdf),
            Some("zarr") => Ok(Self::Zarr),
            _ => bail!(
                InvalidArgument,
                "the ending of {} names no known format; allowed are .tif (COG), .nc (NetCDF-4) and .zarr (plain)",
                path.display()
            ),
        }
    }

    /// Whether a mask is kept. A GeoTIFF has one for all bands.
    fn holds(self, mask: &RasterInfo) -> bool {
        self == Self::GeoTiff && mask.bands() == 1
    }

    fn name(self) -> &'static str {
        match self {
            Self::GeoTiff => "GeoTIFF",
            Self::NetCdf => "NetCDF",
            Self::Zarr => "Zarr",
        }
    }

    /// The requested compression, or the default.
    pub(crate) fn compression(self, asked: Option<Compression>) -> Result<Compression> {
        let allowed: &[Compression] = match self {
            Self::GeoTiff => &[Compression::Deflate, Compression::Zstd, Compression::Lzw, Compression::None],
            Self::NetCdf => &[Compression::Deflate, Compression::None],
            Self::Zarr => &[Compression::Zstd, Compression::None],
        };
        let chosen = asked.unwrap_or(allowed[0]);
        if !allowed.contains(&chosen) {
            let names: Vec<String> = allowed.iter().map(|c| format!("{c:?}").to_lowercase()).collect();
            bail!(
                InvalidArgument,
                "compression {} can't be used for {}; allowed are {}",
                format!("{chosen:?}").to_lowercase(),
                self.name(),
                names.join(", ")
            );
        }
        Ok(chosen)
    }
}

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
    let exported = ExportedRaster::new(options, &source)?;
    check_size(exported.raster.as_ref())?;
    for (name, why) in &exported.coordinates.left_out {
        let (array, names) = (source.raster.info().label.clone(), vec![name.clone()]);
        progress.remark(&Remark::CoordinatesLeftOut { array, names, why: why.clone() });
    }
    let outputs = match format {
        Format::GeoTiff => geotiff::write(options, output, &exported, compression, progress)?,
        Format::NetCdf => netcdf::write(output, &exported, compression, progress)?,
        Format::Zarr => zarr::write(archive, output, &exported, compression, options, progress)?,
    };
    if exported.mask.as_ref().is_some_and(|mask| !format.holds(mask.info())) {
        progress.remark(&Remark::MaskNotExported { array: exported.raster.info().label.clone() });
    }
    source.report_losses(progress)?;
    let info = exported.raster.info();
    let seconds = begun.elapsed().as_secs_f64();
    ExportSummary::measure(format.name(), &outputs, &info.shape, info.raw_bytes(), seconds)
}
