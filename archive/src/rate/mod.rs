//! Rate and distortion of rasters at chosen qualities, found in memory: nothing is written.

pub mod chunks;
pub mod search;
