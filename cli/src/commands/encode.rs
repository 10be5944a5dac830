//! `vqz encode`: rasters into an archive.

use super::hierarchy::{self, Planned, Step};
use crate::output;
use crate::raster::archive::{Archive, Totals};
use crate::raster::bands::{self, Selection};
use crate::raster::metadata::{CODEC, Metadata};
use crate::raster::partial::{Existing, refuse_existing};
use crate::raster::{Info, OpenOptions, Raster, geotiff, is_geotiff, tree, zarr::ZarrRaster};
use anyhow::{Context, Result, bail};
use serde::Serialize;
use serde_json::json;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use vqz_codec::axes::{Axes, Role};
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

/// The figures of one encoded array.
#[derive(Debug, Serialize)]
struct ArrayFigures {
    path: String,
    samples: u64,
    valid_samples: u64,
    input_bytes: u64,
    output_bytes: u64,
    metadata_bytes: u64,
    bits_per_sample: f64,
    ratio: f64,
    psnr_db: Option<f64>,
    peak: f64,
    max_error: f64,
    chunks: u64,
    fill_only_chunks: u64,
}

#[derive(Debug, Serialize)]
pub(super) struct Figures {
    output: String,
    model: String,
    quality: f64,
    arrays: Vec<ArrayFigures>,
    input_bytes: u64,
    output_bytes: u64,
    metadata_bytes: u64,
    bits_per_sample: f64,
    ratio: f64,
    peak: f64,
    psnr_db: Option<f64>,
    max_error: f64,
    seconds: f64,
    /// Of raw samples, in 10⁶ bytes a second.
    pub(super) mb_s: f64,
    chunks_kept: u64,
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
    if args.json { output::json(&figures) } else { print(&figures) }
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

