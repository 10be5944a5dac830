//! Types of samples: what GDAL and Zarr call them, and a way from one to another.

use crate::error::{Error, Result};
use gdal::raster::GdalDataType;

/// The type of samples, as Zarr names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum SampleType {
    /// Unsigned, 8 bits.
    UInt8,
    /// Signed, 16 bits.
    Int16,
    /// Unsigned, 16 bits.
    UInt16,
    /// Signed, 32 bits.
    Int32,
    /// IEEE 754, 32 bits.
    Float32,
    /// IEEE 754, 64 bits.
    Float64,
}

impl SampleType {
    /// All of them.
    pub const ALL: [Self; 6] =
        [Self::UInt8, Self::Int16, Self::UInt16, Self::Int32, Self::Float32, Self::Float64];

    /// The name in Zarr metadata.
    pub fn name(self) -> &'static str {
        match self {
            Self::UInt8 => "uint8",
            Self::Int16 => "int16",
            Self::UInt16 => "uint16",
            Self::Int32 => "int32",
            Self::Float32 => "float32",
            Self::Float64 => "float64",
        }
    }

    /// Bytes of a sample.
    pub fn size(self) -> usize {
        match self {
            Self::UInt8 => 1,
            Self::Int16 | Self::UInt16 => 2,
            Self::Int32 | Self::Float32 => 4,
            Self::Float64 => 8,
        }
    }

    /// Whether it is a floating-point type.
    pub fn is_float(self) -> bool {
        matches!(self, Self::Float32 | Self::Float64)
    }

    /// The least and the largest finite value.
    pub fn range(self) -> [f64; 2] {
        match self {
            Self::UInt8 => [0.0, f64::from(u8::MAX)],
            Self::Int16 => [f64::from(i16::MIN), f64::from(i16::MAX)],
            Self::UInt16 => [0.0, f64::from(u16::MAX)],
            Self::Int32 => [f64::from(i32::MIN), f64::from(i32::MAX)],
            Self::Float32 => [f64::from(f32::MIN), f64::from(f32::MAX)],
            Self::Float64 => [f64::MIN, f64::MAX],
        }
    }

    /// Whether a value is one of the type's: what a nodata value must be, for a sample to equal it.
    pub fn holds(self, value: f64) -> bool {
        let [least, largest] = self.range();
        match self {
            Self::Float32 => !value.is_finite() || f64::from(value as f32) == value,
            Self::Float64 => true,
            _ => value.fract() == 0.0 && (least..=largest).contains(&value),
        }
    }

    /// The type that holds all samples of one of GDAL's.
    ///
    /// # Errors
    /// [`Error::Mismatch`] for complex numbers and integers of 64 bits or of 32 without a sign.
    pub fn of_gdal(found: GdalDataType) -> Result<Self> {
        Ok(match found {
            GdalDataType::UInt8 => Self::UInt8,
            GdalDataType::Int16 => Self::Int16,
            GdalDataType::UInt16 => Self::UInt16,
            GdalDataType::Int32 => Self::Int32,
            GdalDataType::Float32 => Self::Float32,
            GdalDataType::Float64 => Self::Float64,
            // There is no type of 8 bits with a sign among those that are coded. GDAL has it from 3.7 on.
            other if other.name() == "Int8" => Self::Int16,
            other => {
                return Err(Error::Mismatch(format!(
                    "samples are {}, allowed are int8, {}; convert them first",
                    other.name(),
                    Self::ALL.map(Self::name).join(", ")
                )));
            }
        })
    }
}

impl std::fmt::Display for SampleType {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name())
    }
}

/// A sample that GDAL reads and Zarr stores.
pub trait Sample: gdal::raster::GdalType + bytemuck::Pod + Default + PartialEq + Send + Sync {
    /// Its type.
    const TYPE: SampleType;

    /// As a double: exactly.
    fn to_f64(self) -> f64;

    /// The nearest sample: rounded half to even, saturated; NaN becomes 0 in integers.
    fn from_f64(value: f64) -> Self;
}

macro_rules! sample {
    ($type:ty, $name:ident) => {
        impl Sample for $type {
            const TYPE: SampleType = SampleType::$name;

            fn to_f64(self) -> f64 {
                f64::from(self)
            }

            fn from_f64(value: f64) -> Self {
                if SampleType::$name.is_float() { value as $type } else { value.round_ties_even() as $type }
            }
        }
    };
}

sample!(u8, UInt8);
sample!(i16, Int16);
sample!(u16, UInt16);
sample!(i32, Int32);
sample!(f32, Float32);
sample!(f64, Float64);

/// Calls a function with the type parameter that a [`SampleType`] stands for.
#[macro_export]
macro_rules! with_sample_type {
    ($type:expr, $function:ident $(:: $rest:ident)* ( $($argument:expr),* $(,)? )) => {
        match $type {
            $crate::sample::SampleType::UInt8 => $function$(::$rest)*::<u8>($($argument),*),
            $crate::sample::SampleType::Int16 => $function$(::$rest)*::<i16>($($argument),*),
            $crate::sample::SampleType::UInt16 => $function$(::$rest)*::<u16>($($argument),*),
            $crate::sample::SampleType::Int32 => $function$(::$rest)*::<i32>($($argument),*),
            $crate::sample::SampleType::Float32 => $function$(::$rest)*::<f32>($($argument),*),
            $crate::sample::SampleType::Float64 => $function$(::$rest)*::<f64>($($argument),*),
        }
    };
}
