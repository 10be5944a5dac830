//! `vqz verify`: does an archive decode, and are the statistics that its chunks state true?

use crate::exit::CheckFailed;
use crate::progress::Terminal;
use crate::{console, output, wording};
use anyhow::Result;
use std::path::PathBuf;
use vqz_archive::{Verification, VerifyOptions, verify};
use vqz_codec::engine::EngineKind;

#[derive(Debug, clap::Args)]
#[command(after_help = "Example:
  vqz verify scene-vqz.zarr --against scene.zarr

Every stored chunk is decoded and every checksum is checked. Lost chunks are noticed because `vqz encode` records how many \
it wrote, in the attribute `vqz`. In archives without that record, only --against notices them. If anything is wrong, the \
exit code is 1.")]
pub(crate) struct Args {
    /// The archive: an encoded Zarr v3 array, or a group that holds encoded arrays.
    archive: PathBuf,
    /// The source that was encoded: check the stored statistics, the promise and the mask against it.
    #[arg(long, value_name = "SOURCE")]
    against: Option<PathBuf>,
    /// The engine that runs the model. `vqz info --runtime` lists them.
    #[arg(long, value_name = "NAME")]
    engine: Option<EngineKind>,
    /// Print the findings as one JSON object. `vqz schema` prints its schema.
    #[arg(long)]
    json: bool,
}

/// How many failures of each array are listed for people. JSON lists them all.
const LISTED: usize = 20;

pub(crate) fn run(args: &Args) -> Result<()> {
    let options = VerifyOptions::new().against(args.against.clone()).engine(args.engine);
    let verification = verify(&args.archive, &options, &Terminal::default())?;
    if args.json {
        output::json(&verification)?
    } else {
        print(&verification)?
    }
    if verification.holds {
        return Ok(());
    }
    let failures: u64 = verification.arrays.iter().map(|array| array.failures.len() as u64).sum();
    if failures == 0 {
        // What was found wrong is a remark.
        return console::check();
    }
    Err(CheckFailed(format!(
        "{} fails the check: {}, listed above; restore the archive from a copy, or let `vqz repair --from SOURCE` write what is damaged or lost again{}",
        verification.archive,
        output::count(failures, "failure"),
        if args.against.is_some() { ", if the source is the one that it was made from" } else { "" }
    ))
    .into())
}

fn print(verification: &Verification) -> Result<()> {
    for array in &verification.arrays {
        let name = if array.path.is_empty() { &verification.archive } else { &array.path };
        let outcome = match (array.failures.len(), verification.against.is_some()) {
            (0, false) => "all decode",
            (0, true) => "all decode, and what they state is true",
            _ => "FAILS",
        };
        output::line(format!(
            "{name}: {} ({}), {} of fill value only: {outcome}",
            output::count(array.chunks, "chunk"),
            output::bytes(array.data_bytes),
            array.fill_only_chunks
        ))?;
        if array.failures.is_empty() {
            output::line(format!(
                "  stated: {}RMSE {}, max error {}; promised: {}",
                array.peak.map_or_else(String::new, |_| format!(
                    "PSNR {} dB, ",
                    output::psnr(array.psnr_db, array.valid_samples, 2)
                )),
                output::error(array.rmse),
                output::figure(array.max_error),
                wording::promise(&array.promise)
            ))?;
        }
        if array.recorded.is_none() && verification.against.is_none() {
            output::line(
                "  no record of how many chunks were written: lost ones would go unnoticed; use --against",
            )?;
        }
        for failure in array.failures.iter().take(LISTED) {
            output::line(format!("  {}: {}", failure.place, failure.found))?;
        }
        if array.failures.len() > LISTED {
            output::line(format!("  and {} more; --json lists all", array.failures.len() - LISTED))?;
        }
    }
    output::line(format!(
        "{} of samples in {:.2} s, {:.1} MB/s",
        output::bytes(verification.raw_bytes),
        verification.seconds,
        verification.mb_s
    ))
}
