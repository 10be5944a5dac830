//! The vqz codec for zarrs: registration, metadata, whole chunks, parts of chunks.
//!
//! zarrs hands over chunks and byte ranges, and [`vqz_codec::pipeline`] does the work. This crate alone speaks the traits of
//! `zarrs_codec`, which change between releases. Linking it registers the codec under the name [`NAME`] and its alias [`FORMER_NAME`]:
//!
//! ```
//! use vqz_zarr as _;
//! ```
#![forbid(unsafe_code)]

mod codec;
pub mod engines;
mod error;
mod metadata;
pub mod models;
mod partial;
mod reads;
mod request;
mod source;
mod traits;

pub use codec::VqzCodec;
pub use error::codec_error;
pub use metadata::metadata;
pub use reads::{Reads, reads};

use vqz_codec::name::{FORMER_NAME, NAME};
use zarrs_codec::CodecPluginV3;

// An array keeps the name that it was opened under when zarrs stores its metadata again, unless the option
// `convert_aliased_extension_names` is set: then it gets the new one.
zarrs_plugin::impl_extension_aliases!(VqzCodec, v3: NAME, [FORMER_NAME]);

inventory::submit! {
    CodecPluginV3::new::<VqzCodec>()
}
