//! Consolidated metadata: the copy of its members' metadata that a group may hold, so that a reader opens all of them by one request.
//! What the group of an input holds describes the input, so it is made anew once the output is complete.

use crate::error::Result;
use crate::metadata::document::Metadata;
use crate::store::files;
use crate::store::tree;
use serde_json::{Map, Value, json};
use std::path::Path;

/// The key in a group's metadata.
const KEY: &str = "consolidated_metadata";

/// Empties the copies in the metadata of a group, which stay as a mark that there are to be some.
pub(crate) fn empty(metadata: &mut Metadata) {
    if let Some(found) = metadata.json_mut().get_mut(KEY) {
        *found = inline(Map::new());
    }
}

/// Fills the groups of a complete output that are marked.
///
/// # Errors
/// When metadata can't be read or written.
pub(crate) fn fill(root: &Path) -> Result<()> {
    if Metadata::read(root)?.is_array() {
        return Ok(());
    }
    let nodes = tree::walk(root)?;
    for group in nodes.iter().filter(|node| node.metadata.json().contains_key(KEY)) {
        let prefix = if group.path.is_empty() { String::new() } else { format!("{}/", group.path) };
        let members: Map<String, Value> = nodes
            .iter()
            .filter(|node| node.path != group.path)
            .filter_map(|node| Some((node.path.strip_prefix(&prefix)?.to_owned(), &node.metadata)))
            .map(|(name, metadata)| {
                let mut own = metadata.json().clone();
                own.remove(KEY);
                (name, Value::Object(own))
            })
            .collect();
        let mut metadata = group.metadata.clone();
        metadata.json_mut().insert(KEY.to_owned(), inline(members));
        files::write_atomically(&group.folder.join("zarr.json"), &metadata.to_bytes()?)?;
    }
    Ok(())
}

fn inline(members: Map<String, Value>) -> Value {
    json!({"kind": "inline", "must_understand": false, "metadata": members})
}
