//! Prints the result of an encode for people.

use crate::{advice, output, wording};
use anyhow::Result;
use vqz_archive::{EncodeSummary, Target};
use vqz_codec::config::Promise;

/// Prints a table and a line.
pub(super) fn print(summary: &EncodeSummary, target: Option<Target>) -> Result<()> {
    let rows: Vec<Vec<String>> = summary
        .arrays
        .iter()
        .map(|a| {
            vec![
                if a.path.is_empty() { summary.output.clone() } else { a.path.clone() },
                output::bytes(a.input_bytes),
                output::bytes(a.stored.data_bytes),
                output::bytes(a.stored.metadata_bytes),
                format!("{:.1}", a.stored.ratio),
                format!("{:.4}", a.stored.bits_per_sample),
                match a.peak {
                    Some(_) => output::psnr(a.psnr_db, a.valid_samples, 2),
                    None => "-".to_owned(),
                },
                output::error(a.rmse),
                output::figure(a.max_error),
                match &a.promise {
                    Promise::Quality => format!("{:.2}", a.quality),
                    promise => wording::promise(promise),
                },
            ]
        })
        .collect();
    let header = [
        "array",
        "raw",
        "chunks",
        "metadata",
        "ratio",
        "bits/sample",
        "PSNR dB",
        "RMSE",
        "max error",
        if summary.arrays.iter().any(|a| a.promise != Promise::Quality) { "promise" } else { "quality" },
    ];
    output::line(output::table(&header, &rows))?;
    if let Some(target) = target.filter(|target| target.is_searched()) {
        let met = summary.arrays.iter().filter(|a| a.target.as_ref().is_some_and(|t| t.met)).count();
        output::line(format!(
            "{}: met within {} by {met} of {}",
            advice::target(target),
            target.tolerance(),
            output::count(summary.arrays.len() as u64, "array")
        ))?;
    }
    let kept = if summary.chunks_kept > 0 {
        format!(", {} kept from an earlier run", output::count(summary.chunks_kept, "chunk"))
    } else {
        String::new()
    };
    output::line(format!(
        "{} -> {}; {:.2} s, {:.1} MB/s{}{kept}",
        output::bytes(summary.input_bytes),
        summary.stored.words(),
        summary.seconds,
        summary.mb_s,
        summary.peak.map_or_else(String::new, |peak| {
            format!("; PSNR against a peak of {}", output::figure(peak))
        }),
    ))
}
