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
/// flags and standard names, or by `categories` of one of its `bands`; counts are marked by CF's standard name. One of its `bands`
/// may have these attributes instead of the array.
#[must_use]
pub fn must_be_exact(attributes: &Map<String, Value>) -> Option<Exact> {
    let bands = attributes.get("bands").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    let of_bands = || bands.iter().filter_map(Value::as_object).find_map(of_samples);
    of_samples(attributes).or_else(of_bands)
}

fn of_samples(attributes: &Map<String, Value>) -> Option<Exact> {
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

/// The names that products give to bands of classes or flags, in small letters: Sentinel-2, Landsat, HLS, GOES, MODIS.
const NAMES: [&str; 19] = [
    "scl",
    "clm",
    "qa60",
    "bqa",
    "qa_pixel",
    "pixel_qa",
    "qa_radsat",
    "radsat_qa",
    "qa_aerosol",
    "sr_qa_aerosol",
    "sr_aerosol",
    "sr_cloud_qa",
    "st_qa",
    "fmask",
    "dqf",
    "summaryqa",
    "detailedqa",
    "state_1km",
    "lc_type1",
];

/// Whether a band has a name that products give to classes or flags, with a resolution after it or not: `SCL`, `SCL_20m`.
#[must_use]
pub fn has_name_of_classes(name: &str) -> bool {
    let name = name.rsplit('/').next().unwrap_or(name).to_ascii_lowercase();
    let own = name
        .rsplit_once('_')
        .filter(|(_, end)| end.strip_suffix('m').is_some_and(|number| number.parse::<u32>().is_ok()));
    NAMES.contains(&name.as_str()) || own.is_some_and(|(own, _)| NAMES.contains(&own))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn names_of_quality_bands_are_known() {
        for name in ["SCL", "SCL_20m", "QA_PIXEL", "Fmask", "/grid/BQA"] {
            assert!(has_name_of_classes(name), "{name}");
        }
        for name in ["B04", "B04_20m", "sclera", "qa", "20m"] {
            assert!(!has_name_of_classes(name), "{name}");
        }
    }

    #[test]
    fn classes_and_counts_are_exact() {
        let with = |name: &str, value: Value| must_be_exact(&Map::from_iter([(name.to_owned(), value)]));
        assert_eq!(with("flag_values", json!([1, 2])), Some(Exact::Classes));
        assert_eq!(with("flag_masks", json!([1, 2])), Some(Exact::Classes));
        assert_eq!(with("flag_meanings", json!("good bad")), Some(Exact::Classes));
        assert_eq!(with("bands", json!([{"name": "a", "categories": [{"value": 1}]}])), Some(Exact::Classes));
        assert_eq!(with("bands", json!([{"name": "a"}, {"flag_masks": [1, 2]}])), Some(Exact::Classes));
        assert_eq!(with("bands", json!([{"name": "a", "standard_name": COUNT}])), Some(Exact::Counts));
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
