//! Sums of errors over valid samples.

/// Errors over any number of samples.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct ErrorSum {
    /// Samples.
    pub count: u64,
    /// The sum of squared errors.
    pub squared: f64,
    /// The largest absolute error.
    pub max: f64,
}

impl ErrorSum {
    /// Adds the error between a sample and its counterpart.
    #[inline]
    pub fn add(&mut self, reference: f64, other: f64) {
        let error = (reference - other).abs();
        self.count += 1;
        self.squared += error * error;
        self.max = self.max.max(error);
    }

    /// Adds another sum.
    pub fn merge(&mut self, other: &Self) {
        self.count += other.count;
        self.squared += other.squared;
        self.max = self.max.max(other.max);
    }

    /// The mean square error; none if there are no samples.
    pub fn mean_square(&self) -> Option<f64> {
        (self.count > 0).then(|| self.squared / self.count as f64)
    }

    /// The root mean square error; none if there are no samples.
    pub fn rmse(&self) -> Option<f64> {
        self.mean_square().map(f64::sqrt)
    }

    /// The peak signal-to-noise ratio in dB; none if there are no samples, or no error.
    pub fn psnr_db(&self, peak: f64) -> Option<f64> {
        self.mean_square().filter(|mse| *mse > 0.0).map(|mse| 10.0 * (peak * peak / mse).log10())
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
        assert_eq!(sum, ErrorSum { count: 3, squared: 20.0, max: 4.0 });
        // 10 log10(255² / (20 / 3))
        assert!((sum.psnr_db(255.0).unwrap() - 39.891_7).abs() < 1e-3);
        assert_eq!(ErrorSum::default().psnr_db(255.0), None);
    }
}
