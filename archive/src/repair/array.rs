//! Repairs one array: finds the chunks that can't be decoded, writes them again as the archive's own metadata say, and holds the result
//! against what was recorded.

use crate::encoded::array::EncodedArray;
use crate::encoded::record::Record;
use crate::error::Result;
use crate::parallel::{for_each, workers};
use crate::progress::{Progress, Task};
use crate::raster::region::volume;
use crate::raster::source::Raster;
use crate::repair::options::RepairOptions;
use crate::store::tree::Node;
use crate::store::writer::ArrayWriter;
use crate::verify::{Failure, check_chunk, verify_array};
use serde::Serialize;
use std::collections::BTreeSet;
use std::sync::{Mutex, PoisonError};

/// What was done with one array.
#[derive(Clone, Debug, Serialize)]
#[non_exhaustive]
pub struct ArrayRepair {
    /// Its path below the root; empty for the root.
    pub path: String,
    /// The chunks that were written again; the inner ones of a sharded array.
    pub repaired: Vec<String>,
    /// Whether the array is what was recorded of it when it was encoded, chunk by chunk; none without a record that says so.
    pub as_recorded: Option<bool>,
    /// What is still wrong.
    pub failures: Vec<Failure>,
}

/// A chunk that was found wrong.
enum Wrong {
    /// It can't be decoded, or is not there: nothing is lost by writing it again.
    Gone,
    /// It decodes, and is not what the source holds. Either of the two may be the one that was changed.
    Other,
}

/// Repairs an array.
///
/// # Errors
/// When its files can't be listed, and when reading the source, encoding or writing fails.
pub(crate) fn repair_array(
    node: &Node,
    mut archive: EncodedArray,
    source: &dyn Raster,
    options: &RepairOptions,
    progress: &dyn Progress,
) -> Result<ArrayRepair> {
    let engine = options.engine;
    let record = Record::of(&node.metadata);
    let verified = verify_array(node, &archive, Some(source), progress)?;
    let mut failures = verified.failures;
    let listed: Vec<Vec<u64>> = failures.iter().filter_map(|failure| failure.chunk.clone()).collect();
    let writer = ArrayWriter::open(&node.folder, engine)?;
    let mut lacks = record.as_ref().is_none_or(|record| verified.chunks < record.chunks);
    let mut written: BTreeSet<Vec<u64>> = BTreeSet::new();
    let mut unwritten: Vec<Failure> = Vec::new();
    // Where a chunk that is whole speaks against the source, others would become what they never were.
    let trusted = options.source_changed || !listed.iter().any(|indices| decodes(&archive, indices));
    loop {
        let mut chunks = whole_chunks(&archive, &writer, &listed, lacks);
        chunks.retain(|chunk| !written.contains(chunk));
        if chunks.is_empty() || !trusted {
            break;
        }
        unwritten.extend(write(&writer, &chunks, source, progress)?);
        written.extend(chunks);
        // What an index that could not be read was taken to hold, and what is lost beside it, shows only now.
        archive = EncodedArray::open(node, engine)?;
        let now = archive.totals().ok().map(|totals| totals.chunks);
        lacks = record.as_ref().is_none_or(|record| now.is_some_and(|now| now < record.chunks));
    }
    let mut repaired = Vec::new();
    if !written.is_empty() {
        let is_written = |indices: &Vec<u64>| written.contains(&of_writer(&archive, &writer, indices));
        failures.retain(|failure| failure.chunk.as_ref().is_some_and(|indices| !is_written(indices)));
        for indices in listed.iter().filter(|indices| is_written(indices)) {
            match check_chunk(node, &archive, Some(source), indices, &mut Vec::new()).wrong {
                None => repaired.push(archive.chunk_name(indices)),
                Some(error) => failures.push(Failure::of_chunk(&archive, indices, &error)),
            }
        }
        // Of what could not be written, its own reason says more.
        failures.extend(unwritten);
        if let Ok(now) = archive.totals() {
            let differs = record.as_ref().and_then(|record| archive.differs(record, &now));
            failures.extend(differs.map(|found| Failure::of_array(node, found)));
        }
    }
    let as_recorded = record
        .filter(|record| record.digest.is_some())
        // Headers that can't be read are those of damaged chunks.
        .map(|record| archive.totals().is_ok_and(|totals| archive.differs(&record, &totals).is_none()));
    Ok(ArrayRepair { path: node.path.clone(), repaired, as_recorded, failures })
}

