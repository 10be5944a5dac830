//! How the encoder fits the rule for expected magnitudes to the residuals of a rehearsal.

use crate::predict::plan::{MAGNITUDES, MAX_WEIGHT, Plan};
use crate::predict::walk::Restored;

const N: usize = MAGNITUDES + 1;

/// The mean magnitude below which a separate decision for 0 saves enough bits to be worth its time.
const ZEROS: f64 = 0.2;

/// Sums of products of magnitudes, weighted.
#[derive(Clone, Default)]
struct Sums {
    matrix: [[f64; N]; N],
    target: [f64; N],
}

/// Fits the companion, the coarseness and the weights of each set of `plan`.
pub(crate) fn fit(plan: &mut Plan, number: usize, valid: &[bool], restored: &Restored) {
    plan.companion = companion(number, valid, restored);
    let (width, height) = (restored.shape.width, restored.shape.height);
    let own = &restored.magnitudes[number];
    let mut total = 0.0;
    let mut count = 1.0;
    let mut sets = vec![Sums::default(); plan.sets()];
    for y in 0..height {
        for x in 0..width {
            if !valid[y * width + x] {
                continue;
            }
            let m =
                |p: &crate::predict::padded::Padded, dy, dx| f64::from(p.row(y, dy, dx)[x].unsigned_abs());
            let mut row = [0.0; N];
            for (slot, (dy, dx)) in
                row.iter_mut().zip([(0, -1), (0, -2), (-1, 0), (-1, -1), (-1, 1), (-2, 0)])
            {
                *slot = m(own, dy, dx);
            }
            if let Some(c) = plan.companion {
                let c = &restored.magnitudes[c];
                row[6] = m(c, 0, 0);
                row[7] = m(c, 0, -1) + m(c, 0, 1) + m(c, -1, 0) + m(c, 1, 0);
            }
            row[8] = 1.0;
            let magnitude = m(own, 0, 0);
            total += magnitude;
            count += 1.0;
            // Deviations are weighed relative to the expected magnitude.
            let about = 0.25 * (row[0] + row[2]) + 0.15 * (row[3] + row[4]) + 0.1 * (row[1] + row[5]);
            let about = about + 0.1 * row[6] + 0.05 * total / count + 0.02;
            let weight = 1.0 / (about * about);
            let set = &mut sets[y % plan.period.0 * plan.period.1 + x % plan.period.1];
            for i in 0..N {
                for j in 0..N {
                    set.matrix[i][j] += weight * row[i] * row[j];
                }
                set.target[i] += weight * row[i] * magnitude;
            }
        }
    }
    let mean = total / count;
    plan.zeros = mean < ZEROS;
    plan.coarse = (mean / 1024.0).max(1.0).log2().floor() as u32;
    plan.coarse = plan.coarse.min(16);
    plan.weights = sets.iter().map(|s| solve(s, plan.coarse)).collect();
}

/// The plane whose residual magnitudes correlate best with this one's.
fn companion(number: usize, valid: &[bool], restored: &Restored) -> Option<usize> {
    let (width, height) = (restored.shape.width, restored.shape.height);
    let correlation = |plane: usize| {
        let (mut ab, mut a1, mut b1, mut aa, mut bb, mut n) = (0.0, 0.0, 0.0, 0.0, 0.0, 1e-9);
        for y in 0..height {
            let (a, b) = (restored.magnitudes[number].row(y, 0, 0), restored.magnitudes[plane].row(y, 0, 0));
            for x in 0..width {
                if valid[y * width + x] {
                    let (a, b) =
                        (f64::from(a[x].unsigned_abs()).sqrt(), f64::from(b[x].unsigned_abs()).sqrt());
                    ab += a * b;
                    aa += a * a;
                    bb += b * b;
                    a1 += a;
                    b1 += b;
                    n += 1.0;
                }
            }
        }
        (ab - a1 * b1 / n) / ((aa - a1 * a1 / n) * (bb - b1 * b1 / n)).max(1e-9).sqrt()
    };
    let best = (0..number).map(|plane| (correlation(plane), plane)).max_by(|a, b| a.0.total_cmp(&b.0));
    best.filter(|b| b.0 > 0.02).map(|b| b.1)
}

/// Least squares without negative weights, by coordinate descent, in the plan's integers.
fn solve(sums: &Sums, coarse: u32) -> [u32; N] {
    let mut w = [0.1; N];
    for _ in 0..200 {
        for i in 0..N {
            if sums.matrix[i][i] <= 0.0 {
                w[i] = 0.0;
                continue;
            }
            let others: f64 = (0..N).filter(|j| *j != i).map(|j| sums.matrix[i][j] * w[j]).sum();
            w[i] = ((sums.target[i] - others) / sums.matrix[i][i]).max(0.0);
        }
    }
    std::array::from_fn(|i| {
        let scale = if i < MAGNITUDES { 64.0 } else { 16.0 / f64::from(1u32 << coarse) };
        (w[i] * scale).round().clamp(0.0, f64::from(MAX_WEIGHT)) as u32
    })
}
