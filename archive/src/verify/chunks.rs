//! Collects what a verification finds, chunk by chunk in any order, and lists the failures.

use crate::encoded::array::EncodedArray;
use crate::encoded::record::Record;
use crate::encoded::totals::{ChunkFigures, Totals};
use crate::error::{Error, ErrorKind};
use crate::raster::stored::StoredChunks;
use crate::store::tree::Node;
use serde::Serialize;
use std::collections::BTreeMap;

/// At most so many lost chunks are listed one by one.
const NAMED: usize = 10_000;

/// A failure of a chunk or of an array.
#[derive(Clone, Debug, Serialize)]
#[non_exhaustive]
pub struct Failure {
    /// The chunk or the array.
    pub place: String,
    /// A description of the failure.
    pub found: String,
    /// The kind of the failure: the chunk is damaged, lost, or differs from its source by more than is promised.
    #[serde(skip)]
    pub kind: ErrorKind,
    /// The place of the chunk in the grid; none for an array.
    #[serde(skip)]
    pub(crate) chunk: Option<Vec<u64>>,
}

impl Failure {
    /// A failure of a chunk.
    pub(crate) fn of_chunk(archive: &EncodedArray, indices: &[u64], error: &Error) -> Self {
        Self {
            place: archive.chunk_name(indices),
            found: error.one_line(),
            kind: error.kind(),
            chunk: Some(indices.to_vec()),
        }
    }

    /// A failure of an array as a whole: its chunks are not those that were written.
    pub(crate) fn of_array(node: &Node, found: String) -> Self {
        Self { place: node.label(), found, kind: ErrorKind::Corrupt, chunk: None }
    }
}

/// What was found in an array's chunks so far.
#[derive(Default)]
pub(crate) struct CheckedChunks {
    /// The sums over them.
    pub(crate) totals: Totals,
    /// The failures, by the place of the chunk.
    wrong: BTreeMap<Vec<u64>, (ErrorKind, String)>,
    /// Whether the header of a stored chunk could not be read, so that the totals are incomplete.
    unread: bool,
}

/// A chunk as it was found.
pub(crate) struct CheckedChunk {
    /// Whether it is stored.
    pub(crate) stored: bool,
    /// What its header states, if that can be read.
    pub(crate) figures: Option<ChunkFigures>,
    /// The failure, if there is one.
    pub(crate) wrong: Option<Error>,
}

impl CheckedChunks {
    /// Adds a chunk by its place.
    pub(crate) fn take(&mut self, indices: &[u64], checked: CheckedChunk) {
        match &checked.figures {
            Some(figures) => self.totals.add(figures),
            None if checked.stored => {
                self.totals.chunks += 1;
                self.unread = true;
            }
            None => {}
        }
        if let Some(error) = checked.wrong {
            self.wrong.insert(indices.to_vec(), (error.kind(), error.one_line()));
        }
    }

    /// All failures, in the order of chunks. If all chunks of the array were written, the lost ones are listed one by
    /// one; otherwise only their number is known.
    pub(crate) fn failures(
        self,
        archive: &EncodedArray,
        node: &Node,
        recorded: Option<Record>,
        stored: &StoredChunks,
    ) -> Vec<Failure> {
        let CheckedChunks { mut totals, mut wrong, unread } = self;
        let mut whole = None;
        if let Some(record) = &recorded {
            if record.chunks == archive.grid().len() {
                let lost = || (ErrorKind::MissingChunk, "it is lost: all chunks were written".to_owned());
                for indices in stored.first_absent(NAMED) {
                    wrong.entry(indices).or_insert_with(lost);
                }
            }
            let named = wrong.keys().filter(|indices| !stored.contains(indices)).count() as u64;
            let mut found = archive.record(&totals);
            if unread || named > 0 {
                // Then the number of valid samples and the digest add nothing.
                totals.stated_valid = record.valid_samples;
                (found.valid_samples, found.digest) = (record.valid_samples, None);
            }
            found.chunks = (totals.chunks + named).min(record.chunks.max(totals.chunks));
            whole = record.differs(&found, archive.data_type());
        }
        let kind = if totals.chunks < recorded.as_ref().map_or(0, |record| record.chunks) {
            ErrorKind::MissingChunk
        } else {
            ErrorKind::Corrupt
        };
        let whole = whole.map(|found| Failure { place: node.label(), found, kind, chunk: None });
        let wrong = wrong.into_iter().map(|(at, (kind, found))| Failure {
            place: archive.chunk_name(&at),
            found,
            kind,
            chunk: Some(at),
        });
        whole.into_iter().chain(wrong).collect()
    }
}
