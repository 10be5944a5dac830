//! What settling the quality of an array needs, whatever the array.

use crate::encode::options::EncodeOptions;
use crate::progress::Progress;
use std::sync::Arc;
use vqz_codec::model::Model;

/// What settling a quality needs.
pub(crate) struct Settling<'a> {
    /// How arrays are encoded.
    pub(crate) options: &'a EncodeOptions,
    /// The model.
    pub(crate) model: &'a Arc<Model>,
    /// Hears of the search.
    pub(crate) progress: &'a dyn Progress,
}
