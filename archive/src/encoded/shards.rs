//! Finds the inner chunks of a sharded array in its shards, from the indexes of the shards.
//!
//! zarrs can read inner chunks too. But it treats a missing one as if it had a size (`offset + size` overflows in 0.23.14),
//! and it can't read a part of one, such as its header.

use crate::error::{Context, Result, bail};
use crate::metadata::document::Metadata;
use crate::raster::region::{Grid, Region, volume};
use serde_json::Value;
use std::borrow::Cow;
use std::collections::HashMap;
use std::num::NonZeroU64;
use std::sync::{Arc, Mutex, PoisonError};
use zarrs::array::{
    Array, ArrayToBytesCodecTraits, BytesRepresentation, CodecChain, CodecError, CodecOptions, FillValue,
    data_type,
};
use zarrs::filesystem::FilesystemStore;
use zarrs::metadata::v3::MetadataV3;
use zarrs::storage::byte_range::ByteRange;
use zarrs::storage::{ReadableStorageTraits, StoreKey};

/// An index gives a missing inner chunk this offset and this length.
const MISSING: u64 = u64::MAX;

/// The greatest number of inner chunks in a shard: their index alone takes 4 GiB.
const MOST_CHUNKS: u64 = 1 << 28;

/// A range of bytes in a file.
#[derive(Clone, Debug)]
pub(crate) struct ByteSpan {
    /// The file.
    pub key: StoreKey,
    /// The first byte.
    pub start: u64,
    /// The number of bytes.
    pub length: u64,
}

/// The indexes of a sharded array, read when they are asked for.
pub(crate) struct Shards {
    codecs: CodecChain,
    /// Inner chunks in a shard, along each dimension.
    counts: Vec<u64>,
    /// The same, with one more dimension of extent two for offset and length.
    shape: Vec<NonZeroU64>,
    bytes: u64,
    at_end: bool,
    known: Mutex<HashMap<Vec<u64>, Option<Arc<Index>>>>,
}

/// The index of one shard, and the shard's size.
struct Index {
    entries: Vec<u64>,
    size: u64,
}

impl Shards {
    /// For an array whose only codec is `sharding_indexed`, with these shards and inner chunks.
    ///
    /// # Errors
    /// When the codecs of the index are not known, or have no fixed size.
    pub(crate) fn new(metadata: &Metadata, shard: &[u64], inner: &[u64]) -> Result<Self> {
        let Some(configuration) = metadata.sharding() else {
            bail!(Corrupt, "the array is not sharded");
        };
        let codecs = configuration.get("index_codecs").cloned().unwrap_or_default();
        let codecs: Vec<MetadataV3> =
            serde_json::from_value(codecs).context("index_codecs of sharding_indexed")?;
        let codecs = CodecChain::from_metadata(&codecs).context("index_codecs of sharding_indexed")?;
        if !(shard.iter().zip(inner).all(|(shard, inner)| *inner > 0 && shard.is_multiple_of(*inner))) {
            bail!(
                Corrupt,
                "shards of {shard:?} hold no whole number of chunks of {inner:?}; restore the array's metadata"
            );
        }
        let counts: Vec<u64> = shard.iter().zip(inner).map(|(shard, inner)| shard / inner).collect();
        if volume(&counts) > MOST_CHUNKS {
            bail!(
                Unsupported,
                "shards of {shard:?} would hold {} chunks of {inner:?}, at most {MOST_CHUNKS} are taken; restore the array's \
                 metadata",
                volume(&counts)
            );
        }
        let shape: Vec<NonZeroU64> = counts.iter().chain([&2]).filter_map(|n| NonZeroU64::new(*n)).collect();
        let size = codecs.encoded_representation(&shape, &data_type::uint64(), &FillValue::from(MISSING))?;
        let BytesRepresentation::FixedSize(bytes) = size else {
            bail!(
                Corrupt,
                "index_codecs of sharding_indexed have no fixed size; restore the array's metadata"
            );
        };
        let at_end = configuration.get("index_location").and_then(Value::as_str) != Some("start");
        Ok(Self { codecs, counts, shape, bytes, at_end, known: Mutex::default() })
    }

    /// Bytes of the index of a shard.
    pub(crate) fn index_bytes(&self) -> u64 {
        self.bytes
    }

