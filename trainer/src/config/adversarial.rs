//! The adversarial loss of VQGAN.

use super::section::section;
use serde::{Deserialize, Serialize};

section! {
    /// The VQGAN terms.
    AdversarialSection {
        /// Weight of the adversarial loss; 0 is off.
        weight: f64 = 0.0,
        /// The step from which on it counts.
        start: u64 = 2000,
        /// The most that balancing may multiply it by.
        cap: f64 = 1.0,
        /// Channels of the discriminator's first layer.
        width: usize = 32,
        /// The discriminator's learning rate.
        learning_rate: f64 = 2e-4,
    }
}
