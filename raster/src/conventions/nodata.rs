//! Which values of samples mean "no data", and how such values are written in JSON.
//!
//! Many attributes are in use: CF's `_FillValue` and `missing_value`, and `nodata` in several spellings, for all bands or in the
//! list `bands`. Their values are numbers, lists of numbers, or texts: of numbers, of NaN and the infinities, for which JSON
//! has no numbers, or of bytes in base64. xarray writes the `_FillValue` of floats into Zarr v3 as base64 of the eight
//! little-endian bytes of a float64; other writers use the bytes of a sample.
//!
//! [`declared`] is the reader for all commands. A declaration that it can't read is part of what it returns, so that nobody
//! takes masked samples for data without a word.

use super::json;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value, json};
use vqz_codec::config::NoData;
use vqz_codec::sample::DataType;

/// The attributes of CF that declare values, in the order in which they are read.
const CF: [&str; 2] = ["_FillValue", "missing_value"];

/// Other attributes that do, in small letters and without `_`.
const OTHERS: [&str; 4] = ["nodata", "nodatavalue", "nodatavalues", "nodatavals"];

/// The lists of objects, one for each band, whose member `nodata` declares a value.
const LISTS: [&str; 2] = ["bands", "raster:bands"];

/// Texts that declare that there is no such value.
const NONE: [&str; 4] = ["", "none", "null", "n/a"];

/// The kind of numbers that samples are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SampleKind {
    /// Whole numbers.
    Integer,
    /// Numbers with a fraction.
    Float,
}

/// What attributes declare as "no data".
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Declaration {
    /// All values, each once, in the order in which they are declared, NaN last: numbers and the names `NaN`, `Infinity`, `-Infinity`.
    pub values: Vec<NoData>,
    /// Declarations that name no value that a sample can have.
    pub unread: Vec<Unread>,
}

/// A declaration that names no value that a sample can have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unread {
    /// The attribute.
    pub key: String,
    /// What it holds, as JSON.
    pub found: String,
    /// Why no sample is masked by it.
    pub why: String,
}

/// What attributes declare as "no data" for samples of a type.
#[must_use]
pub fn declared(attributes: &Map<String, Value>, data_type: DataType) -> Declaration {
    let mut declaration = Declaration::default();
    let is_unsigned = unsigned(attributes);
    for (key, value) in declarations(attributes) {
        // A list declares several values.
        let values = value.as_array().map_or(std::slice::from_ref(value), Vec::as_slice);
        for value in values {
            let is_integer =
                value.is_i64() || value.as_str().is_some_and(|text| text.trim().parse::<i64>().is_ok());
            let sample = |found| sample(found, data_type, is_unsigned, is_integer);
            match read(value, data_type) {
                Ok(found) => found.into_iter().for_each(|found| match sample(found) {
                    Some(value) => declaration.add(value, data_type),
                    None => declaration.miss(
                        &key,
                        value,
                        format!("no sample of {} can be that", data_type.name()),
                    ),
                }),
                Err(why) => declaration.miss(&key, value, why.to_owned()),
            }
        }
    }
    // xarray declares NaN for all floats. NaN says by itself that there is no data, so what else is declared comes first.
    declaration.values.sort_by_key(is_nan);
    declaration
}

fn is_nan(value: &NoData) -> bool {
    matches!(value, NoData::Name(name) if name == "NaN")
}

/// The attributes that declare values, in the order in which they are read.
fn declarations(attributes: &Map<String, Value>) -> Vec<(String, &Value)> {
    let plain = |key: &str| key.to_ascii_lowercase().replace('_', "");
    let cf = CF.iter().filter_map(|key| Some(((*key).to_owned(), attributes.get(*key)?)));
    let others = attributes.iter().filter(|(key, _)| OTHERS.contains(&plain(key).as_str()));
    let bands = LISTS.iter().flat_map(|list| {
        let objects = attributes.get(*list).and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
        objects.iter().filter_map(move |band| Some((format!("{list}: nodata"), band.get("nodata")?)))
    });
    cf.chain(others.map(|(key, value)| (key.clone(), value))).chain(bands).collect()
}

