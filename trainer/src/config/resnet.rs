//! The size of the architecture `resnet`.

use super::section::section;
use serde::{Deserialize, Serialize};

section! {
    /// The size of `resnet`.
    ResnetSection {
        /// Channels at full resolution, doubled with each halving.
        width: usize = 32,
        /// The greatest number of channels.
        widest: usize = 256,
        /// Residual blocks at each resolution.
        blocks: usize = 1,
        /// Self-attention at the coarsest resolution.
        attention: bool = true,
        /// Planes of latents, for fsq.
        latents: usize = 64,
    }
}
