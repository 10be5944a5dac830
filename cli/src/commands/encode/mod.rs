//! `vqz encode`: from rasters to an archive.

mod bound;
mod print;
mod target;

use crate::progress::Terminal;
use crate::{arguments, output, wording};
use anyhow::Result;
pub(crate) use bound::BoundArgs;
use print::print;
use std::path::PathBuf;
pub(crate) use target::TargetArgs;
use vqz_archive::{
    BandSelection, EncodeOptions, Input, OutputKind, Share, ShareOutcome, check_output, encode, encode_share,
    open_model, refuse_overlap,
};
use vqz_codec::axes::Axes;
use vqz_codec::config::{EntropyCoder, NoData};
use vqz_codec::engine::EngineKind;

/// The default side of a chunk, in pixels.
const CHUNK_SIZE: u64 = 1024;

/// How many samples of an array the search for a quality uses.
const SEARCH_SAMPLES: u64 = 40_000_000;

#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  vqz encode scene.zarr scene-vqz.zarr --model models/sentinel2-l2a.vqm --psnr 45
  vqz encode dem.zarr dem-vqz.zarr --max-error 0.1
  vqz encode classes.zarr classes-vqz.zarr --lossless

The table that is printed gives the PSNR against the model's peak, and RMSE and maximum error in the unit of the samples. \
The ratio is the size of the raw samples divided by everything that is stored, including the model in the metadata.

A fill value alone does not mask samples. Declare the values that mean \"no data\" in the input's attributes or with \
--nodata.

If the target (--psnr, --bits, --ratio) is not met, the archive is written all the same, and the exit code is 1.")]
pub(crate) struct Args {
    /// The input: a Zarr v3 array or group. With the feature gdal also a GeoTIFF, or the configuration of an ingest (.toml).
    input: PathBuf,
    /// The archive to write: a Zarr v3 array or group. Arrays of a group that do not fit the model are copied unchanged.
    output: PathBuf,
    /// The model: a .vqm file that holds an encoder. It may be left out with --max-error or --lossless.
    #[arg(long, short, value_name = "FILE")]
    model: Option<PathBuf>,
    #[command(flatten)]
    target: TargetArgs,
    #[command(flatten)]
    bound: BoundArgs,
    /// The entropy coder: rans gives the smallest files, lz4 is the fastest.
    #[arg(long, default_value = "rans", value_parser = arguments::entropy, value_name = "rans|lz4")]
    entropy: EntropyCoder,
    /// The shape of a chunk, in the order of the dimensions, such as 1,12,512,512.
    #[arg(long, value_delimiter = ',', conflicts_with = "chunk_size", value_name = "N,N,…")]
    chunk: Vec<u64>,
    /// The side of a chunk along y and x, in pixels. A chunk holds all bands and --dates dates, and one step along any other
    /// dimension.
    #[arg(long, default_value_t = CHUNK_SIZE, value_parser = clap::value_parser!(u64).range(1..), value_name = "PX")]
    chunk_size: u64,
    /// Dates in one chunk. With more dates, series that change little take fewer bits, but reading one date decodes others
    /// too.
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u64).range(1..), conflicts_with = "chunk", value_name = "N")]
    dates: u64,
    /// Gather chunks in shards with this side along y and x, in pixels, which makes fewer files.
    #[arg(long, value_parser = clap::value_parser!(u64).range(1..), value_name = "PX")]
    shard_size: Option<u64>,
    /// Do one of N shares of the work, counted from 0, such as 0/16. N processes, on one machine or several, then write one
    /// archive together. The last one to finish moves it to its place.
    #[arg(long, value_name = "I/N")]
    shard: Option<Share>,
    /// The roles of the dimensions in order, if their names do not show them: time, band, y, x, or any other name.
    #[arg(long, value_parser = arguments::axes, value_name = "band,y,x")]
    axes: Option<Axes>,
    /// Values that mean "no data". They are restored exactly, and no valid sample becomes one of them. [default: the values
    /// that the input's attributes _FillValue, missing_value and nodata declare]. NaN and infinities are always restored.
    #[arg(long, value_delimiter = ',', allow_hyphen_values = true, value_name = "V,…")]
    nodata: Vec<NoData>,
    /// The bands to encode, in the order of the model's bands: names, or numbers from 0, such as 0-8,11.
    #[arg(long, value_name = "B,…")]
    bands: Option<BandSelection>,
    /// How many samples of each array to search for the quality on. Smaller arrays are used whole.
    #[arg(long, default_value_t = SEARCH_SAMPLES, value_name = "N")]
    search_samples: u64,
    /// Replace an existing output, once the new one is complete.
    #[arg(long)]
    overwrite: bool,
    /// The engine that runs the model. `vqz info --runtime` lists them.
    #[arg(long, value_name = "NAME")]
    engine: Option<EngineKind>,
    /// Print the figures as one JSON object. `vqz schema` prints its schema.
    #[arg(long)]
    json: bool,
}

impl Args {
    fn options(&self) -> Result<EncodeOptions> {
        let mut options = EncodeOptions::new()
            .target(self.target.target())
            .bound(self.bound.bound())
            .entropy(self.entropy)
            .chunk_size(self.chunk_size)
            .dates(self.dates)
            .shard_size(self.shard_size)
            .axes(self.axes.clone())
            .nodata(self.nodata.clone())
            .bands(self.bands.clone())
            .search_samples(self.search_samples)
            .existing(arguments::existing(self.overwrite))
            .engine(self.engine);
        options.model = self.model.as_deref().map(open_model).transpose()?;
        options.chunk = (!self.chunk.is_empty()).then(|| self.chunk.clone());
        Ok(options)
    }
}

pub(crate) fn run(args: &Args) -> Result<()> {
    let existing = arguments::existing(args.overwrite);
    if let Some(model) = &args.model {
        refuse_overlap(model, &args.output)?;
    }
    check_output(&args.input, &args.output, OutputKind::Folder, existing)?;
    run_input(arguments::input(&args.input)?, &args.output, &args.options()?, args.shard, args.json)
}

/// Encodes an input, or a share of it, and prints the result.
pub(crate) fn run_input(
    input: Input,
    output: &std::path::Path,
    options: &EncodeOptions,
    share: Option<Share>,
    json: bool,
) -> Result<()> {
    let progress = Terminal::default();
    let outcome = match share {
        Some(share) => encode_share(input, output, share, options, &progress)?,
        None => ShareOutcome::Complete(encode(input, output, options, &progress)?),
    };
    match outcome {
        ShareOutcome::Complete(summary) if json => output::json(&summary),
        ShareOutcome::Complete(summary) => print(&summary, options.target),
        ShareOutcome::Open(share) => wording::print_share(&share, json),
        _ => Ok(()),
    }
}
