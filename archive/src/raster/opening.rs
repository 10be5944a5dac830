//! The options for opening a raster.

use crate::options::options;
use vqz_codec::axes::Axes;
use vqz_codec::config::NoData;
use vqz_codec::engine::EngineKind;

options! {
    /// How to interpret a raster where its metadata do not say, or where they should be overridden.
    pub struct OpenOptions {
        /// The roles of the dimensions in order, if their names do not show them.
        pub axes: Option<Axes> = None,
        /// Values that mean "no data", instead of those that the metadata declare.
        pub nodata: Vec<NoData> = Vec::new(),
        /// The engine to decode with.
        pub engine: Option<EngineKind> = None,
    }
}
