//! Comparing: how far a raster differs from a reference.

pub(crate) mod described;
pub(crate) mod run;
mod yardstick;

pub use run::{BandComparison, CompareOptions, Comparison, RasterComparison, compare};
