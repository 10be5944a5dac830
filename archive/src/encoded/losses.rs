//! Lost chunks: an archive held them once and does not hold them any more.
//!
//! A chunk that is not stored reads as fill value, by the rules of Zarr, and chunks of nothing but fill value are
//! never stored. Only the count in the archive's record shows that a chunk was lost. So the number of lost chunks is
//! always known; which ones they are is known only if all chunks of the array were stored once.

use crate::encoded::array::EncodedArray;
use crate::encoded::copies;
use crate::encoded::lost::{LostChunks, position};
use crate::encoded::record::Record;
use crate::error::Result;
use crate::progress::{Progress, Remark};
use crate::raster::opening::OpenOptions;
use crate::raster::source::{Raster, RasterInfo};
use crate::raster::stored::StoredChunks;
use crate::store::tree::{self, Node};
use serde_json::Value;
use std::collections::BTreeSet;
use std::ops::Range;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use vqz_codec::engine::EngineKind;

/// The greatest number of chunks that are listed.
const MAX_NAMED: usize = 100;

/// Chunks that are not stored, among those that were looked at.
struct Absent {
    /// How many.
    count: u64,
    /// The first of them.
    first: Vec<Vec<u64>>,
}

/// The lost chunks, found from the chunks that were read but are not stored, and from the count of stored chunks.
/// None if none of the chunks that were read can be a lost one.
fn lost_chunks(of: &RecordedArchive, stored: u64, absent: &Absent) -> Option<LostChunks> {
    let RecordedArchive { archive, record, fill_value } = of;
    let in_archive = record.chunks.saturating_sub(stored);
    if in_archive == 0 || absent.count == 0 {
        return None;
    }
    // Where every chunk of the array was stored once, each one that is not stored now is lost.
    let all_were_stored = record.chunks == archive.grid().len();
    Some(LostChunks {
        lost: if all_were_stored { absent.count } else { in_archive },
        written: record.chunks,
        not_stored: absent.count,
        chunks: absent.first.iter().take(MAX_NAMED).map(|indices| position(indices)).collect(),
        fill_value: fill_value.clone(),
    })
}

/// Opens every archive below a path with its engine before any work starts, so that a missing engine is noticed at
/// once. Remarks if chunks are lost, or if the archive was changed after its record was written.
///
/// # Errors
/// When an archive, or the header of one of its chunks, can't be read.
pub fn remark_on_losses(path: &Path, engine: Option<EngineKind>, progress: &dyn Progress) -> Result<()> {
    tree::arrays(path)?.iter().try_for_each(|node| remark_on_losses_of(node, engine, progress))?;
    copies::remark_on_lost(path, progress).map(drop)
}

/// Does the same for one array, and nothing for an array that is not encoded.
///
/// # Errors
/// When the header of a chunk can't be read.
pub(crate) fn remark_on_losses_of(
    node: &Node,
    engine: Option<EngineKind>,
    progress: &dyn Progress,
) -> Result<()> {
    let Some(recorded) = RecordedArchive::open(node, engine)? else { return Ok(()) };
    let stored = recorded.archive.stored()?;
    let totals = recorded.archive.totals_of(&stored)?;
    let Some(how) = recorded.archive.differs(&recorded.record, &totals) else { return Ok(()) };
    let absent = Absent { count: stored.absent(), first: stored.first_absent(MAX_NAMED) };
    let array = node.label();
    progress.remark(&match lost_chunks(&recorded, totals.chunks, &absent) {
        Some(lost) => Remark::ChunksLost { array, lost },
        None => Remark::RecordDiffers { array, how },
    });
    Ok(())
}

/// An archive with its record.
struct RecordedArchive {
    archive: EncodedArray,
    record: Record,
    fill_value: Value,
}

