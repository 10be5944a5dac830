//! The rule of a mask in a configuration, and its checks.

use super::field::Field;
use super::{Mask, Quality, presets};
use crate::expression::Expression;
use crate::{Error, Result};
use serde::{Deserialize, Serialize};

/// A rule of a configuration: see the module's example.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MaskRule {
    /// The quality band that all keys except `expression` test.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub band: Option<String>,
    /// A known product's quality band, such as `landsat-c2-qa-pixel`: see [`presets::PRESETS`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub preset: Option<String>,
    /// The conditions of the preset that make a sample invalid, in place of the preset's own choice.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub drop: Option<Vec<String>>,
    /// Numbers of bits, from 0 for the lowest: any that is set makes a sample invalid.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub bits: Vec<u8>,
    /// Values that make a sample invalid.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub values: Vec<i64>,
    /// The only values that leave a sample valid.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub keep: Option<Vec<i64>>,
    /// Fields of several bits that make a sample invalid by their value.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub fields: Vec<Field>,
    /// A sample is invalid where this is true or can't be computed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expression: Option<Expression>,
}

impl MaskRule {
    /// Checks the rule and prepares it.
    ///
    /// # Errors
    /// [`Error::Invalid`] where a rule says nothing, lacks its band, names a preset or a condition that is not known,
    /// or bits that a value can't have.
    pub fn mask(&self) -> Result<Mask> {
        let reads_quality = self.preset.is_some()
            || self.keep.is_some()
            || !(self.bits.is_empty() && self.values.is_empty() && self.fields.is_empty());
        if !reads_quality && self.expression.is_none() {
            return Err(Error::Invalid(
                "a mask has no condition; give it a preset, bits, values, keep, fields or an expression"
                    .to_owned(),
            ));
        }
        if self.drop.is_some() && self.preset.is_none() {
            return Err(Error::Invalid(format!(
                "a mask has drop without a preset; name one of {}, or use bits, values or fields",
                presets::names()
            )));
        }
        let quality = match (&self.band, reads_quality) {
            (Some(band), true) => Some(self.quality(band)?),
            (None, false) => None,
            (None, true) => {
                return Err(Error::Invalid(
                    "a mask has no band; name the quality band, such as band = \"QA\"".to_owned(),
                ));
            }
            (Some(band), false) => {
                return Err(Error::Invalid(format!(
                    "a mask names band {band} but doesn't say what of it is invalid; give a preset, bits, values, \
                     keep or fields, or leave band out if the expression is enough"
                )));
            }
        };
        Ok(Mask { quality, expression: self.expression.clone() })
    }

    fn quality(&self, band: &str) -> Result<Quality> {
        let mut quality = Quality {
            band: band.to_owned(),
            values: self.values.clone(),
            keep: self.keep.clone(),
            fields: self.fields.clone(),
            ..Quality::default()
        };
        for bit in &self.bits {
            if *bit > 52 {
                return Err(Error::Invalid(format!("a mask names bit {bit}; bits are 0 to 52")));
            }
            quality.bits |= 1 << bit;
        }
        if self.keep.as_ref().is_some_and(Vec::is_empty) {
            return Err(Error::Invalid(format!(
                "the mask of band {band} keeps no value, so no sample would be left; list values or leave keep out"
            )));
        }
        self.fields.iter().try_for_each(Field::check)?;
        if let Some(name) = &self.preset {
            let preset = presets::find(name)?;
            for condition in preset.chosen(self.drop.as_deref())? {
                match condition.test {
                    presets::Test::Bit(bit) => quality.bits |= 1 << bit,
                    presets::Test::Values(values) => quality.values.extend(values),
                    presets::Test::Field { first_bit, bits, values } => {
                        quality.fields.push(Field { first_bit, bits, values: values.to_vec() });
                    }
                }
            }
        }
        Ok(quality)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rules_that_say_nothing_or_too_much_are_refused() {
        let message = |toml: &str| toml::from_str::<MaskRule>(toml).unwrap().mask().unwrap_err().to_string();
        assert_eq!(
            message(""),
            "a mask has no condition; give it a preset, bits, values, keep, fields or an expression"
        );
        assert_eq!(message("bits = [1]"), "a mask has no band; name the quality band, such as band = \"QA\"");
        assert_eq!(message("band = 'QA'\nbits = [53]"), "a mask names bit 53; bits are 0 to 52");
        assert!(
            message("band = 'QA'\nexpression = 'A > 1'").starts_with("a mask names band QA but doesn't say")
        );
        assert!(message("band = 'QA'\nkeep = []").starts_with("the mask of band QA keeps no value"));
        assert!(
            message("band = 'QA'\nbits = [1]\ndrop = ['fill']")
                .starts_with("a mask has drop without a preset")
        );
        let field = |inner: &str| message(&format!("band = 'QA'\nfields = [{{ {inner} }}]"));
        assert_eq!(
            field("first_bit = 3, bits = 2, values = [4]"),
            "a field of 2 bits can't be 4, its values are 0 to 3"
        );
        assert_eq!(
            field("first_bit = 60, bits = 2, values = [1]"),
            "a field of a mask has first_bit = 60 and bits = 2; first_bit is 0 to 52, bits 1 to 16"
        );
        assert_eq!(
            field("first_bit = 3, bits = 2, values = []"),
            "the field of a mask at first_bit = 3 has no values; list those that make a sample invalid"
        );
    }

    #[test]
    fn unknown_keys_and_broken_expressions_are_refused() {
        let message = |toml: &str| toml::from_str::<MaskRule>(toml).unwrap_err().to_string();
        assert!(message("bnad = 'QA'").contains("unknown field `bnad`"));
        assert!(message("expression = 'A >'").contains("column 4: expected a number, a band"));
        assert!(message("bits = [-1]").contains("invalid value"));
    }
}
