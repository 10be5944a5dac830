//! Validity from quality bands: which samples the rules of a configuration make invalid.
//!
//! ```toml
//! [[mask]]
//! band = "BQA"
//! preset = "landsat-c1-bqa"        # fill, cloud, shadow, cirrus, …: see `presets`
//! drop = ["fill", "cloud"]         # in place of the preset's own choice
//!
//! [[mask]]
//! band = "QA"
//! bits = [0, 3]                    # any of these set: invalid
//! values = [255]                   # equal to one of these: invalid
//! keep = [0, 1]                    # equal to none of these: invalid
//! fields = [{ first_bit = 5, bits = 2, values = [2, 3] }]
//!
//! [[mask]]
//! expression = "B02 > 3000"        # true, or not computable: invalid
//! ```
//!
//! A sample is invalid if any condition of a rule makes it so. A sample whose quality is itself invalid, or not a whole number,
//! is invalid too, because nothing is known about it. Negative values are read in two's complement.

mod field;
pub mod presets;
mod rule;

pub use field::Field;
pub use rule::MaskRule;

use crate::expression::{Expression, Lookup};
use crate::plane::Plane;
use crate::{Error, Result};

/// A rule that was checked, ready to be applied window by window.
#[derive(Clone, Debug, PartialEq)]
pub struct Mask {
    quality: Option<Quality>,
    expression: Option<Expression>,
}

/// The tests of the value of a quality band.
#[derive(Clone, Debug, Default, PartialEq)]
struct Quality {
    band: String,
    /// Invalid where any of these bits is set.
    bits: u64,
    values: Vec<i64>,
    keep: Option<Vec<i64>>,
    fields: Vec<Field>,
}

impl Quality {
    #[inline]
    fn is_usable(&self, value: i64) -> bool {
        (value as u64) & self.bits == 0
            && !self.values.contains(&value)
            && self.keep.as_ref().is_none_or(|keep| keep.contains(&value))
            && !self.fields.iter().any(|field| field.holds(value))
    }
}

impl Mask {
    /// The names of the bands that it reads, each once.
    pub fn bands(&self) -> Vec<&str> {
        let mut bands: Vec<&str> = self.quality.iter().map(|quality| quality.band.as_str()).collect();
        for band in self.expression.iter().flat_map(Expression::bands) {
            if !bands.contains(&band.as_str()) {
                bands.push(band);
            }
        }
        bands
    }

    /// Checks at plan time that its bands are there.
    ///
    /// # Errors
    /// [`Error::Invalid`] which lists the bands that are there.
    pub fn check<S: AsRef<str>>(&self, names: &[S]) -> Result<()> {
        if let Some(quality) = &self.quality
            && !names.iter().any(|name| name.as_ref() == quality.band)
        {
            return Err(unknown(&quality.band, names.iter().map(|name| name.as_ref().to_owned()).collect()));
        }
        self.expression.as_ref().map_or(Ok(()), |expression| expression.check(names))
    }

    /// Which samples of a window may be used, `(y, x)` in C order.
    ///
    /// # Errors
    /// [`Error::Invalid`] where a band is not there, [`Error::Mismatch`] where a plane has another shape.
    pub fn usable(&self, height: usize, width: usize, bands: &(impl Lookup + ?Sized)) -> Result<Vec<bool>> {
        let mut usable = vec![true; height * width];
        if let Some(quality) = &self.quality {
            let plane = bands.plane(&quality.band).ok_or_else(|| unknown(&quality.band, bands.names()))?;
            if (plane.height, plane.width) != (height, width) {
                return Err(Error::Mismatch(format!(
                    "quality band {} has {} × {} samples, the bands to mask {height} × {width}; resample them onto one grid \
                     first",
                    quality.band, plane.height, plane.width
                )));
            }
            // Runs of equal values are long in quality bands.
            let mut last = (f64::NAN, false);
            for ((usable, value), valid) in usable.iter_mut().zip(&plane.values).zip(&plane.valid) {
                if *value != last.0 {
                    let whole = crate::expression::whole(*value);
                    last = (*value, whole.is_some_and(|value| quality.is_usable(value)));
                }
                *usable = *valid && last.1;
            }
        }
        if let Some(expression) = &self.expression {
            let bad = expression.evaluate(height, width, bands)?;
            for ((usable, value), valid) in usable.iter_mut().zip(&bad.values).zip(&bad.valid) {
                *usable &= *valid && *value == 0.0;
            }
        }
        Ok(usable)
    }
}

