//! The adapter between the codec and zarrs: registration, metadata, whole chunks, parts of chunks.
//!
//! Last station outwards, first inwards: zarrs hands over chunks and byte ranges, [`crate::pipeline`] does the work.
//! Everything here speaks the traits of `zarrs_codec`, which change between releases; nothing outside this folder
//! knows of them. Linking this crate registers the codec under the name [`NAME`]:
//!
//! ```
//! use vqz_codec as _;
//! ```

mod codec;
mod partial;
mod reads;
mod request;
mod source;

pub use codec::VqvaeCodec;
pub use reads::{Reads, reads};

use crate::config::Configuration;
use crate::error::{Error, Result};
use zarrs_codec::{CodecError, CodecPluginV3};
use zarrs_metadata::v3::MetadataV3;
use zarrs_plugin::PluginCreateError;

/// The codec's name in Zarr metadata.
pub const NAME: &str = "vqvae";

zarrs_plugin::impl_extension_aliases!(VqvaeCodec, v3: NAME);

inventory::submit! {
    CodecPluginV3::new::<VqvaeCodec>()
}

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

impl From<Error> for CodecError {
    fn from(error: Error) -> Self {
        Self::Other(error.to_string())
    }
}

impl From<Error> for PluginCreateError {
    fn from(error: Error) -> Self {
        Self::Other(error.to_string())
    }
}
