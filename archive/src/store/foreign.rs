//! What lies among the nodes of a hierarchy and is none of them: files of other programs, folders without metadata, members of an
//! older version of Zarr, links to nothing.

use crate::error::{Context, Result};
use crate::metadata::document::Metadata;
use crate::store::chunk_keys::may_hold_chunks;
use crate::store::files::files_under;
use crate::store::tree::Node;
use std::collections::{BTreeMap, HashSet};
use std::fs;
use std::path::Path;

/// Something that is no node of a hierarchy.
pub(crate) struct Foreign {
    /// Its path below the root.
    pub(crate) path: String,
    /// What it is, in words.
    pub(crate) what: String,
    /// Whether it is Zarr, or was: of another version, or without its metadata.
    pub(crate) is_zarr: bool,
}

/// What lies beside the nodes of a hierarchy, or in the folders of its arrays, sorted by path. Hidden files are passed over, as stores
/// do.
///
/// # Errors
/// When a folder can't be listed.
pub(crate) fn beside(nodes: &[Node]) -> Result<Vec<Foreign>> {
    let mut found = BTreeMap::new();
    for node in nodes {
        for entry in
            fs::read_dir(&node.folder).with_context(|| format!("listing {}", node.folder.display()))?
        {
            let entry = entry.with_context(|| format!("listing {}", node.folder.display()))?;
            let name = entry.file_name().to_string_lossy().into_owned();
            if name == "zarr.json" || name.starts_with('.') || name.ends_with(".vqz-tmp") {
                continue;
            }
            let what = match node.metadata.is_array() {
                true => in_array(&node.metadata, &name),
                false => in_group(&entry.path()),
            };
            if let Some((what, is_zarr)) = what {
                let path = below(&node.path, &name);
                found.insert(path.clone(), Foreign { path, what, is_zarr });
            }
        }
    }
    Ok(found.into_values().collect())
}

/// Members that a group's consolidated metadata name, and that are not there.
pub(crate) fn missing(nodes: &[Node]) -> Vec<Foreign> {
    let known: HashSet<&str> = nodes.iter().map(|node| node.path.as_str()).collect();
    let mut found = BTreeMap::new();
    for node in nodes {
        let listed = node.metadata.json().get("consolidated_metadata").and_then(|all| all.get("metadata"));
        for name in listed.and_then(|listed| listed.as_object()).into_iter().flatten().map(|(name, _)| name) {
            let path = below(&node.path, name.trim_matches('/'));
            if !name.is_empty() && !known.contains(path.as_str()) && !node.folder.join(name).exists() {
                let what = "the consolidated metadata of its group name it, and it is not there".to_owned();
                found.insert(path.clone(), Foreign { path, what, is_zarr: true });
            }
        }
    }
    found.into_values().collect()
}

fn below(group: &str, name: &str) -> String {
    if group.is_empty() { name.to_owned() } else { format!("{group}/{name}") }
}

fn in_array(metadata: &Metadata, name: &str) -> Option<(String, bool)> {
    (!may_hold_chunks(metadata, name))
        .then(|| ("it is no chunk of the array that it lies in".to_owned(), false))
}

/// What an entry of a group is, unless it is a node.
fn in_group(path: &Path) -> Option<(String, bool)> {
    let found = match fs::metadata(path) {
        Ok(found) => found,
        Err(_) if path.is_symlink() => {
            let to = fs::read_link(path).unwrap_or_default();
            return Some((format!("it is a link to {}, which is not there", to.display()), false));
        }
        Err(error) => return Some((format!("it can't be looked at: {error}"), false)),
    };
    if found.is_file() {
        return Some(("it is a file, and no member of a Zarr group".to_owned(), false));
    }
    match fs::metadata(path.join("zarr.json")) {
        Ok(metadata) if metadata.is_file() => return None,
        Ok(_) => return Some(("its zarr.json is no file".to_owned(), true)),
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            return Some((format!("its zarr.json can't be read: {error}"), true));
        }
        Err(_) if path.join("zarr.json").is_symlink() => {
            return Some(("its zarr.json is a link to what is not there".to_owned(), true));
        }
        Err(_) => {}
    }
    if [".zarray", ".zgroup"].iter().any(|name| path.join(name).is_file()) {
        return Some(("it is of Zarr version 2, and version 3 is read; convert it first".to_owned(), true));
    }
    match files_under(path) {
        Ok(files) if files.is_empty() => None,
        // The chunks of an array look like this, and so does any other folder.
        Ok(_) => Some(("it is a folder without zarr.json".to_owned(), path.join("c").is_dir())),
        Err(error) => Some((error.one_line(), false)),
    }
}
