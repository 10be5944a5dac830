//! The rivals: JPEG 2000 band by band, and after a rotation of the bands onto their principal components.

mod klt;
mod openjpeg;

use super::curve::{Codec, Decoded, Passes, Point};
use super::images::{Image, Images};
use anyhow::Result;
use klt::Rotation;
use openjpeg::{Component, RESOLUTIONS};
use rayon::prelude::*;
use vqz_archive::metrics::ErrorSum;

/// Bits per sample of rotated components.
const COMPONENT_BITS: u32 = 16;

/// The transform of the bands before each band is coded by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Bands {
    /// Nothing.
    Apart,
    /// They are rotated onto the image's principal components. The bytes of the rotation are counted.
    Rotated,
}

/// JPEG 2000.
pub(super) struct Jpeg2000<'a> {
    pub(super) bands: Bands,
    pub(super) images: &'a Images,
}

/// An encoded image.
struct Encoded {
    rotation: Option<Rotation>,
    bands: Vec<Vec<u8>>,
}

impl Encoded {
    fn bytes(&self) -> usize {
        self.rotation.as_ref().map_or(0, Rotation::bytes) + self.bands.iter().map(Vec::len).sum::<usize>()
    }
}

impl Jpeg2000<'_> {
    /// The PSNR to ask OpenJPEG for, because OpenJPEG states PSNR against the full range of the precision.
    fn level(&self, psnr_db: f64, peak: f64) -> f64 {
        let bits = if self.bands == Bands::Rotated { COMPONENT_BITS } else { self.images.bits };
        psnr_db + 20.0 * (f64::from((1u32 << bits) - 1) / peak).log10()
    }

    fn component(&self, image: &Image) -> Component {
        let (width, height) = (image.width, image.height);
        match self.bands {
            Bands::Apart => {
                let signed = self.images.range.0 < 0;
                Component { width, height, precision: self.images.bits, signed }
            }
            Bands::Rotated => Component { width, height, precision: COMPONENT_BITS, signed: false },
        }
    }

    fn encode(&self, image: &Image, level: f64) -> Result<Encoded> {
        let component = self.component(image);
        let rotation = (self.bands == Bands::Rotated).then(|| Rotation::of(image));
        let rotated = rotation.as_ref().map(|rotation| rotation.forward(&image.samples));
        let planes = rotated.as_ref().unwrap_or(&image.samples);
        let bands = planes.par_chunks(image.pixels()).map(|plane| openjpeg::encode(plane, &component, level));
        Ok(Encoded { bands: bands.collect::<Result<_>>()?, rotation })
    }

    fn decode(&self, image: &Image, encoded: &Encoded) -> Result<Vec<i32>> {
        let component = self.component(image);
        let planes: Vec<Vec<i32>> = encoded
            .bands
            .par_iter()
            .map(|bytes| openjpeg::decode(bytes, &component))
            .collect::<Result<_>>()?;
        let planes = planes.concat();
        Ok(match &encoded.rotation {
            Some(rotation) => rotation.back(&planes, self.images.range),
            None => planes,
        })
    }
}

impl Codec for Jpeg2000<'_> {
    fn name(&self) -> String {
        match self.bands {
            Bands::Apart => "JPEG 2000".to_owned(),
            Bands::Rotated => "KLT + JPEG 2000".to_owned(),
        }
    }

    fn parameters(&self) -> String {
        let coder = format!(
            "OpenJPEG 2.5, irreversible 9/7, {RESOLUTIONS} resolutions, code blocks of 64 x 64, one tile, one layer, rate by PSNR"
        );
        match self.bands {
            Bands::Apart => format!("{coder}; each band by itself, {} bits", self.images.bits),
            Bands::Rotated => format!(
                "bands of each image rotated onto its own principal components, {COMPONENT_BITS} bits, rotation counted; {coder}"
            ),
        }
    }

    fn measure(&mut self, psnr_db: f64, peak: f64, passes: &Passes) -> Result<Point> {
        let level = self.level(psnr_db, peak);
        let images = &self.images.images;
        let (encoded, encode_s) = passes
            .time(|| images.par_iter().map(|image| self.encode(image, level)).collect::<Result<Vec<_>>>())?;
        let (decoded, decode_s) = passes.time(|| {
            images
                .par_iter()
                .zip(&encoded)
                .map(|(image, encoded)| self.decode(image, encoded))
                .collect::<Result<Vec<_>>>()
        })?;
        let mut errors = ErrorSum::default();
        for (image, decoded) in images.iter().zip(&decoded) {
            errors.merge(&image.errors(decoded));
        }
        let bytes: usize = encoded.iter().map(Encoded::bytes).sum();
        Ok(self.images.point(psnr_db, bytes as u64, errors.psnr_db(peak), (encode_s, decode_s)))
    }

    fn decoded(&mut self, level: f64, peak: f64) -> Result<Decoded> {
        let level = self.level(level, peak);
        let images = &self.images.images;
        let coded: Vec<(usize, Vec<i32>)> = images
            .par_iter()
            .map(|image| {
                let encoded = self.encode(image, level)?;
                Ok((encoded.bytes(), self.decode(image, &encoded)?))
            })
            .collect::<Result<_>>()?;
        let mut errors = ErrorSum::default();
        for (image, (_, decoded)) in images.iter().zip(&coded) {
            errors.merge(&image.errors(decoded));
        }
        let samples: usize = images.iter().map(|image| image.samples.len()).sum();
        let bytes: usize = coded.iter().map(|(bytes, _)| bytes).sum();
        let mut planes = coded.into_iter().map(|(_, decoded)| decoded);
        let raster = |count: &usize| -> Vec<f32> {
            planes.by_ref().take(*count).flatten().map(|sample| sample as f32).collect()
        };
        Ok(Decoded {
            bits_per_sample: bytes as f64 * 8.0 / (samples as f64).max(1.0),
            psnr_db: errors.psnr_db(peak),
            rasters: self.images.of_each.iter().map(raster).collect(),
        })
    }
}
