//! Derived bands: `ndvi = (B08 - B04) / (B08 + B04)`, computed window by window from planes of other bands.
//!
//! A text is parsed once into a flat program (`program`) over blocks of samples, so that a sample costs a few
//! nanoseconds and no text can nest deeper than the parser allows.
//!
//! | precedence, tightest first | |
//! |---|---|
//! | numbers, names, `(…)`, functions | names are letters, digits and `_`; others are quoted: `"band 1"` or `'10m'` |
//! | `^` | to the right: `2^3^2` is `2^(3^2)`; `-x^2` is `-(x^2)` |
//! | `-` `+` `!` before a value | |
//! | `*` `/` | |
//! | `+` `-` | |
//! | `<` `<=` `>` `>=` `==` `!=` | 1 or 0; they don't chain |
//! | `not` | |
//! | `and` `&&` | |
//! | `or` `\|\|` | |
//!
//! Functions: `where(condition, then, else)`, `min(a, b, …)`, `max(a, b, …)`, `clamp(x, low, high)`, `abs`, `sqrt`,
//! `log` (natural), `log10`, `exp`, `round` (half to even), `floor`, `ceil`, `bit(x, n)`, `bits(x, first, count)`,
//! `isvalid(x)`. Conditions are true where they are not 0.
//!
//! **Validity.** A sample is valid where every input that its value uses is valid, and every step on the way to it is
//! finite: `0/0`, `log(-1)`, overflow, and `bit` of a number that isn't whole are invalid, and so is what is computed
//! from them. An input is not used by the branch that `where` doesn't take, nor where the other side decides already
//! (`false and x`, `true or x`). `isvalid(x)` is 1 or 0, and always valid.

mod lexer;
mod lookup;
mod output;
mod parser;
mod program;
mod validity;

#[cfg(test)]
mod oracle;

pub use lookup::Lookup;
pub use output::{Altered, NoDataNeed, Output};
pub(crate) use program::whole;

use crate::plane::Plane;
use crate::{Error, Result};
use program::Program;

/// An expression over bands, ready to be evaluated.
#[derive(Clone, Debug, PartialEq)]
pub struct Expression {
    text: String,
    program: Program,
}

impl Expression {
    /// Parses `(B08 - B04) / (B08 + B04)`: the right side of a definition.
    ///
    /// # Errors
    /// [`Error::Invalid`] with the column and what was expected there; also for texts of more than 4096 bytes or
    /// nested deeper than 64 levels.
    pub fn parse(text: &str) -> Result<Self> {
        let program = parser::parse(text)?;
        Ok(Self { text: text.trim().to_owned(), program })
    }

    /// Parses a definition, `ndvi = (B08 - B04) / (B08 + B04)`, into its name and its expression.
    ///
    /// # Errors
    /// [`Error::Invalid`] as [`Expression::parse`], and where there is no name before an `=`.
    pub fn parse_definition(text: &str) -> Result<(String, Self)> {
        let split = text.split_once('=').filter(|(_, right)| !right.starts_with('='));
        let Some((name, right)) = split else {
            return Err(Error::Invalid(format!(
                "a derived band is defined as NAME = EXPRESSION, found \"{}\"",
                lexer::shorten(text)
            )));
        };
        let name = name.trim();
        let bare = ['"', '\''].iter().find_map(|quote| name.strip_prefix(*quote)?.strip_suffix(*quote));
        let name = bare.unwrap_or(name);
        if name.is_empty() || name.contains(['"', '\'', '<', '>', '!']) {
            return Err(Error::Invalid(format!(
                "a derived band is defined as NAME = EXPRESSION, found \"{name}\" before the =; give it a name \
                 such as ndvi"
            )));
        }
        Ok((name.to_owned(), Self::parse(right)?))
    }

    /// The text it was parsed from.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The names of the bands that it uses, each once, in the order of their first use.
    pub fn bands(&self) -> &[String] {
        &self.program.bands
    }

