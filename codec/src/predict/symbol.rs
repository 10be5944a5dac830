//! The coder of residuals: integers around 0. The expected magnitude of each selects how it is coded.
//!
//! There are three ways:
//! * *folded*, for large ones: the upper part of the magnitude is one of 16 symbols with learnt probabilities. The sign and the
//!   low bits are noise and are written without a model;
//! * *direct*, for moderate ones: the residual itself is one of 16 symbols. One of them is an escape for larger residuals;
//! * for small ones, a binary decision mixed from three contexts first says whether the residual is 0. If it is not, a symbol
//!   follows as in the direct way.
//!
//! Expected magnitudes fall into *classes*, four to the octave. The classes below [`ZERO`] may begin with the decision for 0,
//! those below [`FOLDED`] are direct, and the [`FOLDED_CLASSES`] after them are folded.

use crate::entropy::adaptive::{Counter, Tables, Weights, mix};
use crate::predict::nibble::{Learner, Nibble, Pulls};
use crate::predict::wide::Wide;

/// The first class without a decision for 0.
const ZERO: usize = 8;
/// The first folded class.
const FOLDED: usize = 12;
/// The number of folded classes.
const FOLDED_CLASSES: usize = 20;
/// The expected magnitude, in 16ths, from which residuals are folded.
pub(crate) const FOLDED_FROM: u32 = 28;
/// The symbol of a residual of 0 in the direct way; the largest symbol is the escape.
const MIDDLE: i32 = 7;
const ESCAPE: usize = 15;
/// The number of patterns of the magnitudes around a sample: five magnitudes of three levels each.
pub(crate) const PATTERNS: usize = 243;
/// The number of values of [`ZeroContexts::flags`].
pub(crate) const FLAGS: usize = 16;
/// The number of contexts for the side of 0 on which a residual is likely to lie.
pub(crate) const SIDES: usize = 4;

/// The contexts of the decision whether a residual is 0, where a small one is expected.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct ZeroContexts {
    /// The pattern of the magnitudes around the sample, below [`PATTERNS`].
    pub(crate) pattern: usize,
    /// Four flags: the phases of the sample's row and column, and which of two magnitudes are above the expected one. Below
    /// [`FLAGS`].
    pub(crate) flags: usize,
}

/// The adaptive statistics of a tile's residuals.
#[derive(Debug)]
pub(crate) struct Symbols {
    tables: Tables,
    pulls: Pulls,
    /// `[class - FOLDED]`
    folded: [Learner; FOLDED_CLASSES],
    /// `[class][side]`
    direct: [[Learner; SIDES]; FOLDED],
    /// The same after a decision that the residual is not 0.
    not_zero: [[Learner; SIDES]; FOLDED],
    /// `[flags][class]`
    zero: Vec<Counter>,
    /// `[pattern][class / 2]`
    zero_pattern: Vec<Counter>,
    /// `[class]`, forgotten with each plane.
    zero_local: Vec<Counter>,
    weights: [Weights; ZERO],
    exponent: [Counter; 32],
}

/// The class of each expected magnitude below [`FOLDED_FROM`], in 16ths. Octaves are counted from 4 / 16.
static DIRECT: [u8; 32] = {
    let mut classes = [0; 32];
    let mut expected = 0;
    while expected < 32 {
        let v = expected as u32 + 4;
        let class = 4 * (v.ilog2() - 2) + (v >> (v.ilog2() - 2) & 3);
        classes[expected] = if class < FOLDED as u32 { class as u8 } else { FOLDED as u8 - 1 };
        expected += 1;
    }
    classes
};

/// The class, counted from [`FOLDED`], of an expected magnitude from [`FOLDED_FROM`] on, and the number of its low bits that
/// are written without a model.
#[inline(always)]
fn folded_class(expected: u32) -> (usize, u32) {
    let v = expected.max(FOLDED_FROM).saturating_add(4);
    let octave = v.ilog2();
    let plain = octave - 5;
    // Octaves 5 to 9 have classes of their own.
    (((4 * plain.min(4)) as usize + (v >> (octave - 2) & 3) as usize) % FOLDED_CLASSES, plain)
}

/// The middle of a class, in 32nds of the unit that its symbols count.
fn middle(class: usize) -> u64 {
    let octave = (class / 4 + 2).min(5);
    let middle = (2 * (4 + class as u64 % 4) + 1) << octave >> 2;
    // Classes count from 4 / 16 on.
    if octave < 5 { middle.saturating_sub(8).max(2) } else { middle }
}

/// The ratio, in 65536ths, of neighbouring probabilities when residuals fall off geometrically on both sides of 0.
fn ratio(class: usize) -> u64 {
    let m = middle(class);
    (((1024 + m * m) << 16).isqrt() - (32 << 8)) * 256 / m
}

