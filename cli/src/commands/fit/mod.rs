//! `vqz fit`: fits a model to rasters.

mod arguments;
mod trainer;

use crate::output;
use crate::progress::Terminal;
use anyhow::{Result, bail};
use arguments::Architecture;
pub(crate) use arguments::Args;
use std::num::NonZeroUsize;
use vqz_archive::{FitSummary, fit, refuse_model_output, refuse_overlap};

/// Fits a model. `threads` is the number that was given, if any.
pub(crate) fn run(args: &Args, threads: Option<NonZeroUsize>) -> Result<()> {
    let options = args.options()?;
    refuse_model_output(&args.inputs, &args.output, &options)?;
    if let Some(configuration) = &args.config {
        refuse_overlap(configuration, &args.output)?;
    }
    if args.arch != Architecture::Klt {
        return trainer::run(args, &options, threads);
    }
    if args.resume || args.config.is_some() || args.run.is_some() || !args.set.is_empty() {
        bail!("--set, --config, --run and --resume are for networks; --arch klt takes none of them");
    }
    let summary = fit(&args.inputs, &args.output, &options, &Terminal::default())?;
    if args.json { output::json(&summary) } else { print(&summary) }
}

fn print(summary: &FitSummary) -> Result<()> {
    output::line(format!(
        "{} ({}): {}, {}, {}, {}",
        summary.output,
        summary.name,
        output::count(summary.bands.len() as u64, "band"),
        output::count(summary.images as u64, "image"),
        output::count(summary.samples, "sample"),
        output::bytes(summary.file_bytes)
    ))?;
    output::line(format!("sha256 {}", summary.sha256))?;
    output::line(format!(
        "peak {} ({}), patch {}",
        output::figure(summary.peak),
        summary.peak_from,
        summary.patch
    ))?;
    if let (Some(first), Some(last)) = (summary.calibration.first(), summary.calibration.last()) {
        output::line(format!(
            "measured at a quality of {:.1} to {:.1} dB",
            first.psnr_db.min(last.psnr_db),
            first.psnr_db.max(last.psnr_db)
        ))?;
    }
    output::line(format!(
        "read in {:.1} s, fitted in {:.1} s",
        summary.reading_seconds, summary.fitting_seconds
    ))
}
