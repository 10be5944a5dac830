//! Validation during a fit.

use super::section::section;
use serde::{Deserialize, Serialize};

section! {
    /// Validation.
    ValidationSection {
        /// Steps between them; 0 validates at the end only.
        every_steps: u64 = 1000,
        /// The most samples that are encoded.
        samples: u64 = 2_000_000,
        /// Qualities at which they are encoded.
        qualities: Vec<f64> = vec![39.0, 42.0, 46.0, 50.0],
        /// Bands that pictures show as red, green and blue, by number; empty chooses by names of bands, or takes the first three.
        rgb: Vec<usize> = Vec::new(),
        /// How many pictures.
        pictures: usize = 2,
    }
}
