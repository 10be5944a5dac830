//! CF's attributes that say what the samples of a band are, and that go with them from file to file as they stand.

#[cfg(feature = "gdal")]
use super::{Band, flags};
#[cfg(feature = "gdal")]
use serde_json::json;
use serde_json::{Map, Value};

/// The attributes that are texts.
const TEXTS: [&str; 5] = ["standard_name", "long_name", "cell_methods", "comment", "flag_meanings"];

/// The attributes that are numbers, and whether there may be several of them.
const NUMBERS: [(&str, bool); 5] = [
    ("flag_values", true),
    ("flag_masks", true),
    ("valid_range", true),
    ("valid_min", false),
    ("valid_max", false),
];

/// The attributes that are samples as they are stored.
#[cfg(feature = "gdal")]
pub(crate) const OF_SAMPLES: [&str; 5] =
    ["flag_values", "flag_masks", "valid_range", "valid_min", "valid_max"];

/// The attribute that says what bands show, in GDAL's words: of an array, a list for its bands; of a band of a cube, `Alpha` where it
/// holds transparency. Bands never share it.
pub const INTERPRETATION: &str = "color_interpretation";

/// The names of all of them that bands may share.
pub(super) fn names() -> impl Iterator<Item = &'static str> {
    TEXTS.into_iter().chain(NUMBERS.into_iter().map(|(name, _)| name))
}

/// Whether an attribute of this name goes with a band.
#[cfg(feature = "gdal")]
pub(crate) fn is_carried(name: &str) -> bool {
    names().any(|known| known == name)
}

/// Those among the attributes of an array or of one of its bands.
pub(super) fn of(attributes: &Map<String, Value>) -> Map<String, Value> {
    let names = names().chain([INTERPRETATION]);
    names.filter_map(|name| Some((name.to_owned(), attributes.get(name)?.clone()))).collect()
}

/// Those among the attributes of an array that hold for each of several bands: all but lists, which may have an entry for each.
pub(super) fn of_all(attributes: &Map<String, Value>) -> Map<String, Value> {
    let texts = TEXTS.into_iter().filter(|name| attributes.get(*name).is_some_and(Value::is_string));
    let numbers = NUMBERS.into_iter().map(|(name, _)| name);
    texts.chain(numbers).filter_map(|name| Some((name.to_owned(), attributes.get(name)?.clone()))).collect()
}

/// Those that GDAL states as texts, such as `flag_values={1,2}`. `text` gives the text of a name.
#[cfg(feature = "gdal")]
fn of_texts(text: impl Fn(&str) -> Option<String>) -> Map<String, Value> {
    let mut found = Map::new();
    for name in TEXTS {
        if let Some(text) = text(name).map(|text| text.trim().to_owned()).filter(|text| !text.is_empty()) {
            found.insert(name.to_owned(), Value::from(text));
        }
    }
    for (name, several) in NUMBERS {
        let Some(numbers) = text(name).and_then(|text| numbers(&text)) else { continue };
        match (&numbers[..], several) {
            ([only], false) => drop(found.insert(name.to_owned(), only.clone())),
            ([], _) | (_, false) => {}
            (several, true) => drop(found.insert(name.to_owned(), json!(several))),
        }
    }
    found
}

/// Attributes as GDAL states them: numbers as `{1,2}`.
#[cfg(feature = "gdal")]
pub(super) fn texts(attributes: &Map<String, Value>) -> impl Iterator<Item = (&str, String)> {
    // GDAL has a field of its own for it.
    attributes.iter().filter(|(name, _)| *name != INTERPRETATION).map(|(name, value)| {
        let text = match value {
            Value::String(text) => text.clone(),
            Value::Array(numbers) => {
                let numbers: Vec<String> = numbers.iter().map(Value::to_string).collect();
                format!("{{{}}}", numbers.join(","))
            }
            other => other.to_string(),
        };
        (name.as_str(), text)
    })
}

/// Gives a band the attributes that GDAL states as texts, and the classes that they name. `text` gives the text of a name.
#[cfg(feature = "gdal")]
pub(crate) fn give_attributes(band: &mut Band, text: impl Fn(&str) -> Option<String>) {
    let mut found = of_texts(text);
    // Flags that are bits are no list of classes: several hold at once.
    if band.categories.is_empty() && !found.contains_key("flag_masks") {
        band.categories = flags::of_flags(&found);
        if !band.categories.is_empty() {
            // The classes state these.
            found.retain(|name, _| name != "flag_values" && name != "flag_meanings");
        }
    }
    band.attributes = found;
}

/// The numbers of a text: `{1,2}`, `1 2` or `1, 2`; `None` where a word is none.
#[cfg(feature = "gdal")]
fn numbers(text: &str) -> Option<Vec<Value>> {
    let text = text.trim().trim_start_matches(['{', '[']).trim_end_matches(['}', ']']);
    let words = text.split(|c: char| c == ',' || c.is_whitespace()).filter(|word| !word.is_empty());
    words.map(|word| number(word.trim_end_matches(|c: char| c.is_ascii_alphabetic()))).collect()
}

#[cfg(feature = "gdal")]
fn number(word: &str) -> Option<Value> {
    let whole = word.parse::<i64>().ok().map(Value::from);
    whole.or_else(|| word.parse::<f64>().ok().filter(|v| v.is_finite()).map(Value::from))
}

#[cfg(all(test, feature = "gdal"))]
mod tests {
    use super::*;

    #[test]
    fn texts_of_gdal_are_attributes_again() {
        let items = [
            ("flag_values", "{0,1,2}"),
            ("flag_meanings", "a b c"),
            ("valid_range", "-200, 1000.5"),
            ("valid_min", "{1,2}"),
            ("valid_max", "7"),
            ("standard_name", "  "),
            ("flag_masks", "1 x"),
        ];
        let found = of_texts(|name| items.iter().find(|(key, _)| *key == name).map(|(_, v)| (*v).to_owned()));
        let expected = json!({
            "flag_values": [0, 1, 2], "flag_meanings": "a b c", "valid_range": [-200, 1000.5], "valid_max": 7
        });
        assert_eq!(Value::Object(found.clone()), expected);
        let written: Map<String, Value> =
            texts(&found).map(|(name, text)| (name.to_owned(), Value::from(text))).collect();
        assert_eq!(of_texts(|name| written.get(name)?.as_str().map(str::to_owned)), found);
        let mut band = Band::default();
        give_attributes(&mut band, |name| {
            found.get(name).map(|v| v.as_str().map_or(v.to_string(), str::to_owned))
        });
        assert_eq!((band.categories[2].value, band.categories[2].name.as_deref()), (2, Some("c")));
        assert!(band.attributes.contains_key("valid_range") && !band.attributes.contains_key("flag_values"));
        let mut bits = Band::default();
        give_attributes(&mut bits, |name| (name != "flag_meanings").then(|| "1 2".to_owned()));
        assert!(bits.categories.is_empty() && bits.attributes["flag_masks"] == json!([1, 2]));
    }
}
