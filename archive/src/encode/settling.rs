//! What is needed to settle the quality of any array.

use crate::encode::options::EncodeOptions;
use crate::progress::Progress;
use std::sync::Arc;
use vqz_codec::model::Model;

/// What is needed to settle a quality.
pub(crate) struct Settling<'a> {
    /// How arrays are encoded.
    pub(crate) options: &'a EncodeOptions,
    /// The model.
    pub(crate) model: &'a Arc<Model>,
    /// Receives the progress of the search.
    pub(crate) progress: &'a dyn Progress,
}
