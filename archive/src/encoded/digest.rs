//! The digest of an array's chunks: which chunk lies where. Chunks that changed places are whole, each of them, and nothing else would
//! tell.
//!
//! It is a sum over the chunks, so that it grows with an array, chunk by chunk, in any order.

use sha2::{Digest as _, Sha256};

/// Bytes at the end of a chunk that count: the checksum of its last tile, or of its header where it has no tiles.
pub(crate) const TAIL: u64 = 4;

/// The part of one chunk, by its place in the grid, the bytes of its header, which hold the lengths and the errors of what follows, and
/// the last bytes of the chunk: the first eight bytes, little-endian, of the SHA-256 of the indices, 64 bits each, the header and the
/// tail.
pub(crate) fn of_chunk(indices: &[u64], header: &[u8], tail: &[u8]) -> u64 {
    let mut digest = Sha256::new();
    indices.iter().for_each(|index| digest.update(index.to_le_bytes()));
    digest.update(header);
    digest.update(tail);
    let digest = digest.finalize();
    digest.iter().take(8).rev().fold(0, |number, byte| number << 8 | u64::from(*byte))
}

/// A digest as text.
pub(crate) fn text(digest: u64) -> String {
    format!("{digest:016x}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_chunk_elsewhere_has_another_digest() {
        assert_eq!(text(of_chunk(&[], b"a", b"bc")), "eacf018fbf1678ba");
        assert_ne!(of_chunk(&[0, 1], b"abc", b""), of_chunk(&[1, 0], b"abc", b""));
    }
}
