//! The summary of an export.

use crate::error::{Context, Result};
use crate::store::files;
use serde::Serialize;
use std::path::PathBuf;

/// The summary of an export.
#[derive(Clone, Debug, Serialize)]
#[non_exhaustive]
pub struct ExportSummary {
    /// The files and folders that were written.
    pub outputs: Vec<String>,
    /// `GeoTIFF`, `NetCDF`, `Zarr`, `NumPy lists` or `overview`.
    pub format: &'static str,
    /// The extents of what was exported, all dates together.
    pub shape: Vec<u64>,
    /// Bytes of its samples, uncompressed.
    pub raw_bytes: u64,
    /// Bytes on disk.
    pub stored_bytes: u64,
    /// Wall time.
    pub seconds: f64,
    /// Raw samples in 10⁶ bytes a second.
    pub mb_s: f64,
}

impl ExportSummary {
    /// Measures what was written.
    ///
    /// # Errors
    /// When the outputs can't be read.
    pub(crate) fn measure(
        format: &'static str,
        outputs: &[PathBuf],
        shape: &[u64],
        raw_bytes: u64,
        seconds: f64,
    ) -> Result<Self> {
        let mut stored_bytes = 0;
        for path in outputs {
            stored_bytes += if path.is_dir() {
                let (metadata, data) = files::sizes(path)?;
                metadata + data
            } else {
                std::fs::metadata(path).with_context(|| format!("reading {}", path.display()))?.len()
            };
        }
        Ok(Self {
            outputs: outputs.iter().map(|path| path.display().to_string()).collect(),
            format,
            shape: shape.to_vec(),
            raw_bytes,
            stored_bytes,
            seconds,
            mb_s: raw_bytes as f64 / 1e6 / seconds.max(1e-9),
        })
    }
}
