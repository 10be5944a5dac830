//! Coordinate arrays after the CF conventions: centres of pixels, dates, names of bands, and the grid mapping variable.

use super::{CoordinateArray, CoordinateData, GRID_MAPPING, Georeference, grid_mapping};
use crate::Result;
use crate::band::Band;
use crate::conventions::time::Instant;
use gdal::spatial_ref::SpatialRef;
use serde_json::{Map, Value, json};
use std::collections::HashSet;

/// The coordinate arrays `time`, `band`, `y`, `x` and `spatial_ref` of a raster of `height` rows and `width` columns, each
/// where it is known. A rotated raster has no `y` and `x`; bands without distinct names are numbered from 1.
///
/// # Errors
/// [`crate::Error::Invalid`] when GDAL can't read the coordinate reference system.
pub fn coordinates(
    georeference: &Georeference,
    height: u64,
    width: u64,
    times: Option<&[Instant]>,
    bands: Option<&[Band]>,
) -> Result<Vec<CoordinateArray>> {
    let mut arrays = Vec::new();
    if let Some(times) = times {
        let (counts, unit) = counts(times);
        arrays.push(array(
            "time",
            CoordinateData::Integer(counts),
            json!({
                "standard_name": "time",
                "axis": "T",
                "units": format!("{unit} since 1970-01-01"),
                "calendar": "proleptic_gregorian",
            }),
        ));
    }
    if let Some(bands) = bands {
        let names: Vec<&String> = bands.iter().filter_map(|band| band.name.as_ref()).collect();
        let distinct = names.iter().collect::<HashSet<_>>().len();
        let data = if distinct == bands.len() {
            CoordinateData::Text(names.into_iter().cloned().collect())
        } else {
            CoordinateData::Integer((1..=bands.len() as i64).collect())
        };
        arrays.push(array("band", data, json!({"long_name": "band"})));
    }
    let reference = georeference.spatial_ref()?;
    // In a rotated raster, x differs within a column.
    if let Some([x0, dx, 0.0, y0, 0.0, dy]) = georeference.transform {
        let centres = |start: f64, step: f64, count: u64| {
            CoordinateData::Float((0..count).map(|i| start + step * (i as f64 + 0.5)).collect())
        };
        arrays.push(array("y", centres(y0, dy, height), axis_attributes(reference.as_ref(), Axis::Y)));
        arrays.push(array("x", centres(x0, dx, width), axis_attributes(reference.as_ref(), Axis::X)));
    }
    if reference.is_some() || georeference.transform.is_some() {
        arrays.push(CoordinateArray {
            name: GRID_MAPPING.to_owned(),
            dimensions: Vec::new(),
            shape: Vec::new(),
            data: CoordinateData::Integer(vec![0]),
            attributes: grid_mapping::attributes(georeference)?,
        });
    }
    Ok(arrays)
}

/// Instants as whole numbers of the longest unit that states all of them; of seconds where they are too far away for any other.
fn counts(times: &[Instant]) -> (Vec<i64>, &'static str) {
    for (unit, length) in
        [("seconds", 1_000_000_000), ("milliseconds", 1_000_000), ("microseconds", 1000), ("nanoseconds", 1)]
    {
        let count = |time: &Instant| {
            let whole = time.seconds.checked_mul(1_000_000_000 / i64::from(length))?;
            whole.checked_add(i64::from(time.nanoseconds / length))
        };
        if times.iter().all(|time| time.nanoseconds.is_multiple_of(length))
            && let Some(counts) = times.iter().map(count).collect()
        {
            return (counts, unit);
        }
    }
    (times.iter().map(|time| time.rounded()).collect(), "seconds")
}

enum Axis {
    X,
    Y,
}

fn array(name: &str, data: CoordinateData, attributes: Value) -> CoordinateArray {
    let attributes = if let Value::Object(attributes) = attributes { attributes } else { Map::new() };
    CoordinateArray::along(name, data, attributes)
}

fn axis_attributes(reference: Option<&SpatialRef>, axis: Axis) -> Value {
    let (letter, projected, geographic, units) = match axis {
        Axis::X => ("X", "projection_x_coordinate", "longitude", "degrees_east"),
        Axis::Y => ("Y", "projection_y_coordinate", "latitude", "degrees_north"),
    };
    match reference {
        Some(reference) if reference.is_geographic() => {
            json!({"axis": letter, "standard_name": geographic, "long_name": geographic, "units": units})
        }
        Some(reference) => json!({
            "axis": letter,
            "standard_name": projected,
            "long_name": format!("{} coordinate of projection", letter.to_lowercase()),
            "units": length(reference),
        }),
        None => json!({"axis": letter}),
    }
}

