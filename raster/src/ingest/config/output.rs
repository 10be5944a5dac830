//! `[output]`: which arrays are written, and how.

use crate::sample::DataType;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;

/// Which arrays are written, and how.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct OutputConfig {
    /// Extents of a chunk by dimension (`time`, `band`, `y`, `x`); by default 1 date, all bands and 1024 × 1024
    /// pixels.
    #[serde(default)]
    pub chunk: BTreeMap<String, u64>,
    /// Extents of a shard by dimension, multiples of those of chunks.
    #[serde(default)]
    pub shard: BTreeMap<String, u64>,
    /// Codecs as in Zarr metadata, array-to-bytes codec included; `zstd`, `lz4` or `none` for short.
    #[serde(default)]
    pub codecs: Option<Value>,
    /// The type of the array `data`, where it differs from that of the inputs.
    #[serde(default)]
    pub data_type: Option<DataType>,
    /// The value that means "no data" in it, where it differs from that of the inputs, or they have none.
    #[serde(default)]
    pub nodata: Option<f64>,
    /// The order of dimensions; `time, band, y, x` by default. `time, y, x, band` keeps the bands of a pixel together.
    #[serde(default)]
    pub dimensions: Vec<String>,
    /// The field of file names whose values become groups, such as `place`.
    #[serde(default)]
    pub split: Option<String>,
    /// Which sample is taken where inputs overlap; the first by default. If it is given, inputs may also cover the same place.
    #[serde(default)]
    pub overlap: Option<Overlap>,
    /// Whether to write an array with the number of each pixel's valid dates in the first band.
    #[serde(default)]
    pub valid_count: bool,
    /// Bands that masks or expressions need and that are not written.
    #[serde(default)]
    pub drop: Vec<String>,
}

/// Which sample is taken where inputs of one band and date overlap.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Overlap {
    /// The first valid sample, in the order of the files' names.
    #[default]
    First,
    /// The last one.
    Last,
    /// They must agree.
    Equal,
}
