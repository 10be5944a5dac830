//! Metadata of Zarr nodes, `zarr.json`: read as they stand, and rewritten for other chunks and codecs.

pub mod document;
pub mod encoding;
pub mod plain;
