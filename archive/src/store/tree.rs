//! A Zarr hierarchy on disk: one array, or a group with everything below it.

use crate::error::{Context, Result, bail};
use crate::metadata::document::Metadata;
use std::path::{Path, PathBuf};
use vqz_raster::conventions::overviews::Overviews;

/// One node of a hierarchy.
#[derive(Clone, Debug)]
pub struct Node {
    /// Its path below the root, with `/` between names; empty for the root.
    pub path: String,
    /// Its folder.
    pub folder: PathBuf,
    /// Its metadata.
    pub metadata: Metadata,
    /// Whether it is an overview of another array, according to the group's attribute `multiscales`.
    pub derived: bool,
}

impl Node {
    /// The node in a folder, without those below it.
    ///
    /// # Errors
    /// When the folder is no Zarr v3 node.
    pub fn open(folder: &Path) -> Result<Self> {
        let metadata = Metadata::read(folder)?;
        Ok(Self { path: String::new(), folder: folder.to_path_buf(), metadata, derived: false })
    }

    /// Its name in messages and tables.
    pub fn label(&self) -> String {
        if self.path.is_empty() { self.folder.display().to_string() } else { self.path.clone() }
    }
}

/// All nodes from a folder down, parents first, in the order of their paths.
///
/// # Errors
/// When the folder is no Zarr v3 node.
pub fn walk(root: &Path) -> Result<Vec<Node>> {
    let mut nodes = Vec::new();
    descend(root, String::new(), &Overviews::default(), &mut nodes)?;
    Ok(nodes)
}

/// Adds a folder's nodes; `overviews` are those that groups above have declared.
fn descend(folder: &Path, path: String, overviews: &Overviews, nodes: &mut Vec<Node>) -> Result<()> {
    let metadata = Metadata::read(folder)?;
    let is_array = metadata.is_array();
    let below = |name: &str| if path.is_empty() { name.to_owned() } else { format!("{path}/{name}") };
    let derived = overviews.contain(&path);
    let overviews = overviews.with_group(&path, &metadata.attributes());
    nodes.push(Node { path: path.clone(), folder: folder.to_path_buf(), metadata, derived });
    if is_array {
        return Ok(());
    }
    let mut names = Vec::new();
    for entry in std::fs::read_dir(folder).with_context(|| format!("listing {}", folder.display()))? {
        let entry = entry.with_context(|| format!("listing {}", folder.display()))?;
        if entry.path().join("zarr.json").is_file() {
            // Where a name is no text, another would stand for it in the output.
            let Ok(name) = entry.file_name().into_string() else {
                bail!(Unsupported, "the name of {} is no UTF-8; rename it", entry.path().display());
            };
            names.push(name);
        }
    }
    names.sort();
    for name in names {
        descend(&folder.join(&name), below(&name), &overviews, nodes)?;
    }
    Ok(())
}

/// The arrays among the nodes of [`walk`], without overviews.
pub fn arrays(root: &Path) -> Result<Vec<Node>> {
    Ok(walk(root)?.into_iter().filter(|node| node.metadata.is_array() && !node.derived).collect())
}