impl RecordedArchive {
    /// Opens an archive; none where the node is no archive, or has no record.
    fn open(node: &Node, engine: Option<EngineKind>) -> Result<Option<Self>> {
        if !node.metadata.is_array() || !node.metadata.encoded()?.is_some_and(|encoding| encoding.plain) {
            return Ok(None);
        }
        let archive = EncodedArray::open(node, engine)?;
        let fill_value = node.metadata.json().get("fill_value").cloned().unwrap_or_default();
        Ok(Record::of(&node.metadata).map(|record| Self { archive, record, fill_value }))
    }
}

/// Watches an archive that is read in parts, and notes which of the requested chunks are not stored. Whether any of
/// them is lost is checked only at the end, and only if there are such chunks, because the check lists all chunks of the
/// archive.
#[cfg_attr(not(feature = "gdal"), allow(dead_code, reason = "only exports need it so far"))]
pub(crate) struct LossWatch {
    inner: Arc<dyn Raster>,
    recorded: RecordedArchive,
    absent: Mutex<BTreeSet<Vec<u64>>>,
}

#[cfg_attr(not(feature = "gdal"), allow(dead_code, reason = "only exports need it so far"))]
impl LossWatch {
    /// Watches the raster of this node; none if it is not an archive, or has no record.
    ///
    /// # Errors
    /// When the archive can't be opened.
    pub(crate) fn new(
        raster: &Arc<dyn Raster>,
        node: &Node,
        options: &OpenOptions,
    ) -> Result<Option<Arc<Self>>> {
        let Some(recorded) = RecordedArchive::open(node, options.engine)? else { return Ok(None) };
        let (inner, absent) = (Arc::clone(raster), Mutex::new(BTreeSet::new()));
        Ok(Some(Arc::new(Self { inner, recorded, absent })))
    }

    /// Remarks on chunks that were read and are lost.
    ///
    /// # Errors
    /// When the storage can't say which chunks it holds.
    pub(crate) fn report(&self, progress: &dyn Progress) -> Result<()> {
        let absent = self.absent.lock().unwrap_or_else(PoisonError::into_inner);
        if absent.is_empty() {
            return Ok(());
        }
        let absent =
            Absent { count: absent.len() as u64, first: absent.iter().take(MAX_NAMED).cloned().collect() };
        let stored = self.recorded.archive.stored()?.len();
        if let Some(lost) = lost_chunks(&self.recorded, stored, &absent) {
            progress.remark(&Remark::ChunksLost { array: self.info().label.clone(), lost });
        }
        Ok(())
    }
}

impl Raster for LossWatch {
    fn info(&self) -> &RasterInfo {
        self.inner.info()
    }

    fn stored_chunks(&self) -> Result<Option<Arc<StoredChunks>>> {
        self.inner.stored_chunks()
    }

    fn read(&self, region: &[Range<u64>]) -> Result<Vec<u8>> {
        let archive = &self.recorded.archive;
        for indices in archive.grid().touched(region) {
            if !archive.is_stored(&indices)? {
                self.absent.lock().unwrap_or_else(PoisonError::into_inner).insert(indices);
            }
        }
        self.inner.read(region)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn lost(lost: u64, not_stored: u64) -> LostChunks {
        let chunks = (0..not_stored.min(MAX_NAMED as u64)).map(|i| format!("0/{i}")).collect();
        LostChunks { lost, written: 200, not_stored, chunks, fill_value: json!(0) }
    }

    #[test]
    fn lost_chunks_are_named_where_they_are_known() {
        assert_eq!(
            lost(2, 2).to_string(),
            "2 of 200 chunks are lost: 0/0, 0/1; they read as the fill value, 0"
        );
        let many = lost(150, 150).to_string();
        assert!(many.contains("0/6, 0/7 and 142 more; they read"), "{many}");
        let one_of_three = lost(1, 3).to_string();
        assert!(
            one_of_three.starts_with("1 of 200 chunks are lost; which ones is not known"),
            "{one_of_three}"
        );
        assert!(one_of_three.contains("one or more of 0/0, 0/1, 0/2; they read"), "{one_of_three}");
    }
}
