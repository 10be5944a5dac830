//! Which arrays of a hierarchy must stay exact because of what they are to others: coordinates, their bounds, measures of
//! cells, and what data name as ancillary to them.

use crate::store::tree::Node;
use std::collections::{HashMap, HashSet};
use vqz_raster::conventions::auxiliary;
use vqz_raster::conventions::exact::Exact;

/// The arrays among nodes that are coordinates of others, or ancillary to them, by path.
pub(crate) fn exact_members(nodes: &[Node]) -> HashMap<String, Exact> {
    let arrays: HashSet<&str> =
        nodes.iter().filter(|node| node.metadata.is_array()).map(|node| node.path.as_str()).collect();
    let mut found = HashMap::new();
    for node in nodes {
        let attributes = node.metadata.attributes();
        let is_array = node.metadata.is_array();
        let group = if is_array { parent(&node.path) } else { node.path.as_str() };
        for name in auxiliary::ancillary(&attributes) {
            if let Some(path) = resolve(group, &name, &arrays) {
                found.entry(path).or_insert(Exact::Ancillary);
            }
        }
        for name in auxiliary::named(&attributes) {
            if let Some(path) = resolve(group, &name, &arrays) {
                found.insert(path, Exact::Coordinates);
            }
        }
        let own = node.path.rsplit('/').next().unwrap_or_default();
        if is_array && auxiliary::is_coordinate(own, &attributes) {
            found.insert(node.path.clone(), Exact::Coordinates);
        }
    }
    found
}

/// The members of a hierarchy that are data: all but coordinates, which go with their arrays, unless there is nothing else.
pub(crate) fn without_coordinates<T>(
    mut members: Vec<T>,
    exact: &HashMap<String, Exact>,
    path: impl Fn(&T) -> &str,
) -> Vec<T> {
    let is_data = |member: &T| exact.get(path(member)) != Some(&Exact::Coordinates);
    if members.iter().any(is_data) {
        members.retain(is_data);
    }
    members
}

fn parent(path: &str) -> &str {
    path.rsplit_once('/').map_or("", |(group, _)| group)
}

/// The path of the array that a name in a group means: as CF looks for names, in the group itself, then in those above it.
fn resolve(group: &str, name: &str, arrays: &HashSet<&str>) -> Option<String> {
    if let Some(absolute) = name.strip_prefix('/') {
        return arrays.contains(absolute).then(|| absolute.to_owned());
    }
    let (mut group, mut name) = (group, name);
    while let Some(rest) = name.strip_prefix("../") {
        (group, name) = (parent(group), rest);
    }
    loop {
        let path = if group.is_empty() { name.to_owned() } else { format!("{group}/{name}") };
        if arrays.contains(path.as_str()) {
            return Some(path);
        }
        if group.is_empty() {
            return None;
        }
        group = parent(group);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metadata::document::Metadata;
    use serde_json::{Value, json};
    use std::path::PathBuf;
    use vqz_codec::sample::DataType;

    fn node(path: &str, attributes: Value, is_array: bool) -> Node {
        let mut metadata = Metadata::new_array(&[2, 3], DataType::Float32, json!(0.0));
        if !is_array {
            metadata.json_mut().insert("node_type".to_owned(), json!("group"));
        }
        metadata.json_mut().insert("attributes".to_owned(), attributes);
        Node { path: path.to_owned(), folder: PathBuf::new(), metadata, derived: false }
    }

    #[test]
    fn members_are_named_in_their_group_and_above() {
        let nodes = [
            node("", json!({"coordinates": "reference"}), false),
            node("reference", json!({}), true),
            node("area", json!({}), true),
            node("lat", json!({}), true),
            node("scene", json!({}), false),
            node(
                "scene/sst",
                json!({
                    "coordinates": "lat /reference", "cell_measures": "area: area",
                    "ancillary_variables": "quality ../lat error none",
                }),
                true,
            ),
            node("scene/lat", json!({"bounds": "corners"}), true),
            node("scene/corners", json!({}), true),
            node("scene/quality", json!({}), true),
            node("scene/error", json!({}), true),
            node("scene/place", json!({"units": "degrees_east"}), true),
            node("scene/other", json!({}), true),
        ];
        let found = exact_members(&nodes);
        let kinds = |kind: Exact| {
            let mut paths: Vec<&str> =
                found.iter().filter(|(_, k)| **k == kind).map(|(p, _)| p.as_str()).collect();
            paths.sort_unstable();
            paths
        };
        assert_eq!(
            kinds(Exact::Coordinates),
            ["area", "lat", "reference", "scene/corners", "scene/lat", "scene/place"]
        );
        assert_eq!(kinds(Exact::Ancillary), ["scene/error", "scene/quality"]);
        let data = |paths: Vec<&'static str>| without_coordinates(paths, &found, |path| path);
        assert_eq!(data(vec!["lat", "scene/sst", "area", "scene/error"]), ["scene/sst", "scene/error"]);
        assert_eq!(data(vec!["lat", "area"]), ["lat", "area"]);
    }
}
