//! The description of a band, besides its samples: read from and written to the attributes of a Zarr array (`attributes`) and
//! a GDAL data set (`dataset`, with the feature `gdal`).

mod attributes;
mod carried;
#[cfg(feature = "gdal")]
mod categories;
#[cfg(feature = "gdal")]
mod code;
#[cfg(feature = "gdal")]
mod dataset;
mod flags;
#[cfg(feature = "gdal")]
mod signed;
#[cfg(feature = "gdal")]
mod wavelength;

pub use self::attributes::{bands_of_attributes, is_of_bands, set_band_attributes};
pub use self::carried::INTERPRETATION;
#[cfg(feature = "gdal")]
pub(crate) use self::carried::{OF_SAMPLES, give_attributes, is_carried};
#[cfg(feature = "gdal")]
pub use self::dataset::{read_bands, write_bands};
#[cfg(feature = "gdal")]
pub use self::signed::{Sign, is_signed_byte, signed_byte_nodata};
pub use crate::conventions::nodata::SampleKind;

use serde_json::{Map, Value};

/// A class of a categorical band.
#[derive(Clone, Debug, PartialEq)]
pub struct Category {
    /// The sample value.
    pub value: i64,
    /// Its name.
    pub name: Option<String>,
    /// Red, green, blue, alpha.
    pub colour: Option<[u8; 4]>,
}

/// A band.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Band {
    /// Its name: GDAL's description, or the name that the configuration or the file name gives.
    pub name: Option<String>,
    /// The unit of `scale · sample + offset`.
    pub unit: Option<String>,
    /// Central wavelength in micrometres.
    pub wavelength_um: Option<f64>,
    /// The value that means "no data".
    pub nodata: Option<f64>,
    /// Factor from samples to data units; 1 by default.
    pub scale: Option<f64>,
    /// Summand from samples to data units; 0 by default.
    pub offset: Option<f64>,
    /// Classes, where the band is categorical or has a colour table.
    pub categories: Vec<Category>,
    /// CF's attributes that say what its samples are and that no other field states: flags, the standard name, the valid range.
    pub attributes: Map<String, Value>,
}
