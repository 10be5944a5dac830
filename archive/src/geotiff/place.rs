//! Puts a file that GDAL wrote in its place, with the file beside it.

use crate::error::{Context, Result};
use crate::store::files::{self, beside};
use std::path::{Path, PathBuf};

/// The file in which GDAL keeps what a format has no place for.
pub(crate) fn sidecar(path: &Path) -> PathBuf {
    beside(path, ".aux.xml")
}

/// Renames a file and what stands beside it; what stood beside the one it replaces goes.
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
