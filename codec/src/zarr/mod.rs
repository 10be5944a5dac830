//! The adapter between the codec and zarrs: registration, metadata, whole chunks, parts of chunks.
//!
//! Last station outwards, first inwards: zarrs hands over chunks and byte ranges, [`crate::pipeline`] does the work.
//! Everything here speaks the traits of `zarrs_codec`, which change between releases; nothing outside this folder
//! knows of them. Linking this crate registers the codec under the name [`NAME`] and its alias [`FORMER_NAME`]:
//!
//! ```
//! use vqz_codec as _;
//! ```

mod codec;
mod partial;
mod reads;
mod request;
mod source;

pub use codec::VqzCodec;
pub use reads::{Reads, reads};

use crate::config::Configuration;
use crate::error::{Error, Result};
use crate::name::{FORMER_NAME, NAME};
use zarrs_codec::{CodecError, CodecPluginV3};
use zarrs_metadata::v3::MetadataV3;
use zarrs_plugin::PluginCreateError;

// An array keeps the name that it was opened under when zarrs stores its metadata again, unless the option
// `convert_aliased_extension_names` is set: then it gets the new one.
zarrs_plugin::impl_extension_aliases!(VqzCodec, v3: NAME, [FORMER_NAME]);

inventory::submit! {
    CodecPluginV3::new::<VqzCodec>()
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
