//! Parts of chunks: the header is read once, then only the tiles that overlap a region.
//!
//! Asynchronous decoding runs between the awaits, on the thread that polls the future. Callers that must not block that thread
//! should spawn the read.

use crate::codec::{VqzCodec, pipeline_shape, sample_type};
use crate::error::ForZarrs;
use crate::request::{Request, gather};
#[cfg(feature = "async")]
use crate::source::Awaited;
use crate::source::{Direct, Source, at_once};
use std::num::NonZeroU64;
use std::ops::Range;
use std::sync::{Arc, Mutex, PoisonError};
use vqz_codec::error::Result;
use vqz_codec::pipeline::{ChunkCodec, FIRST_READ, Fetch, Head};
use zarrs_chunk_grid::Indexer;
#[cfg(feature = "async")]
use zarrs_codec::AsyncArrayPartialDecoderTraits;
use zarrs_codec::{ArrayBytes, ArrayBytesRaw, ArrayPartialDecoderTraits, CodecError, CodecOptions};
use zarrs_data_type::{DataType, FillValue};
use zarrs_storage::StorageError;
use zarrs_storage::byte_range::ByteRange;

/// Decodes parts of one chunk.
pub(crate) struct PartialDecoder<S> {
    codec: Arc<VqzCodec>,
    source: S,
    shape: Vec<usize>,
    max_chunk_bytes: u64,
    data_type: DataType,
    fill_value: FillValue,
    /// The first bytes of the chunk, after they were read. A missing chunk is looked for again at each read, because it may have been
    /// written since.
    head: Mutex<Option<Arc<Head>>>,
}

impl<S: Source> PartialDecoder<S> {
    pub(crate) fn new(
        codec: Arc<VqzCodec>,
        source: S,
        shape: &[NonZeroU64],
        data_type: &DataType,
        fill_value: &FillValue,
    ) -> Result<Self> {
        sample_type(data_type)?;
        let shape = pipeline_shape(shape)?;
        let max_chunk_bytes = codec.max_chunk_bytes(&shape)?;
        let (data_type, fill_value) = (data_type.clone(), fill_value.clone());
        Ok(Self { codec, source, shape, max_chunk_bytes, data_type, fill_value, head: Mutex::default() })
    }

    fn cached(&self) -> Option<Arc<Head>> {
        self.head.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn cache(&self, head: Head) -> Arc<Head> {
        let head = Arc::new(head);
        *self.head.lock().unwrap_or_else(PoisonError::into_inner) = Some(Arc::clone(&head));
        head
    }

    /// The samples of an indexer; fill values where the chunk does not exist.
    async fn samples(
        &self,
        indexer: &dyn Indexer,
        options: &CodecOptions,
    ) -> Result<ArrayBytes<'static>, CodecError> {
        let codec = self.codec.chunk_codec(&self.data_type, &self.fill_value, options).for_zarrs()?;
        let request = Request::new(indexer, &self.shape)?;
        let samples = match &request {
            Request::Nothing => Some(Vec::new()),
            Request::Whole => self.whole(&codec, options).await?,
            Request::Region(region) => self.region(&codec, region, options).await?,
            Request::Scattered(region) => match self.region(&codec, region, options).await? {
                Some(samples) => {
                    let size = sample_type(&self.data_type).for_zarrs()?.size();
                    Some(gather(indexer, region, &samples, size).for_zarrs()?)
                }
                None => None,
            },
        };
        Ok(match samples {
            Some(samples) => ArrayBytes::new_flen(samples),
            None => ArrayBytes::new_fill_value(&self.data_type, indexer.len(), &self.fill_value)?,
        })
    }

    async fn whole(&self, codec: &ChunkCodec, options: &CodecOptions) -> Result<Option<Vec<u8>>, CodecError> {
        if let Some(bytes) = self.cached().as_deref().and_then(Head::whole) {
            return Ok(Some(codec.decode(&self.shape, bytes).for_zarrs()?));
        }
        match self.source.all(options).await? {
            None => Ok(None),
            Some(bytes) => Ok(Some(codec.decode(&self.shape, &bytes).for_zarrs()?)),
        }
    }

