//! Least squares from sums of products: sums are accumulated, coefficients that do not pay for their bits are dropped, and
//! the rest are rounded to integers.

/// Sums of products of taps, and of the sample they predict, which comes last.
#[derive(Clone, Debug)]
pub(crate) struct Gram {
    n: usize,
    /// Lower triangle in full rows of `n`.
    sums: Vec<f64>,
    count: f64,
}

/// A solution: which taps are used, in the order of `coefficients`.
#[derive(Clone, Debug)]
pub(crate) struct Fit {
    pub(crate) bits: f64,
    used: Vec<usize>,
    coefficients: Vec<f64>,
}

impl Gram {
    pub(crate) fn new(taps: usize) -> Self {
        let n = taps + 1;
        Self { n, sums: vec![0.0; n * n], count: 0.0 }
    }

    pub(crate) fn taps(&self) -> usize {
        self.n - 1
    }

    pub(crate) fn count(&self) -> f64 {
        self.count
    }

    /// Adds one sample: its taps and itself.
    #[inline(always)]
    pub(crate) fn add(&mut self, row: &[f64]) {
        for (i, (sums, a)) in self.sums.chunks_exact_mut(self.n).zip(row).enumerate() {
            // Rounded up to a multiple of four, so that whole vectors are added.
            let end = (i + 4) / 4 * 4;
            let end = end.min(self.n);
            for (sum, b) in sums[..end].iter_mut().zip(row) {
                *sum += a * b;
            }
        }
        self.count += 1.0;
    }

    /// Multiplies the weight of every sample that was added.
    pub(crate) fn scale(&mut self, times: f64) {
        self.sums.iter_mut().for_each(|sum| *sum *= times);
        self.count *= times;
    }

    pub(crate) fn merge(&mut self, other: &Self) {
        for (a, b) in self.sums.iter_mut().zip(&other.sums) {
            *a += b;
        }
        self.count += other.count;
    }

    fn at(&self, i: usize, j: usize) -> f64 {
        self.sums[i.max(j) * self.n + i.min(j)]
    }

    /// An estimate of the bits of all samples, where the squares of their residuals add up to `rss`.
    fn bits(&self, rss: f64, noise: f64) -> f64 {
        self.count / 2.0 * (rss.max(0.0) / self.count.max(1.0) / noise + 0.3).log2()
    }

    /// The sums that would result if the plane itself were restored with errors of this variance. Its `own` taps are
    /// differences from the first one's sample, and so is the predicted sample.
    pub(crate) fn noisy(&self, own: usize, variance: f64) -> Self {
        let mut out = self.clone();
        let sign = |i: usize| match i {
            0 => -1.0,
            _ if i < own || i == self.taps() => 1.0,
            _ => 0.0,
        };
        for i in 0..self.n {
            for j in 0..=i {
                // All share the first tap's error; the others add their own.
                let alone = if i == j && i > 0 && i < own { 1.0 } else { 0.0 };
                out.sums[i * self.n + j] += self.count * variance * (sign(i) * sign(j) + alone);
            }
        }
        out
    }

    /// Solves for all taps, then drops one after the other while that saves bits.
    pub(crate) fn solve(&self, noise: f64, coefficient_bits: f64) -> Fit {
        let taps = self.taps();
        let target = taps;
        let mut used: Vec<usize> = (0..taps).collect();
        // The inverse of the regularised matrix, and the solution, updated as taps are dropped.
        let mut matrix = vec![0.0; taps * taps];
        for i in 0..taps {
            for j in 0..taps {
                matrix[i * taps + j] = self.at(i, j);
            }
            matrix[i * taps + i] += self.at(i, i) * 1e-10 + 1e-3 * self.count.max(1.0);
        }
        let Some(mut inverse) = invert(&matrix, taps) else {
            return Fit {
                bits: self.bits(self.at(target, target), noise),
                used: vec![],
                coefficients: vec![],
            };
        };
        let b: Vec<f64> = (0..taps).map(|i| self.at(i, target)).collect();
        let mut solution: Vec<f64> =
            (0..taps).map(|i| (0..taps).map(|j| inverse[i * taps + j] * b[j]).sum()).collect();
        let mut rss = self.at(target, target) - solution.iter().zip(&b).map(|(c, b)| c * b).sum::<f64>();
        while !used.is_empty() {
            let cheapest = used
                .iter()
                .map(|i| (solution[*i] * solution[*i] / inverse[i * taps + i].max(1e-30), *i))
                .min_by(|a, b| a.0.total_cmp(&b.0));
            let Some((more, drop)) = cheapest else { break };
            if self.bits(rss + more, noise) - self.bits(rss, noise) > coefficient_bits {
                break;
            }
            rss += more;
            used.retain(|i| *i != drop);
            let (pivot, c) = (inverse[drop * taps + drop], solution[drop]);
            let column: Vec<f64> = (0..taps).map(|i| inverse[i * taps + drop]).collect();
            for i in &used {
                solution[*i] -= column[*i] * c / pivot;
                for j in &used {
                    inverse[i * taps + j] -= column[*i] * column[*j] / pivot;
                }
            }
        }
        let coefficients = used.iter().map(|i| solution[*i]).collect();
        Fit {
            bits: self.bits(rss, noise) + used.len() as f64 * coefficient_bits + taps as f64,
            used,
            coefficients,
        }
    }

