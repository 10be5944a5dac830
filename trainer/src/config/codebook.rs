//! Codebooks of the quantisers `vq` and `rvq`, and how they are fitted.

use super::section::section;
use serde::{Deserialize, Serialize};

/// How codebooks learn.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Learning {
    /// Moving averages of the vectors that chose an entry.
    Ema,
    /// Gradients of the distance, through the optimiser.
    Gradient,
}

section! {
    /// How codebooks are fitted.
    CodebookOptions {
        /// ema (moving averages of the vectors that chose an entry) or gradient (the distance, through the optimiser).
        learning: Learning = Learning::Ema,
        /// The fraction of a moving average that is kept at each step.
        decay: f64 = 0.99,
        /// An entry that is never chosen while the others of its stage are chosen this often on average is moved onto a vector
        /// of the batch; 0 turns this off.
        restart_after: u64 = 20,
        /// Rotate gradients as the quantiser rotates the vector (arXiv 2410.06424), instead of passing them unchanged.
        rotation_trick: bool = false,
        /// The number of vectors from which k-means makes the first entries.
        initial_vectors: usize = 32_768,
        /// Weight of the pull of latents towards their entries, where the encoder is fitted.
        commitment: f64 = 0.1,
    }
}

section! {
    /// Codebooks of vq and rvq.
    CodebookSection {
        /// Groups of latents with codebooks of their own.
        groups: usize = 4,
        /// Stages of rvq.
        stages: usize = 8,
        /// Entries of each codebook.
        size: usize = 256,
        /// Latents of a group.
        width: usize = 16,
        /// How codebooks are fitted.
        fitting: CodebookOptions = CodebookOptions::default(),
    }
}
