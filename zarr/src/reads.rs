//! What a partial read costs in bytes and requests, known before anything but the chunk's header is read.
//!
//! It follows the partial decoder step by step, with the same plan and the same merging of ranges.

use crate::request::{FIRST_READ, Fetch, Head};
use vqz_codec::error::Result;
use vqz_codec::pipeline::{ChunkCodec, Plan};

/// What reading a part of a chunk costs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Reads {
    /// Bytes, those that are read on the way included: the chunk's start, and gaps that are not worth a request.
    pub bytes: u64,
    /// Requests that are answered.
    pub requests: u64,
}

impl Reads {
    /// Takes those of another chunk.
    pub fn add(&mut self, other: Self) {
        self.bytes += other.bytes;
        self.requests += other.requests;
    }
}

/// What the region of a plan takes: `length` is that of the chunk in bytes, `available` what the file holds from the
/// chunk's start on, which in a shard is more. `header` is the chunk's, without what follows it.
///
/// A region that is the whole chunk is one read of `length` bytes, and needs no plan.
///
/// # Errors
/// [`Error::Corrupt`](vqz_codec::error::Error::Corrupt) and [`Error::Truncated`](vqz_codec::error::Error::Truncated) for a header
/// whose tiles lie beyond the chunk.
pub fn reads(codec: &ChunkCodec, plan: &Plan, header: &[u8], length: u64, available: u64) -> Result<Reads> {
    let header = &header[..codec.header_len(header)?.min(header.len())];
    // Storage refuses a range beyond its end: then the chunk is read as a whole.
    if available < FIRST_READ as u64 {
        Fetch::new(&plan.ranges, &Head::supposed(header, length as usize, true), length)?;
        return Ok(Reads { bytes: length, requests: 1 });
    }
    let mut reads = Reads { bytes: FIRST_READ as u64, requests: 1 };
    let mut held = FIRST_READ;
    if header.len() > FIRST_READ {
        held = header.len();
        reads.add(Reads { bytes: held as u64, requests: 1 });
    }
    let missing = Fetch::new(&plan.ranges, &Head::supposed(header, held, false), length)?;
    for range in missing.spans() {
        reads.add(Reads { bytes: range.end - range.start, requests: 1 });
    }
    Ok(reads)
}
