//! What a plan reads, tile by tile: for whoever wants to know before anything is read, or where the bytes of a chunk go.

use super::Plan;
use std::ops::Range;

/// A tile that a plan reads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlannedTile {
    /// The image in the chunk, in C order of the dimensions that are looped over.
    pub image: usize,
    /// The chunk's rows that the tile covers.
    pub rows: Range<usize>,
    /// The chunk's columns that the tile covers.
    pub columns: Range<usize>,
    /// Its encoded bytes; 0 of a tile that is all fill value.
    pub bytes: u64,
    /// Whether the region asks for its samples; otherwise it is read because tiles of other images refer to it.
    pub wanted: bool,
}

impl Plan {
    /// The tiles that are read, in the order of [`Plan::ranges`].
    pub fn tiles(&self) -> impl Iterator<Item = PlannedTile> + '_ {
        self.jobs.iter().zip(&self.ranges).map(|((job, need), range)| PlannedTile {
            image: job.image,
            rows: job.rows.clone(),
            columns: job.columns.clone(),
            bytes: range.end - range.start,
            wanted: need.wanted,
        })
    }
}
