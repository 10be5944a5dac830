//! Turns failures of libtorch into errors. Its bindings panic, but a fit should report the error and keep its last
//! checkpoint.

use crate::error::{Error, Result, first_line};
use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Once;

thread_local! {
    static GUARDED: Cell<bool> = const { Cell::new(false) };
}

/// Runs a function that calls libtorch.
///
/// # Errors
/// [`Error::OutOfMemory`] and [`Error::Torch`].
pub fn guarded<T>(f: impl FnOnce() -> Result<T>) -> Result<T> {
    static QUIET: Once = Once::new();
    QUIET.call_once(|| {
        let usual = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |info| {
            // The panic message is not printed here, because the caller reports the error.
            if !GUARDED.get() {
                usual(info);
            }
        }));
    });
    let before = GUARDED.replace(true);
    let result = catch_unwind(AssertUnwindSafe(f));
    GUARDED.set(before);
    result.unwrap_or_else(|panic| {
        let message = panic
            .downcast_ref::<String>()
            .map(String::as_str)
            .or_else(|| panic.downcast_ref::<&str>().copied())
            .unwrap_or("it gave no reason");
        Err(explain(message))
    })
}

/// An error whose kind is found from the message.
fn explain(message: &str) -> Error {
    // The bindings wrap what libtorch said in Rust's form of a failed unwrap.
    let message = message.split_once("Torch(\"").map_or(message, |(_, inner)| inner);
    let message = first_line(&message.replace("\\n", "\n"));
    let lower = message.to_lowercase();
    if lower.contains("out of memory")
        || lower.contains("can't allocate memory")
        || lower.contains("not enough memory")
    {
        Error::OutOfMemory(message)
    } else {
        Error::Torch(message)
    }
}

/// Adds what batch size would fit to an error of memory, by what the last batch took.
pub fn advise(error: Error, batch: usize, crop: usize) -> Error {
    match error {
        Error::OutOfMemory(message) => Error::OutOfMemory(format!(
            "{message}; a batch of {batch} crops of {crop}×{crop} pixels did not fit: use data.batch={} (or smaller \
             data.crops) and begin anew, overwriting this fit",
            (batch / 2).max(1)
        )),
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tch::{Device, Kind, Tensor};

    #[test]
    fn failures_of_libtorch_are_errors() {
        let mismatch = guarded(|| {
            let a = Tensor::zeros([2, 3], (Kind::Float, Device::Cpu));
            Ok(a.matmul(&a))
        });
        let message = mismatch.unwrap_err().to_string();
        assert!(message.starts_with("libtorch: ") && message.contains("cannot be multiplied"), "{message}");
        let huge = guarded(|| Ok(Tensor::zeros([1 << 46], (Kind::Float, Device::Cpu))));
        let message = advise(huge.unwrap_err(), 8, 128).to_string();
        assert!(message.starts_with("out of memory: ") && message.contains("data.batch=4"), "{message}");
    }
}
