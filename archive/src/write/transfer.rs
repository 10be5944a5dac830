//! Moves a raster into an array, chunk by chunk, with bounded memory and in parallel.

use crate::error::Result;
use crate::parallel::{for_each, workers};
use crate::progress::{Progress, Task};
use crate::raster::region::volume;
use crate::raster::source::Raster;
use crate::store::writer::ArrayWriter;
use crate::write::share::Share;
use serde::Serialize;
use std::sync::{Mutex, PoisonError};

/// How an array is written.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Order {
    /// Only the chunks of this share.
    pub(crate) share: Option<Share>,
    /// What to do when a chunk can't be read.
    pub(crate) unreadable: Unreadable,
}

/// What to do when a chunk of the input can't be read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Unreadable {
    /// Stop the work.
    #[default]
    Stop,
    /// Go on with the other chunks, and report it at the end.
    GoOn,
}

/// The result for the chunks of an array.
#[derive(Debug, Default)]
pub(crate) struct Transferred {
    /// Chunks that were there already.
    pub(crate) kept: u64,
    /// Chunks that were written now, or hold nothing but the fill value.
    pub(crate) written: u64,
    /// Chunks that could not be read, in their order.
    pub(crate) failed: Vec<FailedChunk>,
}

/// A chunk that could not be read.
#[derive(Debug, Serialize)]
pub(crate) struct FailedChunk {
    /// Its array.
    pub(crate) array: String,
    /// Its indices in the grid of chunks.
    pub(crate) chunk: Vec<u64>,
    /// For each dimension, the first sample and the one after the last.
    pub(crate) region: Vec<[u64; 2]>,
    /// The reason.
    pub(crate) error: String,
}

/// Writes the chunks of an array from a raster of the same shape. Chunks that exist already are kept.
///
/// # Errors
/// When encoding or writing fails, and when reading fails, if that should stop the work.
pub(crate) fn transfer(
    from: &dyn Raster,
    to: &ArrayWriter,
    what: &str,
    progress: &dyn Progress,
    order: Order,
) -> Result<Transferred> {
    let size = from.info().data_type.size() as u64;
    let grid = to.grid();
    let mine: Vec<u64> =
        (0..grid.len()).filter(|number| order.share.is_none_or(|share| share.has(*number))).collect();
    let done = Mutex::new(Transferred::default());
    let count =
        |add: &dyn Fn(&mut Transferred)| add(&mut done.lock().unwrap_or_else(PoisonError::into_inner));
    let task = Task::start(progress, what, mine.len() as u64);
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
                    let failed = || FailedChunk {
                        array: from.info().label.clone(),
                        chunk: indices.clone(),
                        region: region.iter().map(|range| [range.start, range.end]).collect(),
                        error: error.one_line(),
                    };
                    count(&|done| done.failed.push(failed()));
                }
                Err(error) => return Err(error),
            }
        }
        task.advance(1);
        Ok(())
    })?;
    let mut done = done.into_inner().unwrap_or_else(PoisonError::into_inner);
    done.failed.sort_by(|a, b| a.chunk.cmp(&b.chunk));
    Ok(done)
}
