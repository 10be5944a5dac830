//! Arrays that tell which samples of another array are valid, for types that have no value for "no data".
//!
//! The array with the samples names the other one in CF's `ancillary_variables`. That one has the samples 0 and 1, which
//! `flag_meanings` calls `invalid` and `valid`.

use super::auxiliary;
use serde_json::{Map, Value, json};

/// The arrays beside an array, in its own group, that its attributes name as ancillary to it: its mask is among them.
#[must_use]
pub fn beside(attributes: &Map<String, Value>) -> Vec<String> {
    let mut names = auxiliary::ancillary(attributes);
    names.retain(|name| !name.contains(['/', '\\']) && !name.starts_with('.'));
    names
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
        for names in
            [json!("mask ../mask a/b .. quality"), json!(["mask", "../mask", "a/b", "..", "quality"])]
        {
            let named = json!({auxiliary::ANCILLARY: names});
            assert_eq!(beside(named.as_object().unwrap()), ["mask", "quality"]);
        }
    }
}
