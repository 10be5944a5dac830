//! Checks where an output may go: into an existing folder that can be written, and never onto its own input.

use crate::error::{Context, Result, bail};
use crate::store::files::with_suffix;
use crate::write::existing::{Existing, OutputKind, REPLACED, refuse_existing};
use crate::write::state;
use std::path::{Path, PathBuf};

/// Refuses an impossible output before anything is read: one that would overwrite its input, that lies in a folder
/// which is missing or can't be written, or that exists and may not be replaced.
///
/// # Errors
/// [`InvalidArgument`](crate::ErrorKind::InvalidArgument) for an input that would be lost or a path without a name,
/// [`NotFound`](crate::ErrorKind::NotFound) for a folder that is not there, [`Exists`](crate::ErrorKind::Exists), and
/// [`Io`](crate::ErrorKind::Io) for a folder that can't be written.
pub fn check_output(input: &Path, output: &Path, kind: OutputKind, existing: Existing) -> Result<()> {
    refuse_overlap(input, output)?;
    check_place(output, kind, existing)
}

/// The same for an output that has no input on disk, or whose inputs are checked one by one.
///
/// # Errors
/// Those of [`check_output`].
pub fn check_place(output: &Path, kind: OutputKind, existing: Existing) -> Result<()> {
    refuse_missing_folder(output)?;
    refuse_existing(output, kind, existing)?;
    let place = resolved(output);
    state::refuse_foreign(&state::folder_of(&place))?;
    state::try_folder(&place).with_context(|| format!("output {} can't be made", output.display()))
}

/// Refuses an output that would replace its input, contain it, or lie within it. Links are followed. The folders beside
/// the output that are used while it is written are looked at too.
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
    for used in [state::folder_of(&to), with_suffix(&to, REPLACED)] {
        if from.starts_with(&used) {
            bail!(
                InvalidArgument,
                "the input, {}, stands where {} is put together; rename the input, or choose another output",
                input.display(),
                output.display()
            );
        }
    }
    Ok(())
}

/// Refuses an output whose folder does not exist, so that a misspelt path creates no folders, and one without a name.
pub(crate) fn refuse_missing_folder(output: &Path) -> Result<()> {
    if output.file_name().is_none() {
        bail!(
            InvalidArgument,
            "output {} ends without a name; give the name of the file or folder to write",
            output.display()
        );
    }
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

/// Where an output that is a link leads; other paths as they are. What is put together stands beside the output itself, and the
/// link stays.
pub(crate) fn resolved(output: &Path) -> PathBuf {
    let output = output.components().as_path();
    match output.is_symlink().then(|| output.canonicalize()) {
        Some(Ok(place)) => place,
        _ => output.to_path_buf(),
    }
}

/// The endings of files that other programs read, none of which is a folder of Zarr.
const OTHER_FORMATS: [&str; 14] =
    ["tif", "tiff", "nc", "nc4", "cdf", "h5", "hdf", "hdf5", "he5", "grib", "grib2", "grb", "grb2", "npy"];

/// Refuses an output of Zarr under the name of a file of another format: no program would open the folder by that name.
///
/// # Errors
/// [`InvalidArgument`](crate::ErrorKind::InvalidArgument).
pub(crate) fn refuse_other_format(output: &Path) -> Result<()> {
    let end = output.extension().map(|end| end.to_string_lossy().to_lowercase()).unwrap_or_default();
    if OTHER_FORMATS.contains(&end.as_str()) {
        bail!(
            InvalidArgument,
            Export,
            "output {} is written as Zarr, and .{end} is the end of another format's files; choose a name that ends in .zarr",
            output.display()
        );
    }
    Ok(())
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
        for name in ["a.zarr", "a", "a.nc.zarr", "v1.2"] {
            assert!(refuse_other_format(Path::new(name)).is_ok(), "{name}");
        }
        assert_eq!(
            refuse_other_format(Path::new("out/a.NC")).unwrap_err().to_string(),
            "output out/a.NC is written as Zarr, and .nc is the end of another format's files; choose a name that ends in .zarr"
        );
        assert_eq!(
            refuse_missing_folder(Path::new("no/such/out.zarr")).unwrap_err().to_string(),
            "output no/such/out.zarr would go to no/such, which is no folder; make it first, or correct the path"
        );
    }

    #[test]
    fn what_stands_beside_the_output_is_no_input() {
        for name in ["none/out.zarr.partial", "none/out.zarr.partial/data", "none/out.zarr.replaced"] {
            let error = refuse_overlap(Path::new(name), Path::new("none/out.zarr")).unwrap_err();
            assert!(error.to_string().contains("stands where none/out.zarr is put together"), "{error}");
        }
        assert!(refuse_overlap(Path::new("none/out.zarr.partially"), Path::new("none/out.zarr")).is_ok());
    }

    #[test]
    fn an_output_has_a_name() {
        for path in ["..", "a/..", "/", ""] {
            let error = refuse_missing_folder(Path::new(path)).unwrap_err();
            assert!(error.to_string().contains("ends without a name"), "{error}");
        }
    }
}
