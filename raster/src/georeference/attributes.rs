//! A place as attributes of a Zarr array, in the words of several readers at once: CF and rioxarray (`spatial_ref`,
//! `GeoTransform`), GDAL's Zarr driver (`_CRS`), and the Zarr conventions `proj:` and `spatial:`.

use super::Georeference;
use super::dataset::wkt2;
use crate::{Error, Result};
use gdal::spatial_ref::SpatialRef;
use serde_json::{Map, Value, json};

/// The start of addresses of coordinate reference systems.
const OPENGIS: &str = "http://www.opengis.net/def/crs/";

/// A Zarr convention: its identifier, its repository and its name.
struct Convention(&'static str, &'static str, &'static str);

const PROJ: Convention = Convention("f17cb550-5864-4468-aeb7-f3180cfb622f", "geo-proj", "proj:");
const SPATIAL: Convention = Convention("689b58e2-cf7b-45e0-9fff-9cfc0883d6b4", "spatial", "spatial:");
const MULTISCALES: Convention =
    Convention("d35379db-88df-4056-af3a-620245f8e347", "multiscales", "multiscales");

impl Convention {
    fn entry(&self) -> Value {
        let Self(uuid, repository, name) = self;
        json!({
            "uuid": uuid,
            "schema_url":
                format!("https://raw.githubusercontent.com/zarr-conventions/{repository}/refs/tags/v1/schema.json"),
            "spec_url": format!("https://github.com/zarr-conventions/{repository}/blob/v1/README.md"),
            "name": name,
        })
    }
}

/// Declares in the attributes of a group that its members are resolutions of one raster, with their place where it is
/// known: the entry of the convention `multiscales`, which `layout` belongs to.
pub fn declare_multiscales(attributes: &mut Map<String, Value>) {
    declare(attributes, &MULTISCALES);
}

/// Adds a convention to `zarr_conventions`, once.
fn declare(attributes: &mut Map<String, Value>, convention: &Convention) {
    let list = attributes.entry("zarr_conventions").or_insert_with(|| json!([]));
    if let Value::Array(list) = list
        && !list.iter().any(|entry| entry["uuid"] == convention.0)
    {
        list.push(convention.entry());
    }
}

/// Attributes that [`Georeference::set_attributes`] writes, and that go when a place is replaced.
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
    /// Reads the attributes of a data array or of a CF grid mapping variable. Of several that say one thing the first is
    /// taken: WKT before PROJJSON before a code, `GeoTransform` before `spatial:transform`.
    ///
    /// # Errors
    /// [`Error::Invalid`] when a transform is not six numbers, or a coordinate reference system is none.
    pub fn from_attributes(attributes: &Map<String, Value>) -> Result<Self> {
        let text = |value: Option<&Value>| {
            value.and_then(Value::as_str).filter(|text| !text.trim().is_empty()).map(str::to_owned)
        };
        let crs = attributes.get("_CRS");
        let member = |key: &str| crs.and_then(|crs| crs.get(key));
        let wkt = [
            attributes.get("spatial_ref"),
            attributes.get("crs_wkt"),
            attributes.get("proj:wkt2"),
            member("wkt"),
        ]
        .into_iter()
        .find_map(text);
        let projjson = [attributes.get("proj:projjson"), member("projjson")]
            .into_iter()
            .find_map(|value| value.filter(|value| value.is_object()));
        let wkt = match (wkt, projjson) {
            (None, Some(projjson)) => Some(wkt_of(&projjson.to_string())?),
            (wkt, _) => wkt,
        };
        let code = text(attributes.get("proj:code")).or_else(|| code_of(member("url")?.as_str()?));
        let node = text(attributes.get("spatial:registration")).is_some_and(|word| word == "node");
        let transform = match transform(attributes)? {
            // Of centres, there.
            Some([x0, dx, rx, y0, ry, dy]) if node && !attributes.contains_key("GeoTransform") => {
                Some([x0 - (dx + rx) / 2.0, dx, rx, y0 - (ry + dy) / 2.0, ry, dy])
            }
            transform => transform,
        };
        let point = text(attributes.get("AREA_OR_POINT")).map_or(node, |word| word == "Point");
        Ok(Self { wkt, code, transform, point })
    }

    /// Replaces the attributes of a data array of `height` rows and `width` columns that say its place. Its last two
    /// dimensions are to be called y and x.
    ///
    /// # Errors
    /// [`Error::Invalid`] when the coordinate reference system is none that GDAL reads.
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
            declare(attributes, &PROJ);
        }
        if let Some(transform) = self.transform {
            attributes.insert("GeoTransform".to_owned(), Value::from(geo_transform(transform)));
            for (key, value) in spatial(transform, height, width) {
                attributes.insert(key, value);
            }
            attributes.insert("spatial:bbox".to_owned(), json!(bounds(transform, height, width)));
            attributes.insert("spatial:dimensions".to_owned(), json!(["y", "x"]));
            declare(attributes, &SPATIAL);
        }
        if self.point {
            attributes.insert("AREA_OR_POINT".to_owned(), json!("Point"));
        }
        Ok(())
    }
}

/// The transform in the words of GDAL and rioxarray: six numbers in GDAL's order.
pub(super) fn geo_transform(transform: [f64; 6]) -> String {
    transform.map(|v| v.to_string()).join(" ")
}

/// `spatial:transform` and `spatial:shape`, as an array and a level of `multiscales` have them.
pub fn spatial([x0, dx, rx, y0, ry, dy]: [f64; 6], height: u64, width: u64) -> Map<String, Value> {
    Map::from_iter([
        ("spatial:transform".to_owned(), json!([dx, rx, x0, ry, dy, y0])),
        ("spatial:shape".to_owned(), json!([height, width])),
    ])
}

