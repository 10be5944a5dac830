//! Packages as files: opening, saving, and the folders that are searched.

use std::path::{Path, PathBuf};
use std::{env, fs, io};
use vqz_codec::config::ModelReference;
use vqz_codec::error::{Error, Result};
use vqz_codec::model::Model;

/// The environment variable that names folders of packages, separated like those of `PATH`.
pub const PATH_VARIABLE: &str = "VQZ_MODEL_PATH";

/// Opens a package file.
///
/// # Errors
/// [`Error::MissingModel`] when there is no such file, [`Error::InvalidModel`] when it is not a valid package, [`Error::Io`]
/// when it can't be read.
pub fn open(path: &Path) -> Result<Model> {
    let bytes = fs::read(path).map_err(|e| {
        if e.kind() == io::ErrorKind::NotFound {
            Error::MissingModel(format!(
                "there is no file {}; give the path of a package (NAME.vqm)",
                path.display()
            ))
        } else {
            Error::io(format!("reading {}", path.display()), e)
        }
    })?;
    Model::from_bytes(&bytes).map_err(|e| match e {
        Error::InvalidModel(message) => Error::InvalidModel(format!("{}: {message}", path.display())),
        other => other,
    })
}

/// Writes a package beside `path`, then renames it into place.
///
/// # Errors
/// [`Error::Io`].
pub fn save(model: &Model, path: &Path) -> Result<()> {
    // A name of this process alone: what anybody else put beside the model stays.
    let partial = path.with_extension(format!("vqm.{}.part", std::process::id()));
    let written = fs::write(&partial, model.to_bytes()?).and_then(|()| fs::rename(&partial, path));
    written.map_err(|e| {
        // A half-written file is of no use to anybody; the first error is the one to report.
        let _ = fs::remove_file(&partial);
        Error::io(format!("writing {}", path.display()), e)
    })
}

/// The path of a model to write: programs recognise a package by its ending.
///
/// # Errors
/// A message that says what is allowed, for any other ending than `.vqm`.
pub fn package_path(text: &str) -> Result<PathBuf, String> {
    let path = PathBuf::from(text);
    match path.extension() {
        Some(extension) if extension == "vqm" => Ok(path),
        _ => Err(format!("models end in .vqm, such as {}", path.with_extension("vqm").display())),
    }
}

/// The folders to search, in order: those of [`PATH_VARIABLE`], then `vqz/models` in the user's data folder.
#[must_use]
pub fn folders() -> Vec<PathBuf> {
    let mut folders: Vec<PathBuf> =
        env::var_os(PATH_VARIABLE).map(|v| env::split_paths(&v).collect()).unwrap_or_default();
    let data = env::var_os("XDG_DATA_HOME")
        .map(PathBuf::from)
        .or_else(|| env::var_os("HOME").map(|home| PathBuf::from(home).join(".local/share")));
    folders.extend(data.map(|d| d.join("vqz/models")));
    folders
}

/// The packages in the folders, one after the other. A damaged one beside the right one must not hide it.
fn packages() -> impl Iterator<Item = Model> {
    folders().into_iter().flat_map(|folder| {
        let entries = fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path());
        let mut paths: Vec<PathBuf> = entries.filter(|p| p.extension().is_some_and(|e| e == "vqm")).collect();
        paths.sort();
        paths.into_iter().filter_map(|path| open(&path).ok())
    })
}

/// Searches the folders for a model that can encode.
pub(super) fn whole(sha256: &str) -> Option<Model> {
    packages().find(|model| model.sha256() == sha256 && model.can_encode())
}

/// Searches the folders for the package of a reference.
pub(super) fn search(reference: &ModelReference) -> Result<Model> {
    if let Some(model) = packages().find(|model| model.sha256() == reference.sha256) {
        return Ok(model);
    }
    Err(Error::MissingModel(format!(
        "the array needs model {} with SHA-256 {}, which is not embedded and was not found in {}; put its package \
         (NAME.vqm) there or name its folder in {PATH_VARIABLE}",
        reference.name,
        reference.sha256,
        folders().iter().map(|f| f.display().to_string()).collect::<Vec<_>>().join(", ")
    )))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn other_endings_are_refused() {
        assert_eq!(package_path("nets/mine.txt").unwrap_err(), "models end in .vqm, such as nets/mine.vqm");
        assert!(package_path("nets/mine.vqm").is_ok());
    }

    #[test]
    fn a_file_that_is_not_there_is_a_missing_model() {
        let error = open(Path::new("/nowhere/mine.vqm")).unwrap_err();
        assert!(matches!(error, Error::MissingModel(_)), "{error:?}");
        assert_eq!(
            error.to_string(),
            "missing model: there is no file /nowhere/mine.vqm; give the path of a package (NAME.vqm)"
        );
    }
}
