//! `vqz decode`: from an archive back to plain arrays, which any Zarr reader can open.

use crate::progress::Terminal;
use crate::{arguments, output};
use anyhow::Result;
use clap::ValueEnum;
use std::path::PathBuf;
use vqz_archive::{DecodeOptions, PlainCodec, decode};
use vqz_codec::engine::EngineKind;

#[derive(Debug, clap::Args)]
#[command(after_help = "Example:
  vqz decode scene-vqz.zarr scene-plain.zarr

If chunks of the archive are lost, the output is written all the same, with fill value in their place, and the exit code \
is 1.")]
pub(crate) struct Args {
    /// The archive: an encoded Zarr v3 array, or a group that holds encoded arrays.
    archive: PathBuf,
    /// The output: a plain Zarr v3 array or group, or a GeoTIFF if the name ends in .tif (feature gdal).
    output: PathBuf,
    /// The compression of the output.
    #[arg(long, value_enum, default_value_t = Codec::Zstd)]
    codec: Codec,
    /// The side of a chunk along y and x, in pixels [default: that of the archive].
    #[arg(long, value_parser = clap::value_parser!(u64).range(1..), value_name = "PX")]
    chunk_size: Option<u64>,
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

/// How plain chunks are compressed.
#[derive(Clone, Copy, Debug, ValueEnum)]
enum Codec {
    /// Zstandard, level 1.
    Zstd,
    /// No compression.
    None,
}

impl From<Codec> for PlainCodec {
    fn from(codec: Codec) -> Self {
        match codec {
            Codec::Zstd => Self::Zstd,
            Codec::None => Self::None,
        }
    }
}

pub(crate) fn run(args: &Args) -> Result<()> {
    let options = DecodeOptions::new()
        .codec(args.codec)
        .chunk_size(args.chunk_size)
        .existing(arguments::existing(args.overwrite))
        .engine(args.engine);
    let summary = decode(&args.archive, &args.output, &options, &Terminal::default())?;
    if args.json {
        return output::json(&summary);
    }
    output::line(format!(
        "{} -> {} in {:.2} s, {:.1} MB/s",
        output::bytes(summary.archive_bytes),
        output::bytes(summary.raw_bytes),
        summary.seconds,
        summary.mb_s
    ))
}
