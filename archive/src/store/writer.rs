//! Writes a Zarr array chunk by chunk. The file of each chunk exists completely or not at all, so that work can be
//! resumed.

use crate::error::{Context, Result};
use crate::metadata::document::Metadata;
use crate::raster::region::{Grid, extents, pad};
use crate::raster::stored::StoredChunks;
use crate::store::chunk_keys::stored_chunks;
use crate::store::files::{self, Stored};
use crate::store::opened::open_array;
use serde_json::Value;
use std::path::{Path, PathBuf};
use vqz_codec::engine::EngineKind;
use zarrs::array::{Array, ArrayBytes, ArrayToBytesCodecTraits, CodecOptions};
use zarrs::filesystem::FilesystemStore;

/// An array that is being written.
pub(crate) struct ArrayWriter {
    array: Array<FilesystemStore>,
    folder: PathBuf,
    grid: Grid,
    metadata: Metadata,
    checksum: u32,
}

impl ArrayWriter {
    /// Writes the array's metadata and opens it for its chunks.
    ///
    /// # Errors
    /// When zarrs or one of its codecs refuses the metadata, or they can't be written.
    pub(crate) fn create(folder: &Path, metadata: &Metadata, engine: Option<EngineKind>) -> Result<Self> {
        files::write_atomically(&folder.join("zarr.json"), &metadata.to_bytes()?)?;
        Self::open(folder, engine)
    }

    /// Opens an array whose metadata are already written, to write its chunks.
    ///
    /// # Errors
    /// When zarrs or one of its codecs does not take the metadata.
    pub(crate) fn open(folder: &Path, engine: Option<EngineKind>) -> Result<Self> {
        let mut metadata = Metadata::read(folder)?;
        // It is written once all chunks are there, and changes none of them.
        metadata.remove_record();
        let array = open_array(folder, engine)?;
        Ok(Self {
            array,
            folder: folder.to_path_buf(),
            grid: Grid::new(&metadata.shape()?, &metadata.chunk_shape()?),
            checksum: crc32c::crc32c(&metadata.to_bytes()?),
            metadata,
        })
    }

    /// The grid of chunks to write. If the array is sharded, these are the shards.
    pub(crate) fn grid(&self) -> &Grid {
        &self.grid
    }

    /// The fill value, as the metadata have it.
    pub(crate) fn fill_value(&self) -> Option<&Value> {
        self.metadata.json().get("fill_value")
    }

    /// A checksum of the metadata that chunks are written with.
    pub(crate) fn checksum(&self) -> u32 {
        self.checksum
    }

    /// The file of a chunk.
    pub(crate) fn chunk_path(&self, indices: &[u64]) -> PathBuf {
        self.folder.join(self.array.chunk_key(indices).as_str())
    }

    /// The name of a chunk in a hierarchy, in which the array has this path.
    pub(crate) fn chunk_name(&self, array: &str, indices: &[u64]) -> String {
        let key = self.array.chunk_key(indices);
        if array.is_empty() { key.to_string() } else { format!("{array}/{key}") }
    }

    /// Whether a chunk is stored already. A chunk of nothing but the fill value is never stored.
    pub(crate) fn has(&self, indices: &[u64]) -> bool {
        self.chunk_path(indices).is_file()
    }

    /// The chunks that are stored; none where that can't be told from the names of files.
    ///
    /// # Errors
    /// When a folder can't be listed.
    pub(crate) fn stored(&self) -> Result<Option<StoredChunks>> {
        stored_chunks(&self.folder, &self.metadata)
    }

    /// Encodes and writes a chunk, given the samples of its region. The region ends at the array's edges. Returns what was written;
    /// nothing where all samples are the fill value, and then no file is left.
    ///
    /// # Errors
    /// When a codec or the file system fails.
    pub(crate) fn write(&self, indices: &[u64], samples: Vec<u8>) -> Result<Option<Stored>> {
        let chunk = self.grid.chunk();
        let inside = extents(&self.grid.region(indices));
        let fill = self.array.fill_value();
        let bytes = ArrayBytes::new_flen(pad(samples, &inside, chunk, fill.as_ne_bytes()));
        let path = self.chunk_path(indices);
        if bytes.is_fill_value(fill) {
            if path.symlink_metadata().is_ok() {
                files::remove(&path)?;
            }
            return Ok(None);
        }
        let encoded = self
            .array
            .codecs()
            .encode(
                bytes,
                &self.array.chunk_shape(indices)?,
                self.array.data_type(),
                fill,
                &CodecOptions::default(),
            )
            .with_context(|| format!("encoding chunk {}", self.array.chunk_key(indices)))?;
        files::write_atomically(&path, &encoded)?;
        Ok(Some(Stored::of(&encoded)))
    }
}