    /// Checks at plan time that every band is there.
    ///
    /// # Errors
    /// [`Error::Invalid`] which lists the bands that are there.
    pub fn check<S: AsRef<str>>(&self, names: &[S]) -> Result<()> {
        match self.bands().iter().find(|band| !names.iter().any(|name| name.as_ref() == *band)) {
            Some(band) => {
                Err(self.unknown(band, names.iter().map(|name| name.as_ref().to_owned()).collect()))
            }
            None => Ok(()),
        }
    }

    /// Whether the result can have invalid samples, where `band_may_be_invalid` says so of each band; a derived band
    /// then needs a nodata value.
    ///
    /// Division by what isn't a constant, `log`, `sqrt`, `exp`, `^` and `bit` are taken to fail somewhere. It knows
    /// that `where(isvalid(B04), B04, 0)` is always valid. Values of `f64` that overflow in `+`, `-` and `*` are not
    /// foreseen: [`Output::encode`] refuses them.
    pub fn may_be_invalid(&self, band_may_be_invalid: impl Fn(&str) -> bool) -> bool {
        validity::may_be_invalid(&self.program, &band_may_be_invalid)
    }

    /// Its value at every sample of a window of `height × width`.
    ///
    /// # Errors
    /// [`Error::Invalid`] where a band is not there, [`Error::Mismatch`] where a plane has another shape.
    pub fn evaluate(&self, height: usize, width: usize, bands: &(impl Lookup + ?Sized)) -> Result<Plane> {
        let mut planes = Vec::with_capacity(self.bands().len());
        for name in self.bands() {
            let plane = bands.plane(name).ok_or_else(|| self.unknown(name, bands.names()))?;
            let samples = height.checked_mul(width);
            if (plane.height, plane.width) != (height, width)
                || samples != Some(plane.values.len())
                || samples != Some(plane.valid.len())
            {
                return Err(Error::Mismatch(format!(
                    "band {name} has {} × {} samples, expression \"{}\" is evaluated over {height} × {width}; resample its \
                     bands onto one grid first",
                    plane.height,
                    plane.width,
                    lexer::shorten(&self.text)
                )));
            }
            planes.push(plane);
        }
        let mut result = Plane::empty(height, width);
        self.program.run(&planes, &mut result);
        Ok(result)
    }

    fn unknown(&self, band: &str, mut there: Vec<String>) -> Error {
        there.sort();
        let there = if there.is_empty() { "no bands at all".to_owned() } else { there.join(", ") };
        Error::Invalid(format!(
            "expression \"{}\" uses band {band}, which is not there; there are {there}",
            lexer::shorten(&self.text)
        ))
    }
}

impl std::fmt::Display for Expression {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.text)
    }
}

impl std::str::FromStr for Expression {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        Self::parse(text)
    }
}

impl<'de> serde::Deserialize<'de> for Expression {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::parse(&text).map_err(serde::de::Error::custom)
    }
}

impl serde::Serialize for Expression {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plane(values: &[f64]) -> Plane {
        let valid = values.iter().map(|v| v.is_finite()).collect();
        let values = values.iter().map(|v| if v.is_finite() { *v } else { 0.0 }).collect::<Vec<_>>();
        Plane { height: 1, width: values.len(), values, valid }
    }

    #[test]
    fn ndvi_is_invalid_where_a_band_is_or_the_sum_is_zero() {
        let expression = Expression::parse("(B08 - B04) / (B08 + B04)").unwrap();
        assert_eq!(expression.bands(), ["B08", "B04"]);
        let bands =
            [("B04", plane(&[1000.0, f64::NAN, 0.0, 500.0])), ("B08", plane(&[3000.0, 1.0, 0.0, 500.0]))];
        let ndvi = expression.evaluate(1, 4, &bands[..]).unwrap();
        assert_eq!(ndvi.values, [0.5, 0.0, 0.0, 0.0]);
        assert_eq!(ndvi.valid, [true, false, false, true]);
    }

