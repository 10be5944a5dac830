//! How often the state of a fit is saved.

use super::section::section;
use serde::{Deserialize, Serialize};

section! {
    /// Checkpoints.
    CheckpointSection {
        /// Steps between them.
        every_steps: u64 = 1000,
        /// Minutes between them.
        every_minutes: f64 = 10.0,
        /// How many are kept.
        keep: usize = 2,
    }
}
