//! `vqz encode`: rasters into an archive.

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
    BandSelection, EncodeOptions, Input, Share, ShareOutcome, check_output, encode, encode_share, open_model,
};
use vqz_codec::axes::Axes;
use vqz_codec::config::{EntropyCoder, NoData};
use vqz_codec::engine::EngineKind;

/// The side of a chunk, in pixels, where nothing else is said.
const CHUNK_SIZE: u64 = 1024;

/// How many samples of an array a quality is searched on.
const SEARCH_SAMPLES: u64 = 40_000_000;

#[derive(Debug, clap::Args)]
#[command(after_help = "Example:
  vqz encode scene.zarr scene-vqz.zarr --model models/sentinel2-l2a.vqm --psnr 45
  vqz encode dem.zarr dem-vqz.zarr --max-error 0.1
  vqz encode classes.zarr classes-vqz.zarr --lossless

PSNR is stated against the model's peak, RMSE and max error are in the samples' unit. The ratio is that of the raw \
samples to all that is stored, the model in the metadata included. A fill value is no mask: what means \"no data\" is \
declared, by the input or with --nodata.")]
pub(crate) struct Args {
    /// A Zarr v3 array or group; with the feature gdal also a GeoTIFF, or the configuration of an ingest (.toml).
    input: PathBuf,
    /// The archive to write: a Zarr v3 array, or a group with the arrays that do not fit the model copied as they are.
    output: PathBuf,
    /// The model, a .vqm file with its encoder. With a maximum error, or without loss, it may be left out.
    #[arg(long, short, value_name = "FILE")]
    model: Option<PathBuf>,
    #[command(flatten)]
    target: TargetArgs,
    #[command(flatten)]
    bound: BoundArgs,
    /// How codes become bytes: rans is smallest, lz4 fastest.
    #[arg(long, default_value = "rans", value_parser = arguments::entropy, value_name = "rans|lz4")]
    entropy: EntropyCoder,
    /// The extents of a chunk, in the order of the dimensions, such as 1,12,512,512.
    #[arg(long, value_delimiter = ',', conflicts_with = "chunk_size", value_name = "N,N,…")]
    chunk: Vec<u64>,
    /// The side of a chunk along y and x, in pixels; chunks hold all bands, one step of everything else, and of time --dates.
    #[arg(long, default_value_t = CHUNK_SIZE, value_parser = clap::value_parser!(u64).range(1..), value_name = "PX")]
    chunk_size: u64,
    /// Dates in one chunk. More take fewer bits where dates resemble each other, but one is then read by way of others.
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u64).range(1..), conflicts_with = "chunk", value_name = "N")]
    dates: u64,
    /// Gather chunks in shards of this side along y and x, in pixels: fewer files.
    #[arg(long, value_parser = clap::value_parser!(u64).range(1..), value_name = "PX")]
    shard_size: Option<u64>,
    /// Do one of N shares of the work, counted from 0, such as 0/16: as many processes, on one machine or many, write one
    /// archive. The last that ends puts it in its place.
    #[arg(long, value_name = "I/N")]
    shard: Option<Share>,
    /// The roles of the dimensions in order, where their names do not tell: time, band, y, x or any other name.
    #[arg(long, value_parser = arguments::axes, value_name = "band,y,x")]
    axes: Option<Axes>,
    /// Values that mean "no data": restored exactly, and made out of no valid sample. By default those that the input's
    /// attributes declare (_FillValue, missing_value, nodata). Samples that are not finite are restored in any case.
    #[arg(long, value_delimiter = ',', allow_hyphen_values = true, value_name = "V,…")]
    nodata: Vec<NoData>,
    /// The bands to encode, in the model's order: by name, or by number from 0, such as 0-8,11.
    #[arg(long, value_name = "B,…")]
    bands: Option<BandSelection>,
    /// Search for the quality on about so many samples of an array, on all of a smaller one.
    #[arg(long, default_value_t = SEARCH_SAMPLES, value_name = "N")]
    search_samples: u64,
    /// Replace the output if it exists, once the new one is complete.
    #[arg(long)]
    overwrite: bool,
    /// The engine to run the model with; see `vqz info --runtime`.
    #[arg(long, value_name = "NAME")]
    engine: Option<EngineKind>,
    /// Print the figures as JSON.
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
    check_output(&args.input, &args.output, arguments::existing(args.overwrite))?;
    run_input(arguments::input(&args.input)?, &args.output, &args.options()?, args.shard, args.json)
}

/// Encodes an input, or a share of it, and prints what came of it.
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
