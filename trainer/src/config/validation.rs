//! Validation during a fit.

use super::section::section;
use serde::{Deserialize, Serialize};

section! {
    /// Validation.
    ValidationSection {
        /// Steps between validations; 0 validates at the end only.
        every_steps: u64 = 1000,
        /// The greatest number of samples that are encoded.
        samples: u64 = 2_000_000,
        /// The qualities at which they are encoded, in dB.
        qualities: Vec<f64> = vec![39.0, 42.0, 46.0, 50.0],
        /// Bands that pictures show as red, green and blue, by number; empty chooses by names of bands, or takes the first three.
        rgb: Vec<usize> = Vec::new(),
        /// The number of pictures.
        pictures: usize = 2,
    }
}
