//! The machine that a fit runs on.

use super::section::section;
use serde::{Deserialize, Serialize};

/// Where to compute.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum DeviceChoice {
    /// CUDA where there is one.
    Auto,
    /// The processor.
    Cpu,
    /// The first GPU, or an error.
    Cuda,
}

section! {
    /// The run.
    RunSection {
        /// auto, cpu or cuda.
        device: DeviceChoice = DeviceChoice::Auto,
        /// The number of threads that compute; 0 uses half of the processors. On two cores, or on a busy machine, 1
        /// is fastest.
        threads: usize = 0,
        /// The seed of all random choices.
        seed: u64 = 0,
    }
}