/// Whether a chunk is there and can be decoded.
fn decodes(archive: &EncodedArray, indices: &[u64]) -> bool {
    archive.bytes(indices).ok().flatten().is_some_and(|bytes| {
        archive.figures_of(indices, &bytes).is_ok()
            && archive.decode(indices, &bytes, &mut Vec::new()).is_ok()
    })
}

/// What is wrong with a chunk that a verification listed. `lacks` says that the array holds fewer chunks than were written.
fn what_is_wrong(archive: &EncodedArray, indices: &[u64], lacks: bool) -> Wrong {
    // Where none is lost, the source was changed since.
    let was_never_there = !lacks && matches!(archive.bytes(indices), Ok(None));
    if was_never_there || decodes(archive, indices) { Wrong::Other } else { Wrong::Gone }
}

/// The chunks of storage to write: of a sharded array, the shards in which chunks are gone. A shard is written as a whole, so one that
/// holds a chunk which is not what the source holds is left alone.
fn whole_chunks(
    archive: &EncodedArray,
    writer: &ArrayWriter,
    listed: &[Vec<u64>],
    lacks: bool,
) -> BTreeSet<Vec<u64>> {
    let (mut gone, mut others) = (BTreeSet::new(), BTreeSet::new());
    for indices in listed {
        let chunks = match what_is_wrong(archive, indices, lacks) {
            Wrong::Gone => &mut gone,
            Wrong::Other => &mut others,
        };
        chunks.insert(of_writer(archive, writer, indices));
    }
    gone.difference(&others).cloned().collect()
}

/// The chunk of storage that holds a chunk.
fn of_writer(archive: &EncodedArray, writer: &ArrayWriter, indices: &[u64]) -> Vec<u64> {
    let (inner, outer) = (archive.grid().chunk(), writer.grid().chunk());
    indices.iter().zip(inner.iter().zip(outer)).map(|(at, (inner, outer))| at * inner / outer).collect()
}

/// Writes chunks, each of which is complete at any moment, or as it was. Returns those that could not be written: one of them is no
/// reason to leave the others as they are.
///
/// # Errors
/// When the work is stopped.
fn write(
    writer: &ArrayWriter,
    chunks: &BTreeSet<Vec<u64>>,
    source: &dyn Raster,
    progress: &dyn Progress,
) -> Result<Vec<Failure>> {
    let chunks: Vec<&Vec<u64>> = chunks.iter().collect();
    let size = source.info().data_type.size() as u64;
    let task = Task::start(progress, "repairing", chunks.len() as u64);
    let failed: Mutex<Vec<Failure>> = Mutex::default();
    for_each(chunks.len() as u64, workers(volume(writer.grid().chunk()).saturating_mul(size)), |at| {
        let indices = chunks[at as usize];
        let samples = source.read(&writer.grid().region(indices));
        if let Err(error) = samples.and_then(|samples| writer.write(indices, samples)) {
            let place = writer.chunk_path(indices).display().to_string();
            let found = format!("it could not be written again: {}", error.one_line());
            let failure = Failure { place, found, kind: error.kind(), chunk: None };
            failed.lock().unwrap_or_else(PoisonError::into_inner).push(failure);
        }
        task.advance(1)
    })?;
    Ok(failed.into_inner().unwrap_or_else(PoisonError::into_inner))
}
