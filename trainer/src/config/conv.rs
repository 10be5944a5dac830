//! The size of the architecture `conv`.

use super::section::section;
use serde::{Deserialize, Serialize};

section! {
    /// The size of `conv`.
    ConvSection {
        /// Side of a block of the branch's grid, in pixels; divides the patch.
        unshuffle: usize = 8,
        /// Channels of the branch's inner layers.
        width: usize = 64,
        /// Residual blocks of the decoder's branch.
        blocks: usize = 2,
        /// Residual blocks of a branch before the encoder; 0 leaves the encoder linear and fixed.
        encoder_blocks: usize = 0,
    }
}
