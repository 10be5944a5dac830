//! Bands as attributes of a Zarr array.
//!
//! The list `bands` describes each band completely. For readers that know CF, other attributes repeat the properties that all
//! bands have in common (`units`, `scale_factor`, `add_offset`, `_FillValue`), and the classes of a single band (`flag_values`,
//! `flag_meanings`, `flag_colors`).

use super::flags::{of_flags, of_hexadecimal};
use super::{Band, Category, carried};
use crate::conventions::bands::names_of;
use crate::conventions::nodata::{self, SampleKind};
use serde_json::{Map, Value, json};

/// The attributes that [`set_band_attributes`] replaces.
const KEYS: [&str; 12] = [
    "band_names",
    "bands",
    "nodata",
    "_FillValue",
    "missing_value",
    "scale_factor",
    "add_offset",
    "units",
    "long_name",
    "flag_values",
    "flag_meanings",
    "flag_colors",
];

/// Whether an attribute of this name describes the bands of an array.
#[must_use]
pub fn is_of_bands(name: &str) -> bool {
    KEYS.contains(&name) || name == carried::INTERPRETATION || carried::names().any(|known| known == name)
}

/// Replaces the attributes of a data array that describe its bands. A value that means "no data" is left out where no
/// sample of this kind can equal it, such as 0.5 for integers.
pub fn set_band_attributes(attributes: &mut Map<String, Value>, bands: &[Band], kind: SampleKind) {
    for key in KEYS {
        attributes.remove(key);
    }
    let mut set = |key: &str, value: Value| drop(attributes.insert(key.to_owned(), value));
    let names: Option<Vec<&String>> = bands.iter().map(|band| band.name.as_ref()).collect();
    if let Some(names) = names.filter(|names| !names.is_empty()) {
        set("band_names", json!(names));
    }
    let mut declared: Vec<f64> = Vec::new();
    for value in bands.iter().filter_map(|band| band.nodata) {
        // NaN equals nothing, itself included.
        let known = declared.iter().any(|other| other.to_bits() == value.to_bits() || *other == value);
        if !known && nodata::to_json(value, kind).is_some() {
            declared.push(value);
        }
    }
    match declared.as_slice() {
        [] => {}
        [value] => {
            set("nodata", json!(nodata::to_json(*value, kind)));
            set("_FillValue", nodata::to_fill_value(*value, kind));
        }
        several => set("nodata", several.iter().filter_map(|value| nodata::to_json(*value, kind)).collect()),
    }
    if let Some(scale) = shared(bands, |band| band.scale) {
        set("scale_factor", json!(scale));
    }
    if let Some(offset) = shared(bands, |band| band.offset) {
        set("add_offset", json!(offset));
    }
    if let Some(unit) = shared(bands, |band| band.unit.clone()) {
        set("units", json!(unit));
    }
    if let [band] = bands {
        if let Some(name) = &band.name {
            set("long_name", json!(name));
        }
        for (key, value) in flags(&band.categories) {
            set(key, value);
        }
    }
    let stated = |name: &str| {
        // What all have in common, and what a single one has, the array states.
        name != carried::INTERPRETATION && shared(bands, |band| band.attributes.get(name).cloned()).is_some()
    };
    let own = |band: &Band| -> Map<String, Value> {
        let several = band.attributes.iter().filter(|(name, _)| bands.len() > 1 && !stated(name));
        several.map(|(name, value)| (name.clone(), value.clone())).collect()
    };
    let objects: Vec<Value> = bands.iter().map(|band| object(band, kind, own(band))).collect();
    // Bands that have nothing but names are listed in band_names alone.
    let more = |object: &Value| object.as_object().is_some_and(|o| o.keys().any(|key| key != "name"));
    let named = bands.iter().filter(|band| band.name.is_some()).count();
    if objects.iter().any(more) || (named > 0 && named < bands.len()) {
        set("bands", Value::from(objects));
    }
    for name in carried::names() {
        if let Some(value) = shared(bands, |band| band.attributes.get(name).cloned()) {
            match name {
                // What a file says is more than the name of the band, which stands here otherwise.
                "long_name" => drop(attributes.insert(name.to_owned(), value)),
                // Flags that the classes state already stay as they state them.
                _ => drop(attributes.entry(name).or_insert(value)),
            }
        }
    }
}

