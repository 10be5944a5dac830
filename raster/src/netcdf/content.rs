//! What variables hold.

use super::handle::Handle;
use crate::Result;
use crate::sample::DataType;
use gdal_sys::GDALDataType;

/// What a variable holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Content {
    /// Samples.
    Samples(DataType),
    /// Signed, 64 bits.
    Integers,
    /// Texts.
    Texts,
}

impl Content {
    pub(super) fn gdal(self) -> GDALDataType::Type {
        match self {
            Self::Samples(DataType::UInt8) => GDALDataType::GDT_Byte,
            Self::Samples(DataType::Int16) => GDALDataType::GDT_Int16,
            Self::Samples(DataType::UInt16) => GDALDataType::GDT_UInt16,
            Self::Samples(DataType::Int32) => GDALDataType::GDT_Int32,
            Self::Samples(DataType::Float32) => GDALDataType::GDT_Float32,
            Self::Samples(DataType::Float64) => GDALDataType::GDT_Float64,
            Self::Integers | Self::Texts => GDALDataType::GDT_Int64,
        }
    }

    /// GDAL's type.
    pub(super) fn handle(self) -> Result<Handle<gdal_sys::GDALExtendedDataTypeHS>> {
        // SAFETY: neither call has conditions; the type is released with its own function.
        unsafe {
            let made = match self {
                Self::Texts => gdal_sys::GDALExtendedDataTypeCreateString(0),
                _ => gdal_sys::GDALExtendedDataTypeCreate(self.gdal()),
            };
            Handle::new(made, gdal_sys::GDALExtendedDataTypeRelease, || "a type".to_owned())
        }
    }
}
