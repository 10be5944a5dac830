//! `vqz`: fit, encode, decode, verify and compare learned raster archives.

mod advice;
mod arguments;
mod commands;
mod output;
mod progress;
mod wording;

use anyhow::{Context, Result};
use clap::{Parser, Subcommand};
use output::CheckFailed;
use std::io::ErrorKind;
use std::num::NonZeroUsize;
use std::process::ExitCode;

/// Compress rasters with a fitted model into Zarr v3 archives, and read them back.
#[derive(Debug, Parser)]
#[command(name = "vqz", version, max_term_width = 110)]
#[command(after_help = "Exit codes: 0 done, 1 a check failed (verify, compare), 2 an error.")]
struct Cli {
    /// Threads to work with; by default one for each processor.
    #[arg(long, global = true, value_name = "N")]
    threads: Option<NonZeroUsize>,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Gather many raster files into one cube.
    #[cfg(feature = "gdal")]
    Ingest(commands::ingest::Args),
    /// Gather many raster files into one cube (needs the feature gdal).
    #[cfg(not(feature = "gdal"))]
    Ingest(commands::without_gdal::IngestArgs),
    /// Fit a model to rasters.
    Fit(commands::fit::Args),
    /// Encode a raster, or a group of rasters, into an archive.
    Encode(commands::encode::Args),
    /// Decode an archive to a plain Zarr array or group, or to a GeoTIFF.
    Decode(commands::decode::Args),
    /// Export an archive for other programs: GeoTIFF, NetCDF, plain Zarr, or an overview beside it (feature gdal).
    Export(commands::export::Args),
    /// Describe an array, an archive, a model, or the engines at hand.
    Info(commands::info::Args),
    /// Check that an archive decodes, and that its stored statistics hold.
    Verify(commands::verify::Args),
    /// Compare a raster with a reference.
    Compare(commands::compare::Args),
    /// Make a page on an archive: pictures, errors, rate, promise and model.
    Report(commands::report::Args),
    /// Measure rate and distortion beside rivals, on chosen rasters.
    Bench(commands::bench::Args),
    /// Encode the sample that ships with vqz, and report on it.
    Demo(commands::demo::Args),
}

fn run(cli: Cli) -> Result<()> {
    let threads = match cli.threads {
        Some(threads) => threads.get(),
        None => std::thread::available_parallelism().map_or(1, NonZeroUsize::get),
    };
    rayon::ThreadPoolBuilder::new().num_threads(threads).build_global().context("starting threads")?;
    #[cfg(feature = "gdal")]
    vqz_raster::settle();
    zarrs::config::global_config_mut().set_codec_concurrent_target(threads);
    match cli.command {
        #[cfg(feature = "gdal")]
        Command::Ingest(args) => commands::ingest::run(&args),
        #[cfg(not(feature = "gdal"))]
        Command::Ingest(args) => commands::without_gdal::ingest(&args),
        Command::Fit(args) => commands::fit::run(&args, cli.threads),
        Command::Encode(args) => commands::encode::run(&args),
        Command::Decode(args) => commands::decode::run(&args),
        Command::Export(args) => commands::export::run(&args),
        Command::Info(args) => commands::info::run(&args),
        Command::Verify(args) => commands::verify::run(&args),
        Command::Compare(args) => commands::compare::run(&args),
        Command::Report(args) => commands::report::run(&args),
        Command::Bench(args) => commands::bench::run(&args),
        Command::Demo(args) => commands::demo::run(&args),
    }
}

/// The causes of an error on one line. Causes that the one above already tells are left out.
fn one_line(error: &anyhow::Error) -> String {
    let mut text = String::new();
    for cause in error.chain() {
        let cause = cause.to_string().replace('\n', " ");
        if text.is_empty() {
            text = cause;
        } else if !text.ends_with(&cause) {
            text = format!("{text}: {cause}");
        }
    }
    text
}

fn main() -> ExitCode {
    let Err(error) = run(Cli::parse()) else {
        return ExitCode::SUCCESS;
    };
    let broken_pipe = error.chain().any(|cause| {
        cause.downcast_ref::<std::io::Error>().is_some_and(|e| e.kind() == ErrorKind::BrokenPipe)
    });
    if broken_pipe {
        return ExitCode::SUCCESS;
    }
    output::remark(format!("error: {}{}", one_line(&error), advice::error(&error)));
    if error.downcast_ref::<CheckFailed>().is_some() { ExitCode::from(1) } else { ExitCode::from(2) }
}
