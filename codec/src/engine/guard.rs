//! Protection from panics in engines.

use crate::error::{Error, Result};

/// Runs foreign code that may panic on an unusual graph; a panic becomes an error of the engine.
pub(super) fn guarded<T>(engine: &str, what: &str, work: impl FnOnce() -> Result<T>) -> Result<T> {
    let outcome = std::panic::catch_unwind(std::panic::AssertUnwindSafe(work));
    outcome.unwrap_or_else(|panic| {
        let text = panic
            .downcast_ref::<String>()
            .map(String::as_str)
            .or_else(|| panic.downcast_ref::<&str>().copied())
            .unwrap_or("no message");
        Err(Error::Engine(format!("{engine} panicked while {what}: {text}; try another engine")))
    })
}
