//! The arrays of an archive that are not encoded, such as coordinates and copies. They hold no record of their own, for their
//! metadata are those of the input; so the group at the root records how many files of chunks each of them has. A chunk that
//! is lost would otherwise read as fill value, without a word.

use crate::encoded::lost::LostChunks;
use crate::error::{Context, Result};
use crate::progress::{Progress, Remark};
use crate::store::files;
use crate::store::tree::{self, Node};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use std::path::Path;
use vqz_codec::name::{NAME, NAMES};

/// The key in the attribute of the root: the path of each array, and how many files of chunks it has.
const KEY: &str = "copies";

/// Records in the group at the root of a complete archive what its arrays that are not encoded hold.
///
/// # Errors
/// When they can't be listed, or the metadata can't be written.
pub(crate) fn record(root: &Path) -> Result<()> {
    let mut group = Node::open(root)?;
    if group.metadata.is_array() {
        return Ok(());
    }
    let mut copies = Map::new();
    for node in tree::walk(root)?.iter().filter(|node| is_copy(node)) {
        let chunks = files_of_chunks(&node.folder)?;
        if chunks > 0 {
            copies.insert(node.path.clone(), chunks.into());
        }
    }
    if copies.is_empty() {
        return Ok(());
    }
    group.metadata.set_attribute(NAME, json!({ KEY: copies }));
    files::write_atomically(&root.join("zarr.json"), &group.metadata.to_bytes()?)
}

/// Remarks which of these arrays lack chunks that they had once. Returns whether any does.
///
/// # Errors
/// When they can't be listed.
pub(crate) fn remark_on_lost(root: &Path, progress: &dyn Progress) -> Result<bool> {
    let group = Node::open(root)?;
    let attributes = group.metadata.attributes();
    let recorded = NAMES.iter().find_map(|name| attributes.get(*name)?.get(KEY)?.as_object());
    let Some(recorded) = recorded.filter(|_| !group.metadata.is_array()) else { return Ok(false) };
    let nodes: BTreeMap<String, Node> =
        tree::walk(root)?.into_iter().map(|node| (node.path.clone(), node)).collect();
    let mut any = false;
    for (path, written) in recorded {
        let found = nodes.get(path).map_or(Ok(0), |node| files_of_chunks(&node.folder))?;
        let Some(lost) = written.as_u64().and_then(|written| written.checked_sub(found)).filter(|n| *n > 0)
        else {
            continue;
        };
        let fill_value = nodes.get(path).and_then(|node| node.metadata.json().get("fill_value").cloned());
        let lost = LostChunks {
            lost,
            written: found + lost,
            not_stored: lost,
            chunks: Vec::new(),
            fill_value: fill_value.unwrap_or(Value::Null),
        };
        progress.remark(&Remark::ChunksLost { array: path.clone(), lost });
        any = true;
    }
    Ok(any)
}

fn is_copy(node: &Node) -> bool {
    node.metadata.is_array() && matches!(node.metadata.encoded(), Ok(None))
}

/// How many files an array has beside its metadata.
fn files_of_chunks(folder: &Path) -> Result<u64> {
    let mut count = 0;
    let mut folders = vec![folder.to_path_buf()];
    while let Some(next) = folders.pop() {
        for entry in std::fs::read_dir(&next).with_context(|| format!("listing {}", next.display()))? {
            let entry = entry.with_context(|| format!("listing {}", next.display()))?;
            if entry.path().is_dir() {
                folders.push(entry.path());
            } else if entry.file_name() != "zarr.json" {
                count += 1;
            }
        }
    }
    Ok(count)
}
