//! Zarr v3 arrays on a file system, read through zarrs.

use crate::error::{Context, Result, fail};
use crate::metadata::document::Metadata;
use crate::raster::opening::OpenOptions;
use crate::raster::region::volume;
use crate::raster::source::{Raster, RasterInfo};
use crate::raster::stored::StoredChunks;
use crate::store::chunk_keys::stored_chunks;
use crate::store::coordinates::texts;
use crate::store::files::sizes_with;
use crate::store::opened::open_array;
use crate::store::tree::Node;
use std::ops::Range;
use std::sync::Arc;
use vqz_codec::axes::{Axes, Role};
use zarrs::array::chunk_cache::{ChunkCache, ChunkCacheDecodedLruSizeLimit};
use zarrs::array::{Array, ArrayBytes, ArraySubset, CodecOptions, CodecTraits};
use zarrs::storage::ReadableStorageTraits;

/// For codecs that can't decode a part of a chunk, up to this many bytes of decoded chunks are cached.
const CACHE_BYTES: u64 = 256 << 20;

/// A Zarr array as a raster.
pub struct ZarrRaster {
    info: RasterInfo,
    array: Arc<Array<dyn ReadableStorageTraits>>,
    cache: Option<ChunkCacheDecodedLruSizeLimit>,
    stored: Option<Arc<StoredChunks>>,
}

impl ZarrRaster {
    /// Opens an array of a hierarchy.
    ///
    /// # Errors
    /// When its dimensions do not form a raster, or its data type or a codec is not supported.
    pub fn open(node: &Node, options: &OpenOptions) -> Result<Self> {
        let metadata = &node.metadata;
        let data_type = metadata.data_type()?;
        let axes = metadata.axes(options.axes.as_ref())?;
        let encoded = metadata.encoded()?;
        let nodata = match &encoded {
            _ if !options.nodata.is_empty() => options.nodata.clone(),
            Some(encoded) => encoded.configuration.nodata.clone(),
            None => metadata.declared_nodata(),
        };
        let stored = stored_chunks(&node.folder, metadata)?.map(Arc::new);
        let info = RasterInfo {
            label: node.label(),
            shape: metadata.shape()?,
            axes,
            data_type,
            chunk: encoded.map_or_else(|| metadata.chunk_shape(), |encoded| Ok(encoded.chunk))?,
            nodata,
            metadata: without_record(metadata),
            band_coordinate: None,
            stored: sizes_with(&node.folder, stored.as_deref())?,
        };
        let info = match info.band_names() {
            Some(_) => info,
            None => RasterInfo { band_coordinate: band_coordinate(node, &info.axes), ..info },
        };
        let array = open_array(&node.folder, options.engine)?;
        let array = Arc::new(array.with_storage(array.storage() as Arc<dyn ReadableStorageTraits>));
        // If the codecs can't decode a part of a chunk, reading a part costs as much as reading the whole chunk.
        let partial = array.codecs().partial_decoder_capability().partial_decode;
        let cache = (!partial).then(|| {
            let chunk = volume(&info.chunk).saturating_mul(data_type.size() as u64);
            ChunkCacheDecodedLruSizeLimit::new(
                Arc::clone(&array),
                CACHE_BYTES.max(chunk.saturating_add(chunk / 4)),
            )
        });
        Ok(Self { info, array, cache, stored })
    }
}

/// The names of bands that stand beside an array, as texts in the coordinate that has the name of its dimension of bands.
/// None where there is no such coordinate, and where it can't be read.
pub fn band_coordinate(node: &Node, axes: &Axes) -> Option<Vec<String>> {
    let dimension = axes.position(&Role::Band)?;
    let name = node.metadata.dimension_names()?.get(dimension)?.clone();
    let count = *node.metadata.shape().ok()?.get(dimension)?;
    texts(node.folder.parent()?, &name, count).ok().flatten()
}

/// Metadata for an array that is made from this one. The record is removed, because it describes the chunks of this
/// archive only.
fn without_record(metadata: &Metadata) -> Metadata {
    let mut metadata = metadata.clone();
    metadata.remove_record();
    metadata
}

impl Raster for ZarrRaster {
    fn info(&self) -> &RasterInfo {
        &self.info
    }

    fn stored_chunks(&self) -> Result<Option<Arc<StoredChunks>>> {
        Ok(self.stored.clone())
    }

    fn read(&self, region: &[Range<u64>]) -> Result<Vec<u8>> {
        let subset = ArraySubset::new_with_ranges(region);
        let options = CodecOptions::default();
        let bytes = match &self.cache {
            Some(cache) => {
                let bytes = cache.retrieve_array_subset_bytes(&subset, &options);
                bytes.map(|bytes| Arc::try_unwrap(bytes).unwrap_or_else(|shared| (*shared).clone()))
            }
            None => self.array.retrieve_array_subset_opt::<ArrayBytes<'static>>(&subset, &options),
        };
        let bytes = bytes.with_context(|| format!("reading {} at {region:?}", self.info.label))?;
        let bytes = bytes.into_fixed().map_err(|e| fail!(Codec, "{}: {e}", self.info.label))?;
        Ok(bytes.into_owned())
    }
}
