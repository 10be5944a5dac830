//! Fits vqz networks with libtorch and exports them as model packages.
//!
//! The parts of a fit: [`data`] gives batches, [`arch`] turns them into latents and back, [`quantise`] turns latents into
//! codes, [`loss`] measures the error, [`fit`] runs gradient descent, validates, keeps checkpoints and writes the package,
//! and [`report`] records the progress.
#![deny(unsafe_code)]

pub mod arch;
pub mod config;
pub mod data;
pub mod error;
pub mod fit;
pub mod loss;
pub mod memory;
pub mod quantise;
pub mod report;
pub mod stream;

pub use error::{Error, Result};