/// A unit of length as UDUNITS spells it.
fn length(reference: &SpatialRef) -> String {
    let name = reference.linear_units_name().unwrap_or_default();
    match name.to_lowercase().as_str() {
        "metre" | "meter" | "m" => "metre".to_owned(),
        "kilometre" | "kilometer" | "km" => "kilometre".to_owned(),
        "us survey foot" | "us_survey_foot" | "foot_us" => "US_survey_foot".to_owned(),
        "foot" | "international foot" => "foot".to_owned(),
        _ => format!("{} metre", reference.linear_units()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::conventions::coordinates::transform_of_centres;

    fn georeference(code: &str, transform: [f64; 6]) -> Georeference {
        Georeference { code: Some(code.to_owned()), transform: Some(transform), ..Georeference::default() }
    }

    #[test]
    fn coordinates_are_centres_of_pixels() {
        let georeference = georeference("EPSG:32633", [500_000.0, 10.0, 0.0, 5_000_000.0, 0.0, -20.0]);
        let bands = ["B02", "B03"].map(|name| Band { name: Some(name.to_owned()), ..Band::default() });
        let arrays =
            coordinates(&georeference, 2, 3, Some(&[0, 86_400].map(Instant::from)), Some(&bands)).unwrap();
        let names: Vec<&str> = arrays.iter().map(|array| array.name.as_str()).collect();
        assert_eq!(names, ["time", "band", "y", "x", "spatial_ref"]);
        assert_eq!(arrays[0].data, CoordinateData::Integer(vec![0, 86_400]));
        assert_eq!(arrays[0].attributes["units"], "seconds since 1970-01-01");
        assert_eq!(arrays[1].data, CoordinateData::Text(vec!["B02".to_owned(), "B03".to_owned()]));
        assert_eq!(arrays[2].data, CoordinateData::Float(vec![4_999_990.0, 4_999_970.0]));
        assert_eq!(arrays[3].data, CoordinateData::Float(vec![500_005.0, 500_015.0, 500_025.0]));
        assert_eq!(arrays[3].attributes["standard_name"], "projection_x_coordinate");
        assert_eq!(arrays[3].attributes["units"], "metre");
        assert_eq!((arrays[4].dimensions.len(), &arrays[4].data), (0, &CoordinateData::Integer(vec![0])));
        let (CoordinateData::Float(y), CoordinateData::Float(x)) = (&arrays[2].data, &arrays[3].data) else {
            panic!("centres are numbers");
        };
        assert_eq!(transform_of_centres(x, y), georeference.transform);
    }

    #[test]
    fn fractions_of_a_second_are_counted_in_shorter_units() {
        let at = |seconds, nanoseconds| Instant { seconds, nanoseconds };
        assert_eq!(counts(&[at(1, 500_000_000), at(2, 0)]), (vec![1500, 2000], "milliseconds"));
        assert_eq!(counts(&[at(-1, 999_999_000)]), (vec![-1], "microseconds"));
        assert_eq!(counts(&[at(0, 1)]), (vec![1], "nanoseconds"));
        // Nanoseconds of 64 bits end in the year 2262.
        assert_eq!(counts(&[at(20_000_000_000, 1)]), (vec![20_000_000_000], "seconds"));
    }

    #[test]
    fn degrees_are_longitude_and_latitude() {
        let arrays =
            coordinates(&georeference("EPSG:4326", [0.0, 0.5, 0.0, 1.0, 0.0, -0.5]), 2, 2, None, None)
                .unwrap();
        assert_eq!(arrays[0].attributes["standard_name"], "latitude");
        assert_eq!(arrays[1].attributes["units"], "degrees_east");
        let feet = coordinates(&georeference("EPSG:2263", [0.0, 1.0, 0.0, 1.0, 0.0, -1.0]), 2, 2, None, None)
            .unwrap();
        assert_eq!(feet[1].attributes["units"], "US_survey_foot");
    }

    #[test]
    fn unknown_coordinates_are_left_out() {
        let turned = georeference("EPSG:32633", [0.0, 1.0, 0.2, 0.0, 0.2, -1.0]);
        let twins = [Band::default(), Band::default()];
        let arrays = coordinates(&turned, 2, 2, None, Some(&twins)).unwrap();
        let names: Vec<&str> = arrays.iter().map(|array| array.name.as_str()).collect();
        assert_eq!(names, ["band", "spatial_ref"]);
        assert_eq!(arrays[0].data, CoordinateData::Integer(vec![1, 2]));
        assert_eq!(coordinates(&Georeference::default(), 2, 2, None, None).unwrap(), []);
    }
}
