//! The codec of vqz: one chunk of a raster array to bytes, and back.
//!
//! A model, fitted to a data set, turns a chunk of rasters into integer codes, which are entropy-coded; decoding runs
//! the model's ONNX decoder, or a faster equivalent. This crate takes bytes and gives bytes: it opens no files and reads no
//! environment variables. The crate `vqz-zarr` registers it with `zarrs`.
#![forbid(unsafe_code)]

pub mod authoring;
pub mod axes;
pub mod bands;
pub mod config;
mod container;
pub mod engine;
mod entropy;
pub mod error;
#[cfg(feature = "fit")]
pub mod fit;
mod mask;
pub mod model;
pub mod name;
mod parallel;
pub mod pipeline;
mod predict;
mod quantise;
pub mod sample;
pub mod squares;
mod tiles;
mod transform;

pub use error::{Error, ErrorKind, Result};
pub use sample::DataType;
