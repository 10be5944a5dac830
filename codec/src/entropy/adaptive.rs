//! Adaptive probabilities: counters whose learning rate falls with the number of decisions seen, and mixtures of them in the
//! logistic domain (M. Mahoney, "Adaptive weighing of context models for lossless data compression", 2005). All arithmetic is
//! in integers.

use crate::entropy::rans::{Coder, ONE};
use std::sync::LazyLock;

/// An adaptive probability: 24 bits of probability over 8 bits of count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Counter(u32);

/// The count at which a counter stops slowing down.
pub(crate) const COUNT_LIMIT: u32 = 250;

/// 65536 / (count + 1.5).
static RATES: LazyLock<[u32; 256]> =
    LazyLock::new(|| std::array::from_fn(|count| 131_072 / (2 * (count as u32).min(COUNT_LIMIT) + 3)));

impl Counter {
    /// A counter that stands at `p1` / 65536 as if it had seen `count` decisions (at most 255).
    pub(crate) const fn new(p1: u16, count: u8) -> Self {
        Self((p1 as u32) << 16 | count as u32)
    }

    /// The probability of a 1, in 65536ths.
    #[inline(always)]
    pub(crate) fn p1(self) -> u32 {
        self.0 >> 16
    }

    /// How many decisions it has seen, up to its limit.
    pub(crate) fn count(self) -> u32 {
        self.0 & 0xff
    }

    #[inline(always)]
    pub(crate) fn update(&mut self, bit: bool, rates: &[u32; 256]) {
        let count = self.0 & 0xff;
        let p = i64::from(self.0 >> 8);
        let target = if bit { (1 << 24) - 1 } else { 0 };
        let p = p + (((target - p) * i64::from(rates[count as usize])) >> 16);
        self.0 = (p as u32) << 8 | (count + 1).min(COUNT_LIMIT);
    }

    /// Codes a decision with the probability of this counter alone, then updates it.
    #[inline(always)]
    pub(crate) fn code<C: Coder>(&mut self, coder: &mut C, bit: bool, tables: &Tables) -> bool {
        let bit = coder.bit(bit, self.p1().clamp(32, ONE - 32));
        self.update(bit, tables.rates);
        bit
    }
}

/// The logistic function and its inverse. Both tables are part of the format; a test pins them.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Tables {
    stretch: &'static [i16; 4096],
    squash: &'static [u16; 4096],
    pub(crate) rates: &'static [u32; 256],
}

/// Probability, in 65536ths, of a logit in 256ths between -2048 and 2047, by the integer recurrence of the format:
/// exp(-1/256) in 62-bit fixed point, multiplied up.
static SQUASH: LazyLock<[u16; 4096]> = LazyLock::new(|| {
    // 2^62 × exp(-1/256), rounded.
    const FACTOR: u128 = 4_593_706_758_521_714_574;
    const UNIT: u128 = 1 << 62;
    let mut table = [0u16; 4096];
    let mut power = UNIT;
    for i in 0..=2048 {
        // 1 / (1 + exp(-x)), and its complement for -x.
        let upper = ((UNIT << 16) / (UNIT + power)) as u32;
        let upper = upper.min(65_535);
        if 2048 + i < 4096 {
            table[2048 + i] = upper as u16;
        }
        table[2048 - i] = (65_536 - upper) as u16;
        power = (power * FACTOR) >> 62;
    }
    table[2048] = 32_768;
    table
});

/// Logit of a probability in 4096ths: the smallest whose squash is not below it.
static STRETCH: LazyLock<[i16; 4096]> = LazyLock::new(|| {
    let mut table = [0i16; 4096];
    let mut at = 0usize;
    for (p, slot) in table.iter_mut().enumerate() {
        // The middle of the probabilities that share this entry.
        let target = (p << 4 | 8) as u32;
        while at < 4095 && u32::from(SQUASH[at]) < target {
            at += 1;
        }
        *slot = at as i16 - 2048;
    }
    table
});

impl Tables {
    pub(crate) fn get() -> Self {
        Self { stretch: &STRETCH, squash: &SQUASH, rates: &RATES }
    }
}

/// The largest magnitude of a mixing weight, in 65536ths: four.
pub(crate) const MAX_WEIGHT: i32 = 1 << 18;

/// Weights of a mixture of three, in 65536ths.
pub(crate) type Weights = [i32; 3];

/// The counters' logits, and the probability of a 1 that their mixture gives, in 65536ths. A mixture has 3 or 4 counters.
#[inline(always)]
pub(crate) fn mixture<const N: usize>(
    counters: [&Counter; N],
    weights: &[i32; N],
    tables: &Tables,
) -> ([i32; N], u32) {
    let logits = counters.map(|c| i32::from(tables.stretch[(c.p1() >> 4) as usize]));
    let products = || weights.iter().zip(logits).map(|(weight, logit)| weight * logit);
    // Weights stay within 2^18 and logits within 2^11, so a sum of three products fits into 32 bits; one of four may not.
    let logit = if N <= 3 {
        products().sum::<i32>() >> 16
    } else {
        (products().map(i64::from).sum::<i64>() >> 16) as i32
    };
    let logit = logit.clamp(-2047, 2047);
    (logits, u32::from(tables.squash[(logit + 2048) as usize]).clamp(24, ONE - 24))
}

/// Codes a decision with the mixture of counters, then updates the counters and the weights.
#[inline(always)]
pub(crate) fn mix<C: Coder, const N: usize>(
    coder: &mut C,
    bit: bool,
    counters: [&mut Counter; N],
    weights: &mut [i32; N],
    tables: &Tables,
) -> bool {
    let (logits, p1) = mixture(counters.each_ref().map(|c| &**c), weights, tables);
    let bit = coder.bit(bit, p1);
    let error = (if bit { ONE as i32 } else { 0 }) - p1 as i32;
    for (weight, logit) in weights.iter_mut().zip(logits) {
        *weight = (*weight + ((logit * error + (1 << 14)) >> 15)).clamp(-MAX_WEIGHT, MAX_WEIGHT);
    }
    counters.into_iter().for_each(|counter| counter.update(bit, tables.rates));
    bit
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Weighted sums and ends as computed from the specification's text by another program.
    #[test]
    fn the_tables_are_those_of_the_specification() {
        let tables = Tables::get();
        let weigh = |values: &mut dyn Iterator<Item = i64>| -> i64 {
            (1..).zip(values).map(|(i, v): (i64, i64)| i * v).sum()
        };
        assert_eq!(weigh(&mut tables.squash.iter().map(|v| i64::from(*v))), 405275784392);
        assert_eq!(weigh(&mut tables.stretch.iter().map(|v| i64::from(*v))), 2150238236);
        assert_eq!(weigh(&mut tables.rates.iter().map(|v| i64::from(*v))), 16584302);
        assert_eq!([tables.squash[0], tables.squash[4095]], [22, 65513]);
        assert_eq!([tables.stretch[0], tables.stretch[4095]], [-2048, 2047]);
    }
}
