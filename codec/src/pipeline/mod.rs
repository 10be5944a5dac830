//! The journey of a chunk: axes → mask → normalise and transform → quantise → entropy code → container, and back.
//!
//! [`ChunkCodec`] knows nothing of zarrs and does no I/O: a partial read is planned from the header
//! ([`ChunkCodec::plan`]), the caller fetches the byte ranges, and [`ChunkCodec::decode_planned`] does the rest.

use crate::config::Configuration;
use crate::engine::EngineKind;
use crate::error::Result;
use crate::model::Model;
use crate::sample::DataType;
use std::ops::Range;
use std::sync::Arc;

/// Encodes and decodes the chunks of one array.
#[derive(Debug)]
pub struct ChunkCodec { _p: () }

/// How the work is done; never changes what is decoded beyond the stated tolerance.
#[derive(Clone, Copy, Debug, Default)]
pub struct Options {
    /// Spread the tiles of one chunk over rayon's threads.
    pub parallel: bool,
    /// The engine to decode with; by default `VQZ_ENGINE`, else the fastest that can run the model.
    pub engine: Option<EngineKind>,
}

/// What a chunk's header says about its errors, as measured when it was written.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Statistics {
    /// Valid samples.
    pub valid: u64,
    /// Mean square error over them, in squared data units.
    pub mean_square_error: f64,
    /// Maximum absolute error over them, in data units.
    pub max_error: f64,
}

/// Which bytes of a chunk a region needs.
#[derive(Clone, Debug)]
pub struct Plan {
    /// Byte ranges of the encoded chunk, in the order in which [`ChunkCodec::decode_planned`] wants them.
    pub ranges: Vec<Range<u64>>,
    _p: (),
}

impl ChunkCodec {
    /// Bytes to fetch from a chunk's start in order to learn its header's length.
    pub const PREFIX: usize = 16;

    /// A codec for arrays of this type. `fill` is one sample's bytes, in native order.
    ///
    /// # Errors
    /// `MissingModel`, `InvalidModel`, `InvalidArgument`.
    pub fn new(configuration: &Configuration, model: Arc<Model>, data_type: DataType, fill: &[u8], options: Options) -> Result<Self> { todo!() }

    /// Encodes a chunk. `samples` are in C order and native byte order.
    pub fn encode(&self, shape: &[usize], samples: &[u8]) -> Result<Vec<u8>> { todo!() }

    /// Decodes a whole chunk into `out`, which must hold exactly its bytes. Any part that can't be decoded is an error.
    pub fn decode_into(&self, shape: &[usize], bytes: &[u8], out: &mut [u8]) -> Result<()> { todo!() }

    /// Decodes a whole chunk.
    pub fn decode(&self, shape: &[usize], bytes: &[u8]) -> Result<Vec<u8>> { todo!() }

    /// The length of the header (from the chunk's first byte), told by the first [`Self::PREFIX`] bytes
    /// (or all of a shorter chunk).
    pub fn header_len(&self, prefix: &[u8]) -> Result<usize> { todo!() }

    /// The byte ranges that a region (a start and an end per dimension) needs.
    pub fn plan(&self, shape: &[usize], header: &[u8], region: &[Range<usize>]) -> Result<Plan> { todo!() }

    /// Decodes a region from the ranges of its plan; returns its samples in C order.
    pub fn decode_planned(&self, plan: &Plan, parts: &[&[u8]]) -> Result<Vec<u8>> { todo!() }

    /// What the header says about the chunk's errors.
    pub fn statistics(&self, shape: &[usize], header: &[u8]) -> Result<Statistics> { todo!() }
}
