//! Rasters: the one way to read samples, whatever holds them, and views that show a part of a raster or another size of it.

pub mod bands;
#[cfg(feature = "gdal")]
pub(crate) mod crop;
pub mod fill;
pub mod memory;
pub mod opening;
pub mod picks;
pub mod plain;
#[cfg(feature = "gdal")]
pub(crate) mod reduce;
pub mod region;
pub mod resampling;
pub mod samples;
pub mod source;
pub mod window;
