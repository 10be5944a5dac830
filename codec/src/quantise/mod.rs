//! Latents to integer codes: the station after the transform.
//!
//! `fsq` is a product of scalar quantisers with one step, a continuous knob. `vq` and `rvq` name entries of codebooks
//! ([`Codebooks`]), chosen by rate and distortion together. For all three the knob travels as 256 × the base-2 logarithm
//! of a step, so that contexts follow from an integer; the float is only for arithmetic on latents.

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
