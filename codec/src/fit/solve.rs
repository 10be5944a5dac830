//! Least squares from normal equations.

use nalgebra::{DMatrix, DVector};

/// Sums of products of features and a target.
#[derive(Clone, Debug)]
pub(super) struct Normal {
    gram: DMatrix<f64>,
    right: DVector<f64>,
    square: f64,
    pub(super) count: f64,
}

impl Normal {
    pub(super) fn new(features: usize) -> Self {
        Self {
            gram: DMatrix::zeros(features, features),
            right: DVector::zeros(features),
            square: 0.0,
            count: 0.0,
        }
    }

    pub(super) fn add(&mut self, features: &[f64], target: f64, weight: f64) {
        for (i, a) in features.iter().enumerate() {
            for (j, b) in features.iter().enumerate() {
                self.gram[(i, j)] += weight * a * b;
            }
            self.right[i] += weight * a * target;
        }
        self.square += weight * target * target;
        self.count += weight;
    }

    /// The weights of the `active` features, 0 for the others, with a slight ridge.
    pub(super) fn solve(&self, active: &[usize]) -> Vec<f64> {
        let n = active.len();
        let scale = active.iter().map(|i| self.gram[(*i, *i)]).sum::<f64>() / n.max(1) as f64;
        let gram = DMatrix::from_fn(n, n, |i, j| {
            self.gram[(active[i], active[j])] + if i == j { 1e-6 * scale + 1e-12 } else { 0.0 }
        });
        let right = DVector::from_fn(n, |i, _| self.right[active[i]]);
        let mut out = vec![0.0; self.right.len()];
        if let Some(factor) = gram.cholesky() {
            for (i, w) in active.iter().zip(factor.solve(&right).iter()) {
                out[*i] = *w;
            }
        }
        out
    }

    /// As [`Normal::solve`], but no weight is negative: features with negative weights are left out one by one.
    pub(super) fn solve_nonnegative(&self) -> Vec<f64> {
        let mut active: Vec<usize> = (0..self.right.len()).collect();
        loop {
            let weights = self.solve(&active);
            let worst = active.iter().copied().min_by(|a, b| weights[*a].total_cmp(&weights[*b]));
            match worst {
                Some(worst) if weights[worst] < 0.0 => active.retain(|i| *i != worst),
                _ => return weights,
            }
        }
    }

    /// Mean squared error that weights leave, and the target's mean square.
    pub(super) fn residual(&self, weights: &[f64]) -> (f64, f64) {
        let w = DVector::from_column_slice(weights);
        let error = self.square - 2.0 * w.dot(&self.right) + w.dot(&(&self.gram * &w));
        (error.max(0.0) / self.count.max(1.0), self.square / self.count.max(1.0))
    }
}
