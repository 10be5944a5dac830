//! Groups of bands with losses of their own.

use super::Names;
use serde::{Deserialize, Serialize};

/// The kind of values of a group of bands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum HeadKind {
    /// Measured quantities.
    Continuous,
    /// Classes.
    Categorical,
    /// Quantities with bounds and a value for "empty", such as canopy height.
    Canopy,
}

/// A group of bands with a loss of its own.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HeadSection {
    /// Bands by name or number; `*` stands for all bands that no other group names.
    pub bands: Names,
    /// continuous, categorical or canopy.
    pub kind: HeadKind,
    /// The factor for all losses of the group.
    #[serde(default = "one")]
    pub weight: f64,
    /// The data values of a categorical band's classes; by default those that the training data hold.
    #[serde(default)]
    pub classes: Vec<f32>,
    /// The value of empty samples of a canopy-like band.
    #[serde(default)]
    pub empty: f32,
    /// The smallest other value of a canopy-like band, and the largest; by default those of the training data.
    #[serde(default)]
    pub bounds: Option<[f32; 2]>,
    /// The weights of the losses.
    #[serde(default)]
    pub loss: Weighting,
}

fn one() -> f64 {
    1.0
}

/// Weights of the losses of a group of bands.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Weighting {
    /// Mean square error, divided by its present value, so that its gradient has the same size at every step.
    pub mse: f64,
    /// Huber's loss, divided likewise.
    pub huber: f64,
    /// Where Huber's loss turns linear, in normalised units.
    pub huber_delta: f64,
    /// `1 - SSIM`.
    pub ssim: f64,
    /// Spectral angle, in radians.
    pub spectral_angle: f64,
    /// Sliced Wasserstein distance of spectra.
    pub sliced_wasserstein: f64,
    /// Cross-entropy of categorical bands, and of the flag of canopy-like ones.
    pub cross_entropy: f64,
}

impl Default for Weighting {
    fn default() -> Self {
        Self {
            mse: 1.0,
            huber: 0.0,
            huber_delta: 1.0,
            ssim: 0.0,
            spectral_angle: 0.0,
            sliced_wasserstein: 0.0,
            cross_entropy: 1.0,
        }
    }
}
