//! Checks where an output may go: into an existing folder, and never onto its own input.

use crate::error::{Result, bail};
use crate::write::unfinished::{Existing, refuse_existing};
use std::path::{Path, PathBuf};

/// Refuses an impossible output before anything is read: one that would overwrite its input, that lies in a missing
/// folder, or that exists and may not be replaced.
///
/// # Errors
/// [`InvalidArgument`](crate::ErrorKind::InvalidArgument) for an input that would be lost,
/// [`NotFound`](crate::ErrorKind::NotFound) for a folder that is not there, and [`Exists`](crate::ErrorKind::Exists).
pub fn check_output(input: &Path, output: &Path, existing: Existing) -> Result<()> {
    refuse_overlap(input, output)?;
    refuse_missing_folder(output)?;
    refuse_existing(output, existing)
}

/// Refuses an output that would replace its input, contain it, or lie within it. Links are followed.
///
/// # Errors
/// When it would, naming both.
pub fn refuse_overlap(input: &Path, output: &Path) -> Result<()> {
    let (from, to) = (real(input), real(output));
    if from == to {
        bail!(
            InvalidArgument,
            "output {} is the input, which would be lost; choose another output, and replace the input afterwards",
            output.display()
        );
    }
    if to.starts_with(&from) {
        bail!(
            InvalidArgument,
            "output {} lies within the input, {}; choose an output outside of it",
            output.display(),
            input.display()
        );
    }
    if from.starts_with(&to) {
        bail!(
            InvalidArgument,
            "output {} holds the input, {}, which would be lost; choose another output",
            output.display(),
            input.display()
        );
    }
    Ok(())
}

/// Refuses an output whose folder does not exist, so that a misspelt path creates no folders.
pub(crate) fn refuse_missing_folder(output: &Path) -> Result<()> {
    match output.parent() {
        Some(parent) if !parent.as_os_str().is_empty() && !parent.is_dir() => bail!(
            NotFound,
            "output {} would go to {}, which is no folder; make it first, or correct the path",
            output.display(),
            parent.display()
        ),
        _ => Ok(()),
    }
}

/// A path with its links resolved. If it does not exist yet, the resolved path of its folder, with its name.
fn real(path: &Path) -> PathBuf {
    if let Ok(real) = path.canonicalize() {
        return real;
    }
    let absolute = std::path::absolute(path).unwrap_or_else(|_| path.to_path_buf());
    match (absolute.parent().and_then(|parent| parent.canonicalize().ok()), absolute.file_name()) {
        (Some(parent), Some(name)) => parent.join(name),
        _ => absolute,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_only_begin_alike_are_apart() {
        assert!(refuse_overlap(Path::new("a/scene"), Path::new("a/scene-vqz")).is_ok());
        assert!(refuse_overlap(Path::new("none/a"), Path::new("none/a/b")).is_err());
        assert!(refuse_overlap(Path::new("none/a/b"), Path::new("none/a")).is_err());
        assert!(refuse_missing_folder(Path::new("name")).is_ok());
        assert_eq!(
            refuse_missing_folder(Path::new("no/such/out.zarr")).unwrap_err().to_string(),
            "output no/such/out.zarr would go to no/such, which is no folder; make it first, or correct the path"
        );
    }
}
