//! The arrays of an archive that are not encoded, such as coordinates and copies. They hold no record of their own, for their
//! metadata are those of the input; so the group at the root records how many files of chunks each of them has. A chunk that
//! is lost would otherwise read as fill value, without a word.

use crate::encoded::lost::{LostChunks, position};
use crate::error::{Error, Result};
use crate::progress::{Progress, Remark};
use crate::store::chunk_keys::stored_chunks;
use crate::store::files;
use crate::store::opened::open_array;
use crate::store::tree::{self, Node};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use std::path::Path;
use vqz_codec::name::{NAME, NAMES};
use zarrs::array::ArrayBytes;

/// The key in the attribute of the root: the path of each array, and how many files of chunks it has.
const KEY: &str = "copies";

/// The key of the paths of the encoded arrays, which have records of their own, as long as they are there.
const ENCODED: &str = "encoded";

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
    let mut encoded = Vec::new();
    for node in tree::walk(root)?.iter().filter(|node| node.metadata.is_array() && !node.derived) {
        if is_copy(node) {
            copies.insert(node.path.clone(), files_of_chunks(node)?.into());
        } else {
            encoded.push(node.path.clone());
        }
    }
    group.metadata.set_attribute(NAME, json!({ KEY: copies, ENCODED: encoded }));
    files::write_atomically(&root.join("zarr.json"), &group.metadata.to_bytes()?)
}

