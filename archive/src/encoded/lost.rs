//! The lost chunks of an archive, as data and as a sentence.

use serde::Serialize;
use serde_json::Value;
use std::fmt;

/// The greatest number of chunks that a sentence names.
const NAMED_IN_WORDS: usize = 8;

/// Chunks of an archive that are lost.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct LostChunks {
    /// How many are lost.
    pub lost: u64,
    /// How many were written.
    pub written: u64,
    /// How many of the chunks that were read are not stored: those that are lost, and those that hold nothing but fill value.
    pub not_stored: u64,
    /// The first 100 of these, by their place in the grid of chunks, such as `0/3/1`. Where `not_stored` equals `lost`, they
    /// are the lost ones. Empty where only their number is known.
    pub chunks: Vec<String>,
    /// The fill value: samples of chunks that are not stored have this value when read.
    pub fill_value: Value,
}

/// A chunk's position in the grid, as messages state it.
pub(crate) fn position(indices: &[u64]) -> String {
    indices.iter().map(u64::to_string).collect::<Vec<_>>().join("/")
}

impl fmt::Display for LostChunks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} of {} chunks are lost", self.lost, self.written)?;
        let mut names = self.chunks[..self.chunks.len().min(NAMED_IN_WORDS)].join(", ");
        let others = self.not_stored - self.chunks.len().min(NAMED_IN_WORDS) as u64;
        if others > 0 {
            names.push_str(&format!(" and {others} more"));
        }
        match (self.chunks.is_empty(), self.not_stored == self.lost) {
            // Only their number is known.
            (true, _) => {}
            (false, true) => write!(f, ": {names}")?,
            (false, false) => write!(
                f,
                "; which ones is not known, for chunks that hold nothing but the fill value are not stored either: one or \
                 more of {names}"
            )?,
        }
        write!(f, "; they read as the fill value, {}", self.fill_value)
    }
}
