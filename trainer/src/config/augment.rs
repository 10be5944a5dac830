//! Random changes of crops.

use super::section::section;
use serde::{Deserialize, Serialize};

section! {
    /// Changes of crops.
    AugmentSection {
        /// Flips and transposes.
        symmetries: bool = true,
        /// Gains from 1 - g to 1 + g.
        gain: f64 = 0.1,
        /// Offsets up to this many standard deviations.
        offset: f64 = 0.1,
        /// Noise on the input, in standard deviations: denoising.
        noise: f64 = 0.0,
        /// Part of the input's patches that is hidden: masked-input training.
        hidden: f64 = 0.0,
    }
}
