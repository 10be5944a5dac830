//! The result of one share of the work, when several processes write one output.

use crate::write::hierarchy::Written;
use crate::write::share::Share;
use serde::Serialize;
use std::path::Path;

/// The result of a share of the work.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum ShareOutcome<T> {
    /// It was the last: the output is complete and in its place.
    Complete(T),
    /// Other shares are not done yet.
    Open(ShareSummary),
}

/// A finished share of the work, while other shares are not finished.
#[derive(Clone, Debug, Serialize)]
#[non_exhaustive]
pub struct ShareSummary {
    /// The output.
    pub output: String,
    /// The share, in words.
    pub share: String,
    /// Shares that are not done yet. It is empty where another process is just putting the output in its place.
    pub open: Vec<u64>,
    /// Wall time.
    pub seconds: f64,
    /// Raw samples in 10⁶ bytes a second.
    pub mb_s: f64,
    /// Chunks kept from an earlier run.
    pub chunks_kept: u64,
}

impl ShareSummary {
    /// The summary of a share; none where the output is complete.
    pub(crate) fn of(share: Option<Share>, output: &Path, written: &Written) -> Option<Self> {
        let open = written.open_shares.clone()?;
        Some(Self {
            output: output.display().to_string(),
            share: share.map(|share| share.to_string()).unwrap_or_default(),
            open,
            seconds: written.seconds,
            mb_s: written.bytes as f64 / 1e6 / written.seconds.max(1e-9),
            chunks_kept: written.kept,
        })
    }
}
