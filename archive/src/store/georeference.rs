//! Where and when an array lies: coordinate reference system, the map from pixels to it, extent and dates, read
//! tolerantly from whatever conventions its attributes, its `spatial_ref` and its coordinates follow.
//!
//! CF (`grid_mapping`, `crs_wkt`), GDAL (`GeoTransform`, `_CRS`), the Zarr conventions `proj:` and `spatial:`.

use crate::metadata::document::Metadata;
use crate::store::reader::open_array;
use crate::store::tree::Node;
use serde::Serialize;
use serde_json::{Map, Value};
use std::path::Path;
use vqz_codec::axes::{Axes, Role};

/// What is known of an array's place.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Georeference {
    /// The coordinate reference system's code, such as `EPSG:32632`.
    pub code: Option<String>,
    /// Its name.
    pub name: Option<String>,
    /// GDAL's six coefficients: x₀, dx, rx, y₀, ry, dy of the upper left corner of the upper left pixel.
    pub transform: Option<[f64; 6]>,
    /// Width and height of a pixel, in the reference system's unit.
    pub pixel: Option<[f64; 2]>,
    /// That unit: `m`, `°` and the like, where it can be told.
    pub unit: Option<String>,
    /// Least x, least y, largest x, largest y.
    pub bounds: Option<[f64; 4]>,
    /// Dates in order, as text, where a coordinate `time` stands beside the array.
    pub dates: Vec<String>,
}

impl Georeference {
    /// Of an array of a hierarchy, with what stands beside it.
    pub fn of(node: &Node, axes: Option<&Axes>) -> Self {
        let mut sources = vec![node.metadata.attributes()];
        // The group of an array, also where the array alone was named.
        let parent = (node.folder.parent())
            .filter(|parent| !node.path.is_empty() || parent.join("zarr.json").is_file());
        let mapping =
            sources[0].get("grid_mapping").and_then(Value::as_str).unwrap_or("spatial_ref").to_owned();
        for folder in parent.map(|parent| [parent.join(mapping), parent.to_path_buf()]).into_iter().flatten()
        {
            sources.extend(Metadata::read(&folder).ok().map(|metadata| metadata.attributes()));
        }
        let mut place = Self::from_attributes(&sources);
        let (Some(axes), Ok(shape)) = (axes, node.metadata.shape()) else { return place };
        let extent = |role: &Role| axes.position(role).map(|d| shape[d]);
        let (height, width) = (extent(&Role::Y), extent(&Role::X));
        if let Some(parent) = parent {
            let line = |role: &Role, name: &str, count: Option<u64>| {
                let own = axes.position(role).and_then(|d| node.metadata.dimension_names()?.get(d).cloned());
                coordinate(&parent.join(own.unwrap_or_else(|| name.to_owned())), count?)
            };
            if place.transform.is_none() {
                place.transform = from_centres(line(&Role::X, "x", width), line(&Role::Y, "y", height));
            }
            if let (Some(dates), Some(count)) = (extent(&Role::Time), extent(&Role::Time)) {
                let values = line(&Role::Time, "time", Some(dates)).unwrap_or_default();
                let units =
                    Metadata::read(&parent.join("time")).ok().map(|m| m.attributes()).unwrap_or_default();
                let units = units.get("units").and_then(Value::as_str).unwrap_or_default().to_owned();
                place.dates = values.iter().filter_map(|value| date(*value, &units)).collect();
                if place.dates.len() as u64 != count {
                    place.dates.clear();
                }
            }
        }
        place.measure(height.unwrap_or(0), width.unwrap_or(0));
        place
    }

    /// From attributes, those nearest to the array first.
    fn from_attributes(sources: &[Map<String, Value>]) -> Self {
        let text = |key: &str| sources.iter().find_map(|attributes| attributes.get(key)?.as_str());
        let crs = sources.iter().find_map(|attributes| attributes.get("_CRS"));
        let within = |key: &str| crs.and_then(|crs| crs.get(key)).and_then(Value::as_str);
        let wkt = ["spatial_ref", "crs_wkt", "proj:wkt2"]
            .iter()
            .find_map(|key| text(key))
            .or_else(|| within("wkt"));
        let projjson =
            sources.iter().find_map(|a| a.get("proj:projjson")).or(crs.and_then(|c| c.get("projjson")));
        let code = text("proj:code").map(str::to_owned);
        let code = code.or_else(|| within("url").and_then(code_of_url));
        let code = code.or_else(|| projjson.and_then(|json| code_of_json(json.get("id")?)));
        let code = code.or_else(|| wkt.and_then(code_of_wkt));
        let name = wkt.and_then(name_of_wkt);
        let name = name.or_else(|| projjson.and_then(|json| json.get("name")?.as_str()).map(str::to_owned));
        let geographic = wkt.is_some_and(|wkt| wkt.trim_start().starts_with("GEOG"))
            || projjson
                .and_then(|json| json.get("type")?.as_str())
                .is_some_and(|kind| kind.starts_with("Geog"));
        let projected = wkt.is_some_and(|wkt| wkt.trim_start().starts_with("PROJ"));
        let metres = wkt.is_some_and(|wkt| {
            let last = wkt.rfind("UNIT[\"").map_or("", |at| &wkt[at + 6..]);
            last.to_ascii_lowercase().starts_with("met")
        });
        let unit = match (geographic, projected && metres) {
            (true, _) => Some("°".to_owned()),
            (_, true) => Some("m".to_owned()),
            _ => None,
        };
        Self { code, name, transform: transform(sources), unit, ..Self::default() }
    }

