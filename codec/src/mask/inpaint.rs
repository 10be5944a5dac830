//! Fills a band in smoothly under its mask, so that masked samples cost hardly any bits.
//!
//! The method is push–pull: averages of the valid samples at coarser and coarser scales fill the gaps of the finer scales. A few
//! rounds of averaging then smooth the steps between them.

/// Rounds of averaging over the filled samples.
const ROUNDS: usize = 6;

/// Replaces samples where `valid` is false. `band` is `(height, width)`; with no valid sample at all it becomes 0.
pub(crate) fn fill(band: &mut [f32], valid: &[bool], height: usize, width: usize) {
    pull(band, valid, height, width);
    let holes: Vec<usize> = (0..band.len()).filter(|i| !valid[*i]).collect();
    for _ in 0..ROUNDS {
        for &i in &holes {
            let (y, x) = (i / width, i % width);
            let mut sum = 0.0;
            let mut count = 0.0;
            let mut add = |j: usize| {
                sum += band[j];
                count += 1.0;
            };
            if x > 0 {
                add(i - 1);
            }
            if x + 1 < width {
                add(i + 1);
            }
            if y > 0 {
                add(i - width);
            }
            if y + 1 < height {
                add(i + width);
            }
            if count > 0.0 {
                band[i] = sum / count;
            }
        }
    }
}

fn pull(band: &mut [f32], valid: &[bool], height: usize, width: usize) {
    if valid.iter().all(|v| *v) {
        return;
    }
    if height * width == 1 {
        band[0] = 0.0;
        return;
    }
    let (h, w) = (height.div_ceil(2), width.div_ceil(2));
    let mut sums = vec![0.0f32; h * w];
    let mut counts = vec![0u8; h * w];
    for y in 0..height {
        for x in 0..width {
            if valid[y * width + x] {
                let at = y / 2 * w + x / 2;
                sums[at] += band[y * width + x];
                counts[at] += 1;
            }
        }
    }
    for (sum, count) in sums.iter_mut().zip(&counts) {
        *sum /= f32::from((*count).max(1));
    }
    let known: Vec<bool> = counts.iter().map(|c| *c > 0).collect();
    pull(&mut sums, &known, h, w);
    for y in 0..height {
        for x in 0..width {
            if !valid[y * width + x] {
                band[y * width + x] = sums[y / 2 * w + x / 2];
            }
        }
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn holes_take_values_between_those_around_them() {
        let (h, w) = (33, 47);
        let mut band: Vec<f32> = (0..h * w).map(|i| (i % w) as f32).collect();
        let valid: Vec<bool> = (0..h * w).map(|i| i % w < 10 || i % w > 30).collect();
        let original = band.clone();
        super::fill(&mut band, &valid, h, w);
        for i in 0..h * w {
            if valid[i] {
                assert_eq!(band[i], original[i]);
            } else {
                assert!((0.0..=46.0).contains(&band[i]));
            }
        }
        let mut nothing = vec![f32::NAN; 12];
        super::fill(&mut nothing, &[false; 12], 3, 4);
        assert_eq!(nothing, [0.0; 12]);
    }
}
