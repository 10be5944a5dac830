//! The unit of reading, of splitting and of shuffling.

use std::ops::Range;

/// A part of an array that is read at once: all bands of one chunk, or of the chunks over which the bands are split.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Block {
    /// The array, by its place in [`crate::data::Source::rasters`].
    pub raster: usize,
    /// The chunk's number in C order of the grid, the band dimension left out.
    pub chunk: u64,
    /// The array's rows that belong to the block: all of the chunk's, or a part where a chunk was cut in two.
    pub rows: Range<u64>,
}
