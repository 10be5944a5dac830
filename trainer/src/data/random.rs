//! Random numbers that are the same on every platform: SplitMix64 (Steele, Lea and Flood 2014), in integers only.
//!
//! A generator is made from a seed and a place (epoch, visit, batch, purpose), so any batch can be drawn without those
//! before it.

const GOLDEN: u64 = 0x9e37_79b9_7f4a_7c15;

fn mix(mut z: u64) -> u64 {
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

/// The purposes that numbers are drawn for. Each purpose has its own sequence, so that changing one option does not
/// change the other random choices.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Purpose {
    Split = 1,
    Order = 2,
    Sizes = 3,
    Crops = 4,
    Symmetry = 5,
    Radiometry = 6,
    Hiding = 7,
    Noise = 8,
}

/// A generator.
#[derive(Clone, Debug)]
pub(crate) struct Random(u64);

impl Random {
    /// The generator for a position in the sequence.
    pub(crate) fn new(seed: u64, purpose: Purpose, place: &[u64]) -> Self {
        let start = mix(seed.wrapping_add(GOLDEN)) ^ mix((purpose as u64).wrapping_mul(GOLDEN));
        Self(
            place.iter().fold(mix(start), |state, part| mix(state.wrapping_add(GOLDEN) ^ mix(part ^ GOLDEN))),
        )
    }

    /// 64 random bits.
    pub(crate) fn bits(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(GOLDEN);
        mix(self.0)
    }

    /// A whole number below `end`; 0 where `end` is 0.
    pub(crate) fn below(&mut self, end: u64) -> u64 {
        // The high half of the product; its bias is below 2^-40 for all that is drawn here.
        ((u128::from(self.bits()) * u128::from(end)) >> 64) as u64
    }

    /// A whole number below `end`; 0 where `end` is 0.
    pub(crate) fn index(&mut self, end: usize) -> usize {
        self.below(end as u64) as usize
    }

    /// A number from 0 to 1, without 1.
    pub(crate) fn fraction(&mut self) -> f64 {
        (self.bits() >> 11) as f64 / (1u64 << 53) as f64
    }

    /// A number from -1 to 1.
    pub(crate) fn signed(&mut self) -> f64 {
        2.0 * self.fraction() - 1.0
    }

    /// A normal number of mean 0 and variance 1, to within 0.003 of the distribution: the sum of twelve uniform ones.
    ///
    /// Logarithms and cosines differ between platforms, sums of integers do not.
    pub(crate) fn normal(&mut self) -> f32 {
        let mut sum = 0u64;
        for _ in 0..3 {
            let bits = self.bits();
            sum += (bits & 0xffff) + (bits >> 16 & 0xffff) + (bits >> 32 & 0xffff) + (bits >> 48);
        }
        // Each of the twelve has its mean at 32767.5.
        (sum as f32 - 12.0 * 32767.5) / 65536.0
    }

    /// Puts a slice into random order.
    pub(crate) fn shuffle<T>(&mut self, items: &mut [T]) {
        for i in (1..items.len()).rev() {
            items.swap(i, self.index(i + 1));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_stay_what_they_are() {
        // A saved state must give the same batches in every later release.
        let mut random = Random::new(7, Purpose::Crops, &[1, 2]);
        assert_eq!([random.bits(), random.bits()], EXPECTED);
        let mut other = Random::new(7, Purpose::Noise, &[1, 2]);
        assert_ne!(other.bits(), EXPECTED[0]);
    }

    const EXPECTED: [u64; 2] = [1_129_638_600_385_043_982, 3_386_520_097_414_109_052];

    #[test]
    fn normal_numbers_are_normal() {
        let mut random = Random::new(1, Purpose::Noise, &[]);
        let draws: Vec<f64> = (0..100_000).map(|_| f64::from(random.normal())).collect();
        let mean = draws.iter().sum::<f64>() / draws.len() as f64;
        let variance = draws.iter().map(|v| v * v).sum::<f64>() / draws.len() as f64;
        let outside = draws.iter().filter(|v| v.abs() > 1.96).count() as f64 / draws.len() as f64;
        assert!(mean.abs() < 0.02 && (variance - 1.0).abs() < 0.02, "{mean} {variance}");
        assert!((outside - 0.05).abs() < 0.005, "{outside}");
    }

    #[test]
    fn a_shuffle_keeps_all() {
        let mut items: Vec<u32> = (0..100).collect();
        Random::new(3, Purpose::Order, &[0]).shuffle(&mut items);
        assert_ne!(items, (0..100).collect::<Vec<_>>());
        items.sort_unstable();
        assert_eq!(items, (0..100).collect::<Vec<_>>());
    }
}
