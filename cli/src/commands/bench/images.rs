//! Rasters in memory, as images of bands for image codecs.

use anyhow::{Result, bail};
use std::sync::Arc;
use vqz_archive::Raster;
use vqz_archive::metrics::ErrorSum;
use vqz_archive::raster::{Mask, Region, to_f64};
use vqz_codec::axes::Role;
use vqz_codec::sample::DataType;

use super::curve::Point;

/// All images of all rasters, with one data type.
pub(super) struct Images {
    pub(super) images: Vec<Image>,
    /// How many images each raster has.
    pub(super) of_each: Vec<usize>,
    /// Bits of a sample.
    pub(super) bits: u32,
    /// The range that decoded samples are clipped to: that of the type, without the negative half if no sample is
    /// below 0.
    pub(super) range: (i32, i32),
    /// Raw bytes of all images.
    pub(super) raw_bytes: u64,
}

/// All bands of one date, `(band, y, x)`.
pub(super) struct Image {
    pub(super) bands: usize,
    pub(super) height: usize,
    pub(super) width: usize,
    pub(super) samples: Vec<i32>,
    /// Which samples are valid; none if all are.
    pub(super) valid: Option<Vec<bool>>,
}

impl Images {
    /// Reads rasters of 8 and 16 bits. Samples without data are set to their band's mean, which takes an image codec
    /// next to no bits. They are left out of the errors.
    ///
    /// # Errors
    /// When the samples are not integers of 8 or 16 bits.
    pub(super) fn read(rasters: &[Arc<dyn Raster>]) -> Result<Self> {
        let Some(first) = rasters.first() else { bail!("there is no raster") };
        let data_type = first.info().data_type;
        let (bits, mut range) = match data_type {
            DataType::UInt8 => (8, (0, i32::from(u8::MAX))),
            DataType::UInt16 => (16, (0, i32::from(u16::MAX))),
            DataType::Int16 => (16, (i32::from(i16::MIN), i32::from(i16::MAX))),
            other => {
                bail!("{} is of type {}, JPEG 2000 takes 8 and 16 bits", first.info().label, other.name())
            }
        };
        let (mut images, mut of_each, mut raw_bytes) = (Vec::new(), Vec::new(), 0);
        for raster in rasters {
            if raster.info().data_type != data_type {
                bail!("{} is of another type than {}", raster.info().label, first.info().label);
            }
            raw_bytes += raster.info().raw_bytes();
            let before = images.len();
            read(raster.as_ref(), &mut images)?;
            of_each.push(images.len() - before);
        }
        if images.iter().all(|image| image.samples.iter().all(|v| *v >= 0)) {
            range.0 = 0;
        }
        Ok(Self { images, of_each, bits, range, raw_bytes })
    }

    /// A point of a coder's curve.
    pub(super) fn point(
        &self,
        level: f64,
        bytes: u64,
        psnr_db: Option<f64>,
        (encode_s, decode_s): (f64, f64),
    ) -> Point {
        let samples: usize = self.images.iter().map(|image| image.samples.len()).sum();
        Point {
            level,
            psnr_db,
            bits_per_sample: bytes as f64 * 8.0 / (samples as f64).max(1.0),
            encode_mb_s: self.raw_bytes as f64 / 1e6 / encode_s,
            decode_mb_s: self.raw_bytes as f64 / 1e6 / decode_s,
        }
    }
}

impl Image {
    /// The number of pixels of a band.
    pub(super) fn pixels(&self) -> usize {
        self.height * self.width
    }

    /// The errors of decoded samples, over valid samples only.
    pub(super) fn errors(&self, decoded: &[i32]) -> ErrorSum {
        let mut errors = ErrorSum::default();
        for (i, (a, b)) in self.samples.iter().zip(decoded).enumerate() {
            if self.valid.as_ref().is_none_or(|valid| valid[i]) {
                errors.add(f64::from(*a), f64::from(*b));
            }
        }
        errors
    }

    fn fill_masked(&mut self) {
        let pixels = self.pixels();
        let Some(valid) = &self.valid else { return };
        for (samples, valid) in self.samples.chunks_mut(pixels).zip(valid.chunks(pixels)) {
            let (mut sum, mut count) = (0i64, 0i64);
            for (sample, _) in samples.iter().zip(valid).filter(|(_, valid)| **valid) {
                sum += i64::from(*sample);
                count += 1;
            }
            let mean = (sum / count.max(1)) as i32;
            samples
                .iter_mut()
                .zip(valid)
                .filter(|(_, valid)| !**valid)
                .for_each(|(sample, _)| *sample = mean);
        }
    }
}

/// Every image of a raster: one for each index of the dimensions that are neither band, y nor x.
fn read(raster: &dyn Raster, images: &mut Vec<Image>) -> Result<()> {
    let info = raster.info();
    let mask = Mask::new(&info.nodata, info.data_type)?;
    let roles = info.axes.roles();
    let is_looped = |role: &Role| matches!(role, Role::Time | Role::Other(_));
    let looped: Vec<usize> = (0..roles.len()).filter(|d| is_looped(&roles[*d])).collect();
    let count: u64 = looped.iter().map(|d| info.shape[*d]).product();
    for number in 0..count {
        let mut region: Region = info.shape.iter().map(|n| 0..*n).collect();
        let mut rest = number;
        for d in looped.iter().rev() {
            let at = rest % info.shape[*d];
            region[*d] = at..at + 1;
            rest /= info.shape[*d];
        }
        let shape: Vec<usize> =
            region.iter().map(|r| usize::try_from(r.end - r.start)).collect::<Result<_, _>>()?;
        let layout = info.axes.layout(&shape)?;
        let values = to_f64(info.data_type, &raster.read(&region)?);
        let [band, y, x] = layout.image_strides();
        let (bands, height, width) = (layout.bands(), layout.height(), layout.width());
        let mut samples = Vec::with_capacity(values.len());
        for b in 0..bands {
            for row in 0..height {
                samples.extend((0..width).map(|column| values[b * band + row * y + column * x] as i32));
            }
        }
        let valid: Vec<bool> = samples.iter().map(|v| mask.is_valid(f64::from(*v))).collect();
        let valid = valid.contains(&false).then_some(valid);
        let mut image = Image { bands, height, width, samples, valid };
        image.fill_masked();
        images.push(image);
    }
    Ok(())
}
