//! The search for the quality at which an array meets its target.
//!
//! Chunks of the input are encoded in memory at one quality after another. If they are only a part of the array,
//! their figures serve as an estimate for the whole. Once the whole array is written, its own figures correct the
//! search.

use crate::encode::settling::Settling;
use crate::encoded::record::Record;
use crate::encoded::totals::Totals;
use crate::error::{Error, Remedy, Result, fail};
use crate::metadata::document::Metadata;
use crate::progress::{MissedTarget, Progress, Remark};
use crate::raster::region::{Grid, volume};
use crate::raster::source::Raster;
use crate::target::{Achieved, Target};
use crate::trial::chunks::TrialChunks;
use crate::trial::search::{SearchEnd, Trial, search};
use crate::words;
use std::collections::BTreeMap;
use std::sync::Arc;
use vqz_codec::model::Model;

/// The search for one array's quality.
pub(crate) struct TargetSearch {
    target: Target,
    label: String,
    chunks: TrialChunks,
    model: Arc<Model>,
    samples: u64,
    raw_bytes: u64,
    /// Bytes of `zarr.json`.
    metadata_bytes: u64,
    /// Bytes of the indexes of shards.
    index_bytes: u64,
    /// The measurements so far, by the quantiser's step that each quality sets.
    known: BTreeMap<i16, Achieved>,
}

impl TargetSearch {
    /// Starts a search for the array that `metadata` describe, on about as many samples as the options say.
    pub(crate) fn new(
        target: Target,
        raster: &Arc<dyn Raster>,
        metadata: &Metadata,
        with: &Settling<'_>,
    ) -> Result<Self> {
        let (model, options) = (with.model, with.options);
        let info = raster.info();
        let chunks =
            TrialChunks::new(Arc::clone(raster), metadata, model, options.engine, options.search_samples)?;
        let encoded = metadata.encoded()?;
        let shards = encoded.as_ref().and_then(|e| Some((e.shard.as_ref()?, &e.chunk)));
        let index_bytes = shards.map_or(0, |(shard, chunk)| {
            let inner = volume(shard) / volume(chunk).max(1);
            // Offset and length of each inner chunk, and a checksum.
            Grid::new(&info.shape, shard).len().saturating_mul(inner.saturating_mul(16).saturating_add(4))
        });
        let mut sealed = metadata.clone();
        // As long as any that may be recorded.
        let record = Record {
            chunks: info.samples(),
            valid_samples: info.samples(),
            digest: Some("0".repeat(16)),
            shape: Some(info.shape.clone()),
            data_type: Some(info.data_type.name().to_owned()),
            fill_value: Some("0".repeat(2 * info.data_type.size())),
            nodata: Some(info.nodata.clone()),
        };
        record.put(&mut sealed)?;
        Ok(Self {
            target,
            label: info.label.clone(),
            model: Arc::clone(model),
            samples: info.samples(),
            raw_bytes: info.raw_bytes(),
            metadata_bytes: sealed.to_bytes()?.len() as u64,
            index_bytes,
            known: BTreeMap::new(),
            chunks,
        })
    }

    /// The quality at which the measured chunks meet the target.
    ///
    /// # Errors
    /// When no quality meets the target.
    pub(crate) fn quality(&mut self, first: f64, progress: &dyn Progress) -> Result<f64> {
        Ok(match self.find(first, 0.0, progress)? {
            SearchEnd::Met(trial) => trial.quality,
            SearchEnd::Between(below, above) => self.nearer(below, above),
            // Even the lowest quality exceeds the requested PSNR, or even the highest takes fewer bits than
            // requested. Both are better than the target.
            SearchEnd::Above(trial) if matches!(self.target, Target::Psnr(_)) => trial.quality,
            SearchEnd::Below(trial) if !matches!(self.target, Target::Psnr(_)) => trial.quality,
            SearchEnd::Above(trial) | SearchEnd::Below(trial) if trial.miss.abs() <= 1.0 => trial.quality,
            SearchEnd::Above(trial) | SearchEnd::Below(trial) => {
                return Err(self.beyond_reach(trial.quality, progress)?);
            }
        })
    }

    /// A quality that should come closer, after the whole array missed the target; none if there is no such quality.
    pub(crate) fn corrected(
        &mut self,
        quality: f64,
        achieved: &Achieved,
        progress: &dyn Progress,
    ) -> Result<Option<f64>> {
        if self.chunks.all() || self.target.is_met(achieved) {
            return Ok(None);
        }
        // The difference between the whole array and the measured chunks is assumed to be the same at a nearby
        // quality.
        let expected = self.at(quality, progress)?;
        let off = self.target.miss(achieved) - self.target.miss(&expected);
        if !off.is_finite() {
            return Ok(None);
        }
        let better = match self.find(quality, off, progress)? {
            SearchEnd::Met(trial) | SearchEnd::Above(trial) | SearchEnd::Below(trial) => trial.quality,
            SearchEnd::Between(below, above) => self.nearer(below, above),
        };
        let manifest = self.model.manifest();
        let same = manifest.step_for_quality(better)? == manifest.step_for_quality(quality)?;
        Ok((!same).then_some(better))
    }

