//! Whether a model suits the data that it is given. A model says nothing about its unit that can be relied on, so samples of
//! other sensors and in other units are recognised by their size.
//!
//! Samples that are far larger than a model's training data cost bits, and no more: codes reach far. Samples that are far
//! smaller, such as reflectances from 0 to 1 for a model of reflectances × 10 000, would be ruined: the quantiser's step, which the
//! quality sets in units of the model, is wider than all that distinguishes them.

use crate::error::{Result, bail};
use crate::progress::{Progress, Remark};
use crate::raster::region::Region;
use crate::raster::samples::{Mask, to_f64};
use crate::raster::source::{Raster, RasterInfo};
use vqz_codec::axes::Role;
use vqz_codec::config::Promise;
use vqz_codec::model::{Band, Manifest};
use vqz_codec::sample::DataType;

/// The side of the windows that are examined, in pixels.
const WINDOW: u64 = 256;

/// Where the windows lie, as parts of the extent along y, x and the dimensions that are looped over. Later ones are read only where
/// earlier ones hold too few valid samples.
const WINDOWS: [(f64, f64, f64); 7] = [
    (0.5, 0.5, 0.0),
    (0.5, 0.5, 0.5),
    (0.25, 0.25, 0.25),
    (0.75, 0.75, 0.75),
    (0.25, 0.75, 1.0),
    (0.75, 0.25, 0.5),
    (0.0, 0.0, 0.0),
];

/// As many valid samples of a band are enough.
const ENOUGH: usize = 10_000;

/// Samples further than this from a band's mean, in units of the model's scale, count as unlike its training data.
const SCALES: f64 = 8.0;

/// Samples that reach no further than this part of what the model expects are in another unit.
const SMALLER: f64 = 0.05;

/// The same for samples of 8 bits: that type is chosen for samples of that size.
const SMALLER_BYTES: f64 = 0.1;

/// Where the expected error is a larger part of the samples' standard deviation, little is left of them.
const CONTRAST: f64 = 0.5;

/// A bound of this part of a band's range leaves little of it.
const WIDE: f64 = 0.125;

/// The part of the samples that a band "reaches" above: the rest may be clouds or errors.
const MOST: f64 = 0.99;

/// Refuses samples that the model would ruin, and remarks on those that resemble nothing in its training data.
///
/// `band_order` gives the array's band for each band of the model; it is empty where both have the same order. No error is expected
/// where a bound is promised, or where the quality is searched for by size.
///
/// # Errors
/// [`InvalidArgument`](crate::ErrorKind::InvalidArgument) for samples in another unit, and errors of reading.
pub(crate) fn check(
    raster: &dyn Raster,
    manifest: &Manifest,
    band_order: &[usize],
    expected_rmse: Option<f64>,
    progress: &dyn Progress,
) -> Result<()> {
    let info = raster.info();
    let bands = valid_samples(raster, band_order)?;
    if bands.iter().all(Vec::is_empty) {
        return Ok(());
    }
    let array = info.label.clone();
    let model = manifest.name.clone();
    let found: Vec<Found> =
        bands.into_iter().zip(&manifest.bands).filter_map(|(s, band)| Found::of(s, band)).collect();
    let deviation = (found.iter().map(|band| band.variance).sum::<f64>() / found.len() as f64).sqrt();
    let smaller = if info.data_type == DataType::UInt8 { SMALLER_BYTES } else { SMALLER };
    if let Some(rmse) = expected_rmse.filter(|rmse| deviation > 0.0 && *rmse > CONTRAST * deviation) {
        let reach = found.iter().map(|band| band.reach).fold(0.0, f64::max);
        if found.iter().all(|band| band.reach < smaller * band.expected) {
            let expected = manifest.bands.iter().map(reach_of).fold(0.0, f64::max);
            bail!(
                InvalidArgument,
                OtherScale,
                "the samples of {array} reach {}, model {model} was fitted to samples that reach {}: they are in another unit \
                 or at another scale, and an error of {}, which the quality allows, would ruin them",
                crate::words::rounded(reach),
                crate::words::rounded(expected),
                crate::words::rounded(rmse)
            );
        }
        progress.remark(&Remark::LittleContrast { array: array.clone(), rmse, deviation });
    }
    let (all, beyond) = found.iter().fold((0, 0), |sum, band| (sum.0 + band.samples, sum.1 + band.beyond));
    if 2 * beyond > all {
        let low = manifest.bands.iter().map(|b| f64::from(b.offset) - SCALES * f64::from(b.scale));
        let high = manifest.bands.iter().map(|b| f64::from(b.offset) + SCALES * f64::from(b.scale));
        let known = (low.fold(f64::INFINITY, f64::min), high.fold(f64::NEG_INFINITY, f64::max));
        progress.remark(&Remark::BeyondModel { array, part: beyond as f64 / all as f64, model, known });
    }
    Ok(())
}

