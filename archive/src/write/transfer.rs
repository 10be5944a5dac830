//! Moves a raster into an array, chunk by chunk, with bounded memory and in parallel.

use crate::error::Result;
use crate::parallel::{for_each, workers};
use crate::progress::{Progress, Task, WrittenAgain};
use crate::raster::region::volume;
use crate::raster::source::Raster;
use crate::store::files::{self, Stored};
use crate::store::writer::ArrayWriter;
use crate::write::ledger::{Chunk, Ledger};
use crate::write::share::Share;
use crate::write::walk::Walk;
use serde::Serialize;
use std::collections::HashSet;
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
    /// Those among them that an earlier run had begun or completed.
    pub(crate) again: WrittenAgain,
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

/// An array of an output whose complete chunks are recorded.
#[derive(Clone, Copy)]
pub(crate) struct Recorded<'a> {
    /// The ledger of the output.
    pub(crate) ledger: &'a Ledger,
    /// The path of the array in the output; empty for the root.
    pub(crate) array: &'a str,
    /// Whether an earlier run may have left chunks.
    pub(crate) resumed: bool,
}

/// What is to be done with a chunk, according to what an earlier run left of it.
enum Left {
    /// Nothing was left.
    Nothing,
    /// It is complete, and certainly of this input.
    Complete,
    /// It is complete. It was made from samples with this checksum.
    MadeFrom(Chunk),
    /// It must be written again.
    Again(Reason),
}

/// Why a chunk is written again.
#[derive(Clone, Copy)]
enum Reason {
    Damaged,
    Changed,
    Unrecorded,
}

impl Transferred {
    fn count_again(&mut self, reason: Reason) {
        *match reason {
            Reason::Damaged => &mut self.again.damaged,
            Reason::Changed => &mut self.again.changed,
            Reason::Unrecorded => &mut self.again.unrecorded,
        } += 1;
    }
}

/// Writes the chunks of an array from a raster of the same shape. Chunks that the ledger has as complete are kept, if they
/// still are, and their samples are the same.
///
/// # Errors
/// When encoding or writing fails, and when reading fails, if that should stop the work.
/// [`InvalidArgument`](crate::ErrorKind::InvalidArgument) where there are more chunks than can be gone through.
pub(crate) fn transfer(
    from: &dyn Raster,
    to: &ArrayWriter,
    recorded: &Recorded<'_>,
    what: &str,
    progress: &dyn Progress,
    order: Order,
) -> Result<Transferred> {
    let size = from.info().data_type.size() as u64;
    let grid = to.grid();
    let walk = Walk::new(from, to, order.share)?;
    if recorded.resumed {
        remove_strays(to, recorded, &walk, order.share)?;
    }
    let done = Mutex::new(Transferred::default());
    let count =
        |add: &dyn Fn(&mut Transferred)| add(&mut done.lock().unwrap_or_else(PoisonError::into_inner));
    let task = Task::start(progress, what, walk.len());
    for_each(walk.len(), workers(volume(grid.chunk()).saturating_mul(size)), |at| {
        let indices = walk.indices(grid, at);
        let region = grid.region(&indices);
        let name = to.chunk_name(recorded.array, &indices);
        let left = what_is_left(to, recorded, &indices, &name)?;
        if let Left::Complete = left {
            count(&|done| done.kept += 1);
            return task.advance(1);
        }
        match from.read(&region) {
            Ok(samples) => {
                let checksum = crc32c::crc32c(&samples);
                let again = match left {
                    Left::MadeFrom(chunk) if chunk.samples == checksum => {
                        recorded.ledger.add(&name, chunk)?;
                        count(&|done| done.kept += 1);
                        return task.advance(1);
                    }
                    Left::MadeFrom(_) => Some(Reason::Changed),
                    Left::Again(reason) => Some(reason),
                    Left::Nothing | Left::Complete => None,
                };
                let file = to.write(&indices, samples)?;
                recorded.ledger.add(&name, Chunk { metadata: to.checksum(), samples: checksum, file })?;
                count(&|done| {
                    done.written += 1;
                    if let Some(reason) = again {
                        done.count_again(reason);
                    }
                });
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
        task.advance(1)
    })?;
    let mut done = done.into_inner().unwrap_or_else(PoisonError::into_inner);
    done.failed.sort_by(|a, b| a.chunk.cmp(&b.chunk));
    Ok(done)
}

fn what_is_left(to: &ArrayWriter, recorded: &Recorded<'_>, indices: &[u64], name: &str) -> Result<Left> {
    if !recorded.resumed {
        return Ok(Left::Nothing);
    }
    let known = recorded.ledger.known(name).filter(|(chunk, _)| chunk.metadata == to.checksum());
    let Some((chunk, same_input)) = known else {
        return Ok(if to.has(indices) { Left::Again(Reason::Unrecorded) } else { Left::Nothing });
    };
    Ok(match (Stored::at(&to.chunk_path(indices))? == chunk.file, same_input) {
        (true, true) => Left::Complete,
        (true, false) => Left::MadeFrom(chunk.clone()),
        (false, _) => Left::Again(Reason::Damaged),
    })
}

/// Removes chunks that an earlier run left where this one writes none, because its input is all fill value there, and what the
/// ledger says of them.
fn remove_strays(to: &ArrayWriter, recorded: &Recorded<'_>, walk: &Walk, share: Option<Share>) -> Result<()> {
    // Where all chunks are gone through, nothing is left over.
    let Walk::Some(chunks) = walk else { return Ok(()) };
    let kept: HashSet<String> = chunks.iter().map(|indices| to.chunk_name(recorded.array, indices)).collect();
    for name in recorded.ledger.others(recorded.array, &kept) {
        recorded.ledger.forget(name)?;
    }
    let Some(stored) = to.stored()? else { return Ok(()) };
    for indices in stored.iter() {
        if share.is_none_or(|share| share.has(to.grid().number(indices))) && !walk.has(indices) {
            files::remove(&to.chunk_path(indices))?;
        }
    }
    Ok(())
}
