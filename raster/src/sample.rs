//! Types of samples, and the conversions between them and doubles.

pub use vqz_codec::DataType;

/// Which values a type of samples has.
pub trait ValueRange: Copy {
    /// Whether it is a floating-point type.
    fn is_float(self) -> bool;

    /// The least and the largest finite value.
    fn range(self) -> [f64; 2];

    /// Whether a sample of this type can equal a value. A value that means "no data" must pass this.
    fn holds(self, value: f64) -> bool;
}

impl ValueRange for DataType {
    fn is_float(self) -> bool {
        matches!(self, Self::Float32 | Self::Float64)
    }

    fn range(self) -> [f64; 2] {
        match self {
            Self::UInt8 => [0.0, f64::from(u8::MAX)],
            Self::Int16 => [f64::from(i16::MIN), f64::from(i16::MAX)],
            Self::UInt16 => [0.0, f64::from(u16::MAX)],
            Self::Int32 => [f64::from(i32::MIN), f64::from(i32::MAX)],
            Self::Float32 => [f64::from(f32::MIN), f64::from(f32::MAX)],
            Self::Float64 => [f64::MIN, f64::MAX],
        }
    }

    fn holds(self, value: f64) -> bool {
        let [least, largest] = self.range();
        match self {
            Self::Float32 => !value.is_finite() || f64::from(value as f32) == value,
            Self::Float64 => true,
            _ => value.fract() == 0.0 && (least..=largest).contains(&value),
        }
    }
}

/// A type of Rust that is a type of samples. With the feature `gdal`, GDAL reads and writes it too.
pub trait Sample: Readable + bytemuck::Pod + Default + PartialEq + Send + Sync {
    /// Its type.
    const TYPE: DataType;

    /// The sample as a double, exactly.
    fn to_f64(self) -> f64;

    /// The nearest sample to a double: rounded half to even and clipped to the range; NaN becomes 0 in integers.
    fn from_f64(value: f64) -> Self;
}

/// What GDAL asks of a type that it reads samples into; nothing without GDAL.
#[cfg(feature = "gdal")]
pub use gdal::raster::GdalType as Readable;

/// What GDAL asks of a type that it reads samples into; nothing without GDAL.
#[cfg(not(feature = "gdal"))]
pub trait Readable {}

macro_rules! sample {
    ($type:ty, $name:ident) => {
        #[cfg(not(feature = "gdal"))]
        impl Readable for $type {}

        impl Sample for $type {
            const TYPE: DataType = DataType::$name;

            fn to_f64(self) -> f64 {
                f64::from(self)
            }

            fn from_f64(value: f64) -> Self {
                if DataType::$name.is_float() { value as $type } else { value.round_ties_even() as $type }
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

/// The type that holds all samples of a type of GDAL's.
///
/// # Errors
/// [`crate::Error::Mismatch`] for complex numbers, integers of 64 bits, and integers of 32 bits without a sign.
#[cfg(feature = "gdal")]
pub fn data_type_of_gdal(found: gdal::raster::GdalDataType) -> crate::Result<DataType> {
    use gdal::raster::GdalDataType;
    Ok(match found {
        GdalDataType::UInt8 => DataType::UInt8,
        GdalDataType::Int16 => DataType::Int16,
        GdalDataType::UInt16 => DataType::UInt16,
        GdalDataType::Int32 => DataType::Int32,
        GdalDataType::Float32 => DataType::Float32,
        GdalDataType::Float64 => DataType::Float64,
        // The codec has no type of 8 bits with a sign. GDAL has had one since version 3.7.
        other if other.name() == "Int8" => DataType::Int16,
        other => {
            return Err(crate::Error::Mismatch(format!(
                "samples are {}, allowed are int8, {}; convert them first",
                other.name(),
                DataType::ALL.map(DataType::name).join(", ")
            )));
        }
    })
}

/// Calls a function with the type parameter that a [`DataType`] stands for.
#[macro_export]
macro_rules! with_sample_type {
    ($type:expr, $function:ident $(:: $rest:ident)* ( $($argument:expr),* $(,)? )) => {
        match $type {
            $crate::sample::DataType::UInt8 => $function$(::$rest)*::<u8>($($argument),*),
            $crate::sample::DataType::Int16 => $function$(::$rest)*::<i16>($($argument),*),
            $crate::sample::DataType::UInt16 => $function$(::$rest)*::<u16>($($argument),*),
            $crate::sample::DataType::Int32 => $function$(::$rest)*::<i32>($($argument),*),
            $crate::sample::DataType::Float32 => $function$(::$rest)*::<f32>($($argument),*),
            $crate::sample::DataType::Float64 => $function$(::$rest)*::<f64>($($argument),*),
        }
    };
}
