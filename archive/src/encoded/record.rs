//! The record that an encode puts into an archive's attributes once the archive is complete. It makes later losses
//! noticeable.
//!
//! A chunk that is not stored reads as fill value, by the rules of Zarr: only a count of the chunks that were written
//! shows that one was lost.

use crate::encoded::totals::Totals;
use crate::error::Result;
use crate::metadata::document::Metadata;
use serde::{Deserialize, Serialize};
use vqz_codec::name::{NAME, NAMES};

/// The record of a complete archive: what it holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Record {
    /// Chunks that are stored; the inner ones of a sharded array.
    pub chunks: u64,
    /// Valid samples in all of them, as their headers count them: those that are coded.
    pub valid_samples: u64,
}

impl Record {
    /// The record of an archive; none where another program wrote it, or an earlier release.
    pub fn of(metadata: &Metadata) -> Option<Self> {
        let attributes = metadata.attributes();
        let record = NAMES.iter().find_map(|name| attributes.get(*name))?;
        serde_json::from_value(record.clone()).ok()
    }

    /// Puts the record into an archive's metadata, in place of one under the former name.
    ///
    /// # Errors
    /// When it can't be written as JSON.
    pub(crate) fn put(self, metadata: &mut Metadata) -> Result<()> {
        metadata.remove_record();
        metadata.set_attribute(NAME, serde_json::to_value(self)?);
        Ok(())
    }

    /// How the archive differs from its record, in words; none if it does not.
    pub fn differs(self, found: &Totals) -> Option<String> {
        if found.chunks < self.chunks {
            return Some(format!("{} of {} chunks are lost", self.chunks - found.chunks, self.chunks));
        }
        let changed = "it was changed by a program that keeps no record";
        if found.chunks > self.chunks {
            return Some(format!(
                "{} chunks are there, {} were written; {changed}",
                found.chunks, self.chunks
            ));
        }
        (found.stated_valid != self.valid_samples).then(|| {
            format!(
                "its chunks hold {} valid samples, {} were written; {changed}",
                found.stated_valid, self.valid_samples
            )
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_differs_is_told() {
        let record = Record { chunks: 4, valid_samples: 100 };
        let found =
            |chunks, stated_valid| record.differs(&Totals { chunks, stated_valid, ..Totals::default() });
        assert_eq!(found(4, 100), None);
        assert_eq!(found(3, 90).as_deref(), Some("1 of 4 chunks are lost"));
        assert!(found(5, 100).unwrap().starts_with("5 chunks are there, 4 were written; "));
        assert!(found(4, 99).unwrap().starts_with("its chunks hold 99 valid samples, 100 were written; "));
    }
}
