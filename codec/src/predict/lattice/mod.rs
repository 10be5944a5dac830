//! Floats as integers, so that the coder of integers serves floats too. A *lattice* is a set of evenly spaced values, numbered by
//! integers. Exact coding looks for a lattice that holds all samples, such as numbers with few decimals or integers packed with
//! a scale and an offset; where there is none, it uses the bit patterns. Coding within a bound rounds samples to a lattice much
//! finer than the bound.
//!
//! A decoder computes with floats only to restore samples: one multiplication or division and one addition each, whose results
//! IEEE 754 fixes.

mod cut;
mod find;
mod float;
#[cfg(test)]
mod tests;

pub(crate) use cut::{BitReader, Bits};
pub(crate) use float::Float;

use float::power_of_two;

use crate::container::bytes::Reader;
use crate::error::{Error, Result};

/// Decimal places that are tried.
const PLACES: u8 = 12;
/// The bound on the numbers of a lattice. Predictions of larger numbers would cost more than bit patterns.
const MAX_NUMBER: f64 = (1u32 << 30) as f64;

/// The lattice on which samples lie: the value that an integer `n` stands for.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Lattice {
    /// `n × 2^exponent`.
    Dyadic {
        /// -1100 to 1000.
        exponent: i16,
    },
    /// `n / 10^places`, computed in float64.
    Decimal {
        /// 0 to 12.
        places: u8,
    },
    /// `n × scale + offset`, computed in float64; or in float32, each operation rounded.
    Packed {
        /// Finite, above 0.
        scale: f64,
        /// Finite.
        offset: f64,
        /// Whether it is computed in float32.
        single: bool,
    },
    /// Bit patterns, as integers that rise with the value: one plane of 32 bits for float32, two for float64 with the upper bits
    /// first.
    Ordered,
    /// `n × 2^exponent` and the bits that rounding towards zero cuts off, which are stored without prediction.
    Cut {
        /// -1022 to 1000.
        exponent: i16,
    },
}

impl Lattice {
    /// How many planes of integers a plane of samples becomes.
    pub(crate) fn planes<T: Float>(&self) -> usize {
        if *self == Self::Ordered { T::WORDS } else { 1 }
    }

    /// The value that `n` stands for. For bit patterns, `n` is the whole pattern.
    #[inline(always)]
    fn value<T: Float>(&self, n: i64) -> T {
        match *self {
            Self::Dyadic { exponent } | Self::Cut { exponent } => {
                T::narrow(n as f64 * power_of_two(exponent))
            }
            Self::Decimal { places } => T::narrow(n as f64 / 10f64.powi(i32::from(places))),
            Self::Packed { scale, offset, single: false } => T::narrow(n as f64 * scale + offset),
            Self::Packed { scale, offset, single: true } => {
                T::narrow(f64::from(n as f32 * scale as f32 + offset as f32))
            }
            Self::Ordered => T::from_ordered(n),
        }
    }

    /// The integer nearest to a value, if it is within the lattice's range.
    #[inline(always)]
    fn number<T: Float>(&self, value: T) -> Option<i64> {
        let v = value.wide();
        let n = match *self {
            Self::Dyadic { exponent } | Self::Cut { exponent } => v / power_of_two(exponent),
            Self::Decimal { places } => v * 10f64.powi(i32::from(places)),
            Self::Packed { scale, offset, .. } => (v - offset) / scale,
            Self::Ordered => return Some(value.ordered()),
        };
        let n = n.round();
        (n.abs() <= MAX_NUMBER).then_some(n as i64)
    }

    /// The integers of valid samples, plane by plane; others become 0. `None` if a restored sample would be off by more than
    /// `bound`, or, where that is 0, would differ in any bit.
    pub(crate) fn numbers<T: Float>(&self, samples: &[T], valid: &[bool], bound: f64) -> Option<Vec<i32>> {
        let planes = self.planes::<T>();
        let mut out = vec![0; samples.len() * planes];
        for (i, (sample, valid)) in samples.iter().zip(valid).enumerate() {
            if !*valid {
                continue;
            }
            let n = self.number(*sample)?;
            let back: T = self.value(n);
            let kept =
                if bound > 0.0 { (back.wide() - sample.wide()).abs() <= bound } else { back.same(*sample) };
            if !kept {
                return None;
            }
            if planes == 2 {
                out[i] = (n >> 32) as i32;
                out[i + samples.len()] = (n as i32) ^ i32::MIN;
            } else {
                out[i] = n as i32;
            }
        }
        Some(out)
    }

