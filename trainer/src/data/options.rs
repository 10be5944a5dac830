//! How arrays are read.

use vqz_codec::axes::Axes;
use vqz_codec::config::NoData;

/// How to read arrays where their metadata do not say, or should be overridden.
#[derive(Clone, Debug, Default)]
pub struct SourceOptions {
    /// The roles of the dimensions, in order.
    pub axes: Option<Axes>,
    /// Values that mean "no data", instead of those that the metadata declare.
    pub nodata: Vec<NoData>,
    /// The bands to take, in this order: names, numbers from 0, or ranges such as `0-3`. All of them by default.
    pub bands: Option<Vec<String>>,
}
