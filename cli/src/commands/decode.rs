//! `vqz decode`: an archive back into plain arrays that anything reads.

use super::hierarchy::{self, Planned, Step};
use crate::output;
use crate::raster::archive::Archive;
use crate::raster::metadata::Metadata;
use crate::raster::partial::{Existing, refuse_existing};
use crate::raster::plain::PlainCodec;
use crate::raster::record::Record;
use crate::raster::transfer::Order;
use crate::raster::{
    Info, OpenOptions, Raster, geotiff, is_geotiff, open_one, paths, tree, zarr::ZarrRaster,
};
use anyhow::{Result, bail};
use clap::ValueEnum;
use serde::Serialize;
use serde_json::{Value, json};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Instant;
use vqz_codec::axes::Role;
use vqz_codec::engine::EngineKind;
use vqz_codec::sample::DataType;

#[derive(Debug, clap::Args)]
#[command(after_help = "Example:
  vqz decode scene-vqz.zarr scene-plain.zarr")]
pub(crate) struct Args {
    /// The archive: an encoded Zarr v3 array, or a group that holds some.
    archive: PathBuf,
    /// What to write: a plain Zarr v3 array or group, or a GeoTIFF where the name ends in .tif (feature gdal).
    output: PathBuf,
    /// The compression of the plain chunks.
    #[arg(long, value_enum, default_value_t = Codec::Zstd)]
    codec: Codec,
    /// The side of a chunk along y and x, in pixels; by default the archive's chunks.
    #[arg(long, value_parser = clap::value_parser!(u64).range(1..), value_name = "PX")]
    chunk_size: Option<u64>,
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

/// How plain chunks are compressed.
#[derive(Clone, Copy, Debug, ValueEnum)]
enum Codec {
    /// Zstandard, level 1.
    Zstd,
    /// Not at all.
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

#[derive(Debug, Serialize)]
struct Figures {
    output: String,
    arrays: usize,
    raw_bytes: u64,
    archive_bytes: u64,
    seconds: f64,
    mb_s: f64,
    chunks_kept: u64,
}

pub(crate) fn run(args: &Args) -> Result<()> {
    let existing = if args.overwrite { Existing::Replace } else { Existing::Refuse };
    paths::refuse_overlap(&args.archive, &args.output)?;
    paths::refuse_missing_folder(&args.output)?;
    refuse_existing(&args.output, existing)?;
    let options = OpenOptions { engine: args.engine, ..OpenOptions::default() };
    let figures = if is_geotiff(&args.output) {
        let raster = open_one(&args.archive, &options)?;
        remark_on_losses(args)?;
        let begun = Instant::now();
        geotiff::write(&args.output, raster.as_ref(), args.codec.into())?;
        figures(args, &[raster], None, begun.elapsed().as_secs_f64(), 0)
    } else {
        let planned = plan(args, &options)?;
        remark_on_losses(args)?;
        let mut settings = hierarchy::settings("decode", &args.archive);
        settings.insert("codec".to_owned(), json!(format!("{:?}", args.codec.into())));
        let work = hierarchy::Work {
            target: &args.output,
            existing,
            settings,
            engine: args.engine,
            order: Order::default(),
            what: "decoding",
            finish: &|_, _| Ok(None),
        };
        let done = hierarchy::write(&planned, work)?;
        let rasters: Vec<Arc<dyn Raster>> = planned
            .iter()
            .filter_map(|node| match &node.step {
                Step::Convert(raster, _) => Some(Arc::clone(raster)),
                _ => None,
            })
            .collect();
        figures(args, &rasters, Some(done.bytes), done.seconds, done.kept)
    };
    if args.json {
        return output::json(&figures);
    }
    output::line(format!(
        "{} -> {} in {:.2} s, {:.1} MB/s",
        output::bytes(figures.archive_bytes),
        output::bytes(figures.raw_bytes),
        figures.seconds,
        figures.mb_s
    ))
}

fn plan(args: &Args, options: &OpenOptions) -> Result<Vec<Planned>> {
    let mut planned = Vec::new();
    let mut decoded = 0;
    for node in tree::walk(&args.archive)? {
        // A member of a group may be a link that leads to the output.
        paths::refuse_overlap(&node.folder, &args.output)?;
        if !node.metadata.is_array() {
            planned.push(Planned { path: node.path.clone(), step: hierarchy::group(&node.metadata) });
        } else if node.metadata.encoded()?.is_some() {
            let raster = ZarrRaster::open(&node, options)?;
            let metadata = plain_metadata(raster.info(), args.codec.into(), args.chunk_size);
            planned.push(Planned { path: node.path, step: Step::Convert(Arc::new(raster), metadata) });
            decoded += 1;
        } else if node.path.is_empty() {
            bail!(
                "{} is no vqz archive: its codecs are {}; give an array that `vqz encode` wrote",
                args.archive.display(),
                node.metadata.codec_names().join(", ")
            );
        } else {
            planned.push(Planned { path: node.path, step: Step::Copy(node.folder) });
        }
    }
    if decoded == 0 {
        bail!("group {} holds no vqz archive; give one that `vqz encode` wrote", args.archive.display());
    }
    Ok(planned)
}

/// Opens every archive with its engine, before anything is begun that it may be missing for, and says where chunks are
/// lost: what they held comes out as fill value.
fn remark_on_losses(args: &Args) -> Result<()> {
    for node in tree::arrays(&args.archive)? {
        if !node.metadata.encoded()?.is_some_and(|encoded| encoded.plain) {
            continue;
        }
        let archive = Archive::open(&node, args.engine)?;
        if let Some(record) = Record::of(&node.metadata)
            && let Some(differs) = record.differs(&archive.totals()?)
        {
            output::remark(format!(
                "warning: {}: {differs}; what is lost comes out as fill value, see `vqz verify`",
                node.label()
            ));
        }
    }
    Ok(())
}

/// A raster's metadata with plain codecs, and chunks of a side of their own where one is given.
pub(super) fn plain_metadata(info: &Info, codec: PlainCodec, chunk_size: Option<u64>) -> Metadata {
    let mut metadata = info.metadata.clone();
    let mut chunk = info.chunk.clone();
    if let Some(side) = chunk_size {
        for ((chunk, extent), role) in chunk.iter_mut().zip(&info.shape).zip(info.axes.roles()) {
            if matches!(role, Role::Y | Role::X) {
                *chunk = side.min(*extent);
            }
        }
    }
    metadata.set_chunk_shape(&chunk);
    metadata.set_codecs(codec.metadata(info.data_type));
    metadata
}

fn figures(
    args: &Args,
    rasters: &[Arc<dyn Raster>],
    written: Option<u64>,
    seconds: f64,
    kept: u64,
) -> Figures {
    let raw_bytes = rasters.iter().map(|r| r.info().raw_bytes()).sum();
    Figures {
        output: args.output.display().to_string(),
        arrays: rasters.len(),
        raw_bytes,
        archive_bytes: rasters.iter().map(|r| r.info().stored.1).sum(),
        seconds,
        mb_s: written.unwrap_or(raw_bytes) as f64 / 1e6 / seconds.max(1e-9),
        chunks_kept: kept,
    }
}
