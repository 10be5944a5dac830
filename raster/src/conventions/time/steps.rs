//! A coordinate of time as a whole: the date of each step, and what can't be told.

use super::text::parse_instant;
use super::units::{Count, TimeUnits};
use super::{Instant, parse_iso};
use crate::conventions::json;
use crate::conventions::nodata;
use serde_json::{Map, Value};
use vqz_codec::sample::DataType;

/// The values of a coordinate of time, as exact as they are stored.
#[derive(Clone, Copy, Debug)]
pub enum Values<'a> {
    /// Whole numbers.
    Whole(&'a [i64]),
    /// Numbers of `float64`.
    Double(&'a [f64]),
    /// Numbers of `float32`, held in 64 bits.
    Single(&'a [f64]),
    /// Dates as texts.
    Texts(&'a [String]),
}

/// The dates of the steps in time.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Steps {
    /// The date of each step; `None` for a date that is missing, or that can't be read.
    pub dates: Vec<Option<Instant>>,
    /// What can't be told, in words; none where each step has its date.
    pub unread: Option<String>,
    /// Whether the dates are whole seconds, all known, and of no other calendar: nothing is lost where they are stated as seconds
    /// since 1970-01-01.
    pub plain: bool,
}

impl Steps {
    /// The dates of a coordinate by its values and attributes; `None` where the values are not times.
    #[must_use]
    pub fn read(values: Values<'_>, attributes: &Map<String, Value>) -> Option<Self> {
        if let Values::Texts(texts) = values {
            return Self::of_texts(texts);
        }
        let units = match TimeUnits::read_attributes(attributes) {
            Ok(units) => units?,
            Err(error) => return Some(Self { unread: Some(error.to_string()), ..Self::default() }),
        };
        let missing = values.missing(attributes);
        let factor = |key: &str, plain: f64| attributes.get(key).and_then(json::number).unwrap_or(plain);
        let (scale, offset) = (factor("scale_factor", 1.0), factor("add_offset", 0.0));
        let (mut dates, mut exact, mut absent) = (Vec::new(), true, 0);
        let mut wrong: Option<String> = None;
        for count in values.counts() {
            let number = count.number();
            // The least int64 is numpy's "not a time".
            if number.is_nan() || missing.contains(&number) || count == Count::Whole(i64::MIN) {
                absent += 1;
                dates.push(None);
                continue;
            }
            let packed = scale != 1.0 || offset != 0.0;
            let count = if packed { Count::Double(number * scale + offset) } else { count };
            match units.dated(count) {
                Ok(dated) => {
                    exact &= dated.exact && dated.instant.nanoseconds == 0;
                    dates.push(Some(dated.instant));
                }
                Err(error) => {
                    wrong.get_or_insert_with(|| error.to_string());
                    dates.push(None);
                }
            }
        }
        let absent = (absent > 0).then(|| format!("{absent} of {} times are missing", dates.len()));
        let unread = wrong.or(absent);
        Some(Self { plain: exact && unread.is_none(), dates, unread })
    }

    fn of_texts(texts: &[String]) -> Option<Self> {
        let read = |text: &String| parse_instant(text).or_else(|| parse_iso(text).ok());
        let dates: Vec<Option<Instant>> = texts.iter().map(read).collect();
        if dates.iter().all(Option::is_none) {
            return None;
        }
        let wrong = dates.iter().position(Option::is_none);
        let unread = wrong.map(|at| format!("\"{}\" is no time", texts[at]));
        let whole = dates.iter().flatten().all(|date| date.nanoseconds == 0);
        Some(Self { plain: whole && unread.is_none(), dates, unread })
    }
}

impl Values<'_> {
    /// The values that attributes declare as missing, as the coordinate stores them: among `float32`, a decimal such as 9.96921e36
    /// is the nearest `float32`.
    fn missing(&self, attributes: &Map<String, Value>) -> Vec<f64> {
        let (data_type, rounded): (DataType, fn(f64) -> f64) = match self {
            Self::Single(_) => (DataType::Float32, |value| f64::from(value as f32)),
            Self::Whole(_) | Self::Double(_) | Self::Texts(_) => (DataType::Float64, |value| value),
        };
        let declared = nodata::declared(attributes, data_type).values;
        declared.iter().filter_map(|value| value.to_f64(data_type).ok()?).map(rounded).collect()
    }

    fn counts(&self) -> Vec<Count> {
        match self {
            Self::Whole(values) => values.iter().map(|value| Count::Whole(*value)).collect(),
            Self::Double(values) => values.iter().map(|value| Count::Double(*value)).collect(),
            Self::Single(values) => values.iter().map(|value| Count::Single(*value as f32)).collect(),
            Self::Texts(_) => Vec::new(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn read(values: Values<'_>, attributes: Value) -> (Vec<String>, Option<String>, bool) {
        let steps = Steps::read(values, attributes.as_object().unwrap()).unwrap();
        let dates = steps.dates.iter().map(|date| date.map_or("-".to_owned(), Instant::iso));
        (dates.collect(), steps.unread, steps.plain)
    }

    #[test]
    fn each_step_has_a_date() {
        let days = json!({"units": "days since 2000-02-28"});
        let (dates, unread, plain) = read(Values::Whole(&[0, 1, 2]), days.clone());
        assert_eq!(
            (dates.join(" ").as_str(), unread, plain),
            ("2000-02-28 2000-02-29 2000-03-01", None, true)
        );
        let (dates, _, plain) = read(Values::Double(&[0.000_005]), days);
        assert_eq!((dates.join(" ").as_str(), plain), ("2000-02-28T00:00:00.432", false));
        let (_, _, plain) =
            read(Values::Whole(&[0]), json!({"units": "days since 2000-01-01", "calendar": "noleap"}));
        assert!(!plain);
        let texts = ["2000-01-01".to_owned(), "2000-01-01T06:00:00.5Z".to_owned()];
        assert_eq!(read(Values::Texts(&texts), json!({})).0.join(" "), "2000-01-01 2000-01-01T06:00:00.5");
        let packed = json!({"units": "hours since 2000-01-01", "scale_factor": 6, "add_offset": 1.0});
        assert_eq!(read(Values::Whole(&[2]), packed).0.join(" "), "2000-01-01T13:00:00");
    }

    #[test]
    fn missing_float32_times_are_those_of_the_nearest_float32() {
        for (fill, stored) in [
            (json!(9.969_21e36), 9.969_21e36f32),
            (json!("9.96921e+36f"), 9.969_21e36),
            // As a float64, this is another number, and as a count of days a date.
            (json!(-9999.9), -9999.9),
        ] {
            let stored = [f64::from(stored), 1.5];
            let units = json!({"units": "days since 2000-01-01", "_FillValue": fill});
            let (dates, unread, _) = read(Values::Single(&stored), units);
            assert_eq!(dates.join(" "), "- 2000-01-02T12:00:00");
            assert_eq!(unread.as_deref(), Some("1 of 2 times are missing"));
        }
    }

    #[test]
    fn steps_without_a_date_are_told() {
        let units = json!({"units": "days since 2000-01-01", "_FillValue": -9999});
        let (dates, unread, plain) = read(Values::Whole(&[i64::MIN, 0, -9999]), units.clone());
        assert_eq!((dates.join(" ").as_str(), plain), ("- 2000-01-01 -", false));
        assert_eq!(unread.as_deref(), Some("2 of 3 times are missing"));
        assert_eq!(
            read(Values::Double(&[f64::NAN]), units.clone()).1.as_deref(),
            Some("1 of 1 times are missing")
        );
        let (dates, unread, _) = read(Values::Double(&[1e12, 1.0]), units);
        assert_eq!(dates.join(" "), "- 2000-01-02");
        assert_eq!(
            unread.as_deref(),
            Some("86400000000000000 seconds after 2000-01-01 is further away than a date can state")
        );
        let (dates, unread, _) = read(Values::Whole(&[1]), json!({"units": "months since 2000-01-01"}));
        assert!(dates.is_empty() && unread.unwrap().contains("differ in length"));
        let texts = ["2000-01-01".to_owned(), "later".to_owned()];
        assert_eq!(read(Values::Texts(&texts), json!({})).1.as_deref(), Some("\"later\" is no time"));
        assert_eq!(Steps::read(Values::Whole(&[1]), &Map::new()), None);
        assert_eq!(Steps::read(Values::Texts(&["a".to_owned()]), &Map::new()), None);
    }
}
