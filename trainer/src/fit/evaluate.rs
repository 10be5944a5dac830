//! The true rate and distortion: images go through the codec itself, with the model as it would be shipped.

use crate::error::Result;
use std::sync::Arc;
use vqz_codec::axes::Axes;
use vqz_codec::config::{Configuration, EntropyCoder};
use vqz_codec::fit::Image;
use vqz_codec::model::{Calibration, Manifest, Model};
use vqz_codec::pipeline::{ChunkCodec, Options};
use vqz_codec::sample::DataType;
use vqz_zarr::engines::chunk_codec;

/// The result at one quality.
#[derive(Clone, Copy, Debug, PartialEq, serde::Serialize)]
pub struct Point {
    /// The quality that was asked for, in dB.
    pub quality: f64,
    /// PSNR over all valid samples, in dB.
    pub psnr_db: f64,
    /// Bytes of all chunks, in bits for each valid sample.
    pub bits_per_sample: f64,
    /// The largest error, in data units.
    pub max_error: f64,
}

/// Codes each image as a chunk of its own, and decodes it as a reader would.
///
/// # Errors
/// [`crate::Error::Codec`].
pub fn evaluate(model: &Arc<Model>, images: &[Image], qualities: &[f64]) -> Result<Vec<Point>> {
    let integers = images.iter().all(whole_numbers);
    qualities.iter().map(|quality| evaluate_one(model, images, *quality, integers)).collect()
}

fn evaluate_one(model: &Arc<Model>, images: &[Image], quality: f64, integers: bool) -> Result<Point> {
    let codec = codec(model, quality)?;
    let (mut bytes, mut valid, mut squares, mut max_error) = (0usize, 0u64, 0.0, 0.0f64);
    for image in images {
        let shape = shape(model, image);
        let chunk = codec.encode(&shape, bytemuck::cast_slice(&image.samples))?;
        let statistics = codec.statistics(&shape, &chunk)?;
        bytes += chunk.len();
        valid += statistics.valid;
        squares += statistics.squares.value();
        max_error = max_error.max(statistics.max_error);
    }
    let valid = valid.max(1) as f64;
    // Images are coded as floats here; archives of integers round.
    let mse = squares / valid + if integers { 1.0 / 12.0 } else { 0.0 };
    let peak = model.manifest().peak;
    Ok(Point {
        quality,
        psnr_db: 10.0 * (peak * peak / mse.max(1e-300)).log10(),
        bits_per_sample: bytes as f64 * 8.0 / valid,
        max_error,
    })
}

/// An image as a reader would get it back, `(band, y, x)` in data units.
///
/// # Errors
/// [`crate::Error::Codec`].
pub fn decoded(model: &Arc<Model>, image: &Image, quality: f64) -> Result<Vec<f32>> {
    let codec = codec(model, quality)?;
    let shape = shape(model, image);
    let chunk = codec.encode(&shape, bytemuck::cast_slice(&image.samples))?;
    Ok(bytemuck::pod_collect_to_vec(&codec.decode(&shape, &chunk)?))
}

fn codec(model: &Arc<Model>, quality: f64) -> Result<ChunkCodec> {
    let configuration = Configuration::new(Axes::from_names(&["band", "y", "x"])?)
        .with_model(model.reference()?)
        .with_quality(quality)
        .with_entropy(EntropyCoder::Rans);
    let options = Options::default().with_parallel(true);
    let fill = f32::NAN.to_ne_bytes();
    Ok(chunk_codec(&configuration, Arc::clone(model), DataType::Float32, &fill, options)?)
}

fn shape(model: &Model, image: &Image) -> [usize; 3] {
    [model.manifest().bands.len(), image.height, image.width]
}

/// Whether an image holds integers, judged by some of its samples.
fn whole_numbers(image: &Image) -> bool {
    image.samples.iter().step_by(97).all(|v| v.is_nan() || v.fract() == 0.0)
}

/// A provisional calibration, which a model has before it is measured. In it, each quality simply stands for a step.
pub fn provisional() -> Vec<Calibration> {
    [(16, 4), (112, -12)]
        .map(|(psnr, octaves)| Calibration { step: octaves * 256, psnr_db: f64::from(psnr) })
        .to_vec()
}

/// The quality that names a step under [`provisional`].
fn naming(log2: f64) -> f64 {
    16.0 + (4.0 - log2) * 6.0
}

/// Measures what steps mean: a calibration for the manifest. `model` has the provisional one.
///
/// # Errors
/// [`crate::Error::Codec`].
pub fn calibrate(
    model: &Arc<Model>,
    images: &[Image],
    [finest, coarsest]: [f64; 2],
) -> Result<Vec<Calibration>> {
    /// Measured points.
    const POINTS: usize = 9;
    /// Octaves by which the measured range reaches beyond that of the fit.
    const BEYOND: f64 = 1.5;
    let (from, to) = (coarsest + BEYOND, finest - BEYOND);
    let mut points: Vec<Calibration> = Vec::new();
    for i in 0..POINTS {
        let log2 = from + (to - from) * i as f64 / (POINTS - 1) as f64;
        let measured = evaluate(model, images, &[naming(log2)])?[0];
        let step = model.manifest().step_for_quality(naming(log2))?;
        if points.last().is_none_or(|last| measured.psnr_db > last.psnr_db + 1e-3) {
            points.push(Calibration { step, psnr_db: (measured.psnr_db * 1000.0).round() / 1000.0 });
        }
    }
    // A calibration needs two points even if the model has one quality only. The second point is a coarser step with
    // almost the same quality.
    if let [only] = points[..] {
        points.insert(0, Calibration { step: only.step.saturating_add(256), psnr_db: only.psnr_db - 1e-3 });
    }
    Ok(points)
}

/// A manifest with another calibration.
pub fn calibrated(manifest: &Manifest, calibration: Vec<Calibration>) -> Manifest {
    {
        let mut manifest = manifest.clone();
        manifest.calibration = calibration;
        manifest
    }
}
