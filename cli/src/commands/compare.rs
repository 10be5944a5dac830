//! `vqz compare`: how far a raster is from a reference.

mod settings;

use crate::arguments;
use crate::metrics::compare::{Comparison, Figures as Measured, Settings, Watch, compare};
use crate::output::{self, CheckFailed, Stored};
use crate::progress::Progress;
use crate::raster::{OpenOptions, Raster, open_all};
use anyhow::{Result, bail};
use serde::Serialize;
use std::path::PathBuf;
use std::sync::Arc;
use vqz_codec::axes::Axes;
use vqz_codec::config::NoData;
use vqz_codec::engine::EngineKind;

#[derive(Debug, clap::Args)]
#[command(after_help = "Example:
  vqz compare scene.zarr scene-vqz.zarr --min-psnr 40

PSNR   peak signal-to-noise ratio, 20 log10(peak / RMSE); \"exact\" where nothing is off
RMSE   root mean square error, in the samples' unit
SSIM   structural similarity, 1 is equal (Wang et al. 2004)
SAM    spectral angle between the bands of a pixel before and after, mean in degrees; 0 is equal
ring   the PSNR within 8 pixels of the borders of tiles, where these would show
mask mismatches   samples that have data in only one of the two")]
pub(crate) struct Args {
    /// The reference: a Zarr v3 array or group, or a GeoTIFF (feature gdal).
    reference: PathBuf,
    /// The other, with any codec: an array or group of the same shape, or a GeoTIFF.
    other: PathBuf,
    /// The value against which PSNR is stated; by default the model's, else 255 for uint8, 10000 for 16 bits that look like
    /// reflectances, and otherwise the reference's range.
    #[arg(long, value_parser = arguments::positive, allow_negative_numbers = true, value_name = "P")]
    peak: Option<f64>,
    /// Values that mean "no data"; by default those that the metadata of each raster declare, and where only one of the two
    /// declares any, its values for both.
    #[arg(long, value_delimiter = ',', allow_hyphen_values = true, value_name = "V,…")]
    nodata: Vec<NoData>,
    /// The roles of the dimensions in order, where their names do not tell.
    #[arg(long, value_parser = arguments::axes, value_name = "band,y,x")]
    axes: Option<Axes>,
    /// Fail with exit code 1 where the overall PSNR in dB is lower.
    #[arg(long, value_parser = arguments::at_least_zero, value_name = "DB")]
    min_psnr: Option<f64>,
    /// Fail with exit code 1 where a sample is off by more.
    #[arg(long, value_parser = arguments::at_least_zero, value_name = "E")]
    max_error: Option<f64>,
    /// The engine to run the model with; see `vqz info --runtime`.
    #[arg(long, value_name = "NAME")]
    engine: Option<EngineKind>,
    /// Print the figures as JSON.
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Serialize)]
struct Figures {
    reference: String,
    other: String,
    rasters: Vec<RasterFigures>,
}

/// The figures of one pair of rasters.
#[derive(Clone, Debug, Serialize)]
pub(super) struct RasterFigures {
    pub(super) path: String,
    pub(super) samples: u64,
    pub(super) raw_bytes: u64,
    /// Of the other.
    #[serde(flatten)]
    pub(super) stored: Stored,
    /// What the reference and the other declare as "no data".
    pub(super) nodata: (Vec<NoData>, Vec<NoData>),
    pub(super) peak: f64,
    pub(super) peak_from: &'static str,
    pub(super) ssim_window: &'static str,
    pub(super) sam_deg: Option<f64>,
    /// Chunk extents along y and x, and patch, from which tile borders follow.
    pub(super) tiles: (usize, usize, usize),
    pub(super) overall: BandFigures,
    pub(super) bands: Vec<BandFigures>,
}

/// The figures of a band, or of all.
#[derive(Clone, Debug, Serialize)]
pub(super) struct BandFigures {
    pub(super) band: String,
    pub(super) valid_samples: u64,
    /// None where the two are equal, or nothing is valid.
    pub(super) psnr_db: Option<f64>,
    /// In data units.
    pub(super) rmse: Option<f64>,
    pub(super) max_error: f64,
    pub(super) mean_square_error: Option<f64>,
    pub(super) ssim: Option<f64>,
    pub(super) ring_psnr_db: Option<f64>,
    pub(super) mask_mismatches: u64,
}

pub(crate) fn run(args: &Args) -> Result<()> {
    let options = OpenOptions { axes: args.axes.clone(), nodata: args.nodata.clone(), engine: args.engine };
    let references = open_all(&args.reference, &options)?;
    let others = open_all(&args.other, &options)?;
    let mut figures = Figures {
        reference: args.reference.display().to_string(),
        other: args.other.display().to_string(),
        rasters: Vec::new(),
    };
    for (path, a, b) in pairs(&references, &others)? {
        figures.rasters.push(measure(&path, a.as_ref(), b.as_ref(), args.peak, &mut ())?);
    }
    if args.json {
        output::json(&figures)?;
    } else {
        for raster in &figures.rasters {
            print(raster, &figures.other)?;
        }
    }
    check(args, &figures)
}

type Pair = (String, Arc<dyn Raster>, Arc<dyn Raster>);

