//! Verifies one array, chunk by chunk: each is decoded, and compared with what its header states and with its source.

use crate::encoded::array::EncodedArray;
use crate::encoded::record::Record;
use crate::error::{Result, bail};
use crate::metadata::document::Metadata;
use crate::parallel::{for_each, workers};
use crate::progress::{Progress, Task};
use crate::raster::region::{Side, copy, extents, pad, volume};
use crate::raster::source::Raster;
use crate::raster::stored::StoredChunks;
use crate::store::chunk_keys::sizes_of_array;
use crate::store::tree::Node;
use crate::verify::chunks::{CheckedChunk, CheckedChunks, Failure};
use crate::verify::statistics::Samples;
use crate::verify::{promise, statistics};
use serde::Serialize;
use std::sync::{Mutex, PoisonError};
use vqz_codec::config::Promise;
use vqz_codec::pipeline::Statistics;

/// The results of a verification for one array.
#[derive(Clone, Debug, Serialize)]
#[non_exhaustive]
pub struct ArrayVerification {
    /// Its path below the root; empty for the root.
    pub path: String,
    /// Chunks that are stored.
    pub chunks: u64,
    /// Chunks that are not stored, and so are all fill value.
    pub fill_only_chunks: u64,
    /// The record that the encode left. Without a record, lost chunks are not noticed.
    pub recorded: Option<Record>,
    /// Bytes of chunks and shards.
    pub data_bytes: u64,
    /// Bytes of `zarr.json`.
    pub metadata_bytes: u64,
    /// The promise for valid samples.
    pub promise: Promise,
    /// The value that PSNR is stated against: the model's. None without a model.
    pub peak: Option<f64>,
    /// PSNR in dB as the chunks state it; none without a peak, and where there is no error.
    pub psnr_db: Option<f64>,
    /// Root mean square error as the chunks state it, in data units.
    pub rmse: Option<f64>,
    /// The largest error as the chunks state it, in data units.
    pub max_error: f64,
    /// Samples that are not "no data".
    pub valid_samples: u64,
    /// The failures.
    pub failures: Vec<Failure>,
}

/// Decodes every chunk of an array.
///
/// # Errors
/// When its files can't be listed. Failures of chunks are no errors; they are listed in the result.
pub(crate) fn verify_array(
    node: &Node,
    archive: &EncodedArray,
    source: Option<&dyn Raster>,
    progress: &dyn Progress,
) -> Result<ArrayVerification> {
    let grid = archive.grid();
    let size = node.metadata.data_type()?.size() as u64;
    let chunks = Mutex::new(CheckedChunks::default());
    let stored = archive.stored()?;
    let places = places(node, &stored, source)?;
    let task = Task::start(progress, "verifying", places.len() as u64);
    // Buffers are reused, because allocating fresh memory takes a good part of the time of decoding.
    let buffers: Mutex<Vec<Vec<u8>>> = Mutex::default();
    for_each(places.len() as u64, workers(volume(grid.chunk()).saturating_mul(size)), |at| {
        let indices = &places[at as usize];
        let mut buffer = buffers.lock().unwrap_or_else(PoisonError::into_inner).pop().unwrap_or_default();
        let checked = check_chunk(node, archive, source, indices, &mut buffer);
        buffers.lock().unwrap_or_else(PoisonError::into_inner).push(buffer);
        chunks.lock().unwrap_or_else(PoisonError::into_inner).take(indices, checked);
        task.advance(1)
    })?;
    let mut checked = chunks.into_inner().unwrap_or_else(PoisonError::into_inner);
    archive.add_absent(&mut checked.totals)?;
    let recorded = Record::of(&node.metadata);
    let (metadata_bytes, data_bytes) = sizes_of_array(&node.folder, &node.metadata)?;
    Ok(ArrayVerification {
        path: node.path.clone(),
        chunks: checked.totals.chunks,
        fill_only_chunks: checked.totals.absent,
        recorded: recorded.clone(),
        data_bytes,
        metadata_bytes,
        promise: archive.configuration().promise.clone(),
        peak: archive.peak(),
        psnr_db: archive.peak().and_then(|peak| checked.totals.psnr_db(peak)),
        rmse: checked.totals.rmse(),
        max_error: checked.totals.max_error,
        valid_samples: checked.totals.valid,
        failures: checked.failures(archive, node, recorded, &stored),
    })
}

