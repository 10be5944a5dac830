//! The sums of what the headers of an array's chunks state.

use vqz_codec::pipeline::Statistics;
use vqz_codec::squares::SquareSum;

/// What the header of a chunk states, and what of it concerns the array.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct ChunkFigures {
    /// What the header states, of the whole chunk.
    pub stated: Statistics,
    /// Valid samples within the array: the padding of a chunk that sticks out does not count, and samples of fill value
    /// that are not coded do, unless they mean "no data".
    pub valid: u64,
    /// Valid samples that the array would have in place of the chunk if it were not stored.
    pub valid_if_absent: u64,
    /// Its part of the array's digest.
    pub(crate) digest: u64,
}

/// The sums over all chunks of an array.
#[derive(Clone, Copy, Debug, Default)]
pub struct Totals {
    /// Chunks that hold data.
    pub chunks: u64,
    /// Chunks that are all fill value, and so are not stored.
    pub absent: u64,
    /// Valid samples of the array.
    pub valid: u64,
    /// Valid samples as the headers count them, which is what a record holds.
    pub stated_valid: u64,
    /// The squared errors of the valid samples, in squared data units.
    pub squares: SquareSum,
    /// The largest absolute error, in data units.
    pub max_error: f64,
    /// Valid samples that the array would have in place of the stored chunks if these were not.
    pub(crate) valid_if_absent: u64,
    /// Which chunk lies where.
    pub(crate) digest: u64,
}

impl Totals {
    /// Adds a chunk.
    pub fn add(&mut self, chunk: &ChunkFigures) {
        // What a header states may be any number.
        self.chunks += 1;
        self.valid = self.valid.saturating_add(chunk.valid);
        self.stated_valid = self.stated_valid.saturating_add(chunk.stated.valid);
        self.squares.merge(&chunk.stated.squares);
        self.max_error = self.max_error.max(chunk.stated.max_error);
        self.valid_if_absent = self.valid_if_absent.saturating_add(chunk.valid_if_absent);
        self.digest = self.digest.wrapping_add(chunk.digest);
    }

    /// Adds the totals of another array.
    pub fn merge(&mut self, other: &Self) {
        self.chunks = self.chunks.saturating_add(other.chunks);
        self.absent = self.absent.saturating_add(other.absent);
        self.valid = self.valid.saturating_add(other.valid);
        self.stated_valid = self.stated_valid.saturating_add(other.stated_valid);
        self.squares.merge(&other.squares);
        self.max_error = self.max_error.max(other.max_error);
        self.valid_if_absent = self.valid_if_absent.saturating_add(other.valid_if_absent);
    }

    /// The root mean square error over valid samples; none if no sample is valid.
    pub fn rmse(&self) -> Option<f64> {
        (self.valid > 0).then(|| self.squares.root_mean(self.valid))
    }

    /// The PSNR in dB against a peak; none if no sample is valid, or none has an error.
    pub fn psnr_db(&self, peak: f64) -> Option<f64> {
        self.rmse().filter(|rmse| *rmse > 0.0).map(|rmse| 20.0 * (peak.log10() - rmse.log10()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sums_end_at_the_greatest_number() {
        let stated = Statistics { valid: u64::MAX, ..Statistics::default() };
        let chunk = ChunkFigures { stated, valid: u64::MAX, valid_if_absent: u64::MAX, digest: u64::MAX };
        let mut totals = Totals::default();
        totals.add(&chunk);
        totals.add(&chunk);
        totals.absent = u64::MAX;
        let other = totals;
        totals.merge(&other);
        assert_eq!((totals.chunks, totals.absent, totals.valid), (4, u64::MAX, u64::MAX));
        assert_eq!((totals.stated_valid, totals.valid_if_absent), (u64::MAX, u64::MAX));
    }
}
