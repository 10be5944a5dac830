//! `[[derive]]`: bands that are computed from others.

use crate::sample::DataType;
use serde::{Deserialize, Serialize};

/// A band that is computed from others.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct DeriveConfig {
    /// Its name.
    pub name: String,
    /// A formula over names of bands, such as `(B08 - B04) / (B08 + B04)`.
    pub expression: String,
    /// Its type.
    #[serde(default = "float32")]
    pub data_type: DataType,
    /// The value of invalid samples; NaN for floats by default.
    #[serde(default)]
    pub nodata: Option<f64>,
    /// Stored is `(value − offset) / scale`.
    #[serde(default = "one")]
    pub scale: f64,
    /// Stored is `(value − offset) / scale`.
    #[serde(default)]
    pub offset: f64,
    /// The unit of the value.
    #[serde(default)]
    pub unit: Option<String>,
    /// The array of which it becomes a band; an array of its own by default. Bands of one array share type, nodata and dates.
    #[serde(default)]
    pub array: Option<String>,
}

fn float32() -> DataType {
    DataType::Float32
}

fn one() -> f64 {
    1.0
}
