//! The palette of a tile: the values that occur in it, in rising order. A class is an index into it.

use crate::entropy::adaptive::{Counter, Tables};
use crate::entropy::rans::Coder;
use crate::error::{Error, Result};

/// The most values that a tile of classes has.
pub(super) const MAX_CLASSES: usize = 256;

/// Values in rising order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Palette(pub(super) Vec<i32>);

impl Palette {
    /// The values that occur, unless there are too many.
    pub(super) fn collect(samples: impl Iterator<Item = i32>) -> Option<Self> {
        let mut values: Vec<i32> = Vec::new();
        let mut last = None;
        for sample in samples {
            if last == Some(sample) {
                continue;
            }
            last = Some(sample);
            if let Err(at) = values.binary_search(&sample) {
                if values.len() == MAX_CLASSES {
                    return None;
                }
                values.insert(at, sample);
            }
        }
        Some(Self(values))
    }

    /// The class of each sample. A value that is not in the palette, as under a mask, gets an arbitrary class.
    pub(super) fn classes(&self, samples: &[i32]) -> Vec<u8> {
        let mut last = (0, None);
        let class = |sample: &i32| {
            if last.1 != Some(*sample) {
                let (Ok(at) | Err(at)) = self.0.binary_search(sample);
                last = (at.min(self.0.len() - 1) as u8, Some(*sample));
            }
            last.0
        };
        samples.iter().map(class).collect()
    }

    /// Codes `count` values: the first, then the distance of each to the one before.
    ///
    /// # Errors
    /// [`Error::Corrupt`] if a value is beyond 32 bits.
    pub(super) fn code<C: Coder>(coder: &mut C, count: usize, palette: &Self) -> Result<Self> {
        let mut numbers = Numbers::new();
        let mut values = Vec::with_capacity(count);
        for i in 0..count {
            let value = palette.0.get(i).copied().map_or(0, i64::from);
            let value = match values.last().copied().map(i64::from) {
                None => unfold(numbers.code(coder, fold(value))),
                Some(before) => before + 1 + numbers.code(coder, (value - before - 1).max(0) as u64) as i64,
            };
            let value = i32::try_from(value).map_err(|_| {
                Error::Corrupt(format!("a class stands for {value}, beyond 32 bits; write the chunk again"))
            })?;
            values.push(value);
        }
        Ok(Self(values))
    }
}

/// Signed numbers as unsigned ones: 0, -1, 1, -2, …
pub(super) fn fold(value: i64) -> u64 {
    (value << 1 ^ value >> 63) as u64
}

/// The inverse of [`fold`].
pub(super) fn unfold(value: u64) -> i64 {
    (value >> 1) as i64 ^ -((value & 1) as i64)
}

/// A coder of exponential-Golomb numbers with learnt exponents.
struct Numbers {
    exponents: [Counter; Self::MOST_BITS],
    tables: Tables,
}

impl Numbers {
    /// The most bits after the leading one of a number plus one.
    const MOST_BITS: usize = 33;

    fn new() -> Self {
        Self { exponents: [Counter::new(1 << 15, 0); Self::MOST_BITS], tables: Tables::get() }
    }

    fn code<C: Coder>(&mut self, coder: &mut C, number: u64) -> u64 {
        let bits = (number + 1).ilog2();
        let mut n = 0;
        for (i, counter) in (0..).zip(&mut self.exponents) {
            if !counter.code(coder, bits > i, &self.tables) {
                break;
            }
            n += 1;
        }
        let mut value = 1u64;
        for i in (0..n).rev() {
            value = value << 1 | u64::from(coder.raw(((number + 1) >> i) as u32 & 1, 1));
        }
        value - 1
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::entropy::rans::{Decoder, Encoder};

    #[test]
    fn palettes_come_back_with_the_ends_of_the_type() {
        for values in
            [vec![i32::MIN, i32::MAX], vec![-1, 0, 7], (0..256).collect(), vec![i32::MAX], vec![64, 66, 128]]
        {
            let palette = Palette::collect(values.iter().rev().chain(&values).copied()).unwrap();
            assert_eq!(palette.0, values);
            let mut coder = Encoder::default();
            Palette::code(&mut coder, values.len(), &palette).unwrap();
            let bytes = coder.finish();
            let mut coder = Decoder::new(&bytes).unwrap();
            let empty = Palette(Vec::new());
            assert_eq!(Palette::code(&mut coder, values.len(), &empty).unwrap(), palette);
            coder.finish().unwrap();
        }
        assert!(Palette::collect(0..257).is_none());
    }

    #[test]
    fn folding_is_undone() {
        for value in [0, -1, 1, i64::from(i32::MIN), i64::from(i32::MAX)] {
            assert_eq!(unfold(fold(value)), value);
        }
        assert_eq!([0, -1, 1, -2].map(fold), [0, 1, 2, 3]);
    }
}
