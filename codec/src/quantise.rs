//! `fsq`: a product of scalar quantisers with one step, a continuous knob.
//!
//! The step travels as 256 × its base-2 logarithm, so that contexts follow from an integer; the float is only for
//! arithmetic on latents.

use crate::entropy::tile::MAX_CODE;

/// What is added before a magnitude is rounded down: less than one half widens the zero cell, which costs fewer bits
/// than it costs quality. Measured: see `docs/decisions.md`.
pub(crate) const ROUNDING: f32 = 0.4;

/// The step of a stored logarithm.
pub(crate) fn step(log2: i16) -> f32 {
    f64::exp2(f64::from(log2) / 256.0) as f32
}

/// Nearest stored logarithm of a step.
pub(crate) fn step_log2(step: f64) -> i16 {
    (step.log2() * 256.0).round().clamp(-16_384.0, 16_384.0) as i16
}

/// The code of a latent that was divided by the step.
#[inline(always)]
pub(crate) fn quantise(scaled: f32) -> i32 {
    let magnitude = ((scaled.abs() + ROUNDING) as i32).min(MAX_CODE);
    if scaled < 0.0 { -magnitude } else { magnitude }
}
