//! `vqz encode`: rasters into an archive.

mod aim;
mod array;
#[cfg(feature = "gdal")]
mod cube;
pub(super) mod figures;
mod layout;
mod plan;
mod promise;
mod remarks;
mod target;

use super::hierarchy::{self, ShareFigures, Step};
use crate::arguments;
use crate::output;
use crate::raster::bands::Selection;
use crate::raster::metadata::Metadata;
use crate::raster::partial::{self, Existing, refuse_existing};
use crate::raster::share::Share;
use crate::raster::transfer::Order;
use crate::raster::{Info, paths};
use aim::AimArgs;
use anyhow::{Context, Result, bail};
use array::EncodedArray;
#[cfg(feature = "gdal")]
pub(in crate::commands) use cube::{CodecArgs, OfCube};
use figures::Figures;
use plan::Plan;
use promise::PromiseArgs;
use serde_json::json;
use std::cell::RefCell;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use vqz_codec::axes::Axes;
use vqz_codec::config::{Configuration, EntropyCoder, NoData, Promise};
use vqz_codec::engine::EngineKind;
use vqz_codec::model::Model;
use vqz_codec::pipeline::{ChunkCodec, Options};
use vqz_codec::sample::DataType;
use vqz_zarr::engines::chunk_codec;
use vqz_zarr::models;

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
    aim: AimArgs,
    #[command(flatten)]
    promise: PromiseArgs,
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
    bands: Option<Selection>,
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
    /// The input, where it is planned already.
    #[cfg(feature = "gdal")]
    #[arg(skip)]
    cube: Option<cube::PlannedCube>,
}

impl Args {
    /// The defaults, replacing what is there.
    pub(in crate::commands) fn plain(input: &Path, output: &Path, model: &Path, quality: f64) -> Self {
        Self {
            input: input.to_path_buf(),
            output: output.to_path_buf(),
            model: Some(model.to_path_buf()),
            aim: AimArgs::of_quality(quality),
            promise: PromiseArgs::default(),
            entropy: EntropyCoder::Rans,
            chunk: Vec::new(),
            chunk_size: CHUNK_SIZE,
            dates: 1,
            shard_size: None,
            shard: None,
            axes: None,
            nodata: Vec::new(),
            bands: None,
            search_samples: 0,
            overwrite: true,
            engine: None,
            json: false,
            #[cfg(feature = "gdal")]
            cube: None,
        }
    }
}

/// What came of it.
pub(in crate::commands) enum Outcome {
    /// The archive is in its place.
    Whole(Box<Figures>),
    /// A share of the work is done, others are not.
    Share(ShareFigures),
}

pub(crate) fn run(args: &Args) -> Result<()> {
    match encode_share(args)? {
        Outcome::Whole(figures) if args.json => output::json(&figures),
        Outcome::Whole(figures) => figures.print(),
        Outcome::Share(figures) => figures.tell(args.json),
    }
}

/// Encodes all of it, and measures what was written.
pub(in crate::commands) fn encode(args: &Args) -> Result<Figures> {
    match encode_share(args)? {
        Outcome::Whole(figures) => Ok(*figures),
        Outcome::Share(_) => bail!("only a share of {} was written", args.output.display()),
    }
}

