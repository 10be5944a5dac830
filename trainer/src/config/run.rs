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
        /// Threads that compute; 0 takes half of the processors. On two cores or a busy machine 1 is fastest.
        threads: usize = 0,
        /// Everything random follows from it.
        seed: u64 = 0,
    }
}
