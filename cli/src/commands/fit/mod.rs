//! `vqz fit`: a model from rasters.

mod sampling;
mod trainer;

use crate::arguments;
use crate::output;
use crate::progress::Progress;
use crate::raster::bands::Selection;
use crate::raster::fill::FillWatch;
use crate::raster::metadata::Metadata;
use crate::raster::partial::refuse_existing;
use crate::raster::{OpenOptions, Raster, bands, is_geotiff, open_all, partial::Existing, paths};
use anyhow::{Context, Result, bail};
use clap::ValueEnum;
use sampling::Samples;
use serde::Serialize;
use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Instant;
use vqz_codec::axes::Axes;
use vqz_codec::config::NoData;
use vqz_codec::fit::peak::Evidence;
use vqz_codec::fit::{FitOptions, card, fit_klt, training_data};
use vqz_codec::model::Calibration;
use vqz_zarr::models::package_path;

/// The most samples to fit on by default.
const MAX_SAMPLES: u64 = 64_000_000;

#[derive(Debug, clap::Args)]
#[command(after_help = "Example:
  vqz fit scenes/*.zarr -o mine.vqm
  vqz fit dem.zarr --nodata=-9999 -o dem.vqm
  vqz fit --arch conv scenes/*.zarr -o net.vqm --set optimiser.steps=5000 --set 'data.crops=[64]'")]
pub(crate) struct Args {
    /// What to fit on: Zarr v3 arrays and groups, GeoTIFFs (feature gdal), and folders of GeoTIFFs.
    #[arg(required = true)]
    inputs: Vec<PathBuf>,
    /// The model to write; its name ends in .vqm.
    #[arg(long, short, value_parser = package_path, value_name = "FILE.vqm")]
    output: PathBuf,
    /// The architecture: klt is linear and fitted here, in seconds; the others are networks, fitted by vqz-train.
    #[arg(long, value_enum, default_value_t = Architecture::Klt)]
    arch: Architecture,
    /// The side of a patch, in pixels; 16 by default.
    #[arg(long, value_parser = ["8", "16", "32"], value_name = "8|16|32")]
    patch: Option<String>,
    /// The value against which PSNR is stated; by default 255 for uint8, 10000 for 16 bits that look like reflectances (by
    /// their bands' names, or three bands or more that reach into the thousands), and otherwise the range of the samples.
    #[arg(long, value_parser = arguments::positive, allow_negative_numbers = true, value_name = "P")]
    peak: Option<f64>,
    /// The model's name; by default the output's.
    #[arg(long)]
    name: Option<String>,
    /// Bands to fit on, by name or by number from 0; names that the inputs do not know name their bands.
    #[arg(long, value_name = "B,…")]
    bands: Option<Selection>,
    /// Divide each band by its own standard deviation, instead of all by a common one: for bands in different units.
    #[arg(long)]
    scale_each_band: bool,
    /// Values that mean "no data"; by default those that the inputs' metadata declare.
    #[arg(long, value_delimiter = ',', allow_hyphen_values = true, value_name = "V,…")]
    nodata: Vec<NoData>,
    /// The roles of the dimensions in order, where their names do not tell.
    #[arg(long, value_parser = arguments::axes, value_name = "band,y,x")]
    axes: Option<Axes>,
    /// The licence of the model, which the data may decide; "not stated" by default.
    #[arg(long)]
    licence: Option<String>,
    /// What the data are and whom to credit.
    #[arg(long)]
    attribution: Option<String>,
    /// The most samples to fit on, 64000000 by default; of more, blocks spread evenly over all inputs are taken.
    #[arg(long, value_name = "N")]
    max_samples: Option<u64>,
    /// A setting of a network's fit, such as optimiser.steps=5000; again for each. Quote lists: --set 'data.crops=[64]'.
    /// `vqz-train init` shows them all.
    #[arg(long, value_name = "KEY=VALUE")]
    set: Vec<String>,
    /// The configuration of a network's fit, as `vqz-train init` writes it.
    #[arg(long, value_name = "FILE.toml")]
    config: Option<PathBuf>,
    /// The folder of a network's checkpoints and reports; by default the output's name with the ending .run.
    #[arg(long, value_name = "FOLDER")]
    run: Option<PathBuf>,
    /// Go on with a network's fit from its last checkpoint, with the settings it was begun with.
    #[arg(long, conflicts_with = "overwrite")]
    resume: bool,
    /// Replace the output if it exists, and for networks the folder of their run.
    #[arg(long)]
    overwrite: bool,
    /// Print the figures as JSON.
    #[arg(long)]
    json: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Architecture {
    /// Principal components of patches.
    Klt,
    /// The linear path with convolutional corrections.
    Conv,
    /// Residual blocks and self-attention.
    Resnet,
}

#[derive(Debug, Serialize)]
struct Figures {
    output: String,
    name: String,
    sha256: String,
    bands: Vec<String>,
    images: usize,
    samples: u64,
    samples_available: u64,
    peak: f64,
    peak_from: &'static str,
    patch: usize,
    file_bytes: u64,
    reading_seconds: f64,
    fitting_seconds: f64,
    calibration: Vec<Calibration>,
}

/// Fits. `threads` is what was asked for, if anything.
pub(crate) fn run(args: &Args, threads: Option<NonZeroUsize>) -> Result<()> {
    let existing = if args.overwrite { Existing::Replace } else { Existing::Refuse };
    paths::refuse_missing_folder(&args.output)?;
    refuse_existing(&args.output, existing)?;
    if args.output.is_dir() {
        bail!("output {} is a folder, a model is a file; choose another name", args.output.display());
    }
    if args.arch != Architecture::Klt {
        return trainer::run(args, threads);
    }
    if args.resume || args.config.is_some() || args.run.is_some() || !args.set.is_empty() {
        bail!("--set, --config, --run and --resume are for networks; --arch klt takes none of them");
    }
    let name = match &args.name {
        Some(name) => name.clone(),
        None => args.output.file_stem().unwrap_or_default().to_string_lossy().into_owned(),
    };
    let begun = Instant::now();
    let (rasters, band_names) = open(args)?;
    let (rasters, watches) = watch(rasters)?;
    let samples =
        sampling::collect(&rasters, args.max_samples.unwrap_or(MAX_SAMPLES), &Progress::new("reading"))?;
    watches.iter().for_each(|watch| watch.report("fitted like data", "fit"));
    if samples.taken < samples.available {
        output::remark(format!(
            "fitting on {} of {} samples, blocks spread evenly; --max-samples takes more",
            samples.taken, samples.available
        ));
    }
    let (peak, peak_from) = choose_peak(args.peak, &rasters, &band_names, &samples)?;
    let reading_seconds = begun.elapsed().as_secs_f64();

    let begun = Instant::now();
    let options = FitOptions {
        name: name.clone(),
        band_names: band_names.clone(),
        patch: args.patch.as_deref().unwrap_or("16").parse().context("--patch")?,
        peak,
        scale_each_band: args.scale_each_band,
        licence: args.licence.clone().unwrap_or_else(|| "not stated".to_owned()),
        training_data: training_data(
            args.attribution.as_deref().unwrap_or_default(),
            rasters.len(),
            samples.taken,
        ),
    };
    let progress = Progress::new("fitting");
    progress.begin(100);
    let model = fit_klt(&samples.images, &options, &|fraction, what| progress.fraction(fraction, what))?;
    let card = card(model.manifest());
    let model = model.with_card(card);
    drop(progress);
    vqz_zarr::models::save(&model, &args.output)?;
    let figures = Figures {
        output: args.output.display().to_string(),
        name,
        sha256: model.sha256().to_owned(),
        bands: band_names,
        images: samples.images.len(),
        samples: samples.taken,
        samples_available: samples.available,
        peak,
        peak_from,
        patch: options.patch,
        file_bytes: std::fs::metadata(&args.output)
            .with_context(|| format!("reading {}", args.output.display()))?
            .len(),
        reading_seconds,
        fitting_seconds: begun.elapsed().as_secs_f64(),
        calibration: model.manifest().calibration.clone(),
    };
    if args.json { output::json(&figures) } else { print(&figures) }
}

type Rasters = Vec<Arc<dyn Raster>>;

/// Opens all inputs, and names their bands.
fn open(args: &Args) -> Result<(Rasters, Vec<String>)> {
    let options = OpenOptions { axes: args.axes.clone(), nodata: args.nodata.clone(), engine: None };
    let mut rasters = Rasters::new();
    for input in expand(&args.inputs)? {
        for (_, raster) in open_all(&input, &options)? {
            rasters.push(match &args.bands {
                Some(selection) => choose(raster, selection)?,
                None => raster,
            });
        }
    }
    let Some(first) = rasters.first() else {
        bail!("there is nothing to fit on; give Zarr v3 arrays, or GeoTIFFs");
    };
    let (count, names) = (first.info().bands(), first.info().band_names());
    if let Some(other) = rasters.iter().find(|raster| raster.info().bands() != count) {
        bail!(
            "{} has {} bands, {} has {count}; a model takes one number of bands: choose them with --bands, or fit two \
             models",
            other.info().label,
            other.info().bands(),
            first.info().label
        );
    }
    let names = match (&args.bands, names) {
        (Some(given), _) if !numbered(given) => given.0.clone(),
        (_, Some(names)) => names,
        (_, None) => (0..count).map(unnamed_band).collect(),
    };
    Ok((rasters, names))
}

/// Watches rasters whose fill value may have been meant as "no data".
fn watch(rasters: Rasters) -> Result<(Rasters, Vec<Arc<FillWatch>>)> {
    let mut watches = Vec::new();
    let mut watched = Rasters::new();
    for raster in rasters {
        match FillWatch::of(&raster)? {
            Some(watch) => {
                watches.push(Arc::clone(&watch));
                watched.push(watch);
            }
            None => watched.push(raster),
        }
    }
    Ok((watched, watches))
}

/// What a band is called that has no name, by its number from 0.
pub(super) fn unnamed_band(number: u64) -> String {
    format!("band{number}")
}

/// Takes the bands that are given by number or by a name that the raster knows; other names are new ones for its bands.
fn choose(raster: Arc<dyn Raster>, selection: &Selection) -> Result<Arc<dyn Raster>> {
    let known = raster.info().band_names().unwrap_or_default();
    let new = !numbered(selection) && !selection.0.iter().any(|name| known.contains(name));
    if new && selection.0.len() as u64 == raster.info().bands() {
        return Ok(raster);
    }
    bands::select(raster, selection)
}

/// Whether bands are given by number.
fn numbered(selection: &Selection) -> bool {
    selection.0.iter().all(|part| part.starts_with(|c: char| c.is_ascii_digit()))
}

/// Takes folders of GeoTIFFs for what they hold.
fn expand(inputs: &[PathBuf]) -> Result<Vec<PathBuf>> {
    let mut paths = Vec::new();
    for input in inputs {
        if !input.is_dir() || input.join("zarr.json").is_file() {
            paths.push(input.clone());
            continue;
        }
        let mut inside: Vec<PathBuf> = std::fs::read_dir(input)
            .with_context(|| format!("listing {}", input.display()))?
            .filter_map(|entry| entry.ok().map(|entry| entry.path()))
            .filter(|path| is_geotiff(path) || path.join("zarr.json").is_file())
            .collect();
        inside.sort();
        if inside.is_empty() {
            // Says what the folder is instead.
            Metadata::read(input)?;
        }
        paths.extend(inside);
    }
    Ok(paths)
}

fn choose_peak(
    given: Option<f64>,
    rasters: &[Arc<dyn Raster>],
    names: &[String],
    samples: &Samples,
) -> Result<(f64, &'static str)> {
    if let Some(peak) = given {
        return Ok((peak, "given"));
    }
    let evidence = Evidence {
        types: rasters.iter().map(|raster| raster.info().data_type).collect(),
        bands: names.len() as u64,
        names: Some(names.to_vec()),
        range: (samples.low, samples.high),
    };
    match evidence.peak() {
        Some(peak) => Ok(peak),
        None => bail!("all valid samples are {}, which gives no peak; state one with --peak", samples.low),
    }
}

fn print(figures: &Figures) -> Result<()> {
    output::line(format!(
        "{} ({}): {}, {}, {}, {}",
        figures.output,
        figures.name,
        output::count(figures.bands.len() as u64, "band"),
        output::count(figures.images as u64, "image"),
        output::count(figures.samples, "sample"),
        output::bytes(figures.file_bytes)
    ))?;
    output::line(format!("sha256 {}", figures.sha256))?;
    output::line(format!(
        "peak {} ({}), patch {}",
        output::figure(figures.peak),
        figures.peak_from,
        figures.patch
    ))?;
    if let (Some(first), Some(last)) = (figures.calibration.first(), figures.calibration.last()) {
        output::line(format!(
            "measured at a quality of {:.1} to {:.1} dB",
            first.psnr_db.min(last.psnr_db),
            first.psnr_db.max(last.psnr_db)
        ))?;
    }
    output::line(format!(
        "read in {:.1} s, fitted in {:.1} s",
        figures.reading_seconds, figures.fitting_seconds
    ))
}
