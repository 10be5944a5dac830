//! The figures of a demonstration.

use super::runs::Run;
use serde::Serialize;

/// The figures of a demonstration.
#[derive(Debug, Serialize)]
pub(super) struct Figures {
    pub(super) sample: String,
    pub(super) model: String,
    pub(super) model_sha256: String,
    pub(super) report: String,
    pub(super) raw_bytes: u64,
    /// Bytes of the sample as it is stored: chunks and metadata.
    pub(super) sample_bytes: u64,
    /// The same in bits per sample, without metadata.
    pub(super) sample_bits: f64,
    pub(super) threads: usize,
    /// The results at each quality, the best first.
    pub(super) runs: Vec<Run>,
}
