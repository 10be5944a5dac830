//! Encoded arrays from within: their chunks, what these state, what an encode recorded, and what reading a window takes.

pub mod array;
pub(crate) mod losses;
pub mod record;
pub(crate) mod seal;
pub(crate) mod shards;
pub mod totals;
pub mod window;
