//! Where models are found by their hash: registered in the process, embedded in the metadata, the folders of
//! `VQZ_MODEL_PATH`, the user's data folder. Hashes are always checked.

use crate::config::ModelReference;
use crate::error::{Error, Result};
use crate::model::Model;
use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::{Arc, LazyLock, Mutex, PoisonError};

/// The folders that are searched for packages, separated like `PATH`.
pub const PATH_VARIABLE: &str = "VQZ_MODEL_PATH";

static MODELS: LazyLock<Mutex<HashMap<String, Arc<Model>>>> = LazyLock::new(Mutex::default);

fn models() -> std::sync::MutexGuard<'static, HashMap<String, Arc<Model>>> {
    // The map is whole after every operation, so a panic elsewhere does not spoil it.
    MODELS.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Makes a model known to this process. One that has its encoder takes the place of its decoding half.
pub fn register(model: Arc<Model>) {
    let mut models = models();
    let keep = models
        .get(model.sha256())
        .is_some_and(|known| known.encoder().is_some() && model.encoder().is_none());
    if !keep {
        models.insert(model.sha256().to_owned(), model);
    }
}

/// Finds the model of a reference.
///
/// # Errors
/// [`Error::MissingModel`] when there is none, [`Error::InvalidModel`] when one is there with another hash.
pub fn find(reference: &ModelReference) -> Result<Arc<Model>> {
    let well_formed = reference.sha256.len() == 64
        && reference.sha256.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b));
    if !well_formed {
        return Err(Error::InvalidArgument(format!(
            "the model's sha256 is \"{}\", 64 lower-case hexadecimal digits are needed",
            reference.sha256
        )));
    }
    if let Some(model) = models().get(&reference.sha256) {
        return Ok(model.clone());
    }
    let found = match &reference.decoder {
        Some(embedded) => {
            let model = Model::from_embedded(embedded)?;
            if model.sha256() != reference.sha256 {
                return Err(Error::InvalidModel(format!(
                    "the embedded model has SHA-256 {}, the metadata names {}; restore the array's metadata",
                    model.sha256(),
                    reference.sha256
                )));
            }
            model
        }
        None => search(reference)?,
    };
    let found = Arc::new(found);
    register(found.clone());
    Ok(found)
}

/// The folders that are searched, in order.
#[must_use]
pub fn folders() -> Vec<PathBuf> {
    let mut folders: Vec<PathBuf> =
        std::env::var_os(PATH_VARIABLE).map(|v| std::env::split_paths(&v).collect()).unwrap_or_default();
    let data = std::env::var_os("XDG_DATA_HOME")
        .map(PathBuf::from)
        .or_else(|| std::env::var_os("HOME").map(|home| PathBuf::from(home).join(".local/share")));
    folders.extend(data.map(|d| d.join("vqz/models")));
    folders
}

fn search(reference: &ModelReference) -> Result<Model> {
    for folder in folders() {
        let Ok(entries) = std::fs::read_dir(&folder) else { continue };
        let mut paths: Vec<PathBuf> = entries.flatten().map(|e| e.path()).collect();
        paths.sort();
        for path in paths.iter().filter(|p| p.extension().is_some_and(|e| e == "vqm")) {
            // A damaged package beside the right one must not hide it.
            if let Ok(model) = Model::open(path)
                && model.sha256() == reference.sha256
            {
                return Ok(model);
            }
        }
    }
    Err(Error::MissingModel(format!(
        "the array needs model {} with SHA-256 {}, which is not embedded and was not found in {}; put its package \
         (NAME.vqm) there or name its folder in {PATH_VARIABLE}",
        reference.name,
        reference.sha256,
        folders().iter().map(|f| f.display().to_string()).collect::<Vec<_>>().join(", ")
    )))
}
