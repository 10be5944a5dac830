//! Structural similarity with the standard window: Gaussian, 11×11, σ = 1.5, K₁ = 0.01, K₂ = 0.03 (Wang et al. 2004,
//! doi:10.1109/TIP.2003.819861).
//!
//! Masked samples have no weight in a window; windows whose centre is masked, or that reach over the image's edge, do
//! not count.

use rayon::prelude::*;

/// The side of a window.
pub(crate) const WINDOW: usize = 11;
const RADIUS: usize = WINDOW / 2;
const SIGMA: f64 = 1.5;

/// Output rows that one task computes.
const STRIP: usize = 32;

/// A sum of window scores.
#[derive(Clone, Copy, Debug, Default)]
pub struct ScoreSum {
    count: u64,
    score: f64,
}

impl ScoreSum {
    /// Adds another sum.
    pub fn merge(&mut self, other: &Self) {
        self.count += other.count;
        self.score += other.score;
    }

    /// How many windows there are.
    #[cfg(test)]
    pub fn count(&self) -> u64 {
        self.count
    }

    /// The mean over windows; none if there are no windows, and where their squares are beyond float64.
    pub fn mean(&self) -> Option<f64> {
        (self.count > 0 && self.score.is_finite()).then(|| self.score / self.count as f64)
    }
}

/// Two images of one size in C order, NaN where either has no data.
pub(crate) struct Pair<'a> {
    /// Columns.
    pub width: usize,
    /// The reference.
    pub a: &'a [f64],
    /// The other.
    pub b: &'a [f64],
}

/// Sums the scores of all windows that lie within the images. `peak` is the range that samples may have.
pub(crate) fn windows(pair: &Pair<'_>, peak: f64) -> ScoreSum {
    let height = pair.a.len().checked_div(pair.width).unwrap_or(0);
    if height < WINDOW || pair.width < WINDOW {
        return ScoreSum::default();
    }
    let rows = height - WINDOW + 1;
    (0..rows.div_ceil(STRIP))
        .into_par_iter()
        .map(|strip| {
            let first = strip * STRIP;
            let last = (first + STRIP).min(rows);
            strip_windows(pair, first, last, peak)
        })
        // Collected first, so that the sum does not depend on the threads.
        .collect::<Vec<_>>()
        .iter()
        .fold(ScoreSum::default(), |mut sum, strip| {
            sum.merge(strip);
            sum
        })
}

fn weights() -> [f64; WINDOW] {
    let mut weights = [0.0; WINDOW];
    for (i, weight) in weights.iter_mut().enumerate() {
        let d = i as f64 - RADIUS as f64;
        *weight = (-d * d / (2.0 * SIGMA * SIGMA)).exp();
    }
    let sum: f64 = weights.iter().sum();
    weights.map(|w| w / sum)
}

/// The number of weighted sums that a score is computed from: of the mask, a, b, a², b² and ab.
const MOMENTS: usize = 6;

/// Adds `weight * from` to `to`, element by element.
fn accumulate(to: &mut [f64], from: &[f64], weight: f64) {
    for (sum, value) in to.iter_mut().zip(from) {
        *sum += weight * value;
    }
}

