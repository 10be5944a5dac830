//! The search for a model by its hash.
//!
//! An array's metadata names its model by a hash. [`find`] looks among the models that were registered in the process, then
//! in the metadata itself, then in the folders that [`folders`] lists. The hash is checked in each case.

mod files;

pub use files::{PATH_VARIABLE, folders, open, package_path, save};

use std::collections::{HashMap, HashSet};
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
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
    let known = models().get(&reference.sha256).cloned();
    let embedded = reference.decoder.as_deref().map(|text| (text, mark(&reference.sha256, text)));
    match (known, embedded) {
        (Some(model), None) => return Ok(model),
        // Readers who do not know the model depend on the embedded one, so it is checked all the same, once.
        (Some(model), Some((_, mark)))
            if CHECKED.lock().unwrap_or_else(PoisonError::into_inner).contains(&mark) =>
        {
            return Ok(model);
        }
        _ => {}
    }
    let found = match embedded {
        Some((text, mark)) => {
            let model = Model::from_embedded(text)?;
            if model.sha256() != reference.sha256 {
                return Err(Error::InvalidModel(format!(
                    "the embedded model has SHA-256 {}, the metadata names {}; restore the array's metadata",
                    model.sha256(),
                    reference.sha256
                )));
            }
            CHECKED.lock().unwrap_or_else(PoisonError::into_inner).insert(mark);
            model
        }
        None => files::search(reference)?,
    };
    let found = Arc::new(found);
    register(Arc::clone(&found));
    // One that was known before may hold its encoder too.
    Ok(models().get(&reference.sha256).cloned().unwrap_or(found))
}

/// Marks of embedded models that were found to be those that their hashes name.
static CHECKED: LazyLock<Mutex<HashSet<u64>>> = LazyLock::new(Mutex::default);

/// A mark of a hash and the text that stands for it: it tells damage from the original, and no more.
fn mark(sha256: &str, text: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    (sha256, text).hash(&mut hasher);
    hasher.finish()
}
