//! `vqz encode`: rasters into an archive.

mod figures;
mod layout;

use super::fit;
use super::hierarchy::{self, Planned, Step};
use crate::output;
use crate::raster::bands::{self, Selection};
use crate::raster::partial::{Existing, refuse_existing};
use crate::raster::{OpenOptions, Raster, geotiff, is_raster_file, tree, zarr::ZarrRaster};
use anyhow::{Context, Result, bail};
use figures::Figures;
use serde_json::json;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use vqz_codec::axes::Axes;
use vqz_codec::config::{Configuration, EntropyCoder, NoData, Promise};
use vqz_codec::engine::EngineKind;
use vqz_codec::model::{Model, registry};

/// The side of a chunk, in pixels, where nothing else is said.
const CHUNK_SIZE: u64 = 1024;

#[derive(Debug, clap::Args)]
#[command(after_help = "Example:
  vqz encode scene.zarr scene-vqz.zarr --model models/sentinel2-l2a.vqm --quality 42")]
pub(crate) struct Args {
    /// A Zarr v3 array or group, or a GeoTIFF (feature gdal).
    input: PathBuf,
    /// The archive to write: a Zarr v3 array, or a group with the arrays that do not fit the model copied as they are.
    output: PathBuf,
    /// The model, a .vqm file with its encoder.
    #[arg(long, short, value_name = "FILE")]
    model: PathBuf,
    /// The nominal PSNR in dB, on data like the model's training data.
    #[arg(long, short, default_value_t = 42.0, value_name = "DB")]
    quality: f64,
    /// How codes become bytes: rans is smallest, lz4 fastest.
    #[arg(long, default_value = "rans", value_parser = entropy, value_name = "rans|lz4")]
    entropy: EntropyCoder,
    /// The extents of a chunk, in the order of the dimensions, such as 1,12,512,512.
    #[arg(long, value_delimiter = ',', conflicts_with = "chunk_size", value_name = "N,N,…")]
    chunk: Vec<u64>,
    /// The side of a chunk along y and x, in pixels; chunks hold all bands and one step of everything else.
    #[arg(long, default_value_t = CHUNK_SIZE, value_parser = clap::value_parser!(u64).range(1..), value_name = "PX")]
    chunk_size: u64,
    /// Gather chunks in shards of this side along y and x, in pixels: fewer files.
    #[arg(long, value_parser = clap::value_parser!(u64).range(1..), value_name = "PX")]
    shard: Option<u64>,
    /// The roles of the dimensions in order, where their names do not tell: time, band, y, x or any other name.
    #[arg(long, value_parser = axes, value_name = "band,y,x")]
    axes: Option<Axes>,
    /// Values that mean "no data": restored exactly, and made out of no valid sample. By default those that the input's
    /// attributes declare (_FillValue, missing_value, nodata). Samples that are not finite are restored in any case.
    #[arg(long, value_delimiter = ',', allow_hyphen_values = true, value_name = "V,…")]
    nodata: Vec<NoData>,
    /// The bands to encode, in the model's order: by name, or by number from 0, such as 0-8,11.
    #[arg(long, value_name = "B,…")]
    bands: Option<Selection>,
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

/// Parses the roles of dimensions.
pub(super) fn axes(text: &str) -> Result<Axes, String> {
    let names: Vec<String> = text.split(',').map(|name| name.trim().to_owned()).collect();
    Axes::from_names(&names).map_err(|e| e.to_string())
}

fn entropy(text: &str) -> Result<EntropyCoder, String> {
    match text {
        "rans" => Ok(EntropyCoder::Rans),
        "lz4" => Ok(EntropyCoder::Lz4),
        other => Err(format!("found {other}, allowed are rans and lz4")),
    }
}

impl Args {
    /// The defaults, replacing what is there.
    pub(super) fn plain(input: &Path, output: &Path, model: &Path, quality: f64) -> Self {
        Self {
            input: input.to_path_buf(),
            output: output.to_path_buf(),
            model: model.to_path_buf(),
            quality,
            entropy: EntropyCoder::Rans,
            chunk: Vec::new(),
            chunk_size: CHUNK_SIZE,
            shard: None,
            axes: None,
            nodata: Vec::new(),
            bands: None,
            overwrite: true,
            engine: None,
            json: false,
        }
    }
}

pub(crate) fn run(args: &Args) -> Result<()> {
    let figures = encode(args)?;
    if args.json { output::json(&figures) } else { figures.print() }
}

/// Encodes, and measures what was written.
pub(super) fn encode(args: &Args) -> Result<Figures> {
    let existing = if args.overwrite { Existing::Replace } else { Existing::Refuse };
    refuse_existing(&args.output, existing)?;
    let model = open_model(&args.model)?;
    registry::register(Arc::clone(&model));
    let planned = plan(args, &model)?;
    let mut settings = hierarchy::settings("encode", &args.input);
    settings.insert("bands".to_owned(), json!(args.bands.as_ref().map(|bands| &bands.0)));
    settings.insert("model".to_owned(), json!(model.sha256()));
    settings.insert("quality".to_owned(), json!(args.quality));
    let done = hierarchy::write(&args.output, existing, &planned, settings, args.engine, "encoding")?;

    Figures::measure(args, &planned, &model, &done)
}

/// Opens a model that can write.
fn open_model(path: &Path) -> Result<Arc<Model>> {
    if !path.exists() {
        bail!(
            "model {} does not exist; give the path of a .vqm file, or make one with `vqz fit`",
            path.display()
        );
    }
    let model = Model::open(path).with_context(|| format!("opening model {}", path.display()))?;
    if !model.can_encode() {
        bail!(
            "model {} holds only the decoding half of {}; encoding needs the file that `vqz fit` wrote",
            path.display(),
            model.manifest().name
        );
    }
    Ok(Arc::new(model))
}

fn plan(args: &Args, model: &Model) -> Result<Vec<Planned>> {
    let options = OpenOptions { axes: args.axes.clone(), nodata: args.nodata.clone(), engine: args.engine };
    if is_raster_file(&args.input) {
        return Ok(vec![plan_array(args, model, String::new(), geotiff::open(&args.input, &options)?)?]);
    }
    let mut planned = Vec::new();
    let mut refused = Vec::new();
    let mut converted = 0;
    for node in tree::walk(&args.input)? {
        if !node.metadata.is_array() {
            planned.push(Planned { path: node.path.clone(), step: hierarchy::group(&node.metadata) });
            continue;
        }
        let opened = ZarrRaster::open(&node, &options)
            .and_then(|raster| plan_array(args, model, node.path.clone(), Arc::new(raster)));
        match opened {
            Ok(array) => {
                converted += 1;
                planned.push(array);
            }
            // The input is this array alone: whatever keeps it from being encoded is an error.
            Err(error) if node.path.is_empty() => return Err(error),
            Err(error) => {
                refused.push(format!("{}: {error:#}", node.path));
                planned.push(Planned { path: node.path, step: Step::Copy(node.folder) });
            }
        }
    }
    if converted == 0 {
        let why = if refused.is_empty() { "it holds no arrays".to_owned() } else { refused.join("; ") };
        bail!("nothing in group {} fits model {}: {why}", args.input.display(), model.manifest().name);
    }
    for refusal in refused {
        output::remark(format!("copied as it is: {refusal}"));
    }
    Ok(planned)
}

fn plan_array(args: &Args, model: &Model, path: String, raster: Arc<dyn Raster>) -> Result<Planned> {
    let raster = match &args.bands {
        Some(selection) => bands::select(raster, selection)?,
        None => raster,
    };
    let info = raster.info();
    let manifest = model.manifest();
    if info.bands() != manifest.bands.len() as u64 {
        bail!(
            "array has {} bands, model {} takes {}; choose bands with --bands",
            info.bands(),
            manifest.name,
            manifest.bands.len()
        );
    }
    if info.samples() == 0 {
        bail!("array {} has shape {:?}, so there is nothing to encode", info.label, info.shape);
    }
    let expected: Vec<String> = manifest.bands.iter().map(|band| band.name.clone()).collect();
    let named = expected.iter().enumerate().any(|(i, name)| *name != fit::unnamed_band(i as u64));
    if let Some(names) = info.band_names().filter(|names| named && *names != expected) {
        output::remark(format!(
            "note: the bands of {} are named {}, those of model {} {}; they are taken in order",
            info.label,
            names.join(", "),
            manifest.name,
            expected.join(", ")
        ));
    }
    let configuration = Configuration {
        model: model.reference()?,
        axes: info.axes.clone(),
        quality: args.quality,
        entropy: args.entropy,
        nodata: info.nodata.clone(),
        promise: Promise::Quality,
    };
    let metadata = layout::output_metadata(args, info, &configuration)?;
    Ok(Planned { path, step: Step::Convert(raster, metadata) })
}
