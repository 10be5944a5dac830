//! A smooth continuation of a band under its mask. The codec's encoder does the same before the transform, so a
//! network is fitted to the input that it will see.

use vqz_codec::fit::continue_under_mask;

/// Replaces samples where `valid` is 0. `band` is `(height, width)`; with no valid sample at all it becomes 0.
pub fn fill(band: &mut [f32], valid: &[u8], height: usize, width: usize) {
    if valid.contains(&0) {
        let valid: Vec<bool> = valid.iter().map(|v| *v != 0).collect();
        continue_under_mask(band, &valid, height, width);
    }
}

#[cfg(test)]
mod tests {
    use super::fill;

    #[test]
    fn holes_take_values_between_those_around_them() {
        let (h, w) = (33, 47);
        let mut band: Vec<f32> = (0..h * w).map(|i| (i % w) as f32).collect();
        let valid: Vec<u8> = (0..h * w).map(|i| u8::from(i % w < 10 || i % w > 30)).collect();
        let original = band.clone();
        fill(&mut band, &valid, h, w);
        for i in 0..h * w {
            if valid[i] == 1 {
                assert_eq!(band[i], original[i]);
            } else {
                assert!((0.0..=46.0).contains(&band[i]));
            }
        }
        let mut nothing = vec![f32::NAN; 12];
        fill(&mut nothing, &[0; 12], 3, 4);
        assert_eq!(nothing, [0.0; 12]);
    }
}
