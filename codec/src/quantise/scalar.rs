//! Scalar quantisation with one step, and the price of a bit that corresponds to a step.

/// The largest magnitude of a code, predicted or not.
pub(crate) const MAX_CODE: i32 = 1 << 22;

/// What is added before a magnitude is rounded down. Less than one half widens the zero cell, which saves more bits than
/// the loss of quality is worth. Measured: see `docs/decisions.md`.
pub(crate) const ROUNDING: f32 = 0.4;

/// The step whose stored logarithm this is.
#[must_use]
pub fn step(log2: i16) -> f32 {
    f64::exp2(f64::from(log2) / 256.0) as f32
}

/// The stored logarithm that is nearest to that of a step.
#[must_use]
pub fn step_log2(step: f64) -> i16 {
    (step.log2() * 256.0).round().clamp(-16_384.0, 16_384.0) as i16
}

/// The `fsq` code of a latent that was divided by the step.
#[inline(always)]
#[must_use]
pub fn quantise(scaled: f32) -> i32 {
    let magnitude = ((scaled.abs() + ROUNDING) as i32).min(MAX_CODE);
    if scaled < 0.0 { -magnitude } else { magnitude }
}

/// The price of a bit where scalar codes are chosen by rate and distortion, in squared steps. Measured: see
/// `docs/decisions.md`.
pub(crate) const BIT: f32 = 0.115;

/// The price of a bit at a stored logarithm of a step s, in squared latent units: s² / 8.
///
/// A uniform quantiser with a fine step s has the distortion s² / 12 and the rate h − log2 s, so that one bit more reduces the
/// distortion by s² ln 2 / 6, which is s² / 8.7. A codebook that is searched with this price therefore trades bits for
/// distortion as a scalar quantiser of that step does, and one number sets the quality of all quantisers.
#[must_use]
pub fn lagrangian(log2: i16) -> f64 {
    f64::exp2(f64::from(log2) / 128.0) / 8.0
}
