//! Work on many chunks in parallel, within bounded memory.

use crate::error::{Error, Result};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

/// The memory, in bytes, that chunks in progress may take together. It is a rough bound.
const IN_FLIGHT_BYTES: u64 = 768 << 20;

/// Memory for one chunk, as a multiple of its raw size: its samples, a padded copy, and the buffers of the encoder.
const COPIES: u64 = 6;

/// How many chunks of this size in bytes are processed in parallel.
pub fn workers(chunk_bytes: u64) -> usize {
    let fit = IN_FLIGHT_BYTES / chunk_bytes.saturating_mul(COPIES).max(1);
    rayon::current_num_threads().min(usize::try_from(fit).unwrap_or(usize::MAX)).max(1)
}

/// Runs `work` for each number below `count` on at most `workers` threads of rayon's pool, starting them in ascending
/// order.
///
/// # Errors
/// The error of the lowest number that failed. After a failure, no further number is started.
pub fn for_each(count: u64, workers: usize, work: impl Fn(u64) -> Result<()> + Sync) -> Result<()> {
    let next = AtomicU64::new(0);
    let stopped = AtomicBool::new(false);
    let failure: Mutex<Option<(u64, Error)>> = Mutex::new(None);
    rayon::scope(|scope| {
        for _ in 0..workers.min(usize::try_from(count).unwrap_or(usize::MAX)) {
            scope.spawn(|_| {
                while !stopped.load(Ordering::Relaxed) {
                    let number = next.fetch_add(1, Ordering::Relaxed);
                    if number >= count {
                        return;
                    }
                    if let Err(error) = work(number) {
                        stopped.store(true, Ordering::Relaxed);
                        let mut failure = failure.lock().unwrap_or_else(PoisonError::into_inner);
                        if failure.as_ref().is_none_or(|(earlier, _)| number < *earlier) {
                            *failure = Some((number, error));
                        }
                    }
                }
            });
        }
    });
    match failure.into_inner().unwrap_or_else(PoisonError::into_inner) {
        Some((_, error)) => Err(error),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::bail;

    #[test]
    fn the_first_failure_is_told_and_stops_the_rest() {
        let done = AtomicU64::new(0);
        let error = for_each(1000, 1, |n| {
            done.fetch_add(1, Ordering::Relaxed);
            if n == 7 { bail!(Codec, "chunk {n}") } else { Ok(()) }
        });
        assert_eq!(error.unwrap_err().to_string(), "chunk 7");
        assert_eq!(done.into_inner(), 8);
    }
}
