//! The inside of an encoded array: its encoded chunks, their headers, and the errors that these state.

use crate::encoded::digest;
use crate::encoded::record::Record;
use crate::encoded::shards::{ByteSpan, Shards};
use crate::encoded::totals::{ChunkFigures, Totals};
use crate::error::{Context, Result, bail};
use crate::metadata::document::Metadata;
use crate::metadata::encoding::Encoding;
use crate::parallel::for_each;
use crate::raster::region::{Grid, Region, extents, volume};
use crate::raster::stored::StoredChunks;
use crate::store::chunk_keys::stored_chunks;
use crate::store::opened::open_array;
use crate::store::tree::Node;
use std::ops::Range;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use vqz_codec::axes::Role;
use vqz_codec::config::Configuration;
use vqz_codec::engine::EngineKind;
use vqz_codec::model::Model;
use vqz_codec::pipeline::{ChunkCodec, Options, PlannedTile, TileCodes};
use vqz_codec::sample::DataType;
use vqz_zarr::engines::chunk_codec;
use vqz_zarr::{Reads, models, reads};
use zarrs::array::Array;
use zarrs::filesystem::FilesystemStore;
use zarrs::storage::ReadableStorageTraits;
use zarrs::storage::byte_range::ByteRange;

/// An encoded array.
pub struct EncodedArray {
    /// How it is encoded.
    pub encoded: Encoding,
    /// The model that decodes it, if it has one.
    pub model: Option<Arc<Model>>,
    codec: ChunkCodec,
    array: Array<FilesystemStore>,
    metadata: Metadata,
    data_type: DataType,
    folder: PathBuf,
    shards: Option<Shards>,
    grid: Grid,
    shape: Vec<usize>,
    /// Bytes of a decoded chunk.
    bytes: usize,
    label: String,
}

/// What must be read to get a part of a chunk.
#[derive(Clone, Debug)]
pub struct PlannedRead {
    /// The tiles that are read.
    pub tiles: Vec<PlannedTile>,
    /// The byte ranges that are requested from storage.
    pub reads: Reads,
    /// Bytes of the whole chunk.
    pub length: u64,
}

impl EncodedArray {
    /// Opens an encoded array.
    ///
    /// # Errors
    /// When it is not encoded by this codec, is combined with other codecs, or its model can't be found.
    pub fn open(node: &Node, engine: Option<EngineKind>) -> Result<Self> {
        let label = node.label();
        let Some(encoded) = node.metadata.encoded()? else {
            bail!(
                Unsupported,
                Encode,
                "{label} is no vqz archive: its codecs are {}",
                node.metadata.codec_names().join(", ")
            );
        };
        if !encoded.plain {
            bail!(
                Unsupported,
                "{label} has further codecs around vqz ({}); its chunks can't be read on their own",
                node.metadata.codec_names().join(", ")
            );
        }
        let model = encoded.configuration.model.as_ref().map(models::find).transpose();
        let model = model.with_context(|| label.clone())?;
        let array = open_array(&node.folder, engine)?;
        let shards = match &encoded.shard {
            Some(shard) => {
                Some(Shards::new(&node.metadata, shard, &encoded.chunk).with_context(|| label.clone())?)
            }
            None => None,
        };
        let data_type = node.metadata.data_type()?;
        let codec = chunk_codec(
            &encoded.configuration,
            model.clone(),
            data_type,
            array.fill_value().as_ne_bytes(),
            Options::default().with_parallel(true).with_engine(engine),
        )
        .with_context(|| label.clone())?;
        let grid = Grid::new(&node.metadata.shape()?, &encoded.chunk);
        let shape: Vec<usize> =
            encoded.chunk.iter().map(|n| usize::try_from(*n)).collect::<Result<_, _>>()?;
        // Refuses chunks that are too large for any memory.
        let layout = encoded.configuration.axes.layout(&shape).with_context(|| label.clone())?;
        let bytes = layout.samples.saturating_mul(data_type.size());
        let (metadata, folder) = (node.metadata.clone(), node.folder.clone());
        Ok(Self {
            encoded,
            model,
            codec,
            array,
            metadata,
            data_type,
            folder,
            shards,
            grid,
            shape,
            bytes,
            label,
        })
    }

