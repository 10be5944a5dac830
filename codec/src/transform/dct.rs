//! Orthonormal DCT-II and its inverse on 8, 16 or 32 points, sixteen lanes at a time, by even–odd decomposition.

use std::sync::LazyLock;

/// Sixteen lanes.
pub(crate) const LANES: usize = 16;

#[derive(Clone, Copy, Debug)]
pub(crate) struct V(pub(crate) [f32; LANES]);

impl V {
    const ZERO: Self = Self([0.0; LANES]);

    #[inline(always)]
    pub(crate) fn load(from: &[f32]) -> Self {
        let mut v = [0.0; LANES];
        v.copy_from_slice(&from[..LANES]);
        Self(v)
    }

    #[inline(always)]
    pub(crate) fn store(self, to: &mut [f32]) {
        to[..LANES].copy_from_slice(&self.0);
    }

    #[inline(always)]
    fn zip(self, other: Self, f: impl Fn(f32, f32) -> f32) -> Self {
        let mut out = self.0;
        for (a, b) in out.iter_mut().zip(other.0) {
            *a = f(*a, b);
        }
        Self(out)
    }

    #[inline(always)]
    fn add(self, other: Self) -> Self {
        self.zip(other, |a, b| a + b)
    }

    #[inline(always)]
    fn sub(self, other: Self) -> Self {
        self.zip(other, |a, b| a - b)
    }

    /// `self + other × factor`, rounded twice.
    #[inline(always)]
    fn add_scaled(self, other: Self, factor: f32) -> Self {
        self.zip(other, |a, b| a + b * factor)
    }

    #[inline(always)]
    fn scale(self, factor: f32) -> Self {
        let mut out = self.0;
        for v in &mut out {
            *v *= factor;
        }
        Self(out)
    }
}

/// The cosines of the odd outputs of a DCT of `2 H` points, orthonormal: `[k][n]`.
fn odd_matrix<const H: usize>() -> [[f32; H]; H] {
    let points = 2.0 * H as f64;
    std::array::from_fn(|k| {
        std::array::from_fn(|n| {
            let angle =
                (2.0 * n as f64 + 1.0) * (2.0 * k as f64 + 1.0) * std::f64::consts::PI / (2.0 * points);
            ((2.0 / points).sqrt() * angle.cos()) as f32
        })
    })
}

#[derive(Debug)]
struct Matrices {
    odd4: [[f32; 2]; 2],
    odd8: [[f32; 4]; 4],
    odd16: [[f32; 8]; 8],
    odd32: [[f32; 16]; 16],
}

static MATRICES: LazyLock<Matrices> = LazyLock::new(|| Matrices {
    odd4: odd_matrix(),
    odd8: odd_matrix(),
    odd16: odd_matrix(),
    odd32: odd_matrix(),
});

const HALF: f32 = std::f32::consts::FRAC_1_SQRT_2;

#[inline(always)]
fn forward2(x: [V; 2]) -> [V; 2] {
    [x[0].add(x[1]).scale(HALF), x[0].sub(x[1]).scale(HALF)]
}

#[inline(always)]
fn inverse2(x: [V; 2]) -> [V; 2] {
    [x[0].add(x[1]).scale(HALF), x[0].sub(x[1]).scale(HALF)]
}

macro_rules! level {
    ($forward:ident, $inverse:ident, $n:literal, $h:literal, $half_forward:ident, $half_inverse:ident, $odd:ident) => {
        #[inline(always)]
        fn $forward(x: [V; $n]) -> [V; $n] {
            let m = &MATRICES.$odd;
            let mut sums = [V::ZERO; $h];
            let mut differences = [V::ZERO; $h];
            for n in 0..$h {
                sums[n] = x[n].add(x[$n - 1 - n]).scale(HALF);
                differences[n] = x[n].sub(x[$n - 1 - n]);
            }
            let even = $half_forward(sums);
            let mut out = [V::ZERO; $n];
            for k in 0..$h {
                out[2 * k] = even[k];
                let mut odd = differences[0].scale(m[k][0]);
                for n in 1..$h {
                    odd = odd.add_scaled(differences[n], m[k][n]);
                }
                out[2 * k + 1] = odd;
            }
            out
        }

        #[inline(always)]
        fn $inverse(x: [V; $n]) -> [V; $n] {
            let m = &MATRICES.$odd;
            let mut even = [V::ZERO; $h];
            for k in 0..$h {
                even[k] = x[2 * k];
            }
            let even = $half_inverse(even);
            let mut out = [V::ZERO; $n];
            for n in 0..$h {
                let mut odd = x[1].scale(m[0][n]);
                for k in 1..$h {
                    odd = odd.add_scaled(x[2 * k + 1], m[k][n]);
                }
                let even = even[n].scale(HALF);
                out[n] = even.add(odd);
                out[$n - 1 - n] = even.sub(odd);
            }
            out
        }
    };
}

