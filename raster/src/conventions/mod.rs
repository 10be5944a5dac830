//! The conventions of arrays: the meaning of an array's names, attributes and coordinates, defined once for all readers.
//!
//! All readers use this module: those of Zarr arrays, of NetCDF, of files through GDAL, and of training data. Functions take
//! values that the caller has read (attributes as JSON maps, coordinates as slices of numbers), and access neither stores nor
//! files. Where several conventions are in use, all of them are understood; each module lists them:
//!
//! | module | question |
//! |---|---|
//! | [`dimensions`] | which role has each dimension? |
//! | [`horizontal`] | which dimension runs east, and which north? |
//! | [`overviews`] | which arrays are other arrays at a lower resolution? |
//! | [`coordinates`] | are these coordinates evenly spaced, and which grid do they describe? |
//! | [`time`] | which instant is a value of a coordinate of time, in which calendar? |
//! | [`nodata`] | which values mean "no data"? |
//! | [`validity`] | which array tells where another one is valid? |
//! | [`json`] | which number is a token that JSON does not know? |
//! | [`auxiliary`] | which arrays of a group say where the samples of others are? |
//! | [`bands`] | what are the bands called, and which does a choice name? |
//! | [`exact`] | would any error make samples meaningless? |
//! | [`registry`] | which Zarr conventions do the attributes declare? |
//!
//! Where an array lies on Earth is a question of its own: see [`crate::georeference`].

pub mod auxiliary;
pub mod bands;
pub mod coordinates;
pub mod dimensions;
mod error;
pub mod exact;
pub mod horizontal;
pub mod json;
pub mod nodata;
pub mod overviews;
pub mod registry;
pub mod time;
pub mod validity;

pub use error::ConventionError;
