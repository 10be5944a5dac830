//! Arrays whose samples must be exact, although other arrays may have errors: classes, counts, and arrays that say where the
//! samples of others are, or how good they are.

use serde_json::{Map, Value};
use std::fmt;

/// CF's standard name of counts.
pub const COUNT: &str = "number_of_observations";

/// CF's attributes of flags, and STAC's of classes.
const FLAGS: [&str; 5] =
    ["flag_values", "flag_masks", "flag_meanings", "classification:classes", "classification:bitfields"];

/// CF's standard names of classes.
const CLASSES: [&str; 6] =
    ["area_type", "region", "status_flag", "quality_flag", "soil_type", "land_cover_lccs"];

/// How CF's standard names of flags and of masks of two classes end.
const ENDS: [&str; 3] = ["_status_flag", "_quality_flag", "_binary_mask"];

/// Kinds of samples that any error would make meaningless.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Exact {
    /// Classes or flags.
    Classes,
    /// Numbers of observations.
    Counts,
    /// Coordinates of other samples.
    Coordinates,
    /// What another array names as its `ancillary_variables`, such as its uncertainty.
    Ancillary,
}

impl fmt::Display for Exact {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Classes => "classes",
            Self::Counts => "counts",
            Self::Coordinates => "coordinates",
            Self::Ancillary => "ancillary to those of another array",
        })
    }
}

/// The kind of an array's samples, if its attributes say that they must stay exact. Classes are marked by CF's attributes of
/// flags and standard names, or by `categories` of one of its `bands`; counts are marked by CF's standard name.
#[must_use]
pub fn must_be_exact(attributes: &Map<String, Value>) -> Option<Exact> {
    let has_categories = |band: &Value| {
        ["categories", "classification:classes"]
            .iter()
            .any(|key| band.get(key).and_then(Value::as_array).is_some_and(|list| !list.is_empty()))
    };
    let has_flags = FLAGS.iter().any(|key| attributes.contains_key(*key));
    let has_classes = attributes
        .get("bands")
        .and_then(Value::as_array)
        .is_some_and(|bands| bands.iter().any(has_categories));
    let name = attributes.get("standard_name").and_then(Value::as_str).unwrap_or_default();
    // A modifier may follow a standard name: "sea_water_temperature status_flag".
    let mut words = name.split_whitespace();
    let names_classes = |word: &str| CLASSES.contains(&word) || ENDS.iter().any(|end| word.ends_with(end));
    if has_flags || has_classes || words.clone().any(names_classes) {
        return Some(Exact::Classes);
    }
    words.any(|word| word == COUNT).then_some(Exact::Counts)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn classes_and_counts_are_exact() {
        let with = |name: &str, value: Value| must_be_exact(&Map::from_iter([(name.to_owned(), value)]));
        assert_eq!(with("flag_values", json!([1, 2])), Some(Exact::Classes));
        assert_eq!(with("flag_masks", json!([1, 2])), Some(Exact::Classes));
        assert_eq!(with("flag_meanings", json!("good bad")), Some(Exact::Classes));
        assert_eq!(with("bands", json!([{"name": "a", "categories": [{"value": 1}]}])), Some(Exact::Classes));
        assert_eq!(with("bands", json!(["a", "b"])), None);
        assert_eq!(with("bands", json!([{"name": "a", "categories": []}])), None);
        for name in [
            "status_flag",
            "sea_surface_temperature status_flag",
            "aggregate_quality_flag",
            "gross_range_test_quality_flag",
            "area_type",
            "land_binary_mask",
        ] {
            assert_eq!(with("standard_name", json!(name)), Some(Exact::Classes), "{name}");
        }
        assert_eq!(with("standard_name", json!(COUNT)), Some(Exact::Counts));
        assert_eq!(
            with("standard_name", json!("air_temperature number_of_observations")),
            Some(Exact::Counts)
        );
        assert_eq!(with("standard_name", json!("surface_altitude")), None);
        assert_eq!(with("standard_name", json!("area_fraction")), None);
        assert_eq!(format!("{}, {}", Exact::Classes, Exact::Counts), "classes, counts");
    }
}
