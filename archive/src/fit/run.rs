//! Runs a fit: reads samples, fits, saves the model.

use crate::error::{Context, Result, bail};
use crate::fit::inputs::{FitInputs, expand, open_inputs};
use crate::fit::options::{FitOptions, Scaling};
use crate::fit::sampling::{FitSamples, collect};
use crate::progress::{Progress, Remark};
use crate::raster::fill::FillWatch;
use crate::raster::source::Raster;
use crate::words;
use crate::write::existing::OutputKind;
use crate::write::paths;
use serde::Serialize;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;
use vqz_codec::fit::peak::Evidence;
use vqz_codec::fit::{FitOptions as KltOptions, RESOLVED, SCALES, card, fit_klt, training_data};
use vqz_codec::model::{Calibration, Model};
use vqz_codec::sample::DataType;
use vqz_zarr::models;

/// The summary of a fit.
#[derive(Clone, Debug, Serialize)]
#[non_exhaustive]
pub struct FitSummary {
    /// The model's file.
    pub output: String,
    /// The model's name.
    pub name: String,
    /// SHA-256 of its decoding half, by which archives name it.
    pub sha256: String,
    /// Its bands.
    pub bands: Vec<String>,
    /// Images that it was fitted to.
    pub images: usize,
    /// Samples in them.
    pub samples: u64,
    /// Samples in all inputs.
    pub samples_available: u64,
    /// The value against which PSNR is stated.
    pub peak: f64,
    /// Where that value comes from.
    pub peak_from: &'static str,
    /// The side of a patch, in pixels.
    pub patch: usize,
    /// Bytes of the file.
    pub file_bytes: u64,
    /// Wall time of reading.
    pub reading_seconds: f64,
    /// Wall time of fitting.
    pub fitting_seconds: f64,
    /// The rate and the PSNR at several qualities, as measured on the data.
    pub calibration: Vec<Calibration>,
}

/// Fits a linear model to rasters, and saves it in a `.vqm` file. Inputs are Zarr v3 arrays and groups, raster files (feature
/// `gdal`), and folders of GeoTIFFs or Zarr arrays.
///
/// # Errors
/// [`InvalidArgument`](crate::ErrorKind::InvalidArgument) when the inputs do not fit together or hold no valid
/// samples, and [`Exists`](crate::ErrorKind::Exists) when the output already exists.
pub fn fit(
    inputs: &[PathBuf],
    output: impl AsRef<Path>,
    options: &FitOptions,
    progress: &dyn Progress,
) -> Result<FitSummary> {
    let output = output.as_ref();
    refuse_model_output(inputs, output, options)?;
    let name = match &options.name {
        Some(name) => name.clone(),
        None => output.file_stem().unwrap_or_default().to_string_lossy().into_owned(),
    };
    let inputs = open_inputs(inputs, options, progress)?;
    let (model, mut summary) = fit_inputs(inputs, name, options, progress)?;
    models::save(&model, output)?;
    summary.output = output.display().to_string();
    summary.file_bytes =
        std::fs::metadata(output).with_context(|| format!("reading {}", output.display()))?.len();
    Ok(summary)
}

/// Fits a linear model to rasters that the program provides, and saves it nowhere.
///
/// # Errors
/// Those of [`fit`] that concern the rasters, and [`InvalidArgument`](crate::ErrorKind::InvalidArgument) where the options give
/// the model no name.
pub fn fit_rasters(
    rasters: Vec<Arc<dyn Raster>>,
    options: &FitOptions,
    progress: &dyn Progress,
) -> Result<(Model, FitSummary)> {
    let Some(name) = options.name.clone() else {
        bail!(InvalidArgument, "the model has no name; give it one");
    };
    fit_inputs(FitInputs::new(rasters, options, progress)?, name, options, progress)
}

/// Reads samples and fits. The summary names no file.
fn fit_inputs(
    inputs: FitInputs,
    name: String,
    options: &FitOptions,
    progress: &dyn Progress,
) -> Result<(Model, FitSummary)> {
    let begun = Instant::now();
    let FitInputs { rasters, band_names } = inputs;
    let (rasters, watches) = watch(rasters)?;
    let samples = collect(&rasters, options.max_samples, progress)?;
    watches.iter().for_each(|watch| watch.report("fitted like data", progress));
    if samples.taken < samples.available {
        progress.remark(&Remark::FittedToPart { taken: samples.taken, available: samples.available });
    }
    refuse_unresolved(&rasters, &band_names, &samples, options)?;
    let (peak, peak_from) = choose_peak(options.peak, &rasters, &band_names, &samples)?;
    let reading_seconds = begun.elapsed().as_secs_f64();

    let begun = Instant::now();
    let klt = KltOptions {
        name: name.clone(),
        band_names: band_names.clone(),
        patch: options.patch,
        peak,
        scale_each_band: options.scaling == Scaling::EachBand,
        licence: options.licence.clone(),
        training_data: training_data(&options.attribution, rasters.len(), samples.taken),
    };
    let fractions = Fractions::new(progress);
    let model = fit_klt(&samples.images, &klt, &|fraction, what| fractions.reached(fraction, what))?;
    drop(fractions);
    let card = card(model.manifest());
    let model = model.with_card(card);
    let summary = FitSummary {
        output: String::new(),
        name,
        sha256: model.sha256().to_owned(),
        bands: band_names,
        images: samples.images.len(),
        samples: samples.taken,
        samples_available: samples.available,
        peak,
        peak_from,
        patch: options.patch,
        file_bytes: 0,
        reading_seconds,
        fitting_seconds: begun.elapsed().as_secs_f64(),
        calibration: model.manifest().calibration.clone(),
    };
    Ok((model, summary))
}