    /// The peak that PSNR is stated against: the model's.
    pub fn peak(&self) -> Option<f64> {
        self.model.as_ref().map(|model| model.manifest().peak)
    }

    /// The codec's configuration.
    pub fn configuration(&self) -> &Configuration {
        &self.encoded.configuration
    }

    /// One sample of the fill value, in native order.
    pub fn fill_bytes(&self) -> &[u8] {
        self.array.fill_value().as_ne_bytes()
    }

    /// The grid of the chunks that the codec encodes: the inner chunks of a sharded array.
    pub fn grid(&self) -> &Grid {
        &self.grid
    }

    /// The name of a chunk, for messages.
    pub fn chunk_name(&self, indices: &[u64]) -> String {
        let position = indices.iter().map(u64::to_string).collect::<Vec<_>>().join("/");
        let kind = if self.shards.is_some() { "inner chunk" } else { "chunk" };
        format!("{kind} {position} of {}", self.label)
    }

    /// Where a chunk's encoded bytes are, or `None` where it is all fill value.
    fn locate(&self, indices: &[u64]) -> Result<Option<ByteSpan>> {
        if let Some(shards) = &self.shards {
            return shards.locate(&self.array, indices);
        }
        let key = self.array.chunk_key(indices);
        let size = self.array.storage().size_key(&key)?;
        Ok(size.map(|length| ByteSpan { key, start: 0, length }))
    }

    /// The chunks that are stored; the inner ones of a sharded array. Of a shard whose index can't be read, all chunks are listed, and
    /// reading them tells why.
    ///
    /// # Errors
    /// When a folder can't be listed, and where the names of files do not tell and there are too many chunks to look for each.
    pub fn stored(&self) -> Result<StoredChunks> {
        let files = self.stored_files()?;
        let Some(shards) = &self.shards else { return Ok(files) };
        let inner = Mutex::new(Vec::new());
        for_each(files.len(), rayon::current_num_threads(), |at| {
            let found = shards.stored(&self.array, files.get(at as usize), &self.grid);
            inner.lock().unwrap_or_else(PoisonError::into_inner).extend(found);
            Ok(())
        })?;
        let mut inner = inner.into_inner().unwrap_or_else(PoisonError::into_inner);
        inner.sort_unstable();
        let mut stored = StoredChunks::new(self.grid.clone());
        inner.iter().for_each(|indices| stored.add(indices, 0));
        Ok(stored)
    }

    /// The shards that are stored; the chunks of an array that is not sharded.
    ///
    /// # Errors
    /// Those of [`EncodedArray::stored`].
    pub(crate) fn stored_files(&self) -> Result<StoredChunks> {
        if let Some(files) = stored_chunks(&self.folder, &self.metadata)? {
            return Ok(files);
        }
        let grid = Grid::new(&self.metadata.shape()?, &self.metadata.chunk_shape()?);
        let mut stored = StoredChunks::new(grid.clone());
        for number in 0..grid.walkable(&self.label)? {
            let indices = grid.indices(number);
            if let Some(bytes) = self.array.storage().size_key(&self.array.chunk_key(&indices))? {
                stored.add(&indices, bytes);
            }
        }
        Ok(stored)
    }

    /// Whether a chunk is stored. One that is not reads as fill value.
    pub(crate) fn is_stored(&self, indices: &[u64]) -> Result<bool> {
        let span = self.locate(indices);
        Ok(span.with_context(|| format!("looking for {}", self.chunk_name(indices)))?.is_some())
    }

    /// The first bytes of a chunk, at most `most` of them.
    fn read(&self, span: &ByteSpan, most: u64) -> Result<Vec<u8>> {
        let range = ByteRange::FromStart(span.start, Some(span.length.min(most)));
        match self.array.storage().get_partial(&span.key, range)? {
            Some(bytes) => Ok(Vec::from(bytes)),
            None => bail!(MissingChunk, "{} existed, but is no longer there", span.key),
        }
    }

    /// A chunk's encoded bytes, or `None` where it is all fill value.
    pub fn bytes(&self, indices: &[u64]) -> Result<Option<Vec<u8>>> {
        let read = || self.locate(indices)?.map(|span| self.read(&span, span.length)).transpose();
        read().with_context(|| format!("reading {}", self.chunk_name(indices)))
    }

