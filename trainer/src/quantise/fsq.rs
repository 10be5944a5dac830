//! `fsq` as it is fitted: rounding with a straight-through gradient or with noise, and a rate from fitted Laplacians.

use super::Quantised;
use crate::arch::ops::{Init, Ops};
use crate::arch::torch::{Torch, Weights};
use crate::config::Fitting;
use tch::{Kind, Tensor};

/// The codec chooses codes by rate and distortion, with contexts that a fit does not have. On average it leaves latents
/// below this many steps at zero,
const ZERO: f64 = 0.645;
/// and rounds larger magnitudes down after adding this. Measured: see `docs/decisions.md`.
const ROUNDING: f64 = 0.43;

/// The least activity that a position is assumed to have, as a fraction of the mean.
const QUIET: f64 = 0.05;

/// Codes of latents that were divided by the step, about as the codec chooses them.
pub fn codes(scaled: &Tensor) -> Tensor {
    let magnitude = scaled.abs();
    let nonzero = magnitude.ge(ZERO).to_kind(scaled.kind());
    (magnitude + ROUNDING).floor() * scaled.sign() * nonzero
}

/// Quantises latents, already in units of the step, so that gradients pass to the encoder.
pub fn fitted(
    o: &mut Torch,
    scaled: &Tensor,
    present: &Tensor,
    step: &Tensor,
    fitting: Fitting,
) -> Quantised {
    let values = match fitting {
        Fitting::StraightThrough => scaled + (codes(&scaled.detach()) - scaled).detach(),
        Fitting::Noise => scaled + Tensor::rand_like(scaled) - 0.5,
    };
    let bits = bits(o, &values, present, step);
    Quantised { values, bits, commitment: zero(scaled), codebook: zero(scaled) }
}

/// Quantises latents of an encoder that is not fitted. The rate then has no influence on the fit, and is estimated
/// only when it is reported.
pub fn fixed(o: &mut Torch, scaled: &Tensor, present: &Tensor, step: &Tensor, record: bool) -> Quantised {
    let values = codes(&scaled.detach());
    let bits = if record { tch::no_grad(|| bits(o, &values, present, step)) } else { zero(scaled) };
    Quantised { values, bits, commitment: zero(scaled), codebook: zero(scaled) }
}

fn zero(like: &Tensor) -> Tensor {
    Tensor::zeros([1], (Kind::Float, like.device())).sum(Kind::Float)
}

/// The weight that holds the logarithms of the planes' widths.
pub const WIDTHS: &str = "rate/log_width";

/// Starts the widths from latents, not divided by a step: the mean magnitude of a plane is its Laplacian's width.
pub fn start(weights: &Weights, latents: &Tensor, present: &Tensor) {
    let sums = (latents.abs() * present).sum_dim_intlist(Some([0i64, 2, 3].as_slice()), true, Kind::Float);
    let mean = sums / present.sum(Kind::Float).clamp_min(1.0);
    weights.set(WIDTHS, &(mean + 1e-4).log());
}

/// Bits of codes under a Laplacian of fitted width for each plane, which is wider where the position is busy. This imitates
/// the most important of the entropy coder's contexts.
fn bits(o: &mut Torch, codes: &Tensor, present: &Tensor, step: &Tensor) -> Tensor {
    let planes = codes.size()[1] as usize;
    let width = o.weight(WIDTHS, &[1, planes, 1, 1], Init::Zero).exp();
    let activity =
        (codes.detach().abs() * step / width.detach()).mean_dim(Some([1i64].as_slice()), true, Kind::Float);
    let inverse = step / (width * (activity + QUIET));
    // P(|q| - 1/2 < |x| < |q| + 1/2) of a Laplacian with this width; tails as differences of exponentials.
    let magnitude = codes.abs();
    let near: Tensor = (-&inverse * (&magnitude - 0.5).clamp_min(0.0)).exp();
    let far: Tensor = (-&inverse * (&magnitude + 0.5)).exp();
    let inside: Tensor = 0.5 - &magnitude;
    let inner: Tensor = (-&inverse * inside.clamp_min(0.0)).exp();
    // Below one half both sides of the peak count.
    let peak: Tensor = 1.0 - (&far + inner) * 0.5;
    let tail: Tensor = (near - far) * 0.5;
    let likelihood = peak.where_self(&magnitude.lt(0.5), &tail).clamp_min(1e-9);
    -(likelihood.log2() * present).sum(Kind::Float)
}
