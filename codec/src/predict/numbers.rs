//! Side information in a sample stream: integers of unknown size, coded by adaptive decisions.

use crate::entropy::adaptive::{Counter, Tables};
use crate::predict::wide::Wide;

/// What a number is for. Each kind has statistics of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Ranges of values, orders, periods.
    Plain,
    /// A coefficient; the number is the size class, at most 7, of the coefficients before it at the same tap.
    Coefficient(u32),
    /// A weight of the rule for expected magnitudes.
    Weight(u32),
}

impl Kind {
    fn index(self) -> usize {
        match self {
            Self::Plain => 0,
            Self::Coefficient(size) => 1 + size.min(7) as usize,
            Self::Weight(size) => 9 + size.min(7) as usize,
        }
    }
}

const KINDS: usize = 17;

/// The counters of numbers.
#[derive(Debug)]
pub(crate) struct Numbers {
    tables: Tables,
    length: Vec<Counter>,
    top: Vec<Counter>,
    sign: [Counter; KINDS],
}

impl Numbers {
    pub(crate) fn new() -> Self {
        Self {
            tables: Tables::get(),
            length: vec![Counter::new(1 << 15, 0); KINDS * 33],
            top: vec![Counter::new(1 << 15, 0); KINDS * 33],
            sign: [Counter::new(1 << 15, 0); KINDS],
        }
    }

    /// Codes a number without a sign: its bit length in unary, then the bits below the leading one.
    pub(crate) fn unsigned<W: Wide>(&mut self, coder: &mut W, value: u32, kind: Kind) -> u32 {
        let base = kind.index() * 33;
        let length = 32 - value.leading_zeros();
        let mut n = 0;
        while n < 32 && self.length[base + n as usize].code(coder, n < length, &self.tables) {
            n += 1;
        }
        if n < 2 {
            return n;
        }
        // The bit below the leading one is modelled, the rest are plain.
        let bit = self.top[base + n as usize].code(coder, value >> (n - 2) & 1 == 1, &self.tables);
        let mut out = 2 | u32::from(bit);
        let mut left = n - 2;
        while left > 0 {
            let take = left.min(16);
            left -= take;
            out = out << take | coder.plain(value >> left & ((1 << take) - 1), take);
        }
        out
    }

    /// Codes a number with a sign.
    pub(crate) fn signed<W: Wide>(&mut self, coder: &mut W, value: i32, kind: Kind) -> i32 {
        let magnitude = self.unsigned(coder, value.unsigned_abs(), kind);
        if magnitude == 0 {
            return 0;
        }
        let negative = self.sign[kind.index()].code(coder, value < 0, &self.tables);
        (if negative { magnitude.wrapping_neg() } else { magnitude }) as i32
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::predict::wide::{WideDecoder, WideEncoder};
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn numbers_come_back(values in prop::collection::vec((any::<i32>(), 0u32..32), 0..100)) {
            let mut encoder = WideEncoder::default();
            let mut numbers = Numbers::new();
            for (i, (value, shift)) in values.iter().enumerate() {
                numbers.signed(&mut encoder, value >> shift, Kind::Coefficient(i as u32 % 9));
                numbers.unsigned(&mut encoder, *value as u32 >> shift, Kind::Plain);
            }
            let bytes = encoder.finish();
            let mut decoder = WideDecoder::new(&bytes).unwrap();
            let mut numbers = Numbers::new();
            for (i, (value, shift)) in values.iter().enumerate() {
                prop_assert_eq!(numbers.signed(&mut decoder, 0, Kind::Coefficient(i as u32 % 9)), value >> shift);
                prop_assert_eq!(numbers.unsigned(&mut decoder, 0, Kind::Plain), *value as u32 >> shift);
            }
            decoder.finish().unwrap();
        }
    }
}
