//! Rasters in and out through GDAL: what a file says of its place and its bands, many files as one cube, and what is
//! computed on the way (derived bands, masks, labels, steps in time).
//!
//! Nothing here knows the codec. A cube is read window by window; who writes it decides on chunks and codecs.

pub mod band;
pub mod classes;
pub mod error;
pub mod expression;
pub mod georeference;
pub mod ingest;
pub mod items;
pub mod mask;
pub mod netcdf;
pub mod npy;
pub mod pixels;
pub mod plane;
pub mod sample;
mod settings;
pub mod temporal;

#[cfg(test)]
mod test_data;

pub use error::{Error, Result};
pub use settings::settle;
