//! Arrays whose samples must be exact, although other arrays may have errors: classes and counts.

use serde_json::{Map, Value};
use std::fmt;

/// CF's standard name of counts.
pub const COUNT: &str = "number_of_observations";

/// Kinds of samples that any error would make meaningless.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Exact {
    /// Classes or flags.
    Classes,
    /// Numbers of observations.
    Counts,
}

impl fmt::Display for Exact {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Classes => "classes",
            Self::Counts => "counts",
        })
    }
}

/// The kind of an array's samples, if its attributes say that they must stay exact. Classes are marked by CF's `flag_values`
/// and `flag_masks`, or by `categories` of one of its `bands`; counts are marked by CF's standard name.
#[must_use]
pub fn must_be_exact(attributes: &Map<String, Value>) -> Option<Exact> {
    let has_categories = |band: &Value| {
        band.get("categories").and_then(Value::as_array).is_some_and(|categories| !categories.is_empty())
    };
    let has_flags = ["flag_values", "flag_masks"].iter().any(|key| attributes.contains_key(*key));
    let has_classes = attributes
        .get("bands")
        .and_then(Value::as_array)
        .is_some_and(|bands| bands.iter().any(has_categories));
    if has_flags || has_classes {
        return Some(Exact::Classes);
    }
    let name = attributes.get("standard_name").and_then(Value::as_str);
    (name == Some(COUNT)).then_some(Exact::Counts)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn classes_and_counts_are_exact() {
        let with = |name: &str, value: Value| must_be_exact(&Map::from_iter([(name.to_owned(), value)]));
        assert_eq!(with("flag_values", json!([1, 2])), Some(Exact::Classes));
        assert_eq!(with("bands", json!([{"name": "a", "categories": [{"value": 1}]}])), Some(Exact::Classes));
        assert_eq!(with("bands", json!(["a", "b"])), None);
        assert_eq!(with("bands", json!([{"name": "a", "categories": []}])), None);
        assert_eq!(with("standard_name", json!(COUNT)), Some(Exact::Counts));
        assert_eq!(with("standard_name", json!("surface_altitude")), None);
        assert_eq!(format!("{}, {}", Exact::Classes, Exact::Counts), "classes, counts");
    }
}
