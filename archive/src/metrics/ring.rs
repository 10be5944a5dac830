//! The pixels along tile borders, where the errors of a codec that cuts images into tiles show first.

use vqz_codec::pipeline::tile_ranges;

/// How far from its tile's edge a pixel may lie to be on the ring, in pixels.
pub(crate) const WIDTH: usize = 8;

/// For each pixel of an axis, whether it lies within [`WIDTH`] pixels of an edge of its tile. Tiles are cut from
/// chunks as in the codec; the last chunk ends with the axis. A pixel is on the ring if it is near an edge along
/// either axis.
pub(crate) fn near_edge(extent: usize, chunk: usize, patch: usize) -> Vec<bool> {
    let mut near = Vec::with_capacity(extent);
    while near.len() < extent {
        let inside = chunk.clamp(1, extent - near.len());
        for tile in tile_ranges(inside, patch) {
            near.extend((0..tile.len()).map(|at| at < WIDTH || tile.len() - at <= WIDTH));
        }
    }
    near
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rings_follow_the_tiles() {
        let near = near_edge(264, 264, 8);
        let edges: Vec<usize> = (1..264).filter(|i| near[*i] != near[i - 1]).collect();
        assert_eq!(edges, [8, 128, 144, 256]);
        // Two chunks of 100, the second one cut off at 150.
        let near = near_edge(150, 100, 8);
        let edges: Vec<usize> = (1..150).filter(|i| near[*i] != near[i - 1]).collect();
        assert_eq!(edges, [8, 92, 108, 142]);
        assert!(near_edge(0, 16, 8).is_empty());
    }
}
