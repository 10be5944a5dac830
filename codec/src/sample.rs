//! The sample types that arrays may have, and how a decoded float becomes one of them.

use crate::error::{Error, Result};
use bytemuck::Pod;
use serde::{Deserialize, Serialize};

/// A sample type, by its Zarr v3 name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum DataType {
    /// `uint8`
    UInt8,
    /// `int16`
    Int16,
    /// `uint16`
    UInt16,
    /// `int32`
    Int32,
    /// `float32`
    Float32,
    /// `float64`
    Float64,
}

impl DataType {
    /// All of them.
    pub const ALL: [Self; 6] =
        [Self::UInt8, Self::Int16, Self::UInt16, Self::Int32, Self::Float32, Self::Float64];

    /// From its Zarr v3 name.
    ///
    /// # Errors
    /// [`Error::InvalidArgument`] for any other name.
    pub fn from_name(name: &str) -> Result<Self> {
        Self::ALL.into_iter().find(|t| t.name() == name).ok_or_else(|| {
            Error::InvalidArgument(format!(
                "the array's data type is {name}, the codec takes uint8, int16, uint16, int32, float32 and float64; \
                 convert the array first"
            ))
        })
    }

    /// Its Zarr v3 name.
    #[must_use]
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
    #[must_use]
    pub fn size(self) -> usize {
        match self {
            Self::UInt8 => 1,
            Self::Int16 | Self::UInt16 => 2,
            Self::Int32 | Self::Float32 => 4,
            Self::Float64 => 8,
        }
    }
}

/// A sample type, with the operations that the pipeline needs.
pub trait Sample: Pod + PartialEq + PartialOrd + Send + Sync + std::fmt::Debug + 'static {
    /// Its type.
    const TYPE: DataType;
    /// The nearest value of this type to a decoded value: rounded to even and clipped; never NaN or infinite.
    fn from_decoded(value: f32) -> Self;
    /// The nearest value of this type, as [`Sample::from_decoded`] of a wider float.
    fn from_wide(value: f64) -> Self;
    /// The nearest value of this type to an integer.
    fn from_integer(value: i32) -> Self;
    /// As a float, exactly but for `Float64` beyond its own precision.
    fn to_f64(self) -> f64;
    /// As a float of the width in which the transform computes.
    fn to_f32(self) -> f32;
    /// Whether it is a finite number.
    fn is_finite(self) -> bool;
    /// The next representable values below and above, where there are any.
    fn neighbours(self) -> (Option<Self>, Option<Self>);
    /// The bit pattern, in the low bits.
    fn to_bits(self) -> u64;
    /// From a bit pattern.
    fn from_bits(bits: u64) -> Self;
}

macro_rules! integer_sample {
    ($type:ty, $unsigned:ty, $name:ident) => {
        impl Sample for $type {
            const TYPE: DataType = DataType::$name;
            #[inline(always)]
            fn from_decoded(value: f32) -> Self {
                // A cast saturates, and takes NaN to 0.
                value.round_ties_even() as $type
            }
            #[inline(always)]
            fn from_wide(value: f64) -> Self {
                value.round_ties_even() as $type
            }
            #[inline(always)]
            fn from_integer(value: i32) -> Self {
                i64::from(value).clamp(i64::from(<$type>::MIN), i64::from(<$type>::MAX)) as $type
            }
            #[inline(always)]
            fn to_f64(self) -> f64 {
                f64::from(self)
            }
            #[inline(always)]
            fn to_f32(self) -> f32 {
                self as f32
            }
            #[inline(always)]
            fn is_finite(self) -> bool {
                true
            }
            fn neighbours(self) -> (Option<Self>, Option<Self>) {
                (self.checked_sub(1), self.checked_add(1))
            }
            fn to_bits(self) -> u64 {
                u64::from(self as $unsigned)
            }
            fn from_bits(bits: u64) -> Self {
                bits as $unsigned as $type
            }
        }
    };
}

integer_sample!(u8, u8, UInt8);
integer_sample!(i16, u16, Int16);
integer_sample!(u16, u16, UInt16);
integer_sample!(i32, u32, Int32);

macro_rules! float_sample {
    ($type:ty, $unsigned:ty, $name:ident) => {
        impl Sample for $type {
            const TYPE: DataType = DataType::$name;
            #[inline(always)]
            fn from_decoded(value: f32) -> Self {
                // `max` and `min` take NaN to the other operand, so the result is always finite.
                value.max(f32::MIN).min(f32::MAX) as $type
            }
            #[inline(always)]
            fn from_wide(value: f64) -> Self {
                value.max(f64::from(<$type>::MIN)).min(f64::from(<$type>::MAX)) as $type
            }
            #[inline(always)]
            fn from_integer(value: i32) -> Self {
                value as $type
            }
            #[inline(always)]
            fn to_f64(self) -> f64 {
                f64::from(self)
            }
            #[inline(always)]
            fn to_f32(self) -> f32 {
                self as f32
            }
            #[inline(always)]
            fn is_finite(self) -> bool {
                <$type>::is_finite(self)
            }
            fn neighbours(self) -> (Option<Self>, Option<Self>) {
                (
                    Some(self.next_down()).filter(|v| v.is_finite()),
                    Some(self.next_up()).filter(|v| v.is_finite()),
                )
            }
            fn to_bits(self) -> u64 {
                u64::from(<$type>::to_bits(self))
            }
            fn from_bits(bits: u64) -> Self {
                <$type>::from_bits(bits as $unsigned)
            }
        }
    };
}

float_sample!(f32, u32, Float32);
float_sample!(f64, u64, Float64);

/// Runs a generic expression for the Rust type of a [`DataType`].
macro_rules! dispatch {
    ($data_type:expr, $T:ident => $body:expr) => {
        match $data_type {
            $crate::sample::DataType::UInt8 => {
                type $T = u8;
                $body
            }
            $crate::sample::DataType::Int16 => {
                type $T = i16;
                $body
            }
            $crate::sample::DataType::UInt16 => {
                type $T = u16;
                $body
            }
            $crate::sample::DataType::Int32 => {
                type $T = i32;
                $body
            }
            $crate::sample::DataType::Float32 => {
                type $T = f32;
                $body
            }
            $crate::sample::DataType::Float64 => {
                type $T = f64;
                $body
            }
        }
    };
}
pub(crate) use dispatch;
