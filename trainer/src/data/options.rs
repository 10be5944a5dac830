//! How arrays are looked at.

use vqz_codec::axes::Axes;
use vqz_codec::config::NoData;

/// How to look at arrays whose own metadata do not say, or say something else.
#[derive(Clone, Debug, Default)]
pub struct SourceOptions {
    /// The roles of the dimensions, in order.
    pub axes: Option<Axes>,
    /// Values that mean "no data", instead of those that the metadata declare.
    pub nodata: Vec<NoData>,
    /// The bands to take, in this order: names, numbers from 0, or ranges such as `0-3`. All of them by default.
    pub bands: Option<Vec<String>>,
}
