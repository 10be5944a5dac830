//! `vqz compare`: how far a raster differs from a reference.

use crate::exit::CheckFailed;
use crate::progress::Terminal;
use crate::{arguments, output};
use anyhow::Result;
use std::path::PathBuf;
use vqz_archive::{CompareOptions, Comparison, RasterComparison, compare};
use vqz_codec::axes::Axes;
use vqz_codec::config::NoData;
use vqz_codec::engine::EngineKind;

#[derive(Debug, clap::Args)]
#[command(after_help = "Example:
  vqz compare scene.zarr scene-vqz.zarr --min-psnr 40

PSNR             peak signal-to-noise ratio, 20 log10(peak / RMSE); \"exact\" if all samples are equal
RMSE             root mean square error, in the unit of the samples
SSIM             structural similarity; 1 is equal (Wang et al. 2004)
SAM              mean spectral angle between the bands of a pixel before and after, in degrees; 0 is equal
ring             PSNR within 8 pixels of tile borders, where artefacts would show
mask mismatches  samples that are valid in only one of the two")]
pub(crate) struct Args {
    /// The reference: a Zarr v3 array or group, or a GeoTIFF (feature gdal).
    reference: PathBuf,
    /// The raster to compare with it, in any codec: an array or group of the same shape, or a GeoTIFF (feature gdal).
    other: PathBuf,
    /// The peak for PSNR [default: that of the archive's model; without a model 255 for uint8, 10000 for 16-bit samples that
    /// look like reflectances, and the range of the reference for all others].
    #[arg(long, value_parser = arguments::positive, allow_negative_numbers = true, value_name = "P")]
    peak: Option<f64>,
    /// Values that mean "no data", for both rasters [default: the values that each one declares; if only one declares any,
    /// these are used for both].
    #[arg(long, value_delimiter = ',', allow_hyphen_values = true, value_name = "V,…")]
    nodata: Vec<NoData>,
    /// The roles of the dimensions in order, if their names do not show them: time, band, y, x, or any other name.
    #[arg(long, value_parser = arguments::axes, value_name = "band,y,x")]
    axes: Option<Axes>,
    /// End with exit code 1 if the overall PSNR in dB is lower.
    #[arg(long, value_parser = arguments::at_least_zero, value_name = "DB")]
    min_psnr: Option<f64>,
    /// End with exit code 1 if any sample is off by more.
    #[arg(long, value_parser = arguments::at_least_zero, value_name = "E")]
    max_error: Option<f64>,
    /// The engine that runs the model. `vqz info --runtime` lists them.
    #[arg(long, value_name = "NAME")]
    engine: Option<EngineKind>,
    /// Print the figures as one JSON object. `vqz schema` prints its schema.
    #[arg(long)]
    json: bool,
}

pub(crate) fn run(args: &Args) -> Result<()> {
    let options = CompareOptions::new()
        .peak(args.peak)
        .nodata(args.nodata.clone())
        .axes(args.axes.clone())
        .engine(args.engine);
    let comparison = compare(&args.reference, &args.other, &options, &Terminal::default())?;
    if args.json {
        output::json(&comparison)?;
    } else {
        for raster in &comparison.rasters {
            print(raster, &comparison.other)?;
        }
    }
    check(args, &comparison)
}

fn check(args: &Args, comparison: &Comparison) -> Result<()> {
    for raster in &comparison.rasters {
        let overall = &raster.overall;
        let name = if raster.path.is_empty() { &comparison.other } else { &raster.path };
        if args.min_psnr.is_some() && overall.psnr_db.is_none() && overall.rmse.is_some_and(|rmse| rmse > 0.0)
        {
            return Err(CheckFailed(format!(
                "{name} differs from a reference without a range ({}), so it has no PSNR; state a peak with --peak",
                raster.peak_from
            ))
            .into());
        }
        if let (Some(least), Some(psnr)) = (args.min_psnr, overall.psnr_db)
            && psnr < least
        {
            return Err(CheckFailed(format!(
                "{name} has a PSNR of {psnr:.3} dB, at least {least} is asked for"
            ))
            .into());
        }
        if let Some(most) = args.max_error
            && overall.max_error > most
        {
            return Err(CheckFailed(format!(
                "{name} is off by up to {}, at most {} is asked for",
                output::exact(overall.max_error),
                output::exact(most)
            ))
            .into());
        }
        let asked = args.min_psnr.is_some() || args.max_error.is_some();
        if asked && overall.mask_mismatches > 0 {
            return Err(CheckFailed(format!(
                "{name} has {} samples with data in only one of the two, or infinities that differ",
                overall.mask_mismatches
            ))
            .into());
        }
    }
    Ok(())
}

fn print(raster: &RasterComparison, other: &str) -> Result<()> {
    let name = if raster.path.is_empty() { other } else { &raster.path };
    output::line(format!(
        "{name}: {}, {:.4} bits/sample",
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
                output::psnr_of(band, 3),
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
        "{}{}; SSIM: {}; ring: 8 pixels along the borders of tiles of chunks {y}x{x}, patch {patch}",
        raster.sam_deg.map_or_else(String::new, |angle| format!("SAM {angle:.4}°; ")),
        raster.peak.map_or_else(
            || format!("no peak ({})", raster.peak_from),
            |peak| format!("peak {} ({})", output::figure(peak), raster.peak_from)
        ),
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
