//! Integers whose sign is not the one that they are read with.
//!
//! GDAL before version 3.7 has no type for bytes with a sign: it reads them as bytes without one, and says so in metadata. NetCDF before
//! version 4 has no types without a sign: the attribute `_Unsigned` says that integers with one stand for such without.

use crate::sample::DataType;
use gdal::Metadata as _;
use gdal::raster::RasterBand;
use serde_json::{Map, Value};

/// How integers that were read stand for those that are meant.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Sign {
    /// They are the same.
    #[default]
    AsRead,
    /// Bytes with a sign are read as such without one: 255 stands for -1.
    Added,
    /// Bytes without a sign are read as 16 bits with one: -1 stands for 255.
    Removed,
}

impl Sign {
    /// The sign of integers that are read as one type and meant as another.
    #[must_use]
    pub fn of_types(read: DataType, meant: DataType) -> Self {
        match (read, meant) {
            // GDAL before version 3.7 reads bytes with a sign as 16 bits.
            (DataType::Int16, DataType::UInt8) => Self::Removed,
            _ => Self::AsRead,
        }
    }

    /// The sample that one which was read stands for.
    #[must_use]
    pub fn meant(self, read: f64) -> f64 {
        match self {
            Self::Added if read > 127.0 => read - 256.0,
            Self::Removed if read < 0.0 => read + 256.0,
            _ => read,
        }
    }

    /// The type of the samples that are meant.
    #[must_use]
    pub fn data_type(self, read: DataType) -> DataType {
        match self {
            Self::AsRead => read,
            Self::Added => DataType::Int16,
            Self::Removed => DataType::UInt8,
        }
    }

    /// Corrects attributes that are samples, such as valid ranges and the values of flags.
    pub(crate) fn correct(self, attributes: &mut Map<String, Value>, names: &[&str]) {
        let meant = |value: &mut Value| {
            if let Some(read) = value.as_i64() {
                *value = Value::from(self.meant(read as f64) as i64);
            }
        };
        for name in names {
            match attributes.get_mut(*name) {
                Some(Value::Array(values)) => values.iter_mut().for_each(meant),
                Some(value) => meant(value),
                None => {}
            }
        }
    }
}

/// Whether GDAL reads the samples of a band, which are bytes with a sign, as bytes without one: 255 stands for -1.
#[must_use]
pub fn is_signed_byte(band: &RasterBand<'_>) -> bool {
    band.metadata_item("PIXELTYPE", "IMAGE_STRUCTURE").is_some_and(|item| item == "SIGNEDBYTE")
}

/// A value that means "no data" among bytes with a sign, which files state with the sign or without; `None` where no such byte
/// can equal it.
#[must_use]
pub fn signed_byte_nodata(value: f64) -> Option<f64> {
    if (128.0..256.0).contains(&value) && value.fract() == 0.0 {
        return Some(value - 256.0);
    }
    Some(value).filter(|v| v.fract() == 0.0 && (-128.0..128.0).contains(v))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn integers_are_what_is_meant() {
        let bytes = Sign::of_types(DataType::Int16, DataType::UInt8);
        assert_eq!([-1.0, -128.0, 0.0, 127.0].map(|read| bytes.meant(read)), [255.0, 128.0, 0.0, 127.0]);
        assert_eq!(bytes.data_type(DataType::Int16), DataType::UInt8);
        assert_eq!((Sign::Added.meant(255.0), Sign::Added.meant(127.0)), (-1.0, 127.0));
        assert_eq!(Sign::of_types(DataType::UInt8, DataType::UInt8), Sign::AsRead);
        let mut attributes =
            serde_json::json!({"valid_range": [0, -2], "valid_max": -2, "units": "1", "flag_values": [0, 1]});
        bytes.correct(
            attributes.as_object_mut().unwrap(),
            &["valid_range", "valid_max", "flag_values", "none"],
        );
        assert_eq!(
            attributes,
            serde_json::json!({"valid_range": [0, 254], "valid_max": 254, "units": "1", "flag_values": [0, 1]})
        );
    }

    #[test]
    fn nodata_is_stated_with_the_sign_or_without() {
        assert_eq!((signed_byte_nodata(255.0), signed_byte_nodata(-1.0)), (Some(-1.0), Some(-1.0)));
        assert_eq!((signed_byte_nodata(128.0), signed_byte_nodata(127.0)), (Some(-128.0), Some(127.0)));
        for value in [256.0, -129.0, 0.5, 200.5, f64::NAN, f64::INFINITY] {
            assert_eq!(signed_byte_nodata(value), None, "{value}");
        }
    }
}
