//! Names of bands, and the selection of bands by name or number.

use crate::conventions::ConventionError;
use serde_json::{Map, Value};

/// The attributes that list names of bands, in the order in which they are read. The last is rioxarray's.
const KEYS: [&str; 3] = ["band_names", "bands", "long_name"];

/// The names that attributes list, whatever their number: a list of texts in `band_names` or, from other writers, `bands` or `long_name`.
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
/// [`ConventionError::NoSuchBand`] when a part names no band of the array, [`ConventionError::SeveralBands`] when it names several.
pub fn choose(parts: &[String], count: u64, names: Option<&[String]>) -> Result<Vec<u64>, ConventionError> {
    let mut chosen = Vec::new();
    for part in parts {
        let all = names.unwrap_or_default().iter().enumerate();
        let named: Vec<u64> = all.filter(|(_, name)| *name == part).map(|(at, _)| at as u64).collect();
        match named[..] {
            [] => {}
            [at] => {
                chosen.push(at);
                continue;
            }
            _ => return Err(ConventionError::SeveralBands { asked: part.clone(), numbers: named }),
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

/// How the bands of an array and those that a model expects go together, by their names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BandMatch {
    /// One of them has no names that say anything, so that only the order is left to go by.
    Unnamed,
    /// The same names in the same order.
    Same,
    /// The same names in another order: for each expected band, the array's band.
    Reordered(Vec<usize>),
    /// Other names.
    Other,
}

/// Matches the names of an array's bands with those that a model expects. Spellings of one name count as equal: `B2`, `B02` and
/// `band_2`, `NIR` and `nir`.
#[must_use]
pub fn match_names(found: &[String], expected: &[String]) -> BandMatch {
    if !say_something(found) || !say_something(expected) {
        return BandMatch::Unnamed;
    }
    let (found, expected) = (spelled_alike(found), spelled_alike(expected));
    if found == expected {
        return BandMatch::Same;
    }
    let order: Option<Vec<usize>> =
        expected.iter().map(|name| found.iter().position(|other| other == name)).collect();
    match order {
        Some(order) if found.len() == expected.len() && distinct(&found) && distinct(&expected) => {
            BandMatch::Reordered(order)
        }
        _ => BandMatch::Other,
    }
}

/// Whether these are names, and not just a count from 0 or 1: `1`, `2`, …, or `band0`, `band1`, ….
fn say_something(names: &[String]) -> bool {
    let number = |name: &String| {
        let name = name.to_lowercase();
        let rest = ["band ", "band_", "band"].iter().find_map(|prefix| name.strip_prefix(prefix));
        rest.unwrap_or(&name).parse::<usize>().ok()
    };
    let counts_from =
        |first: usize| names.iter().enumerate().all(|(i, name)| number(name) == Some(first + i));
    !counts_from(0) && !counts_from(1)
}

fn distinct(names: &[String]) -> bool {
    names.iter().collect::<std::collections::HashSet<_>>().len() == names.len()
}

/// Names in one spelling: letters and digits only, in lower case, `band` shortened to `b`, numbers without leading zeros. Where
/// this makes names equal that were different, only the case is changed.
fn spelled_alike(names: &[String]) -> Vec<String> {
    let short = |name: &String| {
        let plain: String = name
            .to_lowercase()
            .chars()
            .filter(|c| c.is_alphanumeric())
            .collect::<String>()
            .replacen("band", "b", 1);
        match plain.strip_prefix('b').map(|rest| rest.trim_start_matches('0')) {
            Some(rest) if rest.starts_with(|c: char| c.is_ascii_digit()) => format!("b{rest}"),
            _ => plain,
        }
    };
    let spelled: Vec<String> = names.iter().map(short).collect();
    if distinct(&spelled) { spelled } else { names.iter().map(|name| name.to_lowercase()).collect() }
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
        assert_eq!(read(json!({"long_name": ["a", "b"]})), expected);
        assert_eq!(read(json!({"long_name": "a"})), None);
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
        let twins = ["a", "b", "a"].map(str::to_owned);
        assert_eq!(
            choose(&["a".to_owned()], 3, Some(&twins)).unwrap_err().to_string(),
            "several bands are called \"a\": 0, 2; choose by number"
        );
        assert_eq!(choose(&["2".to_owned(), "b".to_owned()], 3, Some(&twins)), Ok(vec![2, 1]));
        assert!(numbers(&["2-4"]).is_err() && numbers(&["2-1"]).is_err());
        let error = choose(&["B1".to_owned()], 2, None).unwrap_err().to_string();
        assert_eq!(error, "band \"B1\" is not there; allowed are 0 to 1");
    }

    #[test]
    fn bands_are_matched_by_name() {
        let list = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
        let matched = |found: &[&str], expected: &[&str]| match_names(&list(found), &list(expected));
        let model = ["B02", "B03", "B8A"];
        assert_eq!(matched(&["B02", "B03", "B8A"], &model), BandMatch::Same);
        assert_eq!(matched(&["b2", "Band 3", "b8a"], &model), BandMatch::Same);
        assert_eq!(matched(&["B8A", "B02", "B03"], &model), BandMatch::Reordered(vec![1, 2, 0]));
        assert_eq!(matched(&["B02", "B03", "B08"], &model), BandMatch::Other);
        assert_eq!(matched(&["B02", "B03", "B8A", "B11"], &model), BandMatch::Other);
        assert_eq!(matched(&["B02", "B02", "B8A"], &model), BandMatch::Other);
        // A count says nothing but the order.
        assert_eq!(matched(&["1", "2", "3"], &model), BandMatch::Unnamed);
        assert_eq!(matched(&["red", "nir"], &["band0", "band1"]), BandMatch::Unnamed);
        assert_eq!(
            matched(&["band_4", "band_3", "band_2"], &["B02", "B03", "B04"]),
            BandMatch::Reordered(vec![2, 1, 0])
        );
        assert_eq!(matched(&["Band 2", "Band 1"], &["nir", "red"]), BandMatch::Other);
        assert_eq!(matched(&["490", "560", "665"], &model), BandMatch::Other);
        // Spellings that would make two names one are left alone.
        assert_eq!(matched(&["b1", "B01", "x"], &["B01", "b1", "x"]), BandMatch::Reordered(vec![1, 0, 2]));
        assert_eq!(matched(&["NIR", "Red"], &["red", "nir"]), BandMatch::Reordered(vec![1, 0]));
    }
}