    /// The integers of valid samples whose low bits are cut off; the low bits go to `bits`. `None` where this is not
    /// [`Lattice::Cut`], or a sample is NaN or too large.
    pub(crate) fn cut<T: Float>(&self, samples: &[T], valid: &[bool], bits: &mut Bits) -> Option<Vec<i32>> {
        let Self::Cut { exponent } = *self else { return None };
        let number = |(sample, valid): (&T, &bool)| match valid {
            true => cut::cut(*sample, exponent, bits),
            false => Some(0),
        };
        samples.iter().zip(valid).map(number).collect()
    }

    /// Joins integers and the bits that were cut off to samples; those that are not valid are left alone.
    ///
    /// # Errors
    /// [`Error::Truncated`] where bits run out.
    pub(crate) fn join<T: Float>(
        &self,
        numbers: &[i32],
        valid: &[bool],
        bits: &mut BitReader<'_>,
        samples: &mut [T],
    ) -> Result<()> {
        let Self::Cut { exponent } = *self else { return Ok(()) };
        for ((sample, valid), number) in samples.iter_mut().zip(valid).zip(numbers) {
            if *valid {
                *sample = cut::join(*number, exponent, bits)?;
            }
        }
        Ok(())
    }

    /// The samples that `numbers` stand for; those that are not valid are left alone.
    pub(crate) fn restore<T: Float>(&self, numbers: &[i32], valid: &[bool], samples: &mut [T]) {
        let (upper, lower) = numbers.split_at(samples.len().min(numbers.len()));
        if self.planes::<T>() == 2 {
            for (((sample, valid), n), m) in samples.iter_mut().zip(valid).zip(upper).zip(lower) {
                if *valid {
                    *sample = self.value(i64::from(*n) << 32 | i64::from((m ^ i32::MIN) as u32));
                }
            }
            return;
        }
        for ((sample, valid), n) in samples.iter_mut().zip(valid).zip(upper) {
            if *valid {
                *sample = self.value(i64::from(*n));
            }
        }
    }

    /// Writes the lattice.
    pub(crate) fn write(&self, out: &mut Vec<u8>) {
        match *self {
            Self::Dyadic { exponent } => {
                out.push(0);
                out.extend_from_slice(&exponent.to_le_bytes());
            }
            Self::Decimal { places } => out.extend_from_slice(&[1, places]),
            Self::Packed { scale, offset, single } => {
                out.push(2 + u8::from(single));
                out.extend_from_slice(&scale.to_le_bytes());
                out.extend_from_slice(&offset.to_le_bytes());
            }
            Self::Ordered => out.push(4),
            Self::Cut { exponent } => {
                out.push(5);
                out.extend_from_slice(&exponent.to_le_bytes());
            }
        }
    }

    /// Reads a lattice.
    ///
    /// # Errors
    /// [`Error::Truncated`] where bytes run out, [`Error::Corrupt`] for what [`Self::write`] never writes.
    pub(crate) fn read(reader: &mut Reader<'_>) -> Result<Self> {
        let kind = reader.u8("a lattice")?;
        let lattice = match kind {
            0 => Self::Dyadic { exponent: reader.i16("a lattice's exponent")? },
            1 => Self::Decimal { places: reader.u8("a lattice's decimal places")? },
            2 | 3 => Self::Packed {
                scale: reader.f64("a lattice's scale")?,
                offset: reader.f64("a lattice's offset")?,
                single: kind == 3,
            },
            4 => Self::Ordered,
            5 => Self::Cut { exponent: reader.i16("a lattice's exponent")? },
            _ => {
                return Err(Error::Corrupt(format!(
                    "a lattice is of kind {kind}, 0 to 5 are known; write the chunk again"
                )));
            }
        };
        let known = match lattice {
            Self::Dyadic { exponent } => (-1100..=1000).contains(&exponent),
            Self::Decimal { places } => places <= PLACES,
            Self::Packed { scale, offset, .. } => scale.is_finite() && scale > 0.0 && offset.is_finite(),
            Self::Ordered => true,
            Self::Cut { exponent } => (-1022..=1000).contains(&exponent),
        };
        if known {
            Ok(lattice)
        } else {
            Err(Error::Corrupt(format!("a lattice is out of range: {lattice:?}; write the chunk again")))
        }
    }
}
