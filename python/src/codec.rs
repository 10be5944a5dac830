//! The codec of one array: whole chunks, and parts of chunks.

use crate::buffers::Bytes;
use crate::threads::Threads;
use crate::{errors, shipped};
use pyo3::prelude::*;
use pyo3::types::PyBytes;
use std::collections::HashMap;
use std::ops::Range;
use std::sync::{Arc, Mutex, PoisonError};
use vqz_codec::config::{Configuration, ModelReference};
use vqz_codec::model::Model;
use vqz_codec::pipeline::{ChunkCodec, FIRST_READ, Fetch, Head, Options, Plan, max_chunk_bytes, patch_of};
use vqz_codec::sample::DataType;
use vqz_codec::{Error, Result};
use vqz_zarr::engines::chunk_codec;
use vqz_zarr::models;

/// What a chunk codec depends on besides the configuration.
#[derive(Clone, PartialEq, Eq, Hash)]
struct Key {
    data_type: DataType,
    fill: Vec<u8>,
    parallel: bool,
    writes: bool,
}

/// The native codec of an array.
#[pyclass(frozen, module = "vqz._vqz")]
pub(crate) struct Codec {
    configuration: Configuration,
    model: Option<Arc<Model>>,
    codecs: Mutex<HashMap<Key, Arc<ChunkCodec>>>,
}

/// A chunk as Zarr describes it: its extents, the name of its data type, and one sample of its fill value in native order.
#[derive(FromPyObject)]
pub(crate) struct Chunk(Vec<usize>, String, Vec<u8>);

/// The model of a reference, wherever it is at hand.
fn find(reference: &ModelReference) -> Result<Arc<Model>> {
    match models::find(reference) {
        Err(Error::MissingModel(_)) if shipped::register(&reference.sha256) => models::find(reference),
        found => found,
    }
}

impl Codec {
    fn codec(&self, chunk: &Chunk, parallel: bool, writes: bool) -> Result<Arc<ChunkCodec>> {
        let data_type = DataType::from_name(&chunk.1)?;
        let key = Key { data_type, fill: chunk.2.clone(), parallel, writes };
        let cached = |key| self.codecs.lock().unwrap_or_else(PoisonError::into_inner).get(key).cloned();
        if let Some(codec) = cached(&key) {
            return Ok(codec);
        }
        let model = match &self.model {
            // An archive carries the half that decodes. The whole model may be at hand elsewhere.
            Some(model) if writes && !model.can_encode() => {
                Some(shipped::whole(model.sha256()).unwrap_or_else(|| Arc::clone(model)))
            }
            model => model.clone(),
        };
        let options = Options::default().with_parallel(parallel);
        let made = Arc::new(chunk_codec(&self.configuration, model, data_type, &key.fill, options)?);
        let mut codecs = self.codecs.lock().unwrap_or_else(PoisonError::into_inner);
        Ok(Arc::clone(codecs.entry(key).or_insert(made)))
    }
}

impl Codec {
    /// The codec for a chunk, and the threads to run it on. Both are looked up while the interpreter's lock is held, so that a fork
    /// never copies a lock in its locked state.
    fn at_work(&self, py: Python<'_>, chunk: &Chunk, writes: bool) -> PyResult<(Threads, Arc<ChunkCodec>)> {
        let threads = Threads::for_chunk(py);
        let codec = self.codec(chunk, threads.are_several(), writes).map_err(errors::codec)?;
        Ok((threads, codec))
    }
}

#[pymethods]
impl Codec {
    /// The codec of a configuration, given as JSON without its embedded model, and of that model.
    #[new]
    #[pyo3(signature = (configuration, decoder=None))]
    fn new(configuration: &str, decoder: Option<String>) -> PyResult<Self> {
        let mut configuration: Configuration = serde_json::from_str(configuration).map_err(|e| {
            let e = e.to_string();
            let e = e.strip_prefix("invalid argument: ").unwrap_or(&e);
            errors::VqzError::new_err(format!("the configuration of codec {}: {e}", vqz_zarr::NAME))
        })?;
        configuration.check().map_err(errors::codec)?;
        let found =
            configuration.model.as_ref().map(|model| find(&ModelReference { decoder, ..model.clone() }));
        let model = found.transpose().map_err(errors::codec)?;
        if let Some(model) = &mut configuration.model {
            model.decoder = None;
        }
        Ok(Self { configuration, model, codecs: Mutex::default() })
    }

