//! One array on its way into the archive: the quality it is encoded at, and what came of it.

use super::aim::{Aim, Outcome};
use super::target::Target;
use super::{Args, plan};
use crate::raster::archive::Totals;
use crate::raster::fill::FillWatch;
use crate::raster::metadata::Metadata;
use crate::raster::{Raster, files, record};
use crate::rate::chunks::Chunks;
use anyhow::Result;
use std::path::Path;
use std::sync::Arc;
use vqz_codec::config::Promise;
use vqz_codec::model::Model;

/// Qualities that are tried under a bound, in dB beside the one that is best for most data: smooth fields want better
/// pictures. See `docs/decisions.md`.
const OFFSETS: [f64; 5] = [0.0, -3.0, 3.0, 6.0, 9.0];

/// About how many samples they are tried on.
const BOUNDED_SAMPLES: u64 = 2_000_000;

/// How often an array is encoded at most, to meet what is asked for.
const PASSES: u32 = 3;

/// An array that is encoded.
pub(super) struct EncodedArray {
    /// Its path below the root.
    pub(super) path: String,
    /// Its samples.
    pub(super) raster: Arc<dyn Raster>,
    /// Where its fill value might have been meant as "no data".
    pub(super) watch: Option<Arc<FillWatch>>,
    /// The nominal quality.
    pub(super) quality: f64,
    /// What is promised of valid samples.
    pub(super) promise: Promise,
    /// What its headers say, once it is written.
    pub(super) totals: Totals,
    /// What was asked for, and what came of it.
    pub(super) outcome: Option<Outcome>,
    search: Option<(Aim, Target)>,
    passes: u32,
}

impl EncodedArray {
    /// An array at a quality that is given, or not searched for yet.
    pub(super) fn new(
        path: String,
        raster: Arc<dyn Raster>,
        watch: Option<Arc<FillWatch>>,
        quality: f64,
        promise: Promise,
    ) -> Self {
        let totals = Totals::default();
        Self { path, raster, watch, quality, promise, totals, outcome: None, search: None, passes: 0 }
    }

    /// Searches for the quality that meets what is asked for, and returns the array's metadata with it. An array that was
    /// begun in an earlier run goes on at the quality that it has there.
    ///
    /// # Errors
    /// When what is asked for can't be had.
    pub(super) fn settle(
        &mut self,
        args: &Args,
        aim: Aim,
        metadata: &Metadata,
        model: &Arc<Model>,
        begun: Option<f64>,
    ) -> Result<Metadata> {
        let mut target = Target::new(aim, &self.raster, metadata, model, (args.engine, args.search_samples))?;
        self.quality = match begun {
            Some(quality) => quality,
            None => target.quality(self.quality)?,
        };
        self.search = Some((aim, target));
        plan::metadata(args, self.raster.info(), Some(model), self.quality, Promise::Quality)
    }

    /// Tries pictures of several qualities under the bound that is promised, and returns the array's metadata with the one
    /// that takes the fewest bytes. A bound of 0 takes no picture.
    ///
    /// # Errors
    /// Whatever encoding says.
    pub(super) fn settle_bounded(
        &mut self,
        args: &Args,
        metadata: &Metadata,
        model: &Arc<Model>,
        begun: Option<f64>,
    ) -> Result<Metadata> {
        let wide = matches!(&self.promise, Promise::MaxError { bound, stable: false } if bound.iter().all(|b| *b > 0.0));
        let first = self.quality;
        self.quality = match begun {
            Some(quality) => quality,
            None if !wide => first,
            None => {
                let most = args.search_samples.min(BOUNDED_SAMPLES);
                let mut chunks = Chunks::new(Arc::clone(&self.raster), metadata, model, args.engine, most)?;
                let mut best = (u64::MAX, first);
                for offset in OFFSETS {
                    let quality = (first + offset).clamp(0.0, 200.0);
                    let bytes = chunks.measure(quality)?.bytes;
                    if bytes < best.0 {
                        best = (bytes, quality);
                    }
                }
                best.1
            }
        };
        plan::metadata(args, self.raster.info(), Some(model), self.quality, self.promise.clone())
    }

    /// Records what was written. Where that is not what was asked for and another quality comes closer, returns the metadata
    /// to write the array anew with.
    ///
    /// # Errors
    /// Whatever reading the headers says.
    pub(super) fn judge(
        &mut self,
        args: &Args,
        model: Option<&Arc<Model>>,
        folder: &Path,
    ) -> Result<Option<Metadata>> {
        self.totals = record::seal(folder)?;
        self.passes += 1;
        let Some((aim, target)) = &mut self.search else {
            return Ok(None);
        };
        let achieved = target.achieved(&self.totals, files::sizes(folder)?);
        if self.passes < PASSES
            && let Some(better) = target.corrected(self.quality, &achieved)?
        {
            self.quality = better;
            if let Some(watch) = &self.watch {
                watch.forget();
            }
            let (info, model) = (self.raster.info(), model.map(|model| &**model));
            return plan::metadata(args, info, model, better, Promise::Quality).map(Some);
        }
        target.remark(&achieved);
        self.outcome = Some(aim.outcome(&achieved, self.passes));
        Ok(None)
    }
}