    /// The figures of an array that was written.
    pub(crate) fn achieved(&self, totals: &Totals, (metadata_bytes, data_bytes): (u64, u64)) -> Achieved {
        Achieved {
            coded: totals.stated_valid,
            psnr_db: totals.psnr_db(self.model.manifest().peak),
            bits: data_bytes as f64 * 8.0 / (totals.valid as f64).max(1.0),
            ratio: self.raw_bytes as f64 / ((metadata_bytes + data_bytes) as f64).max(1.0),
        }
    }

    /// The target of the search.
    pub(crate) fn target(&self) -> Target {
        self.target
    }

    /// Remarks that the target was missed.
    pub(crate) fn remark(&self, achieved: &Achieved, progress: &dyn Progress) {
        if self.target.is_met(achieved) {
            return;
        }
        let by_sampling = !self.chunks.all();
        let why = match self.target {
            _ if by_sampling => "",
            Target::Psnr(_) if self.target.miss(achieved) > 0.0 => {
                ", at the lowest quality that gives as much"
            }
            Target::Psnr(_) => "",
            _ if achieved.psnr_db.is_none() => ", without any error",
            _ => ", as close as its qualities come",
        };
        let missed =
            MissedTarget { target: self.target, found: self.target.words(achieved), why, by_sampling };
        progress.remark(&Remark::TargetMissed { array: self.label.clone(), missed });
    }

    fn find(&mut self, first: f64, off: f64, progress: &dyn Progress) -> Result<SearchEnd> {
        let (model, target) = (Arc::clone(&self.model), self.target);
        let setting = |quality| Ok(model.manifest().step_for_quality(quality)?);
        search(first, setting, |quality| Ok(target.miss(&self.at(quality, progress)?) + off))
    }

    /// Which of two neighbouring settings to take: the nearer one, except that a PSNR may not fall short by more than
    /// the tolerance.
    fn nearer(&self, below: Trial, above: Trial) -> f64 {
        match self.target {
            Target::Psnr(_) if below.miss < -1.0 => above.quality,
            _ if below.miss.abs() < above.miss.abs() => below.quality,
            _ => above.quality,
        }
    }

    /// The figures that the array is expected to reach at a quality.
    fn at(&mut self, quality: f64, progress: &dyn Progress) -> Result<Achieved> {
        let step = self.model.manifest().step_for_quality(quality)?;
        if let Some(known) = self.known.get(&step) {
            return Ok(*known);
        }
        let measured = self.chunks.measure(quality, progress)?;
        let whole = self.samples as f64 / (measured.samples as f64).max(1.0);
        let data_bytes = (measured.bytes as f64 * whole) as u64 + self.index_bytes;
        let totals =
            Totals { valid: (measured.totals.valid as f64 * whole).round() as u64, ..measured.totals };
        let achieved = Achieved {
            psnr_db: measured.totals.psnr_db(self.model.manifest().peak),
            ..self.achieved(&totals, (self.metadata_bytes, data_bytes))
        };
        self.known.insert(step, achieved);
        Ok(achieved)
    }

    /// The error that explains why the target can't be met, given the quality that comes closest.
    fn beyond_reach(&mut self, quality: f64, progress: &dyn Progress) -> Result<Error> {
        let achieved = self.at(quality, progress)?;
        let about = if self.chunks.all() { "" } else { "about " };
        let what = format!("{} is beyond the reach of {}", self.target, self.label);
        let found = self.target.words(&achieved);
        Ok(match self.target {
            Target::Quality(_) | Target::Psnr(_) => fail!(
                TargetNotMet,
                "{what}: its highest PSNR, at quality {quality}, is {about}{found}; ask for at most that"
            ),
            Target::Bits(_) => fail!(
                TargetNotMet,
                "{what}: at the lowest quality, {quality}, it takes {about}{found}, with a PSNR of {} dB; ask for at least \
                 that, or for larger chunks",
                words::psnr(achieved.psnr_db, achieved.coded, 1)
            )
            .with_remedy(Remedy::LargerChunks),
            Target::Ratio(_) => fail!(
                TargetNotMet,
                "{what}: of {} raw, the metadata with the model take {}, and chunks at the lowest quality {about}{}: the \
                 largest ratio is {about}{}; ask for at most that, or put more into one array (such as all dates of a place), \
                 which holds its model once",
                words::bytes(self.raw_bytes),
                words::bytes(self.metadata_bytes),
                words::bytes(
                    ((self.raw_bytes as f64 / achieved.ratio) as u64).saturating_sub(self.metadata_bytes)
                ),
                // Rounded down, so that the suggested value can be reached.
                words::figure((achieved.ratio * 100.0).floor() / 100.0)
            )
            .with_remedy(Remedy::AskForBits),
        })
    }
}
