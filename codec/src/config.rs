//! The codec's configuration as it stands in `zarr.json`, apart from the running codec.
//!
//! `spec/README.md` describes every key; `spec/schema.json` is its schema.

use crate::axes::Axes;
use crate::error::{Error, Result};
use crate::sample::DataType;
use serde::{Deserialize, Serialize};

/// The configuration of the codec.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Configuration {
    /// The model: its hash, and its decoding half when that is small enough to travel with the archive. Without one, all
    /// tiles are coded exactly or within the promised bound, by prediction.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub model: Option<ModelReference>,
    /// The roles of the dimensions, in the array's order.
    pub axes: Axes,
    /// The order in which the model takes the bands: for each of its bands, the array's band, from 0. Empty, and left out,
    /// where both have the same order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub band_order: Vec<usize>,
    /// The nominal quality, in dB of PSNR on data like the training data: what the writer aims at. Readers do not use it;
    /// 0, and left out, without a model.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub quality: f64,
    /// The entropy coder. Used by writers only: each chunk says how it was coded.
    #[serde(default)]
    pub entropy: EntropyCoder,
    /// Values that mean "no data": restored exactly, and never made out of valid samples.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub nodata: Vec<NoData>,
    /// What is promised about the decoded samples.
    #[serde(default)]
    pub promise: Promise,
}

impl Configuration {
    /// A configuration with these axes, which names no model and promises nothing: one of the two is to be added.
    ///
    /// ```
    /// use vqz_codec::axes::Axes;
    /// use vqz_codec::config::{Configuration, NoData, Promise};
    ///
    /// # fn main() -> vqz_codec::Result<()> {
    /// let configuration = Configuration::new(Axes::from_names(&["band", "y", "x"])?)
    ///     .with_nodata(vec![NoData::Integer(-9999)])
    ///     .with_promise(Promise::Lossless);
    /// configuration.check()?;
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn new(axes: Axes) -> Self {
        Self {
            model: None,
            axes,
            band_order: Vec::new(),
            quality: 0.0,
            entropy: EntropyCoder::default(),
            nodata: Vec::new(),
            promise: Promise::default(),
        }
    }

    /// Sets the model, or none.
    #[must_use]
    pub fn with_model(self, model: impl Into<Option<ModelReference>>) -> Self {
        Self { model: model.into(), ..self }
    }

    /// Sets the order in which the model takes the bands: for each of its bands, the array's band, from 0.
    #[must_use]
    pub fn with_band_order(self, band_order: Vec<usize>) -> Self {
        Self { band_order, ..self }
    }

    /// Sets the nominal quality, in dB of PSNR.
    #[must_use]
    pub fn with_quality(self, quality: f64) -> Self {
        Self { quality, ..self }
    }

    /// Sets the entropy coder.
    #[must_use]
    pub fn with_entropy(self, entropy: EntropyCoder) -> Self {
        Self { entropy, ..self }
    }

    /// Sets the values that mean "no data".
    #[must_use]
    pub fn with_nodata(self, nodata: Vec<NoData>) -> Self {
        Self { nodata, ..self }
    }

    /// Sets the promise about the decoded samples.
    #[must_use]
    pub fn with_promise(self, promise: Promise) -> Self {
        Self { promise, ..self }
    }

    /// Refuses a configuration with which nothing can be coded.
    ///
    /// # Errors
    /// [`Error::InvalidArgument`] where there is neither a model nor a promise.
    pub fn check(&self) -> Result<()> {
        if self.model.is_some() || self.promise != Promise::Quality {
            return Ok(());
        }
        Err(Error::InvalidArgument(
            "the array names no model and promises nothing; give a model, or a maximum error, or ask for lossless coding"
                .to_owned(),
        ))
    }
}

/// A model, by its hash.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ModelReference {
    /// The model's name, for people.
    pub name: String,
    /// SHA-256 of the canonical content of the decoding half, 64 lower-case hexadecimal digits.
    pub sha256: String,
    /// The decoding half, base64 of a compressed package; absent when it is above 4 MiB.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub decoder: Option<String>,
}

/// How codes become bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum EntropyCoder {
    /// Adaptive binary rANS with contexts: the smallest files.
    #[default]
    Rans,
    /// Packed planes under LZ4: the fastest.
    Lz4,
}

