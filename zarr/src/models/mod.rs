//! The search for a model by its hash.
//!
//! An array's metadata names its model by a hash. [`find`] looks among the models that were registered in the process, then
//! in the metadata itself, then in the folders that [`folders`] lists. The hash is checked in each case.

mod files;

pub use files::{PATH_VARIABLE, folders, open, package_path, save};

use std::collections::HashMap;
use std::sync::{Arc, LazyLock, Mutex, PoisonError};
use vqz_codec::config::ModelReference;
use vqz_codec::error::{Error, Result};
use vqz_codec::model::Model;

static MODELS: LazyLock<Mutex<HashMap<String, Arc<Model>>>> = LazyLock::new(Mutex::default);

fn models() -> std::sync::MutexGuard<'static, HashMap<String, Arc<Model>>> {
    // Every operation leaves the map complete, so it is sound even after a panic in another thread.
    MODELS.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Registers a model in this process. A model with its encoder replaces its decoding half.
pub fn register(model: Arc<Model>) {
    let mut models = models();
    let keep = models
        .get(model.sha256())
        .is_some_and(|known| known.encoder().is_some() && model.encoder().is_none());
    if !keep {
        models.insert(model.sha256().to_owned(), model);
    }
}

/// Finds a whole model, one that can encode, by its hash, and registers it. None where only its decoding half is at hand, or nothing.
#[must_use]
pub fn whole(sha256: &str) -> Option<Arc<Model>> {
    let known = models().get(sha256).filter(|model| model.can_encode()).cloned();
    known.or_else(|| {
        let found = Arc::new(files::whole(sha256)?);
        register(Arc::clone(&found));
        Some(found)
    })
}

/// Finds the model of a reference, and registers it.
///
/// # Errors
/// [`Error::MissingModel`] when there is none, [`Error::InvalidModel`] when the embedded one has another hash,
/// [`Error::InvalidArgument`] for a text that is not a hash.
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
        None => files::search(reference)?,
    };
    let found = Arc::new(found);
    register(found.clone());
    Ok(found)
}
