//! Random changes of crops.

use super::section::section;
use serde::{Deserialize, Serialize};

section! {
    /// Changes of crops.
    AugmentSection {
        /// Flips and transposes.
        symmetries: bool = true,
        /// Multiply each image by a random gain from 1 - g to 1 + g.
        gain: f64 = 0.1,
        /// Add a random offset of up to this many standard deviations.
        offset: f64 = 0.1,
        /// Noise on the input, in standard deviations: denoising.
        noise: f64 = 0.0,
        /// The fraction of the input's patches that is hidden, from 0 to 1, for masked-input training.
        hidden: f64 = 0.0,
    }
}
