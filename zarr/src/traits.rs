//! The traits of zarrs that a codec implements: creation, whole chunks, and decoders for parts of chunks.

use crate::codec::{VqzCodec, pipeline_shape, sample_type};
use crate::error::{ForZarrs, creation_failed};
use crate::partial::PartialDecoder;
#[cfg(feature = "async")]
use crate::source::Awaited;
use crate::source::Direct;
use std::any::Any;
use std::borrow::Cow;
use std::num::NonZeroU64;
use std::sync::{Arc, Mutex};
use vqz_codec::axes::Role;
use vqz_codec::engine::EngineKind;
use vqz_codec::pipeline::tile_ranges;
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
use zarrs_plugin::{PluginCreateError, ZarrVersion};

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
        // Tiles vary in length, so a part is written by decoding the whole chunk and encoding it again.
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
        let tiles = |extent| tile_ranges(extent, patch).len();
        Ok(RecommendedConcurrency::new_maximum(
            layout.images() * tiles(layout.height()) * tiles(layout.width()),
        ))
    }

    /// One tile: all bands, at most 256 rows and columns, one step of every other dimension.
    fn partial_decode_granularity(&self, shape: &[NonZeroU64]) -> ChunkShape {
        let patch = self.patch();
        shape
            .iter()
            .zip(self.configuration.axes.roles())
            .map(|(extent, role)| match role {
                Role::Band => *extent,
                Role::Y | Role::X => usize::try_from(extent.get())
                    .ok()
                    .and_then(|extent| tile_ranges(extent, patch).first().cloned())
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

    /// The size is unbounded. Sharding then keeps the encoded chunks until it knows their sizes, which takes far less memory than
    /// buffers for the worst case of each.
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