    async fn region(
        &self,
        codec: &ChunkCodec,
        region: &[Range<usize>],
        options: &CodecOptions,
    ) -> Result<Option<Vec<u8>>, CodecError> {
        let Some(head) = self.head(codec, options).await? else { return Ok(None) };
        let plan = codec.plan(&self.shape, head.header(), region).for_zarrs()?;
        let fetch = Fetch::new(&plan.ranges, &head, self.max_chunk_bytes).for_zarrs()?;
        let read = match byte_ranges(fetch.missing()) {
            missing if missing.is_empty() => Vec::new(),
            missing => match self.read(codec, &plan.ranges, missing, options).await? {
                None => return Ok(None),
                Some(read) => read,
            },
        };
        let parts = fetch.parts(&head, &read).for_zarrs()?;
        Ok(Some(codec.decode_planned(&plan, &parts).for_zarrs()?))
    }

    /// The chunk's head, or `None` when there is no chunk.
    async fn head(
        &self,
        codec: &ChunkCodec,
        options: &CodecOptions,
    ) -> Result<Option<Arc<Head>>, CodecError> {
        if let Some(head) = self.cached() {
            return Ok(Some(head));
        }
        let mut len = FIRST_READ;
        while self.source.reads_ranges() {
            let range = ByteRange::FromStart(0, Some(len as u64));
            match self.source.ranges(vec![range], options).await.map(|read| read.map(|mut parts| parts.pop()))
            {
                Ok(None) => return Ok(None),
                Ok(Some(Some(bytes))) if bytes.len() == len => {
                    match Head::start(codec, bytes.into_owned(), self.max_chunk_bytes).for_zarrs()? {
                        Ok(head) => return Ok(Some(self.cache(head))),
                        Err(header) => len = header,
                    }
                }
                // Most likely the chunk is shorter than the range. Its size is not known.
                Ok(Some(_)) | Err(_) => break,
            }
        }
        match self.source.all(options).await? {
            None => Ok(None),
            Some(bytes) => Ok(Some(self.cache(Head::all(codec, bytes.into_owned()).for_zarrs()?))),
        }
    }

    /// The bytes of a plan's ranges that the head does not hold, or `None` when the chunk no longer exists.
    async fn read<'a>(
        &'a self,
        codec: &ChunkCodec,
        planned: &[Range<u64>],
        missing: Vec<ByteRange>,
        options: &'a CodecOptions,
    ) -> Result<Option<Vec<ArrayBytesRaw<'a>>>, CodecError> {
        let error = match self.source.ranges(missing, options).await {
            Ok(read) => return Ok(read),
            Err(error) => error,
        };
        // Either the storage failed or the chunk was truncated. Reading all of it shows which.
        if let Ok(Some(bytes)) = self.source.all(options).await {
            let head = Head::all(codec, bytes.into_owned()).for_zarrs()?;
            Fetch::new(planned, &head, self.max_chunk_bytes).for_zarrs()?;
        }
        Err(error)
    }

    fn size_held(&self) -> usize {
        self.cached().map_or(0, |head| head.held())
    }
}

/// Ranges from a chunk's start, as zarrs takes them.
fn byte_ranges(ranges: &[Range<u64>]) -> Vec<ByteRange> {
    ranges.iter().map(|range| ByteRange::FromStart(range.start, Some(range.end - range.start))).collect()
}

impl ArrayPartialDecoderTraits for PartialDecoder<Direct> {
    fn data_type(&self) -> &DataType {
        &self.data_type
    }

    fn exists(&self) -> Result<bool, StorageError> {
        self.source.0.exists()
    }

    fn size_held(&self) -> usize {
        self.source.0.size_held() + self.size_held()
    }

    fn partial_decode(
        &self,
        indexer: &dyn Indexer,
        options: &CodecOptions,
    ) -> Result<ArrayBytes<'_>, CodecError> {
        at_once(self.samples(indexer, options))
    }

    fn supports_partial_decode(&self) -> bool {
        self.source.reads_ranges()
    }
}

#[cfg(feature = "async")]
#[cfg_attr(target_arch = "wasm32", async_trait::async_trait(?Send))]
#[cfg_attr(not(target_arch = "wasm32"), async_trait::async_trait)]
impl AsyncArrayPartialDecoderTraits for PartialDecoder<Awaited> {
    fn data_type(&self) -> &DataType {
        &self.data_type
    }

    async fn exists(&self) -> Result<bool, StorageError> {
        self.source.0.exists().await
    }

    fn size_held(&self) -> usize {
        self.source.0.size_held() + self.size_held()
    }

    async fn partial_decode<'a>(
        &'a self,
        indexer: &dyn Indexer,
        options: &CodecOptions,
    ) -> Result<ArrayBytes<'a>, CodecError> {
        self.samples(indexer, options).await
    }

    fn supports_partial_decode(&self) -> bool {
        self.source.reads_ranges()
    }
}
