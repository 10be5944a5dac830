//! What verifying an archive sees, chunk by chunk in any order, and what of it does not hold.

use crate::raster::archive::{Archive, Totals};
use crate::raster::record::Record;
use crate::raster::tree::Node;
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};
use vqz_codec::pipeline::Statistics;

/// A chunk, or an array, of which something does not hold.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Failure {
    pub(super) place: String,
    pub(super) found: String,
}

/// What was seen so far of an array's chunks.
#[derive(Default)]
pub(super) struct Seen {
    /// What their headers state together.
    pub(super) totals: Totals,
    /// The numbers of chunks that are not stored.
    absent: BTreeSet<u64>,
    /// What does not hold, by the number of the chunk.
    wrong: BTreeMap<u64, String>,
    /// Whether a stored chunk's header could not be read, so that the totals are not whole.
    unread: bool,
}

/// A chunk as it was found.
pub(super) struct Checked {
    /// Whether it is stored.
    pub(super) stored: bool,
    /// What its header states, where that can be read.
    pub(super) statistics: Option<Statistics>,
    /// What does not hold.
    pub(super) wrong: Option<anyhow::Error>,
}

impl Seen {
    /// Takes a chunk by its number.
    pub(super) fn take(&mut self, number: u64, checked: Checked) {
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
            self.wrong.insert(number, format!("{error:#}"));
        }
    }

    /// All that does not hold, in the order of chunks: of an array all of whose chunks were written, those that are lost
    /// have a name; of others it is known how many.
    pub(super) fn failures(self, archive: &Archive, node: &Node, recorded: Option<Record>) -> Vec<Failure> {
        let Seen { mut totals, absent, mut wrong, unread } = self;
        let mut whole = None;
        if let Some(record) = recorded {
            if record.chunks == archive.grid().len() {
                for number in &absent {
                    wrong.entry(*number).or_insert_with(|| "it is lost: all chunks were written".to_owned());
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
        let whole = whole.map(|found| Failure { place: node.label(), found });
        let wrong = wrong.into_iter().map(|(number, found)| Failure { place: chunk(number), found });
        whole.into_iter().chain(wrong).collect()
    }
}
