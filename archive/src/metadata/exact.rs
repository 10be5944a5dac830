//! Arrays whose samples mean something only if they are exact, whatever error others may have: classes, flags, counts.

use crate::metadata::document::Metadata;
use serde_json::Value;

/// CF's standard name of counts.
pub const COUNT: &str = "number_of_observations";

/// What the samples are, where an error would make them something else.
pub fn must_be_exact(metadata: &Metadata) -> Option<&'static str> {
    let attributes = metadata.attributes();
    let has_categories = |band: &Value| {
        band.get("categories").and_then(Value::as_array).is_some_and(|categories| !categories.is_empty())
    };
    let listed = ["flag_values", "flag_masks"].iter().any(|key| attributes.contains_key(*key));
    let banded = attributes
        .get("bands")
        .and_then(Value::as_array)
        .is_some_and(|bands| bands.iter().any(has_categories));
    if listed || banded {
        return Some("classes");
    }
    (attributes.get("standard_name").and_then(Value::as_str) == Some(COUNT)).then_some("counts")
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;
    use vqz_codec::sample::DataType;

    #[test]
    fn classes_and_counts_are_exact() {
        let with = |name: &str, value: Value| {
            let mut metadata = Metadata::new_array(&[4, 4], DataType::UInt8, json!(0));
            metadata.set_attribute(name, value);
            must_be_exact(&metadata)
        };
        assert_eq!(with("flag_values", json!([1, 2])), Some("classes"));
        assert_eq!(with("bands", json!([{"name": "a", "categories": [{"value": 1}]}])), Some("classes"));
        assert_eq!(with("bands", json!(["a", "b"])), None);
        assert_eq!(with("bands", json!([{"name": "a", "categories": []}])), None);
        assert_eq!(with("standard_name", json!(COUNT)), Some("counts"));
        assert_eq!(with("standard_name", json!("surface_altitude")), None);
    }
}
