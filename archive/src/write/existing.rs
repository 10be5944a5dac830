//! Outputs that are there already: which of them may be replaced, and by what.

use crate::error::{Result, bail};
use crate::store::files::with_suffix;
use std::fs;
use std::path::Path;

/// The suffix of the name under which a replaced output is kept until the new one is in its place.
pub(crate) const REPLACED: &str = ".replaced";

/// What to do when the output already exists.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Existing {
    /// Stop with an error.
    Refuse,
    /// Replace it, once the new one is complete.
    Replace,
}

/// What an output is on disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OutputKind {
    /// A folder: a Zarr array or group.
    Folder,
    /// A file.
    File,
}

/// Refuses to replace an existing output unless the caller asked for it, and never replaces something of another kind: a
/// folder that holds no Zarr, a file where a folder is written, a folder where a file is written.
///
/// # Errors
/// [`Exists`](crate::ErrorKind::Exists), with the path.
pub(crate) fn refuse_existing(target: &Path, kind: OutputKind, existing: Existing) -> Result<()> {
    // A slash at the end would lead through a link.
    let target = target.components().as_path();
    let Ok(found) = fs::symlink_metadata(target) else { return Ok(()) };
    if found.is_symlink() && !target.exists() {
        bail!(
            Exists,
            "output {} is a link to {}, which is not there; remove the link, or choose another output",
            target.display(),
            fs::read_link(target).unwrap_or_default().display()
        );
    }
    if existing == Existing::Refuse {
        bail!(Exists, Replace, "output {} exists; choose another", target.display());
    }
    match kind {
        OutputKind::File if target.is_dir() => bail!(
            Exists,
            "output {} is a folder, and a file is to be written, which never replaces one; choose another output",
            target.display()
        ),
        OutputKind::Folder if target.is_file() => bail!(
            Exists,
            "output {} is a file, and a folder is to be written, which never replaces one; choose another output, or \
             delete that file",
            target.display()
        ),
        _ if !target.is_dir() && !target.is_file() => {
            bail!(Exists, "output {} is neither a file nor a folder; choose another output", target.display())
        }
        OutputKind::Folder if !target.join("zarr.json").is_file() && !is_empty(target) => bail!(
            Exists,
            "output {} is a folder of something else than Zarr v3, which is never replaced; choose another \
             output, or delete that folder",
            target.display()
        ),
        _ => {}
    }
    let aside = with_suffix(target, REPLACED);
    if kind == OutputKind::Folder && fs::symlink_metadata(&aside).is_ok() {
        bail!(
            Exists,
            "{} is in the way: an earlier run that was interrupted may have put an output aside there; move or delete it",
            aside.display()
        );
    }
    Ok(())
}

/// Whether a folder holds nothing.
pub(crate) fn is_empty(folder: &Path) -> bool {
    fs::read_dir(folder).is_ok_and(|mut entries| entries.next().is_none())
}
