//! The requests of partial reads and the bytes that they need. The synchronous and the asynchronous decoder share this.
//!
//! Nothing here does I/O. A [`Request`] says which region of a chunk to decode; a [`Head`] holds the chunk's first bytes; a
//! [`Fetch`] says which byte ranges are missing and puts the parts together.

use std::borrow::Cow;
use std::ops::Range;
use vqz_codec::error::{Error, Result};
use vqz_codec::pipeline::ChunkCodec;
use zarrs_chunk_grid::{Indexer, IndexerError};
use zarrs_codec::CodecError;
use zarrs_storage::byte_range::ByteRange;

/// How many bytes of a chunk's start are read first. These mostly hold the whole header, or all of a small chunk.
pub(crate) const FIRST_READ: usize = 4096;

/// Ranges with a gap of at most this many bytes between them are read as one.
const MAX_GAP: u64 = 4096;

/// The part of a chunk to decode.
#[derive(Debug, PartialEq)]
pub(crate) enum Request {
    /// No samples.
    Nothing,
    /// The whole chunk, in its own order.
    Whole,
    /// A region, a range for each dimension, in C order.
    Region(Vec<Range<usize>>),
    /// Single samples, within a region.
    Scattered(Vec<Range<usize>>),
}

impl Request {
    /// Checks an indexer against a chunk's shape.
    ///
    /// # Errors
    /// [`CodecError::IncompatibleIndexer`] for an indexer with another number of dimensions, or with positions outside the chunk.
    pub(crate) fn new(indexer: &dyn Indexer, shape: &[usize]) -> Result<Self, CodecError> {
        if indexer.is_empty() {
            return Ok(Self::Nothing);
        }
        if indexer.dimensionality() != shape.len() {
            let found = indexer.dimensionality();
            return Err(IndexerError::new_incompatible_dimensionality(found, shape.len()).into());
        }
        let outside = |at: &[u64]| {
            let shape = shape.iter().map(|extent| *extent as u64).collect();
            CodecError::from(IndexerError::new_oob(at.to_vec(), shape))
        };
        let inside = |end: u64, extent: usize| usize::try_from(end).ok().filter(|end| *end <= extent);

        if let Some(subset) = indexer.as_array_subset() {
            let (start, end) = (subset.start(), subset.end_exc());
            let region: Option<Vec<Range<usize>>> = (start.iter().zip(&end).zip(shape))
                .map(|((start, end), extent)| Some(usize::try_from(*start).ok()?..inside(*end, *extent)?))
                .collect();
            let region = region.ok_or_else(|| outside(&end))?;
            let whole = region.iter().zip(shape).all(|(range, extent)| *range == (0..*extent));
            return Ok(if whole { Self::Whole } else { Self::Region(region) });
        }

        let nowhere = Range { start: usize::MAX, end: 0 };
        let mut region = vec![nowhere; shape.len()];
        for at in indexer.iter_indices() {
            if at.len() != shape.len() {
                return Err(IndexerError::new_incompatible_dimensionality(at.len(), shape.len()).into());
            }
            for ((range, at_dimension), extent) in region.iter_mut().zip(at.iter()).zip(shape) {
                let end = inside(at_dimension.saturating_add(1), *extent).ok_or_else(|| outside(&at))?;
                *range = range.start.min(end - 1)..range.end.max(end);
            }
        }
        Ok(Self::Scattered(region))
    }
}

/// Picks the samples of an indexer out of a decoded region in C order, in the indexer's order.
///
/// # Errors
/// [`Error::InvalidArgument`] for an indexer with positions outside the region.
pub(crate) fn gather(
    indexer: &dyn Indexer,
    region: &[Range<usize>],
    samples: &[u8],
    size: usize,
) -> Result<Vec<u8>> {
    let changed = || Error::InvalidArgument("the indexer gave other positions when asked again".to_owned());
    let mut out = Vec::with_capacity(usize::try_from(indexer.len()).unwrap_or_default().saturating_mul(size));
    for at in indexer.iter_indices() {
        let mut offset = 0usize;
        for (range, at) in region.iter().zip(at.iter()) {
            let at = usize::try_from(*at).ok().filter(|at| range.contains(at)).ok_or_else(changed)?;
            offset = offset * range.len() + (at - range.start);
        }
        out.extend_from_slice(samples.get(offset * size..(offset + 1) * size).ok_or_else(changed)?);
    }
    Ok(out)
}

/// The first bytes of a chunk.
#[derive(Debug)]
pub(crate) struct Head {
    bytes: Vec<u8>,
    /// Whether these are all of the chunk's bytes. Otherwise the last ones may belong to the next chunk in a shard.
    all: bool,
    header: usize,
}