level!(forward4, inverse4, 4, 2, forward2, inverse2, odd4);
level!(forward8, inverse8, 8, 4, forward4, inverse4, odd8);
level!(forward16, inverse16, 16, 8, forward8, inverse8, odd16);
level!(forward32, inverse32, 32, 16, forward16, inverse16, odd32);

macro_rules! plane {
    ($name:ident, $n:literal, $one:ident) => {
        /// Transforms `count` vectors that start at `first` and lie `stride` apart in place.
        #[inline(always)]
        fn $name(data: &mut [f32], first: usize, stride: usize) {
            let mut x = [V::ZERO; $n];
            for n in 0..$n {
                x[n] = V::load(&data[first + n * stride..]);
            }
            let x = $one(x);
            for n in 0..$n {
                x[n].store(&mut data[first + n * stride..]);
            }
        }
    };
}

plane!(line_forward8, 8, forward8);
plane!(line_forward16, 16, forward16);
plane!(line_forward32, 32, forward32);
plane!(line_inverse8, 8, inverse8);
plane!(line_inverse16, 16, inverse16);
plane!(line_inverse32, 32, inverse32);

/// 2-D DCT of `patch`² points, `(row, column, lane)`, in place; `lanes` is a multiple of 16.
#[inline(always)]
pub(crate) fn forward(data: &mut [f32], patch: usize, lanes: usize) {
    for lane in (0..lanes).step_by(LANES) {
        for i in 0..patch {
            let row = i * patch * lanes + lane;
            match patch {
                8 => line_forward8(data, row, lanes),
                16 => line_forward16(data, row, lanes),
                _ => line_forward32(data, row, lanes),
            }
        }
        for i in 0..patch {
            let column = i * lanes + lane;
            match patch {
                8 => line_forward8(data, column, lanes * patch),
                16 => line_forward16(data, column, lanes * patch),
                _ => line_forward32(data, column, lanes * patch),
            }
        }
    }
}

/// Inverse of [`forward`], where only the first `columns` horizontal frequencies may hold anything but zero.
#[inline(always)]
pub(crate) fn inverse(data: &mut [f32], patch: usize, lanes: usize, columns: usize) {
    for lane in (0..lanes).step_by(LANES) {
        for i in 0..columns.min(patch) {
            let column = i * lanes + lane;
            match patch {
                8 => line_inverse8(data, column, lanes * patch),
                16 => line_inverse16(data, column, lanes * patch),
                _ => line_inverse32(data, column, lanes * patch),
            }
        }
        for i in 0..patch {
            let row = i * patch * lanes + lane;
            match patch {
                8 => line_inverse8(data, row, lanes),
                16 => line_inverse16(data, row, lanes),
                _ => line_inverse32(data, row, lanes),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_fast_transform_is_the_matrix_product() {
        for patch in [8usize, 16, 32] {
            let lanes = 32;
            let original: Vec<f32> =
                (0..patch * patch * lanes).map(|i| ((i * 7919) % 1009) as f32 / 100.0 - 5.0).collect();
            let mut data = original.clone();
            forward(&mut data, patch, lanes);
            let rows = crate::model::onnx::klt::dct_matrix(patch);
            for (u, v, lane) in [(0, 0, 0), (1, 0, 3), (0, 1, 17), (patch - 1, patch - 1, 31), (2, 5, 8)] {
                let mut expected = 0.0;
                for i in 0..patch {
                    for j in 0..patch {
                        expected += f64::from(rows[u * patch + i])
                            * f64::from(rows[v * patch + j])
                            * f64::from(original[(i * patch + j) * lanes + lane]);
                    }
                }
                let found = f64::from(data[(u * patch + v) * lanes + lane]);
                assert!((found - expected).abs() < 1e-3, "{patch} {u} {v}: {found} {expected}");
            }
            inverse(&mut data, patch, lanes, patch);
            for (a, b) in data.iter().zip(&original) {
                assert!((a - b).abs() < 1e-4, "{patch}: {a} {b}");
            }
        }
    }
}
