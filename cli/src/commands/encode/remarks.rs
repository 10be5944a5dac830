//! What a user should know of an input before trusting its archive: remarks on standard error, never failures.

use crate::commands::fit;
use crate::output;
use crate::raster::region::Region;
use crate::raster::samples::{Mask, to_f64};
use crate::raster::{Info, Raster};
use anyhow::Result;
use vqz_codec::axes::Role;
use vqz_codec::config::Promise;
use vqz_codec::model::{Manifest, Model};

/// The side of the window that is looked at before encoding, in pixels.
const WINDOW: u64 = 256;

/// How many scales from a band's mean a model still knows its data.
const SCALES: f64 = 8.0;

/// Remarks on an input that was encoded before.
pub(super) fn already_encoded(info: &Info) -> Result<()> {
    if let Some(encoded) = info.metadata.encoded()?.filter(|e| e.configuration.promise != Promise::Lossless) {
        output::remark(format!(
            "warning: {} is an archive already ({}): errors add up, and all figures are stated against it, not against what \
             it was made from; encode the original instead, if it is still there",
            info.label,
            match &encoded.configuration.model {
                Some(model) => format!("model {}, quality {}", model.name, encoded.configuration.quality),
                None => "without a model".to_owned(),
            }
        ));
    }
    Ok(())
}

/// Remarks on bands with other names than the model's.
pub(super) fn other_bands(info: &Info, manifest: &Manifest) {
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
}

/// Remarks on a quality that was never measured on the training data.
pub(super) fn quality_beyond(model: &Model, quality: f64) {
    let manifest = model.manifest();
    let (Some(first), Some(last)) = (manifest.calibration.first(), manifest.calibration.last()) else {
        return;
    };
    if quality < first.psnr_db || quality > last.psnr_db {
        output::remark(format!(
            "warning: quality {quality} is outside of what model {} was measured at, {:.1} to {:.1} dB: the PSNR may be far \
             from it; see what was reached below",
            manifest.name, first.psnr_db, last.psnr_db
        ));
    }
}

/// Remarks on an input most of whose valid samples are unlike anything that the model was fitted on: another sensor, or
/// another unit. Looks at a window in the middle of the first image.
pub(super) fn beyond_the_model(raster: &dyn Raster, manifest: &Manifest) -> Result<()> {
    let info = raster.info();
    let middle = |extent: u64| {
        let start = extent.saturating_sub(WINDOW) / 2;
        start..(start + WINDOW).min(extent)
    };
    let roles = info.axes.roles().iter().zip(&info.shape);
    let region: Region = roles
        .map(|(role, extent)| match role {
            Role::Band => 0..*extent,
            Role::Y | Role::X => middle(*extent),
            Role::Time | Role::Other(_) => 0..1,
        })
        .collect();
    let shape: Vec<usize> = region.iter().map(|r| (r.end - r.start) as usize).collect();
    let layout = info.axes.layout(&shape)?;
    let mask = Mask::new(&info.nodata, info.data_type)?;
    let samples = to_f64(info.data_type, &raster.read(&region)?);
    let [band_stride, y_stride, x_stride] = layout.image_strides();
    let (mut valid, mut beyond) = (0u64, 0u64);
    for (band, model) in manifest.bands.iter().enumerate() {
        let (offset, reach) = (f64::from(model.offset), SCALES * f64::from(model.scale));
        for (y, x) in (0..layout.height()).flat_map(|y| (0..layout.width()).map(move |x| (y, x))) {
            let value = samples[band * band_stride + y * y_stride + x * x_stride];
            if mask.is_valid(value) {
                valid += 1;
                beyond += u64::from((value - offset).abs() > reach);
            }
        }
    }
    if 2 * beyond > valid {
        let low = |b: &vqz_codec::model::Band| f64::from(b.offset) - SCALES * f64::from(b.scale);
        let high = |b: &vqz_codec::model::Band| f64::from(b.offset) + SCALES * f64::from(b.scale);
        output::remark(format!(
            "warning: {:.0} % of the samples in the middle of {} are beyond what model {} knows, about {} to {}: it may be \
             for another sensor or another unit; a model fitted to these data (`vqz fit`) does better",
            100.0 * beyond as f64 / valid as f64,
            info.label,
            manifest.name,
            output::error(Some(manifest.bands.iter().map(low).fold(f64::INFINITY, f64::min))),
            output::error(Some(manifest.bands.iter().map(high).fold(f64::NEG_INFINITY, f64::max))),
        ));
    }
    Ok(())
}
