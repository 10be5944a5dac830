//! A coordinate reference system as the attributes of a CF grid mapping variable.
//!
//! Readers that know `crs_wkt` or `spatial_ref` need nothing else. For other readers, the common projections are also written
//! with CF's own parameters (CF conventions, appendix F). These are left out where CF has no name for a projection.

use super::Georeference;
use super::dataset::wkt2;
use super::transform::geo_transform;
use crate::Result;
use gdal::spatial_ref::SpatialRef;
use serde_json::{Map, Value, json};

/// A CF parameter and GDAL's name for it.
type Parameter = (&'static str, &'static str);

const FALSE: [Parameter; 2] = [("false_easting", "false_easting"), ("false_northing", "false_northing")];
const CENTRE: [Parameter; 2] = [
    ("latitude_of_projection_origin", "latitude_of_origin"),
    ("longitude_of_central_meridian", "central_meridian"),
];

/// The attributes of the variable.
///
/// # Errors
/// [`crate::Error::Invalid`] when the coordinate reference system is one that GDAL can't read.
pub(super) fn attributes(georeference: &Georeference) -> Result<Map<String, Value>> {
    let mut attributes = Map::new();
    if let Some(reference) = georeference.spatial_ref()? {
        let wkt = wkt2(&reference)?;
        attributes = named(&reference, &wkt)?;
        if let (Ok(major), Ok(minor)) = (reference.semi_major(), reference.semi_minor()) {
            let inverse = if major == minor { 0.0 } else { major / (major - minor) };
            attributes.insert("semi_major_axis".to_owned(), json!(major));
            // GDAL gives the lengths of both axes. The flattening from which they were computed has about eleven digits.
            attributes.insert("inverse_flattening".to_owned(), json!((inverse * 1e8).round() / 1e8));
        }
        attributes.insert("crs_wkt".to_owned(), Value::from(wkt.clone()));
        attributes.insert("spatial_ref".to_owned(), Value::from(wkt));
    }
    if let Some(transform) = georeference.transform {
        attributes.insert("GeoTransform".to_owned(), Value::from(geo_transform(transform)));
    }
    Ok(attributes)
}

/// CF's name of the projection and its parameters; empty where CF has none.
fn named(reference: &SpatialRef, wkt: &str) -> Result<Map<String, Value>> {
    let mut found = Map::new();
    if reference.is_geographic() {
        found.insert("grid_mapping_name".to_owned(), json!("latitude_longitude"));
        return Ok(found);
    }
    let Some(projection) = reference.get_attr_value("PROJECTION", 0)? else {
        return Ok(found);
    };
    // Web Mercator applies the formulas of the sphere to coordinates on an ellipsoid. CF's Mercator is another projection.
    if wkt.contains("Pseudo") {
        return Ok(found);
    }
    let (name, parameters): (&str, &[Parameter]) = match projection.as_str() {
        "Transverse_Mercator" => (
            "transverse_mercator",
            &[CENTRE[0], CENTRE[1], ("scale_factor_at_central_meridian", "scale_factor")],
        ),
        "Mercator_1SP" => (
            "mercator",
            &[
                ("longitude_of_projection_origin", "central_meridian"),
                ("scale_factor_at_projection_origin", "scale_factor"),
            ],
        ),
        "Mercator_2SP" => (
            "mercator",
            &[
                ("longitude_of_projection_origin", "central_meridian"),
                ("standard_parallel", "standard_parallel_1"),
            ],
        ),
        "Lambert_Conformal_Conic_2SP" => ("lambert_conformal_conic", &CENTRE),
        "Albers_Conic_Equal_Area" => (
            "albers_conical_equal_area",
            &[
                ("latitude_of_projection_origin", "latitude_of_center"),
                ("longitude_of_central_meridian", "longitude_of_center"),
            ],
        ),
        "Lambert_Azimuthal_Equal_Area" => (
            "lambert_azimuthal_equal_area",
            &[
                ("latitude_of_projection_origin", "latitude_of_center"),
                ("longitude_of_projection_origin", "longitude_of_center"),
            ],
        ),
        "Sinusoidal" => ("sinusoidal", &[("longitude_of_projection_origin", "longitude_of_center")]),
        _ => return Ok(found),
    };
    found.insert("grid_mapping_name".to_owned(), json!(name));
    for (cf, gdal) in parameters.iter().chain(&FALSE) {
        if let Some(value) = reference.get_proj_param(gdal)? {
            found.insert((*cf).to_owned(), json!(value));
        }
    }
    if matches!(name, "lambert_conformal_conic" | "albers_conical_equal_area") {
        let parallels = [
            reference.get_proj_param("standard_parallel_1")?,
            reference.get_proj_param("standard_parallel_2")?,
        ];
        found.insert("standard_parallel".to_owned(), json!(parallels));
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(code: &str) -> Map<String, Value> {
        attributes(&Georeference { code: Some(code.to_owned()), ..Georeference::default() }).unwrap()
    }

    #[test]
    fn common_projections_have_parameters() {
        let utm = of("EPSG:32633");
        assert_eq!(utm["grid_mapping_name"], "transverse_mercator");
        assert_eq!(utm["longitude_of_central_meridian"], 15.0);
        assert_eq!(utm["scale_factor_at_central_meridian"], 0.9996);
        assert_eq!(
            (&utm["false_easting"], &utm["semi_major_axis"]),
            (&json!(500_000.0), &json!(6_378_137.0))
        );
        assert_eq!(utm["inverse_flattening"], 298.257_223_56);
        let albers = of("EPSG:5070");
        assert_eq!(albers["grid_mapping_name"], "albers_conical_equal_area");
        assert_eq!(albers["standard_parallel"], json!([29.5, 45.5]));
        assert_eq!(albers["latitude_of_projection_origin"], 23.0);
        let laea = of("EPSG:3035");
        assert_eq!(
            (&laea["latitude_of_projection_origin"], &laea["longitude_of_projection_origin"]),
            (&json!(52.0), &json!(10.0))
        );
        assert_eq!(of("EPSG:4326")["grid_mapping_name"], "latitude_longitude");
        let web = of("EPSG:3857");
        assert!(!web.contains_key("grid_mapping_name") && web["crs_wkt"].as_str().unwrap().contains("3857"));
    }
}
