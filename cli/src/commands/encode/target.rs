//! The search for the quality at which an array comes to the figure that is asked for.
//!
//! Chunks of the input are encoded in memory at one quality after another; what they come to stands for the whole array
//! where they are not all of it. What the whole array then comes to corrects the search.

use super::aim::{Achieved, Aim};
use crate::output;
use crate::raster::Raster;
use crate::raster::archive::Totals;
use crate::raster::metadata::Metadata;
use crate::raster::record::{self, Record};
use crate::raster::region::{Grid, volume};
use crate::rate::chunks::Chunks;
use crate::rate::search::{Found, Trial, search};
use anyhow::{Result, bail};
use std::collections::BTreeMap;
use std::sync::Arc;
use vqz_codec::engine::EngineKind;
use vqz_codec::model::Model;

/// The search for one array's quality.
pub(super) struct Target {
    aim: Aim,
    label: String,
    chunks: Chunks,
    model: Arc<Model>,
    samples: u64,
    raw_bytes: u64,
    /// Of `zarr.json`.
    metadata_bytes: u64,
    /// Of the indexes of shards.
    index_bytes: u64,
    /// What was measured, by the step that a quality sets.
    known: BTreeMap<i16, Achieved>,
}

impl Target {
    /// A search for the array that `metadata` describe, on about `most` samples.
    pub(super) fn new(
        aim: Aim,
        raster: &Arc<dyn Raster>,
        metadata: &Metadata,
        model: &Arc<Model>,
        (engine, most): (Option<EngineKind>, u64),
    ) -> Result<Self> {
        let info = raster.info();
        let chunks = Chunks::new(Arc::clone(raster), metadata, model, engine, most)?;
        let encoded = metadata.encoded()?;
        let shards = encoded.as_ref().and_then(|e| Some((e.shard.as_ref()?, &e.chunk)));
        let index_bytes = shards.map_or(0, |(shard, chunk)| {
            let inner = volume(shard) / volume(chunk).max(1);
            // Offset and length of each inner chunk, and a checksum.
            Grid::new(&info.shape, shard).len() * (16 * inner + 4)
        });
        let mut sealed = metadata.clone();
        let record = Record { chunks: info.samples(), valid_samples: info.samples() };
        record.put(&mut sealed)?;
        Ok(Self {
            aim,
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

    /// The quality that the measured chunks ask for.
    ///
    /// # Errors
    /// When what is asked for can't be had at any quality.
    pub(super) fn quality(&mut self, first: f64) -> Result<f64> {
        Ok(match self.find(first, 0.0)? {
            Found::Met(trial) => trial.quality,
            Found::Between(below, above) => self.nearer(below, above),
            // Better than asked for, for fewer bits than any other quality; or for fewer bits than asked for.
            Found::Above(trial) if matches!(self.aim, Aim::Psnr(_)) => trial.quality,
            Found::Below(trial) if !matches!(self.aim, Aim::Psnr(_)) => trial.quality,
            Found::Above(trial) | Found::Below(trial) if trial.miss.abs() <= 1.0 => trial.quality,
            Found::Above(trial) | Found::Below(trial) => bail!(self.beyond_reach(trial.quality)?),
        })
    }

    /// A better quality, after the whole array came to something else than what is asked for; none where there is none.
    pub(super) fn corrected(&mut self, quality: f64, achieved: &Achieved) -> Result<Option<f64>> {
        if self.chunks.all() || self.aim.is_met(achieved) {
            return Ok(None);
        }
        // What the measured chunks do not know of the others is taken to be the same at a quality nearby.
        let expected = self.at(quality)?;
        let off = self.aim.miss(achieved) - self.aim.miss(&expected);
        if !off.is_finite() {
            return Ok(None);
        }
        let better = match self.find(quality, off)? {
            Found::Met(trial) | Found::Above(trial) | Found::Below(trial) => trial.quality,
            Found::Between(below, above) => self.nearer(below, above),
        };
        let manifest = self.model.manifest();
        let same = manifest.step_for_quality(better)? == manifest.step_for_quality(quality)?;
        Ok((!same).then_some(better))
    }

    /// What an array that was written came to.
    pub(super) fn achieved(&self, totals: &Totals, (metadata_bytes, data_bytes): (u64, u64)) -> Achieved {
        Achieved {
            valid: totals.valid,
            psnr_db: totals.psnr_db(self.model.manifest().peak),
            bits: data_bytes as f64 * 8.0 / (totals.valid as f64).max(1.0),
            ratio: self.raw_bytes as f64 / ((metadata_bytes + data_bytes) as f64).max(1.0),
        }
    }

    /// Says aloud that what is asked for is not what came out.
    pub(super) fn remark(&self, achieved: &Achieved) {
        if self.aim.is_met(achieved) {
            return;
        }
        let why = match self.aim {
            _ if !self.chunks.all() => "; say --quality, somewhat above or below the one in the table",
            Aim::Psnr(_) if self.aim.miss(achieved) > 0.0 => ", at the lowest quality that gives as much",
            Aim::Psnr(_) => "",
            _ if achieved.psnr_db.is_none() => ", without any error",
            _ => ", as close as its qualities come",
        };
        output::remark(format!(
            "warning: {}: {} is not met within {}: found {}{why}",
            self.label,
            self.aim.option(),
            self.aim.tolerance(),
            self.aim.words(achieved)
        ));
    }

    fn find(&mut self, first: f64, off: f64) -> Result<Found> {
        let (model, aim) = (Arc::clone(&self.model), self.aim);
        let setting = |quality| Ok(model.manifest().step_for_quality(quality)?);
        search(first, setting, |quality| Ok(aim.miss(&self.at(quality)?) + off))
    }

    /// Which side of a step to take: never less PSNR than asked for, and the nearer size.
    fn nearer(&self, below: Trial, above: Trial) -> f64 {
        match self.aim {
            Aim::Psnr(_) if below.miss < -1.0 => above.quality,
            _ if below.miss.abs() < above.miss.abs() => below.quality,
            _ => above.quality,
        }
    }

    /// What the array is expected to come to at a quality.
    fn at(&mut self, quality: f64) -> Result<Achieved> {
        let step = self.model.manifest().step_for_quality(quality)?;
        if let Some(known) = self.known.get(&step) {
            return Ok(*known);
        }
        let measured = self.chunks.measure(quality)?;
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

    /// Why what is asked for can't be had, given the quality that comes closest.
    fn beyond_reach(&mut self, quality: f64) -> Result<String> {
        let achieved = self.at(quality)?;
        let about = if self.chunks.all() { "" } else { "about " };
        let what = format!("{} is beyond the reach of {}", self.aim.option(), self.label);
        Ok(match self.aim {
            Aim::Psnr(_) => format!(
                "{what}: its highest PSNR, at quality {quality}, is {about}{}; ask for at most that",
                self.aim.words(&achieved)
            ),
            Aim::Bits(_) => format!(
                "{what}: at the lowest quality, {quality}, it takes {about}{}, with a PSNR of {} dB; ask for at least that, or \
                 for larger chunks (--chunk-size)",
                self.aim.words(&achieved),
                output::psnr(achieved.psnr_db, achieved.valid, 1)
            ),
            Aim::Ratio(_) => format!(
                "{what}: of {} raw, the metadata with the model take {}, and chunks at the lowest quality {about}{}: the largest \
                 ratio is {about}{}; ask for at most that, put more into one array (such as all dates of a place), which holds \
                 its model once, or ask for --bits, which leaves the metadata out",
                output::bytes(self.raw_bytes),
                output::bytes(self.metadata_bytes),
                output::bytes(
                    ((self.raw_bytes as f64 / achieved.ratio) as u64).saturating_sub(self.metadata_bytes)
                ),
                // Rounded down, so that it can be had.
                output::figure((achieved.ratio * 100.0).floor() / 100.0)
            ),
        })
    }
}