/// Refuses an output where no model can be written, before anything is read.
///
/// # Errors
/// When the folder is not there, the output exists and may not be replaced, or is a folder.
pub fn refuse_model_output(inputs: &[PathBuf], output: &Path, options: &FitOptions) -> Result<()> {
    // A folder of rasters may hold the model, and none of its rasters may become it.
    for input in expand(inputs)? {
        paths::refuse_overlap(&input, output)?;
    }
    paths::check_place(output, OutputKind::File, options.existing)
}

/// A fit reports its progress as a fraction, with the name of the stage. Each stage is shown as work of a hundred
/// steps.
struct Fractions<'a> {
    progress: &'a dyn Progress,
    now: Mutex<(String, u64)>,
}

impl<'a> Fractions<'a> {
    fn new(progress: &'a dyn Progress) -> Self {
        progress.started("fitting", 100);
        Self { progress, now: Mutex::new(("fitting".to_owned(), 0)) }
    }

    fn reached(&self, fraction: f64, what: &str) {
        let percent = (fraction.clamp(0.0, 1.0) * 100.0) as u64;
        let mut now = self.now.lock().unwrap_or_else(PoisonError::into_inner);
        if now.0 != what {
            self.progress.finished();
            self.progress.started(what, 100);
            *now = (what.to_owned(), 0);
        }
        self.progress.advanced(percent.saturating_sub(now.1));
        now.1 = now.1.max(percent);
    }
}

impl Drop for Fractions<'_> {
    fn drop(&mut self) {
        self.progress.finished();
    }
}

type RasterList = Vec<Arc<dyn Raster>>;

/// Watches rasters whose fill value may have been meant as "no data".
fn watch(rasters: RasterList) -> Result<(RasterList, Vec<Arc<FillWatch>>)> {
    let mut watches = Vec::new();
    let mut watched = RasterList::new();
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

/// Refuses samples of wider types whose variation float32, in which models compute, does not resolve.
fn refuse_unresolved(
    rasters: &[Arc<dyn Raster>],
    names: &[String],
    samples: &FitSamples,
    options: &FitOptions,
) -> Result<()> {
    let largest = |(low, high): &(f64, f64)| low.abs().max(high.abs());
    if let Some((name, range)) = names
        .iter()
        .zip(&samples.ranges)
        .find(|(_, range)| range.0 <= range.1 && largest(range) > f64::from(f32::MAX))
    {
        bail!(
            InvalidArgument,
            "samples of band {name} reach {}, models compute in float32, which ends at 3.4e38; fit and encode the data in \
             another unit",
            words::figure(largest(range))
        );
    }
    if !rasters.iter().any(|raster| matches!(raster.info().data_type, DataType::Float64 | DataType::Int32)) {
        return Ok(());
    }
    let varies = |(_, range): &(&String, &(f64, f64))| range.0 < range.1;
    let resolved = |(_, range): &(&String, &(f64, f64))| {
        let span = range.1 - range.0;
        span >= *SCALES.start() && span >= RESOLVED * largest(range)
    };
    let bands: Vec<_> = names.iter().zip(&samples.ranges).filter(varies).collect();
    // Where bands share a scale, it follows the widest of them.
    let lost = match options.scaling {
        Scaling::EachBand => bands.iter().find(|band| !resolved(band)),
        _ => bands.first().filter(|_| !bands.iter().any(resolved)),
    };
    if let Some((name, (low, high))) = lost {
        bail!(
            InvalidArgument,
            "samples of band {name} lie between {} and {}, which float32, in which models compute, does not tell apart well \
             enough; subtract an offset, or store the data in another unit",
            words::exact(*low),
            words::exact(*high)
        );
    }
    Ok(())
}

fn choose_peak(
    given: Option<f64>,
    rasters: &[Arc<dyn Raster>],
    names: &[String],
    samples: &FitSamples,
) -> Result<(f64, &'static str)> {
    if let Some(peak) = given {
        return Ok((peak, "given"));
    }
    let evidence = Evidence {
        types: rasters.iter().map(|raster| raster.info().data_type).collect(),
        bands: names.len() as u64,
        names: Some(names.to_vec()),
        range: samples.range(),
    };
    match evidence.peak() {
        Some(peak) => Ok(peak),
        None => {
            let (low, _) = samples.range();
            bail!(
                InvalidArgument,
                StatePeak,
                "all valid samples are {}, which gives no peak",
                words::exact(low)
            )
        }
    }
}
