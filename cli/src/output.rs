//! What goes to standard output: lines, tables, JSON; and what a process returns.

use anyhow::{Context, Result};
use serde::Serialize;
use std::io::Write;

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

/// Writes a remark to standard error, where it is in nobody's way.
pub(crate) fn remark(text: impl AsRef<str>) {
    // Nobody listens: nothing to do about it.
    drop(writeln!(std::io::stderr().lock(), "{}", text.as_ref()));
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

/// A figure that may be missing.
pub(crate) fn optional(value: Option<f64>, decimals: usize) -> String {
    value.map_or_else(|| "-".to_owned(), |v| format!("{v:.decimals$}"))
}

/// A figure in data units: whole numbers as they are, others with six significant digits.
pub(crate) fn figure(value: f64) -> String {
    if value.fract() == 0.0 || !value.is_finite() {
        return value.to_string();
    }
    let decimals = (5 - value.abs().log10().floor() as i32).clamp(0, 20) as usize;
    let text = format!("{value:.decimals$}");
    if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.').to_owned() } else { text }
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
        let rows =
            [vec!["B02".to_owned(), "41.2".to_owned()], vec!["all bands".to_owned(), "9.1".to_owned()]];
        assert_eq!(table(&["band", "psnr"], &rows), "band       psnr\nB02        41.2\nall bands   9.1");
    }
}
