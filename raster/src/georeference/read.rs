//! Reads a georeference from attributes, in the conventions of several writers: CF and rioxarray (`crs_wkt`, `spatial_ref`,
//! `GeoTransform`), GDAL's Zarr driver (`_CRS`), and the Zarr conventions `proj` and `spatial`, in any release.

use super::reference_system::code_of_url;
use super::{GRID_MAPPING, Georeference, transform};
use crate::Result;
use serde_json::{Map, Value};

impl Georeference {
    /// Reads the attributes of a data array or of a grid mapping variable.
    ///
    /// # Errors
    /// [`crate::Error::Convention`] when a transform is not six numbers.
    pub fn from_attributes(attributes: &Map<String, Value>) -> Result<Self> {
        transform::read(attributes)?;
        Ok(Self::from_all(&[attributes]))
    }

    /// Reads all attributes that may concern an array, in the order in which they take precedence: its own, its grid mapping's, its
    /// group's. Attributes that can't be understood are ignored.
    #[must_use]
    pub fn from_all(sources: &[&Map<String, Value>]) -> Self {
        let find = |key: &str| sources.iter().find_map(|attributes| attributes.get(key));
        let text = |value: Option<&Value>| {
            value.and_then(Value::as_str).filter(|text| !text.trim().is_empty()).map(str::to_owned)
        };
        let crs = find("_CRS");
        let member = |key: &str| crs.and_then(|crs| crs.get(key));
        let first_text = |key: &str| sources.iter().find_map(|attributes| text(attributes.get(key)));
        let wkt = ["spatial_ref", "crs_wkt", "proj:wkt2"].into_iter().find_map(first_text);
        // Some writers put a code where WKT belongs.
        let (wkt, coded) = match wkt {
            Some(text) if is_code(text.trim()) => (None, Some(text.trim().to_owned())),
            wkt => (wkt, None),
        };
        let projjson = [find("proj:projjson"), member("projjson")]
            .into_iter()
            .find_map(|value| value.filter(|value| value.is_object()).cloned());
        let node = sources.iter().any(|attributes| transform::is_node(attributes));
        Self {
            wkt: wkt.or_else(|| text(member("wkt"))),
            projjson,
            code: coded.or_else(|| first_text("proj:code")).or_else(|| code_of_url(member("url")?.as_str()?)),
            transform: sources.iter().find_map(|attributes| transform::read(attributes).ok().flatten()),
            point: first_text("AREA_OR_POINT").map_or(node, |word| word == "Point"),
        }
    }
}

/// Whether a text is the code of a reference system in a register, such as `EPSG:32633`.
fn is_code(text: &str) -> bool {
    let is_word = |word: &str| !word.is_empty() && word.chars().all(|c| c.is_ascii_alphanumeric());
    text.split_once(':').is_some_and(|(register, code)| is_word(register) && is_word(code))
}

/// The name of the grid mapping variable in the attributes of a data array. CF also allows the form `name: y x`.
#[must_use]
pub fn grid_mapping_name(attributes: &Map<String, Value>) -> &str {
    let named = attributes.get("grid_mapping").and_then(Value::as_str).unwrap_or(GRID_MAPPING);
    named.split([':', ' ']).next().filter(|name| !name.is_empty()).unwrap_or(GRID_MAPPING)
}

#[cfg(test)]
mod tests {
    use super::super::reference_system::tests::UTM;
    use super::*;
    use serde_json::json;

    fn read(attributes: Value) -> Georeference {
        Georeference::from_attributes(attributes.as_object().unwrap()).unwrap()
    }

    #[test]
    fn each_writer_s_words_are_enough() {
        for key in ["spatial_ref", "crs_wkt", "proj:wkt2"] {
            assert_eq!(read(json!({key: UTM})).wkt.as_deref(), Some(UTM), "{key}");
        }
        let gdal = read(json!({"_CRS": {"wkt": UTM, "url": "http://www.opengis.net/def/crs/EPSG/0/32632"}}));
        assert_eq!((gdal.wkt.as_deref(), gdal.code.as_deref()), (Some(UTM), Some("EPSG:32632")));
        assert_eq!(read(json!({"proj:code": "EPSG:32632"})).code.as_deref(), Some("EPSG:32632"));
        let projjson = json!({"type": "ProjectedCRS", "name": "mine"});
        assert_eq!(read(json!({"proj:projjson": projjson.clone()})).projjson, Some(projjson));
        assert_eq!(read(json!({"spatial_ref": 3, "crs_wkt": " "})), Georeference::default());
        for key in ["spatial_ref", "crs_wkt", "proj:wkt2"] {
            let coded = read(json!({key: " EPSG:32633 ", "proj:code": "EPSG:4326"}));
            assert_eq!((coded.wkt, coded.code.as_deref()), (None, Some("EPSG:32633")));
        }
    }

    #[test]
    fn points_are_declared_in_two_ways() {
        assert!(read(json!({"AREA_OR_POINT": "Point"})).point);
        assert!(read(json!({"spatial:registration": "node"})).point);
        assert!(!read(json!({"spatial:registration": "node", "AREA_OR_POINT": "Area"})).point);
    }

    #[test]
    fn the_nearest_attributes_count_and_faults_are_passed_over() {
        let own = json!({"GeoTransform": "a b", "grid_mapping": "crs: y x"});
        let mapping = json!({"GeoTransform": "0 1 0 0 0 -1", "crs_wkt": UTM});
        let group = json!({"spatial:transform": [2, 0, 0, 0, -2, 0], "proj:code": "EPSG:32632"});
        let [own, mapping, group] = [own, mapping, group].map(|value| value.as_object().cloned().unwrap());
        let found = Georeference::from_all(&[&own, &mapping, &group]);
        assert_eq!(found.transform, Some([0.0, 1.0, 0.0, 0.0, 0.0, -1.0]));
        assert_eq!((found.wkt.as_deref(), found.code.as_deref()), (Some(UTM), Some("EPSG:32632")));
        assert!(Georeference::from_attributes(&own).is_err());
        assert_eq!((grid_mapping_name(&own), grid_mapping_name(&mapping)), ("crs", "spatial_ref"));
    }

    #[test]
    fn both_releases_of_the_conventions_are_read() {
        let attributes = |name: &str, release: &str| {
            json!({
                "zarr_conventions": [{
                    "uuid": "689b58e2-cf7b-45e0-9fff-9cfc0883d6b4", "name": name,
                    "spec_url": format!("https://github.com/zarr-conventions/spatial/blob/{release}/README.md"),
                }],
                "spatial:transform": [10, 0, 600_000, 0, -10, 5_100_000],
                "proj:code": "EPSG:32632",
            })
        };
        assert_eq!(read(attributes("spatial:", "v1")), read(attributes("spatial", "v0.1")));
        assert_eq!(read(attributes("spatial", "v0.1")).transform.unwrap()[0], 600_000.0);
    }
}
