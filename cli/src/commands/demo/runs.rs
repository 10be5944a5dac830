//! The demonstration's measurements: each quality encoded and read back, timed over several passes, and a curve.

use super::views::View;
use crate::commands::report::curves::Curve;
use crate::progress::Terminal;
use anyhow::Result;
use serde::Serialize;
use std::path::Path;
use std::time::{Duration, Instant};
use vqz_archive::raster::whole;
use vqz_archive::store::files;
use vqz_archive::{
    BandComparison, EncodeOptions, EncodeSummary, Existing, OpenOptions, Raster, StoredSize, Target,
    compare_rasters, encode, open, open_model,
};
use vqz_codec::model::Model;
use vqz_report::Planes;

/// The number of passes over a small sample; the median is stated.
const PASSES: usize = 7;

/// No further pass starts after this time.
const MAX_TIME: Duration = Duration::from_secs(4);

/// The greatest number of points of the curve besides the qualities that are shown.
const POINTS: usize = 11;

/// The results at one quality.
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
    /// The planes of each date that the report's pictures show.
    #[serde(skip)]
    pub(super) planes: Vec<Planes>,
}

/// The paths of the demonstration.
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
        // The archive is opened again, so that nothing is cached from the pass before.
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
        peak: compared.peak.unwrap_or_default(),
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

/// Encodes the sample at a quality, with the defaults for everything else, and replaces an existing output.
fn encode_at(paths: &Paths<'_>, archive: &Path, quality: f64) -> Result<EncodeSummary> {
    let options = EncodeOptions::with_model(open_model(paths.model)?)
        .target(Target::Quality(quality))
        .existing(Existing::Replace);
    Ok(encode(paths.sample, archive, &options, &Terminal::default())?)
}

/// The median of several passes, after a first pass that does not count.
fn median(pass: impl Fn() -> Result<f64>) -> Result<f64> {
    let begun = Instant::now();
    let first = pass()?;
    let mut found = Vec::new();
    while found.len() < PASSES && begun.elapsed() < MAX_TIME {
        found.push(pass()?);
    }
    found.sort_by(f64::total_cmp);
    Ok(found.get(found.len() / 2).copied().unwrap_or(first))
}

/// The curve of rate and PSNR: the runs, and some points between and beyond them, within the range in which the model
/// was measured. The archives of these points are not kept.
pub(super) fn curve(paths: &Paths<'_>, model: &Model, runs: &[Run]) -> Result<Curve> {
    let mut points: Vec<(f64, f64)> =
        runs.iter().filter_map(|run| Some((run.stored.bits_per_sample, run.psnr_db?))).collect();
    let label = |run: &Run| (run.stored.bits_per_sample, format!("quality {}", run.quality));
    let labels = runs.iter().map(label).collect();
    if let (Some(first), Some(last)) =
        (model.manifest().calibration.first(), model.manifest().calibration.last())
    {
        let lowest = runs.iter().map(|run| run.quality).fold(f64::INFINITY, f64::min);
        let highest = runs.iter().map(|run| run.quality).fold(f64::NEG_INFINITY, f64::max);
        let (low, high) = ((lowest - 4.0).max(first.psnr_db), (highest + 3.0).min(last.psnr_db));
        // A name that nothing else in that folder has.
        let scratch = paths.out.join(format!("curve-{}.zarr", std::process::id()));
        for i in 0..POINTS {
            let quality = low + (high - low) * i as f64 / (POINTS - 1) as f64;
            let shown = runs.iter().any(|run| (run.quality - quality).abs() < 0.75);
            if !(0.0..=200.0).contains(&quality) || shown {
                continue;
            }
            let summary = encode_at(paths, &scratch, quality)?;
            points.extend(summary.psnr_db.map(|psnr_db| (summary.stored.bits_per_sample, psnr_db)));
        }
        if scratch.exists() {
            files::remove(&scratch)?;
        }
    }
    Ok(Curve::new("", points).labelled(labels))
}
