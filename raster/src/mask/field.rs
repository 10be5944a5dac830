//! Numbers that several bits of a quality value hold.

use crate::{Error, Result};
use serde::{Deserialize, Serialize};

/// A number within a quality value.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Field {
    /// Its lowest bit, 0 to 52.
    pub first_bit: u8,
    /// How many bits it has, 1 to 16.
    pub bits: u8,
    /// Its values that make a sample invalid.
    pub values: Vec<u32>,
}

impl Field {
    #[inline]
    pub(super) fn holds(&self, value: i64) -> bool {
        let field = (value >> self.first_bit) & ((1 << self.bits) - 1);
        self.values.iter().any(|value| i64::from(*value) == field)
    }

    pub(super) fn check(&self) -> Result<()> {
        if self.first_bit > 52 || !(1..=16).contains(&self.bits) {
            return Err(Error::Invalid(format!(
                "a field of a mask has first_bit = {} and bits = {}; first_bit is 0 to 52, bits 1 to 16",
                self.first_bit, self.bits
            )));
        }
        let greatest = (1u32 << self.bits) - 1;
        match self.values.iter().find(|value| **value > greatest) {
            Some(value) => Err(Error::Invalid(format!(
                "a field of {} bits can't be {value}, its values are 0 to {greatest}",
                self.bits
            ))),
            None if self.values.is_empty() => Err(Error::Invalid(format!(
                "the field of a mask at first_bit = {} has no values; list those that make a sample invalid",
                self.first_bit
            ))),
            None => Ok(()),
        }
    }
}
