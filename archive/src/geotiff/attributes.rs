//! Attributes that keep what only GDAL has words for.

/// The attribute that keeps a file's metadata items which nothing else tells.
pub(crate) const ITEMS: &str = "gdal_metadata";

/// The attribute that says what bands are shown as, in GDAL's words.
pub(crate) const COLOURS: &str = "color_interpretation";
