//! The fit of the linear architecture, `klt`, in pure Rust, by statistics and without gradient descent. For models that are fitted
//! elsewhere, there are the entropy coder's priors from codes or latents ([`index_priors`], [`scalar_priors`]), true coded
//! sizes ([`entropy_bits`]) and the order of a codebook's entries ([`tree_order`]).
//!
//! `latents` takes patches to DCT coefficients; `basis` finds, for each spatial frequency, the principal
//! components across the bands; `predictor` fits the prediction of slow planes from neighbouring patches; `statistics` runs
//! the entropy coder over the training data and keeps its statistics; `calibration` measures the PSNR at each step. [`peak`]
//! is the rule for the value against which PSNR is stated.

mod basis;
mod calibration;
mod card;
mod grid;
mod grids;
mod image;
mod indices;
mod klt;
mod latents;
mod normalisation;
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
pub use normalisation::{RESOLVED, SCALES};
pub use options::FitOptions;
pub use order::tree_order;
pub use provenance::training_data;
pub use scalar::scalar_priors;

/// Puts under a mask what the encoder puts there, so that a fit shows a network the same: `band` is `(height, width)`, and
/// samples are replaced where `valid` is false.
pub fn continue_under_mask(band: &mut [f32], valid: &[bool], height: usize, width: usize) {
    crate::mask::inpaint::fill(band, valid, height, width);
}
