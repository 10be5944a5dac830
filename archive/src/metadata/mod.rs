//! Metadata of Zarr nodes, `zarr.json`: reading them, and rewriting them for other chunks and codecs.

pub(crate) mod document;
pub(crate) mod encoding;
pub(crate) mod plain;

pub use document::Metadata;
pub use encoding::Encoding;
pub use plain::PlainCodec;
