//! Parts of chunks, for synchronous storage: the header is read once, then only the tiles that a region touches.

use super::codec::{VqvaeCodec, pipeline_shape, sample_type};
use super::request::{FIRST_READ, Fetch, Head, Request, gather};
use crate::error::Result;
use crate::pipeline::ChunkCodec;
use std::num::NonZeroU64;
use std::ops::Range;
use std::sync::{Arc, Mutex, PoisonError};
use zarrs_chunk_grid::Indexer;
use zarrs_codec::{
    ArrayBytes, ArrayBytesRaw, ArrayPartialDecoderTraits, BytesPartialDecoderTraits, CodecError, CodecOptions,
};
use zarrs_data_type::{DataType, FillValue};
use zarrs_storage::StorageError;
use zarrs_storage::byte_range::ByteRange;

/// The chunk that a partial decoder reads from: what does not depend on how bytes are had.
pub(super) struct Target {
    pub(super) codec: Arc<VqvaeCodec>,
    pub(super) shape: Vec<usize>,
    pub(super) max_chunk_bytes: u64,
    pub(super) data_type: DataType,
    pub(super) fill_value: FillValue,
    /// The chunk's head, once it was read. A missing chunk is asked for again: it may have been written since.
    head: Mutex<Option<Arc<Head>>>,
}

impl Target {
    pub(super) fn new(
        codec: Arc<VqvaeCodec>,
        shape: &[NonZeroU64],
        data_type: &DataType,
        fill_value: &FillValue,
    ) -> Result<Self> {
        sample_type(data_type)?;
        let shape = pipeline_shape(shape)?;
        let max_chunk_bytes = codec.max_chunk_bytes(&shape)?;
        let (data_type, fill_value) = (data_type.clone(), fill_value.clone());
        Ok(Self { codec, shape, max_chunk_bytes, data_type, fill_value, head: Mutex::default() })
    }

    pub(super) fn cached(&self) -> Option<Arc<Head>> {
        self.head.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(super) fn cache(&self, head: Head) -> Arc<Head> {
        let head = Arc::new(head);
        *self.head.lock().unwrap_or_else(PoisonError::into_inner) = Some(Arc::clone(&head));
        head
    }

    pub(super) fn size_held(&self) -> usize {
        self.cached().map_or(0, |head| head.len())
    }

    /// What a chunk that does not exist decodes to.
    pub(super) fn fill(&self, indexer: &dyn Indexer) -> Result<ArrayBytes<'static>, CodecError> {
        Ok(ArrayBytes::new_fill_value(&self.data_type, indexer.len(), &self.fill_value)?)
    }

    /// The samples of a request out of its decoded region.
    pub(super) fn finish(
        &self,
        request: &Request,
        indexer: &dyn Indexer,
        samples: Vec<u8>,
    ) -> Result<ArrayBytes<'static>, CodecError> {
        Ok(ArrayBytes::new_flen(match request {
            Request::Scattered(region) => {
                gather(indexer, region, &samples, sample_type(&self.data_type)?.size())?
            }
            _ => samples,
        }))
    }
}

/// Decodes parts of one chunk.
pub(super) struct PartialDecoder {
    target: Target,
    input: Arc<dyn BytesPartialDecoderTraits>,
}

impl PartialDecoder {
    pub(super) fn new(
        codec: Arc<VqvaeCodec>,
        input: Arc<dyn BytesPartialDecoderTraits>,
        shape: &[NonZeroU64],
        data_type: &DataType,
        fill_value: &FillValue,
    ) -> Result<Self> {
        Ok(Self { target: Target::new(codec, shape, data_type, fill_value)?, input })
    }

    /// The chunk's head, or `None` when there is no chunk.
    fn head(&self, codec: &ChunkCodec, options: &CodecOptions) -> Result<Option<Arc<Head>>, CodecError> {
        if let Some(head) = self.target.cached() {
            return Ok(Some(head));
        }
        let mut len = FIRST_READ;
        while self.input.supports_partial_decode() {
            let range = ByteRange::FromStart(0, Some(len as u64));
            match self.input.partial_decode(range, options) {
                Ok(None) => return Ok(None),
                Ok(Some(bytes)) if bytes.len() == len => {
                    match Head::start(codec, bytes.into_owned(), self.target.max_chunk_bytes)? {
                        Ok(head) => return Ok(Some(self.target.cache(head))),
                        Err(header) => len = header,
                    }
                }
                // Most likely the chunk is shorter than that; storage does not tell its size.
                Ok(Some(_)) | Err(_) => break,
            }
        }
        match self.input.decode(options)? {
            None => Ok(None),
            Some(bytes) => Ok(Some(self.target.cache(Head::all(codec, bytes.into_owned())?))),
        }
    }

    /// What is missing for the byte ranges of a plan, or `None` when there is no chunk any more.
    fn read(
        &self,
        codec: &ChunkCodec,
        planned: &[Range<u64>],
        missing: Vec<ByteRange>,
        options: &CodecOptions,
    ) -> Result<Option<Vec<ArrayBytesRaw<'_>>>, CodecError> {
        let error = match self.input.partial_decode_many(Box::new(missing.into_iter()), options) {
            Ok(read) => return Ok(read),
            Err(error) => error,
        };
        // The storage failed, or the chunk was cut off: reading all of it tells which.
        if let Ok(Some(bytes)) = self.input.decode(options) {
            Fetch::new(planned, &Head::all(codec, bytes.into_owned())?, self.target.max_chunk_bytes)?;
        }
        Err(error)
    }
}

impl ArrayPartialDecoderTraits for PartialDecoder {
    fn data_type(&self) -> &DataType {
        &self.target.data_type
    }

    fn exists(&self) -> Result<bool, StorageError> {
        self.input.exists()
    }

    fn size_held(&self) -> usize {
        self.input.size_held() + self.target.size_held()
    }

    fn partial_decode(
        &self,
        indexer: &dyn Indexer,
        options: &CodecOptions,
    ) -> Result<ArrayBytes<'_>, CodecError> {
        let target = &self.target;
        let codec = target.codec.chunk_codec(&target.data_type, &target.fill_value, options)?;
        let request = Request::new(indexer, &target.shape)?;
        let samples = match &request {
            Request::Nothing => Vec::new(),
            Request::Whole => match target.cached().as_deref().and_then(Head::whole) {
                Some(bytes) => codec.decode(&target.shape, bytes)?,
                None => match self.input.decode(options)? {
                    None => return target.fill(indexer),
                    Some(bytes) => codec.decode(&target.shape, &bytes)?,
                },
            },
            Request::Region(region) | Request::Scattered(region) => {
                let Some(head) = self.head(&codec, options)? else { return target.fill(indexer) };
                let plan = codec.plan(&target.shape, head.header(), region)?;
                let fetch = Fetch::new(&plan.ranges, &head, target.max_chunk_bytes)?;
                let read = match fetch.byte_ranges() {
                    None => Vec::new(),
                    Some(missing) => match self.read(&codec, &plan.ranges, missing, options)? {
                        None => return target.fill(indexer),
                        Some(read) => read,
                    },
                };
                codec.decode_planned(&plan, &fetch.parts(&head, &read)?)?
            }
        };
        target.finish(&request, indexer, samples)
    }

    fn supports_partial_decode(&self) -> bool {
        self.input.supports_partial_decode()
    }
}
