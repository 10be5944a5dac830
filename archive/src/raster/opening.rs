//! How a raster is looked at.

use crate::options::options;
use vqz_codec::axes::Axes;
use vqz_codec::config::NoData;
use vqz_codec::engine::EngineKind;

options! {
    /// How a raster is looked at, where its own metadata do not say, or say something else.
    pub struct OpenOptions {
        /// The roles of the dimensions in order, where their names do not tell.
        pub axes: Option<Axes> = None,
        /// Values that mean "no data", instead of those that the metadata declare.
        pub nodata: Vec<NoData> = Vec::new(),
        /// The engine to decode with.
        pub engine: Option<EngineKind> = None,
    }
}
