//! Gradient descent.

use super::section::section;
use serde::{Deserialize, Serialize};

section! {
    /// Gradient descent.
    OptimiserSection {
        /// Steps. The schedule of the learning rate depends on them, so they are fixed once a fit is begun.
        steps: u64 = 10_000,
        /// The greatest learning rate.
        learning_rate: f64 = 2e-3,
        /// The number of steps until it is reached.
        warmup: u64 = 200,
        /// The fraction of it that is left at the end of the cosine schedule.
        final_rate: f64 = 0.02,
        /// Weight decay.
        weight_decay: f64 = 0.0,
        /// The greatest norm of the gradient; a larger gradient is scaled down.
        clip: f64 = 1.0,
        /// The fraction of the averaged weights that is kept at each step; 0 uses the last weights instead of
        /// averages.
        ema: f64 = 0.998,
        /// Use half precision for resnet on a GPU. conv always uses full precision, which it needs.
        mixed_precision: bool = false,
        /// Qualities between which steps are drawn, in dB on data like these.
        qualities: [f64; 2] = [36.0, 54.0],
    }
}