    /// A chunk's header, or `None` where it is all fill value.
    fn header(&self, indices: &[u64]) -> Result<Option<Vec<u8>>> {
        let read = || self.locate(indices)?.map(|span| self.header_at(&span)).transpose();
        read().with_context(|| format!("reading the header of {}", self.chunk_name(indices)))
    }

    fn header_at(&self, span: &ByteSpan) -> Result<Vec<u8>> {
        let prefix = self.read(span, ChunkCodec::PREFIX as u64)?;
        let length = self.codec.header_len(&prefix)?;
        self.read(span, length as u64)
    }

    /// The last bytes of a chunk, which its digest takes.
    fn tail_at(&self, span: &ByteSpan) -> Result<Vec<u8>> {
        let length = span.length.min(digest::TAIL);
        self.read(&ByteSpan { start: span.start + span.length - length, length, ..span.clone() }, length)
    }

    /// What must be read to get a region of a chunk. The region is relative to the chunk's corner. None if the chunk
    /// is all fill value.
    pub fn planned(&self, indices: &[u64], region: &[Range<usize>]) -> Result<Option<PlannedRead>> {
        let (Some(span), Some(header)) = (self.locate(indices)?, self.header(indices)?) else {
            return Ok(None);
        };
        let plan = || -> Result<PlannedRead> {
            let plan = self.codec.plan(&self.shape, &header, region)?;
            let whole = region.iter().zip(&self.shape).all(|(range, extent)| *range == (0..*extent));
            let reads = if whole {
                Reads { bytes: span.length, requests: 1 }
            } else {
                let size = self.array.storage().size_key(&span.key)?.unwrap_or_default();
                reads(&self.codec, &plan, &header, span.length, size.saturating_sub(span.start))?
            };
            Ok(PlannedRead { tiles: plan.tiles().collect(), reads, length: span.length })
        };
        plan().map(Some).with_context(|| format!("planning a read of {}", self.chunk_name(indices)))
    }

    /// Bytes of a shard's file, and of the index in it; none where the array is not sharded, or the shard is not there.
    pub fn shard_bytes(&self, shard: &[u64]) -> Result<Option<(u64, u64)>> {
        let Some(shards) = &self.shards else { return Ok(None) };
        let size = self.array.storage().size_key(&self.array.chunk_key(shard))?;
        Ok(size.map(|size| (size, shards.index_bytes())))
    }

    /// What a chunk's header states, or `None` if the chunk is all fill value.
    pub fn figures(&self, indices: &[u64]) -> Result<Option<ChunkFigures>> {
        let read = || -> Result<Option<(Vec<u8>, Vec<u8>)>> {
            let Some(span) = self.locate(indices)? else { return Ok(None) };
            Ok(Some((self.header_at(&span)?, self.tail_at(&span)?)))
        };
        let read = read().with_context(|| format!("reading the header of {}", self.chunk_name(indices)))?;
        read.map(|(header, tail)| self.stated(indices, &header, &tail)).transpose()
    }

    /// What the header of a chunk states, all of whose bytes are at hand.
    pub fn figures_of(&self, indices: &[u64], bytes: &[u8]) -> Result<ChunkFigures> {
        self.stated(indices, bytes, &bytes[bytes.len().saturating_sub(digest::TAIL as usize)..])
    }

    /// What the header of a chunk states, by its first bytes, those of the header at least, and its last.
    fn stated(&self, indices: &[u64], bytes: &[u8], tail: &[u8]) -> Result<ChunkFigures> {
        let inside = self.inside(indices);
        let figures = || -> Result<ChunkFigures> {
            let length = self.codec.header_len(&bytes[..bytes.len().min(ChunkCodec::PREFIX)])?;
            let header = &bytes[..bytes.len().min(length)];
            Ok(ChunkFigures {
                stated: self.codec.statistics(&self.shape, header)?,
                valid: self.codec.valid_within(&self.shape, header, &inside)?,
                valid_if_absent: self.codec.valid_where_absent(&self.shape, &inside)?,
                digest: digest::of_chunk(indices, header, tail),
            })
        };
        figures().with_context(|| format!("reading the header of {}", self.chunk_name(indices)))
    }

    /// How far a chunk reaches into the array along each dimension.
    fn inside(&self, indices: &[u64]) -> Vec<usize> {
        extents(&self.region(indices)).iter().map(|n| *n as usize).collect()
    }