/// The first probabilities of a class's folded magnitudes.
fn folded_guess(class: usize) -> Nibble {
    let m = middle(class);
    let ratio = (2 * m - 32) * 65_536 / (2 * m + 32);
    let mut left = 65_536;
    Nibble::new(std::array::from_fn(|_| {
        let part = (left * (65_536 - ratio)) >> 16;
        left -= part;
        part as u32
    }))
}

/// The first probabilities of a class's residuals.
fn direct_guess(class: usize) -> Nibble {
    let ratio = ratio(class);
    let first = (65_536 - ratio) * 65_536 / (65_536 + ratio);
    let fall = |steps: u32| (0..steps).fold(first, |p, _| (p * ratio) >> 16) as u32;
    Nibble::new(std::array::from_fn(|i| fall((i as i32 - MIDDLE).unsigned_abs())))
}

impl Symbols {
    pub(crate) fn new() -> Self {
        Self {
            tables: Tables::get(),
            pulls: Pulls::new(),
            folded: std::array::from_fn(|i| Learner::new(folded_guess(FOLDED + i))),
            direct: std::array::from_fn(|i| [Learner::new(direct_guess(i)); SIDES]),
            not_zero: std::array::from_fn(|i| [Learner::new(direct_guess(i)); SIDES]),
            zero: (0..FLAGS * ZERO).map(|i| zero_guess(i % ZERO)).collect(),
            zero_pattern: (0..PATTERNS * ZERO / 2).map(|i| zero_guess(i % (ZERO / 2) * 2)).collect(),
            zero_local: (0..ZERO).map(zero_guess).collect(),
            weights: [[22_000; 3]; ZERO],
            exponent: [Counter::new(1 << 15, 0); 32],
        }
    }

    /// Resets the statistics that belong to one plane.
    pub(crate) fn next_plane(&mut self) {
        for (i, counter) in self.zero_local.iter_mut().enumerate() {
            *counter = zero_guess(i);
        }
    }

    /// Codes a residual, and returns it. Its expected magnitude is in 16ths, below 2^31; from [`FOLDED_FROM`] on, residuals
    /// are best centred between -1 and 0. `side`, below [`SIDES`], says on which side of 0 the residual is likely to lie.
    /// With `zero_contexts` and a small expected magnitude, a decision first says whether the residual is 0. That is slower,
    /// and takes fewer bits where most residuals are 0.
    #[inline(always)]
    pub(crate) fn code<W: Wide>(
        &mut self,
        coder: &mut W,
        residual: i32,
        expected: u32,
        side: usize,
        zero_contexts: Option<impl FnOnce() -> ZeroContexts>,
    ) -> i32 {
        if expected >= FOLDED_FROM {
            return self.code_folded(coder, residual, expected);
        }
        let class = usize::from(DIRECT[expected as usize & 31]);
        let mut tables = &mut self.direct;
        if let Some(zero_contexts) = zero_contexts.filter(|_| class < ZERO) {
            tables = &mut self.not_zero;
            let zero_contexts = zero_contexts();
            let counters = [
                &mut self.zero[zero_contexts.flags % FLAGS * ZERO + class],
                &mut self.zero_pattern[zero_contexts.pattern % PATTERNS * (ZERO / 2) + class / 2],
                &mut self.zero_local[class],
            ];
            if !mix(coder, residual != 0, counters, &mut self.weights[class], &self.tables) {
                return 0;
            }
        }
        let symbol =
            if (-MIDDLE..=MIDDLE).contains(&residual) { (residual + MIDDLE) as usize } else { ESCAPE };
        let symbol = tables[class][side % SIDES].code(coder, symbol, &self.pulls);
        if symbol < ESCAPE {
            symbol as i32 - MIDDLE
        } else {
            coder.out_of_line(|coder| self.far(coder, residual))
        }
    }

    /// Codes the upper part of the magnitude as a symbol. Magnitudes of negative residuals are counted from -1.
    #[inline(always)]
    fn code_folded<W: Wide>(&mut self, coder: &mut W, residual: i32, expected: u32) -> i32 {
        let (class, plain) = folded_class(expected);
        let sign = residual >> 31;
        let magnitude = (residual ^ sign) as u32;
        let upper = magnitude >> plain;
        let symbol = self.folded[class].code(coder, upper.min(ESCAPE as u32) as usize, &self.pulls) as u32;
        let upper = if symbol < ESCAPE as u32 {
            symbol
        } else {
            let beyond = upper.wrapping_sub(ESCAPE as u32);
            coder.out_of_line(|coder| self.escape(coder, beyond)).wrapping_add(ESCAPE as u32)
        };
        let low = (magnitude & ((1 << plain) - 1)) << 1 | (sign & 1) as u32;
        // At most 26 plain bits and the sign.
        let low = if plain < 16 {
            coder.plain(low, plain + 1)
        } else {
            let high = coder.plain(low >> 16, plain - 15);
            high << 16 | coder.plain(low & 0xffff, 16)
        };
        let magnitude = upper.wrapping_shl(plain) | low >> 1;
        magnitude as i32 ^ -((low & 1) as i32)
    }

