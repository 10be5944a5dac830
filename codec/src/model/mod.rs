//! Models: what a fit produces and an archive needs in order to be read.
//!
//! A package (`NAME.vqm`) holds a [`Manifest`], the encoder and decoder graphs and the entropy coder's priors.
//! The *decoding half* is all of it but the encoder; its hash names the model.

pub mod onnx;

mod manifest;
mod package;
pub(crate) mod priors;
pub mod registry;

pub use manifest::{Band, Calibration, Manifest};
#[cfg(feature = "fit")]
pub(crate) use package::unmix;
pub use package::{MAX_EMBEDDED, Model};
#[cfg(feature = "fit")]
pub(crate) use priors::MAX_PLANES;
pub use priors::Priors;
