//! Names of bands, and the selection of bands by name or number.

use crate::conventions::ConventionError;
use serde_json::{Map, Value};

/// The attributes that list names of bands, in the order in which they are read.
const KEYS: [&str; 2] = ["band_names", "bands"];

/// The names that attributes list, whatever their number: a list of texts in `band_names` or, from older writers, `bands`.
#[must_use]
pub fn names(attributes: &Map<String, Value>) -> Option<Vec<String>> {
    KEYS.iter().find_map(|key| texts(attributes.get(*key)?))
}

/// The names that attributes list for `count` bands; lists of another length are ignored.
#[must_use]
pub fn names_of(attributes: &Map<String, Value>, count: usize) -> Option<Vec<String>> {
    KEYS.iter().find_map(|key| texts(attributes.get(*key)?).filter(|names| names.len() == count))
}

fn texts(list: &Value) -> Option<Vec<String>> {
    list.as_array()?.iter().map(|name| name.as_str().map(str::to_owned)).collect()
}

/// The numbers, from 0, of chosen bands, in the order of the choice. Each part of a choice is a name, a number or a range
/// of numbers such as `0-3`. Names are tried first, because a band may be called `7`.
///
/// # Errors
/// [`ConventionError::NoSuchBand`] when a part names no band of the array.
pub fn choose(parts: &[String], count: u64, names: Option<&[String]>) -> Result<Vec<u64>, ConventionError> {
    let mut chosen = Vec::new();
    for part in parts {
        if let Some(at) = names.and_then(|names| names.iter().position(|name| name == part)) {
            chosen.push(at as u64);
            continue;
        }
        let (first, last) = part.split_once('-').unwrap_or((part, part));
        match (first.parse::<u64>(), last.parse::<u64>()) {
            (Ok(first), Ok(last)) if first <= last && last < count => chosen.extend(first..=last),
            _ => {
                return Err(ConventionError::NoSuchBand {
                    asked: part.clone(),
                    last: count.saturating_sub(1),
                    names: names.unwrap_or_default().to_vec(),
                });
            }
        }
    }
    Ok(chosen)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn names_are_lists_of_texts() {
        let read = |attributes: Value| names(attributes.as_object().unwrap());
        let expected = Some(vec!["a".to_owned(), "b".to_owned()]);
        assert_eq!(read(json!({"band_names": ["a", "b"]})), expected);
        assert_eq!(read(json!({"bands": ["a", "b"], "band_names": "a"})), expected);
        assert_eq!(read(json!({"bands": [{"name": "a"}]})), None);
        let other = json!({"band_names": ["a"], "bands": ["a", "b"]});
        assert_eq!(names_of(other.as_object().unwrap(), 2), expected);
        assert_eq!(names_of(other.as_object().unwrap(), 3), None);
    }

    #[test]
    fn bands_are_named_or_numbered() {
        let names = ["B01", "B02", "B03", "0"].map(str::to_owned);
        let numbers = |parts: &[&str]| {
            choose(&parts.iter().map(|part| (*part).to_owned()).collect::<Vec<_>>(), 4, Some(&names))
        };
        assert_eq!(numbers(&["B03", "B01"]), Ok(vec![2, 0]));
        assert_eq!(numbers(&["0-2", "0"]), Ok(vec![0, 1, 2, 3]));
        assert_eq!(
            numbers(&["B8A"]).unwrap_err().to_string(),
            "band \"B8A\" is not there; allowed are 0 to 3 or B01, B02, B03, 0"
        );
        assert!(numbers(&["2-4"]).is_err() && numbers(&["2-1"]).is_err());
        let error = choose(&["B1".to_owned()], 2, None).unwrap_err().to_string();
        assert_eq!(error, "band \"B1\" is not there; allowed are 0 to 1");
    }
}
