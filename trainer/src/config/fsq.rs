//! How latents become scalar codes.

use super::section::section;
use serde::{Deserialize, Serialize};

/// How gradients pass the rounding.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Fitting {
    /// Values are rounded forwards, and gradients pass unchanged.
    StraightThrough,
    /// Uniform noise of one step instead of rounding.
    Noise,
}

section! {
    /// Scalar codes.
    FsqSection {
        /// straight-through or noise, where the encoder is fitted.
        fitting: Fitting = Fitting::StraightThrough,
        /// Fit a factor on the step for each plane.
        fitted_steps: bool = false,
        /// Weight of the rate, where the encoder is fitted; 1 is the exchange rate of the step.
        rate: f64 = 1.0,
    }
}