/// Encodes what is to be encoded here, and measures it where that completed the archive.
fn encode_share(args: &Args) -> Result<Outcome> {
    let existing = if args.overwrite { Existing::Replace } else { Existing::Refuse };
    paths::refuse_overlap(&args.input, &args.output)?;
    paths::refuse_missing_folder(&args.output)?;
    refuse_existing(&args.output, existing)?;
    let model = args.model.as_deref().map(open_model).transpose()?;
    match &model {
        Some(model) => {
            check_engine(args, model)?;
            models::register(Arc::clone(model));
        }
        None if !args.promise.is_any() => bail!(
            "there is no model; give one with --model (such as models/sentinel2-l2a.vqm, or what `vqz fit` makes of your \
             data), or ask for --lossless or --max-error"
        ),
        None => {}
    }
    if args.shard.is_some() && args.aim.aim().is_some() {
        bail!(
            "--psnr, --bits and --ratio look at the whole archive, which no share of the work sees; give --quality, or \
             leave --shard away"
        );
    }
    if args.promise.is_any() && args.aim.aim().is_some() {
        bail!(
            "--psnr, --bits and --ratio search for a quality, which a promise does not need; give one or the other"
        );
    }
    let mut plan = plan::plan(args, model.as_ref())?;
    match (args.aim.aim(), &model) {
        (Some(aim), Some(model)) => settle(args, aim, model, &mut plan)?,
        (None, Some(model)) if !args.promise.is_any() => remarks::quality_beyond(model, args.aim.quality()),
        (None, Some(model)) if !args.aim.is_given() => settle_bounded(args, model, &mut plan)?,
        _ => {}
    }
    let mut settings = hierarchy::settings("encode", &args.input);
    settings.extend(plan.settings);
    settings.insert("bands".to_owned(), json!(args.bands.as_ref().map(|bands| &bands.0)));
    settings.insert("model".to_owned(), json!(model.as_ref().map(|model| model.sha256())));
    settings.insert("promise".to_owned(), args.promise.setting());
    let (asked, value) = args.aim.setting();
    settings.insert(asked.to_owned(), json!(value));
    let arrays = RefCell::new(plan.arrays);
    let work = hierarchy::Work {
        target: &args.output,
        existing,
        settings,
        engine: args.engine,
        order: Order { share: args.shard, unreadable: plan.unreadable },
        what: "encoding",
        finish: &|path, folder| {
            let mut arrays = arrays.borrow_mut();
            let array = arrays.iter_mut().find(|array| array.path == path);
            array.map_or(Ok(None), |array| array.judge(args, model.as_ref(), folder))
        },
    };
    let done = hierarchy::write(&plan.nodes, work)?;
    let arrays = arrays.into_inner();
    if let Some(open) = &done.open {
        return Ok(Outcome::Share(ShareFigures::new(args.shard, &args.output, open, &done)));
    }
    for watch in arrays.iter().filter_map(|array| array.watch.as_ref()) {
        watch.report("encoded as data: they come back changed", "encode");
    }
    Ok(Outcome::Whole(Box::new(Figures::measure(args, &arrays, model.as_deref(), &done)?)))
}

/// Searches for the quality of each array, before anything is written: what can't be had is told at once.
fn settle(args: &Args, aim: aim::Aim, model: &Arc<Model>, plan: &mut Plan) -> Result<()> {
    each_array(args, plan, |array, metadata, begun| array.settle(args, aim, metadata, model, begun))
}

/// Searches for the quality of pictures that serves the bound of each array best.
fn settle_bounded(args: &Args, model: &Arc<Model>, plan: &mut Plan) -> Result<()> {
    each_array(args, plan, |array, metadata, begun| array.settle_bounded(args, metadata, model, begun))
}

/// Replaces the metadata of each array. An array that was begun in an earlier run has a quality there.
fn each_array(
    args: &Args,
    plan: &mut Plan,
    mut settle: impl FnMut(&mut EncodedArray, &Metadata, Option<f64>) -> Result<Metadata>,
) -> Result<()> {
    let unfinished = partial::unfinished(&args.output);
    for array in &mut plan.arrays {
        let node = plan.nodes.iter_mut().find(|node| node.path == array.path);
        let Some(Step::Convert(_, metadata)) = node.map(|node| &mut node.step) else { continue };
        // What can't be read there is begun anew, or refused, once that output is taken up.
        let begun = unfinished.as_ref().and_then(|folder| {
            let metadata = Metadata::read(&hierarchy::place(folder, &array.path)).ok()?;
            Some(metadata.encoded().ok()??.configuration.quality)
        });
        *metadata = settle(array, metadata, begun)?;
    }
    Ok(())
}

/// The metadata of an archive, as these settings lay it out.
pub(in crate::commands) fn metadata(args: &Args, info: &Info, model: &Model) -> Result<Metadata> {
    plan::metadata(args, info, Some(model), args.aim.quality(), Promise::Quality)
}

/// Opens the engine that is asked for, before anything is begun that it may be missing for.
fn check_engine(args: &Args, model: &Arc<Model>) -> Result<()> {
    let configuration = Configuration::new(Axes::from_names(&["y", "x"])?)
        .with_model(model.reference()?)
        .with_quality(args.aim.quality())
        .with_entropy(args.entropy);
    let options = Options::default().with_parallel(true).with_engine(args.engine);
    chunk_codec(&configuration, Arc::clone(model), DataType::UInt8, &[0], options)?;
    Ok(())
}

/// Opens a model that can write.
pub(in crate::commands) fn open_model(path: &Path) -> Result<Arc<Model>> {
    if !path.exists() {
        bail!(
            "model {} does not exist; give the path of a .vqm file, or make one with `vqz fit`",
            path.display()
        );
    }
    let model = models::open(path).with_context(|| format!("opening model {}", path.display()))?;
    if !model.can_encode() {
        bail!(
            "model {} holds only the decoding half of {}; encoding needs the file that `vqz fit` wrote",
            path.display(),
            model.manifest().name
        );
    }
    Ok(Arc::new(model))
}