    /// Codes a residual that is too large for a symbol.
    #[cold]
    #[inline(never)]
    fn far<W: Wide>(&mut self, coder: &mut W, residual: i32) -> i32 {
        let negative = coder.plain(u32::from(residual < 0), 1) == 1;
        let beyond = MIDDLE as u32 + 1;
        let magnitude = self.escape(coder, residual.unsigned_abs().wrapping_sub(beyond)).wrapping_add(beyond);
        (if negative { magnitude.wrapping_neg() } else { magnitude }) as i32
    }

    /// Codes an exponential-Golomb number with a learnt exponent.
    #[cold]
    #[inline(never)]
    fn escape<W: Wide>(&mut self, coder: &mut W, value: u32) -> u32 {
        let value = value.wrapping_add(1);
        let length = value.checked_ilog2().unwrap_or(0);
        let mut n = 0;
        while n < 31 && self.exponent[n as usize].code(coder, n < length, &self.tables) {
            n += 1;
        }
        let low = value & ((1 << n) - 1);
        let low = if n <= 16 {
            coder.plain(low, n)
        } else {
            let high = coder.plain(low >> 16, n - 16);
            high << 16 | coder.plain(low & 0xffff, 16)
        };
        (1 << n | low).wrapping_sub(1)
    }
}

/// The first probability that a residual of a class is not 0.
fn zero_guess(class: usize) -> Counter {
    let ratio = ratio(class);
    Counter::new((131_072 * ratio / (65_536 + ratio)).clamp(512, 65_000) as u16, 4)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::predict::wide::{WideDecoder, WideEncoder};
    use proptest::prelude::*;

    fn code<W: Wide>(symbols: &mut Symbols, coder: &mut W, residual: i32, noise: u32) -> i32 {
        let zero_contexts = || ZeroContexts { pattern: noise as usize % 1000, flags: noise as usize % 37 };
        symbols.code(
            coder,
            residual,
            (noise >> 1) >> (noise % 31),
            noise as usize % 9,
            (noise % 5 < 3).then_some(zero_contexts),
        )
    }

    proptest! {
        #[test]
        fn any_residuals_come_back(values in prop::collection::vec((any::<i32>(), any::<u32>(), 0u32..32), 0..300)) {
            let mut encoder = WideEncoder::default();
            let mut symbols = Symbols::new();
            for (value, noise, shift) in &values {
                code(&mut symbols, &mut encoder, value >> shift, *noise);
            }
            let bytes = encoder.finish();
            let mut decoder = WideDecoder::new(&bytes).unwrap();
            let mut symbols = Symbols::new();
            for (value, noise, shift) in &values {
                prop_assert_eq!(code(&mut symbols, &mut decoder, 0, *noise), value >> shift);
            }
            decoder.finish().unwrap();
        }

        #[test]
        fn noise_never_panics(bytes in prop::collection::vec(any::<u8>(), 8..200)) {
            let Ok(mut decoder) = WideDecoder::new(&bytes[..bytes.len() / 4 * 4]) else { return Ok(()) };
            let mut symbols = Symbols::new();
            for i in 0..500u32 {
                code(&mut symbols, &mut decoder, 0, i.wrapping_mul(2_654_435_761));
            }
        }
    }

    #[test]
    fn folding_begins_where_it_says() {
        assert_eq!(folded_class(FOLDED_FROM), (0, 0));
        assert_eq!(folded_class(60), (4, 1));
        assert_eq!(folded_class(u32::MAX).0, FOLDED_CLASSES - 1);
        assert_eq!(usize::from(DIRECT[FOLDED_FROM as usize - 1]), FOLDED - 1);
    }

    #[test]
    fn the_first_guesses_give_every_symbol_room() {
        for guess in (FOLDED..FOLDED + FOLDED_CLASSES).map(folded_guess).chain((0..FOLDED).map(direct_guess))
        {
            let mut encoder = WideEncoder::default();
            for symbol in 0..16 {
                Learner::new(guess).code(&mut encoder, symbol, &Pulls::new());
            }
        }
    }
}
