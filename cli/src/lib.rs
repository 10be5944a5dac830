//! The program `vqz`: fit, encode, decode, verify and compare learned raster archives.
//!
//! It is a library so that the Python package brings the same program; nothing of it is an interface but [`main`].

mod advice;
mod arguments;
mod commands;
mod console;
mod exit;
mod output;
mod progress;
mod wording;

use anyhow::{Context, Result};
use clap::{CommandFactory, Parser, Subcommand};
use exit::Exit;
use std::ffi::OsString;
use std::num::NonZeroUsize;

/// Compress rasters into Zarr v3 archives with a model fitted to such rasters, and read them back.
#[derive(Debug, Parser)]
#[command(name = "vqz", version, max_term_width = 110, after_help = exit::HELP)]
struct Cli {
    /// How many threads to use [default: one for each processor].
    #[arg(long, global = true, value_name = "N")]
    threads: Option<NonZeroUsize>,
    /// Write only errors to standard error: no progress bars and no remarks. Results on standard output stay.
    #[arg(long, global = true)]
    quiet: bool,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Gather many raster files into one data cube.
    #[cfg(feature = "gdal")]
    Ingest(commands::ingest::Args),
    /// Gather many raster files into one data cube (this build lacks the feature gdal, which this needs).
    #[cfg(not(feature = "gdal"))]
    Ingest(commands::without_gdal::IngestArgs),
    /// Fit a model to rasters.
    Fit(commands::fit::Args),
    /// Encode a raster, or a group of rasters, into an archive.
    Encode(commands::encode::Args),
    /// Decode an archive into a plain Zarr array or group, or a GeoTIFF.
    Decode(commands::decode::Args),
    /// Export an archive for other programs: as GeoTIFF, NetCDF, plain Zarr or overviews (feature gdal).
    Export(commands::export::Args),
    /// Describe a raster, an archive or a model, or list the engines that run models.
    Info(commands::info::Args),
    /// Check that an archive decodes and that its stored statistics are true.
    Verify(commands::verify::Args),
    /// Write damaged and lost chunks of an archive again, from its source.
    Repair(commands::repair::Args),
    /// Measure how far a raster is from a reference.
    Compare(commands::compare::Args),
    /// Write an HTML page about an archive: pictures, errors, bit rate, promise and model.
    Report(commands::report::Args),
    /// Measure bit rate and error beside other codecs.
    Bench(commands::bench::Args),
    /// Encode the sample that ships with vqz, and write a report about it.
    Demo(commands::demo::Args),
    /// Print a script that completes commands and options in a shell.
    Completions(commands::completions::Args),
    /// Print the manual page, or write the pages of all commands.
    Man(commands::man::Args),
    /// Print the JSON Schema of what a command prints with --json.
    Schema(commands::schema::Args),
}

fn run(cli: Cli) -> Result<()> {
    console::set_quiet(cli.quiet);
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
        Command::Repair(args) => commands::repair::run(&args),
        Command::Compare(args) => commands::compare::run(&args),
        Command::Report(args) => commands::report::run(&args),
        Command::Bench(args) => commands::bench::run(&args),
        Command::Demo(args) => commands::demo::run(&args),
        Command::Completions(args) => commands::completions::run(&args, Cli::command()),
        Command::Man(args) => commands::man::run(&args, Cli::command()),
        Command::Schema(args) => commands::schema::run(&args),
    }
}

/// The causes of an error on one line. A cause that the message above it repeats is left out.
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

/// Runs the program with these arguments, the first of which is its name, and returns its exit code. A call for help, and one that
/// can't be understood, ends the process.
pub fn main(arguments: impl IntoIterator<Item = OsString>) -> u8 {
    // After the work is done, a remark that the result falls short makes the command fail.
    let Err(error) = run(Cli::parse_from(arguments)).and_then(|()| console::check()) else {
        return Exit::Done.code();
    };
    let exit = Exit::of(&error);
    if exit != Exit::Done {
        console::error(&format!("{}{}", one_line(&error), advice::error(&error)));
    }
    exit.code()
}
