//! What verifying an archive sees, chunk by chunk in any order, and what of it does not hold.

use crate::encoded::array::EncodedArray;
use crate::encoded::record::Record;
use crate::encoded::totals::Totals;
use crate::error::{Error, ErrorKind};
use crate::store::tree::Node;
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};
use vqz_codec::pipeline::Statistics;

/// A chunk, or an array, of which something does not hold.
#[derive(Clone, Debug, Serialize)]
#[non_exhaustive]
pub struct Failure {
    /// The chunk or the array.
    pub place: String,
    /// What was found.
    pub found: String,
    /// What kind of failure it is: damaged, lost, or further from its source than is promised.
    #[serde(skip)]
    pub kind: ErrorKind,
}

/// What was seen so far of an array's chunks.
#[derive(Default)]
pub(crate) struct CheckedChunks {
    /// What their headers state together.
    pub(crate) totals: Totals,
    /// The numbers of chunks that are not stored.
    absent: BTreeSet<u64>,
    /// What does not hold, by the number of the chunk.
    wrong: BTreeMap<u64, (ErrorKind, String)>,
    /// Whether a stored chunk's header could not be read, so that the totals are not whole.
    unread: bool,
}

/// A chunk as it was found.
pub(crate) struct CheckedChunk {
    /// Whether it is stored.
    pub(crate) stored: bool,
    /// What its header states, where that can be read.
    pub(crate) statistics: Option<Statistics>,
    /// What does not hold.
    pub(crate) wrong: Option<Error>,
}

impl CheckedChunks {
    /// Takes a chunk by its number.
    pub(crate) fn take(&mut self, number: u64, checked: CheckedChunk) {
        match &checked.statistics {
            Some(statistics) => self.totals.add(statistics),
            None if checked.stored => {
                self.totals.chunks += 1;
                self.unread = true;
            }
            None => {
                self.totals.absent += 1;
                self.absent.insert(number);
            }
        }
        if let Some(error) = checked.wrong {
            self.wrong.insert(number, (error.kind(), error.one_line()));
        }
    }

    /// All that does not hold, in the order of chunks: of an array all of whose chunks were written, those that are lost
    /// have a name; of others it is known how many.
    pub(crate) fn failures(
        self,
        archive: &EncodedArray,
        node: &Node,
        recorded: Option<Record>,
    ) -> Vec<Failure> {
        let CheckedChunks { mut totals, absent, mut wrong, unread } = self;
        let mut whole = None;
        if let Some(record) = recorded {
            if record.chunks == archive.grid().len() {
                let lost = || (ErrorKind::MissingChunk, "it is lost: all chunks were written".to_owned());
                for number in &absent {
                    wrong.entry(*number).or_insert_with(lost);
                }
            }
            if unread || wrong.keys().any(|number| absent.contains(number)) {
                // The number of valid samples says nothing more.
                totals.valid = record.valid_samples;
            }
            let named = wrong.keys().filter(|number| absent.contains(number)).count() as u64;
            let chunks = (totals.chunks + named).min(record.chunks.max(totals.chunks));
            whole = record.differs(&Totals { chunks, ..totals });
        }
        let chunk = |number: u64| archive.chunk_name(&archive.grid().indices(number));
        let kind = if totals.chunks < recorded.map_or(0, |record| record.chunks) {
            ErrorKind::MissingChunk
        } else {
            ErrorKind::Corrupt
        };
        let whole = whole.map(|found| Failure { place: node.label(), found, kind });
        let wrong =
            wrong.into_iter().map(|(number, (kind, found))| Failure { place: chunk(number), found, kind });
        whole.into_iter().chain(wrong).collect()
    }
}
