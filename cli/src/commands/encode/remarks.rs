//! What a user should know of an input before trusting its archive: remarks on standard error, never failures.

use crate::commands::fit;
use crate::output;
use crate::raster::region::Region;
use crate::raster::samples::{Mask, to_f64};
use crate::raster::{Info, Raster};
use anyhow::Result;
use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use vqz_codec::axes::Role;
use vqz_codec::model::{Manifest, Model};
use vqz_codec::sample::DataType;

/// The side of the window that is looked at before encoding, in pixels.
const WINDOW: u64 = 256;

/// How many scales from a band's mean a model still knows its data.
const SCALES: f64 = 8.0;

/// Remarks on an input that was encoded before.
pub(super) fn already_encoded(info: &Info) -> Result<()> {
    if let Some(encoded) = info.metadata.encoded()? {
        output::remark(format!(
            "warning: {} is an archive already (model {}, quality {}): errors add up, and all figures are stated against \
             it, not against what it was made from; encode the original instead, if it is still there",
            info.label, encoded.configuration.model.name, encoded.configuration.quality
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

/// A raster whose samples are counted, as they are read, that equal its fill value though that is not declared as
/// "no data". A fill value is no mask, but many a raster is written as if it were.
pub(super) struct FillWatch {
    inner: Arc<dyn Raster>,
    fill: f64,
    bytes: Vec<u8>,
    found: AtomicU64,
}

impl FillWatch {
    /// Watches a raster whose fill value is a finite number other than 0, which many rasters have without meaning it.
    pub(super) fn of(raster: &Arc<dyn Raster>) -> Result<Option<Arc<Self>>> {
        let info = raster.info();
        let fill = info.metadata.json().get("fill_value").and_then(serde_json::Value::as_f64);
        let Some(fill) = fill.filter(|fill| *fill != 0.0) else {
            return Ok(None);
        };
        if !Mask::new(&info.nodata, info.data_type)?.is_valid(fill) {
            return Ok(None);
        }
        let bytes = match info.data_type {
            DataType::UInt8 => vec![fill as u8],
            DataType::Int16 => (fill as i16).to_ne_bytes().to_vec(),
            DataType::UInt16 => (fill as u16).to_ne_bytes().to_vec(),
            DataType::Int32 => (fill as i32).to_ne_bytes().to_vec(),
            DataType::Float32 => (fill as f32).to_ne_bytes().to_vec(),
            DataType::Float64 => fill.to_ne_bytes().to_vec(),
        };
        Ok(Some(Arc::new(Self { inner: Arc::clone(raster), fill, bytes, found: AtomicU64::new(0) })))
    }

    /// Says what was found.
    pub(super) fn report(&self) {
        let found = self.found.load(Ordering::Relaxed);
        if found > 0 {
            let fill = output::figure(self.fill);
            output::remark(format!(
                "warning: {} of {} equal its fill value, {fill}, and were encoded as data: they come back changed; if they \
                 mean \"no data\", encode again with --nodata={fill}",
                output::count(found, "sample"),
                self.info().label
            ));
        }
    }

    fn count(&self, samples: &[u8]) -> u64 {
        fn equal<const N: usize>(samples: &[u8], fill: &[u8]) -> u64 {
            let Ok(fill) = <[u8; N]>::try_from(fill) else {
                return 0;
            };
            samples.as_chunks::<N>().0.iter().map(|sample| u64::from(*sample == fill)).sum()
        }
        match self.bytes.len() {
            1 => equal::<1>(samples, &self.bytes),
            2 => equal::<2>(samples, &self.bytes),
            4 => equal::<4>(samples, &self.bytes),
            _ => equal::<8>(samples, &self.bytes),
        }
    }
}

impl Raster for FillWatch {
    fn info(&self) -> &Info {
        self.inner.info()
    }

    fn read(&self, region: &[Range<u64>]) -> Result<Vec<u8>> {
        let samples = self.inner.read(region)?;
        let found = self.count(&samples);
        // What is nothing but fill value is not stored, and so is exact.
        if found < (samples.len() / self.bytes.len()) as u64 {
            self.found.fetch_add(found, Ordering::Relaxed);
        }
        Ok(samples)
    }
}