    /// The model, if the array has one.
    #[getter]
    fn model(&self) -> Option<crate::model::Model> {
        self.model.clone().map(crate::model::Model)
    }

    /// Whether chunks come back exactly as they were.
    #[getter]
    fn is_lossless(&self) -> bool {
        self.configuration.promise == vqz_codec::config::Promise::Lossless
    }

    /// Whether samples that were decoded come back the same when they are coded again.
    #[getter]
    fn is_stable(&self) -> bool {
        use vqz_codec::config::Promise;
        match &self.configuration.promise {
            Promise::Quality => false,
            Promise::Lossless => true,
            Promise::MaxError { bound, stable } => *stable || bound.iter().all(|bound| *bound == 0.0),
        }
    }

    /// Refuses a chunk that the codec can't hold.
    fn check(&self, chunk: Chunk) -> PyResult<()> {
        let codec = self.codec(&chunk, false, false).map_err(errors::codec)?;
        codec.check_shape(&chunk.0).map_err(errors::codec)
    }

    /// Encodes a chunk: samples in C order and native byte order.
    fn encode<'py>(
        &self,
        py: Python<'py>,
        chunk: Chunk,
        samples: &Bound<'py, PyAny>,
    ) -> PyResult<Bound<'py, PyBytes>> {
        let samples = Bytes::of(samples)?;
        let (threads, codec) = self.at_work(py, &chunk, true)?;
        let encoded = py.detach(|| threads.run(|_| codec.encode(&chunk.0, samples.as_slice())));
        Ok(PyBytes::new(py, &encoded.map_err(errors::codec)?))
    }

    /// Decodes a whole chunk into `out`, which takes its samples in C order and native byte order.
    fn decode(
        &self,
        py: Python<'_>,
        chunk: Chunk,
        bytes: &Bound<'_, PyAny>,
        out: &Bound<'_, PyAny>,
    ) -> PyResult<()> {
        let (bytes, out) = (Bytes::of(bytes)?, Bytes::of(out)?);
        let (threads, codec) = self.at_work(py, &chunk, false)?;
        // A copy: what was checked must not change before it is read.
        let bytes = bytes.as_slice().to_vec();
        py.detach(|| {
            let decoded = threads.run(|_| codec.decode(&chunk.0, &bytes));
            out.fill(&decoded.map_err(errors::codec)?)
        })
    }

    /// Begins to read a region of a chunk: a start and an end for each dimension.
    fn read(&self, py: Python<'_>, chunk: Chunk, region: Vec<(usize, usize)>) -> PyResult<PartialRead> {
        let layout = self.configuration.axes.layout(&chunk.0).map_err(errors::codec)?;
        Ok(PartialRead {
            codec: self.at_work(py, &chunk, false)?.1,
            most: max_chunk_bytes(&layout, patch_of(self.model.as_deref())),
            shape: chunk.0,
            region: region.into_iter().map(|(start, end)| start..end).collect(),
            state: Mutex::new(None),
        })
    }

    /// The length of a chunk's header, given its first bytes.
    fn header_len(&self, chunk: Chunk, start: &Bound<'_, PyAny>) -> PyResult<usize> {
        let start = Bytes::of(start)?;
        let codec = self.codec(&chunk, false, false).map_err(errors::codec)?;
        codec.header_len(prefix(start.as_slice())).map_err(errors::codec)
    }

    /// What a chunk's header states, given its first bytes, with all of its header: valid samples, mean square error, maximum
    /// error.
    fn statistics(&self, chunk: Chunk, start: &Bound<'_, PyAny>) -> PyResult<(u64, f64, f64)> {
        let start = Bytes::of(start)?;
        let codec = self.codec(&chunk, false, false).map_err(errors::codec)?;
        let bytes = start.as_slice();
        let length = codec.header_len(prefix(bytes)).map_err(errors::codec)?;
        let stated = codec.statistics(&chunk.0, &bytes[..length.min(bytes.len())]).map_err(errors::codec)?;
        Ok((stated.valid, stated.mean_square_error(), stated.max_error))
    }
}

