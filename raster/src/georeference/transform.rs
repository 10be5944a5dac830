//! The transform from pixels to coordinates, in the attributes of GDAL and of the Zarr convention `spatial`.

use crate::conventions::ConventionError;
use serde_json::{Map, Value, json};

/// The transform that attributes state, as GDAL's six coefficients. `GeoTransform` takes precedence over `spatial:transform`, and
/// that over `proj:transform`, which some writers took over from STAC. A `spatial:transform` whose registration is `node` maps
/// to centres of pixels, and is shifted to their corners.
///
/// # Errors
/// [`ConventionError::Transform`] when an attribute exists and is not six numbers.
pub(super) fn read(attributes: &Map<String, Value>) -> Result<Option<[f64; 6]>, ConventionError> {
    if let Some(value) = attributes.get("GeoTransform") {
        return six(value).map(Some).ok_or_else(|| wrong("GeoTransform", value));
    }
    let kind = attributes.get("spatial:transform_type").and_then(Value::as_str);
    if kind.is_some_and(|kind| kind != "affine") {
        return Ok(None);
    }
    let found = ["spatial:transform", "proj:transform"]
        .into_iter()
        .find_map(|key| attributes.get(key).map(|value| (key, value)));
    let Some((key, value)) = found else { return Ok(None) };
    let [dx, rx, x0, ry, dy, y0] = six(value).ok_or_else(|| wrong(key, value))?;
    Ok(Some(if is_node(attributes) {
        [x0 - (dx + rx) / 2.0, dx, rx, y0 - (ry + dy) / 2.0, ry, dy]
    } else {
        [x0, dx, rx, y0, ry, dy]
    }))
}

/// Whether attributes say that coordinates are those of pixels' centres.
pub(super) fn is_node(attributes: &Map<String, Value>) -> bool {
    attributes.get("spatial:registration").and_then(Value::as_str) == Some("node")
}

fn wrong(key: &'static str, found: &Value) -> ConventionError {
    ConventionError::Transform { key, found: found.clone() }
}

/// Six numbers as a text or a list; a list may also have the last row of a matrix, 0, 0, 1.
fn six(value: &Value) -> Option<[f64; 6]> {
    let mut numbers: Vec<f64> = match value {
        Value::String(text) => {
            let words = text.split(|c: char| c.is_whitespace() || c == ',').filter(|word| !word.is_empty());
            words.map(|word| word.parse().ok()).collect::<Option<_>>()?
        }
        value => value.as_array()?.iter().map(Value::as_f64).collect::<Option<_>>()?,
    };
    if numbers.get(6..) == Some(&[0.0, 0.0, 1.0]) {
        numbers.truncate(6);
    }
    numbers.try_into().ok()
}

/// The transform as the text that GDAL and rioxarray use: six numbers in GDAL's order.
#[cfg(feature = "gdal")]
pub(super) fn geo_transform(transform: [f64; 6]) -> String {
    transform.map(|v| v.to_string()).join(" ")
}

/// `spatial:transform` and `spatial:shape`, as an array and a level of `multiscales` have them.
#[must_use]
pub fn spatial([x0, dx, rx, y0, ry, dy]: [f64; 6], height: u64, width: u64) -> Map<String, Value> {
    Map::from_iter([
        ("spatial:transform".to_owned(), json!([dx, rx, x0, ry, dy, y0])),
        ("spatial:shape".to_owned(), json!([height, width])),
    ])
}

/// Least x, least y, largest x and largest y of a grid of `height` rows and `width` columns.
#[must_use]
pub fn bounds([x0, dx, rx, y0, ry, dy]: [f64; 6], height: u64, width: u64) -> [f64; 4] {
    let (w, h) = (width as f64, height as f64);
    let corners = [(0.0, 0.0), (w, 0.0), (0.0, h), (w, h)]
        .map(|(column, row)| (x0 + dx * column + rx * row, y0 + ry * column + dy * row));
    let [first, others @ ..] = corners;
    others.into_iter().fold([first.0, first.1, first.0, first.1], |[left, bottom, right, top], (x, y)| {
        [left.min(x), bottom.min(y), right.max(x), top.max(y)]
    })
}

/// Width and height of a pixel, also where the grid is rotated.
#[must_use]
pub fn pixel_size([_, dx, rx, _, ry, dy]: [f64; 6]) -> [f64; 2] {
    [dx.hypot(ry), rx.hypot(dy)]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(attributes: Value) -> Result<Option<[f64; 6]>, ConventionError> {
        read(attributes.as_object().unwrap())
    }

    #[test]
    fn each_convention_says_the_same() {
        let expected = Ok(Some([600_000.0, 10.0, 0.0, 5_100_000.0, 0.0, -10.0]));
        let coefficients = json!([10.0, 0.0, 600_000.0, 0.0, -10.0, 5_100_000.0]);
        assert_eq!(found(json!({"GeoTransform": "600000 10 0 5100000 0 -10"})), expected);
        assert_eq!(found(json!({"GeoTransform": [600_000, 10, 0, 5_100_000, 0, -10]})), expected);
        assert_eq!(found(json!({"spatial:transform": coefficients})), expected);
        assert_eq!(found(json!({"proj:transform": [10, 0, 600_000, 0, -10, 5_100_000, 0, 0, 1]})), expected);
        assert_eq!(found(json!({})), Ok(None));
        assert_eq!(found(json!({"spatial:transform": 1, "spatial:transform_type": "rpc"})), Ok(None));
    }

    #[test]
    fn nodes_are_centres() {
        let nodes = json!({"spatial:transform": [10, 0, 5, 0, -10, 95], "spatial:registration": "node"});
        assert_eq!(found(nodes), Ok(Some([0.0, 10.0, 0.0, 100.0, 0.0, -10.0])));
    }

    #[test]
    fn a_transform_that_is_none_is_refused() {
        for (key, value) in
            [("GeoTransform", json!("1 2 3")), ("spatial:transform", json!([1, 2, "x", 4, 5, 6]))]
        {
            let attributes = Map::from_iter([(key.to_owned(), value.clone())]);
            assert_eq!(
                read(&attributes).unwrap_err().to_string(),
                format!("the attribute {key} is {value}, six numbers are needed; correct it or remove it")
            );
        }
    }

    #[test]
    fn turned_grids_have_bounds_and_pixels() {
        assert_eq!(bounds([600.0, 10.0, 0.0, 500.0, 0.0, -10.0], 2, 3), [600.0, 480.0, 630.0, 500.0]);
        assert_eq!(pixel_size([0.0, 3.0, 4.0, 0.0, 4.0, -3.0]), [5.0, 5.0]);
    }
}
