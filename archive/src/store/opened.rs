//! Zarr arrays in folders, opened by zarrs.

use crate::error::{Context, Result, fail};
use crate::metadata::document::Metadata;
use std::path::Path;
use std::sync::Arc;
use vqz_codec::engine::EngineKind;
use zarrs::array::{Array, ArrayMetadata, CodecSpecificOptions};
use zarrs::filesystem::FilesystemStore;
use zarrs::storage::store::MemoryStore;
use zarrs::storage::{StoreKey, WritableStorageTraits as _};

/// Opens the array in a folder.
pub fn open_array(folder: &Path, engine: Option<EngineKind>) -> Result<Array<FilesystemStore>> {
    let array = Metadata::read(folder)
        .and_then(|metadata| open_as(folder, &metadata))
        .with_context(|| format!("opening the array {}", folder.display()))?;
    Ok(match engine {
        Some(engine) => {
            array.with_codec_specific_options(&CodecSpecificOptions::default().with_option(engine))
        }
        None => array,
    })
}

/// Opens the chunks in a folder as an array with these metadata. zarrs gets no attributes: it has no use for them, and refuses those
/// that JSON has no number for.
pub(crate) fn open_as(folder: &Path, metadata: &Metadata) -> Result<Array<FilesystemStore>> {
    let mut metadata = metadata.clone();
    metadata.json_mut().remove("attributes");
    let document = MemoryStore::new();
    let key = StoreKey::new("zarr.json").map_err(|error| fail!(Codec, "{error}"))?;
    document.set(&key, metadata.to_bytes()?.into())?;
    let array = Array::open(Arc::new(document), "/")?;
    let store = FilesystemStore::new(folder).with_context(|| format!("opening {}", folder.display()))?;
    Ok(array.with_storage(Arc::new(store)))
}

/// One sample of the fill value in native byte order, for an array that is not written yet.
///
/// # Errors
/// When zarrs or one of its codecs refuses the metadata.
pub(crate) fn fill_bytes(metadata: &Metadata) -> Result<Vec<u8>> {
    let mut json = metadata.json().clone();
    json.remove("attributes");
    let metadata: ArrayMetadata = serde_json::from_value(json.into())?;
    let array = Array::new_with_metadata(Arc::new(MemoryStore::new()), "/", metadata)?;
    Ok(array.fill_value().as_ne_bytes().to_vec())
}
