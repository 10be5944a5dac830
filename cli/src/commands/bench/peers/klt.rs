//! The rotation of an image's bands onto its own principal components (Karhunen–Loève), for coders of single bands.

use crate::commands::bench::images::Image;
use nalgebra::{DMatrix, SymmetricEigen};
use rayon::prelude::*;

/// The offset of rotated components, which are stored as unsigned 16-bit numbers.
const CENTRE: f64 = 32768.0;

/// The number of pixels that one task rotates.
const BLOCK: usize = 1 << 14;

/// A rotation, and the means that are subtracted before it, in single precision as they would be stored.
pub(super) struct Rotation {
    mean: Vec<f32>,
    /// `(band, component)`.
    basis: Vec<f32>,
}

impl Rotation {
    /// Finds the rotation onto the principal components, the strongest first.
    pub(super) fn of(image: &Image) -> Self {
        let (bands, pixels) = (image.bands, image.pixels());
        let plane = |b: usize| &image.samples[b * pixels..(b + 1) * pixels];
        let mean: Vec<f64> = (0..bands)
            .into_par_iter()
            .map(|b| plane(b).iter().map(|v| f64::from(*v)).sum::<f64>() / pixels as f64)
            .collect();
        let pairs: Vec<(usize, usize)> = (0..bands).flat_map(|a| (a..bands).map(move |b| (a, b))).collect();
        let products: Vec<f64> = pairs
            .par_iter()
            .map(|(a, b)| {
                let sum: f64 = plane(*a)
                    .iter()
                    .zip(plane(*b))
                    .map(|(x, y)| (f64::from(*x) - mean[*a]) * (f64::from(*y) - mean[*b]))
                    .sum();
                sum / (pixels as f64 - 1.0).max(1.0)
            })
            .collect();
        let mut covariance = DMatrix::zeros(bands, bands);
        for ((a, b), product) in pairs.into_iter().zip(products) {
            covariance[(a, b)] = product;
            covariance[(b, a)] = product;
        }
        let eigen = SymmetricEigen::new(covariance);
        let mut order: Vec<usize> = (0..bands).collect();
        order.sort_by(|a, b| eigen.eigenvalues[*b].total_cmp(&eigen.eigenvalues[*a]));
        let basis = (0..bands)
            .flat_map(|band| order.iter().map(move |component| (band, *component)))
            .map(|(band, component)| eigen.eigenvectors[(band, component)] as f32)
            .collect();
        Self { mean: mean.into_iter().map(|m| m as f32).collect(), basis }
    }

    /// The bytes that it takes to store the rotation.
    pub(super) fn bytes(&self) -> usize {
        size_of::<f32>() * (self.mean.len() + self.basis.len())
    }

    /// Components from samples, `(component, pixel)`.
    pub(super) fn forward(&self, samples: &[i32]) -> Vec<i32> {
        let bands = self.mean.len();
        let weight = |component: usize, band: usize| f64::from(self.basis[band * bands + component]);
        planes(
            samples,
            bands,
            weight,
            |band| f64::from(self.mean[band]),
            |sum, _| (sum + CENTRE).round_ties_even().clamp(0.0, 65535.0) as i32,
        )
    }

    /// Samples from components, within a range.
    pub(super) fn back(&self, components: &[i32], (low, high): (i32, i32)) -> Vec<i32> {
        let bands = self.mean.len();
        let weight = |band: usize, component: usize| f64::from(self.basis[band * bands + component]);
        planes(
            components,
            bands,
            weight,
            |_| CENTRE,
            |sum, band| {
                let value = sum + f64::from(self.mean[band]);
                value.round_ties_even().clamp(f64::from(low), f64::from(high)) as i32
            },
        )
    }
}

/// Computes each output plane as a weighted sum of the input planes, each less its offset, in blocks of pixels on all
/// threads.
fn planes(
    from: &[i32],
    count: usize,
    weight: impl Fn(usize, usize) -> f64 + Sync,
    offset: impl Fn(usize) -> f64 + Sync,
    finish: impl Fn(f64, usize) -> i32 + Sync,
) -> Vec<i32> {
    let pixels = from.len() / count;
    let mut out = vec![0; from.len()];
    for (to, plane) in out.chunks_mut(pixels.max(1)).enumerate() {
        plane.par_chunks_mut(BLOCK).enumerate().for_each(|(block, part)| {
            let mut sums = vec![0.0; part.len()];
            for (at, source) in from.chunks(pixels.max(1)).enumerate() {
                let (weight, offset) = (weight(to, at), offset(at));
                let source = &source[block * BLOCK..][..part.len()];
                sums.iter_mut().zip(source).for_each(|(sum, v)| *sum += weight * (f64::from(*v) - offset));
            }
            part.iter_mut().zip(sums).for_each(|(sample, sum)| *sample = finish(sum, to));
        });
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_and_back_within_rounding() {
        let samples: Vec<i32> = (0..3)
            .flat_map(|band| (0..400).map(move |i| 900 + (i * 37 % 211) * (band + 1) + i * 13 % 7))
            .collect();
        let image = Image { bands: 3, height: 20, width: 20, samples, valid: None };
        let rotation = Rotation::of(&image);
        let components = rotation.forward(&image.samples);
        let spread = |plane: usize| {
            components[plane * 400..(plane + 1) * 400].iter().map(|v| (v - 32768).pow(2) / 400).sum::<i32>()
        };
        assert!(spread(0) > 50 * spread(1), "the bands are nearly one");
        let back = rotation.back(&components, (0, 65535));
        assert!(image.samples.iter().zip(&back).all(|(a, b)| (a - b).abs() <= 2));
        assert_eq!(rotation.bytes(), 4 * (3 + 9));
        assert!(rotation.back(&components, (0, 1000)).iter().all(|v| *v <= 1000));
    }
}
