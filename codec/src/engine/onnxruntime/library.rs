//! The library of this process, once a program has opened it.

use std::path::Path;
use std::sync::{Mutex, OnceLock, PoisonError};

use ort::environment::Environment;

use crate::error::{Error, Result};

/// The oldest release of libonnxruntime that can be opened.
pub const OLDEST_ONNXRUNTIME: &str = "1.20";

/// The library of this process.
pub(super) struct Library {
    /// The file, or the name by which the loader found it.
    pub(super) path: String,
    /// Its release where it is known, otherwise the commit that it was built from.
    pub(super) version: String,
    /// Lives until the process ends: ort makes no second one.
    pub(super) environment: Environment,
    /// Whether it runs graphs on the CPU, once that was tried.
    pub(super) works: OnceLock<bool>,
}

/// Why a library was not opened.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LibraryError {
    /// There is no such file, it is no libonnxruntime, or it is too old: another one may do.
    #[error("{0}")]
    NotLoaded(String),
    /// It was loaded, but can't be used in this process; no other one can be tried any more.
    #[error(
        "{path} is open but gives no environment: {why}; where the host program uses ort itself, choose the engine tract"
    )]
    NoEnvironment {
        /// The library.
        path: String,
        /// Its message.
        why: String,
    },
}

static LIBRARY: Mutex<Option<&'static Library>> = Mutex::new(None);

/// Opens libonnxruntime for the engines `onnxruntime` and `cuda` of this process. When one is open already, it stays.
///
/// `path` is a file, or a name that the system's loader finds. `release` is asked, after the library was loaded, which release
/// it is; that is for people, and may stay unknown.
///
/// # Errors
/// [`LibraryError::NotLoaded`] when another path may be tried, [`LibraryError::NoEnvironment`] when none may.
pub fn open_library(path: &Path, release: impl FnOnce() -> Option<String>) -> Result<(), LibraryError> {
    let mut library = LIBRARY.lock().unwrap_or_else(PoisonError::into_inner);
    if library.is_some() {
        return Ok(());
    }
    let builder = ort::init_from(path).map_err(|e| LibraryError::NotLoaded(reason(&e)))?;
    let environment = builder.with_name("vqz").with_telemetry(false).build();
    let environment = environment
        .map_err(|e| LibraryError::NoEnvironment { path: path.display().to_string(), why: e.to_string() })?;
    let opened = Library {
        path: path.display().to_string(),
        version: release().unwrap_or_else(commit),
        environment,
        works: OnceLock::new(),
    };
    *library = Some(Box::leak(Box::new(opened)));
    Ok(())
}

/// Whether a library is open.
#[must_use]
pub fn library_is_open() -> bool {
    opened().is_ok()
}

/// The library that is open.
pub(super) fn opened() -> Result<&'static Library> {
    let library = LIBRARY.lock().unwrap_or_else(PoisonError::into_inner);
    library.ok_or_else(|| {
        Error::Engine(
            "no libonnxruntime is open in this process; open one by its path, or choose the engine tract"
                .to_owned(),
        )
    })
}

/// What the loader says, such as which library of its own is missing, is in the source.
fn reason(error: &ort::LoadDynamicError) -> String {
    match error {
        ort::LoadDynamicError::Dlopen { error: inner, .. } => {
            std::error::Error::source(inner).map_or_else(|| inner.to_string(), ToString::to_string)
        }
        other => other.to_string(),
    }
}

/// The commit that the library was built from.
fn commit() -> String {
    let commit = ort::info().split("git-commit-id=").nth(1).and_then(|rest| rest.split([',', ' ']).next());
    format!("at commit {}", commit.unwrap_or("unknown"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_oldest_release_is_the_one_that_ort_was_built_for() {
        assert_eq!(OLDEST_ONNXRUNTIME, format!("1.{}", ort::MINOR_VERSION));
    }
}