/// Reads the descriptions of the `count` bands of a data array from its attributes: from `bands` where that has `count` entries,
/// and otherwise from the attributes for all bands. Properties that the attributes do not state stay `None`. A single band without a name
/// is called by its `long_name`.
pub fn bands_of_attributes(attributes: &Map<String, Value>, count: usize) -> Vec<Band> {
    let described = attributes.get("bands").and_then(Value::as_array);
    let described = described.filter(|list| list.len() == count && list.iter().all(Value::is_object));
    let mut bands: Vec<Band> = match described {
        Some(list) => list.iter().map(of_object).collect(),
        None => vec![of_all(attributes); count],
    };
    for (band, name) in bands.iter_mut().zip(names_of(attributes, count).unwrap_or_default()) {
        band.name = band.name.take().or(Some(name));
    }
    // rioxarray lists the units of all bands.
    let units = attributes.get("units").and_then(Value::as_array).filter(|units| units.len() == count);
    for (band, unit) in bands.iter_mut().zip(units.into_iter().flatten()) {
        let unit = unit.as_str().filter(|unit| !unit.is_empty()).map(str::to_owned);
        band.unit = band.unit.take().or(unit);
    }
    if count > 1 {
        // What an array says of its samples holds for each of its bands, unless that says something else.
        let shared = carried::of_all(attributes);
        for band in &mut bands {
            let own = std::mem::take(&mut band.attributes);
            band.attributes = shared.clone();
            band.attributes.extend(own);
        }
    }
    if let [band] = bands.as_mut_slice() {
        let text = |key: &str| attributes.get(key).and_then(Value::as_str).map(str::to_owned);
        band.name = band.name.take().or_else(|| text("long_name"));
        if band.categories.is_empty() {
            band.categories = of_flags(attributes);
        }
        if band.attributes.is_empty() {
            band.attributes = carried::of(attributes);
        }
        if band.attributes.get("long_name").and_then(Value::as_str) == band.name.as_deref() {
            // It is the name of the band, and says no more.
            band.attributes.remove("long_name");
        }
        if !band.categories.is_empty() {
            // These are the classes' own.
            band.attributes.retain(|name, _| name != "flag_values" && name != "flag_meanings");
        }
    }
    bands
}

/// The properties that writers other than this crate state once for all bands.
fn of_all(attributes: &Map<String, Value>) -> Band {
    let number = |key: &str| attributes.get(key).and_then(Value::as_f64);
    Band {
        unit: attributes
            .get("units")
            .and_then(Value::as_str)
            .filter(|unit| !unit.is_empty())
            .map(str::to_owned),
        nodata: nodata::first(attributes),
        scale: number("scale_factor").filter(|scale| *scale != 1.0),
        offset: number("add_offset").filter(|offset| *offset != 0.0),
        ..Band::default()
    }
}

/// A band as an entry of `bands`, with the attributes that it has for itself.
fn object(band: &Band, kind: SampleKind, attributes: Map<String, Value>) -> Value {
    let mut object = attributes;
    let mut set = |key: &str, value: Option<Value>| {
        if let Some(value) = value {
            object.insert(key.to_owned(), value);
        }
    };
    set("name", band.name.as_ref().map(|name| json!(name)));
    set("unit", band.unit.as_ref().map(|unit| json!(unit)));
    set("wavelength_um", band.wavelength_um.map(|v| json!(v)));
    set("nodata", band.nodata.and_then(|value| nodata::to_json(value, kind)));
    set("scale_factor", band.scale.map(|v| json!(v)));
    set("add_offset", band.offset.map(|v| json!(v)));
    let classes = band.categories.iter().map(|class| {
        let mut object = Map::from_iter([("value".to_owned(), json!(class.value))]);
        if let Some(name) = &class.name {
            object.insert("name".to_owned(), json!(name));
        }
        if let Some(colour) = class.colour {
            object.insert("colour".to_owned(), json!(hexadecimal(colour)));
        }
        Value::Object(object)
    });
    set("categories", (!band.categories.is_empty()).then(|| classes.collect()));
    Value::Object(object)
}