    /// The sums over all chunks.
    pub fn totals(&self) -> Result<Totals> {
        self.totals_of(&self.stored()?)
    }

    /// The sums over all chunks, of which these are [stored](Self::stored).
    pub(crate) fn totals_of(&self, stored: &StoredChunks) -> Result<Totals> {
        let totals = Mutex::new(Totals::default());
        for_each(stored.len(), rayon::current_num_threads(), |at| {
            if let Some(figures) = self.figures(stored.get(at as usize))? {
                totals.lock().unwrap_or_else(PoisonError::into_inner).add(&figures);
            }
            Ok(())
        })?;
        let mut totals = totals.into_inner().unwrap_or_else(PoisonError::into_inner);
        self.add_absent(&mut totals)?;
        Ok(totals)
    }

    /// The type of its samples.
    pub(crate) fn data_type(&self) -> DataType {
        self.data_type
    }

    /// What is recorded of the array with these totals.
    pub fn record(&self, totals: &Totals) -> Record {
        let configuration = self.configuration();
        Record {
            chunks: totals.chunks,
            valid_samples: totals.stated_valid,
            digest: Some(digest::text(totals.digest)),
            shape: Some(self.grid.shape().to_vec()),
            data_type: Some(self.data_type.name().to_owned()),
            fill_value: Some(hex(self.fill_bytes())),
            nodata: Some(configuration.nodata.clone()),
        }
    }

    /// How the array, with these totals, differs from what was recorded of it, in words.
    pub fn differs(&self, recorded: &Record, totals: &Totals) -> Option<String> {
        recorded.differs(&self.record(totals), self.data_type)
    }

    /// Adds the chunks that are not stored to the sums over those that are. They are all fill value, so nothing needs to be
    /// looked at.
    pub(crate) fn add_absent(&self, totals: &mut Totals) -> Result<()> {
        totals.absent = self.grid.len().saturating_sub(totals.chunks);
        // Bands differ only where a model knows their range, and then each chunk holds all of them.
        let bands = self.configuration().axes.position(&Role::Band);
        let extent = |(d, (chunk, array)): (usize, (&usize, &u64))| match Some(d) == bands {
            // A chunk may reach beyond the array, and what lies there counts for nothing.
            true => (*chunk).min(usize::try_from(*array).unwrap_or(usize::MAX)),
            false => 1,
        };
        let pixel: Vec<usize> = self.shape.iter().zip(self.grid.shape()).enumerate().map(extent).collect();
        let valid = self.codec.valid_where_absent(&self.shape, &pixel)? as u128;
        let all =
            u128::from(volume(self.grid.shape())) * valid / pixel.iter().product::<usize>().max(1) as u128;
        let absent = u64::try_from(all).unwrap_or(u64::MAX).saturating_sub(totals.valid_if_absent);
        totals.valid = totals.valid.saturating_add(absent);
        Ok(())
    }

    /// Decodes a whole chunk as it was encoded, including the part beyond the array's edges. `out` is resized to hold
    /// it.
    pub fn decode(&self, indices: &[u64], bytes: &[u8], out: &mut Vec<u8>) -> Result<()> {
        out.resize(self.bytes, 0);
        self.codec
            .decode_into(&self.shape, bytes, out)
            .with_context(|| format!("decoding {}", self.chunk_name(indices)))
    }

    /// The codes of a chunk, tile by tile.
    ///
    /// # Errors
    /// When its bytes are damaged, or its tiles hold no codes of a model.
    pub fn codes(&self, indices: &[u64], bytes: &[u8]) -> Result<Vec<TileCodes>> {
        self.codec
            .codes(&self.shape, bytes)
            .with_context(|| format!("reading the codes of {}", self.chunk_name(indices)))
    }

    /// The part of the array that a chunk covers.
    pub fn region(&self, indices: &[u64]) -> Region {
        self.grid.region(indices)
    }
}

/// The bytes of a sample in native order, as text: those of little-endian order, two digits each.
fn hex(native: &[u8]) -> String {
    let digits = |byte: &u8| format!("{byte:02x}");
    if cfg!(target_endian = "big") {
        native.iter().rev().map(digits).collect()
    } else {
        native.iter().map(digits).collect()
    }
}
