//! The orthonormal DCT-II matrix, by arithmetic that IEEE 754 fixes, so its bits are the same on every machine.

use std::f64::consts::FRAC_PI_2;

/// Row `u`, column `i`: √(2/f) cos(π (2i + 1) u / 2f), and √(1/f) for `u` = 0. `f` × `f`, in C order.
///
/// The platform's cosine may differ in its last bit, and models are compared by their bytes.
pub fn dct_matrix(f: usize) -> Vec<f32> {
    let first = (1.0 / f as f64).sqrt();
    let others = (2.0 / f as f64).sqrt();
    (0..f * f)
        .map(|at| match (at / f, at % f) {
            (0, _) => first as f32,
            (u, i) => (others * cos_quarter((2 * i + 1) * u, f)) as f32,
        })
        .collect()
}

/// cos(π/2 · `m` / `f`), folded into the first quarter of the circle.
fn cos_quarter(m: usize, f: usize) -> f64 {
    let m = m % (4 * f);
    let m = m.min(4 * f - m);
    if m > f { -taylor_cos(2 * f - m, f) } else { taylor_cos(m, f) }
}

/// Σ (-1)ⁿ x²ⁿ / (2n)!, which needs 13 terms on [0, π/2].
fn taylor_cos(m: usize, f: usize) -> f64 {
    if m == f {
        return 0.0;
    }
    let x = FRAC_PI_2 * m as f64 / f as f64;
    (1..=13).rev().fold(1.0, |sum, n| 1.0 - sum * x * x / ((2 * n - 1) * (2 * n)) as f64)
}

#[cfg(test)]
mod tests {
    use std::f64::consts::PI;

    use super::*;

    #[test]
    fn it_is_the_cosine() {
        for f in [1, 2, 8, 16, 32] {
            for (at, &x) in dct_matrix(f).iter().enumerate() {
                let (u, i) = ((at / f) as f64, (at % f) as f64);
                let norm = if u == 0.0 { 1.0 / f as f64 } else { 2.0 / f as f64 };
                let expected = norm.sqrt() * (PI * (2.0 * i + 1.0) * u / (2.0 * f as f64)).cos();
                assert!((f64::from(x) - expected).abs() < 6e-8 * expected.abs() + 1e-16, "{f} {at}");
            }
        }
    }

    #[test]
    fn it_is_orthonormal() {
        let f = 32;
        let d = dct_matrix(f);
        for a in 0..f {
            for b in 0..f {
                let dot: f64 = (0..f).map(|i| f64::from(d[a * f + i]) * f64::from(d[b * f + i])).sum();
                assert!((dot - f64::from(u8::from(a == b))).abs() < 1e-7);
            }
        }
    }
}
