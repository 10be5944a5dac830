//! Moves a raster into an array, chunk by chunk, with bounded memory and in parallel.

use crate::progress::Progress;
use crate::raster::Raster;
use crate::raster::region::volume;
use crate::raster::share::Share;
use crate::raster::writer::ArrayWriter;
use anyhow::Result;
use serde::Serialize;
use std::sync::Mutex;
use std::sync::PoisonError;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

/// What the chunks that are worked on at one time may take, in bytes, roughly.
const IN_FLIGHT_BYTES: u64 = 768 << 20;

/// A chunk's samples, a padded copy, and what an encoder makes of them.
const COPIES: u64 = 6;

/// How many chunks of so many bytes are worked on at one time.
pub fn workers(chunk_bytes: u64) -> usize {
    let fit = IN_FLIGHT_BYTES / chunk_bytes.saturating_mul(COPIES).max(1);
    rayon::current_num_threads().min(usize::try_from(fit).unwrap_or(usize::MAX)).max(1)
}

/// Runs `work` for each number below `count` on at most `workers` threads of rayon's pool, in order of the numbers.
///
/// # Errors
/// The error of the lowest number that failed; nothing is begun after a failure.
pub fn for_each(count: u64, workers: usize, work: impl Fn(u64) -> Result<()> + Sync) -> Result<()> {
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

/// How an array is written.
#[derive(Clone, Copy, Debug, Default)]
pub struct Order {
    /// Only the chunks of this share.
    pub share: Option<Share>,
    /// What happens where a chunk can't be read.
    pub unreadable: Unreadable,
}

/// What happens where a chunk of the input can't be read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Unreadable {
    /// The work ends there.
    #[default]
    Stop,
    /// It goes on with the others, and tells at the end.
    GoOn,
}

/// How it went.
#[derive(Debug, Default)]
pub struct Transferred {
    /// Chunks that were there already.
    pub kept: u64,
    /// Chunks that were written now, or hold nothing but the fill value.
    pub written: u64,
    /// Chunks that could not be read, in their order.
    pub failed: Vec<Failed>,
}

/// A chunk that could not be read.
#[derive(Debug, Serialize)]
pub struct Failed {
    /// Its array.
    pub array: String,
    /// Its indices in the grid of chunks.
    pub chunk: Vec<u64>,
    /// The first sample of each dimension, and the one behind the last.
    pub region: Vec<[u64; 2]>,
    /// Why.
    pub error: String,
}

/// Writes the chunks of an array from a raster of the same shape; those that are there are kept.
///
/// # Errors
/// Whatever encoding and writing say, and reading, where it is to stop the work.
pub fn transfer(
    from: &dyn Raster,
    to: &ArrayWriter,
    progress: &Progress,
    order: Order,
) -> Result<Transferred> {
    let size = from.info().data_type.size() as u64;
    let grid = to.grid();
    let mine: Vec<u64> =
        (0..grid.len()).filter(|number| order.share.is_none_or(|share| share.has(*number))).collect();
    let done = Mutex::new(Transferred::default());
    let count =
        |add: &dyn Fn(&mut Transferred)| add(&mut done.lock().unwrap_or_else(PoisonError::into_inner));
    progress.begin(mine.len() as u64);
    for_each(mine.len() as u64, workers(volume(grid.chunk()).saturating_mul(size)), |at| {
        let indices = grid.indices(mine[at as usize]);
        let region = grid.region(&indices);
        if to.has(&indices) {
            count(&|done| done.kept += 1);
        } else {
            match from.read(&region) {
                Ok(samples) => {
                    to.write(&indices, samples)?;
                    count(&|done| done.written += 1);
                }
                Err(error) if order.unreadable == Unreadable::GoOn => {
                    let failed = || Failed {
                        array: from.info().label.clone(),
                        chunk: indices.clone(),
                        region: region.iter().map(|range| [range.start, range.end]).collect(),
                        error: format!("{error:#}"),
                    };
                    count(&|done| done.failed.push(failed()));
                }
                Err(error) => return Err(error),
            }
        }
        progress.advance(1);
        Ok(())
    })?;
    let mut done = done.into_inner().unwrap_or_else(PoisonError::into_inner);
    done.failed.sort_by(|a, b| a.chunk.cmp(&b.chunk));
    Ok(done)
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
