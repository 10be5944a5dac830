//! Classes as CF's flags name them.

use super::Category;
use serde_json::{Map, Value};

/// The classes that `flag_values`, `flag_meanings` and `flag_colors` name; none where their numbers differ.
pub(super) fn of_flags(attributes: &Map<String, Value>) -> Vec<Category> {
    let words = |key: &str| -> Vec<&str> {
        attributes.get(key).and_then(Value::as_str).unwrap_or_default().split_whitespace().collect()
    };
    let (meanings, colours) = (words("flag_meanings"), words("flag_colors"));
    let values =
        attributes.get("flag_values").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    if values.len() != meanings.len() {
        return Vec::new();
    }
    let class = |(i, value): (usize, &Value)| {
        Some(Category {
            value: value.as_i64()?,
            name: Some(meanings[i].to_owned()),
            colour: colours.get(i).and_then(|text| of_hexadecimal(text)),
        })
    };
    values.iter().enumerate().filter_map(class).collect()
}

/// A colour written as `#rrggbb` or `#rrggbbaa`.
pub(super) fn of_hexadecimal(text: &str) -> Option<[u8; 4]> {
    let digits = text.strip_prefix('#').filter(|digits| digits.is_ascii())?;
    let byte = |at: usize| u8::from_str_radix(digits.get(at..at + 2)?, 16).ok();
    let alpha = match digits.len() {
        6 => 255,
        8 => byte(6)?,
        _ => return None,
    };
    Some([byte(0)?, byte(2)?, byte(4)?, alpha])
}
