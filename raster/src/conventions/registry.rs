//! The Zarr conventions that attributes declare to follow, in their list `zarr_conventions`.
//!
//! A convention keeps its UUID in all releases. Its entry also links the schema and the text of one release. Older releases had
//! other links, and names that end in a colon (`proj:`, `spatial:`).
//! See <https://github.com/zarr-conventions>.

use serde_json::{Map, Value, json};

/// The attribute that lists conventions.
pub const KEY: &str = "zarr_conventions";

/// The release of the conventions whose links are written.
const RELEASE: &str = "v0.1";

/// A convention that this crate writes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Convention {
    /// Levels of resolution of one raster.
    Multiscales,
    /// Coordinate reference systems.
    Proj,
    /// The map from pixels to coordinates.
    Spatial,
}

impl Convention {
    fn name(self) -> &'static str {
        match self {
            Self::Multiscales => "multiscales",
            Self::Proj => "proj",
            Self::Spatial => "spatial",
        }
    }

    fn uuid(self) -> &'static str {
        match self {
            Self::Multiscales => "d35379db-88df-4056-af3a-620245f8e347",
            Self::Proj => "f17cb550-5864-4468-aeb7-f3180cfb622f",
            Self::Spatial => "689b58e2-cf7b-45e0-9fff-9cfc0883d6b4",
        }
    }

    fn description(self) -> &'static str {
        match self {
            Self::Multiscales => "Multiscale layout of zarr datasets",
            Self::Proj => "Coordinate reference system information for geospatial data",
            Self::Spatial => "Spatial coordinate information",
        }
    }

    /// Its entry in the list.
    #[must_use]
    pub fn entry(self) -> Value {
        let name = self.name();
        json!({
            "schema_url":
                format!("https://raw.githubusercontent.com/zarr-conventions/{name}/refs/tags/{RELEASE}/schema.json"),
            "spec_url": format!("https://github.com/zarr-conventions/{name}/blob/{RELEASE}/README.md"),
            "uuid": self.uuid(),
            "name": name,
            "description": self.description(),
        })
    }

    /// Whether attributes declare it, in any release.
    #[must_use]
    pub fn is_declared(self, attributes: &Map<String, Value>) -> bool {
        let list = attributes.get(KEY).and_then(Value::as_array);
        list.is_some_and(|list| list.iter().any(|entry| self.is(entry)))
    }

    /// Declares it once: an entry of another release is replaced.
    pub fn declare(self, attributes: &mut Map<String, Value>) {
        let list = attributes.entry(KEY).or_insert_with(|| json!([]));
        if let Value::Array(list) = list {
            match list.iter_mut().find(|entry| self.is(entry)) {
                Some(entry) => *entry = self.entry(),
                None => list.push(self.entry()),
            }
        }
    }

    fn is(self, entry: &Value) -> bool {
        let text = |key: &str| entry.get(key).and_then(Value::as_str);
        // An entry need only have one of UUID, schema link and text link.
        match text("uuid") {
            Some(uuid) => uuid == self.uuid(),
            None => text("name").is_some_and(|name| name.trim_end_matches(':') == self.name()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_are_those_of_the_release() {
        assert_eq!(
            Convention::Proj.entry(),
            json!({
                "schema_url": "https://raw.githubusercontent.com/zarr-conventions/proj/refs/tags/v0.1/schema.json",
                "spec_url": "https://github.com/zarr-conventions/proj/blob/v0.1/README.md",
                "uuid": "f17cb550-5864-4468-aeb7-f3180cfb622f",
                "name": "proj",
                "description": "Coordinate reference system information for geospatial data",
            })
        );
        assert_eq!(
            Convention::Spatial.entry()["schema_url"],
            "https://raw.githubusercontent.com/zarr-conventions/spatial/refs/tags/v0.1/schema.json"
        );
        assert_eq!(Convention::Multiscales.entry()["description"], "Multiscale layout of zarr datasets");
    }

    #[test]
    fn entries_of_former_releases_are_known_and_replaced() {
        let former = json!({"zarr_conventions": [
            {"uuid": "689b58e2-cf7b-45e0-9fff-9cfc0883d6b4", "name": "spatial:",
             "spec_url": "https://github.com/zarr-conventions/spatial/blob/v1/README.md"},
            {"name": "proj:"},
            {"uuid": "00000000-0000-0000-0000-000000000000", "name": "other"},
        ]});
        let mut attributes = former.as_object().cloned().unwrap();
        assert!(Convention::Spatial.is_declared(&attributes) && Convention::Proj.is_declared(&attributes));
        assert!(!Convention::Multiscales.is_declared(&attributes));
        for convention in [Convention::Multiscales, Convention::Spatial, Convention::Proj] {
            convention.declare(&mut attributes);
            convention.declare(&mut attributes);
        }
        let list = attributes[KEY].as_array().unwrap();
        let names: Vec<_> = list.iter().map(|entry| entry["name"].as_str().unwrap()).collect();
        assert_eq!(names, ["spatial", "proj", "other", "multiscales"]);
        assert_eq!(list[0], Convention::Spatial.entry());
    }
}