    /// Rounds a solution to `fraction` bits. Each coefficient compensates for the rounding of those before it. Returns the
    /// estimated bits of samples and coefficients, and all coefficients.
    pub(crate) fn round(&self, fit: &Fit, noise: f64, fraction: u32) -> (f64, Vec<i32>) {
        let n = fit.used.len();
        let scale = f64::from(1u32 << fraction);
        let mut out = vec![0; self.taps()];
        let mut side = self.taps() as f64 * 0.5;
        // Cholesky factor, lower: G = L Lᵀ. Rounding goes from the last coefficient to the first.
        let mut lower = vec![0.0; n * n];
        for i in 0..n {
            for j in 0..=i {
                let mut sum = self.at(fit.used[i], fit.used[j]);
                if i == j {
                    sum += sum * 1e-10 + 1e-3 * self.count.max(1.0);
                }
                for k in 0..j {
                    sum -= lower[i * n + k] * lower[j * n + k];
                }
                lower[i * n + j] = if i == j { sum.max(1e-9).sqrt() } else { sum / lower[j * n + j] };
            }
        }
        let mut error = vec![0.0; n];
        let mut more = 0.0;
        for k in (0..n).rev() {
            let pull: f64 = (k + 1..n).map(|j| lower[j * n + k] * error[j]).sum::<f64>() / lower[k * n + k];
            let wanted = fit.coefficients[k] + pull;
            let most = f64::from(crate::predict::plan::MAX_COEFFICIENT);
            let rounded = (wanted * scale).round().clamp(-most, most);
            error[k] = fit.coefficients[k] - rounded / scale;
            let off: f64 = (k..n).map(|j| lower[j * n + k] * error[j]).sum();
            more += off * off;
            out[fit.used[k]] = rounded as i32;
            side += 3.0 + 1.2 * (rounded.abs() + 1.0).log2();
        }
        let rss = self.rss(fit) + more;
        (self.bits(rss, noise) + side, out)
    }

    fn rss(&self, fit: &Fit) -> f64 {
        let target = self.taps();
        let mut rss = self.at(target, target);
        for (i, c) in fit.used.iter().zip(&fit.coefficients) {
            rss -= 2.0 * c * self.at(*i, target);
            for (j, d) in fit.used.iter().zip(&fit.coefficients) {
                rss += c * d * self.at(*i, *j);
            }
        }
        rss
    }
}

/// The inverse of a symmetric positive matrix, by Gauss and Jordan.
fn invert(matrix: &[f64], n: usize) -> Option<Vec<f64>> {
    let mut a = matrix.to_vec();
    for k in 0..n {
        let pivot = a[k * n + k];
        if pivot.is_nan() || pivot.abs() <= 1e-12 {
            return None;
        }
        let row: Vec<f64> = a[k * n..(k + 1) * n].to_vec();
        for i in 0..n {
            if i == k {
                continue;
            }
            let factor = a[i * n + k] / pivot;
            for j in 0..n {
                if j != k {
                    a[i * n + j] -= factor * row[j];
                }
            }
            a[i * n + k] = -factor;
        }
        for (j, value) in row.iter().enumerate() {
            a[k * n + j] = if j == k { 1.0 / pivot } else { value / pivot };
        }
    }
    Some(a)
}
