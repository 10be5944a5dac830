//! Rate and distortion of rasters at chosen qualities, found in memory: nothing is written.

pub(crate) mod chunks;
pub(crate) mod search;
