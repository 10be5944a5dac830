//! Writes a Zarr array chunk by chunk: each chunk's file is there whole or not at all, so that work can be resumed.

use crate::raster::files;
use crate::raster::metadata::Metadata;
use crate::raster::region::{Grid, extents, pad};
use crate::raster::zarr::open_array;
use anyhow::{Context, Result};
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
    /// When the metadata is none that zarrs and its codecs take, or can't be written.
    pub(crate) fn create(folder: &Path, metadata: &Metadata, engine: Option<EngineKind>) -> Result<Self> {
        files::write_atomically(&folder.join("zarr.json"), &metadata.to_bytes()?)?;
        Self::open(folder, engine)
    }

    /// Opens an array that has its metadata already for its chunks.
    ///
    /// # Errors
    /// When the metadata is none that zarrs and its codecs take.
    pub(crate) fn open(folder: &Path, engine: Option<EngineKind>) -> Result<Self> {
        let metadata = Metadata::read(folder)?;
        let array = open_array(folder, engine)?;
        Ok(Self {
            array,
            folder: folder.to_path_buf(),
            grid: Grid::new(&metadata.shape()?, &metadata.chunk_shape()?),
        })
    }

    /// The chunks to write; shards, where the array is sharded.
    pub(crate) fn grid(&self) -> &Grid {
        &self.grid
    }

    fn chunk_path(&self, indices: &[u64]) -> PathBuf {
        self.folder.join(self.array.chunk_key(indices).as_str())
    }

    /// Whether a chunk is there already. One that holds nothing but the fill value never is.
    pub(crate) fn has(&self, indices: &[u64]) -> bool {
        self.chunk_path(indices).is_file()
    }

    /// Encodes a chunk, given the samples of its region, that is, without what lies beyond the array's edges: its file, and
    /// what is to stand there. None where it holds nothing but the fill value.
    ///
    /// # Errors
    /// Whatever the codecs say.
    pub(crate) fn encode(&self, indices: &[u64], samples: Vec<u8>) -> Result<Option<(PathBuf, Vec<u8>)>> {
        let chunk = self.grid.chunk();
        let inside = extents(&self.grid.region(indices));
        let fill = self.array.fill_value();
        let bytes = ArrayBytes::new_flen(pad(samples, &inside, chunk, fill.as_ne_bytes()));
        if bytes.is_fill_value(fill) {
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
        Ok(Some((self.chunk_path(indices), encoded.into_owned())))
    }

    /// Encodes a chunk and writes it at once.
    ///
    /// # Errors
    /// Whatever the codecs and the file system say.
    pub(crate) fn write(&self, indices: &[u64], samples: Vec<u8>) -> Result<()> {
        match self.encode(indices, samples)? {
            Some((path, encoded)) => files::write_atomically(&path, &encoded),
            None => Ok(()),
        }
    }
}
