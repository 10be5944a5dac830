//! Trials: chunks of a raster encoded in memory, and the search for a quality among them.

pub(crate) mod chunks;
pub(crate) mod search;

pub use chunks::{TrialChunks, TrialSize};
