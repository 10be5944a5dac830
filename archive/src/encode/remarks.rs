//! What a user should know about an input before trusting its archive. These are remarks, never failures.

use crate::error::Result;
use crate::progress::{Progress, Remark};
use crate::raster::bands::unnamed_band;
use crate::raster::region::Region;
use crate::raster::samples::{Mask, to_f64};
use crate::raster::source::{Raster, RasterInfo};
use vqz_codec::axes::Role;
use vqz_codec::config::Promise;
use vqz_codec::model::{Manifest, Model};

/// The side of the window that is examined before encoding, in pixels.
const WINDOW: u64 = 256;

/// Samples further than this from a band's mean, in units of the model's scale, count as unlike its training data.
const SCALES: f64 = 8.0;

/// Remarks on an input that was encoded with loss before.
pub(crate) fn already_encoded(info: &RasterInfo, progress: &dyn Progress) -> Result<()> {
    if let Some(encoding) = info.metadata.encoded()?.filter(|e| e.configuration.promise != Promise::Lossless)
    {
        let configuration = encoding.configuration;
        let model = configuration.model.map(|model| (model.name, configuration.quality));
        progress.remark(&Remark::AlreadyEncoded { array: info.label.clone(), model });
    }
    Ok(())
}

/// Remarks on bands with other names than the model's.
pub(crate) fn other_bands(info: &RasterInfo, manifest: &Manifest, progress: &dyn Progress) {
    let expected: Vec<String> = manifest.bands.iter().map(|band| band.name.clone()).collect();
    let named = expected.iter().enumerate().any(|(i, name)| *name != unnamed_band(i as u64));
    if let Some(bands) = info.band_names().filter(|names| named && *names != expected) {
        let (array, model) = (info.label.clone(), manifest.name.clone());
        progress.remark(&Remark::OtherBands { array, bands, model, expected });
    }
}

/// Remarks on a quality outside the range that was measured on the training data.
pub(crate) fn quality_beyond(model: &Model, quality: f64, progress: &dyn Progress) {
    let manifest = model.manifest();
    let (Some(first), Some(last)) = (manifest.calibration.first(), manifest.calibration.last()) else {
        return;
    };
    if quality < first.psnr_db || quality > last.psnr_db {
        let measured = (first.psnr_db, last.psnr_db);
        progress.remark(&Remark::QualityBeyondModel { quality, model: manifest.name.clone(), measured });
    }
}

/// Remarks on an input if most of its valid samples are unlike the data that the model was fitted to, such as those
/// of another sensor or in another unit. Looks at a window in the middle of the first image.
pub(crate) fn beyond_the_model(
    raster: &dyn Raster,
    manifest: &Manifest,
    progress: &dyn Progress,
) -> Result<()> {
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
        progress.remark(&Remark::BeyondModel {
            array: info.label.clone(),
            part: beyond as f64 / valid as f64,
            model: manifest.name.clone(),
            known: (
                manifest.bands.iter().map(low).fold(f64::INFINITY, f64::min),
                manifest.bands.iter().map(high).fold(f64::NEG_INFINITY, f64::max),
            ),
        });
    }
    Ok(())
}
