//! Renames a file that GDAL wrote to its final name, together with its sidecar file. Files beside a GeoTIFF that GDAL takes for
//! parts of it must never apply to another one.

use crate::error::{Context, Result, bail};
use crate::store::files::{self, with_suffix};
use crate::write::scratch::Scratch;
use std::fs;
use std::path::{Path, PathBuf};

/// The endings of files that GDAL takes for parts of the GeoTIFF of the same name: metadata that the format can't hold, overviews,
/// and masks. A GeoTIFF that is written here has its own overviews and its own mask inside.
const SIDES: [&str; 4] = [".aux.xml", ".ovr", ".msk", ".msk.ovr"];

fn sides(path: &Path) -> impl Iterator<Item = PathBuf> {
    SIDES.into_iter().map(|end| with_suffix(path, end)).filter(|side| fs::symlink_metadata(side).is_ok())
}

/// Refuses a new file beside which stands what would apply to it, and belongs to none that is replaced.
///
/// # Errors
/// [`Exists`](crate::ErrorKind::Exists), with the path.
pub(crate) fn refuse_sides(path: &Path) -> Result<()> {
    match sides(path).next() {
        Some(side) if !path.exists() => bail!(
            Exists,
            "{} stands beside the output, {}, and GDAL would take it for a part of it; move or delete it, or choose another output",
            side.display(),
            path.display()
        ),
        _ => Ok(()),
    }
}

/// Renames a file and its sidecar. The files that belong to the file that it replaces are removed: they would apply to the new one.
pub(crate) fn put(scratch: &Scratch) -> Result<()> {
    let (made, path) = (scratch.path(), scratch.target());
    let replaced: Vec<PathBuf> = if path.exists() { sides(path).collect() } else { Vec::new() };
    scratch.put()?;
    replaced.iter().try_for_each(|side| files::remove(side))?;
    for end in SIDES {
        let (from, to) = (with_suffix(&made, end), with_suffix(path, end));
        if from.exists() {
            fs::rename(&from, &to).with_context(|| format!("renaming to {}", to.display()))?;
        }
    }
    Ok(())
}
