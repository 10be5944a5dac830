//! Properties of a coordinate reference system, found in the text of its definition without GDAL: its name, the code that an
//! authority gave it, and the unit of its coordinates.

use super::Georeference;
use serde_json::Value;

impl Georeference {
    /// The code of the coordinate reference system: the one that is stated, or that of the PROJJSON or the WKT.
    #[must_use]
    pub fn reference_code(&self) -> Option<String> {
        let stated = self.code.clone();
        let stated = stated.or_else(|| code_of_projjson(self.projjson.as_ref()?.get("id")?));
        stated.or_else(|| code_of_wkt(self.wkt.as_ref()?))
    }

    /// The name of the coordinate reference system.
    #[must_use]
    pub fn reference_name(&self) -> Option<String> {
        let name = self.wkt.as_deref().and_then(name_of_wkt);
        name.or_else(|| self.projjson.as_ref()?.get("name")?.as_str().map(str::to_owned))
    }

    /// The unit of coordinates, `°` or `m`, where the text states it.
    #[must_use]
    pub fn unit(&self) -> Option<&'static str> {
        let wkt = self.wkt.as_deref().unwrap_or_default().trim_start();
        let kind = self.projjson.as_ref().and_then(|json| json.get("type")?.as_str()).unwrap_or_default();
        if wkt.starts_with("GEOG") || kind.starts_with("Geog") {
            return Some("°");
        }
        // The unit of the projection comes last.
        let unit = wkt.rfind("UNIT[\"").map_or("", |at| &wkt[at + 6..]);
        (wkt.starts_with("PROJ") && unit.to_ascii_lowercase().starts_with("met")).then_some("m")
    }
}

fn name_of_wkt(wkt: &str) -> Option<String> {
    let start = wkt.find("[\"")? + 2;
    let name = &wkt[start..start + wkt[start..].find('"')?];
    (!name.is_empty()).then(|| name.to_owned())
}

/// The code at the end of a WKT, `AUTHORITY["EPSG","32632"]]` or `ID["EPSG",32632]]`, which is that of the whole system and not of
/// a part such as its datum.
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

fn code_of_projjson(id: &Value) -> Option<String> {
    let code = match id.get("code")? {
        Value::String(code) => code.clone(),
        Value::Number(code) => code.to_string(),
        _ => return None,
    };
    Some(format!("{}:{code}", id.get("authority")?.as_str()?))
}

/// The code in a URL such as `http://www.opengis.net/def/crs/EPSG/0/32632`.
pub(super) fn code_of_url(url: &str) -> Option<String> {
    let (_, path) = url.split_once("/def/crs/")?;
    match path.split('/').collect::<Vec<_>>()[..] {
        [authority, _, code] => Some(format!("{authority}:{code}")),
        _ => None,
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use serde_json::json;

    pub(in super::super) const UTM: &str = r#"PROJCS["WGS 84 / UTM zone 32N",GEOGCS["WGS 84",AUTHORITY["EPSG","4326"]],UNIT["metre",1,AUTHORITY["EPSG","9001"]],AUTHORITY["EPSG","32632"]]"#;

    fn of_wkt(wkt: &str) -> Georeference {
        Georeference { wkt: Some(wkt.to_owned()), ..Georeference::default() }
    }

    #[test]
    fn a_wkt_names_itself() {
        let utm = of_wkt(UTM);
        assert_eq!(utm.reference_code().as_deref(), Some("EPSG:32632"));
        assert_eq!(utm.reference_name().as_deref(), Some("WGS 84 / UTM zone 32N"));
        assert_eq!(utm.unit(), Some("m"));
        let degrees = of_wkt("GEOGCRS[\"WGS 84\",ID[\"EPSG\",4326]]");
        assert_eq!((degrees.reference_code().as_deref(), degrees.unit()), (Some("EPSG:4326"), Some("°")));
    }

    #[test]
    fn a_code_is_that_of_the_whole() {
        let mine = of_wkt(r#"PROJCS["mine",GEOGCS["WGS 84",AUTHORITY["EPSG","4326"]],UNIT["foot",0.3048]]"#);
        assert_eq!((mine.reference_code(), mine.unit()), (None, None));
    }

    #[test]
    fn a_projjson_names_itself() {
        let json = json!({
            "type": "GeographicCRS", "name": "WGS 84", "id": {"authority": "EPSG", "code": 4326},
        });
        let found = Georeference { projjson: Some(json), ..Georeference::default() };
        assert_eq!(found.reference_code().as_deref(), Some("EPSG:4326"));
        assert_eq!((found.reference_name().as_deref(), found.unit()), (Some("WGS 84"), Some("°")));
        assert_eq!(code_of_url("http://www.opengis.net/def/crs/EPSG/0/32632").as_deref(), Some("EPSG:32632"));
        assert_eq!(code_of_url("http://www.opengis.net/def/crs/EPSG"), None);
    }
}
