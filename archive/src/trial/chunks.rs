//! Chunks of a raster as an archive would hold them, encoded in memory at any quality.

use crate::encoded::totals::{ChunkFigures, Totals};
use crate::error::{Context, Result, bail};
use crate::metadata::document::Metadata;
use crate::parallel::{for_each, workers};
use crate::progress::{Progress, Task};
use crate::raster::region::{Grid, Region, extents, pad, volume};
use crate::raster::source::Raster;
use crate::store::opened::fill_bytes;
use std::sync::{Arc, Mutex, PoisonError};
use vqz_codec::engine::EngineKind;
use vqz_codec::model::Model;
use vqz_codec::pipeline::{ChunkCodec, Options};
use vqz_zarr::engines::chunk_codec;

/// The fractional part of the golden ratio: its multiples modulo 1 are evenly spread, and follow no grid.
const GOLDEN: f64 = 0.618_033_988_749_894_9;

/// All chunks of a raster, or an evenly spread part of them.
pub struct TrialChunks {
    raster: Arc<dyn Raster>,
    codec: ChunkCodec,
    grid: Grid,
    numbers: Vec<u64>,
    fill: Vec<u8>,
    shape: Vec<usize>,
}

/// The size and the statistics of chunks at one quality.
#[derive(Clone, Copy, Debug, Default)]
pub struct TrialSize {
    /// Samples, masked ones included.
    pub samples: u64,
    /// Encoded bytes of all chunks.
    pub bytes: u64,
    /// The sums over them.
    pub totals: Totals,
}

impl TrialSize {
    /// Adds several up, in the order in which they are given, because sums of floats depend on the order.
    pub fn sum(parts: &[Self]) -> Self {
        let mut sum = Self::default();
        for part in parts {
            sum.samples += part.samples;
            sum.bytes += part.bytes;
            sum.totals.merge(&part.totals);
        }
        sum
    }
}

impl TrialChunks {
    /// Takes chunks of a raster, laid out as in the `metadata` of its archive: all chunks if they hold at most `most`
    /// samples, otherwise as many as hold about `most` samples.
    ///
    /// # Errors
    /// When the codec refuses the metadata.
    pub fn new(
        raster: Arc<dyn Raster>,
        metadata: &Metadata,
        model: &Arc<Model>,
        engine: Option<EngineKind>,
        most: u64,
    ) -> Result<Self> {
        let Some(encoded) = metadata.encoded()? else {
            bail!(Codec, "{} is to have codecs {}", raster.info().label, metadata.codec_names().join(", "));
        };
        let fill = fill_bytes(metadata)?;
        let options = Options::default().with_parallel(true).with_engine(engine);
        let data_type = raster.info().data_type;
        let codec = chunk_codec(&encoded.configuration, Arc::clone(model), data_type, &fill, options)?;
        let grid = Grid::new(&raster.info().shape, &encoded.chunk);
        let shape = encoded.chunk.iter().map(|n| usize::try_from(*n)).collect::<Result<_, _>>()?;
        let wanted = (most / volume(&encoded.chunk).max(1)).max(1);
        Ok(Self { raster, codec, numbers: spread(grid.len(), wanted), grid, fill, shape })
    }

    /// Whether these are all of the raster's chunks.
    pub fn all(&self) -> bool {
        self.numbers.len() as u64 == self.grid.len()
    }

    /// How many chunks these are.
    pub fn len(&self) -> usize {
        self.numbers.len()
    }

    /// Whether there are no chunks, because the raster has no samples.
    pub fn is_empty(&self) -> bool {
        self.numbers.is_empty()
    }

    /// Encodes at another quality from now on.
    pub fn set_quality(&mut self, quality: f64) -> Result<()> {
        Ok(self.codec.set_quality(quality)?)
    }

    /// The samples of one of the chunks, padded beyond the raster's edges. None if all are fill value, because such a
    /// chunk is not stored.
    pub fn read(&self, at: usize) -> Result<Option<Vec<u8>>> {
        let (region, chunk) = self.region_and_shape(at);
        let samples = pad(self.raster.read(&region)?, &extents(&region), chunk, &self.fill);
        let stored = samples.chunks_exact(self.fill.len()).any(|sample| sample != self.fill);
        Ok(stored.then_some(samples))
    }

