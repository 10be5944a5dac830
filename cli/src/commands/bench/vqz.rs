//! vqz itself, in memory: every raster's chunks as an archive would hold them.

use super::curve::{Codec, Decoded, Passes, Point};
use super::downstream::flat;
use anyhow::Result;
use std::sync::Arc;
use vqz_archive::Raster;
use vqz_archive::metadata::Metadata;
use vqz_archive::raster::{RasterInMemory, Side, copy, extents};
use vqz_archive::trial::{TrialChunks, TrialSize};
use vqz_codec::engine::EngineKind;
use vqz_codec::model::Model;

/// All rasters, to be encoded with one model.
pub(super) struct Vqz {
    model: Arc<Model>,
    rasters: Vec<Loaded>,
    raw_bytes: u64,
    samples: u64,
    /// Bytes of the metadata of one array.
    pub(super) metadata_bytes: u64,
    chunk: Vec<u64>,
}

/// A raster's chunks, with their samples; none for a chunk that would not be stored.
struct Loaded {
    raster: Arc<dyn Raster>,
    chunks: TrialChunks,
    samples: Vec<Option<Vec<u8>>>,
}

impl Vqz {
    /// Reads rasters into memory, laid out as the metadata of their archives say.
    ///
    /// # Errors
    /// When reading fails, or the model can't be run.
    pub(super) fn load(
        rasters: &[(Arc<dyn Raster>, Metadata)],
        model: &Arc<Model>,
        engine: Option<EngineKind>,
    ) -> Result<Self> {
        let mut loaded = Self {
            model: Arc::clone(model),
            rasters: Vec::new(),
            raw_bytes: 0,
            samples: 0,
            metadata_bytes: 0,
            chunk: Vec::new(),
        };
        for (raster, metadata) in rasters {
            let chunks = TrialChunks::new(Arc::clone(raster), metadata, model, engine, u64::MAX)?;
            let samples = chunks.each(|at| chunks.read(at))?;
            loaded.rasters.push(Loaded { raster: Arc::clone(raster), chunks, samples });
            loaded.raw_bytes += raster.info().raw_bytes();
            loaded.samples += raster.info().samples();
            loaded.metadata_bytes = metadata.to_bytes()?.len() as u64;
            loaded.chunk = metadata.chunk_shape()?;
        }
        Ok(loaded)
    }
}

impl Codec for Vqz {
    fn name(&self) -> String {
        format!("vqz {}", self.model.manifest().name)
    }

    fn parameters(&self) -> String {
        let manifest = self.model.manifest();
        format!(
            "{} {}, patch {}, chunks of {:?}, model {}",
            manifest.architecture,
            manifest.quantiser,
            manifest.patch,
            self.chunk,
            &self.model.sha256()[..12]
        )
    }

    fn measure(&mut self, level: f64, peak: f64, passes: &Passes) -> Result<Point> {
        for raster in &mut self.rasters {
            raster.chunks.set_quality(level)?;
        }
        let (encoded, encode_s) = passes.time(|| {
            let encode = |raster: &Loaded| {
                raster.chunks.each(|at| {
                    raster.samples[at].as_ref().map(|samples| raster.chunks.encode(samples)).transpose()
                })
            };
            Ok(self.rasters.iter().map(encode).collect::<vqz_archive::Result<Vec<_>>>()?)
        })?;
        let (_, decode_s) = passes.time(|| {
            for (raster, encoded) in self.rasters.iter().zip(&encoded) {
                raster
                    .chunks
                    .each(|at| encoded[at].as_ref().map(|bytes| raster.chunks.decode(bytes)).transpose())?;
            }
            Ok(())
        })?;
        let mut measured = Vec::new();
        for (raster, encoded) in self.rasters.iter().zip(&encoded) {
            for (at, bytes) in encoded.iter().enumerate() {
                // These are the errors that a reader sees, because the header states errors that were measured by
                // decoding.
                measured.push(raster.chunks.judge(at, bytes.as_deref())?);
            }
        }
        let all = TrialSize::sum(&measured);
        Ok(Point {
            level,
            psnr_db: all.totals.psnr_db(peak),
            bits_per_sample: all.bytes as f64 * 8.0 / (self.samples as f64).max(1.0),
            encode_mb_s: self.raw_bytes as f64 / 1e6 / encode_s,
            decode_mb_s: self.raw_bytes as f64 / 1e6 / decode_s,
        })
    }

    fn decoded(&mut self, level: f64, peak: f64) -> Result<Decoded> {
        let (mut measured, mut rasters) = (Vec::new(), Vec::new());
        for raster in &mut self.rasters {
            raster.chunks.set_quality(level)?;
            let coded = raster.chunks.each(|at| {
                let bytes =
                    raster.samples[at].as_ref().map(|samples| raster.chunks.encode(samples)).transpose()?;
                let decoded = bytes.as_ref().map(|bytes| raster.chunks.decode(bytes)).transpose()?;
                Ok((raster.chunks.judge(at, bytes.as_deref())?, decoded))
            })?;
            let info = raster.raster.info().clone();
            let size = info.data_type.size();
            let mut whole = raster.chunks.fill().repeat(info.samples() as usize);
            for (at, (judged, decoded)) in coded.into_iter().enumerate() {
                measured.push(judged);
                let Some(decoded) = decoded else { continue };
                let (region, chunk) = raster.chunks.region_and_shape(at);
                let (start, zero): (Vec<u64>, Vec<u64>) = region.iter().map(|range| (range.start, 0)).unzip();
                let (from, to) =
                    (Side { shape: chunk, start: &zero }, Side { shape: &info.shape, start: &start });
                copy(&decoded, from, &mut whole, to, &extents(&region), size);
            }
            rasters.push(flat(&RasterInMemory::new(info, whole)?)?);
        }
        let all = TrialSize::sum(&measured);
        Ok(Decoded {
            bits_per_sample: all.bytes as f64 * 8.0 / (self.samples as f64).max(1.0),
            psnr_db: all.totals.psnr_db(peak),
            rasters,
        })
    }
}
