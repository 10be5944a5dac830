//! How the samples of each band are normalised: by their mean, and by their spread or that of all bands.

use super::image::Image;
use super::options::FitOptions;
use crate::error::{Error, Result};
use crate::model::Band;
use std::ops::RangeInclusive;

/// The scales with which a model works. It computes in float32, which ends at 1e38, and has no full precision below 1e-38;
/// between them and its scale there must be room for codes, coefficients and outliers.
pub const SCALES: RangeInclusive<f64> = 1e-32..=1e32;

/// The smallest range of samples in relation to the largest one that float32 resolves well enough to be coded.
pub const RESOLVED: f64 = 1.0 / (1 << 18) as f64;

/// The samples of a band.
#[derive(Clone, Copy)]
struct Spread {
    count: u64,
    low: f64,
    high: f64,
    sum: f64,
    /// Squared distances from the mean.
    squares: f64,
}

impl Spread {
    fn of<'a>(samples: impl Iterator<Item = &'a f32> + Clone) -> Self {
        let valid = samples.filter(|v| v.is_finite()).map(|v| f64::from(*v));
        let mut spread =
            Self { count: 0, low: f64::INFINITY, high: f64::NEG_INFINITY, sum: 0.0, squares: 0.0 };
        for v in valid.clone() {
            (spread.count, spread.sum) = (spread.count + 1, spread.sum + v);
            (spread.low, spread.high) = (spread.low.min(v), spread.high.max(v));
        }
        // In a second pass, because the difference of large sums would leave nothing of a small spread far from 0.
        let mean = spread.mean();
        spread.squares = valid.map(|v| (v - mean).powi(2)).sum();
        spread
    }

    fn mean(&self) -> f64 {
        // Rounding may carry the mean of equal samples beyond them. Without a valid sample, there is nothing to clamp to.
        if self.count == 0 { 0.0 } else { (self.sum / self.count as f64).clamp(self.low, self.high) }
    }

    fn variance(&self) -> f64 {
        if self.low < self.high { self.squares / self.count as f64 } else { 0.0 }
    }
}

/// Means and scales of the bands over all valid samples.
pub(super) fn bands(images: &[Image], options: &FitOptions) -> Result<Vec<Band>> {
    let names = &options.band_names;
    let samples = |image: &Image, band: usize| {
        let area = image.height * image.width;
        band * area..(band + 1) * area
    };
    let spreads: Vec<Spread> = (0..names.len())
        .map(|band| Spread::of(images.iter().flat_map(|image| &image.samples[samples(image, band)])))
        .collect();
    if let Some(band) = spreads.iter().position(|spread| spread.count == 0) {
        return Err(Error::InvalidArgument(format!(
            "band {} has no valid sample in the training data; leave it out, or check nodata",
            names[band]
        )));
    }
    let pooled = (spreads.iter().map(Spread::variance).sum::<f64>() / names.len() as f64).sqrt();
    // Data without any variation are coded as zeros at any scale; data like them vary within the peak.
    let pooled = if pooled > 0.0 { pooled } else { options.peak };
    let scale = |spread: &Spread| match spread.variance().sqrt() {
        own if options.scale_each_band && own > 0.0 => own,
        _ => pooled,
    };
    for (spread, name) in spreads.iter().zip(names) {
        let scale = scale(spread);
        if !SCALES.contains(&scale) {
            return Err(Error::InvalidArgument(format!(
                "samples of band {name} spread by {scale:e}, models take spreads from {:e} to {:e}, for they compute in float32; \
                 fit and encode the data in another unit",
                SCALES.start(),
                SCALES.end()
            )));
        }
    }
    Ok(spreads
        .iter()
        .zip(names)
        .map(|(spread, name)| Band {
            name: name.clone(),
            unit: String::new(),
            wavelength_nm: None,
            offset: spread.mean() as f32,
            scale: scale(spread) as f32,
        })
        .collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fitted(samples: Vec<f32>, bands: usize, scale_each_band: bool) -> Result<Vec<Band>> {
        let width = samples.len() / bands;
        let options = FitOptions {
            name: String::new(),
            band_names: (0..bands).map(|band| band.to_string()).collect(),
            patch: 8,
            peak: 3.0,
            scale_each_band,
            licence: String::new(),
            training_data: String::new(),
        };
        self::bands(&[Image { height: 1, width, samples }], &options)
    }

    #[test]
    fn scales_follow_the_unit_of_the_data() {
        let data = [1.0f32, 2.0, 3.0, 4.0, 5.0, 5.0, 5.0, 5.0];
        for unit in [1.0, 1e-30, 1e30, 1e-15] {
            let bands = fitted(data.map(|v| v * unit).to_vec(), 2, true).unwrap();
            assert!((bands[0].scale / unit / 1.25f32.sqrt() - 1.0).abs() < 1e-6, "{bands:?}");
            // The constant band has the scale of all bands.
            assert!((bands[1].scale / unit / 0.625f32.sqrt() - 1.0).abs() < 1e-6, "{bands:?}");
            assert_eq!(bands[1].offset, 5.0 * unit);
        }
    }

    #[test]
    fn a_small_spread_far_from_0_is_found() {
        let bands = fitted(vec![10_000.0, 10_000.01, 10_000.0, 10_000.01], 1, false).unwrap();
        assert!((bands[0].scale - 0.005).abs() < 5e-4, "{bands:?}");
        let flat = fitted(vec![0.1; 300], 1, false).unwrap();
        assert_eq!((flat[0].offset, flat[0].scale), (0.1, 3.0));
    }

    #[test]
    fn a_band_without_a_valid_sample_is_refused() {
        let error = fitted(vec![1.0, 2.0, f32::NAN, f32::NAN], 2, false).unwrap_err().to_string();
        assert!(
            error.contains("band 1 has no valid sample in the training data; leave it out, or check nodata"),
            "{error}"
        );
    }

    #[test]
    fn what_float32_can_not_hold_is_refused() {
        for unit in [1e-36f32, 1e36] {
            let error = fitted(vec![unit, 2.0 * unit, -unit, unit], 1, false).unwrap_err().to_string();
            assert!(error.contains("models take spreads from 1e-32 to 1e32"), "{error}");
        }
    }
}
