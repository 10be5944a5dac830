//! What a partial read costs in bytes and requests, known before anything but the chunk's header is read.
//!
//! The computation takes the same steps as the partial decoder, with the same plan and the same merging of ranges.

use vqz_codec::error::Result;
use vqz_codec::pipeline::{ChunkCodec, FIRST_READ, Fetch, Head, Plan};

/// The cost of reading a part of a chunk.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Reads {
    /// Bytes that are read, including the chunk's start and the gaps between ranges that are read as one.
    pub bytes: u64,
    /// Successful requests.
    pub requests: u64,
}

impl Reads {
    /// Adds the cost of reading another chunk.
    pub fn add(&mut self, other: Self) {
        self.bytes += other.bytes;
        self.requests += other.requests;
    }
}

/// The cost of reading the region of a plan. `length` is the length of the chunk in bytes. `available` is the number of bytes from
/// the chunk's start to the end of the file, which is more in a shard. `header` is the chunk's header alone.
///
/// A region that is the whole chunk is one read of `length` bytes, and needs no plan.
///
/// # Errors
/// [`Error::Corrupt`](vqz_codec::error::Error::Corrupt) and [`Error::Truncated`](vqz_codec::error::Error::Truncated) for a header
/// whose tiles lie beyond the chunk.
pub fn reads(codec: &ChunkCodec, plan: &Plan, header: &[u8], length: u64, available: u64) -> Result<Reads> {
    let header = &header[..codec.header_len(header)?.min(header.len())];
    // Storage refuses a range beyond its end, and the partial decoder then reads the whole chunk.
    if available < FIRST_READ as u64 {
        Fetch::new(&plan.ranges, &Head::assumed(header, length as usize, true), length)?;
        return Ok(Reads { bytes: length, requests: 1 });
    }
    let mut reads = Reads { bytes: FIRST_READ as u64, requests: 1 };
    let mut held = FIRST_READ;
    if header.len() > FIRST_READ {
        held = header.len();
        reads.add(Reads { bytes: held as u64, requests: 1 });
    }
    let missing = Fetch::new(&plan.ranges, &Head::assumed(header, held, false), length)?;
    for range in missing.missing() {
        reads.add(Reads { bytes: range.end - range.start, requests: 1 });
    }
    Ok(reads)
}
