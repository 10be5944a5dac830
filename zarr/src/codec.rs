//! Whole chunks: the codec as zarrs sees it.

use crate::engines::chunk_codec;
use crate::error::{ForZarrs, creation_failed};
use crate::models;
use crate::partial::PartialDecoder;
#[cfg(feature = "async")]
use crate::source::Awaited;
use crate::source::Direct;
use serde::Deserialize;
use std::any::Any;
use std::borrow::Cow;
use std::collections::HashMap;
use std::fmt;
use std::num::NonZeroU64;
use std::sync::{Arc, Mutex, PoisonError};
use vqz_codec::axes::{Layout, Role};
use vqz_codec::config::Configuration;
use vqz_codec::engine::EngineKind;
use vqz_codec::error::{Error, Result};
use vqz_codec::model::Model;
use vqz_codec::name::NAME;
use vqz_codec::pipeline::{ChunkCodec, Options};
use vqz_codec::sample::DataType as SampleType;
use vqz_codec::tiles;
use zarrs_codec::{
    ArrayBytes, ArrayBytesRaw, ArrayCodecTraits, ArrayPartialDecoderTraits, ArrayToBytesCodecTraits,
    BytesPartialDecoderTraits, BytesRepresentation, Codec, CodecError, CodecMetadataOptions, CodecOptions,
    CodecSpecificOptions, CodecTraits, CodecTraitsV3, PartialDecoderCapability, PartialEncoderCapability,
    RecommendedConcurrency,
};
#[cfg(feature = "async")]
use zarrs_codec::{AsyncArrayPartialDecoderTraits, AsyncBytesPartialDecoderTraits};
use zarrs_data_type::{DataType, FillValue};
use zarrs_metadata::v3::MetadataV3;
use zarrs_metadata::{ChunkShape, Configuration as JsonConfiguration};
use zarrs_plugin::{ExtensionName, PluginCreateError, ZarrVersion};

/// The `vqz` codec of one array.
///
/// An [`EngineKind`] among the array's [`CodecSpecificOptions`] chooses the engine to decode with.
pub struct VqzCodec {
    /// Without the embedded model, which `json` holds and `model` has in its useful form.
    configuration: Configuration,
    /// As it was read, so that metadata is written back exactly.
    json: JsonConfiguration,
    model: Option<Arc<Model>>,
    engine: Option<EngineKind>,
    chunk_codecs: Mutex<HashMap<ChunkCodecKey, Arc<ChunkCodec>>>,
}

/// What a [`ChunkCodec`] depends on beyond the configuration: known only when a chunk is at hand.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct ChunkCodecKey {
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
    /// A codec with the model that the configuration names, if it names one; for writing, one that has its encoder.
    ///
    /// # Errors
    /// [`Error::InvalidArgument`] for a configuration that JSON can't hold.
    pub fn new(configuration: &Configuration, model: impl Into<Option<Arc<Model>>>) -> Result<Self> {
        let json: Option<JsonConfiguration> = crate::metadata(configuration)?.into();
        Ok(Self::from_parts(configuration.clone(), json.unwrap_or_default(), model.into()))
    }

    /// The codec that stands under `codecs` in an array's metadata, with its model.
    ///
    /// zarrs makes codecs itself when it opens an array, and keeps no more than the text of what went wrong; a caller that
    /// wants to know the kind asks here.
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

    /// The extents of a chunk, by what its dimensions are.
    fn layout(&self, shape: &[NonZeroU64]) -> Result<Layout> {
        self.configuration.axes.layout(&pipeline_shape(shape)?)
    }

    /// The side of patches, in pixels.
    fn patch(&self) -> usize {
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
        // Built without the lock: a rayon task that waits inside it could be stealing one that wants it.
        let codec = Arc::new(chunk_codec(
            &self.configuration,
            self.model.clone(),
            key.data_type,
            &key.fill,
            Options { parallel: key.parallel, engine: self.engine },
        )?);
        let mut codecs = self.chunk_codecs.lock().unwrap_or_else(PoisonError::into_inner);
        Ok(Arc::clone(codecs.entry(key).or_insert(codec)))
    }

    /// More bytes than any chunk of this shape takes: nothing beyond is ever fetched, whatever a header says.
    pub(crate) fn max_chunk_bytes(&self, shape: &[usize]) -> Result<u64> {
        let layout = self.configuration.axes.layout(shape)?;
        let patch = self.patch();
        let padded = |extent: usize| extent.next_multiple_of(patch) as u64;
        let samples = padded(layout.height())
            .saturating_mul(padded(layout.width()))
            .saturating_mul((layout.bands() * layout.images()) as u64);
        Ok(samples.saturating_mul(32).saturating_add(1 << 20))
    }
}

/// The sample type of an array's data type.
pub(crate) fn sample_type(data_type: &DataType) -> Result<SampleType> {
    match data_type.name(ZarrVersion::V3) {
        Some(name) if !data_type.is_optional() => SampleType::from_name(&name),
        name => SampleType::from_name(&format!("{} (optional or unnamed)", name.unwrap_or_default())),
    }
}

/// A chunk's shape in the pipeline's terms.
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

impl CodecTraitsV3 for VqzCodec {
    fn create(metadata: &MetadataV3) -> Result<Codec, PluginCreateError> {
        let codec = Self::from_metadata(metadata).map_err(creation_failed)?;
        Ok(Codec::ArrayToBytes(Arc::new(codec)))
    }
}

impl CodecTraits for VqzCodec {
    fn as_any(&self) -> &dyn Any {
        self
    }

