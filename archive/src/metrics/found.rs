//! The results of a comparison: errors, similarity and angles, band by band.

use crate::metrics::error::ErrorSum;
use crate::metrics::spectral::AngleSum;
use crate::metrics::ssim::ScoreSum;

/// The results for one band, or for all bands together.
#[derive(Clone, Copy, Debug, Default)]
pub struct BandErrors {
    /// The errors of samples that have data in both.
    pub errors: ErrorSum,
    /// The errors of those samples that lie along tile borders.
    pub ring: ErrorSum,
    /// Structural similarity.
    pub ssim: ScoreSum,
    /// Samples that have data in one of the two only.
    pub mask_mismatches: u64,
}

impl BandErrors {
    fn merge(&mut self, other: &Self) {
        self.errors.merge(&other.errors);
        self.ring.merge(&other.ring);
        self.ssim.merge(&other.ssim);
        self.mask_mismatches += other.mask_mismatches;
    }
}

/// The results of a comparison.
#[derive(Clone, Debug, Default)]
pub struct RasterErrors {
    /// Band by band.
    pub bands: Vec<BandErrors>,
    /// The spectral angle. With a single band it covers no pixels.
    pub angle: AngleSum,
}

impl RasterErrors {
    /// All bands together.
    pub fn overall(&self) -> BandErrors {
        self.bands.iter().fold(BandErrors::default(), |mut all, band| {
            all.merge(band);
            all
        })
    }
}
