//! Latents to integer codes: the station after the transform.
//!
//! `fsq` divides all latents by one step and rounds them. `vq` and `rvq` choose entries of codebooks ([`Codebooks`]) by rate and
//! distortion together. In all three, one number sets the quality: the step, or for codebooks the step whose price of a bit
//! is used. It is stored as 256 × its base-2 logarithm, an integer, so that the entropy coder's contexts follow from integers;
//! the step itself, a float, serves arithmetic on latents only.

mod assign;
mod codebooks;
mod nearest;
mod rates;
mod scalar;
mod shape;
#[cfg(test)]
mod tests;

pub use assign::Search;
pub use codebooks::Codebooks;
pub use rates::Rates;
pub(crate) use scalar::{BIT, MAX_CODE};
pub use scalar::{lagrangian, quantise, step, step_log2};
pub use shape::{CodebookShape, Quantiser};
pub(crate) use shape::{MAX_ENTRIES, MAX_GROUPS, MAX_SIZE, MAX_STAGES};