    /// Where an inner chunk is, or `None` where it was never written.
    ///
    /// # Errors
    /// When the shard's index is damaged, or names bytes that the shard does not have.
    pub(crate) fn locate(&self, array: &Array<FilesystemStore>, indices: &[u64]) -> Result<Option<ByteSpan>> {
        let shard: Vec<u64> = indices.iter().zip(&self.counts).map(|(i, n)| i / n).collect();
        let key = array.chunk_key(&shard);
        let Some(index) =
            self.index(array, &shard, &key).with_context(|| format!("the index of shard {key}"))?
        else {
            return Ok(None);
        };
        let at = indices.iter().zip(&self.counts).fold(0, |at, (i, n)| at * n + i % n) as usize;
        let (start, length) = (index.entries[2 * at], index.entries[2 * at + 1]);
        if (start, length) == (MISSING, MISSING) {
            return Ok(None);
        }
        if start.checked_add(length).is_none_or(|end| end > index.size) {
            bail!(
                Corrupt,
                "corrupt data: shard {key} has {} bytes, its index names {length} from {start} on; restore the shard",
                index.size
            );
        }
        Ok(Some(ByteSpan { key, start, length }))
    }

    /// The inner chunks of a shard that are stored and lie in the array; all of them where the index can't be read.
    pub(crate) fn stored(&self, array: &Array<FilesystemStore>, shard: &[u64], grid: &Grid) -> Vec<Vec<u64>> {
        let within =
            |indices: &Vec<u64>| indices.iter().zip(grid.counts()).all(|(index, count)| index < count);
        let index = match self.index(array, shard, &array.chunk_key(shard)) {
            Ok(Some(index)) => index,
            Ok(None) => return Vec::new(),
            Err(_) => {
                let places = shard.iter().zip(&self.counts).zip(grid.counts());
                let places: Region = places
                    .map(|((i, n), count)| {
                        i.saturating_mul(*n).min(*count)..i.saturating_add(1).saturating_mul(*n).min(*count)
                    })
                    .collect();
                return Grid::new(grid.counts(), &vec![1; shard.len()]).touched(&places).collect();
            }
        };
        let inner = Grid::new(&self.counts, &vec![1; self.counts.len()]);
        let entries = index.entries.as_chunks::<2>().0.iter().enumerate();
        entries
            .filter(|(_, entry)| **entry != [MISSING, MISSING])
            .map(|(at, _)| {
                let places = inner.indices(at as u64).into_iter().zip(shard.iter().zip(&self.counts));
                places.map(|(place, (i, n))| i.saturating_mul(*n).saturating_add(place)).collect()
            })
            .filter(within)
            .collect()
    }

    fn index(
        &self,
        array: &Array<FilesystemStore>,
        shard: &[u64],
        key: &StoreKey,
    ) -> Result<Option<Arc<Index>>> {
        if let Some(index) = self.known.lock().unwrap_or_else(PoisonError::into_inner).get(shard) {
            return Ok(index.clone());
        }
        let index = self.read(array, key)?.map(Arc::new);
        self.known.lock().unwrap_or_else(PoisonError::into_inner).insert(shard.to_vec(), index.clone());
        Ok(index)
    }

    fn read(&self, array: &Array<FilesystemStore>, key: &StoreKey) -> Result<Option<Index>> {
        let store = array.storage();
        let Some(size) = store.size_key(key)? else {
            return Ok(None);
        };
        if size < self.bytes {
            bail!(
                Corrupt,
                "corrupt data: the shard has {size} bytes, its index alone {}; restore the shard",
                self.bytes
            );
        }
        let range = if self.at_end {
            ByteRange::Suffix(self.bytes)
        } else {
            ByteRange::FromStart(0, Some(self.bytes))
        };
        let Some(encoded) = store.get_partial(key, range)? else {
            return Ok(None);
        };
        let decoded = self.codecs.decode(
            Cow::Borrowed(&encoded),
            &self.shape,
            &data_type::uint64(),
            &FillValue::from(MISSING),
            &CodecOptions::default(),
        )?;
        let entries: Vec<u64> = decoded
            .into_fixed()
            .map_err(CodecError::from)?
            .as_chunks::<8>()
            .0
            .iter()
            .map(|entry| u64::from_ne_bytes(*entry))
            .collect();
        let expected = 2 * self.counts.iter().product::<u64>() as usize;
        if entries.len() != expected {
            bail!(Corrupt, "corrupt data: {} numbers, there must be {expected}", entries.len());
        }
        Ok(Some(Index { entries, size }))
    }
}
