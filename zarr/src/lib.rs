//! The vqz codec for zarrs: registration, metadata, whole chunks, parts of chunks.
//!
//! zarrs hands over chunks and byte ranges, and [`vqz_codec::pipeline`] does the work. This crate alone speaks the traits of
//! `zarrs_codec`, which change between releases. Linking it registers the codec under the name [`NAME`], and
//! under the name [`FORMER_NAME`] of archives from before the first release:
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
pub use vqz_codec::name::NAME;

use vqz_codec::name::FORMER_NAME;
use zarrs_codec::CodecPluginV3;

// zarrs keeps the name that an array was opened under when it stores the array's metadata again, unless its option
// `convert_aliased_extension_names` is set: then it writes the present name.
zarrs_plugin::impl_extension_aliases!(VqzCodec, v3: NAME, [FORMER_NAME]);

inventory::submit! {
    CodecPluginV3::new::<VqzCodec>()
}
