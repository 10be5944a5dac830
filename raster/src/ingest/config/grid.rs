//! `[grid]`: the grid of the cube, onto which the inputs are resampled where they have another.

use super::resampling::Resampling;
use serde::{Deserialize, Serialize};

/// The grid of the cube; by default that of the inputs, which may then differ in extent only.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct GridConfig {
    /// The coordinate reference system, such as `EPSG:32633`.
    #[serde(default)]
    pub crs: Option<String>,
    /// The size of a pixel, or its width and height, in units of the coordinate reference system.
    #[serde(default)]
    pub resolution: Option<Resolution>,
    /// The area that it covers: left, bottom, right, top.
    #[serde(default)]
    pub bounds: Option<[f64; 4]>,
    /// The area that it covers, derived from the inputs.
    #[serde(default)]
    pub extent: Extent,
    /// How the samples of files with another grid are resampled. Without this, such files are an error.
    #[serde(default)]
    pub resampling: Option<Resampling>,
}

/// The size of pixels.
#[derive(Clone, Copy, Debug, Deserialize, Serialize)]
#[serde(untagged)]
pub enum Resolution {
    /// Squares.
    Square(f64),
    /// Width and height.
    Rectangle([f64; 2]),
}

impl Resolution {
    /// Width and height.
    pub fn pixel(self) -> [f64; 2] {
        match self {
            Self::Square(side) => [side, side],
            Self::Rectangle(pixel) => pixel,
        }
    }
}

/// The area of a grid, derived from the inputs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Extent {
    /// The union of the areas of all inputs.
    #[default]
    Union,
    /// The area that all inputs share.
    Intersection,
    /// The area of the first input.
    First,
}