    /// Works out pixel size and bounds.
    fn measure(&mut self, height: u64, width: u64) {
        let Some([x0, dx, rx, y0, ry, dy]) = self.transform else { return };
        self.pixel = Some([dx.hypot(ry), rx.hypot(dy)]);
        let (w, h) = (width as f64, height as f64);
        let corners = [(0.0, 0.0), (w, 0.0), (0.0, h), (w, h)];
        let at = corners.map(|(x, y)| (x0 + dx * x + rx * y, y0 + ry * x + dy * y));
        let fold = |pick: fn(&(f64, f64)) -> f64, least: fn(f64, f64) -> f64, start: f64| {
            at.iter().map(pick).fold(start, least)
        };
        self.bounds = Some([
            fold(|p| p.0, f64::min, f64::INFINITY),
            fold(|p| p.1, f64::min, f64::INFINITY),
            fold(|p| p.0, f64::max, f64::NEG_INFINITY),
            fold(|p| p.1, f64::max, f64::NEG_INFINITY),
        ]);
    }

    /// Whether nothing is known.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// The reference system in a few words.
    pub fn system(&self) -> Option<String> {
        match (&self.code, &self.name) {
            (Some(code), Some(name)) => Some(format!("{code}, {name}")),
            (Some(one), None) | (None, Some(one)) => Some(one.clone()),
            (None, None) => None,
        }
    }

    /// The size of a pixel in a few words.
    pub fn pixel_words(&self) -> Option<String> {
        let [width, height] = self.pixel?;
        let unit = self.unit.as_ref().map_or_else(String::new, |unit| format!(" {unit}"));
        Some(format!("{} × {}{unit}", coordinate_words(width), coordinate_words(height)))
    }

    /// The bounds in a few words.
    pub fn bounds_words(&self) -> Option<String> {
        let [west, south, east, north] = self.bounds?.map(coordinate_words);
        Some(format!("x {west} to {east}, y {south} to {north}"))
    }

    /// The dates in a few words.
    pub fn dates_words(&self) -> Option<String> {
        match &self.dates[..] {
            [] => None,
            [one] => Some(one.clone()),
            [first, .., last] => Some(format!("{first} to {last}, {} dates", self.dates.len())),
        }
    }
}

