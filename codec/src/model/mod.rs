//! Models: what a fit produces and an archive needs in order to be read.
//!
//! A package (`NAME.vqm`) holds a [`Manifest`], the encoder and decoder graphs and the entropy coder's priors.
//! The *decoding half* is all of it but the encoder; its hash names the model.

pub(crate) mod onnx;

mod linear;
mod manifest;
mod package;
mod ports;
pub(crate) mod priors;

pub use crate::quantise::{CodebookShape, Codebooks, Quantiser};
#[cfg(feature = "fit")]
pub(crate) use linear::unmix;
pub use manifest::{Band, Calibration, Manifest};
pub use package::{MAX_EMBEDDED, Model, ModelParts};
#[cfg(feature = "fit")]
pub(crate) use priors::MAX_PLANES;
pub use priors::Priors;
