//! `model.json`: what a model is for, and the figures that the codec needs to run it.

use crate::error::{Error, Result};
use serde::{Deserialize, Serialize};

/// The content of `model.json`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// Always `vqz-model`.
    pub format: String,
    /// The version of the package's layout, 0.
    pub version: u32,
    /// A short name, such as `sentinel2-l2a-klt`.
    pub name: String,
    /// How the graphs were built: `klt`, or any other name for graphs that only an ONNX engine runs.
    pub architecture: String,
    /// The bands, in the order in which the model takes them.
    pub bands: Vec<Band>,
    /// The side of a patch, in pixels: the latent grid is this much coarser than the image.
    pub patch: usize,
    /// How many dates a patch spans.
    pub window: usize,
    /// Latent planes at each position of the latent grid.
    pub planes: usize,
    /// The quantiser's name: `fsq`.
    pub quantiser: String,
    /// The value against which PSNR is stated, in data units.
    pub peak: f64,
    /// Bound on the difference between any two conforming decoders' samples, in data units.
    pub tolerance: f64,
    /// Pairs of step and PSNR measured on the training data, by falling step: what `quality` means.
    pub calibration: Vec<Calibration>,
    /// SHA-256 of `encoder.onnx`.
    pub encoder_sha256: String,
    /// The licence under which the model may be used.
    pub licence: String,
    /// What it was fitted on, and whom to credit.
    pub training_data: String,
}

/// One band of a model.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Band {
    /// Its name, such as `B04`.
    pub name: String,
    /// Its unit; empty where it has none.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub unit: String,
    /// Its central wavelength in nanometres.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub wavelength_nm: Option<f64>,
    /// Subtracted from a sample, in data units.
    pub offset: f32,
    /// What the difference is divided by, in data units.
    pub scale: f32,
}

/// A measured point of the rate–distortion curve on the training data.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Calibration {
    /// The quantiser's step as 256 × its base-2 logarithm, in normalised units.
    pub step: i16,
    /// PSNR in dB against the manifest's peak.
    pub psnr_db: f64,
}