/// The chunks to look at, in C order: those that are stored, and where there is a source, those where it may hold something.
fn places(node: &Node, stored: &StoredChunks, source: Option<&dyn Raster>) -> Result<Vec<Vec<u64>>> {
    let mut places: Vec<Vec<u64>> = stored.iter().map(<[u64]>::to_vec).collect();
    let Some(source) = source else { return Ok(places) };
    let fill = |metadata: &Metadata| metadata.json().get("fill_value").cloned();
    let same_fill = fill(&source.info().metadata) == fill(&node.metadata);
    let held = source.stored_chunks()?.filter(|_| same_fill).and_then(|held| held.touched(stored.grid()));
    match held {
        Some(held) => places.extend(held),
        None => {
            let len = stored.grid().walkable(&node.label())?;
            places.extend((0..len).map(|number| stored.grid().indices(number)));
        }
    }
    places.sort_unstable();
    places.dedup();
    Ok(places)
}

/// Decodes a chunk and compares it with its source.
pub(crate) fn check_chunk(
    node: &Node,
    archive: &EncodedArray,
    source: Option<&dyn Raster>,
    indices: &[u64],
    decoded: &mut Vec<u8>,
) -> CheckedChunk {
    let unread = |wrong| CheckedChunk { stored: true, figures: None, wrong: Some(wrong) };
    let bytes = match archive.bytes(indices) {
        Ok(Some(bytes)) => bytes,
        Ok(None) => {
            let wrong = source.and_then(|source| check_fill_only(node, archive, source, indices).err());
            return CheckedChunk { stored: false, figures: None, wrong };
        }
        Err(error) => return unread(error),
    };
    match archive.figures_of(indices, &bytes) {
        Ok(figures) => {
            let wrong = check_stored(archive, source, indices, &bytes, &figures.stated, decoded).err();
            CheckedChunk { stored: true, figures: Some(figures), wrong }
        }
        Err(error) => unread(error),
    }
}

/// Decodes a stored chunk and compares it with its source.
fn check_stored(
    archive: &EncodedArray,
    source: Option<&dyn Raster>,
    indices: &[u64],
    bytes: &[u8],
    stated: &Statistics,
    decoded: &mut Vec<u8>,
) -> Result<()> {
    archive.decode(indices, bytes, decoded)?;
    promise::stated(archive, stated)?;
    let Some(source) = source else { return Ok(()) };
    let (region, data_type) = (archive.region(indices), source.info().data_type);
    let (inside, chunk) = (extents(&region), archive.grid().chunk());
    let wanted = source.read(&region)?;
    if inside == chunk {
        let samples = Samples { source: &wanted, decoded };
        statistics::check(archive, samples, None, data_type, stated)?;
        return promise::kept(archive, &inside, samples, data_type);
    }
    let mut part = vec![0; volume(&inside) as usize * data_type.size()];
    let zero = vec![0; inside.len()];
    let (from, to) = (Side { shape: chunk, start: &zero }, Side { shape: &inside, start: &zero });
    copy(decoded, from, &mut part, to, &inside, data_type.size());
    let samples = Samples { source: &wanted, decoded: &part };
    let padded = pad(wanted.clone(), &inside, chunk, archive.fill_bytes());
    let whole = Samples { source: &padded, decoded };
    statistics::check(archive, samples, Some(whole), data_type, stated)?;
    promise::kept(archive, &inside, samples, data_type)
}

/// A chunk that is not stored must be all fill value in its source.
fn check_fill_only(node: &Node, archive: &EncodedArray, source: &dyn Raster, indices: &[u64]) -> Result<()> {
    let region = archive.region(indices);
    let fill = archive.fill_bytes();
    let samples = source.read(&region)?;
    if samples.chunks_exact(fill.len().max(1)).any(|sample| sample != fill) {
        bail!(Corrupt, "the chunk is not stored, and {} is not all fill value there", node.label());
    }
    Ok(())
}