    /// The part of the raster that a chunk covers, and the shape of the whole chunk.
    pub fn region_and_shape(&self, at: usize) -> (Region, &[u64]) {
        (self.grid.region(&self.grid.indices(self.numbers[at])), self.grid.chunk())
    }

    /// One sample of the fill value, in native order.
    pub fn fill(&self) -> &[u8] {
        &self.fill
    }

    /// Encodes the samples of a chunk.
    pub fn encode(&self, samples: &[u8]) -> Result<Vec<u8>> {
        self.codec
            .encode(&self.shape, samples)
            .with_context(|| format!("encoding {}", self.raster.info().label))
    }

    /// Decodes a chunk that was encoded.
    pub fn decode(&self, bytes: &[u8]) -> Result<Vec<u8>> {
        self.codec
            .decode(&self.shape, bytes)
            .with_context(|| format!("decoding {}", self.raster.info().label))
    }

    /// Runs `work` for each chunk, on as many threads as memory allows, and returns the results in order.
    pub fn each<T: Send>(&self, work: impl Fn(usize) -> Result<T> + Sync) -> Result<Vec<T>> {
        let bytes = volume(self.grid.chunk()).saturating_mul(self.fill.len() as u64);
        let made: Mutex<Vec<Option<T>>> = Mutex::new((0..self.len()).map(|_| None).collect());
        for_each(self.len() as u64, workers(bytes), |at| {
            let one = work(at as usize)?;
            made.lock().unwrap_or_else(PoisonError::into_inner)[at as usize] = Some(one);
            Ok(())
        })?;
        Ok(made.into_inner().unwrap_or_else(PoisonError::into_inner).into_iter().flatten().collect())
    }

    /// The size and the statistics of one of the chunks, given its encoded bytes; none for a chunk that is not stored.
    /// Only what lies in the raster counts.
    pub fn judge(&self, at: usize, bytes: Option<&[u8]>) -> Result<TrialSize> {
        let inside = extents(&self.region_and_shape(at).0);
        let mut measured = TrialSize { samples: volume(&inside), ..TrialSize::default() };
        let inside: Vec<usize> = inside.iter().map(|n| *n as usize).collect();
        let valid_if_absent = self.codec.valid_where_absent(&self.shape, &inside)?;
        match bytes {
            Some(bytes) => {
                measured.bytes = bytes.len() as u64;
                measured.totals.add(&ChunkFigures {
                    stated: self.codec.statistics(&self.shape, bytes)?,
                    valid: self.codec.valid_within(&self.shape, bytes, &inside)?,
                    valid_if_absent,
                    digest: 0,
                });
            }
            None => {
                measured.totals.absent = 1;
                measured.totals.valid = valid_if_absent;
            }
        }
        Ok(measured)
    }

    /// Encodes all of them at a quality.
    ///
    /// # Errors
    /// When reading or encoding fails.
    pub fn measure(&mut self, quality: f64, progress: &dyn Progress) -> Result<TrialSize> {
        self.set_quality(quality)?;
        let task = Task::start(progress, "searching for a quality", self.len() as u64);
        let measured = self.each(|at| {
            let bytes = self.read(at)?.map(|samples| self.encode(&samples)).transpose()?;
            task.advance(1)?;
            self.judge(at, bytes.as_deref())
        })?;
        Ok(TrialSize::sum(&measured))
    }
}

/// Chooses numbers below `count`, evenly spread, or all of them. The range is divided into equal parts, and one number is
/// taken from each, at a position that shifts from part to part. This keeps the choice from falling on the same column of a
/// grid every time.
fn spread(count: u64, wanted: u64) -> Vec<u64> {
    if count <= wanted {
        return (0..count).collect();
    }
    let part = count as f64 / wanted as f64;
    (0..wanted).map(|i| (((i as f64 + (i as f64 * GOLDEN).fract()) * part) as u64).min(count - 1)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn a_part_is_spread_over_all_rows_and_columns() {
        assert_eq!(spread(5, 5), [0, 1, 2, 3, 4]);
        let numbers = spread(64 * 64, 64);
        assert_eq!(numbers.len(), 64);
        assert!(numbers.windows(2).all(|pair| pair[0] < pair[1]));
        let columns: BTreeSet<u64> = numbers.iter().map(|n| n % 64).collect();
        assert!(columns.len() > 32, "{columns:?}");
    }
}
