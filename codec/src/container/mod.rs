//! What stands on disk: the layout of an encoded chunk. `spec/format/chunk.md` specifies it.

pub(crate) mod bytes;
pub(crate) mod header;
pub(crate) mod tile;
