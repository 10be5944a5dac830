//! Chunks that are damaged, and their mutator.
//!
//! An input is a byte that chooses the [`IntactChunk`] whose codec reads, then the chunk.

use crate::{mutate, replace};
use std::ops::Range;
use std::sync::LazyLock;
use vqz_codec::Error;
use vqz_codec::pipeline::ChunkCodec;
use vqz_tests::Random;
use vqz_tests::intact::{IntactChunk, assert_allowed, intact_chunks, write_checksum};

/// No intact chunk has more than a few thousand samples.
pub const CEILING: usize = 64 << 20;

static INTACT: LazyLock<Vec<IntactChunk>> = LazyLock::new(intact_chunks);

/// The intact chunks.
#[must_use]
pub fn seeds() -> Vec<Vec<u8>> {
    let seed = |(number, intact): (usize, &IntactChunk)| [&[number as u8][..], &intact.chunk].concat();
    INTACT.iter().enumerate().map(seed).collect()
}

/// The intact chunk whose codec reads an input, and its chunk.
fn intact(data: &[u8]) -> Option<(&'static IntactChunk, &[u8])> {
    let (first, chunk) = data.split_first()?;
    Some((&INTACT[usize::from(*first) % INTACT.len()], chunk))
}

/// Reads a chunk in all ways that there are.
///
/// # Panics
/// When they disagree, or an error is not one that bytes may lead to.
pub fn read(data: &[u8], sealed: bool) {
    let Some((intact, chunk)) = intact(data) else { return };
    let chunk = if sealed { intact.with_checksums(chunk.to_vec()) } else { chunk.to_vec() };
    let samples = intact.decode(&chunk);
    let codes = intact.codec.codes(&intact.shape, &chunk);
    let statistics = intact.codec.statistics(&intact.shape, &chunk);
    let errors: [Option<&Error>; 3] =
        [samples.as_ref().err(), codes.as_ref().err(), statistics.as_ref().err()];
    errors.iter().flatten().for_each(|error| assert_allowed(error, intact.name, "the input"));
    if samples.is_ok() {
        assert!(codes.is_ok(), "{}: samples, but no codes: {codes:?}", intact.name);
        assert!(statistics.is_ok(), "{}: samples, but no statistics: {statistics:?}", intact.name);
    }
}

/// Changes a chunk: anywhere, or its header, or one of its tiles, whose length the header then states anew. All checksums
/// are made right.
pub fn mutate_sealed(data: &mut [u8], size: usize, max_size: usize, seed: u32) -> usize {
    let mut random = Random::new(u64::from(seed));
    let Some((intact, chunk)) = intact(&data[..size]) else {
        return libfuzzer_sys::fuzzer_mutate(data, size, max_size);
    };
    let Some(layout) = Layout::of(intact, chunk) else {
        return libfuzzer_sys::fuzzer_mutate(data, size, max_size);
    };
    let room = max_size.saturating_sub(size);
    let chunk = match random.below(8) {
        0 => return libfuzzer_sys::fuzzer_mutate(data, size, max_size),
        1 | 2 => layout.with_header(chunk, room),
        _ => layout.with_tile(chunk, room, &mut random),
    };
    let sealed = intact.with_checksums(chunk);
    let first = data[0];
    replace(data, max_size, &[&[first][..], &sealed].concat())
}

/// Where a chunk's parts lie.
struct Layout {
    /// The header's body.
    body: Range<usize>,
    tiles: Vec<Range<usize>>,
}

impl Layout {
    fn of(intact: &IntactChunk, chunk: &[u8]) -> Option<Self> {
        let header = intact.codec.header_len(&chunk[..chunk.len().min(ChunkCodec::PREFIX)]).ok()?;
        let start = 4 + chunk.get(4..)?.iter().position(|byte| byte & 0x80 == 0)? + 1;
        if header > chunk.len() || start + 4 > header {
            return None;
        }
        let all: Vec<Range<usize>> = intact.shape.iter().map(|extent| 0..*extent).collect();
        // A header that is no longer sound may still be changed; its tiles can't be found.
        let plan = intact.codec.plan(&intact.shape, chunk, &all).ok();
        let tiles =
            plan.iter().flat_map(|plan| &plan.ranges).map(|r| r.start as usize..r.end as usize).collect();
        Some(Self { body: start..header - 4, tiles })
    }

    fn with_header(&self, chunk: &[u8], room: usize) -> Vec<u8> {
        let mut body = chunk[self.body.clone()].to_vec();
        let room = body.len() + room;
        mutate(&mut body, room);
        put_together(chunk, &body, &chunk[self.body.end + 4..])
    }

    fn with_tile(&self, chunk: &[u8], room: usize, random: &mut Random) -> Vec<u8> {
        let full: Vec<usize> = (0..self.tiles.len()).filter(|at| self.tiles[*at].len() > 4).collect();
        let sound = self.tiles.iter().all(|tile| tile.end <= chunk.len());
        if full.is_empty() || !sound {
            return self.with_header(chunk, room);
        }
        let at = full[random.below(full.len() as u64) as usize];
        let tile = self.tiles[at].clone();
        let mut payload = chunk[tile.start..tile.end - 4].to_vec();
        // The first bytes say how the rest is coded: they alone are changed now and then.
        let fixed = if random.below(4) == 0 { payload.split_off(payload.len().min(8)) } else { Vec::new() };
        let room = payload.len() + room.saturating_sub(8);
        mutate(&mut payload, room);
        payload.extend_from_slice(&fixed);
        let lengths = |changed: Option<usize>| {
            let mut out = Vec::new();
            for (i, tile) in self.tiles.iter().enumerate() {
                put_varint(&mut out, changed.filter(|_| i == at).unwrap_or(tile.len()));
            }
            out
        };
        let mut body = chunk[self.body.clone()].to_vec();
        let old = lengths(None);
        let Some(place) =
            (0..=body.len().saturating_sub(old.len())).rev().find(|p| body[*p..].starts_with(&old))
        else {
            return self.with_header(chunk, room);
        };
        body.splice(place..place + old.len(), lengths(Some(payload.len() + 4)));
        let tiles = [&chunk[self.body.end + 4..tile.start], &payload, &[0; 4], &chunk[tile.end..]].concat();
        let mut out = put_together(chunk, &body, &tiles);
        // The tile's own checksum is found by its place once the header's is right; this one is for certain.
        let start = out.len() - tiles.len() + (tile.start - self.body.end - 4);
        write_checksum(&mut out, start..start + payload.len() + 4);
        out
    }
}

/// A chunk with another body of its header, and other tiles.
fn put_together(chunk: &[u8], body: &[u8], tiles: &[u8]) -> Vec<u8> {
    let mut out = chunk[..4].to_vec();
    put_varint(&mut out, body.len());
    out.extend_from_slice(body);
    out.extend_from_slice(&[0; 4]);
    let header = out.len();
    write_checksum(&mut out, 0..header);
    out.extend_from_slice(tiles);
    out
}

fn put_varint(out: &mut Vec<u8>, mut value: usize) {
    while value >= 0x80 {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}
