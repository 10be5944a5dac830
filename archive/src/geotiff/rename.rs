//! Renames a file that GDAL wrote to its final name, together with its sidecar file.

use crate::error::{Context, Result};
use crate::store::files::{self, with_suffix};
use std::path::{Path, PathBuf};

/// The sidecar file in which GDAL keeps metadata that the format can't hold.
pub(crate) fn sidecar(path: &Path) -> PathBuf {
    with_suffix(path, ".aux.xml")
}

/// Renames a file and its sidecar. The sidecar of the file that it replaces is removed.
pub(crate) fn put(partial: &Path, path: &Path) -> Result<()> {
    let rename = |from: &Path, to: &Path| {
        std::fs::rename(from, to).with_context(|| format!("renaming to {}", to.display()))
    };
    rename(partial, path)?;
    match (sidecar(partial).exists(), sidecar(path).exists()) {
        (true, _) => rename(&sidecar(partial), &sidecar(path)),
        (false, true) => files::remove(&sidecar(path)),
        (false, false) => Ok(()),
    }
}
