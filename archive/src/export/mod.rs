//! Exporting: an archive, or a part of it, for programs that do not know the codec.

mod coordinates;
mod dates;
mod format;
mod geotiff;
mod globals;
mod mask;
mod names;
mod netcdf;
mod nodata;
mod options;
mod overview;
mod pixels;
mod raster;
mod run;
mod source;
mod summary;
mod zarr;

pub use dates::DateSelection;
pub(crate) use geotiff::for_geotiff;
pub use options::{Area, Compression, ExportOptions, OverviewOptions, PixelDomain};
pub use overview::export_overview;
pub use pixels::export_pixels;
pub use run::export;
pub use summary::ExportSummary;