impl Declaration {
    fn add(&mut self, value: NoData, data_type: DataType) {
        let bits = |value: &NoData| {
            let value = value.to_f64(data_type).ok().flatten().unwrap_or(f64::NAN);
            let value = if data_type == DataType::Float32 { f64::from(value as f32) } else { value };
            if value.is_nan() { f64::NAN.to_bits() } else { (value + 0.0).to_bits() }
        };
        if !self.values.iter().any(|known| bits(known) == bits(&value)) {
            self.values.push(value);
        }
    }

    fn miss(&mut self, key: &str, value: &Value, why: String) {
        let unread = Unread { key: key.to_owned(), found: json::text_of(value), why };
        if !self.unread.contains(&unread) {
            self.unread.push(unread);
        }
    }
}

/// The numbers that a value states: none where it says that there is none.
///
/// # Errors
/// Why it states no number.
fn read(value: &Value, data_type: DataType) -> Result<Vec<f64>, &'static str> {
    if let Some(number) = json::number(value) {
        return Ok(vec![number]);
    }
    let text = match value {
        Value::Null => return Ok(Vec::new()),
        Value::String(text) => text.trim(),
        _ => return Err("it is no number"),
    };
    if NONE.contains(&text.to_ascii_lowercase().as_str()) {
        return Ok(Vec::new());
    }
    let separators = |c: char| c.is_whitespace() || matches!(c, ',' | ';');
    let words = text.split(separators).filter(|word| !word.is_empty());
    if let Some(numbers) = words.map(number).collect::<Option<Vec<f64>>>() {
        return Ok(numbers);
    }
    let bytes = STANDARD.decode(text).map_err(|_| "it is no number, and no base64 of one")?;
    of_bytes(&bytes, data_type).map(|number| vec![number])
}

/// A number as text: as programs write it, or with the letter for a type that CDL adds, such as `-9999.f`.
fn number(text: &str) -> Option<f64> {
    let letters =
        |c: char| matches!(c, 'f' | 'F' | 'd' | 'D' | 's' | 'S' | 'b' | 'B' | 'l' | 'L' | 'u' | 'U');
    text.parse().ok().or_else(|| text.strip_suffix(letters)?.trim_end_matches(['u', 'U']).parse().ok())
}

/// The number in the little-endian bytes of a float64, as xarray writes it, or of a sample.
fn of_bytes(bytes: &[u8], data_type: DataType) -> Result<f64, &'static str> {
    let is_float = matches!(data_type, DataType::Float32 | DataType::Float64);
    match *bytes {
        [a] if data_type == DataType::UInt8 => Ok(f64::from(a)),
        [a, b] if data_type == DataType::Int16 => Ok(f64::from(i16::from_le_bytes([a, b]))),
        [a, b] if data_type == DataType::UInt16 => Ok(f64::from(u16::from_le_bytes([a, b]))),
        [a, b, c, d] if data_type == DataType::Int32 => Ok(f64::from(i32::from_le_bytes([a, b, c, d]))),
        [a, b, c, d] if is_float => Ok(f64::from(f32::from_le_bytes([a, b, c, d]))),
        [a, b, c, d, e, f, g, h] => {
            let bytes = [a, b, c, d, e, f, g, h];
            let float = f64::from_le_bytes(bytes);
            // The bytes of a small int64 are those of a float that is no whole number.
            Ok(if is_float || float.fract() == 0.0 { float } else { i64::from_le_bytes(bytes) as f64 })
        }
        _ if bytes.len() == 16 => Err("it is base64 of a complex number"),
        _ => Err("it is base64 of no number of this type"),
    }
}

/// Whether attributes say that integers are to be taken as such without a sign (`true`), or with one (`false`), whatever their type.
fn unsigned(attributes: &Map<String, Value>) -> Option<bool> {
    match attributes.get("_Unsigned")? {
        Value::Bool(is) => Some(*is),
        Value::String(text) => text.trim().to_ascii_lowercase().parse().ok(),
        _ => None,
    }
}

