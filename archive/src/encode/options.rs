//! How rasters are encoded.

use crate::encode::bound::Bound;
use crate::options::options;
use crate::raster::bands::BandSelection;
use crate::target::Target;
use crate::write::existing::Existing;
use std::sync::Arc;
use vqz_codec::axes::Axes;
use vqz_codec::config::{EntropyCoder, NoData};
use vqz_codec::engine::EngineKind;
use vqz_codec::model::Model;

options! {
    /// How [`encode`](crate::encode()) encodes rasters.
    pub struct EncodeOptions {
        /// The model, with its encoder; see [`open_model`](crate::open_model). It may be left out where a bound is promised.
        pub model: Option<Arc<Model>> = None,
        /// How good, or how small, each array should be. Without a target, arrays get the quality that takes the
        /// fewest bits under their bound, or 42 dB if no bound is promised. A target that needs a search can't be
        /// combined with a bound.
        pub target: Option<Target> = None,
        /// The promise for every valid sample.
        pub bound: Bound = Bound::None,
        /// How codes become bytes.
        pub entropy: EntropyCoder = EntropyCoder::Rans,
        /// The extents of a chunk, in the order of the dimensions, instead of [`chunk_size`](Self::chunk_size) and
        /// [`dates`](Self::dates).
        pub chunk: Option<Vec<u64>> = None,
        /// The side of a chunk along y and x, in pixels: 1024 by default, or that of a cube's configuration. Chunks hold all
        /// bands, and one step of every dimension but y, x and time.
        pub chunk_size: Option<u64> = None,
        /// Dates in one chunk: 1 by default, or as many as in a cube's configuration. More dates take fewer bits if
        /// they resemble each other, but reading one date may then require decoding others.
        pub dates: Option<u64> = None,
        /// The side of a shard along y and x, in pixels: shards gather chunks into fewer files.
        pub shard_size: Option<u64> = None,
        /// The roles of the dimensions in order, if their names do not show them.
        pub axes: Option<Axes> = None,
        /// Values that mean "no data", instead of those that the input declares: they are restored exactly, and no
        /// valid sample becomes one. NaN and infinities are restored exactly in any case.
        pub nodata: Vec<NoData> = Vec::new(),
        /// The bands to encode, in the order of the model's bands.
        pub bands: Option<BandSelection> = None,
        /// About how many samples of an array the search for a quality uses. A smaller array is used in full.
        pub search_samples: u64 = 40_000_000,
        /// What to do when the output already exists.
        pub existing: Existing = Existing::Refuse,
        /// The engine that runs the model.
        pub engine: Option<EngineKind> = None,
    }
}

impl EncodeOptions {
    /// The default options, with a model.
    #[must_use]
    pub fn with_model(model: Arc<Model>) -> Self {
        Self::default().model(model)
    }
}