/// Remarks on a bound that is a large part of the range of a band, of those that were looked at. Samples that can't be read are
/// told where they are encoded.
pub(crate) fn leaves_little(raster: &dyn Raster, promise: &Promise, progress: &dyn Progress) {
    let Promise::MaxError { bound, .. } = promise else { return };
    let (info, Ok(bands)) = (raster.info(), valid_samples(raster, &[])) else { return };
    for (number, samples) in bands.iter().enumerate() {
        let bound = bound[if bound.len() == 1 { 0 } else { number }];
        let low = samples.iter().copied().fold(f64::INFINITY, f64::min);
        let high = samples.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        if bound > 0.0 && low < high && bound >= WIDE * (high - low) {
            let band = info.band_names().and_then(|names| names.get(number).cloned());
            let array = info.label.clone();
            progress.remark(&Remark::WideBound { array, band, bound, range: (low, high) });
            return;
        }
    }
}

/// The error to expect of valid samples: the RMSE in data units that a nominal quality stands for. None where a bound is promised.
pub(crate) fn expected_rmse(manifest: &Manifest, quality: f64, promise: &Promise) -> Option<f64> {
    (*promise == Promise::Quality).then(|| manifest.peak * 10f64.powf(-quality / 20.0))
}

/// What was found in the samples of one band.
struct Found {
    samples: usize,
    /// Samples that are further from the model's mean than any that it knows.
    beyond: usize,
    /// The size that nearly all samples that are not 0 stay below.
    reach: f64,
    /// The same of the training data.
    expected: f64,
    variance: f64,
}

impl Found {
    fn of(mut samples: Vec<f64>, band: &Band) -> Option<Self> {
        let count = samples.len();
        let mean = samples.iter().sum::<f64>() / count as f64;
        let variance = samples.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / count as f64;
        let (offset, far) = (f64::from(band.offset), SCALES * f64::from(band.scale));
        let beyond = samples.iter().filter(|v| (*v - offset).abs() > far).count();
        // Zeros are often a fill value that nobody declared.
        samples.retain_mut(|v| {
            *v = v.abs();
            *v > 0.0
        });
        let reach = if samples.is_empty() {
            0.0
        } else {
            let at = ((samples.len() - 1) as f64 * MOST) as usize;
            *samples.select_nth_unstable_by(at, f64::total_cmp).1
        };
        (count > 0).then_some(Self { samples: count, beyond, reach, expected: reach_of(band), variance })
    }
}

/// The size that most samples of a band's training data stay below.
fn reach_of(band: &Band) -> f64 {
    f64::from(band.offset).abs() + f64::from(band.scale)
}

/// Valid samples of each of the model's bands, from as many windows as it takes to find enough.
fn valid_samples(raster: &dyn Raster, band_order: &[usize]) -> Result<Vec<Vec<f64>>> {
    let info = raster.info();
    let mask = Mask::new(&info.nodata, info.data_type)?;
    let mut bands = vec![Vec::new(); info.bands() as usize];
    let mut before: Vec<Region> = Vec::new();
    for at in WINDOWS {
        let region = window(info, at);
        if before.contains(&region) {
            continue;
        }
        let shape: Vec<usize> = region.iter().map(|r| (r.end - r.start) as usize).collect();
        let layout = info.axes.layout(&shape)?.with_band_order(band_order)?;
        let samples = to_f64(info.data_type, &raster.read(&region)?);
        let [band_stride, y_stride, x_stride] = layout.image_strides();
        for (band, valid) in bands.iter_mut().enumerate() {
            let first = layout.array_band(band) * band_stride;
            for (y, x) in (0..layout.height()).flat_map(|y| (0..layout.width()).map(move |x| (y, x))) {
                let value = samples[first + y * y_stride + x * x_stride];
                if mask.is_valid(value) {
                    valid.push(value);
                }
            }
        }
        if bands.iter().map(Vec::len).sum::<usize>() >= ENOUGH * bands.len() {
            break;
        }
        before.push(region);
    }
    Ok(bands)
}

/// A window of one image, with all bands.
fn window(info: &RasterInfo, (y, x, other): (f64, f64, f64)) -> Region {
    let side = |extent: u64, part: f64| {
        let start = (extent.saturating_sub(WINDOW) as f64 * part) as u64;
        start..(start + WINDOW).min(extent)
    };
    let roles = info.axes.roles().iter().zip(&info.shape);
    roles
        .map(|(role, extent)| match role {
            Role::Band => 0..*extent,
            Role::Y => side(*extent, y),
            Role::X => side(*extent, x),
            Role::Time | Role::Other(_) => {
                let at = (extent.saturating_sub(1) as f64 * other) as u64;
                at..at + 1
            }
        })
        .collect()
}
