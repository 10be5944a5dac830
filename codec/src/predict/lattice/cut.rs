//! The low bits of floats that a lattice cuts off. They are noise, and are stored as they are.

use super::float::{Float, power_of_two};
use crate::error::{Error, Result};

/// A writer of bits, highest first.
#[derive(Clone, Debug, Default)]
pub(crate) struct Bits {
    bytes: Vec<u8>,
    /// Bits of the last byte that are still free.
    free: u32,
}

impl Bits {
    fn push(&mut self, value: u64, count: u32) {
        for i in (0..count).rev() {
            if self.free == 0 {
                self.bytes.push(0);
                self.free = 8;
            }
            self.free -= 1;
            if let Some(last) = self.bytes.last_mut() {
                *last |= ((value >> i & 1) as u8) << self.free;
            }
        }
    }

    /// The bytes; unused bits of the last one are 0.
    pub(crate) fn into_bytes(self) -> Vec<u8> {
        self.bytes
    }
}

/// Reads bits back.
#[derive(Debug)]
pub(crate) struct BitReader<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> BitReader<'a> {
    pub(crate) fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, at: 0 }
    }

    fn take(&mut self, count: u32) -> Result<u64> {
        let mut value = 0;
        for _ in 0..count {
            let Some(byte) = self.bytes.get(self.at / 8) else {
                return Err(Error::Truncated(
                    "the low bits of a tile's floats end early; write the chunk again".to_owned(),
                ));
            };
            value = value << 1 | u64::from(byte >> (7 - self.at % 8) & 1);
            self.at += 1;
        }
        Ok(value)
    }

    /// Refuses bytes that were not read, and bits other than 0 in the rest of the last byte.
    pub(crate) fn finish(mut self) -> Result<()> {
        let over = (self.bytes.len() * 8).saturating_sub(self.at);
        if over < 8 && self.take(over as u32)? == 0 {
            return Ok(());
        }
        Err(Error::Corrupt(
            "the low bits of a tile's floats do not end where its samples do; write the chunk again"
                .to_owned(),
        ))
    }
}

/// How many bits of a mantissa the number leaves out.
fn missing<T: Float>(number: i32) -> u32 {
    T::MANTISSA.saturating_sub(number.unsigned_abs().max(1).ilog2())
}

/// The float divided by 2^exponent and rounded towards zero; the bits that are cut off go to `bits`. `None` where the float is
/// NaN or too large.
pub(super) fn cut<T: Float>(value: T, exponent: i16, bits: &mut Bits) -> Option<i32> {
    let scaled = value.wide() / power_of_two(exponent);
    if scaled.is_nan() || scaled.abs() >= f64::from(1 << 30) {
        return None;
    }
    let number = scaled.trunc() as i32;
    match number {
        0 => bits.push(value.pattern(), 32 * T::WORDS as u32),
        _ => bits.push(value.pattern(), missing::<T>(number)),
    }
    Some(number)
}

/// Joins a number and the bits that were cut off to a float.
pub(super) fn join<T: Float>(number: i32, exponent: i16, bits: &mut BitReader<'_>) -> Result<T> {
    if number == 0 {
        return Ok(T::from_pattern(bits.take(32 * T::WORDS as u32)?));
    }
    let whole = T::narrow(f64::from(number) * power_of_two(exponent));
    Ok(T::from_pattern(whole.pattern() | bits.take(missing::<T>(number))?))
}
