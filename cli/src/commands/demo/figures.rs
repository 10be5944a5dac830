//! What a demonstration measured.

use super::runs::Run;
use serde::Serialize;

/// What a demonstration measured.
#[derive(Debug, Serialize)]
pub(super) struct Figures {
    pub(super) sample: String,
    pub(super) model: String,
    pub(super) model_sha256: String,
    pub(super) report: String,
    pub(super) raw_bytes: u64,
    /// As the sample lies: chunks and metadata.
    pub(super) sample_bytes: u64,
    /// The same in bits a sample, metadata left out.
    pub(super) sample_bits: f64,
    pub(super) threads: usize,
    /// The best first.
    pub(super) runs: Vec<Run>,
}