    #[test]
    fn only_what_is_used_must_be_valid() {
        let bands = [("A", plane(&[1.0, f64::NAN, 5.0])), ("B", plane(&[f64::NAN, 2.0, 3.0]))];
        let evaluate = |text: &str| {
            let plane = Expression::parse(text).unwrap().evaluate(1, 3, &bands[..]).unwrap();
            plane.values.into_iter().zip(plane.valid).map(|(v, valid)| valid.then_some(v)).collect::<Vec<_>>()
        };
        assert_eq!(evaluate("where(isvalid(A), A, B)"), [Some(1.0), Some(2.0), Some(5.0)]);
        assert_eq!(evaluate("isvalid(A) and A > 3"), [Some(0.0), Some(0.0), Some(1.0)]);
        assert_eq!(evaluate("A > 3 && B > 2"), [Some(0.0), Some(0.0), Some(1.0)]);
        assert_eq!(evaluate("A < 3 || B == 2"), [Some(1.0), Some(1.0), Some(0.0)]);
        assert_eq!(evaluate("where(A > 3, A, B)"), [None, None, Some(5.0)]);
        assert_eq!(evaluate("min(1 / (A - 1), 7)"), [None, None, Some(0.25)]);
        assert_eq!(evaluate("1 / (1 / (A - 1))"), [None, None, Some(4.0)]);
        assert_eq!(evaluate("(B - A) ^ 0"), [None, None, Some(1.0)]);
        assert_eq!(evaluate("exp(log(A - 1)) < 9"), [None, None, Some(1.0)]);
    }

    #[test]
    fn definitions_have_a_name() {
        let (name, expression) = Expression::parse_definition(" ndvi = (B08-B04)/(B08+B04)").unwrap();
        assert_eq!((name.as_str(), expression.text()), ("ndvi", "(B08-B04)/(B08+B04)"));
        assert_eq!(Expression::parse_definition("'snow map' = A == 3").unwrap().0, "snow map");
        assert_eq!(
            Expression::parse_definition("B08 == 3").unwrap_err().to_string(),
            "a derived band is defined as NAME = EXPRESSION, found \"B08 == 3\""
        );
        assert_eq!(
            Expression::parse_definition("= 3").unwrap_err().to_string(),
            "a derived band is defined as NAME = EXPRESSION, found \"\" before the =; give it a name such as ndvi"
        );
    }

    #[test]
    fn unknown_bands_and_other_shapes_are_refused() {
        let expression = Expression::parse("B8 * 2").unwrap();
        let known = "expression \"B8 * 2\" uses band B8, which is not there; there are B04, B08";
        assert_eq!(expression.check(&["B08", "B04"]).unwrap_err().to_string(), known);
        let bands = std::collections::HashMap::from([
            ("B08".to_owned(), plane(&[1.0])),
            ("B04".to_owned(), plane(&[1.0])),
        ]);
        assert_eq!(expression.evaluate(1, 1, &bands).unwrap_err().to_string(), known);
        expression.check(&["B8"]).unwrap();
        let bands = [("B8", plane(&[1.0, 2.0]))];
        assert_eq!(
            expression.evaluate(2, 2, &bands[..]).unwrap_err().to_string(),
            "band B8 has 1 × 2 samples, expression \"B8 * 2\" is evaluated over 2 × 2; resample its bands onto one grid first"
        );
    }

    #[test]
    fn configurations_hold_expressions() {
        #[derive(Debug, serde::Deserialize)]
        struct Table {
            ndwi: Expression,
        }
        let table: Table = toml::from_str("ndwi = \"(B03 - 'B 08') / (B03 + 'B 08')\"").unwrap();
        assert_eq!(table.ndwi.bands(), ["B03", "B 08"]);
        let error = toml::from_str::<Table>("ndwi = \"(B03\"").unwrap_err().to_string();
        assert!(error.contains("column 5: expected an operator or \")\", found the end"), "{error}");
    }
}