/// Rasters of the same path; a single one on either side is matched whatever its path.
fn pairs(
    references: &[(String, Arc<dyn Raster>)],
    others: &[(String, Arc<dyn Raster>)],
) -> Result<Vec<Pair>> {
    if let ([(_, a)], [(path, b)]) = (references, others) {
        return Ok(vec![(path.clone(), Arc::clone(a), Arc::clone(b))]);
    }
    let mut pairs = Vec::new();
    for (path, a) in references {
        match others.iter().find(|(other, _)| other == path) {
            Some((_, b)) => pairs.push((path.clone(), Arc::clone(a), Arc::clone(b))),
            None => bail!(
                "the reference holds {path}, the other holds {}; compare arrays one by one, or groups with the same \
                 members",
                others.iter().map(|(path, _)| path.as_str()).collect::<Vec<_>>().join(", ")
            ),
        }
    }
    Ok(pairs)
}

/// Measures one pair. `watch` sees every block of both.
pub(super) fn measure(
    path: &str,
    a: &dyn Raster,
    b: &dyn Raster,
    peak: Option<f64>,
    watch: &mut dyn Watch,
) -> Result<RasterFigures> {
    let (settings, peak_from) = settings::choose(a, b, peak)?;
    let found = compare(a, b, &settings, watch, &Progress::new("comparing"))?;
    Ok(figures(path, a, b, &settings, &found, peak_from))
}

fn figures(
    path: &str,
    a: &dyn Raster,
    b: &dyn Raster,
    settings: &Settings,
    found: &Comparison,
    peak_from: &'static str,
) -> RasterFigures {
    let (info, other) = (a.info(), b.info());
    let names = info.band_names().or_else(|| other.band_names());
    let name = |i: usize| names.as_ref().map_or_else(|| i.to_string(), |names| names[i].clone());
    let band = |name: String, measured: &Measured| BandFigures {
        band: name,
        valid_samples: measured.errors.count,
        psnr_db: measured.errors.psnr_db(settings.peak),
        rmse: measured.errors.rmse(),
        max_error: measured.errors.max,
        mean_square_error: measured.errors.mean_square(),
        ssim: measured.ssim.mean(),
        ring_psnr_db: measured.ring.psnr_db(settings.peak),
        mask_mismatches: measured.mask_mismatches,
    };
    RasterFigures {
        path: path.to_owned(),
        samples: info.samples(),
        raw_bytes: info.raw_bytes(),
        stored: Stored::new(other.stored, info.raw_bytes(), info.samples()),
        nodata: (info.nodata.clone(), other.nodata.clone()),
        peak: settings.peak,
        peak_from,
        ssim_window: "gaussian 11x11, sigma 1.5",
        sam_deg: found.angle.mean(),
        tiles: settings.tiles,
        overall: band("all".to_owned(), &found.overall()),
        bands: found.bands.iter().enumerate().map(|(i, measured)| band(name(i), measured)).collect(),
    }
}

fn check(args: &Args, figures: &Figures) -> Result<()> {
    for raster in &figures.rasters {
        let overall = &raster.overall;
        let place = if raster.path.is_empty() { &figures.other } else { &raster.path };
        if let (Some(least), Some(psnr)) = (args.min_psnr, overall.psnr_db)
            && psnr < least
        {
            return Err(CheckFailed(format!(
                "{place} has a PSNR of {psnr:.3} dB, at least {least} is asked for"
            ))
            .into());
        }
        if let Some(most) = args.max_error
            && overall.max_error > most
        {
            return Err(CheckFailed(format!(
                "{place} is off by up to {}, at most {most} is asked for",
                overall.max_error
            ))
            .into());
        }
        let asked = args.min_psnr.is_some() || args.max_error.is_some();
        if asked && overall.mask_mismatches > 0 {
            return Err(CheckFailed(format!(
                "{place} has {} samples with data in only one of the two",
                overall.mask_mismatches
            ))
            .into());
        }
    }
    Ok(())
}

fn print(raster: &RasterFigures, other: &str) -> Result<()> {
    let place = if raster.path.is_empty() { other } else { &raster.path };
    output::line(format!(
        "{place}: {}, {:.4} bits/sample",
        raster.stored.words(),
        raster.stored.bits_per_sample
    ))?;
    let rows: Vec<Vec<String>> = raster
        .bands
        .iter()
        .chain(std::iter::once(&raster.overall))
        .map(|band| {
            vec![
                band.band.clone(),
                output::psnr(band.psnr_db, band.valid_samples, 3),
                output::error(band.rmse),
                output::figure(band.max_error),
                output::optional(band.ssim, 5),
                output::optional(band.ring_psnr_db, 2),
                band.valid_samples.to_string(),
                band.mask_mismatches.to_string(),
            ]
        })
        .collect();
    let header = ["band", "PSNR dB", "RMSE", "max error", "SSIM", "ring PSNR dB", "valid", "mask mismatches"];
    output::line(output::table(&header, &rows))?;
    let (y, x, patch) = raster.tiles;
    output::line(format!(
        "{}peak {} ({}); SSIM: {}; ring: 8 pixels along the borders of tiles of chunks {y}x{x}, patch {patch}",
        raster.sam_deg.map_or_else(String::new, |angle| format!("SAM {angle:.4}°; ")),
        output::figure(raster.peak),
        raster.peak_from,
        raster.ssim_window
    ))?;
    if raster.overall.mask_mismatches > 0 {
        let list = |values: &[NoData]| serde_json::to_string(values).unwrap_or_default();
        output::line(format!(
            "mask mismatches: \"no data\" is {} in the reference and {} in the other; where that is not what is meant, \
             state it for both with --nodata",
            list(&raster.nodata.0),
            list(&raster.nodata.1)
        ))?;
    }
    Ok(())
}
