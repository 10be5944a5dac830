//! The demonstration's measurements: each quality encoded and read back, timed over several passes, and a curve.

use super::views::View;
use crate::progress::Terminal;
use crate::report::chart::Point;
use crate::report::picture::Planes;
use anyhow::Result;
use serde::Serialize;
use std::path::Path;
use std::time::{Duration, Instant};
use vqz_archive::raster::source::{Raster, whole};
use vqz_archive::store::files;
use vqz_archive::{
    BandComparison, EncodeOptions, EncodeSummary, Existing, OpenOptions, StoredSize, Target, compare_rasters,
    encode, open, open_model,
};
use vqz_codec::model::Model;

/// Passes over the sample when it is small; the median is stated.
const PASSES: usize = 7;

/// No more passes are begun after this long.
const ENOUGH: Duration = Duration::from_secs(4);

/// Points of the curve besides the qualities that are shown, at most.
const POINTS: usize = 11;

/// One quality.
#[derive(Debug, Serialize)]
pub(super) struct Run {
    pub(super) quality: f64,
    #[serde(flatten)]
    pub(super) stored: StoredSize,
    pub(super) valid_samples: u64,
    pub(super) peak: f64,
    pub(super) psnr_db: Option<f64>,
    pub(super) rmse: Option<f64>,
    pub(super) max_error: f64,
    pub(super) ssim: Option<f64>,
    pub(super) sam_deg: Option<f64>,
    /// Medians of several passes, in 10⁶ raw bytes a second.
    pub(super) encode_mb_s: f64,
    pub(super) decode_mb_s: f64,
    pub(super) bands: Vec<BandComparison>,
    /// What the report's pictures show: the planes of each date.
    #[serde(skip)]
    pub(super) planes: Vec<Planes>,
}

/// Where things are.
pub(super) struct Paths<'a> {
    pub(super) sample: &'a Path,
    pub(super) model: &'a Path,
    pub(super) out: &'a Path,
}

/// Encodes at a quality, keeps the archive, and measures it. `dates` are those that pictures show.
pub(super) fn run(
    paths: &Paths<'_>,
    original: &dyn Raster,
    quality: f64,
    view: &View,
    dates: &[u64],
) -> Result<Run> {
    let archive = paths.out.join(format!("sample-q{quality}.zarr"));
    let encode_mb_s = median(|| Ok(encode_at(paths, &archive, quality)?.mb_s))?;
    let decoded = open(&archive, &OpenOptions::default())?;
    let decode_mb_s = median(|| {
        // Opened again: nothing is kept from the pass before.
        let decoded = open(&archive, &OpenOptions::default())?;
        let begun = Instant::now();
        let bytes = decoded.read(&whole(decoded.info()))?;
        Ok(bytes.len() as f64 / 1e6 / begun.elapsed().as_secs_f64().max(1e-9))
    })?;
    let compared = compare_rasters("", original, decoded.as_ref(), None, &mut (), &Terminal::default())?;
    Ok(Run {
        quality,
        stored: compared.stored,
        valid_samples: compared.overall.valid_samples,
        peak: compared.peak,
        psnr_db: compared.overall.psnr_db,
        rmse: compared.overall.rmse,
        max_error: compared.overall.max_error,
        ssim: compared.overall.ssim,
        sam_deg: compared.sam_deg,
        encode_mb_s,
        decode_mb_s,
        bands: compared.bands,
        planes: dates.iter().map(|date| view.planes(decoded.as_ref(), *date)).collect::<Result<_>>()?,
    })
}

/// Encodes the sample at a quality, with all else as it is by default, and replaces what is there.
fn encode_at(paths: &Paths<'_>, archive: &Path, quality: f64) -> Result<EncodeSummary> {
    let options = EncodeOptions::with_model(open_model(paths.model)?)
        .target(Target::Quality(quality))
        .existing(Existing::Replace);
    Ok(encode(paths.sample, archive, &options, &Terminal::default())?)
}

/// The median of several passes, after one that does not count.
fn median(pass: impl Fn() -> Result<f64>) -> Result<f64> {
    let begun = Instant::now();
    let first = pass()?;
    let mut found = Vec::new();
    while found.len() < PASSES && begun.elapsed() < ENOUGH {
        found.push(pass()?);
    }
    found.sort_by(f64::total_cmp);
    Ok(found.get(found.len() / 2).copied().unwrap_or(first))
}

/// Points of the curve of rate and PSNR: those of the runs, and some between and beyond them, as far as the model was
/// measured. Their archives are not kept.
pub(super) fn curve(paths: &Paths<'_>, model: &Model, runs: &[Run]) -> Result<Vec<Point>> {
    let mut points: Vec<Point> = runs
        .iter()
        .filter_map(|run| {
            let (bits, psnr_db) = (run.stored.bits_per_sample, run.psnr_db?);
            Some(Point { bits, psnr_db, name: Some(format!("quality {}", run.quality)) })
        })
        .collect();
    let calibration = &model.manifest().calibration;
    let (Some(first), Some(last)) = (calibration.first(), calibration.last()) else {
        return Ok(points);
    };
    let lowest = runs.iter().map(|run| run.quality).fold(f64::INFINITY, f64::min);
    let highest = runs.iter().map(|run| run.quality).fold(f64::NEG_INFINITY, f64::max);
    let (low, high) = ((lowest - 4.0).max(first.psnr_db), (highest + 3.0).min(last.psnr_db));
    let scratch = paths.out.join("curve.zarr");
    for i in 0..POINTS {
        let quality = low + (high - low) * i as f64 / (POINTS - 1) as f64;
        if !(0.0..=200.0).contains(&quality) || runs.iter().any(|run| (run.quality - quality).abs() < 0.75) {
            continue;
        }
        let figures = encode_at(paths, &scratch, quality)?;
        if let Some(psnr_db) = figures.psnr_db {
            points.push(Point { bits: figures.stored.bits_per_sample, psnr_db, name: None });
        }
    }
    if scratch.exists() {
        files::remove(&scratch)?;
    }
    Ok(points)
}
