//! Attributes that keep metadata for which only GDAL has a name.

/// The attribute that keeps those metadata items of a file that no other attribute states.
#[cfg(feature = "gdal")]
pub(crate) const ITEMS: &str = "gdal_metadata";

/// The attribute with the colour interpretation of bands, in GDAL's words.
pub(crate) const COLOURS: &str = vqz_raster::band::INTERPRETATION;
