//! A batch: crops of one size, where they were cut, and the state from which the sequence continues after them.

use crate::data::block::Block;
use crate::data::source::Source;
use serde::{Deserialize, Serialize};

/// A position in the sequence of batches: everything that must be saved to continue from there.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SamplerState {
    /// Passes over the data that were completed.
    pub epoch: u64,
    /// Visits of this epoch that were completed.
    pub visit: u64,
    /// Batches of this visit that were given out.
    pub batch: u64,
    /// All batches that were given out.
    pub index: u64,
    /// A fingerprint of data and options, by which the state of another sequence is recognised.
    pub fingerprint: u64,
}

/// Where a crop was cut.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CropOrigin {
    /// The block that it was read with.
    pub block: Block,
    /// The image in the block, in C order of time and the other looped dimensions.
    pub image: usize,
    /// The row of the array at its first row, and how many of its rows lie in the array.
    pub rows: (u64, usize),
    /// The column of the array at its first column, and how many of its columns lie in the array.
    pub columns: (u64, usize),
}

/// Crops of one size, ready for fitting.
#[derive(Clone, Debug, PartialEq)]
pub struct Batch {
    /// Its number in the sequence, from 0.
    pub index: u64,
    /// The pass over the data that it belongs to, from 0.
    pub epoch: u64,
    /// How many crops.
    pub images: usize,
    /// Rows of each.
    pub height: usize,
    /// Columns of each.
    pub width: usize,
    /// Bands of each.
    pub bands: usize,
    /// The target, `(image, band, y, x)` in data units. Invalid samples hold a smooth continuation of the valid ones,
    /// as in the codec; gains and offsets may turn integers into fractions, and move them out of the range of their
    /// data type.
    pub samples: Vec<f32>,
    /// 1 where valid, in the order of the samples; `None` where all are.
    pub valid: Option<Vec<u8>>,
    /// The input of the network where it differs from the target: the samples with noise.
    pub input: Option<Vec<f32>>,
    /// `(image, y, x)`, 1 where the network must not see the input, in whole patches. The samples there are left as they are.
    pub hidden: Option<Vec<u8>>,
    /// Where each crop was cut.
    pub places: Vec<CropOrigin>,
    /// The place in the sequence after this batch: kept with a checkpoint, it resumes with the next batch.
    pub next: SamplerState,
}

impl Batch {
    pub(crate) fn empty(next: SamplerState) -> Self {
        Self {
            index: 0,
            epoch: next.epoch,
            images: 0,
            height: 0,
            width: 0,
            bands: 0,
            samples: Vec::new(),
            valid: None,
            input: None,
            hidden: None,
            places: Vec::new(),
            next,
        }
    }

    /// The chunks that its crops come from, for messages.
    #[must_use]
    pub fn describe(&self, source: &Source) -> String {
        let mut chunks: Vec<String> = self.places.iter().map(|place| source.describe(&place.block)).collect();
        chunks.sort_unstable();
        chunks.dedup();
        chunks.join(", ")
    }
}
