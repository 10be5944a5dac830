//! What stands on disk: the layout of an encoded chunk. `spec/README.md` is its description.

pub(crate) mod bytes;
pub(crate) mod header;
pub(crate) mod tile;
