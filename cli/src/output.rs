//! What goes to standard output: lines, tables, JSON; and what a process returns.

use anyhow::{Context, Result};
use serde::Serialize;
use std::io::Write;
pub(crate) use vqz_archive::output::{count, figure, remark};

/// Writes text and a line feed.
///
/// # Errors
/// When standard output is closed; `main` keeps quiet about a broken pipe.
pub(crate) fn line(text: impl AsRef<str>) -> Result<()> {
    writeln!(std::io::stdout().lock(), "{}", text.as_ref()).context("writing to standard output")
}

/// Writes one JSON object.
pub(crate) fn json(value: &impl Serialize) -> Result<()> {
    line(serde_json::to_string_pretty(value)?)
}

/// Bytes for people.
pub(crate) fn bytes(n: u64) -> String {
    let units = ["B", "kB", "MB", "GB", "TB"];
    let mut value = n as f64;
    let mut unit = 0;
    while value >= 1000.0 && unit + 1 < units.len() {
        value /= 1000.0;
        unit += 1;
    }
    if unit == 0 { format!("{n} B") } else { format!("{value:.2} {}", units[unit]) }
}

/// A PSNR: where there is none although samples are valid, none is off.
pub(crate) fn psnr(psnr_db: Option<f64>, valid: u64, decimals: usize) -> String {
    if psnr_db.is_none() && valid > 0 { "exact".to_owned() } else { optional(psnr_db, decimals) }
}

/// Errors in data units that may be missing: as many decimals for all as give the smallest three significant digits.
pub(crate) fn errors(values: &[Option<f64>]) -> Vec<String> {
    let least = values.iter().flatten().copied().filter(|v| *v > 0.0).fold(f64::INFINITY, f64::min);
    let decimals =
        if least.is_finite() { (2 - least.log10().floor() as i32).clamp(0, 12) as usize } else { 0 };
    values.iter().map(|value| optional(*value, decimals)).collect()
}

/// One of them by itself.
pub(crate) fn error(value: Option<f64>) -> String {
    errors(&[value]).concat()
}

/// A figure that may be missing.
pub(crate) fn optional(value: Option<f64>, decimals: usize) -> String {
    value.map_or_else(|| "-".to_owned(), |v| format!("{v:.decimals$}"))
}

/// What an array takes on disk, and the ratios of its raw samples to that.
#[derive(Clone, Copy, Debug, Serialize)]
pub(crate) struct Stored {
    /// Of chunks and shards.
    pub(crate) data_bytes: u64,
    /// Of `zarr.json`, an embedded model included.
    pub(crate) metadata_bytes: u64,
    /// Of both.
    pub(crate) total_bytes: u64,
    /// Of chunks, over all samples.
    pub(crate) bits_per_sample: f64,
    /// Raw bytes over those of all that is stored.
    pub(crate) ratio: f64,
    /// Raw bytes over those of chunks: what the ratio comes to as an array grows, since its metadata does not.
    pub(crate) data_ratio: f64,
}

impl Stored {
    /// From bytes of metadata and of all else, and from what the samples take raw.
    pub(crate) fn new((metadata_bytes, data_bytes): (u64, u64), raw_bytes: u64, samples: u64) -> Self {
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

    /// For people.
    pub(crate) fn words(&self) -> String {
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

/// A table with aligned columns: the first to the left, figures to the right.
pub(crate) fn table(header: &[&str], rows: &[Vec<String>]) -> String {
    let mut widths: Vec<usize> = header.iter().map(|h| h.chars().count()).collect();
    for row in rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = (*width).max(cell.chars().count());
        }
    }
    let render = |cells: &[String]| {
        let mut text = String::new();
        for (i, (cell, width)) in cells.iter().zip(&widths).enumerate() {
            if i == 0 {
                text.push_str(&format!("{cell:<width$}"));
            } else {
                text.push_str(&format!("  {cell:>width$}"));
            }
        }
        text.trim_end().to_owned()
    };
    let header: Vec<String> = header.iter().map(|h| (*h).to_owned()).collect();
    std::iter::once(render(&header)).chain(rows.iter().map(|row| render(row))).collect::<Vec<_>>().join("\n")
}

/// A check that did not hold: the process returns 1 instead of 2.
#[derive(Debug)]
pub(crate) struct CheckFailed(pub(crate) String);

impl std::fmt::Display for CheckFailed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for CheckFailed {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_for_people() {
        assert_eq!(bytes(999), "999 B");
        assert_eq!(bytes(1_234_567), "1.23 MB");
        assert_eq!(optional(None, 2), "-");
        assert_eq!(
            ["923", "2.28021", "0.00012", "1234567"],
            [923.0, 2.2802086, 0.00012, 1_234_567.4].map(figure)
        );
        assert_eq!([count(0, "chunk"), count(1, "chunk")], ["0 chunks", "1 chunk"]);
        assert_eq!([psnr(None, 3, 1), psnr(None, 0, 1), psnr(Some(40.0), 3, 1)], ["exact", "-", "40.0"]);
        assert_eq!(errors(&[Some(56.187), Some(301.42), None]), ["56.2", "301.4", "-"]);
        assert_eq!([0.0, 1234.5, 0.012_34].map(|v| error(Some(v))), ["0", "1234", "0.0123"]);
        let stored = Stored::new((100, 50), 3000, 1000);
        assert_eq!((stored.ratio, stored.data_ratio, stored.bits_per_sample), (20.0, 60.0, 0.4));
        let rows =
            [vec!["B02".to_owned(), "41.2".to_owned()], vec!["all bands".to_owned(), "9.1".to_owned()]];
        assert_eq!(table(&["band", "psnr"], &rows), "band       psnr\nB02        41.2\nall bands   9.1");
    }
}
