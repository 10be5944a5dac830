//! The package file, `NAME.vqm`, and its hash.
use crate::config::ModelReference;
use crate::error::Result;
use crate::model::{Manifest, Priors};
use std::path::Path;

/// The largest decoding half, compressed, that is embedded in an array's metadata, in bytes.
pub const MAX_EMBEDDED: usize = 4 << 20;

/// A model: a fitted one with its encoder, or the decoding half of one.
#[derive(Debug)]
pub struct Model { pub(crate) manifest: Manifest, pub(crate) priors: Priors, decoder: Vec<u8>, encoder: Option<Vec<u8>>, sha256: String }

impl Model {
    /// Opens a package file.
    pub fn open(path: &Path) -> Result<Self> { todo!() }
    /// Writes the package beside `path`, then renames it into place.
    pub fn save(&self, path: &Path) -> Result<()> { todo!() }
    /// The hash that names the model: 64 hexadecimal digits.
    pub fn sha256(&self) -> &str { &self.sha256 }
    /// The manifest.
    pub fn manifest(&self) -> &Manifest { &self.manifest }
    /// Whether the encoder is there, that is, whether the model can write.
    pub fn can_encode(&self) -> bool { self.encoder.is_some() }
    /// The reference that goes into an array's metadata, with the decoding half when it is small enough.
    pub fn reference(&self) -> Result<ModelReference> { todo!() }
}
