//! How an array is encoded, according to its metadata: the configuration of the codec, chunks and shards, roles of
//! dimensions.

use crate::error::{Context, Result, bail};
use crate::metadata::document::{Metadata, codec_name, codecs};
use vqz_codec::axes::Axes;
use vqz_codec::config::Configuration;
use vqz_codec::name::{NAME, NAMES, is_codec};
use vqz_raster::conventions::dimensions::axes;

/// How an array was encoded by this codec.
#[derive(Clone, Debug)]
pub struct Encoding {
    /// The codec's configuration.
    pub configuration: Configuration,
    /// The extents of the chunks that the codec encodes: the inner chunks of a sharded array.
    pub chunk: Vec<u64>,
    /// The extents of the shards, if the array is sharded.
    pub shard: Option<Vec<u64>>,
    /// Whether the stored bytes are those of the codec alone, with no other codec before or after it.
    pub plain: bool,
}

impl Metadata {
    /// Removes the record of an encode, because it describes the chunks of one archive only, not those of an array
    /// made from it.
    pub fn remove_record(&mut self) {
        for name in NAMES {
            self.remove_attribute(name);
        }
    }

    /// How it was encoded by this codec, or `None` where it was not.
    pub fn encoded(&self) -> Result<Option<Encoding>> {
        let outer = codecs(&self.json);
        let (own, shard, plain) = if let Some(codec) = outer.iter().find(|c| is_codec(codec_name(c))) {
            (codec, None, outer.len() == 1)
        } else if let Some(configuration) = self.sharding() {
            let inner = codecs(configuration);
            let Some(codec) = inner.iter().find(|c| is_codec(codec_name(c))) else {
                return Ok(None);
            };
            let chunk = self
                .extents(configuration.get("chunk_shape"))
                .with_context(|| format!("{}: sharding_indexed in zarr.json", self.label))?;
            (codec, Some(chunk), outer.len() == 1 && inner.len() == 1)
        } else {
            return Ok(None);
        };
        let configuration = own.get("configuration").cloned().unwrap_or_default();
        let configuration: Configuration = serde_json::from_value(configuration)
            .with_context(|| format!("{}: the configuration of codec {NAME}", self.label))?;
        let outer_chunk = self.chunk_shape()?;
        let dimensions = self.shape()?.len();
        let chunk = shard.as_ref().unwrap_or(&outer_chunk);
        if configuration.axes.roles().len() != dimensions || chunk.len() != dimensions {
            bail!(
                Corrupt,
                "{}: the array has {dimensions} dimensions, codec {NAME} has {} axes and chunks of {chunk:?}; restore \
                 the array's metadata",
                self.label,
                configuration.axes.roles().len()
            );
        }
        Ok(Some(match shard {
            None => Encoding { configuration, chunk: outer_chunk, shard: None, plain },
            Some(chunk) => Encoding { configuration, chunk, shard: Some(outer_chunk), plain },
        }))
    }

    /// The roles of its dimensions: as given, as the codec's configuration has them, or as the dimension names suggest.
    ///
    /// # Errors
    /// [`InvalidArgument`](crate::ErrorKind::InvalidArgument) when nothing says what the dimensions are, or roles are given
    /// for another number of dimensions.
    pub fn axes(&self, given: Option<&Axes>) -> Result<Axes> {
        let recorded = self.encoded()?.map(|encoding| encoding.configuration.axes);
        let (names, dimensions) = (self.dimension_names(), self.shape()?.len());
        axes(given, recorded.as_ref(), names.as_deref(), dimensions).with_context(|| self.label.clone())
    }
}
