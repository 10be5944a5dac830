//! How samples are resampled onto another grid.

use serde::{Deserialize, Serialize};

/// How samples are resampled onto another grid.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Resampling {
    /// The nearest sample: for classes and bits.
    Nearest,
    /// Linear in both directions.
    Bilinear,
    /// Cubic convolution.
    Cubic,
    /// The mean of the samples that a pixel covers.
    Average,
    /// The most frequent of the samples that a pixel covers.
    Mode,
    /// Windowed sinc.
    Lanczos,
}

impl Resampling {
    /// Its name in configurations.
    pub fn word(self) -> &'static str {
        match self {
            Self::Nearest => "nearest",
            other => other.name(),
        }
    }

    /// GDAL's name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Nearest => "near",
            Self::Bilinear => "bilinear",
            Self::Cubic => "cubic",
            Self::Average => "average",
            Self::Mode => "mode",
            Self::Lanczos => "lanczos",
        }
    }
}
