//! How many bytes arrays take on disk.

use crate::words::bytes;
use serde::Serialize;

/// The bytes that an array takes on disk, and the ratios of its raw size to them.
#[derive(Clone, Copy, Debug, Serialize)]
#[non_exhaustive]
pub struct StoredSize {
    /// Bytes of chunks and shards.
    pub data_bytes: u64,
    /// Bytes of `zarr.json`, an embedded model included.
    pub metadata_bytes: u64,
    /// Bytes of both.
    pub total_bytes: u64,
    /// Bits of the chunks, divided by the number of all samples.
    pub bits_per_sample: f64,
    /// Raw bytes divided by all stored bytes.
    pub ratio: f64,
    /// Raw bytes divided by the bytes of chunks. The ratio approaches this value as an array grows, because its
    /// metadata do not grow.
    pub data_ratio: f64,
}

impl StoredSize {
    /// Takes the bytes of metadata and of everything else, the raw bytes of the samples, and the number of samples.
    #[must_use]
    pub fn new((metadata_bytes, data_bytes): (u64, u64), raw_bytes: u64, samples: u64) -> Self {
        let total_bytes = metadata_bytes + data_bytes;
        Self {
            data_bytes,
            metadata_bytes,
            total_bytes,
            bits_per_sample: data_bytes as f64 * 8.0 / (samples as f64).max(1.0),
            ratio: raw_bytes as f64 / (total_bytes as f64).max(1.0),
            data_ratio: raw_bytes as f64 / (data_bytes as f64).max(1.0),
        }
    }

    /// A short text for people.
    #[must_use]
    pub fn words(&self) -> String {
        format!(
            "{} ({} of chunks, {} of metadata), ratio {:.1}, {:.1} without the metadata",
            bytes(self.total_bytes),
            bytes(self.data_bytes),
            bytes(self.metadata_bytes),
            self.ratio,
            self.data_ratio
        )
    }
}
