//! Runs a comparison, raster by raster.

use crate::compare::described::{self, Described};
use crate::compare::yardstick::choose;
use crate::encoded::losses::remark_on_losses;
use crate::error::{Result, bail};
use crate::metrics::compare::{BlockWatch, Yardstick, compare_blocks};
use crate::metrics::found::{BandErrors, RasterErrors};
use crate::open::{Rasters, is_raster_file, open_beside};
use crate::options::options;
use crate::progress::{Progress, Remark};
use crate::raster::opening::OpenOptions;
use crate::raster::source::Raster;
use crate::store::tree::{self, Node};
use crate::stored::StoredSize;
use serde::Serialize;
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use vqz_codec::axes::Axes;
use vqz_codec::config::NoData;
use vqz_codec::engine::EngineKind;

options! {
    /// How [`compare`] compares rasters.
    pub struct CompareOptions {
        /// The value against which PSNR is stated: by default the model's, else 255 for `uint8`, 10000 for 16 bits that look
        /// like reflectances, and otherwise the reference's range.
        pub peak: Option<f64> = None,
        /// Values that mean "no data": by default those that each raster declares, and where only one of the two declares
        /// any, its values for both.
        pub nodata: Vec<NoData> = Vec::new(),
        /// The roles of the dimensions in order, if their names do not show them.
        pub axes: Option<Axes> = None,
        /// The engine that runs the model.
        pub engine: Option<EngineKind> = None,
    }
}

/// The results of a comparison.
#[derive(Clone, Debug, Serialize)]
#[non_exhaustive]
pub struct Comparison {
    /// The reference.
    pub reference: String,
    /// The raster that was compared with it.
    pub other: String,
    /// Every pair of rasters.
    pub rasters: Vec<RasterComparison>,
}

/// How far one raster differs from its reference.
#[derive(Clone, Debug, Serialize)]
#[non_exhaustive]
pub struct RasterComparison {
    /// Its path below the root; empty for the root.
    pub path: String,
    /// All samples.
    pub samples: u64,
    /// Bytes of its samples, uncompressed.
    pub raw_bytes: u64,
    /// The size of the compared raster on disk.
    #[serde(flatten)]
    pub stored: StoredSize,
    /// The nodata values that the reference and the other raster declare.
    pub nodata: (Vec<NoData>, Vec<NoData>),
    /// The value against which PSNR and structural similarity are stated; none where all valid samples of the reference
    /// are equal, or there are none.
    pub peak: Option<f64>,
    /// Where that value comes from, or why there is none.
    pub peak_from: &'static str,
    /// The window of structural similarity.
    pub ssim_window: &'static str,
    /// The mean spectral angle between the bands of a pixel before and after, in degrees.
    pub sam_deg: Option<f64>,
    /// Chunk extents along y and x, and the side of a patch, from which the borders of tiles follow.
    pub tiles: (usize, usize, usize),
    /// All bands together.
    pub overall: BandComparison,
    /// Each band.
    pub bands: Vec<BandComparison>,
}

/// How far a band, or all bands together, differ from the reference.
#[derive(Clone, Debug, Serialize)]
#[non_exhaustive]
pub struct BandComparison {
    /// The band's name or number; `all` for all.
    pub band: String,
    /// Samples that have data in both.
    pub valid_samples: u64,
    /// PSNR in dB; none if the two are equal, no sample is valid, or there is no peak.
    pub psnr_db: Option<f64>,
    /// Root mean square error, in data units.
    pub rmse: Option<f64>,
    /// The largest absolute error, in data units.
    pub max_error: f64,
    /// Mean square error, in squared data units; none also where a float64 can't hold it.
    pub mean_square_error: Option<f64>,
    /// Structural similarity: 1 is equal (Wang et al. 2004). None without a peak, or where no window has data.
    pub ssim: Option<f64>,
    /// The PSNR in dB within 8 pixels of the borders of tiles, where these would show.
    pub ring_psnr_db: Option<f64>,
    /// Samples that have data in only one of the two.
    pub mask_mismatches: u64,
}

/// Compares rasters with a reference: arrays, groups with the same members, or raster files.
///
/// # Errors
/// [`InvalidArgument`](crate::ErrorKind::InvalidArgument) when the two do not have the same arrays, shapes and dimensions.
pub fn compare(
    reference: impl AsRef<Path>,
    other: impl AsRef<Path>,
    options: &CompareOptions,
    progress: &dyn Progress,
) -> Result<Comparison> {
    let (reference, other) = (reference.as_ref(), other.as_ref());
    let opening =
        OpenOptions { axes: options.axes.clone(), nodata: options.nodata.clone(), engine: options.engine };
    for path in [reference, other].into_iter().filter(|path| !is_raster_file(path)) {
        remark_on_losses(path, options.engine, progress)?;
    }
    let (references, others) = (
        open_beside(reference, &archives(other)?, &opening)?,
        open_beside(other, &archives(reference)?, &opening)?,
    );
    let mut comparison = Comparison {
        reference: reference.display().to_string(),
        other: other.display().to_string(),
        rasters: Vec::new(),
    };
    let one = (references.len(), others.len()) == (1, 1);
    for (path, a, b) in pairs(&references, &others)? {
        a.remarks().iter().chain(b.remarks()).for_each(|remark| progress.remark(remark));
        let of_reference = if one { references[0].0.as_str() } else { path.as_str() };
        described::remark_on_differences(
            &path,
            &Described::of(a.info(), reference, of_reference),
            &Described::of(b.info(), other, &path),
            progress,
        );
        let raster = compare_rasters(&path, a.as_ref(), b.as_ref(), options.peak, &mut (), progress)?;
        comparison.rasters.push(raster);
    }
    remark_on_missing_figures(&comparison.rasters, progress);
    Ok(comparison)
}