fn of_object(object: &Value) -> Band {
    let text = |key: &str| object[key].as_str().map(str::to_owned);
    let classes = object["categories"].as_array().map(Vec::as_slice).unwrap_or_default();
    Band {
        name: text("name"),
        unit: text("unit"),
        wavelength_um: object["wavelength_um"].as_f64(),
        nodata: nodata::from_json(&object["nodata"]),
        scale: object["scale_factor"].as_f64(),
        offset: object["add_offset"].as_f64(),
        categories: classes
            .iter()
            .filter_map(|class| {
                Some(Category {
                    value: class["value"].as_i64()?,
                    name: class["name"].as_str().map(str::to_owned),
                    colour: class["colour"].as_str().and_then(of_hexadecimal),
                })
            })
            .collect(),
        attributes: object.as_object().map(carried::of).unwrap_or_default(),
    }
}

/// CF's attributes for the classes that have names. Blanks separate names there, so `_` stands for those within a name.
fn flags(classes: &[Category]) -> Vec<(&'static str, Value)> {
    let named: Vec<(&Category, String)> = classes
        .iter()
        .filter_map(|class| {
            let words: Vec<&str> = class.name.as_deref()?.split_whitespace().collect();
            (!words.is_empty()).then(|| (class, words.join("_")))
        })
        .collect();
    if named.is_empty() {
        return Vec::new();
    }
    let values: Vec<i64> = named.iter().map(|(class, _)| class.value).collect();
    let meanings: Vec<&str> = named.iter().map(|(_, name)| name.as_str()).collect();
    let mut flags = vec![("flag_values", json!(values)), ("flag_meanings", json!(meanings.join(" ")))];
    let colours: Option<Vec<String>> =
        named.iter().map(|(class, _)| class.colour.map(|[r, g, b, _]| hexadecimal([r, g, b, 255]))).collect();
    if let Some(colours) = colours {
        flags.push(("flag_colors", json!(colours.join(" "))));
    }
    flags
}

fn shared<T: PartialEq>(bands: &[Band], pick: impl Fn(&Band) -> Option<T>) -> Option<T> {
    let first = pick(bands.first()?)?;
    bands.iter().all(|band| pick(band).as_ref() == Some(&first)).then_some(first)
}

