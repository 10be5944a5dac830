//! Rasters outside the codec: what their metadata mean, and how files become cubes.
//!
//! Most of this crate needs nothing but Rust:
//!
//! * [`conventions`]: how attributes of arrays are read, whatever store or file they come from.
//! * [`georeference`] and [`band`]: where a raster lies on Earth, and what its bands are.
//! * [`expression`], [`mask`], [`temporal`], [`classes`]: derived bands, validity, steps in time and labels, computed on
//!   a [`plane::Plane`] of samples.
//! * [`names`]: names that come from files, as safe names of arrays and groups.
//! * [`npy`] and [`pixels`]: NumPy files, and arrays that keep only some pixels of a grid.
//!
//! The feature `gdal` adds what goes through GDAL: reading and writing data sets, `missing`, which tells what in them is no
//! data, NetCDF files, and `ingest`, which reads many files as one cube, window by window.

pub mod band;
pub mod classes;
pub mod conventions;
pub mod error;
pub mod expression;
pub mod georeference;
#[cfg(feature = "gdal")]
pub mod ingest;
#[cfg(feature = "gdal")]
pub mod items;
#[cfg(feature = "gdal")]
mod listed;
pub mod mask;
#[cfg(feature = "gdal")]
pub mod missing;
pub mod names;
#[cfg(feature = "gdal")]
pub mod netcdf;
pub mod npy;
pub mod pixels;
pub mod plane;
pub mod sample;
#[cfg(feature = "gdal")]
mod settings;
pub mod temporal;

#[cfg(all(test, feature = "gdal"))]
mod test_data;

pub use error::{Error, Result};
#[cfg(feature = "gdal")]
pub use settings::settle;
