//! The perceptual loss.

use super::section::section;
use serde::{Deserialize, Serialize};
use std::path::PathBuf;

section! {
    /// The perceptual loss.
    PerceptualSection {
        /// Its weight; 0 turns it off.
        weight: f64 = 0.0,
        /// A TorchScript file of a network that takes `bands` and gives features.
        weights: PathBuf = PathBuf::new(),
        /// The bands that it is given, by number.
        bands: Vec<usize> = vec![0, 1, 2],
    }
}
