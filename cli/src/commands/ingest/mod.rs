//! `vqz ingest`: many files into one cube of plain or encoded arrays.

mod print;
mod quick;

use super::encode::{BoundArgs, TargetArgs, run_input};
use crate::progress::Terminal;
use crate::{arguments, console, output, wording};
use anyhow::{Result, bail};
use print::{print, print_estimate};
use quick::QuickArgs;
use std::path::{Path, PathBuf};
use vqz_archive::{
    Cube, EncodeOptions, IngestOptions, Input, OutputKind, Remark, Share, ShareOutcome, check_output,
    estimate_ingest, ingest, ingest_share, open_model, refuse_overlap,
};

#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  vqz ingest cube.toml cube.zarr --dry-run
  vqz ingest cube.toml cube.zarr
  vqz ingest scenes/*.tif cube.zarr --name 'S2_{time:%Y%m%d}_{band}.tif' --nodata 0
  vqz ingest cube.toml archive.zarr --model models/sentinel2-l2a.vqm --quality 45

docs/guides/ingest.md describes the configuration.")]
pub(crate) struct Args {
    /// A configuration (.toml), or raster files that GDAL reads.
    #[arg(required = true, value_name = "CONFIG.toml | FILES…")]
    inputs: Vec<PathBuf>,
    /// The cube to write: a Zarr v3 group.
    #[arg(value_name = "OUTPUT")]
    output: PathBuf,
    #[command(flatten)]
    quick: QuickArgs,
    #[command(flatten)]
    encode: CodecArgs,
    /// Do one of N shares of the work, counted from 0, such as 0/16. N processes, on one machine or several, then write one
    /// cube together. The last one to finish moves it to its place.
    #[arg(long, value_name = "I/N")]
    shard: Option<Share>,
    /// Show what would be written, how large it would be and about how long it would take, and write nothing.
    #[arg(long)]
    dry_run: bool,
    /// Replace an existing output, once the new one is complete.
    #[arg(long)]
    overwrite: bool,
    /// Print the figures as one JSON object. `vqz schema` prints its schema.
    #[arg(long)]
    json: bool,
}

/// How a cube is encoded, if it is.
#[derive(Debug, clap::Args)]
struct CodecArgs {
    /// Encode with this model (a .vqm file that holds an encoder) instead of writing plain arrays. Arrays that do not fit it
    /// are written as plain arrays.
    #[arg(long, short, value_name = "FILE")]
    model: Option<PathBuf>,
    #[command(flatten)]
    target: TargetArgs,
    #[command(flatten)]
    bound: BoundArgs,
    /// Dates in one chunk of an encoded array [default: that of the configuration, or 1].
    #[arg(long, value_parser = clap::value_parser!(u64).range(1..), value_name = "N")]
    dates: Option<u64>,
}

impl CodecArgs {
    /// Whether any option asks for encoding.
    fn is_any(&self) -> bool {
        self.model.is_some() || self.target.target().is_some() || self.bound.bound().is_any()
    }
}

pub(crate) fn run(args: &Args) -> Result<()> {
    let existing = arguments::existing(args.overwrite);
    if let Some(model) = &args.encode.model {
        refuse_overlap(model, &args.output)?;
    }
    for input in &args.inputs {
        if args.dry_run {
            refuse_overlap(input, &args.output)?;
        } else {
            check_output(input, &args.output, OutputKind::Folder, existing)?;
        }
    }
    let cube = cube(args)?;
    if args.dry_run {
        let estimate = estimate_ingest(&cube)?;
        for remark in &estimate.remarks {
            // These remarks are printed among the figures, and listed in JSON.
            console::record(&Remark::Cube(remark.clone()));
        }
        return if args.json { output::json(&estimate) } else { print_estimate(&estimate) };
    }
    if args.encode.is_any() {
        let mut options = EncodeOptions::new()
            .target(args.encode.target.target())
            .bound(args.encode.bound.bound())
            .dates(args.encode.dates)
            .existing(existing);
        options.model = args.encode.model.as_deref().map(open_model).transpose()?;
        return run_input(Input::Cube(cube), &args.output, &options, args.shard, args.json);
    }
    let (options, progress) = (IngestOptions::new().existing(existing), Terminal::default());
    let outcome = match args.shard {
        Some(share) => ingest_share(&cube, &args.output, share, &options, &progress)?,
        None => ShareOutcome::Complete(ingest(&cube, &args.output, &options, &progress)?),
    };
    match outcome {
        ShareOutcome::Complete(summary) if args.json => output::json(&summary),
        ShareOutcome::Complete(summary) => print(&summary),
        ShareOutcome::Open(share) => wording::print_share(&share, args.json),
        _ => Ok(()),
    }
}

fn cube(args: &Args) -> Result<Cube> {
    let configuration = args.inputs.iter().find(|input| Cube::is_configuration(input));
    match (configuration, &args.inputs[..]) {
        (Some(configuration), [_]) if args.quick.is_any() => bail!(
            "{} is a configuration, so {} can't be given; set them in that file",
            configuration.display(),
            QuickArgs::NAMES
        ),
        (Some(configuration), [_]) => Ok(Cube::open(configuration)?),
        (Some(configuration), _) => {
            bail!("{} is a configuration; give it alone, and name the files in it", configuration.display())
        }
        (None, files) => {
            let first = files.first().map_or(Path::new(""), PathBuf::as_path);
            Ok(Cube::new(args.quick.configuration(files)?, Path::new(""), first)?)
        }
    }
}
