//! The `vqz` array-to-bytes codec for Zarr v3.
//!
//! A model, fitted to a data set, turns a chunk of rasters into integer codes, which are entropy-coded; decoding runs
//! the model's ONNX decoder, or a faster equivalent. Linking this crate registers the codec with `zarrs`:
//!
//! ```
//! use vqz_codec as _;
//! ```
#![forbid(unsafe_code)]

pub mod axes;
pub mod bands;
pub mod config;
mod container;
pub mod engine;
mod entropy;
pub mod error;
mod exact;
#[cfg(feature = "fit")]
pub mod fit;
mod mask;
pub mod model;
pub mod name;
pub mod pipeline;
pub mod quantise;
pub mod sample;
pub mod tiles;
mod transform;
#[cfg(feature = "zarrs")]
pub mod zarr;

pub use error::{Error, Result};
pub use sample::DataType;
