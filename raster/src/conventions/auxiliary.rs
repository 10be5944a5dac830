//! Which arrays of a group say where the samples of other arrays are: coordinates, their bounds, measures of cells, grid
//! mappings.
//!
//! CF names them in the attributes of the data: `coordinates`, `bounds`, `grid_mapping` and so on. xarray writes `coordinates` of
//! arrays, or of the group, and leaves it out in some cases. Latitudes, longitudes and the like are therefore also known by
//! their standard name, by units that only they have, by the attribute of their axis, and by the names in common use.

use super::horizontal::{direction_of_coordinate, direction_of_standard_name, direction_of_units};
use serde_json::{Map, Value};

/// CF's attributes that name coordinates and what belongs to them. `formula_terms` is none of them: it names data.
const NAMING: [&str; 8] = [
    "coordinates",
    "bounds",
    "climatology",
    "grid_mapping",
    "cell_measures",
    "geometry",
    "node_coordinates",
    "nodes",
];

/// CF's attribute that names arrays which tell something of an array's samples.
pub const ANCILLARY: &str = "ancillary_variables";

/// How names of bounds end, in common use, in small letters.
const BOUNDS: [&str; 5] = ["bnds", "bounds", "bound", "vertices", "corners"];

/// The members of a group that attributes of an array, or of the group, name as coordinates, bounds, grid mappings and measures of
/// cells. Names may be paths, with `/` between the names of groups.
#[must_use]
pub fn named(attributes: &Map<String, Value>) -> Vec<String> {
    NAMING.iter().flat_map(|key| words(attributes, key)).collect()
}

/// The members that attributes of an array name as its coordinates.
#[must_use]
pub fn coordinates(attributes: &Map<String, Value>) -> Vec<String> {
    words(attributes, "coordinates")
}

/// The members that attributes of a coordinate name as the bounds of its cells.
#[must_use]
pub fn bounds(attributes: &Map<String, Value>) -> Vec<String> {
    ["bounds", "climatology"].iter().flat_map(|key| words(attributes, key)).collect()
}

/// The members that attributes of an array name as ancillary to it: flags of quality, uncertainties.
#[must_use]
pub fn ancillary(attributes: &Map<String, Value>) -> Vec<String> {
    words(attributes, ANCILLARY)
}

/// The names in an attribute. Words that end with a colon are no names: "area: cell_area", "crs: x y".
fn words(attributes: &Map<String, Value>, key: &str) -> Vec<String> {
    let texts: Vec<&str> = match attributes.get(key) {
        Some(Value::String(text)) => vec![text],
        Some(Value::Array(list)) => list.iter().filter_map(Value::as_str).collect(),
        _ => Vec::new(),
    };
    let words = texts.into_iter().flat_map(|text| text.split(|c: char| c.is_whitespace() || c == ','));
    words.map(|word| word.trim_end_matches(':').to_owned()).filter(|word| !word.is_empty()).collect()
}

/// Whether an array holds coordinates by its own name and attributes, whatever others name it.
#[must_use]
pub fn is_coordinate(name: &str, attributes: &Map<String, Value>) -> bool {
    let text = |key: &str| attributes.get(key).and_then(Value::as_str).map(str::trim);
    if let Some(standard) = text("standard_name") {
        return direction_of_standard_name(standard).is_some();
    }
    if text("units").and_then(direction_of_units).is_some() || attributes.contains_key("_CoordinateAxisType")
    {
        return true;
    }
    if text("axis").is_some_and(|axis| matches!(axis, "X" | "Y" | "Z" | "T")) {
        return true;
    }
    let small = name.to_ascii_lowercase();
    let is_known = |name: &str| direction_of_coordinate(name).is_some();
    is_known(&small) || whose_bounds(&small).is_some_and(|of| is_known(of) || is_axis(of))
}

/// What a variable has the bounds of, by its name in small letters: `lat` of `lat_bnds`; empty for `bounds`. `None` where the name is
/// not one of bounds.
#[must_use]
pub fn whose_bounds(name: &str) -> Option<&str> {
    BOUNDS.iter().find_map(|end| name.strip_suffix(end)).map(|of| of.trim_end_matches('_'))
}

/// Whether a name is that of a dimension of a raster.
fn is_axis(name: &str) -> bool {
    matches!(name, "x" | "y" | "time" | "level" | "lev" | "depth" | "height")
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn of(attributes: Value) -> Map<String, Value> {
        attributes.as_object().cloned().unwrap()
    }

    #[test]
    fn attributes_name_coordinates() {
        let attributes = of(json!({
            "coordinates": "lat lon  height", "grid_mapping": "crs: x y", "cell_measures": "area: areacello",
            "ancillary_variables": "sst_quality sst_error", "formula_terms": "a: A ps: PS", "bounds": 7,
        }));
        assert_eq!(named(&attributes), ["lat", "lon", "height", "crs", "x", "y", "area", "areacello"]);
        assert_eq!(coordinates(&attributes), ["lat", "lon", "height"]);
        assert_eq!(ancillary(&attributes), ["sst_quality", "sst_error"]);
        assert_eq!(bounds(&of(json!({"bounds": "time_bnds"}))), ["time_bnds"]);
        assert_eq!(coordinates(&of(json!({"coordinates": ["a", "b"]}))), ["a", "b"]);
    }

    #[test]
    fn coordinates_are_known_by_themselves() {
        for (name, attributes) in [
            ("geo", json!({"standard_name": "latitude"})),
            ("geo", json!({"units": "degrees_north"})),
            ("geo", json!({"units": "degreeE"})),
            ("XLAT", json!({})),
            ("nav_lon", json!({"units": "degrees"})),
            ("lat_bnds", json!({})),
            ("time_bounds", json!({})),
            ("LatBnds", json!({})),
            ("deep", json!({"axis": "Z"})),
            ("deep", json!({"_CoordinateAxisType": "Lat"})),
        ] {
            assert!(is_coordinate(name, &of(attributes)), "{name}");
        }
        for (name, attributes) in [
            ("wind", json!({"units": "degree"})),
            ("turn", json!({"units": "degrees_celsius"})),
            ("t", json!({"standard_name": "air_temperature", "units": "K"})),
            // A standard name tells more than a name.
            ("lat", json!({"standard_name": "leaf_area_index"})),
            ("field_bounds", json!({})),
            ("bounds", json!({})),
        ] {
            assert!(!is_coordinate(name, &of(attributes)), "{name}");
        }
    }
}
