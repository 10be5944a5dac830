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
        /// Steps until it is reached.
        warmup: u64 = 200,
        /// The part of it that is left at the end of the cosine schedule.
        final_rate: f64 = 0.02,
        /// Weight decay.
        weight_decay: f64 = 0.0,
        /// The greatest norm of a gradient.
        clip: f64 = 1.0,
        /// The part of averaged weights that is kept at each step; 0 takes the last weights.
        ema: f64 = 0.998,
        /// Half precision for resnet on a GPU; conv needs the precision.
        mixed_precision: bool = false,
        /// Qualities between which steps are drawn, in dB on data like these.
        qualities: [f64; 2] = [36.0, 54.0],
    }
}
