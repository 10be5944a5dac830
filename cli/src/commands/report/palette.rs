//! How to show a single band: classes with the colours from its metadata, heights, or samples in grey.

use serde_json::Value;
use std::collections::BTreeMap;
use vqz_archive::RasterInfo;
use vqz_report::palette::distinct;

/// The kind of data in a single band.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Palette {
    /// Classes, by their values.
    Classes(BTreeMap<i64, Class>),
    /// Heights.
    Terrain,
    /// Anything else.
    Grey,
}

/// A class.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Class {
    /// Its name.
    pub(crate) name: Option<String>,
    /// Red, green and blue.
    pub(crate) colour: Option<[u8; 3]>,
}

/// The kind of data that the metadata of a single band suggest.
pub(crate) fn suggested(info: &RasterInfo) -> Palette {
    let attributes = info.metadata.attributes();
    let mut classes = flags(&attributes);
    let bands = attributes.get("bands").and_then(Value::as_array);
    let band = bands.and_then(|list| list.first()).cloned().unwrap_or_default();
    let categories =
        band.get("categories").or_else(|| attributes.get("categories")).and_then(Value::as_array);
    for category in categories.into_iter().flatten() {
        let Some(value) = category.get("value").and_then(Value::as_i64) else { continue };
        let name = category.get("name").and_then(Value::as_str).map(str::to_owned);
        let colour = ["colour", "color"].iter().find_map(|key| colour(category.get(key)?));
        classes.insert(value, Class { name, colour });
    }
    if !classes.is_empty() {
        return Palette::Classes(classes);
    }
    let texts = ["standard_name", "long_name", "title", "name", "description"];
    let described = texts.iter().filter_map(|key| attributes.get(*key).or_else(|| band.get(*key))?.as_str());
    let names = info.metadata.band_names().unwrap_or_default();
    let about = format!("{} {} {}", described.collect::<Vec<_>>().join(" "), names.join(" "), info.label)
        .to_lowercase();
    let heights = ["elev", "height", "altitude", "terrain", "dem.", "srtm", "dem "];
    if heights.iter().any(|word| about.contains(word)) { Palette::Terrain } else { Palette::Grey }
}

/// CF's `flag_values`, `flag_meanings` and `flag_colors`.
fn flags(attributes: &serde_json::Map<String, Value>) -> BTreeMap<i64, Class> {
    let values = attributes.get("flag_values").and_then(Value::as_array).cloned().unwrap_or_default();
    let words = |key: &str| match attributes.get(key) {
        Some(Value::String(text)) => {
            text.split_whitespace().map(|word| Value::from(word.to_owned())).collect()
        }
        Some(Value::Array(list)) => list.clone(),
        _ => Vec::new(),
    };
    let (meanings, colours) = (words("flag_meanings"), words("flag_colors"));
    let one = |(i, value): (usize, &Value)| {
        let name = meanings.get(i).and_then(Value::as_str).map(|name| name.replace('_', " "));
        Some((value.as_i64()?, Class { name, colour: colours.get(i).and_then(colour) }))
    };
    values.iter().enumerate().filter_map(one).collect()
}

/// `#rrggbb`, or a list of three or four numbers.
fn colour(value: &Value) -> Option<[u8; 3]> {
    match value {
        Value::String(text) => {
            let digits = text.trim_start_matches('#');
            let part = |at: usize| u8::from_str_radix(digits.get(at..at + 2)?, 16).ok();
            Some([part(0)?, part(2)?, part(4)?])
        }
        Value::Array(list) => {
            let part = |at: usize| u8::try_from(list.get(at)?.as_u64()?).ok();
            Some([part(0)?, part(1)?, part(2)?])
        }
        _ => None,
    }
}

/// The colour of a class: its own, or a distinct one that depends on its position in the list.
pub(crate) fn of_class(class: Option<&Class>, index: usize) -> [u8; 3] {
    class.and_then(|class| class.colour).unwrap_or(distinct(index))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn classes_are_read_from_either_convention() {
        let attributes = json!({"flag_values": [11, 41], "flag_meanings": "open_water forest", "flag_colors": "#466b9f #68ab5f"});
        let found = flags(attributes.as_object().unwrap());
        assert_eq!(found[&41], Class { name: Some("forest".to_owned()), colour: Some([104, 171, 95]) });
        assert_eq!(found[&11].name.as_deref(), Some("open water"));
        assert_eq!(colour(&json!([1, 2, 3, 255])), Some([1, 2, 3]));
        assert_eq!((colour(&json!("#12")), colour(&json!([1, 2, 300]))), (None, None));
        assert_eq!(of_class(None, 21), distinct(1));
    }
}