/// A coordinate without the dust of binary fractions.
fn coordinate_words(value: f64) -> String {
    let text = format!("{value:.8}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

fn transform(sources: &[Map<String, Value>]) -> Option<[f64; 6]> {
    sources.iter().find_map(|attributes| {
        let numbers = |value: &Value| -> Option<Vec<f64>> {
            match value {
                Value::String(text) => {
                    text.split([' ', ',']).filter(|t| !t.is_empty()).map(|t| t.parse().ok()).collect()
                }
                Value::Array(list) => list.iter().map(Value::as_f64).collect(),
                _ => None,
            }
        };
        if let Some([x0, dx, rx, y0, ry, dy]) = attributes.get("GeoTransform").and_then(numbers).as_deref() {
            return Some([*x0, *dx, *rx, *y0, *ry, *dy]);
        }
        match attributes
            .get("spatial:transform")
            .or_else(|| attributes.get("proj:transform"))
            .and_then(numbers)?[..]
        {
            [dx, rx, x0, ry, dy, y0, ..] => Some([x0, dx, rx, y0, ry, dy]),
            _ => None,
        }
    })
}

/// From the centres of columns and rows, where these are evenly spaced.
fn from_centres(x: Option<Vec<f64>>, y: Option<Vec<f64>>) -> Option<[f64; 6]> {
    let line = |values: Vec<f64>| -> Option<(f64, f64)> {
        let (first, last) = (values.first()?, values.last()?);
        let step = (last - first) / (values.len().checked_sub(1).filter(|n| *n > 0)? as f64);
        let even = |(i, value): (usize, &f64)| (value - first - step * i as f64).abs() < step.abs() * 0.01;
        (step != 0.0 && values.iter().enumerate().all(even)).then_some((first - step / 2.0, step))
    };
    let ((x0, dx), (y0, dy)) = (line(x?)?, line(y?)?);
    Some([x0, dx, 0.0, y0, 0.0, dy])
}

/// Coordinates are lists; longer ones than this are of no use here.
const LONGEST: u64 = 1 << 20;

/// The values of a coordinate of this length, whatever its type.
fn coordinate(folder: &Path, length: u64) -> Option<Vec<f64>> {
    let metadata = Metadata::read(folder).ok().filter(Metadata::is_array)?;
    if metadata.shape().ok()? != [length] || length > LONGEST {
        return None;
    }
    let array = open_array(folder, None).ok()?;
    let whole = array.subset_all();
    Some(match metadata.data_type_name().as_str() {
        "float64" => array.retrieve_array_subset::<Vec<f64>>(&whole).ok()?,
        "float32" => {
            array.retrieve_array_subset::<Vec<f32>>(&whole).ok()?.into_iter().map(f64::from).collect()
        }
        "int64" => {
            array.retrieve_array_subset::<Vec<i64>>(&whole).ok()?.into_iter().map(|v| v as f64).collect()
        }
        "int32" => array.retrieve_array_subset::<Vec<i32>>(&whole).ok()?.into_iter().map(f64::from).collect(),
        _ => return None,
    })
}

/// A date of a CF time axis, `days since 1970-01-01` and the like, as text.
fn date(value: f64, units: &str) -> Option<String> {
    let (step, since) = units.split_once(" since ")?;
    let seconds = match step.trim().trim_end_matches('s') {
        "day" => 86_400.0,
        "hour" => 3600.0,
        "minute" => 60.0,
        "second" => 1.0,
        "millisecond" => 1e-3,
        "microsecond" => 1e-6,
        "nanosecond" => 1e-9,
        _ => return None,
    };
    let mut since = since.trim().split([' ', 'T']);
    let numbers = |text: &str, mark: char| -> Option<Vec<f64>> {
        text.trim_end_matches('Z').split(mark).map(|n| n.parse().ok()).collect()
    };
    let [year, month, day] = numbers(since.next()?, '-')?[..] else { return None };
    let clock = since.next().and_then(|text| numbers(text, ':')).unwrap_or_default();
    let clock: f64 = clock.iter().zip([3600.0, 60.0, 1.0]).map(|(n, unit)| n * unit).sum();
    let total = days(year as i64, month as i64, day as i64) as f64 * 86_400.0 + clock + value * seconds;
    if !total.is_finite() || total.abs() > 1e13 {
        return None;
    }
    let (day, clock) = ((total / 86_400.0).floor(), total.rem_euclid(86_400.0).round() as u64);
    let (year, month, of_month) = civil(day as i64);
    let date = format!("{year:04}-{month:02}-{of_month:02}");
    Some(if clock == 0 {
        date
    } else {
        format!("{date}T{:02}:{:02}:{:02}", clock / 3600, clock / 60 % 60, clock % 60)
    })
}

/// Days since 1970-01-01 of a date of the Gregorian calendar (Hinnant, "chrono-compatible low-level date algorithms").
fn days(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let of_era = year.rem_euclid(400);
    let of_year = (153 * (month + if month > 2 { -3 } else { 9 }) + 2) / 5 + day - 1;
    era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468
}

/// Year, month and day of a number of days since 1970-01-01.
pub fn civil(days: i64) -> (i64, i64, i64) {
    let shifted = days + 719_468;
    let (era, of_era) = (shifted.div_euclid(146_097), shifted.rem_euclid(146_097));
    let year_of_era = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted_month = (5 * of_year + 2) / 153;
    let day = of_year - (153 * shifted_month + 2) / 5 + 1;
    let month = if shifted_month < 10 { shifted_month + 3 } else { shifted_month - 9 };
    (year_of_era + era * 400 + i64::from(month <= 2), month, day)
}

fn name_of_wkt(wkt: &str) -> Option<String> {
    let start = wkt.find("[\"")? + 2;
    let name = &wkt[start..start + wkt[start..].find('"')?];
    (!name.is_empty()).then(|| name.to_owned())
}

/// The code at the end of a WKT: `AUTHORITY["EPSG","32632"]]` or `ID["EPSG",32632]]`, of the whole and not of a part.
fn code_of_wkt(wkt: &str) -> Option<String> {
    let start = wkt.rfind("AUTHORITY[").map(|at| at + 10).or_else(|| wkt.rfind("ID[").map(|at| at + 3))?;
    let (inside, rest) = wkt[start..].split_once(']')?;
    if rest.trim() != "]" {
        return None;
    }
    let parts: Vec<&str> = inside.split(',').map(|part| part.trim().trim_matches('"')).collect();
    match parts[..] {
        [authority, code, ..] if !code.is_empty() => Some(format!("{authority}:{code}")),
        _ => None,
    }
}

/// The code of `http://www.opengis.net/def/crs/EPSG/0/32632`.
fn code_of_url(url: &str) -> Option<String> {
    let (_, rest) = url.split_once("/def/crs/")?;
    match rest.split('/').collect::<Vec<_>>()[..] {
        [authority, _, code] => Some(format!("{authority}:{code}")),
        _ => None,
    }
}

fn code_of_json(id: &Value) -> Option<String> {
    let code = match id.get("code")? {
        Value::String(code) => code.clone(),
        Value::Number(code) => code.to_string(),
        _ => return None,
    };
    Some(format!("{}:{code}", id.get("authority")?.as_str()?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    const UTM: &str = r#"PROJCS["WGS 84 / UTM zone 32N",GEOGCS["WGS 84",AUTHORITY["EPSG","4326"]],UNIT["metre",1,AUTHORITY["EPSG","9001"]],AUTHORITY["EPSG","32632"]]"#;

    fn place(attributes: Value) -> Georeference {
        let mut place = Georeference::from_attributes(&[attributes.as_object().unwrap().clone()]);
        place.measure(100, 200);
        place
    }

    #[test]
    fn each_convention_says_the_same() {
        let transform = json!("600000 10 0 5100000 0 -10");
        let wanted = [600_000.0, 5_099_000.0, 602_000.0, 5_100_000.0];
        for attributes in [
            json!({"spatial_ref": UTM, "GeoTransform": transform}),
            json!({"crs_wkt": UTM, "spatial:transform": [10.0, 0.0, 600_000.0, 0.0, -10.0, 5_100_000.0]}),
            json!({"_CRS": {"wkt": UTM, "url": "http://www.opengis.net/def/crs/EPSG/0/32632"}, "GeoTransform": transform}),
        ] {
            let found = place(attributes);
            assert_eq!(found.system().unwrap(), "EPSG:32632, WGS 84 / UTM zone 32N");
            assert_eq!(found.bounds, Some(wanted));
            assert_eq!(found.pixel_words().unwrap(), "10 × 10 m");
            assert_eq!(found.bounds_words().unwrap(), "x 600000 to 602000, y 5099000 to 5100000");
        }
        let found =
            place(json!({"proj:code": "EPSG:4326", "spatial_ref": "GEOGCRS[\"WGS 84\",ID[\"EPSG\",4326]]"}));
        assert_eq!((found.code.as_deref(), found.unit.as_deref()), (Some("EPSG:4326"), Some("°")));
        assert_eq!(found.bounds, None);
        assert!(place(json!({"spatial_ref": 3, "GeoTransform": "a b"})).is_empty());
    }

    #[test]
    fn a_code_is_that_of_the_whole() {
        assert_eq!(code_of_wkt(UTM).as_deref(), Some("EPSG:32632"));
        assert_eq!(
            code_of_wkt(r#"PROJCS["mine",GEOGCS["WGS 84",AUTHORITY["EPSG","4326"]],UNIT["metre",1]]"#),
            None
        );
    }

    #[test]
    fn dates_follow_the_calendar() {
        assert_eq!(date(59.0, "days since 2000-01-01").as_deref(), Some("2000-02-29"));
        assert_eq!(date(0.0, "days since 1970-01-01T00:00:00Z").as_deref(), Some("1970-01-01"));
        assert_eq!(
            date(1_600_000_000.0, "seconds since 1970-01-01 00:00:00").as_deref(),
            Some("2020-09-13T12:26:40")
        );
        assert_eq!(date(-1.0, "days since 1970-01-01").as_deref(), Some("1969-12-31"));
        assert_eq!(date(1.0, "months since 1970-01-01"), None);
        for day in [-800_000, -1, 0, 11_016, 800_000] {
            let (year, month, of_month) = civil(day);
            assert_eq!(days(year, month, of_month), day);
        }
    }

    #[test]
    fn centres_give_corners() {
        let found = from_centres(Some(vec![5.0, 15.0, 25.0]), Some(vec![95.0, 85.0]));
        assert_eq!(found, Some([0.0, 10.0, 0.0, 100.0, 0.0, -10.0]));
        assert_eq!(from_centres(Some(vec![0.0, 1.0, 5.0]), Some(vec![0.0, 1.0])), None);
    }
}
