//! The codec's metadata.

use vqz_codec::config::Configuration;
use vqz_codec::error::{Error, Result};
use vqz_codec::name::NAME;
use zarrs_metadata::v3::MetadataV3;

/// The codec's metadata, as it stands under `codecs` in `zarr.json`.
///
/// # Errors
/// [`Error::InvalidArgument`] for a configuration that JSON can't hold.
pub fn metadata(configuration: &Configuration) -> Result<MetadataV3> {
    if !configuration.quality.is_finite() {
        return Err(Error::InvalidArgument(format!(
            "quality is {}, it must be a finite number of decibels, such as 42",
            configuration.quality
        )));
    }
    MetadataV3::new_with_serializable_configuration(NAME.to_owned(), configuration)
        .map_err(|e| Error::InvalidArgument(format!("the configuration can't be written as JSON: {e}")))
}
