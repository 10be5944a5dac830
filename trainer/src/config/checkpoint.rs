//! How often the state of a fit is saved.

use super::section::section;
use serde::{Deserialize, Serialize};

section! {
    /// Checkpoints.
    CheckpointSection {
        /// Steps between checkpoints.
        every_steps: u64 = 1000,
        /// Minutes between checkpoints.
        every_minutes: f64 = 10.0,
        /// The number of checkpoints that are kept.
        keep: usize = 2,
    }
}
