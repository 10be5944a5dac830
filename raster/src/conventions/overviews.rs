//! Which arrays of a hierarchy are other arrays at a lower resolution, made for viewers.
//!
//! The Zarr convention `multiscales` lists the levels in the attributes of a group. A level that names the one that it
//! was `derived_from` is an overview. Its `asset` is a path below the group: of an array, or, as GDAL writes pyramids, of
//! an array in a group of its own that also holds the level's coordinates; that whole group belongs to the level.

use serde_json::{Map, Value};

/// The paths of overviews that groups have declared, gathered on the way down a hierarchy.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Overviews(Vec<String>);

impl Overviews {
    /// These overviews with those that a group declares. `group` is the group's path below the root, with `/` between names and
    /// empty for the root; `attributes` are the group's.
    #[must_use]
    pub fn with_group(&self, group: &str, attributes: &Map<String, Value>) -> Self {
        let below = |level: String| if group.is_empty() { level } else { format!("{group}/{level}") };
        Self(self.0.iter().cloned().chain(derived_levels(attributes).into_iter().map(below)).collect())
    }

    /// Whether the node at a path below the root is an overview, or belongs to one.
    #[must_use]
    pub fn contain(&self, path: &str) -> bool {
        let belongs = |level: &String| {
            path.strip_prefix(level.as_str()).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        };
        self.0.iter().any(belongs)
    }
}

/// The paths below a group of the levels that its attributes derive from other members.
fn derived_levels(attributes: &Map<String, Value>) -> Vec<String> {
    let layout = attributes.get("multiscales").and_then(|scales| scales.get("layout")?.as_array());
    let levels = layout.map(Vec::as_slice).unwrap_or_default();
    let derived = levels.iter().filter(|level| level.get("derived_from").is_some());
    let assets = derived.filter_map(|level| level.get("asset")?.as_str());
    assets.map(|asset| asset.rsplit_once('/').map_or(asset, |(group, _)| group).to_owned()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn attributes(layout: Value) -> Map<String, Value> {
        json!({"multiscales": {"layout": layout}}).as_object().cloned().unwrap()
    }

    #[test]
    fn levels_that_are_derived_are_overviews() {
        let arrays = attributes(json!([
            {"asset": "0"},
            {"asset": "1", "derived_from": "0"},
            {"asset": "2", "derived_from": "1"},
        ]));
        let overviews = Overviews::default().with_group("", &arrays);
        assert!(!overviews.contain("0") && overviews.contain("1") && overviews.contain("2"));
        assert!(!overviews.contain("10"));
    }

    #[test]
    fn the_group_of_a_level_belongs_to_it() {
        let groups = attributes(json!([
            {"asset": "data"},
            {"asset": "overviews/4/data", "derived_from": "data"},
        ]));
        let overviews = Overviews::default().with_group("scene", &groups);
        assert!(overviews.contain("scene/overviews/4") && overviews.contain("scene/overviews/4/x"));
        assert!(!overviews.contain("scene/data") && !overviews.contain("overviews/4/data"));
    }

    #[test]
    fn groups_below_add_to_those_above() {
        let above = attributes(json!([{"asset": "a"}, {"asset": "b", "derived_from": "a"}]));
        let below = attributes(json!([{"asset": "c"}, {"asset": "d", "derived_from": "c"}]));
        let overviews = Overviews::default().with_group("", &above).with_group("a", &below);
        assert!(overviews.contain("b") && overviews.contain("a/d") && !overviews.contain("a/c"));
        assert_eq!(Overviews::default().with_group("", &attributes(json!("none"))), Overviews::default());
    }
}
