//! Outputs that are there already: which of them may be replaced, and by what.

use crate::error::{Context, Result, bail};
use crate::store::files::{self, with_suffix};
use crate::store::{foreign, tree};
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
    if kind == OutputKind::Folder {
        refuse_foreign_members(target)?;
    }
    let aside = with_suffix(target, REPLACED);
    if kind == OutputKind::Folder && fs::symlink_metadata(&aside).is_ok() && !was_put_aside(&aside) {
        bail!(
            Exists,
            "{} is in the way: an earlier run that was interrupted may have put an output aside there; move or delete it",
            aside.display()
        );
    }
    Ok(())
}

/// Refuses to replace a hierarchy of Zarr that holds what is none of it, for that would be deleted with it.
fn refuse_foreign_members(target: &Path) -> Result<()> {
    if is_empty(target) {
        return Ok(());
    }
    // Where the metadata can't be read, nothing tells what belongs to them.
    let Ok(nodes) = tree::walk(target) else { return Ok(()) };
    let Some(first) = foreign::beside(&nodes)?.into_iter().find(|found| !found.is_zarr) else {
        return Ok(());
    };
    bail!(
        Exists,
        "output {} is to be replaced, and holds {}, which would be lost: {}; move it away, or choose another output",
        target.display(),
        first.path,
        first.what
    )
}

/// The file in a replaced output that tells it from what anybody else put under that name.
const ASIDE: &str = ".vqz-replaced";

/// Puts an output aside, to be replaced: afterwards, a run that finds it knows that it may be deleted.
///
/// # Errors
/// When the file system refuses.
pub(crate) fn put_aside(target: &Path, aside: &Path) -> Result<()> {
    if was_put_aside(aside) {
        // An earlier run was interrupted after it had put the output of this name in its place.
        remove_aside(aside)?;
    }
    // Where the folder takes no file, a run that is interrupted now leaves a folder that has to be removed by hand.
    drop(fs::write(target.join(ASIDE), "This output was replaced; it may be deleted.\n"));
    fs::rename(target, aside)
        .with_context(|| format!("moving {} aside", target.display()))
        .inspect_err(|_| drop(fs::remove_file(target.join(ASIDE))))
}

/// Undoes [`put_aside`].
pub(crate) fn put_back(aside: &Path, target: &Path) {
    if fs::rename(aside, target).is_ok() {
        drop(fs::remove_file(target.join(ASIDE)));
    }
}

/// Whether an output was put aside there by a run that was interrupted: it says so, or nothing is left of it.
pub(crate) fn was_put_aside(aside: &Path) -> bool {
    let is_folder = fs::symlink_metadata(aside).is_ok_and(|found| found.is_dir());
    is_folder && (aside.join(ASIDE).is_file() || is_empty(aside))
}

/// Removes an output that was put aside. What tells that it was goes last, so that an interrupted run can be resumed.
///
/// # Errors
/// When the file system refuses.
pub(crate) fn remove_aside(aside: &Path) -> Result<()> {
    for entry in fs::read_dir(aside).with_context(|| format!("listing {}", aside.display()))? {
        let entry = entry.with_context(|| format!("listing {}", aside.display()))?;
        if entry.file_name() != ASIDE {
            files::remove(&entry.path())?;
        }
    }
    files::remove(aside)
}

/// Whether a folder holds nothing.
pub(crate) fn is_empty(folder: &Path) -> bool {
    fs::read_dir(folder).is_ok_and(|mut entries| entries.next().is_none())
}
