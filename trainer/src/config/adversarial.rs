//! The adversarial loss of VQGAN.

use super::section::section;
use serde::{Deserialize, Serialize};

section! {
    /// The adversarial loss of VQGAN.
    AdversarialSection {
        /// Weight of the adversarial loss; 0 turns it off.
        weight: f64 = 0.0,
        /// The first step at which it is used.
        start: u64 = 2000,
        /// The largest factor by which balancing may multiply it.
        cap: f64 = 1.0,
        /// Channels of the discriminator's first layer.
        width: usize = 32,
        /// The discriminator's learning rate.
        learning_rate: f64 = 2e-4,
    }
}