/// A number as a value that a sample of a type can have.
fn sample(value: f64, data_type: DataType, is_unsigned: Option<bool>, is_integer: bool) -> Option<NoData> {
    if matches!(data_type, DataType::Float32 | DataType::Float64) {
        return match value {
            v if v.is_nan() => Some(NoData::Name("NaN".to_owned())),
            v if v.is_infinite() => Some(NoData::Name(name(v).to_owned())),
            v if data_type == DataType::Float32 && (v as f32).is_infinite() => None,
            v => Some(whole(v).filter(|_| is_integer).map_or(NoData::Float(v), NoData::Integer)),
        };
    }
    let value = whole(value)?;
    let holds = |value: &i64| NoData::Integer(*value).to_f64(data_type).ok().flatten().is_some();
    let wrapped = match (is_unsigned, data_type) {
        (Some(true), DataType::Int16) => value - 65_536,
        (Some(true), DataType::Int32) => value - 4_294_967_296,
        (Some(false), DataType::UInt8) => value + 256,
        (Some(false), DataType::UInt16) => value + 65_536,
        _ => value,
    };
    [value, wrapped].into_iter().find(holds).map(NoData::Integer)
}

fn whole(value: f64) -> Option<i64> {
    (value.fract() == 0.0 && value.abs() < 9e15).then_some(value as i64)
}

fn name(value: f64) -> &'static str {
    if value > 0.0 { "Infinity" } else { "-Infinity" }
}

/// The first value that attributes declare for samples of any type.
#[must_use]
pub fn first(attributes: &Map<String, Value>) -> Option<f64> {
    declarations(attributes).into_iter().find_map(|(_, value)| from_json(value))
}

/// Reads a value from JSON: a number, a text of one, base64, or a list that begins with one of them.
#[must_use]
pub fn from_json(value: &Value) -> Option<f64> {
    let value = value.as_array().map_or(Some(value), |values| values.first())?;
    read(value, DataType::Float64).ok()?.first().copied()
}