fn hexadecimal([r, g, b, a]: [u8; 4]) -> String {
    let opaque = format!("#{r:02x}{g:02x}{b:02x}");
    if a == 255 { opaque } else { format!("{opaque}{a:02x}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(bands: &[Band], kind: SampleKind) -> Map<String, Value> {
        let mut attributes = Map::new();
        set_band_attributes(&mut attributes, bands, kind);
        attributes
    }

    fn band(name: &str) -> Band {
        Band {
            name: Some(name.to_owned()),
            unit: Some("1".to_owned()),
            wavelength_um: Some(0.665),
            nodata: Some(-9999.0),
            scale: Some(0.0001),
            offset: Some(-0.1),
            categories: Vec::new(),
            attributes: Map::new(),
        }
    }

    #[test]
    fn bands_go_there_and_back() {
        let bands = [band("B04"), Band { unit: None, wavelength_um: None, scale: Some(2.0), ..band("B8A") }];
        let attributes = written(&bands, SampleKind::Integer);
        assert_eq!(bands_of_attributes(&attributes, 2), bands);
        assert_eq!(attributes["band_names"], json!(["B04", "B8A"]));
        assert_eq!((&attributes["nodata"], &attributes["_FillValue"]), (&json!(-9999), &json!(-9999)));
        assert_eq!(attributes["add_offset"], -0.1);
        assert!(!attributes.contains_key("units") && !attributes.contains_key("scale_factor"));
        assert_eq!(
            attributes["bands"][1],
            json!({"name": "B8A", "nodata": -9999, "scale_factor": 2.0, "add_offset": -0.1})
        );
        // Attributes for another number of bands are ignored.
        assert_eq!(bands_of_attributes(&attributes, 3)[0].name, None);
    }

    #[test]
    fn names_alone_need_no_objects() {
        let bands = ["a", "b"].map(|name| Band { name: Some(name.to_owned()), ..Band::default() });
        let attributes = written(&bands, SampleKind::Integer);
        assert_eq!(Value::Object(attributes.clone()), json!({"band_names": ["a", "b"]}));
        assert_eq!(bands_of_attributes(&attributes, 2), bands);
        let older = json!({"bands": ["a", "b"]});
        assert_eq!(bands_of_attributes(older.as_object().unwrap(), 2), bands);
        assert_eq!(written(&[Band::default()], SampleKind::Float), Map::new());
    }

    #[test]
    fn values_that_are_no_numbers_in_json_are_spelt() {
        let nan = Band { nodata: Some(f64::NAN), ..Band::default() };
        let attributes = written(&[nan.clone(), nan], SampleKind::Float);
        assert_eq!(
            (&attributes["nodata"], &attributes["_FillValue"]),
            (&json!("NaN"), &json!("AAAAAAAA+H8="))
        );
        assert!(bands_of_attributes(&attributes, 2)[1].nodata.unwrap().is_nan());
        let only = Map::from_iter([("_FillValue".to_owned(), json!("AAAAAACHw8A="))]);
        assert_eq!(bands_of_attributes(&only, 1)[0].nodata, Some(-9998.0));
        let half = Band { nodata: Some(0.5), ..Band::default() };
        assert_eq!(written(&[half], SampleKind::Integer), Map::new());
        let two = [0.0, 255.0].map(|nodata| Band { nodata: Some(nodata), ..Band::default() });
        let attributes = written(&two, SampleKind::Integer);
        assert_eq!(attributes["nodata"], json!([0, 255]));
        assert!(!attributes.contains_key("_FillValue"));
        assert_eq!(bands_of_attributes(&attributes, 2), two);
    }

    #[test]
    fn classes_are_flags_of_a_single_band() {
        let class =
            |value, name: Option<&str>, colour| Category { value, name: name.map(str::to_owned), colour };
        let band = Band {
            categories: vec![
                class(0, None, Some([1, 2, 3, 0])),
                class(11, Some("Open Water"), Some([71, 107, 160, 255])),
                class(12, Some("Ice"), Some([209, 221, 249, 255])),
            ],
            ..Band::default()
        };
        let attributes = written(std::slice::from_ref(&band), SampleKind::Integer);
        assert_eq!(attributes["flag_values"], json!([11, 12]));
        assert_eq!(attributes["flag_meanings"], "Open_Water Ice");
        assert_eq!(attributes["flag_colors"], "#476ba0 #d1ddf9");
        assert_eq!(attributes["bands"][0]["categories"][0], json!({"value": 0, "colour": "#01020300"}));
        assert_eq!(bands_of_attributes(&attributes, 1), [band]);
        let mut cf = attributes;
        cf.remove("bands");
        let read = bands_of_attributes(&cf, 1);
        assert_eq!(read[0].categories[0], class(11, Some("Open_Water"), Some([71, 107, 160, 255])));
        assert_eq!(of_hexadecimal("#12é45"), None);
    }
}
