//! How an image is cut into tiles, each of which decodes alone. Tiles are at most 256 pixels wide and high, of nearly equal size,
//! and consist of whole patches except at the end.

use std::ops::Range;

/// The largest side of a tile, in pixels.
pub(crate) const MAX_TILE: usize = 256;

/// Cuts `extent` pixels into `ceil(extent / 256)` tiles of nearly equal numbers of patches. All but the last are
/// whole patches; 264 pixels in patches of 8 are 136 + 128. Patches are at most 256 pixels.
#[must_use]
pub fn balanced(extent: usize, patch: usize) -> Vec<Range<usize>> {
    let count = extent.div_ceil(MAX_TILE);
    let patches = extent.div_ceil(patch);
    // Without tiles the divisor does not matter.
    let (each, longer) = (patches / count.max(1), patches % count.max(1));
    let mut start = 0;
    (0..count)
        .map(|i| {
            let end = (start + (each + usize::from(i < longer)) * patch).min(extent);
            let tile = start..end;
            start = end;
            tile
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tiles_cover_the_extent_in_balance() {
        assert_eq!(balanced(264, 8), [0..136, 136..264]);
        assert_eq!(balanced(256, 16).len(), 1);
        assert_eq!(balanced(1, 16).len(), 1);
        assert!(balanced(0, 16).is_empty());
        for patch in [8, 16, 32] {
            for extent in 1..1200 {
                let tiles = balanced(extent, patch);
                assert_eq!(tiles.first().map(|t| t.start), Some(0));
                assert_eq!(tiles.last().map(|t| t.end), Some(extent));
                for pair in tiles.windows(2) {
                    assert_eq!(pair[0].end, pair[1].start);
                    assert_eq!(pair[0].len() % patch, 0);
                }
                assert!(tiles.iter().all(|t| !t.is_empty() && t.len() <= MAX_TILE), "{extent} {tiles:?}");
            }
        }
    }
}
