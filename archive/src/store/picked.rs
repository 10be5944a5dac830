//! Copies some steps of a small array along one of its dimensions: coordinates of the bands that are encoded.
//!
//! The elements are not interpreted, so any type is taken whose elements all have one length, and texts.

use crate::error::{Context, Result, fail};
use crate::metadata::document::Metadata;
use crate::store::files;
use crate::store::opened::open_as;
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use zarrs::array::{Array, ArrayBytes, ArraySubset};
use zarrs::filesystem::FilesystemStore;

/// Some steps of an array.
pub(crate) struct PickedArray {
    from: PathBuf,
    metadata: Metadata,
    dimension: usize,
    picks: Vec<u64>,
}

impl PickedArray {
    /// The steps `picks` of the array in the folder `from`, along a dimension.
    ///
    /// # Errors
    /// When one of them lies outside of the array, or its elements are of a type that is not known.
    pub(crate) fn new(from: &Path, metadata: &Metadata, dimension: usize, picks: &[u64]) -> Result<Self> {
        let extent = metadata.shape()?.get(dimension).copied().unwrap_or(0);
        if let Some(beyond) = picks.iter().find(|pick| **pick >= extent) {
            return Err(fail!(Corrupt, "{} has {extent} steps, step {beyond} is asked for", from.display()));
        }
        opened(from, metadata).with_context(|| format!("opening {}", from.display()))?;
        Ok(Self { from: from.to_path_buf(), metadata: metadata.clone(), dimension, picks: picks.to_vec() })
    }

    /// The steps, from 0.
    pub(crate) fn picks(&self) -> &[u64] {
        &self.picks
    }

    /// Writes them to a folder: the elements first, then the metadata.
    ///
    /// # Errors
    /// When the array can't be read, has elements of a type that is not known, or the file system refuses.
    pub(crate) fn write(&self, folder: &Path) -> Result<()> {
        let picked = self.metadata_of_picks()?;
        let copy = || -> Result<()> {
            let source = opened(&self.from, &self.metadata)?;
            let target = opened(folder, &picked)?;
            let step = |at: u64| -> ArraySubset {
                let mut ranges: Vec<_> = source.shape().iter().map(|extent| 0..*extent).collect();
                ranges[self.dimension] = at..at + 1;
                ArraySubset::new_with_ranges(&ranges)
            };
            for (to, from) in self.picks.iter().enumerate() {
                let elements: ArrayBytes<'static> = source.retrieve_array_subset(&step(*from))?;
                target.store_array_subset(&step(to as u64), elements)?;
            }
            files::write_atomically(&folder.join("zarr.json"), &picked.to_bytes()?)
        };
        copy().with_context(|| format!("copying steps of {}", self.from.display()))
    }

    fn metadata_of_picks(&self) -> Result<Metadata> {
        let mut metadata = self.metadata.clone();
        let mut shape = metadata.shape()?;
        shape[self.dimension] = self.picks.len() as u64;
        metadata.json_mut().insert("shape".to_owned(), Value::from(shape));
        Ok(metadata)
    }
}

/// Opens an array with elements that are not interpreted: types that zarrs does not know are read as bytes.
fn opened(folder: &Path, metadata: &Metadata) -> Result<Array<FilesystemStore>> {
    let mut metadata = metadata.clone();
    if let Some(length) = element_length(metadata.json()) {
        metadata.json_mut().insert("data_type".to_owned(), json!(format!("r{}", 8 * length)));
        metadata.json_mut().insert("fill_value".to_owned(), json!(vec![0; length as usize]));
    }
    open_as(folder, &metadata)
}

/// The bytes of an element of a type with a configuration that states them, such as NumPy's texts of a fixed length.
fn element_length(json: &serde_json::Map<String, Value>) -> Option<u64> {
    let length = json.get("data_type")?.pointer("/configuration/length_bytes")?.as_u64()?;
    (1..=1 << 16).contains(&length).then_some(length)
}
