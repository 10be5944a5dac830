//! The bytes that a partial read needs, apart from how they are fetched.
//!
//! Nothing here does I/O. A [`Head`] holds the first bytes of a chunk, with its header. A [`Fetch`] says which byte ranges of a
//! [`Plan`](super::Plan) are still missing, and puts the parts together once these are there.

use super::codec::ChunkCodec;
use crate::axes::Layout;
use crate::error::{Error, Result};
use std::ops::Range;

/// How many bytes of a chunk's start are read first. These mostly hold the whole header, or all of a small chunk.
pub const FIRST_READ: usize = 4096;

/// Ranges with a gap of at most this many bytes between them are read as one.
const MAX_GAP: u64 = 4096;

/// An upper limit on the bytes of a chunk of this layout. Bytes beyond it are never fetched, whatever a header says. `patch` is the
/// side of the model's patches.
#[must_use]
pub fn max_chunk_bytes(layout: &Layout, patch: usize) -> u64 {
    let padded = |extent: usize| extent.next_multiple_of(patch.max(1)) as u64;
    let samples = padded(layout.height())
        .saturating_mul(padded(layout.width()))
        .saturating_mul((layout.bands() * layout.images()) as u64);
    samples.saturating_mul(32).saturating_add(1 << 20)
}

/// The first bytes of a chunk.
#[derive(Debug)]
pub struct Head {
    bytes: Vec<u8>,
    /// Whether these are all of the chunk's bytes. Otherwise the last ones may belong to the next chunk in a shard.
    all: bool,
    header: usize,
}

impl Head {
    /// Makes a head of all bytes of a chunk.
    pub fn all(codec: &ChunkCodec, bytes: Vec<u8>) -> Result<Self> {
        let prefix = &bytes[..bytes.len().min(ChunkCodec::PREFIX)];
        let header = codec.header_len(prefix)?.min(bytes.len());
        Ok(Self { bytes, all: true, header })
    }

    /// Makes a head of the first bytes of a chunk. When they end before the header does, the error is the header's length, so that
    /// the caller can read that many bytes.
    pub fn start(codec: &ChunkCodec, bytes: Vec<u8>, max_chunk_bytes: u64) -> Result<Result<Self, usize>> {
        let prefix = &bytes[..bytes.len().min(ChunkCodec::PREFIX)];
        let header = codec.header_len(prefix)?;
        if header as u64 > max_chunk_bytes {
            return Err(too_long(header as u64, max_chunk_bytes));
        }
        Ok(if header <= bytes.len() { Ok(Self { bytes, all: false, header }) } else { Err(header) })
    }

    /// The head that a partial read would have after its first read of a chunk with this header: `held` bytes, or all of them.
    pub fn assumed(header: &[u8], held: usize, all: bool) -> Self {
        let mut bytes = header.to_vec();
        bytes.resize(held.max(header.len()), 0);
        Self { bytes, all, header: header.len() }
    }

    /// The chunk's header.
    pub fn header(&self) -> &[u8] {
        &self.bytes[..self.header]
    }

    /// All bytes of the chunk, if the head holds them.
    pub fn whole(&self) -> Option<&[u8]> {
        self.all.then_some(&self.bytes)
    }

    /// The number of bytes that the head holds.
    #[must_use]
    pub fn held(&self) -> usize {
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
pub struct Fetch {
    ranges: Vec<Range<u64>>,
    missing: Vec<Range<u64>>,
}

impl Fetch {
    /// Merges what is missing into few ranges.
    ///
    /// # Errors
    /// [`Error::Corrupt`] for ranges beyond what a chunk of this shape can have, [`Error::Truncated`] for ranges beyond
    /// the end of a chunk whose bytes are all at hand.
    pub fn new(ranges: &[Range<u64>], head: &Head, max_chunk_bytes: u64) -> Result<Self> {
        let held = head.held() as u64;
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

    /// The ranges to read, as offsets from the chunk's start; none when all is at hand.
    #[must_use]
    pub fn missing(&self) -> &[Range<u64>] {
        &self.missing
    }

    /// The plan's parts, taken from the head and the bytes that were read.
    ///
    /// # Errors
    /// [`Error::Truncated`] when the storage gave fewer bytes than asked for.
    pub fn parts<'a>(&self, head: &'a Head, read: &'a [impl AsRef<[u8]>]) -> Result<Vec<&'a [u8]>> {
        self.ranges
            .iter()
            .map(|range| {
                if range.end <= head.held() as u64 {
                    return Ok(&head.bytes[range.start as usize..range.end as usize]);
                }
                if range.is_empty() {
                    return Ok(&[][..]);
                }
                let group = self.missing.partition_point(|m| m.start <= range.start).checked_sub(1);
                let slice = group.and_then(|group| {
                    let start = usize::try_from(range.start - self.missing[group].start).ok()?;
                    let len = usize::try_from(range.end - range.start).ok()?;
                    read.get(group)?.as_ref().get(start..start.checked_add(len)?)
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

    fn message<T: std::fmt::Debug>(result: Result<T>) -> String {
        result.map_err(|e| e.to_string()).unwrap_err()
    }

    #[test]
    fn near_ranges_are_read_as_one_and_taken_apart_again() {
        let chunk: Vec<u8> = (0..30_000u32).map(|i| (i / 7) as u8).collect();
        let head = Head { bytes: chunk[..1000].to_vec(), all: false, header: 40 };
        let ranges = [20_000..20_100, 900..1000, 990..1010, 1500..1500, 2000..3000, 19_000..19_500];
        let fetch = Fetch::new(&ranges, &head, 1 << 20).unwrap();
        let asked = fetch.missing();
        assert_eq!(asked, [990..3000, 19_000..20_100], "two reads, none for what the head holds");
        let read: Vec<&[u8]> =
            asked.iter().map(|range| &chunk[range.start as usize..range.end as usize]).collect();
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
                .missing()
                .is_empty()
        );
        let cut = message(Fetch::new(std::slice::from_ref(&(100..1001)), &head(true), 1 << 20));
        assert!(cut.starts_with("truncated data: the chunk has 1000 bytes"), "{cut}");
        let huge = message(Fetch::new(std::slice::from_ref(&(100..u64::MAX)), &head(false), 1 << 20));
        assert!(huge.contains("at most 1048576"), "{huge}");
        let reversed = Range { start: 200, end: 100 };
        assert!(message(Fetch::new(&[reversed], &head(false), 1 << 20)).starts_with("corrupt data"));
    }
}
