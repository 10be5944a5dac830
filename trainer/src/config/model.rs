//! The model that a fit makes: its name, its kind, and the texts of its card.

use super::section::section;
use serde::{Deserialize, Serialize};

/// The architecture of the network.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Architecture {
    /// The linear path with convolutional corrections.
    Conv,
    /// Residual blocks and self-attention.
    Resnet,
}

/// How latents become codes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum QuantiserKind {
    /// Scalar codes.
    Fsq,
    /// One codebook.
    Vq,
    /// Stages of codebooks.
    Rvq,
}

section! {
    /// The model that a fit makes.
    ModelSection {
        /// Its name; by default that of the output file.
        name: String = String::new(),
        /// conv or resnet.
        architecture: Architecture = Architecture::Conv,
        /// fsq, vq or rvq.
        quantiser: QuantiserKind = QuantiserKind::Fsq,
        /// Pixels along the side of a patch: 8, 16 or 32.
        patch: usize = 16,
        /// The value against which PSNR is stated. 0 means: 255 for 8 bits, 10000 for samples that look like
        /// reflectances, and otherwise the range of the samples.
        peak: f64 = 0.0,
        /// Scale each band by its own spread, for bands in different units.
        scale_each_band: bool = false,
        /// Its licence, which may depend on that of the data.
        licence: String = "not stated".to_owned(),
        /// What the data are and whom to credit.
        attribution: String = String::new(),
    }
}
