//! The sums of what the headers of an array's chunks state.

use vqz_codec::pipeline::Statistics;

/// The sums over the headers of all chunks of an array.
#[derive(Clone, Copy, Debug, Default)]
pub struct Totals {
    /// Chunks that hold data.
    pub chunks: u64,
    /// Chunks that are all fill value, and so are not stored.
    pub absent: u64,
    /// Valid samples.
    pub valid: u64,
    /// The sum of squared errors of the valid samples, in squared data units.
    pub squared_error: f64,
    /// The largest absolute error, in data units.
    pub max_error: f64,
}

impl Totals {
    /// Adds a chunk.
    pub fn add(&mut self, statistics: &Statistics) {
        self.chunks += 1;
        self.valid += statistics.valid;
        self.squared_error += statistics.mean_square_error * statistics.valid as f64;
        self.max_error = self.max_error.max(statistics.max_error);
    }

    /// Adds the totals of another array.
    pub fn merge(&mut self, other: &Self) {
        self.chunks += other.chunks;
        self.absent += other.absent;
        self.valid += other.valid;
        self.squared_error += other.squared_error;
        self.max_error = self.max_error.max(other.max_error);
    }

    /// The root mean square error over valid samples; none if no sample is valid.
    pub fn rmse(&self) -> Option<f64> {
        (self.valid > 0).then(|| (self.squared_error / self.valid as f64).sqrt())
    }

    /// The PSNR in dB against a peak; none if no sample is valid, or none has an error.
    pub fn psnr_db(&self, peak: f64) -> Option<f64> {
        (self.valid > 0 && self.squared_error > 0.0)
            .then(|| 10.0 * (peak * peak * self.valid as f64 / self.squared_error).log10())
    }
}
