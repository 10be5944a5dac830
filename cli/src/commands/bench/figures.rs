//! The figures of a benchmark.

use super::curve::Curve;
use super::downstream::Downstream;
use serde::Serialize;

/// The figures of a benchmark.
#[derive(Debug, Serialize)]
pub(super) struct Figures {
    pub(super) inputs: Vec<String>,
    pub(super) rasters: usize,
    pub(super) samples: u64,
    pub(super) raw_bytes: u64,
    pub(super) peak: f64,
    pub(super) threads: usize,
    pub(super) targets: Vec<f64>,
    pub(super) codecs: Vec<Curve>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) downstream: Option<Downstream>,
}

impl Figures {
    /// Pairs of vqz and a rival, by their positions in the list of codecs.
    pub(super) fn pairs(&self) -> Vec<(usize, usize)> {
        let of = |ours: bool| (0..self.codecs.len()).filter(move |i| self.codecs[*i].ours == ours);
        of(true).flat_map(|a| of(false).map(move |b| (a, b))).collect()
    }

    /// The bits of one codec divided by those of another, at a target.
    pub(super) fn ratio(&self, (a, b): (usize, usize), target: usize) -> Option<f64> {
        Some(self.codecs[a].at[target]?.bits_per_sample / self.codecs[b].at[target]?.bits_per_sample)
    }
}