/// Makes samples invalid where they are not usable, and says how many became so.
///
/// # Errors
/// [`Error::Mismatch`] where the plane has another number of samples.
pub fn apply(usable: &[bool], plane: &mut Plane) -> Result<usize> {
    if usable.len() != plane.valid.len() {
        return Err(Error::Mismatch(format!(
            "a mask of {} samples can't be applied to {} × {}; make it of the same window",
            usable.len(),
            plane.height,
            plane.width
        )));
    }
    let mut masked = 0;
    for (valid, usable) in plane.valid.iter_mut().zip(usable) {
        masked += usize::from(*valid && !usable);
        *valid &= usable;
    }
    Ok(masked)
}

fn unknown(band: &str, mut there: Vec<String>) -> Error {
    there.sort();
    let there = if there.is_empty() { "no bands at all".to_owned() } else { there.join(", ") };
    Error::Invalid(format!("a mask uses quality band {band}, which is not there; there are {there}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plane(values: &[f64]) -> Plane {
        Plane { height: 1, width: values.len(), values: values.to_vec(), valid: vec![true; values.len()] }
    }

    fn usable(toml: &str, values: &[f64]) -> Vec<u8> {
        let rule: MaskRule = toml::from_str(toml).unwrap();
        let mut qa = plane(values);
        qa.valid[0] = false;
        let mask = rule.mask().unwrap();
        mask.usable(1, values.len(), &[("QA", qa)][..]).unwrap().into_iter().map(u8::from).collect()
    }

    #[test]
    fn every_way_to_say_it() {
        let values = [0.0, 0.0, 1.0, 8.0, 96.0, 64.0, 255.0, 0.5, -1.0];
        // The first sample's quality is itself invalid, and 0.5 is not a whole number.
        assert_eq!(usable("band = 'QA'\nbits = [0, 3]", &values), [0, 1, 0, 0, 1, 1, 0, 0, 0]);
        assert_eq!(usable("band = 'QA'\nvalues = [255, 1]", &values), [0, 1, 0, 1, 1, 1, 0, 0, 1]);
        assert_eq!(usable("band = 'QA'\nkeep = [0, -1]", &values), [0, 1, 0, 0, 0, 0, 0, 0, 1]);
        let fields = "band = 'QA'\nfields = [{ first_bit = 5, bits = 2, values = [2, 3] }]";
        assert_eq!(usable(fields, &values), [0, 1, 1, 1, 0, 0, 0, 0, 0]);
        assert_eq!(usable("expression = 'QA > 8'", &values), [0, 1, 1, 1, 0, 0, 0, 1, 1]);
        let both = "band = 'QA'\nbits = [0]\nvalues = [64]\nexpression = 'QA == 8'";
        assert_eq!(usable(both, &values), [0, 1, 0, 0, 1, 0, 0, 0, 0]);
    }

    #[test]
    fn a_mask_takes_validity_and_never_gives_it() {
        let mut red = plane(&[5.0, 6.0, 7.0]);
        red.valid[2] = false;
        assert_eq!(apply(&[true, false, true], &mut red).unwrap(), 1);
        assert_eq!(red.valid, [true, false, false]);
        assert_eq!(red.values, [5.0, 6.0, 7.0]);
        assert_eq!(
            apply(&[true], &mut red).unwrap_err().to_string(),
            "a mask of 1 samples can't be applied to 1 × 3; make it of the same window"
        );
    }

    #[test]
    fn bands_that_are_not_there_are_named() {
        let rule: MaskRule = toml::from_str("band = 'QA'\nbits = [1]\nexpression = 'QA + B2 > 3'").unwrap();
        let mask = rule.mask().unwrap();
        assert_eq!(mask.bands(), ["QA", "B2"]);
        mask.check(&["B2", "QA"]).unwrap();
        let known = "a mask uses quality band QA, which is not there; there are B2, BQA";
        assert_eq!(mask.check(&["BQA", "B2"]).unwrap_err().to_string(), known);
        let bands = [("BQA", plane(&[0.0])), ("B2", plane(&[0.0]))];
        assert_eq!(mask.usable(1, 1, &bands[..]).unwrap_err().to_string(), known);
        let bands = [("QA", plane(&[0.0, 1.0]))];
        assert_eq!(
            mask.usable(1, 1, &bands[..]).unwrap_err().to_string(),
            "quality band QA has 1 × 2 samples, the bands to mask 1 × 1; resample them onto one grid first"
        );
    }
}