/// Remarks which of these arrays lack chunks that they had once. Returns whether any does.
///
/// # Errors
/// When they can't be listed.
pub(crate) fn remark_on_lost(root: &Path, progress: &dyn Progress) -> Result<bool> {
    let group = Node::open(root)?;
    let attributes = group.metadata.attributes();
    if group.metadata.is_array() {
        return Ok(false);
    }
    let record = NAMES.iter().find_map(|name| attributes.get(*name)?.as_object());
    let Some(record) = record else { return Ok(false) };
    let nodes: BTreeMap<String, Node> =
        tree::walk(root)?.into_iter().map(|node| (node.path.clone(), node)).collect();
    let mut any = false;
    let encoded = record.get(ENCODED).and_then(Value::as_array).into_iter().flatten();
    for path in encoded.filter_map(Value::as_str).filter(|path| !nodes.contains_key(*path)) {
        progress.remark(&Remark::MemberLost { array: path.to_owned() });
        any = true;
    }
    for (path, written) in record.get(KEY).and_then(Value::as_object).into_iter().flatten() {
        // Without chunks there is none that could be counted as lost.
        if written == &json!(0) && !nodes.contains_key(path) {
            progress.remark(&Remark::MemberLost { array: path.clone() });
            any = true;
        }
        if nodes.get(path).is_some_and(|node| node.derived) {
            continue;
        }
        let found = nodes.get(path).map_or(Ok(0), files_of_chunks)?;
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

/// Whether a node is an array that is not encoded. Overviews are made anew without touching the record, with as many chunks as they
/// then have.
fn is_copy(node: &Node) -> bool {
    node.metadata.is_array() && !node.derived && matches!(node.metadata.encoded(), Ok(None))
}

/// Why an array that is not encoded can't be read; none where all of it can, and where its type or its codecs are not known here.
/// Chunks are read one by one.
pub(crate) fn unread(node: &Node) -> Option<String> {
    let array = open_array(&node.folder, None).ok()?;
    let shape = node.metadata.shape().ok()?;
    let chunk = node.metadata.chunk_shape().ok()?;
    // Only what is stored can be damaged.
    let stored = stored_chunks(&node.folder, &node.metadata).ok()??;
    if shape.len() != chunk.len() {
        return None;
    }
    stored.iter().find_map(|indices| {
        let read = array.retrieve_chunk::<ArrayBytes<'static>>(indices);
        read.err().map(|error| format!("chunk {}: {}", position(indices), Error::from(error).one_line()))
    })
}

/// How many files of chunks an array has. What else lies in its folder does not count, unless the array names its chunks in a way
/// that is not known here.
fn files_of_chunks(node: &Node) -> Result<u64> {
    // An array of another grid than the regular one is counted by all its files.
    if node.metadata.chunk_shape().is_ok()
        && let Some(stored) = stored_chunks(&node.folder, &node.metadata)?
    {
        return Ok(stored.len());
    }
    let files = files::files_of_store(&node.folder)?;
    Ok(files.iter().filter(|file| file.file_name().is_some_and(|name| name != "zarr.json")).count() as u64)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metadata::document::Metadata;
    use vqz_codec::sample::DataType;

    /// Keeps the remarks on lost chunks.
    #[derive(Default)]
    struct Lost(std::sync::Mutex<Vec<(String, u64)>>);

    impl Progress for Lost {
        fn remark(&self, remark: &Remark) {
            if let Remark::ChunksLost { array, lost } = remark {
                self.0.lock().unwrap().push((array.clone(), lost.lost));
            }
        }
    }

    #[test]
    fn overviews_may_be_made_anew() {
        let root = std::env::temp_dir().join(format!("vqz-copies-overviews-{}", std::process::id()));
        drop(std::fs::remove_dir_all(&root));
        let layout = json!([{"asset": "data"}, {"asset": "overviews/2/data", "derived_from": "data"}]);
        let group = |folder: &Path, attributes: Value| {
            let metadata = json!({"zarr_format": 3, "node_type": "group", "attributes": attributes});
            std::fs::create_dir_all(folder).unwrap();
            std::fs::write(folder.join("zarr.json"), metadata.to_string()).unwrap();
        };
        group(&root, json!({"multiscales": {"layout": layout}}));
        group(&root.join("overviews"), json!({}));
        group(&root.join("overviews/2"), json!({}));
        let mut metadata = Metadata::new_array(&[4], DataType::Float64, json!(0.0));
        metadata.set_chunk_shape(&[2]);
        for name in ["data", "overviews/2/data"] {
            let folder = root.join(name);
            std::fs::create_dir_all(folder.join("c")).unwrap();
            std::fs::write(folder.join("zarr.json"), metadata.to_bytes().unwrap()).unwrap();
            std::fs::write(folder.join("c/0"), "chunk").unwrap();
            std::fs::write(folder.join("c/1"), "chunk").unwrap();
        }
        record(&root).unwrap();
        let recorded = Node::open(&root).unwrap().metadata.attributes()[NAME].clone();
        assert_eq!(recorded, json!({"copies": {"data": 2}, "encoded": []}));
        let lost = Lost::default();
        std::fs::remove_file(root.join("overviews/2/data/c/0")).unwrap();
        assert!(!remark_on_lost(&root, &lost).unwrap());
        std::fs::remove_file(root.join("data/c/0")).unwrap();
        assert!(remark_on_lost(&root, &lost).unwrap());
        assert_eq!(*lost.0.lock().unwrap(), [("data".to_owned(), 1)]);
        std::fs::remove_dir_all(&root).unwrap();
    }

    #[test]
    fn only_chunks_count() {
        let folder = std::env::temp_dir().join(format!("vqz-copies-{}", std::process::id()));
        drop(std::fs::remove_dir_all(&folder));
        std::fs::create_dir_all(folder.join("c/.hidden")).unwrap();
        let mut metadata = Metadata::new_array(&[4], DataType::Float64, json!(0.0));
        metadata.set_chunk_shape(&[1]);
        let count = |metadata: &Metadata| {
            std::fs::write(folder.join("zarr.json"), metadata.to_bytes().unwrap()).unwrap();
            files_of_chunks(&Node::open(&folder).unwrap()).unwrap()
        };
        for name in ["c/0", "c/3", "c/4", "c/.DS_Store", "c/1.vqz-tmp", "c/.hidden/0", "notes.txt"] {
            std::fs::write(folder.join(name), "12345").unwrap();
        }
        assert_eq!(count(&metadata), 2);
        // Of names that are not known, all that may be a chunk counts.
        metadata.json_mut().insert("chunk_key_encoding".to_owned(), json!({"name": "of-tomorrow"}));
        assert_eq!(count(&metadata), 4);
        std::fs::remove_dir_all(&folder).unwrap();
    }
}
