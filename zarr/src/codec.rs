//! The codec of one array: its configuration, its model, and the chunk codecs that are made from these.

use crate::engines::chunk_codec;
use crate::metadata::metadata;
use crate::models;
use serde::Deserialize;
use std::collections::HashMap;
use std::fmt;
use std::num::NonZeroU64;
use std::sync::{Arc, Mutex, PoisonError};
use vqz_codec::axes::Layout;
use vqz_codec::config::Configuration;
use vqz_codec::engine::EngineKind;
use vqz_codec::error::{Error, Result};
use vqz_codec::model::Model;
use vqz_codec::name::NAME;
use vqz_codec::pipeline::{ChunkCodec, Options, max_chunk_bytes};
use vqz_codec::sample::DataType as SampleType;
use zarrs_codec::CodecOptions;
use zarrs_data_type::{DataType, FillValue};
use zarrs_metadata::Configuration as JsonConfiguration;
use zarrs_metadata::v3::MetadataV3;
use zarrs_plugin::{ExtensionName, ZarrVersion};

/// The `vqz` codec of one array.
///
/// An [`EngineKind`] among the array's `CodecSpecificOptions` chooses the engine to decode with.
pub struct VqzCodec {
    /// The configuration without the embedded model, which `json` holds as text and `model` in decoded form.
    pub(crate) configuration: Configuration,
    /// The configuration as it was read, so that metadata is written back exactly.
    pub(crate) json: JsonConfiguration,
    pub(crate) model: Option<Arc<Model>>,
    pub(crate) engine: Option<EngineKind>,
    pub(crate) chunk_codecs: Mutex<HashMap<ChunkCodecKey, Arc<ChunkCodec>>>,
}

/// The properties on which a [`ChunkCodec`] depends besides the configuration. They are known only when a chunk is coded.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct ChunkCodecKey {
    data_type: SampleType,
    fill: Vec<u8>,
    parallel: bool,
}

impl fmt::Debug for VqzCodec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("VqzCodec")
            .field("configuration", &self.configuration)
            .field("engine", &self.engine)
            .finish_non_exhaustive()
    }
}

impl VqzCodec {
    /// A codec with the model that the configuration names, if it names one. To write chunks, the model must have its encoder.
    ///
    /// # Errors
    /// [`Error::InvalidArgument`] for a configuration that JSON can't hold.
    pub fn new(configuration: &Configuration, model: impl Into<Option<Arc<Model>>>) -> Result<Self> {
        let json: Option<JsonConfiguration> = metadata(configuration)?.into();
        Ok(Self::from_parts(configuration.clone(), json.unwrap_or_default(), model.into()))
    }

    /// The codec of an entry of `codecs` in an array's metadata, with its model.
    ///
    /// zarrs makes codecs itself when it opens an array, and keeps only the text of an error. A caller that wants to know the
    /// kind of error calls this function.
    ///
    /// # Errors
    /// [`Error::InvalidArgument`] for a configuration that is not allowed, [`Error::MissingModel`] when the model is not at
    /// hand, [`Error::InvalidModel`] when it is not the one that the metadata names.
    pub fn from_metadata(metadata: &MetadataV3) -> Result<Self> {
        let json = metadata.configuration().cloned().unwrap_or_default();
        let configuration = Configuration::deserialize(&*json).map_err(|e| {
            let e = e.to_string();
            let e = e.strip_prefix("invalid argument: ").unwrap_or(&e);
            Error::InvalidArgument(format!("the configuration of codec {NAME}: {e}"))
        })?;
        configuration.check()?;
        let model = configuration.model.as_ref().map(models::find).transpose()?;
        Ok(Self::from_parts(configuration, json, model))
    }

    fn from_parts(
        mut configuration: Configuration,
        json: JsonConfiguration,
        model: Option<Arc<Model>>,
    ) -> Self {
        if let Some(model) = &mut configuration.model {
            model.decoder = None;
        }
        Self { configuration, json, model, engine: None, chunk_codecs: Mutex::default() }
    }

    /// The model, if the array has one.
    #[must_use]
    pub fn model(&self) -> Option<&Arc<Model>> {
        self.model.as_ref()
    }

    /// The extents of a chunk by the roles of its dimensions.
    pub(crate) fn layout(&self, shape: &[NonZeroU64]) -> Result<Layout> {
        self.configuration.axes.layout(&pipeline_shape(shape)?)
    }

    /// The side of patches, in pixels.
    pub(crate) fn patch(&self) -> usize {
        vqz_codec::pipeline::patch_of(self.model.as_deref()).max(1)
    }

    /// The pipeline for arrays of this type and fill value.
    pub(crate) fn chunk_codec(
        &self,
        data_type: &DataType,
        fill_value: &FillValue,
        options: &CodecOptions,
    ) -> Result<Arc<ChunkCodec>> {
        let key = ChunkCodecKey {
            data_type: sample_type(data_type)?,
            fill: fill_value.as_ne_bytes().to_vec(),
            parallel: options.concurrent_target() > 1,
        };
        let cached = |key| {
            let codecs = self.chunk_codecs.lock().unwrap_or_else(PoisonError::into_inner);
            codecs.get(key).cloned()
        };
        if let Some(codec) = cached(&key) {
            return Ok(codec);
        }
        // The codec is built without holding the lock. Otherwise a rayon task that waits while it holds the lock could be given
        // another task that needs the lock, and both would wait for ever.
        let codec = Arc::new(chunk_codec(
            &self.configuration,
            self.model.clone(),
            key.data_type,
            &key.fill,
            Options::default().with_parallel(key.parallel).with_engine(self.engine),
        )?);
        let mut codecs = self.chunk_codecs.lock().unwrap_or_else(PoisonError::into_inner);
        Ok(Arc::clone(codecs.entry(key).or_insert(codec)))
    }

    /// An upper limit on the bytes of a chunk of this shape. Bytes beyond it are never fetched, whatever a header says.
    pub(crate) fn max_chunk_bytes(&self, shape: &[usize]) -> Result<u64> {
        Ok(max_chunk_bytes(&self.configuration.axes.layout(shape)?, self.patch()))
    }
}

/// The sample type of an array's data type.
pub(crate) fn sample_type(data_type: &DataType) -> Result<SampleType> {
    match data_type.name(ZarrVersion::V3) {
        Some(name) if !data_type.is_optional() => SampleType::from_name(&name),
        name => SampleType::from_name(&format!("{} (optional or unnamed)", name.unwrap_or_default())),
    }
}

/// A chunk's shape as the pipeline takes it.
pub(crate) fn pipeline_shape(shape: &[NonZeroU64]) -> Result<Vec<usize>> {
    shape
        .iter()
        .map(|extent| {
            usize::try_from(extent.get()).map_err(|_| {
                Error::Limit(format!(
                    "chunk shape {shape:?} has more samples than fit in memory; use smaller chunks"
                ))
            })
        })
        .collect()
}