impl Head {
    /// Makes a head of all bytes of a chunk.
    pub(crate) fn all(codec: &ChunkCodec, bytes: Vec<u8>) -> Result<Self> {
        let prefix = &bytes[..bytes.len().min(ChunkCodec::PREFIX)];
        let header = codec.header_len(prefix)?.min(bytes.len());
        Ok(Self { bytes, all: true, header })
    }

    /// Makes a head of the first bytes of a chunk. When they end before the header does, the error is the header's length, so that
    /// the caller can read that many bytes.
    pub(crate) fn start(
        codec: &ChunkCodec,
        bytes: Vec<u8>,
        max_chunk_bytes: u64,
    ) -> Result<Result<Self, usize>> {
        let prefix = &bytes[..bytes.len().min(ChunkCodec::PREFIX)];
        let header = codec.header_len(prefix)?;
        if header as u64 > max_chunk_bytes {
            return Err(too_long(header as u64, max_chunk_bytes));
        }
        Ok(if header <= bytes.len() { Ok(Self { bytes, all: false, header }) } else { Err(header) })
    }

    /// The head that a partial read would have after its first read of a chunk with this header: `held` bytes, or all of them.
    pub(crate) fn assumed(header: &[u8], held: usize, all: bool) -> Self {
        let mut bytes = header.to_vec();
        bytes.resize(held.max(header.len()), 0);
        Self { bytes, all, header: header.len() }
    }

    /// The chunk's header.
    pub(crate) fn header(&self) -> &[u8] {
        &self.bytes[..self.header]
    }

    /// All bytes of the chunk, if the head holds them.
    pub(crate) fn whole(&self) -> Option<&[u8]> {
        self.all.then_some(&self.bytes)
    }

    /// The number of bytes that the head holds.
    pub(crate) fn len(&self) -> usize {
        self.bytes.len()
    }
}

fn too_long(found: u64, max: u64) -> Error {
    Error::Corrupt(format!(
        "the chunk's header asks for {found} bytes, a chunk of this shape has at most {max}; it was damaged, write it again"
    ))
}

/// The byte ranges that a plan needs beyond a chunk's head.
#[derive(Debug)]
pub(crate) struct Fetch {
    ranges: Vec<Range<u64>>,
    missing: Vec<Range<u64>>,
}

impl Fetch {
    /// Merges what is missing into few ranges.
    ///
    /// # Errors
    /// [`Error::Corrupt`] for ranges beyond what a chunk of this shape can have, [`Error::Truncated`] for ranges beyond
    /// the end of a chunk whose bytes are all at hand.
    pub(crate) fn new(ranges: &[Range<u64>], head: &Head, max_chunk_bytes: u64) -> Result<Self> {
        let held = head.len() as u64;
        let mut wanted = Vec::new();
        for range in ranges {
            if range.start > range.end || range.end > max_chunk_bytes {
                return Err(too_long(range.start.max(range.end), max_chunk_bytes));
            }
            if range.end <= held || range.is_empty() {
                continue;
            }
            if head.all {
                return Err(Error::Truncated(format!(
                    "the chunk has {held} bytes, its header asks for bytes {} to {}; it was cut off, write it again",
                    range.start, range.end
                )));
            }
            wanted.push(range.clone());
        }
        wanted.sort_unstable_by_key(|range| (range.start, range.end));
        let mut missing: Vec<Range<u64>> = Vec::new();
        for range in wanted {
            match missing.last_mut() {
                Some(last) if range.start <= last.end.saturating_add(MAX_GAP) => {
                    last.end = last.end.max(range.end)
                }
                _ => missing.push(range),
            }
        }
        Ok(Self { ranges: ranges.to_vec(), missing })
    }

    /// The ranges to read, as offsets from the chunk's start.
    pub(crate) fn spans(&self) -> &[Range<u64>] {
        &self.missing
    }

    /// The ranges to read, or `None` when all is at hand.
    pub(crate) fn byte_ranges(&self) -> Option<Vec<ByteRange>> {
        let byte_range =
            |range: &Range<u64>| ByteRange::FromStart(range.start, Some(range.end - range.start));
        (!self.missing.is_empty()).then(|| self.missing.iter().map(byte_range).collect())
    }

