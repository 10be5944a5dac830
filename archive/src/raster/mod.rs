//! Rasters: one interface for reading samples from any source, and views that show a part of a raster or a lower
//! resolution of it.

pub(crate) mod bands;
#[cfg(feature = "gdal")]
pub(crate) mod crop;
pub(crate) mod fill;
pub(crate) mod memory;
#[cfg(feature = "gdal")]
pub(crate) mod one_nodata;
pub(crate) mod opening;
pub(crate) mod picks;
pub(crate) mod plain;
#[cfg(feature = "gdal")]
pub(crate) mod reduce;
pub(crate) mod region;
pub(crate) mod resampling;
pub(crate) mod samples;
pub(crate) mod source;
pub(crate) mod stored;
pub(crate) mod unread;
pub(crate) mod window;

pub use bands::{BandSelection, select, unnamed_band};
pub use memory::RasterInMemory;
pub use opening::OpenOptions;
pub use region::{Grid, Region, Side, copy, extents, pad, volume};
pub use resampling::Resampling;
pub use samples::{Mask, to_f64};
pub use source::{Raster, RasterInfo, whole};
pub use stored::StoredChunks;
pub use window::Window;