/// A value as JSON; `None` where no sample of this kind can equal it, such as 0.5 for whole numbers.
#[must_use]
pub fn to_json(value: f64, kind: SampleKind) -> Option<Value> {
    match kind {
        SampleKind::Integer => whole(value).map(|value| json!(value)),
        SampleKind::Float if value.is_nan() => Some(json!("NaN")),
        SampleKind::Float if value.is_infinite() => Some(json!(name(value))),
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

    fn all(attributes: Value, data_type: DataType) -> (Vec<f64>, Vec<String>) {
        let declared = declared(attributes.as_object().unwrap(), data_type);
        let values = declared.values.iter().map(|value| value.to_f64(data_type).unwrap().unwrap()).collect();
        (values, declared.unread.iter().map(|u| format!("{}: {}: {}", u.key, u.found, u.why)).collect())
    }

    fn values(attributes: Value, data_type: DataType) -> Vec<f64> {
        let (values, unread) = all(attributes, data_type);
        assert!(unread.is_empty(), "{unread:?}");
        values
    }

    #[test]
    fn all_attributes_are_read_and_each_value_once() {
        let attributes = json!({
            "missing_value": [-9999, 1.5], "_FillValue": -9999, "nodata": "NaN", "fill_value": 7, "NoData_Value": 8,
            "_nodata": -9999.0, "nodatavals": [9, 9], "bands": [{"nodata": 10}, {"name": "b"}],
        });
        let declared = declared(attributes.as_object().unwrap(), DataType::Float32);
        assert_eq!(declared.unread, []);
        let names = ["-9999", "1.5", "8", "9", "10", "NaN"].map(|text| text.parse::<NoData>().unwrap());
        assert_eq!(declared.values, names);
        assert_eq!(values(json!({"nodata": null, "missing_value": "None"}), DataType::Int16), [] as [f64; 0]);
    }

    #[test]
    fn texts_are_numbers() {
        for (text, number) in [
            ("-9999", -9999.0),
            (" -9999.0 ", -9999.0),
            ("1e20", 1e20),
            ("-inf", f64::NEG_INFINITY),
            ("Infinity", f64::INFINITY),
            ("-3.5f", -3.5),
        ] {
            assert_eq!(values(json!({"nodata": text}), DataType::Float64), [number], "{text}");
        }
        for text in ["nan", "NaN", "NAN", "nanf"] {
            assert!(values(json!({"_FillValue": text}), DataType::Float32)[0].is_nan(), "{text}");
        }
        assert_eq!(values(json!({"missing_value": "255UB"}), DataType::UInt8), [255.0]);
        assert_eq!(values(json!({"nodata": "0, 255 254"}), DataType::UInt8), [0.0, 255.0, 254.0]);
        let bare = json::read(r#"{"nodata": NaN, "missing_value": -Infinity}"#).unwrap();
        let found = values(bare, DataType::Float32);
        assert!(found[0] == f64::NEG_INFINITY && found[1].is_nan());
    }

    #[test]
    fn bytes_are_those_of_a_double_or_a_sample() {
        let base64 = |bytes: &[u8]| json!({"_FillValue": STANDARD.encode(bytes)});
        for kind in [DataType::Float32, DataType::Float64, DataType::Int16, DataType::Int32] {
            assert_eq!(values(base64(&(-9999f64).to_le_bytes()), kind), [-9999.0]);
        }
        assert_eq!(values(base64(&(-9999i64).to_le_bytes()), DataType::Int16), [-9999.0]);
        assert_eq!(values(base64(&(-9999i16).to_le_bytes()), DataType::Int16), [-9999.0]);
        assert_eq!(values(base64(&65_535u16.to_le_bytes()), DataType::UInt16), [65_535.0]);
        assert_eq!(values(base64(&1e20f32.to_le_bytes()), DataType::Float32), [f64::from(1e20f32)]);
        assert_eq!(values(base64(&[7]), DataType::UInt8), [7.0]);
        assert!(values(base64(&f64::NAN.to_le_bytes()), DataType::Float32)[0].is_nan());
    }

    #[test]
    fn what_masks_nothing_is_told() {
        let told = |attributes: Value, kind| {
            let (values, unread) = all(attributes, kind);
            assert_eq!(values, [] as [f64; 0]);
            unread.join("; ")
        };
        assert_eq!(
            told(json!({"_FillValue": STANDARD.encode([0; 16])}), DataType::Float64),
            "_FillValue: \"AAAAAAAAAAAAAAAAAAAAAA==\": it is base64 of a complex number"
        );
        assert_eq!(
            told(json!({"nodata": "missing"}), DataType::Float64),
            "nodata: \"missing\": it is no number, and no base64 of one"
        );
        assert_eq!(
            told(json!({"missing_value": true, "_FillValue": {"a": 1}}), DataType::UInt8),
            "_FillValue: {\"a\":1}: it is no number; missing_value: true: it is no number"
        );
        assert_eq!(
            told(json!({"nodata": -9999}), DataType::UInt8),
            "nodata: -9999: no sample of uint8 can be that"
        );
        let bare = json::read(r#"{"nodata": NaN}"#).unwrap();
        assert_eq!(told(bare, DataType::Int16), "nodata: NaN: no sample of int16 can be that");
        assert_eq!(
            told(json!({"nodata": 1e300}), DataType::Float32),
            "nodata: 1e+300: no sample of float32 can be that"
        );
    }

    #[test]
    fn integers_may_be_taken_with_another_sign() {
        let wrapped =
            |value: i64, sign: Value, kind| values(json!({"_FillValue": value, "_Unsigned": sign}), kind);
        assert_eq!(wrapped(65_535, json!("true"), DataType::Int16), [-1.0]);
        assert_eq!(wrapped(-1, json!(true), DataType::Int16), [-1.0]);
        assert_eq!(wrapped(-1, json!("false"), DataType::UInt8), [255.0]);
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
        assert_eq!(first(&Map::new()), None);
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