/// The part of a chunk's first bytes that states the length of its header.
fn prefix(bytes: &[u8]) -> &[u8] {
    &bytes[..bytes.len().min(ChunkCodec::PREFIX)]
}

/// A read of a region of a chunk, while its bytes are fetched.
#[pyclass(frozen, module = "vqz._vqz")]
pub(crate) struct PartialRead {
    codec: Arc<ChunkCodec>,
    shape: Vec<usize>,
    region: Vec<Range<usize>>,
    most: u64,
    state: Mutex<Option<State>>,
}

struct State {
    head: Head,
    plan: Plan,
    fetch: Fetch,
}

impl PartialRead {
    fn planned(&self, head: Head) -> Result<State> {
        let plan = self.codec.plan(&self.shape, head.header(), &self.region)?;
        let fetch = Fetch::new(&plan.ranges, &head, self.most)?;
        Ok(State { head, plan, fetch })
    }

    fn set(&self, state: State) {
        *self.state.lock().unwrap_or_else(PoisonError::into_inner) = Some(state);
    }
}

#[pymethods]
impl PartialRead {
    /// How many bytes of a chunk's start to fetch first.
    #[classattr]
    const FIRST_READ: usize = FIRST_READ;

    /// Takes the first bytes of a chunk. Returns how many are needed, if these do not hold all of its header.
    fn start(&self, py: Python<'_>, bytes: &Bound<'_, PyAny>) -> PyResult<Option<usize>> {
        let bytes = Bytes::of(bytes)?;
        py.detach(|| {
            match Head::start(&self.codec, bytes.as_slice().to_vec(), self.most)? {
                Ok(head) => self.set(self.planned(head)?),
                Err(needed) => return Ok(Some(needed)),
            }
            Ok(None)
        })
        .map_err(errors::codec)
    }

    /// Takes all bytes of a chunk.
    fn whole(&self, py: Python<'_>, bytes: &Bound<'_, PyAny>) -> PyResult<()> {
        let bytes = Bytes::of(bytes)?;
        py.detach(|| {
            let head = Head::all(&self.codec, bytes.as_slice().to_vec())?;
            self.set(self.planned(head)?);
            Ok(())
        })
        .map_err(errors::codec)
    }

    /// The ranges of bytes that are still missing: a start and an end each.
    fn missing(&self) -> Vec<(u64, u64)> {
        let state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let ranges = state.as_ref().map(|state| state.fetch.missing()).unwrap_or_default();
        ranges.iter().map(|range| (range.start, range.end)).collect()
    }

    /// Decodes the region into `out`, given the bytes of the missing ranges.
    fn decode(&self, py: Python<'_>, parts: Vec<Bound<'_, PyAny>>, out: &Bound<'_, PyAny>) -> PyResult<()> {
        let parts: Vec<Bytes> = parts.iter().map(Bytes::of).collect::<PyResult<_>>()?;
        let out = Bytes::of(out)?;
        let threads = Threads::for_chunk(py);
        py.detach(|| {
            let state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
            let Some(State { head, plan, fetch }) = state.as_ref() else {
                return Err(errors::VqzError::new_err("the chunk's header was not read yet"));
            };
            let decoded = threads.run(|_| {
                let slices: Vec<&[u8]> = parts.iter().map(Bytes::as_slice).collect();
                self.codec.decode_planned(plan, &fetch.parts(head, &slices)?)
            });
            out.fill(&decoded.map_err(|error: Error| errors::codec(error))?)
        })
    }
}
