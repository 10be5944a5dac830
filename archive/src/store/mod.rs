//! Zarr hierarchies on a file system: the nodes of a group, arrays read and written, files that are whole or not there.

#[cfg(feature = "gdal")]
pub(crate) mod coordinate_writer;
pub mod coordinates;
pub mod files;
pub mod georeference;
pub mod reader;
pub mod tree;
pub(crate) mod writer;
