//! What goes to standard output: lines, tables, JSON.

use crate::console::{self, RecordedRemark};
use anyhow::{Context, Result};
use serde::Serialize;
use std::io::Write;
use vqz_archive::BandComparison;
use vqz_archive::words::scientific;
pub(crate) use vqz_archive::words::{bytes, count, exact, figure, psnr};

/// Writes text and a line feed.
///
/// # Errors
/// When standard output is closed; `main` keeps quiet about a broken pipe.
pub(crate) fn line(text: impl AsRef<str>) -> Result<()> {
    writeln!(std::io::stdout().lock(), "{}", text.as_ref()).context("writing to standard output")
}

/// The figures of a command, with all remarks that were made.
#[derive(Serialize)]
struct WithRemarks<'a, T> {
    #[serde(flatten)]
    figures: &'a T,
    remarks: Vec<RecordedRemark>,
}

/// Writes the figures of a command as one JSON object, with the list of all remarks that were made, so that JSON
/// output, too, shows everything that was dropped, guessed or merged. `cli/schema` describes the object of each
/// command.
///
/// # Errors
/// When standard output is closed.
pub(crate) fn json(figures: &impl Serialize) -> Result<()> {
    line(serde_json::to_string_pretty(&WithRemarks { figures, remarks: console::remarks() })?)
}

/// Formats the PSNR of a comparison: `exact` if there are valid samples and none has an error, `-` if there is none to state.
pub(crate) fn psnr_of(band: &BandComparison, decimals: usize) -> String {
    let exact = band.rmse.is_some_and(|rmse| rmse == 0.0);
    psnr(band.psnr_db, if exact { band.valid_samples } else { 0 }, decimals)
}

/// Formats errors in data units, some of which may be missing. All get the same number of decimals: as many as give
/// the smallest error three significant digits. Where these would be too many, each gets an exponent.
pub(crate) fn errors(values: &[Option<f64>]) -> Vec<String> {
    let least = values.iter().flatten().copied().filter(|v| *v > 0.0).fold(f64::INFINITY, f64::min);
    let most = values.iter().flatten().copied().fold(0.0, f64::max);
    if least < 1e-6 || most >= 1e15 {
        let text = |value: f64| if value == 0.0 { "0".to_owned() } else { scientific(value, 2) };
        return values.iter().map(|value| value.map_or_else(|| "-".to_owned(), text)).collect();
    }
    let decimals =
        if least.is_finite() { (2 - least.log10().floor() as i32).clamp(0, 12) as usize } else { 0 };
    values.iter().map(|value| optional(*value, decimals)).collect()
}

/// Formats a single error.
pub(crate) fn error(value: Option<f64>) -> String {
    errors(&[value]).concat()
}

/// Formats a figure that may be missing.
pub(crate) fn optional(value: Option<f64>, decimals: usize) -> String {
    value.map_or_else(|| "-".to_owned(), |v| format!("{v:.decimals$}"))
}

/// A table with aligned columns: the first is aligned left, figures are aligned right.
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
        assert_eq!(errors(&[Some(0.0), Some(2.0), Some(1.234e-30)]), ["0", "2.00e0", "1.23e-30"]);
        assert_eq!([0.0, 1234.5, 0.012_34].map(|v| error(Some(v))), ["0", "1234", "0.0123"]);
        let rows =
            [vec!["B02".to_owned(), "41.2".to_owned()], vec!["all bands".to_owned(), "9.1".to_owned()]];
        assert_eq!(table(&["band", "psnr"], &rows), "band       psnr\nB02        41.2\nall bands   9.1");
    }
}
