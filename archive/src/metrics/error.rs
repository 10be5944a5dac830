//! Sums of errors over valid samples.

use vqz_codec::squares::SquareSum;

/// Errors over any number of samples.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct ErrorSum {
    /// Samples.
    pub count: u64,
    /// The squared errors.
    pub squares: SquareSum,
    /// The largest absolute error.
    pub max: f64,
}

impl ErrorSum {
    /// Adds the error between a sample and its counterpart.
    #[inline]
    pub fn add(&mut self, reference: f64, other: f64) {
        let error = (reference - other).abs();
        self.count += 1;
        self.squares.add(error);
        self.max = self.max.max(error);
    }

    /// Adds another sum.
    pub fn merge(&mut self, other: &Self) {
        self.count += other.count;
        self.squares.merge(&other.squares);
        self.max = self.max.max(other.max);
    }

    /// The mean square error; none if there are no samples, and where a float64 can't hold it because errors are below about
    /// 1e-154 or above 1e154.
    pub fn mean_square(&self) -> Option<f64> {
        let mean = self.squares.mean(self.count);
        let held = mean.is_normal() || self.squares.is_zero();
        (self.count > 0 && held).then_some(mean)
    }

    /// The root mean square error; none if there are no samples.
    pub fn rmse(&self) -> Option<f64> {
        (self.count > 0).then(|| self.squares.root_mean(self.count))
    }

    /// The peak signal-to-noise ratio in dB; none if there are no samples, or no error.
    pub fn psnr_db(&self, peak: f64) -> Option<f64> {
        self.rmse().filter(|rmse| *rmse > 0.0).map(|rmse| 20.0 * (peak.log10() - rmse.log10()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn psnr_by_hand() {
        let mut sum = ErrorSum::default();
        sum.add(10.0, 12.0);
        sum.add(10.0, 10.0);
        let mut other = ErrorSum::default();
        other.add(0.0, -4.0);
        sum.merge(&other);
        assert_eq!((sum.count, sum.squares.value(), sum.max), (3, 20.0, 4.0));
        // 10 log10(255² / (20 / 3))
        assert!((sum.psnr_db(255.0).unwrap() - 39.891_7).abs() < 1e-3);
        assert_eq!(ErrorSum::default().psnr_db(255.0), None);
    }

    #[test]
    fn errors_of_any_size_have_their_figures() {
        for unit in [1e-320, 1e-200, 1e-30, 1e30, 1e200, 1e306] {
            let mut sum = ErrorSum::default();
            sum.add(unit, -2.0 * unit);
            assert!((sum.rmse().unwrap() / (3.0 * unit) - 1.0).abs() < 1e-3, "{unit}");
            assert!((sum.psnr_db(30.0 * unit).unwrap() - 20.0).abs() < 1e-2, "{unit}");
            assert_eq!(sum.mean_square().is_some(), (1e-150..1e150).contains(&unit));
        }
    }
}
