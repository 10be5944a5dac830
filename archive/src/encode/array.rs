//! One array while it is being encoded: the quality that it is encoded at, and the result.

use crate::encode::layout;
use crate::encode::options::EncodeOptions;
use crate::encode::quality::HIGHEST;
use crate::encode::search::TargetSearch;
use crate::encode::settling::Settling;
use crate::encoded::seal::seal_array;
use crate::encoded::totals::Totals;
use crate::error::Result;
use crate::metadata::document::Metadata;
use crate::raster::fill::FillWatch;
use crate::raster::source::Raster;
use crate::store::files;
use crate::target::{Target, TargetOutcome};
use crate::trial::chunks::TrialChunks;
use crate::write::hierarchy::{Content, Node};
use std::path::Path;
use std::sync::Arc;
use vqz_codec::config::Promise;
use vqz_codec::model::Model;

/// Qualities that are tried under a bound, as offsets in dB from the one that is best for most data. Smooth fields
/// need fewer bytes with a better model picture. See `docs/decisions.md`.
const OFFSETS: [f64; 5] = [0.0, -3.0, 3.0, 6.0, 9.0];

/// About how many samples these qualities are tried on.
const BOUNDED_SAMPLES: u64 = 2_000_000;

/// How often an array is encoded, at most, to meet a target.
const PASSES: u32 = 3;

/// An array that is being encoded.
pub(crate) struct ArrayEncode {
    /// The node of the output: the samples to write, and the metadata to write them with.
    pub(crate) node: Node,
    /// The raster that its samples come from, unchanged.
    pub(crate) raster: Arc<dyn Raster>,
    /// Counts samples that equal the fill value, if that value might have been meant as "no data".
    pub(crate) watch: Option<Arc<FillWatch>>,
    /// The nominal quality in dB.
    pub(crate) quality: f64,
    /// The promise for valid samples.
    pub(crate) promise: Promise,
    /// The order in which the model takes its bands; empty where that is its own.
    band_order: Vec<usize>,
    /// The totals of its chunk headers, once it is written.
    pub(crate) totals: Totals,
    /// The target that was searched for, and the result.
    pub(crate) outcome: Option<TargetOutcome>,
    search: Option<TargetSearch>,
    passes: u32,
}

impl ArrayEncode {
    /// An array at a quality that is given, or not searched for yet.
    pub(crate) fn new(
        path: String,
        raster: Arc<dyn Raster>,
        watch: Option<Arc<FillWatch>>,
        (quality, promise): (f64, Promise),
        band_order: Vec<usize>,
        metadata: Metadata,
    ) -> Self {
        let watched =
            watch.as_ref().map_or_else(|| Arc::clone(&raster), |w| Arc::clone(w) as Arc<dyn Raster>);
        Self {
            node: Node { path, content: Content::Array(watched, metadata) },
            raster,
            watch,
            quality,
            promise,
            band_order,
            totals: Totals::default(),
            outcome: None,
            search: None,
            passes: 0,
        }
    }

    /// The metadata that the array is written with.
    pub(crate) fn metadata(&self) -> Result<&Metadata> {
        match &self.node.content {
            Content::Array(_, metadata) => Ok(metadata),
            _ => Err(crate::error::fail!(InvalidArgument, "{} is no array", self.node.path)),
        }
    }

    /// The raster to read from while writing. Where samples of fill value are counted, this is the view that counts
    /// them.
    pub(crate) fn samples(&self) -> Arc<dyn Raster> {
        self.watch.as_ref().map_or_else(|| Arc::clone(&self.raster), |w| Arc::clone(w) as Arc<dyn Raster>)
    }

    fn set_quality(&mut self, options: &EncodeOptions, model: &Model, quality: f64) -> Result<()> {
        self.quality = quality;
        let promise = self.promise.clone();
        let metadata =
            layout::metadata(options, self.raster.info(), Some(model), quality, promise, &self.band_order)?;
        self.node.content = Content::Array(self.samples(), metadata);
        Ok(())
    }

    /// Searches for the quality that meets a target. An array that was begun in an earlier run keeps the quality that it has
    /// there.
    ///
    /// # Errors
    /// [`TargetNotMet`](crate::ErrorKind::TargetNotMet) when no quality comes near the target.
    pub(crate) fn settle(&mut self, with: &Settling<'_>, target: Target, begun: Option<f64>) -> Result<()> {
        let mut search = TargetSearch::new(target, &self.raster, self.metadata()?, with)?;
        let quality = match begun {
            Some(quality) => quality,
            None => search.quality(self.quality, with.progress)?,
        };
        self.search = Some(search);
        self.set_quality(with.options, with.model, quality)
    }

    /// Tries several qualities of the model's picture under the bound that is promised, and takes the one that needs the
    /// fewest bytes. A bound of 0 needs no picture.
    ///
    /// # Errors
    /// When encoding fails.
    pub(crate) fn settle_bounded(&mut self, with: &Settling<'_>, begun: Option<f64>) -> Result<()> {
        let wide = matches!(&self.promise, Promise::MaxError { bound, stable: false } if bound.iter().all(|b| *b > 0.0));
        let first = self.quality;
        let quality = match begun {
            Some(quality) => quality,
            None if !wide => first,
            None => {
                let most = with.options.search_samples.min(BOUNDED_SAMPLES);
                let (raster, engine) = (Arc::clone(&self.raster), with.options.engine);
                let mut chunks = TrialChunks::new(raster, self.metadata()?, with.model, engine, most)?;
                let mut best = (u64::MAX, first);
                for offset in OFFSETS {
                    let quality = (first + offset).clamp(0.0, HIGHEST);
                    let bytes = chunks.measure(quality, with.progress)?.bytes;
                    if bytes < best.0 {
                        best = (bytes, quality);
                    }
                }
                best.1
            }
        };
        self.set_quality(with.options, with.model, quality)
    }

    /// Seals the array that was written: its metadata then record what its chunks hold.
    ///
    /// # Errors
    /// When the headers can't be read, or the metadata can't be written.
    pub(crate) fn seal(&mut self, folder: &Path) -> Result<()> {
        (self.totals, _) = seal_array(folder)?;
        self.passes += 1;
        Ok(())
    }

    /// Compares the array that was written with its target. If another quality would come closer, sets that quality
    /// and returns `true`: the array must be written again.
    ///
    /// # Errors
    /// When encoding the trial chunks fails.
    pub(crate) fn comes_closer(&mut self, with: &Settling<'_>, folder: &Path) -> Result<bool> {
        let Some(search) = &mut self.search else {
            return Ok(false);
        };
        let achieved = search.achieved(&self.totals, files::sizes(folder)?);
        if self.passes < PASSES
            && let Some(better) = search.corrected(self.quality, &achieved, with.progress)?
        {
            self.raster.forget();
            if let Some(watch) = &self.watch {
                watch.forget();
            }
            self.set_quality(with.options, with.model, better)?;
            return Ok(true);
        }
        search.remark(&achieved, with.progress);
        self.outcome = Some(search.target().outcome(&achieved, self.passes));
        Ok(false)
    }
}
