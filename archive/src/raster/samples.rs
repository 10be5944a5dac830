//! Samples of any type as 64-bit floats, and the mask of those that mean "no data".

use crate::error::Result;
use vqz_codec::config::NoData;
use vqz_codec::sample::DataType;

/// The samples of a block as floats: exact for every type that the codec takes.
///
/// `bytes` are in native order, a whole number of samples.
pub fn to_f64(data_type: DataType, bytes: &[u8]) -> Vec<f64> {
    fn convert<const N: usize>(bytes: &[u8], value: impl Fn([u8; N]) -> f64) -> Vec<f64> {
        bytes.as_chunks::<N>().0.iter().map(|b| value(*b)).collect()
    }
    match data_type {
        DataType::UInt8 => bytes.iter().map(|v| f64::from(*v)).collect(),
        DataType::Int16 => convert(bytes, |b| f64::from(i16::from_ne_bytes(b))),
        DataType::UInt16 => convert(bytes, |b| f64::from(u16::from_ne_bytes(b))),
        DataType::Int32 => convert(bytes, |b| f64::from(i32::from_ne_bytes(b))),
        DataType::Float32 => convert(bytes, |b| f64::from(f32::from_ne_bytes(b))),
        DataType::Float64 => convert(bytes, f64::from_ne_bytes),
    }
}

/// The bytes of a value as one sample of this type, in native byte order.
#[cfg(feature = "gdal")]
pub(crate) fn bytes_of(data_type: DataType, value: f64) -> Vec<u8> {
    match data_type {
        DataType::UInt8 => vec![value as u8],
        DataType::Int16 => (value as i16).to_ne_bytes().to_vec(),
        DataType::UInt16 => (value as u16).to_ne_bytes().to_vec(),
        DataType::Int32 => (value as i32).to_ne_bytes().to_vec(),
        DataType::Float32 => (value as f32).to_ne_bytes().to_vec(),
        DataType::Float64 => value.to_ne_bytes().to_vec(),
    }
}

/// The values of one array that mean "no data".
#[derive(Clone, Debug, Default)]
pub struct Mask {
    values: Vec<f64>,
}

impl Mask {
    /// The declared values that a sample of this type can have. Non-finite samples are masked in any case.
    pub fn new(nodata: &[NoData], data_type: DataType) -> Result<Self> {
        let mut values = Vec::new();
        for declared in nodata {
            let value = declared.to_f64(data_type)?;
            // A float32 array holds the float32 nearest to a declared value.
            let value =
                if data_type == DataType::Float32 { value.map(|v| f64::from(v as f32)) } else { value };
            values.extend(value.filter(|v| !v.is_nan()));
        }
        Ok(Self { values })
    }

    /// Whether a sample has data.
    #[inline]
    pub fn is_valid(&self, value: f64) -> bool {
        value.is_finite() && !self.values.contains(&value)
    }

    /// Whether a sample means "no data": NaN and the declared values, and not an infinity that is not declared, which is no number to
    /// measure an error by and yet none that may be another.
    #[inline]
    pub fn is_missing(&self, value: f64) -> bool {
        value.is_nan() || self.values.contains(&value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_type_becomes_floats() {
        assert_eq!(to_f64(DataType::UInt8, &[3, 255]), [3.0, 255.0]);
        assert_eq!(to_f64(DataType::Int16, &(-2i16).to_ne_bytes()), [-2.0]);
        assert_eq!(to_f64(DataType::Int32, &i32::MIN.to_ne_bytes()), [-2_147_483_648.0]);
        assert_eq!(to_f64(DataType::Float64, &0.1f64.to_ne_bytes()), [0.1]);
    }

    #[test]
    fn a_mask_knows_the_nearest_float() {
        let mask = Mask::new(&[NoData::Float(0.1)], DataType::Float32).unwrap();
        assert!(!mask.is_valid(f64::from(0.1f32)));
        assert!(!mask.is_valid(f64::NAN));
        assert!(mask.is_valid(0.0));
        assert!(!mask.is_valid(f64::INFINITY) && !mask.is_missing(f64::INFINITY));
        let mask = Mask::new(&[NoData::Float(f64::INFINITY)], DataType::Float32).unwrap();
        assert!(mask.is_missing(f64::INFINITY) && !mask.is_missing(f64::NEG_INFINITY));
    }
}