    fn configuration(&self, _: ZarrVersion, _: &CodecMetadataOptions) -> Option<JsonConfiguration> {
        Some(self.json.clone())
    }

    fn partial_decoder_capability(&self) -> PartialDecoderCapability {
        PartialDecoderCapability { partial_read: true, partial_decode: true }
    }

    fn partial_encoder_capability(&self) -> PartialEncoderCapability {
        // Tiles have no fixed place in a chunk, so a part is written by decoding and encoding the whole.
        PartialEncoderCapability { partial_encode: false }
    }
}

impl ArrayCodecTraits for VqzCodec {
    fn recommended_concurrency(
        &self,
        shape: &[NonZeroU64],
        _: &DataType,
    ) -> Result<RecommendedConcurrency, CodecError> {
        let layout = self.layout(shape).for_zarrs()?;
        let patch = self.patch();
        let tiles = |extent| tiles::balanced(extent, patch).len();
        Ok(RecommendedConcurrency::new_maximum(
            layout.images() * tiles(layout.height()) * tiles(layout.width()),
        ))
    }

    /// One tile: all bands, at most 256 rows and columns, one step of everything else.
    fn partial_decode_granularity(&self, shape: &[NonZeroU64]) -> ChunkShape {
        let patch = self.patch();
        shape
            .iter()
            .zip(self.configuration.axes.roles())
            .map(|(extent, role)| match role {
                Role::Band => *extent,
                Role::Y | Role::X => usize::try_from(extent.get())
                    .ok()
                    .and_then(|extent| tiles::balanced(extent, patch).first().cloned())
                    .and_then(|tile| NonZeroU64::new(tile.len() as u64))
                    .unwrap_or(*extent),
                Role::Time | Role::Other(_) => NonZeroU64::MIN,
            })
            .collect()
    }
}

#[cfg_attr(all(feature = "async", not(target_arch = "wasm32")), async_trait::async_trait)]
#[cfg_attr(all(feature = "async", target_arch = "wasm32"), async_trait::async_trait(?Send))]
impl ArrayToBytesCodecTraits for VqzCodec {
    fn into_dyn(self: Arc<Self>) -> Arc<dyn ArrayToBytesCodecTraits> {
        self
    }

    fn with_codec_specific_options(
        self: Arc<Self>,
        options: &CodecSpecificOptions,
    ) -> Arc<dyn ArrayToBytesCodecTraits> {
        match options.get_option::<EngineKind>() {
            Some(engine) if self.engine != Some(*engine) => Arc::new(Self {
                configuration: self.configuration.clone(),
                json: self.json.clone(),
                model: self.model.clone(),
                engine: Some(*engine),
                chunk_codecs: Mutex::default(),
            }),
            _ => self,
        }
    }

    /// Unbounded: sharding then keeps the encoded chunks until it knows their size, which is far less memory than room
    /// for the worst case of each.
    fn encoded_representation(
        &self,
        shape: &[NonZeroU64],
        data_type: &DataType,
        _: &FillValue,
    ) -> Result<BytesRepresentation, CodecError> {
        sample_type(data_type).for_zarrs()?;
        self.layout(shape).for_zarrs()?;
        Ok(BytesRepresentation::UnboundedSize)
    }

    fn encode<'a>(
        &self,
        bytes: ArrayBytes<'a>,
        shape: &[NonZeroU64],
        data_type: &DataType,
        fill_value: &FillValue,
        options: &CodecOptions,
    ) -> Result<ArrayBytesRaw<'a>, CodecError> {
        let codec = self.chunk_codec(data_type, fill_value, options).for_zarrs()?;
        let samples = bytes.into_fixed()?;
        let shape = pipeline_shape(shape).for_zarrs()?;
        Ok(Cow::Owned(codec.encode(&shape, &samples).for_zarrs()?))
    }

    fn decode<'a>(
        &self,
        bytes: ArrayBytesRaw<'a>,
        shape: &[NonZeroU64],
        data_type: &DataType,
        fill_value: &FillValue,
        options: &CodecOptions,
    ) -> Result<ArrayBytes<'a>, CodecError> {
        let codec = self.chunk_codec(data_type, fill_value, options).for_zarrs()?;
        let shape = pipeline_shape(shape).for_zarrs()?;
        Ok(ArrayBytes::new_flen(codec.decode(&shape, &bytes).for_zarrs()?))
    }

    fn partial_decoder(
        self: Arc<Self>,
        input: Arc<dyn BytesPartialDecoderTraits>,
        shape: &[NonZeroU64],
        data_type: &DataType,
        fill_value: &FillValue,
        _: &CodecOptions,
    ) -> Result<Arc<dyn ArrayPartialDecoderTraits>, CodecError> {
        let decoder = PartialDecoder::new(self, Direct(input), shape, data_type, fill_value);
        Ok(Arc::new(decoder.for_zarrs()?))
    }

    #[cfg(feature = "async")]
    async fn async_partial_decoder(
        self: Arc<Self>,
        input: Arc<dyn AsyncBytesPartialDecoderTraits>,
        shape: &[NonZeroU64],
        data_type: &DataType,
        fill_value: &FillValue,
        _: &CodecOptions,
    ) -> Result<Arc<dyn AsyncArrayPartialDecoderTraits>, CodecError> {
        let decoder = PartialDecoder::new(self, Awaited(input), shape, data_type, fill_value);
        Ok(Arc::new(decoder.for_zarrs()?))
    }
}
