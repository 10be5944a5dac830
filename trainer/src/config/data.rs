//! Which data are read, and in which portions.

use super::Names;
use super::section::section;
use serde::{Deserialize, Serialize};

/// Where batches come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Mode {
    /// All crops of a batch from one chunk.
    Chunk,
    /// Crops of a batch from different chunks.
    Random,
}

section! {
    /// Which data are read, and in which portions.
    DataSection {
        /// Bands by name or by number from 0, and ranges such as "0-3"; empty takes all.
        bands: Names = Names::default(),
        /// Roles of the dimensions in order, such as ["time", "band", "y", "x"], if their names do not show them.
        axes: Names = Names::default(),
        /// Values that mean "no data", instead of those that metadata declare.
        nodata: Vec<f64> = Vec::new(),
        /// chunk (a batch from one chunk) or random (across chunks).
        mode: Mode = Mode::Chunk,
        /// Crops of a batch.
        batch: usize = 8,
        /// Sides of crops in pixels, 32 to 256; each batch takes one.
        crops: Vec<usize> = vec![64, 128],
        /// The smallest fraction of a crop that must be valid.
        min_valid: f64 = 0.1,
        /// The fraction of the chunks that is kept for validation.
        validation: f64 = 0.1,
        /// The number of threads that read.
        readers: usize = 1,
        /// The greatest number of batches that wait in the queue.
        queue: usize = 4,
        /// The greatest number of samples for the statistics and the fit of the linear path.
        max_samples: u64 = 64_000_000,
    }
}
