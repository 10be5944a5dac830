//! Renames a file that GDAL wrote to its final name, together with its sidecar file.

use crate::error::{Context, Result};
use crate::store::files::{self, with_suffix};
use crate::write::scratch::Scratch;
use std::path::{Path, PathBuf};

/// The sidecar file in which GDAL keeps metadata that the format can't hold.
fn sidecar(path: &Path) -> PathBuf {
    with_suffix(path, ".aux.xml")
}

/// Renames a file and its sidecar. The sidecar of the file that it replaces is removed.
pub(crate) fn put(scratch: &Scratch) -> Result<()> {
    let (made, path) = (scratch.path(), scratch.target());
    let replaces = path.exists();
    scratch.put()?;
    match (sidecar(&made).exists(), sidecar(path).exists()) {
        (true, _) => std::fs::rename(sidecar(&made), sidecar(path))
            .with_context(|| format!("renaming to {}", sidecar(path).display())),
        (false, true) if replaces => files::remove(&sidecar(path)),
        (false, _) => Ok(()),
    }
}
