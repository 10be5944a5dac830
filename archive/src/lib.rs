//! Learned raster archives in Zarr v3: arrays and groups on a file system, encoded, decoded, verified and compared.

pub mod metrics;
pub mod output;
pub mod progress;
pub mod raster;
pub mod rate;
