//! For each spatial frequency, the principal components across the bands; and the scan order, strongest first.

use super::grid::{Grid, valid_patches};
use crate::error::{Error, Result};
use crate::parallel;
use half::f16;
use nalgebra::{DMatrix, SymmetricEigen};

/// The linear map as it is stored.
#[derive(Debug)]
pub(super) struct Basis {
    /// `[frequency][component][band]`
    pub(super) mix: Vec<f16>,
    /// The plane at each scan position.
    pub(super) order: Vec<u32>,
    /// 256 × log2 of each plane's standard deviation, in scan order.
    pub(super) sigma: Vec<i16>,
}

impl Basis {
    pub(super) fn mix_f32(&self) -> Vec<f32> {
        self.mix.iter().map(|w| w.to_f32()).collect()
    }
}

/// A standard deviation as it is stored; a plane that is always zero counts as very weak.
pub(super) fn log2_sigma(variance: f64) -> i16 {
    (variance.max(1e-18).log2() * 128.0).round() as i16
}

/// Principal components of coefficients `(patch, frequency × bands + band)`.
pub(super) fn fit(grids: &[Grid], patch: usize, bands: usize) -> Result<Basis> {
    let frequencies = patch * patch;
    let count = valid_patches(grids) as f64;
    // One frequency at a time, so that no order of summation depends on the number of threads.
    let all: Vec<usize> = (0..frequencies).collect();
    let components: Vec<(Vec<f64>, Vec<f64>)> = parallel::map(&all, true, |&frequency| {
        let mut covariance = DMatrix::<f64>::zeros(bands, bands);
        for grid in grids {
            let patches = grid.values.chunks_exact(frequencies * bands).zip(&grid.valid);
            for (values, _) in patches.filter(|(_, valid)| **valid) {
                let c = &values[frequency * bands..][..bands];
                for i in 0..bands {
                    for j in 0..=i {
                        covariance[(i, j)] += f64::from(c[i]) * f64::from(c[j]);
                    }
                }
            }
        }
        for i in 0..bands {
            for j in 0..i {
                covariance[(j, i)] = covariance[(i, j)];
            }
        }
        principal(covariance / count)
    });
    let mut mix = Vec::with_capacity(frequencies * bands * bands);
    let mut variances = Vec::with_capacity(frequencies * bands);
    for (vectors, values) in components {
        if vectors.iter().any(|v| !v.is_finite()) {
            return Err(Error::InvalidArgument(
                "the training data have no finite covariance; check nodata and outliers".to_owned(),
            ));
        }
        mix.extend(vectors.into_iter().map(f16::from_f64));
        variances.extend(values);
    }
    let mut order: Vec<u32> = (0..variances.len() as u32).collect();
    order.sort_by(|a, b| variances[*b as usize].total_cmp(&variances[*a as usize]).then(a.cmp(b)));
    let sigma = order.iter().map(|plane| log2_sigma(variances[*plane as usize])).collect();
    Ok(Basis { mix, order, sigma })
}

/// Eigenvectors as rows, strongest first, the largest entry of each positive; and the eigenvalues.
fn principal(covariance: DMatrix<f64>) -> (Vec<f64>, Vec<f64>) {
    let n = covariance.nrows();
    let eigen = SymmetricEigen::new(covariance);
    let mut rank: Vec<usize> = (0..n).collect();
    rank.sort_by(|a, b| eigen.eigenvalues[*b].total_cmp(&eigen.eigenvalues[*a]));
    let mut vectors = Vec::with_capacity(n * n);
    for column in &rank {
        let vector = eigen.eigenvectors.column(*column);
        let largest = vector.iter().copied().max_by(|a, b| a.abs().total_cmp(&b.abs())).unwrap_or(1.0);
        vectors.extend(vector.iter().map(|v| v * largest.signum()));
    }
    (vectors, rank.iter().map(|i| eigen.eigenvalues[*i].max(0.0)).collect())
}