/// The arrays at a path that record what their dimensions are.
fn archives(path: &Path) -> Result<Vec<Node>> {
    if is_raster_file(path) { Ok(Vec::new()) } else { tree::arrays(path) }
}

/// Remarks which arrays lack figures, and why: once for each reason.
pub fn remark_on_missing_figures(rasters: &[RasterComparison], progress: &dyn Progress) {
    let mut missing: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for raster in rasters {
        missing.entry(raster.missing()).or_default().push(raster.path.clone());
    }
    for (why, arrays) in missing.into_iter().filter(|(why, _)| !why.is_empty()) {
        progress.remark(&Remark::MissingFigures { arrays, why });
    }
}

impl RasterComparison {
    /// Which figures it lacks, and why; empty if it has them all.
    fn missing(&self) -> &'static str {
        if self.overall.valid_samples == 0 {
            "no sample is valid in both, so there are no figures of errors"
        } else if self.peak.is_none() {
            "the valid samples of the reference have no range, so there is no PSNR and no SSIM"
        } else if self.overall.mean_square_error.is_none() {
            "squares of its errors are beyond float64, so the RMSE is stated, and no mean square error"
        } else {
            ""
        }
    }
}

type Pair = (String, Arc<dyn Raster>, Arc<dyn Raster>);

/// Pairs of rasters of the same path. If there is a single raster on each side, the two are a pair whatever their paths.
fn pairs(references: &Rasters, others: &Rasters) -> Result<Vec<Pair>> {
    if let ([(_, a)], [(path, b)]) = (&references[..], &others[..]) {
        return Ok(vec![(path.clone(), Arc::clone(a), Arc::clone(b))]);
    }
    let mut pairs = Vec::new();
    for (path, a) in references {
        match others.iter().find(|(other, _)| other == path) {
            Some((_, b)) => pairs.push((path.clone(), Arc::clone(a), Arc::clone(b))),
            None => bail!(
                InvalidArgument,
                "the reference holds {path}, the other holds {}; compare arrays one by one, or groups with the same members",
                others.iter().map(|(path, _)| path.as_str()).collect::<Vec<_>>().join(", ")
            ),
        }
    }
    Ok(pairs)
}

/// Compares one raster with its reference. `watch` sees every block of both, so that other measures need no second
/// reading.
///
/// # Errors
/// When shapes or dimensions differ, when a difference is beyond float64, and when reading fails.
pub fn compare_rasters(
    path: &str,
    a: &dyn Raster,
    b: &dyn Raster,
    peak: Option<f64>,
    watch: &mut dyn BlockWatch,
    progress: &dyn Progress,
) -> Result<RasterComparison> {
    let (yardstick, peak_from) = choose(a, b, peak)?;
    let errors = compare_blocks(a, b, &yardstick, watch, progress)?;
    if !errors.overall().errors.max.is_finite() {
        bail!(
            Unsupported,
            "samples of {} and {} differ by more than float64 can hold; compare them in another unit",
            a.info().label,
            b.info().label
        );
    }
    Ok(summary(path, a, b, &yardstick, &errors, peak_from))
}

fn summary(
    path: &str,
    a: &dyn Raster,
    b: &dyn Raster,
    yardstick: &Yardstick,
    errors: &RasterErrors,
    peak_from: &'static str,
) -> RasterComparison {
    let (info, other) = (a.info(), b.info());
    let names = info.band_names().or_else(|| other.band_names());
    let name = |i: usize| names.as_ref().map_or_else(|| i.to_string(), |names| names[i].clone());
    let band = |name: String, found: &BandErrors| BandComparison {
        band: name,
        valid_samples: found.errors.count,
        psnr_db: yardstick.peak.and_then(|peak| found.errors.psnr_db(peak)),
        rmse: found.errors.rmse(),
        max_error: found.errors.max,
        mean_square_error: found.errors.mean_square(),
        ssim: found.ssim.mean(),
        ring_psnr_db: yardstick.peak.and_then(|peak| found.ring.psnr_db(peak)),
        mask_mismatches: found.mask_mismatches,
    };
    RasterComparison {
        path: path.to_owned(),
        samples: info.samples(),
        raw_bytes: info.raw_bytes(),
        stored: StoredSize::new(other.stored, info.raw_bytes(), info.samples()),
        nodata: (info.nodata.clone(), other.nodata.clone()),
        peak: yardstick.peak,
        peak_from,
        ssim_window: "gaussian 11x11, sigma 1.5",
        sam_deg: errors.angle.mean(),
        tiles: yardstick.tiles,
        overall: band("all".to_owned(), &errors.overall()),
        bands: errors.bands.iter().enumerate().map(|(i, found)| band(name(i), found)).collect(),
    }
}
