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
        /// What part of a moving average stays at each step.
        decay: f64 = 0.99,
        /// An entry that nothing chose while the others of its stage were chosen this often on average is put elsewhere; 0
        /// never does.
        restart_after: u64 = 20,
        /// Gradients pass turned as the vector is turned (arXiv 2410.06424), not unchanged.
        rotation_trick: bool = false,
        /// Vectors that k-means looks at.
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
        /// Entries of each.
        size: usize = 256,
        /// Latents of a group.
        width: usize = 16,
        /// How they are fitted.
        fitting: CodebookOptions = CodebookOptions::default(),
    }
}
