//! Writes a georeference as attributes of a Zarr array, in the conventions of several readers at once: CF and rioxarray
//! (`spatial_ref`, `GeoTransform`), GDAL's Zarr driver (`_CRS`), and the Zarr conventions `proj` and `spatial`.

use super::dataset::wkt2;
use super::transform::geo_transform;
use super::{Georeference, bounds, spatial};
use crate::Result;
use crate::conventions::registry::Convention;
use serde_json::{Map, Value, json};

/// The beginning of the URLs of coordinate reference systems.
const OPENGIS: &str = "http://www.opengis.net/def/crs/";

/// The attributes that [`Georeference::set_attributes`] replaces.
const KEYS: [&str; 15] = [
    "spatial_ref",
    "crs_wkt",
    "_CRS",
    "proj:code",
    "proj:wkt2",
    "proj:projjson",
    "GeoTransform",
    "spatial:dimensions",
    "spatial:transform",
    "spatial:transform_type",
    "spatial:registration",
    "spatial:bbox",
    "spatial:shape",
    "AREA_OR_POINT",
    "zarr_conventions",
];

impl Georeference {
    /// Whether an attribute of this name states a georeference.
    #[must_use]
    pub fn is_stated_by(name: &str) -> bool {
        KEYS.contains(&name)
    }

    /// Replaces the attributes that state the georeference of a data array of `height` rows and `width` columns. The dimensions of
    /// the array must be called y and x.
    ///
    /// # Errors
    /// [`crate::Error::Invalid`] when GDAL can't read the coordinate reference system.
    pub fn set_attributes(&self, attributes: &mut Map<String, Value>, height: u64, width: u64) -> Result<()> {
        for key in KEYS {
            attributes.remove(key);
        }
        if let Some(reference) = self.spatial_ref()? {
            let wkt = wkt2(&reference)?;
            let code = self.code.clone().or_else(|| reference.authority().ok());
            let mut crs = json!({"wkt": wkt});
            if let Some(url) = code.as_deref().and_then(url_of) {
                crs["url"] = Value::from(url);
            }
            attributes.insert("spatial_ref".to_owned(), Value::from(wkt.clone()));
            attributes.insert("_CRS".to_owned(), crs);
            attributes.insert("proj:wkt2".to_owned(), Value::from(wkt));
            if let Some(code) = code {
                attributes.insert("proj:code".to_owned(), Value::from(code));
            }
            Convention::Proj.declare(attributes);
        }
        if let Some(transform) = self.transform {
            attributes.insert("GeoTransform".to_owned(), Value::from(geo_transform(transform)));
            for (key, value) in spatial(transform, height, width) {
                attributes.insert(key, value);
            }
            attributes.insert("spatial:bbox".to_owned(), json!(bounds(transform, height, width)));
            attributes.insert("spatial:dimensions".to_owned(), json!(["y", "x"]));
            Convention::Spatial.declare(attributes);
        }
        if self.point {
            attributes.insert("AREA_OR_POINT".to_owned(), json!("Point"));
        }
        Ok(())
    }
}

/// `EPSG:32633` as `http://www.opengis.net/def/crs/EPSG/0/32633`.
fn url_of(code: &str) -> Option<String> {
    let (authority, code) = code.split_once(':')?;
    (authority == "EPSG").then(|| format!("{OPENGIS}{authority}/0/{code}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn utm() -> Georeference {
        let mut georeference = Georeference {
            code: Some("EPSG:32633".to_owned()),
            transform: Some([500_000.0, 10.0, 0.0, 5_000_000.0, 0.0, -10.0]),
            ..Georeference::default()
        };
        georeference.wkt = georeference.spatial_ref().unwrap().map(|reference| wkt2(&reference).unwrap());
        georeference
    }

    fn written(georeference: &Georeference) -> Map<String, Value> {
        let mut attributes = Map::new();
        georeference.set_attributes(&mut attributes, 3, 4).unwrap();
        attributes
    }

    #[test]
    fn a_georeference_goes_there_and_back() {
        let attributes = written(&utm());
        assert_eq!(Georeference::from_attributes(&attributes).unwrap(), utm());
        assert_eq!(attributes["GeoTransform"], "500000 10 0 5000000 0 -10");
        assert_eq!(attributes["spatial:transform"], json!([10.0, 0.0, 500_000.0, 0.0, -10.0, 5_000_000.0]));
        assert_eq!(attributes["spatial:bbox"], json!([500_000.0, 4_999_970.0, 500_040.0, 5_000_000.0]));
        assert_eq!(attributes["spatial:shape"], json!([3, 4]));
        assert_eq!(attributes["_CRS"]["url"], "http://www.opengis.net/def/crs/EPSG/0/32633");
        let names: Vec<_> =
            attributes["zarr_conventions"].as_array().unwrap().iter().map(|c| &c["name"]).collect();
        assert_eq!(names, ["proj", "spatial"]);
        let turned = Georeference { transform: Some([1.0, 0.1, 0.3, 2.0, 0.2, -0.1]), point: true, ..utm() };
        assert_eq!(Georeference::from_attributes(&written(&turned)).unwrap(), turned);
        assert_eq!(written(&Georeference::default()), Map::new());
        assert_eq!(written(&Georeference { code: None, ..utm() }), written(&utm()));
    }

    #[test]
    fn each_reader_s_words_are_enough() {
        let attributes = written(&utm());
        let only = |keys: &[&str]| {
            let some = attributes.iter().filter(|(key, _)| keys.contains(&key.as_str()));
            Georeference::from_attributes(&some.map(|(k, v)| (k.clone(), v.clone())).collect()).unwrap()
        };
        for key in ["spatial_ref", "proj:wkt2", "_CRS"] {
            assert_eq!(only(&[key]).wkt, utm().wkt, "{key}");
        }
        assert_eq!(only(&["_CRS"]).code, utm().code);
        assert_eq!(only(&["proj:code"]).code, utm().code);
        for key in ["GeoTransform", "spatial:transform"] {
            assert_eq!(only(&[key]).transform, utm().transform, "{key}");
        }
        let reference = utm().spatial_ref().unwrap().unwrap();
        let projjson: Value = serde_json::from_str(&reference.to_projjson().unwrap()).unwrap();
        let attributes = Map::from_iter([("proj:projjson".to_owned(), projjson)]);
        let read = Georeference::from_attributes(&attributes).unwrap();
        assert_eq!(written(&Georeference { transform: utm().transform, ..read }), written(&utm()));
    }
}
