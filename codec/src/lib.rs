//! The `vqvae` array-to-bytes codec for Zarr v3.
//!
//! A model, fitted to a data set, turns a chunk of rasters into integer codes, which are entropy-coded; decoding runs
//! the model's ONNX decoder, or a faster equivalent. Linking this crate registers the codec with `zarrs`:
//!
//! ```
//! use vqz_codec as _;
//! ```
#![forbid(unsafe_code)]

pub mod engine;
pub mod error;
pub mod model;

pub use error::{Error, Result};
