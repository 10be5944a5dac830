//! Writes a Zarr array chunk by chunk. The file of each chunk exists completely or not at all, so that work can be
//! resumed.

use crate::error::{Context, Result};
use crate::metadata::document::Metadata;
use crate::raster::region::{Grid, extents, pad};
use crate::store::files;
use crate::store::reader::open_array;
use std::path::{Path, PathBuf};
use vqz_codec::engine::EngineKind;
use zarrs::array::{Array, ArrayBytes, ArrayToBytesCodecTraits, CodecOptions};
use zarrs::filesystem::FilesystemStore;

/// An array that is being written.
pub(crate) struct ArrayWriter {
    array: Array<FilesystemStore>,
    folder: PathBuf,
    grid: Grid,
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
        let metadata = Metadata::read(folder)?;
        let array = open_array(folder, engine)?;
        Ok(Self {
            array,
            folder: folder.to_path_buf(),
            grid: Grid::new(&metadata.shape()?, &metadata.chunk_shape()?),
        })
    }

    /// The grid of chunks to write. If the array is sharded, these are the shards.
    pub(crate) fn grid(&self) -> &Grid {
        &self.grid
    }

    fn chunk_path(&self, indices: &[u64]) -> PathBuf {
        self.folder.join(self.array.chunk_key(indices).as_str())
    }

    /// Whether a chunk is stored already. A chunk of nothing but the fill value is never stored.
    pub(crate) fn has(&self, indices: &[u64]) -> bool {
        self.chunk_path(indices).is_file()
    }

    /// Encodes and writes a chunk, given the samples of its region. The region ends at the array's edges.
    ///
    /// # Errors
    /// When a codec or the file system fails.
    pub(crate) fn write(&self, indices: &[u64], samples: Vec<u8>) -> Result<()> {
        let chunk = self.grid.chunk();
        let inside = extents(&self.grid.region(indices));
        let fill = self.array.fill_value();
        let bytes = ArrayBytes::new_flen(pad(samples, &inside, chunk, fill.as_ne_bytes()));
        if bytes.is_fill_value(fill) {
            return Ok(());
        }
        let path = self.chunk_path(indices);
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
        files::write_atomically(&path, &encoded)
    }
}