/// Least x, least y, largest x and largest y of a grid.
pub fn bounds([x0, dx, rx, y0, ry, dy]: [f64; 6], height: u64, width: u64) -> [f64; 4] {
    let (w, h) = (width as f64, height as f64);
    let corners = [(0.0, 0.0), (w, 0.0), (0.0, h), (w, h)]
        .map(|(column, row)| (x0 + dx * column + rx * row, y0 + ry * column + dy * row));
    let over = |pick: fn((f64, f64)) -> f64, fold: fn(f64, f64) -> f64| {
        corners.into_iter().map(pick).reduce(fold).unwrap_or(f64::NAN)
    };
    [over(|c| c.0, f64::min), over(|c| c.1, f64::min), over(|c| c.0, f64::max), over(|c| c.1, f64::max)]
}

fn transform(attributes: &Map<String, Value>) -> Result<Option<[f64; 6]>> {
    let wrong = |key: &str, found: &Value| {
        Error::Invalid(format!(
            "the attribute {key} is {found}, six numbers are needed; mend it or remove it"
        ))
    };
    if let Some(value) = attributes.get("GeoTransform") {
        let numbers: Option<Vec<f64>> = match value {
            Value::String(text) => {
                let words =
                    text.split(|c: char| c.is_whitespace() || c == ',').filter(|word| !word.is_empty());
                words.map(|word| word.parse().ok()).collect()
            }
            value => numbers(value),
        };
        let found = numbers.and_then(|numbers| numbers.try_into().ok());
        return found.map(Some).ok_or_else(|| wrong("GeoTransform", value));
    }
    let kind = attributes.get("spatial:transform_type").and_then(Value::as_str);
    match attributes.get("spatial:transform") {
        Some(value) if kind.is_none_or(|kind| kind == "affine") => {
            let found: Option<[f64; 6]> = numbers(value).and_then(|numbers| numbers.try_into().ok());
            let [dx, rx, x0, ry, dy, y0] = found.ok_or_else(|| wrong("spatial:transform", value))?;
            Ok(Some([x0, dx, rx, y0, ry, dy]))
        }
        _ => Ok(None),
    }
}

fn numbers(value: &Value) -> Option<Vec<f64>> {
    value.as_array()?.iter().map(Value::as_f64).collect()
}

fn wkt_of(definition: &str) -> Result<String> {
    let reference = SpatialRef::from_definition(definition).map_err(|error| {
        Error::Invalid(format!(
            "the coordinate reference system {definition} is none that GDAL reads: {error}"
        ))
    })?;
    wkt2(&reference)
}

/// `EPSG:32633` as `http://www.opengis.net/def/crs/EPSG/0/32633`.
fn url_of(code: &str) -> Option<String> {
    let (authority, code) = code.split_once(':')?;
    (authority == "EPSG").then(|| format!("{OPENGIS}{authority}/0/{code}"))
}

fn code_of(url: &str) -> Option<String> {
    let mut parts = url.strip_prefix(OPENGIS)?.split('/');
    match (parts.next(), parts.next(), parts.next(), parts.next()) {
        (Some(authority), Some(_), Some(code), None) => Some(format!("{authority}:{code}")),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn utm() -> Georeference {
        let mut place = Georeference {
            code: Some("EPSG:32633".to_owned()),
            transform: Some([500_000.0, 10.0, 0.0, 5_000_000.0, 0.0, -10.0]),
            ..Georeference::default()
        };
        place.wkt = place.spatial_ref().unwrap().map(|reference| wkt2(&reference).unwrap());
        place
    }

    fn written(place: &Georeference) -> Map<String, Value> {
        let mut attributes = Map::new();
        place.set_attributes(&mut attributes, 3, 4).unwrap();
        attributes
    }

    #[test]
    fn a_place_goes_there_and_back() {
        let attributes = written(&utm());
        assert_eq!(Georeference::from_attributes(&attributes).unwrap(), utm());
        assert_eq!(attributes["GeoTransform"], "500000 10 0 5000000 0 -10");
        assert_eq!(attributes["spatial:transform"], json!([10.0, 0.0, 500_000.0, 0.0, -10.0, 5_000_000.0]));
        assert_eq!(attributes["spatial:bbox"], json!([500_000.0, 4_999_970.0, 500_040.0, 5_000_000.0]));
        assert_eq!(attributes["spatial:shape"], json!([3, 4]));
        assert_eq!(attributes["_CRS"]["url"], "http://www.opengis.net/def/crs/EPSG/0/32633");
        let names: Vec<_> =
            attributes["zarr_conventions"].as_array().unwrap().iter().map(|c| &c["name"]).collect();
        assert_eq!(names, ["proj:", "spatial:"]);
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
        assert_eq!(Georeference::from_attributes(&attributes).unwrap().wkt, utm().wkt);
    }

    #[test]
    fn nodes_are_centres() {
        let attributes =
            json!({"spatial:transform": [10.0, 0.0, 5.0, 0.0, -10.0, 95.0], "spatial:registration": "node"});
        let place = Georeference::from_attributes(attributes.as_object().unwrap()).unwrap();
        assert_eq!((place.transform, place.point), (Some([0.0, 10.0, 0.0, 100.0, 0.0, -10.0]), true));
    }

    #[test]
    fn a_transform_that_is_none_is_refused() {
        for (key, value) in
            [("GeoTransform", json!("1 2 3")), ("spatial:transform", json!([1, 2, "x", 4, 5, 6]))]
        {
            let attributes = Map::from_iter([(key.to_owned(), value.clone())]);
            assert_eq!(
                Georeference::from_attributes(&attributes).unwrap_err().to_string(),
                format!("the attribute {key} is {value}, six numbers are needed; mend it or remove it")
            );
        }
    }
}
