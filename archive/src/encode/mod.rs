//! Encoding: from rasters to an archive.
//!
//! A chunk's way through here: [`plan`] opens the input and decides what to do with each array, [`array`] settles the
//! quality it is encoded at ([`search`] looks for one where a target is given), [`layout`] gives it chunks and
//! codecs, [`crate::write`] moves its samples chunk by chunk through the codec into files, and [`summary`] measures
//! what was written.

pub(crate) mod array;
mod bands;
pub(crate) mod bound;
mod configure;
mod fitness;
pub(crate) mod input;
pub(crate) mod layout;
pub(crate) mod model;
pub(crate) mod options;
pub(crate) mod plan;
pub(crate) mod quality;
pub(crate) mod remarks;
pub(crate) mod run;
pub(crate) mod search;
mod settling;
pub(crate) mod summary;

pub use bound::Bound;
pub use configure::configure;
pub use input::Input;
pub use layout::archive_metadata;
pub use model::open_model;
pub use options::EncodeOptions;
pub use run::{encode, encode_share};
pub use summary::{EncodeSummary, EncodedArraySummary};