    let peak = model.manifest().peak;
    let mut arrays = Vec::new();
    let mut all = Totals::default();
    for node in &planned {
        if let Step::Convert(raster, _) = &node.step {
            let folder = args.output.join(&node.path);
            let (array, totals) = array_figures(&folder, &node.path, raster.info(), peak)?;
            arrays.push(array);
            all.merge(&totals);
        }
    }
    let sum = |field: fn(&ArrayFigures) -> u64| arrays.iter().map(field).sum::<u64>();
    let (input_bytes, output_bytes) = (sum(|a| a.input_bytes), sum(|a| a.output_bytes));
    let figures = Figures {
        output: args.output.display().to_string(),
        model: model.manifest().name.clone(),
        quality: args.quality,
        input_bytes,
        output_bytes,
        metadata_bytes: sum(|a| a.metadata_bytes),
        bits_per_sample: output_bytes as f64 * 8.0 / sum(|a| a.samples) as f64,
        ratio: input_bytes as f64 / (output_bytes as f64).max(1.0),
        peak,
        psnr_db: all.psnr_db(peak),
        max_error: all.max_error,
        seconds: done.seconds,
        mb_s: done.bytes as f64 / 1e6 / done.seconds.max(1e-9),
        chunks_kept: done.kept,
        arrays,
    };
    Ok(figures)
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
    if is_geotiff(&args.input) && args.input.is_file() {
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
    if let Some(names) = info.band_names().filter(|names| *names != expected) {
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
    let metadata = output_metadata(args, info, &configuration)?;
    Ok(Planned { path, step: Step::Convert(raster, metadata) })
}

/// The input's metadata with the archive's chunks and codecs.
fn output_metadata(args: &Args, info: &Info, configuration: &Configuration) -> Result<Metadata> {
    let roles = info.axes.roles();
    let chunk: Vec<u64> = if args.chunk.is_empty() {
        roles
            .iter()
            .zip(&info.shape)
            .map(|(role, extent)| match role {
                Role::Band => *extent,
                Role::Y | Role::X => args.chunk_size.min(*extent),
                Role::Time | Role::Other(_) => 1,
            })
            .collect()
    } else {
        args.chunk.clone()
    };
    if chunk.len() != info.shape.len() || chunk.contains(&0) {
        bail!(
            "--chunk gives {chunk:?}, {} has {} dimensions; give one positive extent for each",
            info.label,
            info.shape.len()
        );
    }
    if let Some(d) = info.axes.position(&Role::Band)
        && chunk[d] != info.shape[d]
    {
        bail!("--chunk gives {} bands a chunk, the model needs all {} in one", chunk[d], info.shape[d]);
    }
    let codec = json!({"name": CODEC, "configuration": serde_json::to_value(configuration)?});
    let mut metadata = info.metadata.clone();
    match args.shard {
        None => {
            metadata.set_chunk_shape(&chunk);
            metadata.set_codecs(json!([codec]));
        }
        Some(side) => {
            metadata.set_chunk_shape(&shard_shape(roles, &chunk, side)?);
            metadata.set_codecs(json!([{"name": "sharding_indexed", "configuration": {
                "chunk_shape": chunk,
                "codecs": [codec],
                "index_codecs": [{"name": "bytes", "configuration": {"endian": "little"}}, {"name": "crc32c"}],
                "index_location": "end",
            }}]));
        }
    }
    if !args.nodata.is_empty() && metadata.declared_nodata().is_empty() {
        metadata.set_attribute("nodata", serde_json::to_value(&args.nodata)?);
    }
    Ok(metadata)
}

fn shard_shape(roles: &[Role], chunk: &[u64], side: u64) -> Result<Vec<u64>> {
    let extents = roles.iter().zip(chunk).map(|(role, extent)| match role {
        Role::Y | Role::X if side < *extent => Ok(*extent),
        Role::Y | Role::X if side % extent == 0 => Ok(side),
        Role::Y | Role::X => bail!(
            "--shard is {side}, chunks are {extent} pixels wide; a shard holds whole chunks, such as {}",
            side.next_multiple_of(*extent)
        ),
        _ => Ok(*extent),
    });
    extents.collect()
}

/// What was written, from the files and the headers in them.
fn array_figures(folder: &Path, path: &str, input: &Info, peak: f64) -> Result<(ArrayFigures, Totals)> {
    let Some(node) = tree::arrays(folder)?.into_iter().next() else {
        bail!("{} is not there any more", folder.display());
    };
    let totals = Archive::open(&node, None)?.totals()?;
    let (metadata_bytes, output_bytes) = crate::raster::files::sizes(folder)?;
    let figures = ArrayFigures {
        path: path.to_owned(),
        samples: input.samples(),
        valid_samples: totals.valid,
        input_bytes: input.raw_bytes(),
        output_bytes,
        metadata_bytes,
        bits_per_sample: output_bytes as f64 * 8.0 / input.samples() as f64,
        ratio: input.raw_bytes() as f64 / (output_bytes as f64).max(1.0),
        psnr_db: totals.psnr_db(peak),
        peak,
        max_error: totals.max_error,
        chunks: totals.chunks,
        fill_only_chunks: totals.absent,
    };
    Ok((figures, totals))
}

fn print(figures: &Figures) -> Result<()> {
    let rows: Vec<Vec<String>> = figures
        .arrays
        .iter()
        .map(|a| {
            vec![
                if a.path.is_empty() { figures.output.clone() } else { a.path.clone() },
                output::bytes(a.input_bytes),
                output::bytes(a.output_bytes),
                output::bytes(a.metadata_bytes),
                format!("{:.4}", a.bits_per_sample),
                format!("{:.1}", a.ratio),
                output::optional(a.psnr_db, 2),
                format!("{}", a.max_error),
            ]
        })
        .collect();
    let header = ["array", "raw", "encoded", "metadata", "bits/sample", "ratio", "psnr_db", "max_error"];
    output::line(output::table(&header, &rows))?;
    let kept = if figures.chunks_kept > 0 {
        format!(", {} chunks kept from before", figures.chunks_kept)
    } else {
        String::new()
    };
    output::line(format!(
        "{} -> {} (and {} of metadata) in {:.2} s, {:.1} MB/s; PSNR against a peak of {}{kept}",
        output::bytes(figures.input_bytes),
        output::bytes(figures.output_bytes),
        output::bytes(figures.metadata_bytes),
        figures.seconds,
        figures.mb_s,
        figures.peak,
    ))
}
