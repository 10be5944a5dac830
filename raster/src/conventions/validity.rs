//! Arrays that tell which samples of another array are valid, for types that have no value for "no data".
//!
//! The array with the samples names the other one in CF's `ancillary_variables`. That one has the samples 0 and 1, which
//! `flag_meanings` calls `invalid` and `valid`.

use serde_json::{Map, Value, json};

/// The attribute that names arrays which tell something of an array's samples.
pub const ANCILLARY: &str = "ancillary_variables";

/// The names in `ancillary_variables` that are those of arrays beside it.
pub fn ancillary(attributes: &Map<String, Value>) -> impl Iterator<Item = &str> {
    let names = attributes.get(ANCILLARY).and_then(Value::as_str).unwrap_or_default();
    names.split_whitespace().filter(|name| !name.contains(['/', '\\']) && !name.starts_with('.'))
}

/// The attributes of a mask.
#[must_use]
pub fn of_mask() -> [(&'static str, Value); 2] {
    [("flag_values", json!([0, 1])), ("flag_meanings", json!("invalid valid"))]
}

/// Whether attributes are those of a mask.
#[must_use]
pub fn is_mask(attributes: &Map<String, Value>) -> bool {
    of_mask().iter().all(|(name, value)| attributes.get(*name) == Some(value))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn masks_are_told_by_their_flags() {
        let mask: Map<String, Value> = of_mask().into_iter().map(|(k, v)| (k.to_owned(), v)).collect();
        assert!(is_mask(&mask));
        let other = json!({"flag_values": [0, 1], "flag_meanings": "land water"});
        assert!(!is_mask(other.as_object().unwrap()) && !is_mask(&Map::new()));
        let named = json!({ANCILLARY: "mask ../mask a/b .. quality"});
        assert_eq!(ancillary(named.as_object().unwrap()).collect::<Vec<_>>(), ["mask", "quality"]);
    }
}
