//! Lists of names as people write them: `["B04", "B03"]`, `[0, 1]`, or `B04,B03` on a command line.

use serde::de::{Error, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};
use std::fmt;
use std::ops::Deref;

/// Names, or numbers in their place.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Names(pub Vec<String>);

impl Deref for Names {
    type Target = [String];

    fn deref(&self) -> &[String] {
        &self.0
    }
}

impl<const N: usize> From<[&str; N]> for Names {
    fn from(names: [&str; N]) -> Self {
        Self(names.map(str::to_owned).to_vec())
    }
}

impl<'de> Deserialize<'de> for Names {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(List)
    }
}

/// What both visitors expect.
const EXPECTED: &str = "a list of names or numbers such as [\"B04\", \"B03\"], [0, 1] or B04,B03";

struct List;

impl<'de> Visitor<'de> for List {
    type Value = Names;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(EXPECTED)
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Names, E> {
        let parts = text.split(',').map(|part| part.trim().to_owned());
        Ok(Names(parts.filter(|part| !part.is_empty()).collect()))
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<Names, E> {
        Name.visit_i64(number).map(|name| Names(vec![name]))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Names, A::Error> {
        let mut names = Vec::new();
        while let Some(Part(name)) = list.next_element()? {
            names.push(name);
        }
        Ok(Names(names))
    }
}

/// One entry of a list.
struct Part(String);

impl<'de> Deserialize<'de> for Part {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Name).map(Part)
    }
}

struct Name;

impl Visitor<'_> for Name {
    type Value = String;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(EXPECTED)
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<String, E> {
        Ok(text.to_owned())
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<String, E> {
        let unexpected = || E::invalid_value(serde::de::Unexpected::Signed(number), &self);
        u64::try_from(number).map(|number| number.to_string()).map_err(|_| unexpected())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_taken_however_they_are_written() {
        let read = |text: &str| {
            let mut table: toml::Table = format!("names = {text}").parse().unwrap();
            Names::deserialize(table.remove("names").unwrap()).map_err(|e| e.to_string())
        };
        assert_eq!(read("['B04', 'B03']").unwrap(), Names::from(["B04", "B03"]));
        assert_eq!(read("[0, 4]").unwrap(), Names::from(["0", "4"]));
        assert_eq!(read("'B04, 0-3'").unwrap(), Names::from(["B04", "0-3"]));
        assert_eq!(read("7").unwrap(), Names::from(["7"]));
        assert!(read("[-1]").unwrap_err().contains("a list of names or numbers"));
        assert!(read("[1.5]").unwrap_err().contains("a list of names or numbers"));
    }
}
