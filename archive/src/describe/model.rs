//! The description of a model.

use crate::error::{Context, Result, bail};
use serde::Serialize;
use std::path::Path;
use vqz_codec::model::Manifest;
use vqz_zarr::models;

/// The description of a model.
#[derive(Clone, Debug, Serialize)]
#[non_exhaustive]
pub struct ModelDescription {
    /// Its file.
    pub path: String,
    /// SHA-256 of its decoding half, by which archives name it.
    pub sha256: String,
    /// Whether it holds the encoding half too.
    pub can_encode: bool,
    /// Bytes of the file.
    pub file_bytes: u64,
    /// Bytes that the decoding half takes in an array's metadata; none where it is too large to be embedded.
    pub embedded_bytes: Option<usize>,
    /// Its manifest: what the model states about itself.
    pub manifest: Manifest,
}

/// Describes a model, a `.vqm` file.
///
/// # Errors
/// [`NotFound`](crate::ErrorKind::NotFound) when there is no such file, and [`Corrupt`](crate::ErrorKind::Corrupt) when it is
/// damaged.
pub fn describe_model(path: impl AsRef<Path>) -> Result<ModelDescription> {
    let path = path.as_ref();
    if !path.is_file() {
        bail!(NotFound, "model {} does not exist; give the path of a .vqm file", path.display());
    }
    let model = models::open(path).with_context(|| format!("opening model {}", path.display()))?;
    Ok(ModelDescription {
        path: path.display().to_string(),
        sha256: model.sha256().to_owned(),
        can_encode: model.can_encode(),
        file_bytes: std::fs::metadata(path).with_context(|| format!("reading {}", path.display()))?.len(),
        embedded_bytes: model.reference()?.decoder.map(|text| text.len()),
        manifest: model.manifest().clone(),
    })
}