fn is_zero(value: &f64) -> bool {
    *value == 0.0
}

/// What is promised about the decoded samples. Masked samples come back bit for bit whatever is promised.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum Promise {
    /// No bound: each chunk states its measured mean square error and maximum error.
    #[default]
    Quality,
    /// No valid sample is off by more than the bound, on any conforming decoder.
    MaxError {
        /// The bound in data units: one for all bands, or one for each.
        bound: Vec<f64>,
        /// Whether decoded samples do not change when they are written again at the same bound.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        stable: bool,
    },
    /// Every sample comes back bit for bit.
    Lossless,
}

impl Promise {
    /// The bound of each band, in data units, for this number of bands; none where nothing is promised.
    ///
    /// # Errors
    /// [`Error::InvalidArgument`] for bounds that are not finite and above 0, or of another number than bands.
    pub fn bounds(&self, bands: usize) -> Result<Option<Vec<f64>>> {
        let bound = match self {
            Self::Quality => return Ok(None),
            Self::Lossless => return Ok(Some(vec![0.0; bands])),
            Self::MaxError { bound, .. } => bound,
        };
        if bound.iter().any(|b| !b.is_finite() || *b < 0.0) {
            return Err(Error::InvalidArgument(format!(
                "the maximum error is {bound:?}, finite numbers from 0 on are allowed"
            )));
        }
        // Nothing is stated of a bound of 0, so -0 is 0: headers take one form only.
        let bound: Vec<f64> = bound.iter().map(|b| b + 0.0).collect();
        match bound[..] {
            [one] => Ok(Some(vec![one; bands])),
            _ if bound.len() == bands => Ok(Some(bound)),
            _ => Err(Error::InvalidArgument(format!(
                "the maximum error is given for {} bands, the chunk has {bands}; give one, or one for each band",
                bound.len()
            ))),
        }
    }
}

/// A nodata value, in the notation of Zarr v3 fill values.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum NoData {
    /// An integer.
    Integer(i64),
    /// A finite float.
    Float(f64),
    /// `NaN`, `Infinity` or `-Infinity`.
    Name(String),
}

impl NoData {
    /// The value as a sample of the given type, or `None` for one that this type can't hold (which no sample equals).
    ///
    /// # Errors
    /// [`Error::InvalidArgument`] for a name that is no float.
    pub fn to_f64(&self, data_type: DataType) -> Result<Option<f64>> {
        let value = match self {
            Self::Integer(v) => *v as f64,
            Self::Float(v) => *v,
            Self::Name(name) => match name.as_str() {
                "NaN" => f64::NAN,
                "Infinity" => f64::INFINITY,
                "-Infinity" => f64::NEG_INFINITY,
                other => {
                    return Err(Error::InvalidArgument(format!(
                        "nodata is \"{other}\", allowed are numbers, \"NaN\", \"Infinity\" and \"-Infinity\""
                    )));
                }
            },
        };
        let (low, high) = match data_type {
            DataType::UInt8 => (0.0, 255.0),
            DataType::Int16 => (-32768.0, 32767.0),
            DataType::UInt16 => (0.0, 65535.0),
            DataType::Int32 => (f64::from(i32::MIN), f64::from(i32::MAX)),
            DataType::Float32 | DataType::Float64 => return Ok(Some(value)),
        };
        Ok((value >= low && value <= high && value.fract() == 0.0).then_some(value))
    }
}

impl std::str::FromStr for NoData {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        if let Ok(v) = text.parse::<i64>() {
            return Ok(Self::Integer(v));
        }
        match text.parse::<f64>() {
            Ok(v) if v.is_nan() => Ok(Self::Name("NaN".to_owned())),
            Ok(v) if v == f64::INFINITY => Ok(Self::Name("Infinity".to_owned())),
            Ok(v) if v == f64::NEG_INFINITY => Ok(Self::Name("-Infinity".to_owned())),
            Ok(v) => Ok(Self::Float(v)),
            Err(_) => Err(Error::InvalidArgument(format!(
                "nodata is \"{text}\", allowed are numbers, NaN, Infinity and -Infinity"
            ))),
        }
    }
}
