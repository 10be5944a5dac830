//! Moves a raster into an array, chunk by chunk, with bounded memory and in parallel.

use crate::progress::Progress;
use crate::raster::Raster;
use crate::raster::region::volume;
use crate::raster::writer::ArrayWriter;
use anyhow::Result;
use std::sync::Mutex;
use std::sync::PoisonError;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

/// What the chunks that are worked on at one time may take, in bytes, roughly.
const IN_FLIGHT_BYTES: u64 = 768 << 20;

/// A chunk's samples, a padded copy, and what an encoder makes of them.
const COPIES: u64 = 6;

/// How many chunks of so many bytes are worked on at one time.
pub(crate) fn workers(chunk_bytes: u64) -> usize {
    let fit = IN_FLIGHT_BYTES / chunk_bytes.saturating_mul(COPIES).max(1);
    rayon::current_num_threads().min(usize::try_from(fit).unwrap_or(usize::MAX)).max(1)
}

/// Runs `work` for each number below `count` on at most `workers` threads of rayon's pool, in order of the numbers.
///
/// # Errors
/// The error of the lowest number that failed; nothing is begun after a failure.
pub(crate) fn for_each(count: u64, workers: usize, work: impl Fn(u64) -> Result<()> + Sync) -> Result<()> {
    let next = AtomicU64::new(0);
    let stopped = AtomicBool::new(false);
    let failure: Mutex<Option<(u64, anyhow::Error)>> = Mutex::new(None);
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

/// Writes all chunks of an array from a raster of the same shape; those that are there are kept. Returns how many were.
///
/// # Errors
/// Whatever reading, encoding and writing say.
pub(crate) fn transfer(from: &dyn Raster, to: &ArrayWriter, progress: &Progress) -> Result<u64> {
    let size = from.info().data_type.size() as u64;
    let grid = to.grid();
    let kept = AtomicU64::new(0);
    progress.begin(grid.len());
    for_each(grid.len(), workers(volume(grid.chunk()).saturating_mul(size)), |number| {
        let indices = grid.indices(number);
        if to.has(&indices) {
            kept.fetch_add(1, Ordering::Relaxed);
        } else {
            to.write(&indices, from.read(&grid.region(&indices))?)?;
        }
        progress.advance(1);
        Ok(())
    })?;
    Ok(kept.into_inner())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_failure_is_told_and_stops_the_rest() {
        let done = AtomicU64::new(0);
        let error = for_each(1000, 1, |n| {
            done.fetch_add(1, Ordering::Relaxed);
            if n == 7 { anyhow::bail!("chunk {n}") } else { Ok(()) }
        });
        assert_eq!(error.unwrap_err().to_string(), "chunk 7");
        assert_eq!(done.into_inner(), 8);
    }
}
