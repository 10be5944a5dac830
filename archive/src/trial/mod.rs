//! Trials: chunks of a raster encoded in memory, and the search for a quality among them.

pub mod chunks;
pub mod search;