/// Windows whose first row is in `first..last`: rows are filtered across, then their sums down.
fn strip_windows(pair: &Pair<'_>, first: usize, last: usize, peak: f64) -> ScoreSum {
    let weights = weights();
    let columns = pair.width - WINDOW + 1;
    let input = last - first + WINDOW - 1;
    let mut across: [Vec<f64>; MOMENTS] = std::array::from_fn(|_| vec![0.0; columns * input]);
    let mut row: [Vec<f64>; MOMENTS] = std::array::from_fn(|_| vec![0.0; pair.width]);
    for y in 0..input {
        let at = (first + y) * pair.width;
        let samples = pair.a[at..at + pair.width].iter().zip(&pair.b[at..at + pair.width]);
        for (x, (a, b)) in samples.enumerate() {
            let valid = a.is_finite() && b.is_finite();
            let moments = if valid { [1.0, *a, *b, a * a, b * b, a * b] } else { [0.0; MOMENTS] };
            for (plane, moment) in row.iter_mut().zip(moments) {
                plane[x] = moment;
            }
        }
        for (out, plane) in across.iter_mut().zip(&row) {
            let out = &mut out[y * columns..(y + 1) * columns];
            for (k, weight) in weights.iter().enumerate() {
                accumulate(out, &plane[k..k + columns], *weight);
            }
        }
    }
    let (c1, c2) = ((0.01 * peak).powi(2), (0.03 * peak).powi(2));
    let mut sum = ScoreSum::default();
    let mut down: [Vec<f64>; MOMENTS] = std::array::from_fn(|_| vec![0.0; columns]);
    for y in 0..last - first {
        for (out, plane) in down.iter_mut().zip(&across) {
            out.fill(0.0);
            for (k, weight) in weights.iter().enumerate() {
                accumulate(out, &plane[(y + k) * columns..(y + k + 1) * columns], *weight);
            }
        }
        let centres = (first + y + RADIUS) * pair.width + RADIUS;
        for (x, centre) in (centres..centres + columns).enumerate() {
            if !(pair.a[centre].is_finite() && pair.b[centre].is_finite()) {
                continue;
            }
            let [weight, a, b, aa, bb, ab] = std::array::from_fn(|m: usize| down[m][x]);
            let (a, b, aa, bb, ab) = (a / weight, b / weight, aa / weight, bb / weight, ab / weight);
            let (va, vb, vab) = ((aa - a * a).max(0.0), (bb - b * b).max(0.0), ab - a * b);
            sum.count += 1;
            sum.score += ((2.0 * a * b + c1) * (2.0 * vab + c2)) / ((a * a + b * b + c1) * (va + vb + c2));
        }
    }
    sum
}

#[cfg(test)]
mod tests {
    use super::*;

    fn image(width: usize, height: usize, noise: f64) -> Vec<f64> {
        (0..width * height)
            .map(|i| {
                let (x, y) = ((i % width) as f64, (i / width) as f64);
                128.0
                    + 40.0 * (x * 0.3).sin()
                    + 30.0 * (y * 0.2).cos()
                    + noise * ((i * 7919 % 13) as f64 - 6.0)
            })
            .collect()
    }

    /// The score of one window, straight from the definition.
    fn oracle(a: &[f64], b: &[f64], width: usize, x0: usize, y0: usize, peak: f64) -> f64 {
        let w = weights();
        let mut sums = [0.0; 6];
        for y in 0..WINDOW {
            for x in 0..WINDOW {
                let (va, vb) = (a[(y0 + y) * width + x0 + x], b[(y0 + y) * width + x0 + x]);
                if va.is_finite() && vb.is_finite() {
                    let weight = w[y] * w[x];
                    for (sum, v) in sums.iter_mut().zip([1.0, va, vb, va * va, vb * vb, va * vb]) {
                        *sum += weight * v;
                    }
                }
            }
        }
        let [n, ma, mb, aa, bb, ab] = sums;
        let (ma, mb) = (ma / n, mb / n);
        let (va, vb, cov) = (aa / n - ma * ma, bb / n - mb * mb, ab / n - ma * mb);
        let (c1, c2) = ((0.01 * peak).powi(2), (0.03 * peak).powi(2));
        (2.0 * ma * mb + c1) * (2.0 * cov + c2) / ((ma * ma + mb * mb + c1) * (va + vb + c2))
    }

    #[test]
    fn windows_equal_the_definition() {
        let (width, height) = (40, 57);
        let mut a = image(width, height, 0.0);
        let b = image(width, height, 2.0);
        a[20 * width + 11] = f64::NAN;
        let sum = windows(&Pair { width, a: &a, b: &b }, 255.0);
        let (mut expected, mut count) = (0.0, 0);
        for y in 0..=height - WINDOW {
            for x in 0..=width - WINDOW {
                if a[(y + RADIUS) * width + x + RADIUS].is_finite() {
                    expected += oracle(&a, &b, width, x, y, 255.0);
                    count += 1;
                }
            }
        }
        assert_eq!(sum.count, count);
        assert!((sum.mean().unwrap() - expected / count as f64).abs() < 1e-9);
    }

    #[test]
    fn equal_images_score_one_and_small_ones_nothing() {
        let a = image(16, 16, 1.0);
        assert!((windows(&Pair { width: 16, a: &a, b: &a }, 255.0).mean().unwrap() - 1.0).abs() < 1e-12);
        assert_eq!(windows(&Pair { width: 10, a: &a[..100], b: &a[..100] }, 255.0).mean(), None);
    }
}
