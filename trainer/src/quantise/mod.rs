//! Quantisers in the form used for fitting: the quantised latents that the decoder gets, and the rate of the codes.
//!
//! When the codec encodes, it quantises by its own code. Here are the same rules in a form that lets gradients pass.

pub mod codebook;
pub mod fsq;
pub mod kmeans;

use tch::Tensor;

/// A quantiser's outcome for one batch.
#[derive(Debug)]
pub struct Quantised {
    /// What the decoder is given, `(n, planes, gy, gx)`, in units of the step for scalar codes.
    pub values: Tensor,
    /// Estimated bits of the batch's codes; gradients pass where the encoder is fitted.
    pub bits: Tensor,
    /// Squared distance between latents and entries, for encoders that are fitted; 0 elsewhere.
    pub commitment: Tensor,
    /// The same for codebooks that are fitted by gradients; 0 elsewhere.
    pub codebook: Tensor,
}

/// The Lagrangian that goes with a step: at high rate, `dD/dR` of a uniform quantiser is `s² ln 2 / 6`; the codec uses the
/// same figure when it chooses entries.
pub fn lagrangian(step: f64) -> f64 {
    step * step / 8.0
}
