//! Parts of chunks, for asynchronous storage: as [`super::partial`], with byte ranges that are awaited.
//!
//! Decoding runs inline, between the awaits, on whatever thread polls: spawn the read where that matters.

use super::codec::VqvaeCodec;
use super::partial::Target;
use super::request::{FIRST_READ, Fetch, Head, Request};
use crate::error::Result;
use crate::pipeline::ChunkCodec;
use std::num::NonZeroU64;
use std::ops::Range;
use std::sync::Arc;
use zarrs_chunk_grid::Indexer;
use zarrs_codec::{
    ArrayBytes, ArrayBytesRaw, AsyncArrayPartialDecoderTraits, AsyncBytesPartialDecoderTraits, CodecError,
    CodecOptions,
};
use zarrs_data_type::{DataType, FillValue};
use zarrs_storage::StorageError;
use zarrs_storage::byte_range::ByteRange;

/// Decodes parts of one chunk.
pub(super) struct AsyncPartialDecoder {
    target: Target,
    input: Arc<dyn AsyncBytesPartialDecoderTraits>,
}

impl AsyncPartialDecoder {
    pub(super) fn new(
        codec: Arc<VqvaeCodec>,
        input: Arc<dyn AsyncBytesPartialDecoderTraits>,
        shape: &[NonZeroU64],
        data_type: &DataType,
        fill_value: &FillValue,
    ) -> Result<Self> {
        Ok(Self { target: Target::new(codec, shape, data_type, fill_value)?, input })
    }

    /// The chunk's head, or `None` when there is no chunk.
    async fn head(
        &self,
        codec: &ChunkCodec,
        options: &CodecOptions,
    ) -> Result<Option<Arc<Head>>, CodecError> {
        if let Some(head) = self.target.cached() {
            return Ok(Some(head));
        }
        let mut len = FIRST_READ;
        while self.input.supports_partial_decode() {
            let range = ByteRange::FromStart(0, Some(len as u64));
            match self.input.partial_decode(range, options).await {
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
        match self.input.decode(options).await? {
            None => Ok(None),
            Some(bytes) => Ok(Some(self.target.cache(Head::all(codec, bytes.into_owned())?))),
        }
    }

    /// What is missing for the byte ranges of a plan, or `None` when there is no chunk any more.
    async fn read(
        &self,
        codec: &ChunkCodec,
        planned: &[Range<u64>],
        missing: Vec<ByteRange>,
        options: &CodecOptions,
    ) -> Result<Option<Vec<ArrayBytesRaw<'_>>>, CodecError> {
        let error = match self.input.partial_decode_many(Box::new(missing.into_iter()), options).await {
            Ok(read) => return Ok(read),
            Err(error) => error,
        };
        // The storage failed, or the chunk was cut off: reading all of it tells which.
        if let Ok(Some(bytes)) = self.input.decode(options).await {
            Fetch::new(planned, &Head::all(codec, bytes.into_owned())?, self.target.max_chunk_bytes)?;
        }
        Err(error)
    }
}

#[cfg_attr(target_arch = "wasm32", async_trait::async_trait(?Send))]
#[cfg_attr(not(target_arch = "wasm32"), async_trait::async_trait)]
impl AsyncArrayPartialDecoderTraits for AsyncPartialDecoder {
    fn data_type(&self) -> &DataType {
        &self.target.data_type
    }

    async fn exists(&self) -> Result<bool, StorageError> {
        self.input.exists().await
    }

    fn size_held(&self) -> usize {
        self.input.size_held() + self.target.size_held()
    }

    async fn partial_decode<'a>(
        &'a self,
        indexer: &dyn Indexer,
        options: &CodecOptions,
    ) -> Result<ArrayBytes<'a>, CodecError> {
        let target = &self.target;
        let codec = target.codec.chunk_codec(&target.data_type, &target.fill_value, options)?;
        let request = Request::new(indexer, &target.shape)?;
        let samples = match &request {
            Request::Nothing => Vec::new(),
            Request::Whole => match target.cached().as_deref().and_then(Head::whole) {
                Some(bytes) => codec.decode(&target.shape, bytes)?,
                None => match self.input.decode(options).await? {
                    None => return target.fill(indexer),
                    Some(bytes) => codec.decode(&target.shape, &bytes)?,
                },
            },
            Request::Region(region) | Request::Scattered(region) => {
                let Some(head) = self.head(&codec, options).await? else { return target.fill(indexer) };
                let plan = codec.plan(&target.shape, head.header(), region)?;
                let fetch = Fetch::new(&plan.ranges, &head, target.max_chunk_bytes)?;
                let read = match fetch.byte_ranges() {
                    None => Vec::new(),
                    Some(missing) => match self.read(&codec, &plan.ranges, missing, options).await? {
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
