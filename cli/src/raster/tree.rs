//! A Zarr hierarchy on disk: one array, or a group with all that is below it.

use crate::raster::metadata::Metadata;
use anyhow::{Context, Result};
use std::path::{Path, PathBuf};

/// One node of a hierarchy.
#[derive(Clone, Debug)]
pub(crate) struct Node {
    /// Its path below the root, with `/` between names; empty for the root.
    pub(crate) path: String,
    /// Its folder.
    pub(crate) folder: PathBuf,
    /// Its metadata.
    pub(crate) metadata: Metadata,
}

impl Node {
    /// What to call it in messages and tables.
    pub(crate) fn label(&self) -> String {
        if self.path.is_empty() { self.folder.display().to_string() } else { self.path.clone() }
    }
}

/// All nodes from a folder down, parents first, in the order of their paths.
///
/// # Errors
/// When the folder is no Zarr v3 node.
pub(crate) fn walk(root: &Path) -> Result<Vec<Node>> {
    let mut nodes = Vec::new();
    descend(root, String::new(), &mut nodes)?;
    Ok(nodes)
}

fn descend(folder: &Path, path: String, nodes: &mut Vec<Node>) -> Result<()> {
    let metadata = Metadata::read(folder)?;
    let is_array = metadata.is_array();
    nodes.push(Node { path: path.clone(), folder: folder.to_path_buf(), metadata });
    if is_array {
        return Ok(());
    }
    let mut names = Vec::new();
    for entry in std::fs::read_dir(folder).with_context(|| format!("listing {}", folder.display()))? {
        let entry = entry.with_context(|| format!("listing {}", folder.display()))?;
        if entry.path().join("zarr.json").is_file() {
            names.push(entry.file_name());
        }
    }
    names.sort();
    for name in names {
        let text = name.to_string_lossy();
        let below = if path.is_empty() { text.into_owned() } else { format!("{path}/{text}") };
        descend(&folder.join(&name), below, nodes)?;
    }
    Ok(())
}

/// Only the arrays of [`walk`].
pub(crate) fn arrays(root: &Path) -> Result<Vec<Node>> {
    Ok(walk(root)?.into_iter().filter(|node| node.metadata.is_array()).collect())
}