    /// The plan's parts, taken from the head and the bytes that were read.
    ///
    /// # Errors
    /// [`Error::Truncated`] when the storage gave fewer bytes than asked for.
    pub(crate) fn parts<'a>(&self, head: &'a Head, read: &'a [Cow<'_, [u8]>]) -> Result<Vec<&'a [u8]>> {
        self.ranges
            .iter()
            .map(|range| {
                if range.end <= head.len() as u64 {
                    return Ok(&head.bytes[range.start as usize..range.end as usize]);
                }
                if range.is_empty() {
                    return Ok(&[][..]);
                }
                let group = self.missing.partition_point(|m| m.start <= range.start).checked_sub(1);
                let slice = group.and_then(|group| {
                    let start = usize::try_from(range.start - self.missing[group].start).ok()?;
                    let len = usize::try_from(range.end - range.start).ok()?;
                    read.get(group)?.get(start..start.checked_add(len)?)
                });
                slice.ok_or_else(|| {
                    Error::Truncated(format!(
                        "bytes {} to {} of the chunk could not be read; it was cut off, write it again",
                        range.start, range.end
                    ))
                })
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use zarrs_chunk_grid::ArraySubset;

    const SHAPE: [usize; 2] = [10, 20];

    fn message<T: std::fmt::Debug>(result: Result<T, impl std::fmt::Display>) -> String {
        result.map_err(|e| e.to_string()).unwrap_err()
    }

    #[test]
    fn a_request_knows_the_whole_chunk_and_refuses_places_outside() {
        let request = |ranges: &[Range<u64>]| Request::new(&ArraySubset::new_with_ranges(ranges), &SHAPE);
        assert_eq!(request(&[0..10, 0..20]).unwrap(), Request::Whole);
        assert_eq!(request(&[3..3, 0..20]).unwrap(), Request::Nothing);
        assert_eq!(request(&[1..10, 0..20]).unwrap(), Request::Region(vec![1..10, 0..20]));
        assert!(message(request(&[0..11, 0..20])).contains("out-of-bounds"));
        assert!(message(request(&[0..1, 0..1, 0..1])).contains("incompatible"));
    }

    #[test]
    fn scattered_samples_come_in_the_order_of_the_indexer() {
        let places: Vec<Vec<u64>> = vec![vec![4, 7], vec![2, 9], vec![4, 7]];
        assert_eq!(Request::new(&places, &SHAPE).unwrap(), Request::Scattered(vec![2..5, 7..10]));
        // The region's samples, two bytes each: row and column.
        let samples: Vec<u8> = (2..5).flat_map(|y| (7..10).flat_map(move |x| [y, x])).collect();
        assert_eq!(gather(&places, &[2..5, 7..10], &samples, 2).unwrap(), [4, 7, 2, 9, 4, 7]);
        assert!(message(Request::new(&vec![vec![0u64, 20]], &SHAPE)).contains("out-of-bounds"));
        assert!(message(Request::new(&vec![vec![0u64, u64::MAX]], &SHAPE)).contains("out-of-bounds"));
        assert!(message(Request::new(&vec![vec![0u64, 1], vec![2]], &SHAPE)).contains("incompatible"));
        assert!(message(gather(&places, &[2..4, 7..10], &samples, 2)).contains("other positions"));
    }

    #[test]
    fn near_ranges_are_read_as_one_and_taken_apart_again() {
        let chunk: Vec<u8> = (0..30_000u32).map(|i| (i / 7) as u8).collect();
        let head = Head { bytes: chunk[..1000].to_vec(), all: false, header: 40 };
        let ranges = [20_000..20_100, 900..1000, 990..1010, 1500..1500, 2000..3000, 19_000..19_500];
        let fetch = Fetch::new(&ranges, &head, 1 << 20).unwrap();
        let asked = fetch.byte_ranges().unwrap();
        assert_eq!(
            asked,
            [ByteRange::FromStart(990, Some(2010)), ByteRange::FromStart(19_000, Some(1100))],
            "two reads, none for what the head holds"
        );
        let read: Vec<Cow<'_, [u8]>> =
            asked.iter().map(|range| Cow::Borrowed(&chunk[range.to_range_usize(30_000)])).collect();
        let parts = fetch.parts(&head, &read).unwrap();
        for (range, part) in ranges.iter().zip(parts) {
            assert_eq!(part, &chunk[range.start as usize..range.end as usize], "{range:?}");
        }
        assert!(message(fetch.parts(&head, &read[..1])).contains("bytes 20000 to 20100"));
    }

    #[test]
    fn a_header_that_asks_for_too_much_is_refused_before_anything_is_read() {
        let head = |all| Head { bytes: vec![0; 1000], all, header: 40 };
        assert!(
            Fetch::new(std::slice::from_ref(&(100..1000)), &head(true), 1 << 20)
                .unwrap()
                .byte_ranges()
                .is_none()
        );
        let cut = message(Fetch::new(std::slice::from_ref(&(100..1001)), &head(true), 1 << 20));
        assert!(cut.starts_with("truncated data: the chunk has 1000 bytes"), "{cut}");
        let huge = message(Fetch::new(std::slice::from_ref(&(100..u64::MAX)), &head(false), 1 << 20));
        assert!(huge.contains("at most 1048576"), "{huge}");
        let reversed = Range { start: 200, end: 100 };
        assert!(message(Fetch::new(&[reversed], &head(false), 1 << 20)).starts_with("corrupt data"));
    }
}
