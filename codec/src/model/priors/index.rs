//! The priors of codebook indices: the shape of the planes and the coder's statistics.

use super::tables::{put_counters, read_counters, read_weights};
use crate::container::bytes::{Reader, put_varint};
use crate::entropy::indices::{IndexShape, IndexStatistics};
use crate::error::{Error, Result};
use crate::quantise::{MAX_ENTRIES, MAX_GROUPS, MAX_SIZE, MAX_STAGES};

/// The priors of a model with codebooks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct IndexPriors {
    pub(crate) shape: IndexShape,
    pub(crate) statistics: IndexStatistics,
}

impl IndexPriors {
    /// Appends all but the file's magic number and version.
    pub(super) fn write(&self, out: &mut Vec<u8>) {
        let IndexShape { groups, stages, size, optional } = self.shape;
        [groups, stages, size].iter().for_each(|n| put_varint(out, *n as u64));
        out.push(u8::from(optional));
        let IndexStatistics { counters, used_weights, index_weights } = &self.statistics;
        counters.iter().for_each(|counters| put_counters(out, counters));
        for weight in used_weights.iter().flatten().chain(index_weights.iter().flatten()) {
            out.extend_from_slice(&weight.to_le_bytes());
        }
    }

    /// Reads what [`IndexPriors::write`] wrote.
    pub(super) fn read(r: &mut Reader<'_>) -> Result<Self> {
        let groups = r.varint(MAX_GROUPS as u64, "the number of groups")? as usize;
        let stages = r.varint(MAX_STAGES as u64, "the number of stages")? as usize;
        let size = r.varint(MAX_SIZE as u64, "the number of entries")? as usize;
        let optional = match r.u8("whether stages are optional")? {
            0 => false,
            1 => true,
            other => return Err(Error::Corrupt(format!("a flag is {other}, allowed are 0 and 1"))),
        };
        if groups == 0
            || stages == 0
            || size < 2
            || groups * stages * size > MAX_ENTRIES
            || (stages > 1 && !optional)
        {
            return Err(Error::Corrupt(format!(
                "{groups} groups of {stages} stages of {size} entries are out of range"
            )));
        }
        let shape = IndexShape { groups, stages, size, optional };
        let needed = IndexStatistics::stored_bytes(&shape);
        if needed != r.remaining() {
            return Err(Error::Corrupt(format!(
                "{groups} groups of {stages} stages of {size} entries take {needed} bytes, {} are there",
                r.remaining()
            )));
        }
        let mut statistics = IndexStatistics::unfitted(&shape);
        let IndexStatistics { counters, used_weights, index_weights } = &mut statistics;
        for counters in counters {
            read_counters(r, counters)?;
        }
        read_weights(r, used_weights.iter_mut().flatten().chain(index_weights.iter_mut().flatten()))?;
        Ok(Self { shape, statistics })
    }
}
