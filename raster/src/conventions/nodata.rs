//! Which values of samples mean "no data", and how such values are written in JSON.
//!
//! Three attributes are in use: CF's `_FillValue` and `missing_value`, and `nodata`. JSON has no numbers for NaN and the
//! infinities, so these are written as texts. xarray writes the `_FillValue` of floats as base64 of the eight little-endian
//! bytes of a float64.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value, json};
use vqz_codec::config::NoData;

/// The attributes that declare values, in the order in which they are read.
pub const KEYS: [&str; 3] = ["_FillValue", "missing_value", "nodata"];

/// The kind of numbers that samples are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SampleKind {
    /// Whole numbers.
    Integer,
    /// Numbers with a fraction.
    Float,
}

/// All values that attributes declare as "no data", each once: numbers and the names `NaN`, `Infinity`, `-Infinity`.
/// Other texts, such as base64, are ignored here and stay in the attributes.
#[must_use]
pub fn declared(attributes: &Map<String, Value>) -> Vec<NoData> {
    let mut declared: Vec<NoData> = Vec::new();
    for key in KEYS {
        let values = match attributes.get(key) {
            Some(Value::Array(values)) => values.as_slice(),
            Some(value) => std::slice::from_ref(value),
            None => &[],
        };
        let parsed = values.iter().filter_map(|value| match value {
            Value::Number(n) => n.as_i64().map(NoData::Integer).or_else(|| n.as_f64().map(NoData::Float)),
            Value::String(name) if matches!(name.as_str(), "NaN" | "Infinity" | "-Infinity") => {
                Some(NoData::Name(name.clone()))
            }
            _ => None,
        });
        for value in parsed {
            if !declared.contains(&value) {
                declared.push(value);
            }
        }
    }
    declared
}

/// The first value that attributes declare, base64 included.
#[must_use]
pub fn first(attributes: &Map<String, Value>) -> Option<f64> {
    KEYS.iter().find_map(|key| from_json(attributes.get(*key)?))
}

/// Reads a value from JSON: a number, a name, base64 of a float64, or a list that begins with one of them.
#[must_use]
pub fn from_json(value: &Value) -> Option<f64> {
    match value {
        Value::Array(values) => from_json(values.first()?),
        Value::String(text) => match text.as_str() {
            "NaN" => Some(f64::NAN),
            "Infinity" => Some(f64::INFINITY),
            "-Infinity" => Some(f64::NEG_INFINITY),
            text => Some(f64::from_le_bytes(STANDARD.decode(text).ok()?.try_into().ok()?)),
        },
        value => value.as_f64(),
    }
}

/// A value as JSON; `None` where no sample of this kind can equal it, such as 0.5 for whole numbers.
#[must_use]
pub fn to_json(value: f64, kind: SampleKind) -> Option<Value> {
    match kind {
        SampleKind::Integer if value.fract() == 0.0 && value.abs() < 9e15 => Some(json!(value as i64)),
        SampleKind::Integer => None,
        SampleKind::Float if value.is_nan() => Some(json!("NaN")),
        SampleKind::Float if value.is_infinite() => {
            Some(json!(if value > 0.0 { "Infinity" } else { "-Infinity" }))
        }
        SampleKind::Float => Some(json!(value)),
    }
}

/// A value as xarray writes `_FillValue`: whole numbers as they are, others as base64.
#[must_use]
pub fn to_fill_value(value: f64, kind: SampleKind) -> Value {
    match kind {
        SampleKind::Integer => json!(value as i64),
        SampleKind::Float => json!(STANDARD.encode(value.to_le_bytes())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_attributes_are_read_and_each_value_once() {
        let attributes = json!({
            "_FillValue": -9999, "missing_value": [-9999, 1.5], "nodata": "NaN", "fill_value": 7,
        });
        assert_eq!(
            declared(attributes.as_object().unwrap()),
            [NoData::Integer(-9999), NoData::Float(1.5), NoData::Name("NaN".to_owned())]
        );
        let base64 = json!({"_FillValue": "AAAAAAAA+H8=", "missing_value": "none"});
        assert_eq!(declared(base64.as_object().unwrap()), []);
        assert!(first(base64.as_object().unwrap()).unwrap().is_nan());
        assert_eq!(first(&Map::new()), None);
    }

    #[test]
    fn doubles_go_through_base64() {
        for value in [0.0, -9999.0, f64::NAN, f64::MIN, 1e-300] {
            let read = from_json(&to_fill_value(value, SampleKind::Float)).unwrap();
            assert_eq!(read.to_bits(), value.to_bits());
        }
        assert_eq!(to_fill_value(f64::NAN, SampleKind::Float), "AAAAAAAA+H8=");
        for text in ["", "AAAAAAAA+H8", "AAAAAAAA+H9=", "AAAAAAAA-H8=", "AAAAAAAA+H8AA="] {
            assert_eq!(from_json(&json!(text)), None, "{text}");
        }
    }

    #[test]
    fn what_json_has_no_number_for_is_spelt() {
        for value in [f64::INFINITY, f64::NEG_INFINITY, 0.25] {
            assert_eq!(to_json(value, SampleKind::Float).as_ref().and_then(from_json), Some(value));
        }
        assert_eq!(to_json(0.5, SampleKind::Integer), None);
        assert_eq!(to_json(255.0, SampleKind::Integer), Some(json!(255)));
    }
}
