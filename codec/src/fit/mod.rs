//! Fits the linear architecture, `klt`, in pure Rust: statistics, no gradient descent. And, for models that others fit,
//! the entropy coder's priors from codes or latents ([`index_priors`], [`scalar_priors`]), true coded sizes
//! ([`entropy_bits`]) and the order of a codebook's entries ([`tree_order`]).
//!
//! [`latents`] takes patches to DCT coefficients; [`basis`] finds, for each spatial frequency, the principal
//! components across the bands; [`predictor`] fits what neighbouring patches tell of slow planes; [`statistics`] runs
//! the entropy coder over the training data and keeps what it learnt; [`calibration`] measures what a step means in
//! dB. [`peak`] is the rule for the value that PSNR is stated against.

mod basis;
mod calibration;
mod card;
mod grid;
mod grids;
mod image;
mod indices;
mod klt;
mod latents;
mod options;
mod order;
pub mod peak;
mod predictor;
mod provenance;
mod scalar;
mod solve;
mod statistics;

pub use card::card;
pub use grids::{CodeGrid, LatentGrid, entropy_bits};
pub use image::Image;
pub use indices::index_priors;
pub use klt::fit_klt;
pub use options::FitOptions;
pub use order::tree_order;
pub use provenance::training_data;
pub use scalar::scalar_priors;

/// Puts under a mask what the encoder puts there, so that a fit shows a network the same: `band` is `(height, width)`, and
/// samples are replaced where `valid` is false.
pub fn continue_under_mask(band: &mut [f32], valid: &[bool], height: usize, width: usize) {
    crate::mask::inpaint::fill(band, valid, height, width);
}
