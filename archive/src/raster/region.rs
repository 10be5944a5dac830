//! Regions of arrays: the grid of chunks that covers an array, and copies between dense blocks in C order.

use crate::error::{Result, bail};
use std::ops::Range;

/// More chunks or blocks than these are not gone through one by one: at a thousand a second that would take three days.
pub(crate) const MOST_WALKED: u64 = 1 << 28;

/// A start and an end for each dimension.
pub type Region = Vec<Range<u64>>;

/// The extents of a region.
pub fn extents(region: &[Range<u64>]) -> Vec<u64> {
    region.iter().map(|r| r.end.saturating_sub(r.start)).collect()
}

/// The number of samples of a region or shape, at most `u64::MAX`.
pub fn volume(shape: &[u64]) -> u64 {
    if shape.contains(&0) {
        return 0;
    }
    shape.iter().fold(1, |n, extent| n.saturating_mul(*extent))
}

/// The regular grid of chunks over an array, in C order.
#[derive(Clone, Debug)]
pub struct Grid {
    shape: Vec<u64>,
    chunk: Vec<u64>,
    counts: Vec<u64>,
}

impl Grid {
    /// A grid of chunks of this shape. Extents of 0 count as 1.
    pub fn new(shape: &[u64], chunk: &[u64]) -> Self {
        let chunk: Vec<u64> = chunk.iter().map(|c| (*c).max(1)).collect();
        let counts = shape.iter().zip(&chunk).map(|(n, c)| n.div_ceil(*c)).collect();
        Self { shape: shape.to_vec(), chunk, counts }
    }

    /// The shape of the array.
    pub fn shape(&self) -> &[u64] {
        &self.shape
    }

    /// The shape of a chunk.
    pub fn chunk(&self) -> &[u64] {
        &self.chunk
    }

    /// How many chunks there are.
    pub fn len(&self) -> u64 {
        volume(&self.counts)
    }

    /// How many chunks there are along each dimension.
    pub fn counts(&self) -> &[u64] {
        &self.counts
    }

    /// How many chunks there are, if they can be gone through one by one. `label` is the array, for the error.
    ///
    /// # Errors
    /// [`InvalidArgument`](crate::ErrorKind::InvalidArgument) where there are too many.
    pub fn walkable(&self, label: &str) -> Result<u64> {
        let len = self.len();
        if len > MOST_WALKED {
            bail!(
                InvalidArgument,
                "{label} declares the shape {:?}, which is {} blocks of {:?}, more than the {MOST_WALKED} that can be gone \
                 through; take a part of it, or correct its shape",
                self.shape,
                if len == u64::MAX { "more than 2⁶⁴".to_owned() } else { len.to_string() },
                self.chunk
            );
        }
        Ok(len)
    }

    /// The number of a chunk in C order. In a grid of more than 2⁶⁴ chunks, numbers repeat.
    pub fn number(&self, indices: &[u64]) -> u64 {
        let places = indices.iter().zip(&self.counts);
        places.fold(0, |number: u64, (index, count)| number.wrapping_mul(*count).wrapping_add(*index))
    }

    /// Whether there are no chunks, because the array has no samples.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The place of a chunk in the grid.
    pub fn indices(&self, number: u64) -> Vec<u64> {
        let mut rest = number;
        let mut indices = vec![0; self.counts.len()];
        for (index, count) in indices.iter_mut().zip(&self.counts).rev() {
            *index = rest % (*count).max(1);
            rest /= (*count).max(1);
        }
        indices
    }

    /// The places of all chunks that a region touches, in C order.
    pub(crate) fn touched(&self, region: &[Range<u64>]) -> impl Iterator<Item = Vec<u64>> + use<> {
        let first: Vec<u64> =
            region.iter().zip(&self.chunk).map(|(range, chunk)| range.start / chunk).collect();
        let part = Self { shape: Vec::new(), chunk: Vec::new(), counts: self.touched_counts(region) };
        (0..part.len()).map(move |number| {
            part.indices(number).into_iter().zip(&first).map(|(index, first)| index + first).collect()
        })
    }

    /// How many chunks a region touches.
    pub(crate) fn count_touched(&self, region: &[Range<u64>]) -> u64 {
        volume(&self.touched_counts(region))
    }

    fn touched_counts(&self, region: &[Range<u64>]) -> Vec<u64> {
        let counts = region.iter().zip(&self.chunk).map(|(range, chunk)| {
            if range.is_empty() { 0 } else { (range.end - 1) / chunk - range.start / chunk + 1 }
        });
        counts.collect()
    }

    /// The part of the array that a chunk covers, without what lies beyond the array's edges.
    pub fn region(&self, indices: &[u64]) -> Region {
        indices
            .iter()
            .zip(&self.chunk)
            .zip(&self.shape)
            .map(|((i, c), n)| i.saturating_mul(*c).min(*n)..i.saturating_add(1).saturating_mul(*c).min(*n))
            .collect()
    }
}

/// A dense block of samples in C order, as the side of a copy: its shape, and where the copied part starts in it.
#[derive(Clone, Copy, Debug)]
pub struct Side<'a> {
    /// The block's extents.
    pub shape: &'a [u64],
    /// The first sample of the copied part, in each dimension.
    pub start: &'a [u64],
}

/// Copies a part of `extent` from one dense block into another. `size` is the bytes of a sample.
///
/// The caller has checked that the part lies within both blocks.
pub fn copy(from: &[u8], from_side: Side<'_>, to: &mut [u8], to_side: Side<'_>, extent: &[u64], size: usize) {
    let Some((run, outer)) = extent.split_last() else {
        return;
    };
    if volume(extent) == 0 {
        return;
    }
    let run = *run as usize * size;
    let offset = |side: Side<'_>, index: &[u64]| {
        let mut at = 0;
        for (d, n) in side.shape.iter().enumerate() {
            at = at * n + side.start[d] + index.get(d).copied().unwrap_or_default();
        }
        at as usize * size
    };
    let mut index = vec![0u64; outer.len()];
    loop {
        let source = offset(from_side, &index);
        let target = offset(to_side, &index);
        to[target..target + run].copy_from_slice(&from[source..source + run]);
        let Some(d) = (0..outer.len()).rev().find(|d| index[*d] + 1 < outer[*d]) else {
            return;
        };
        index[d] += 1;
        index[d + 1..].fill(0);
    }
}

/// The samples of a chunk that sticks out of its array: those `inside`, and one sample's bytes of `fill` everywhere else.
pub fn pad(samples: Vec<u8>, inside: &[u64], chunk: &[u64], fill: &[u8]) -> Vec<u8> {
    if inside == chunk {
        return samples;
    }
    let mut padded = fill.repeat(volume(chunk) as usize);
    let zero = vec![0; chunk.len()];
    let (from, to) = (Side { shape: inside, start: &zero }, Side { shape: chunk, start: &zero });
    copy(&samples, from, &mut padded, to, inside, fill.len());
    padded
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_grid_covers_the_array_once() {
        let grid = Grid::new(&[3, 10, 7], &[2, 4, 7]);
        assert_eq!(grid.len(), 6);
        assert_eq!(grid.indices(5), [1, 2, 0]);
        assert_eq!(grid.region(&grid.indices(5)), [2..3, 8..10, 0..7]);
        let touched: Vec<_> = grid.touched(&[1..3, 3..5, 0..7]).collect();
        assert_eq!(touched, [[0, 0, 0], [0, 1, 0], [1, 0, 0], [1, 1, 0]]);
        assert_eq!(grid.touched(&[1..3, 5..5, 0..7]).count(), 0);
        let samples: u64 = (0..grid.len()).map(|i| volume(&extents(&grid.region(&grid.indices(i))))).sum();
        assert_eq!(samples, 3 * 10 * 7);
    }

    #[test]
    fn a_grid_of_any_size_is_counted_and_not_walked() {
        let grid = Grid::new(&[3, 10, 7], &[2, 4, 7]);
        assert!((0..grid.len()).all(|number| grid.number(&grid.indices(number)) == number));
        assert_eq!(grid.walkable("a").unwrap(), 6);
        assert_eq!(grid.count_touched(&[1..3, 3..5, 0..7]), 4);
        let huge = Grid::new(&[u64::MAX, u64::MAX], &[1, 3]);
        assert_eq!(huge.region(&[u64::MAX - 1, u64::MAX / 3]), [u64::MAX - 1..u64::MAX, u64::MAX..u64::MAX]);
        let error = huge.walkable("a").unwrap_err().to_string();
        assert!(error.starts_with(
            "a declares the shape [18446744073709551615, 18446744073709551615], which is more than 2⁶⁴ blocks"
        ));
        let error = Grid::new(&[1 << 20, 1 << 20], &[1 << 5, 1 << 5]).walkable("b").unwrap_err().to_string();
        assert!(error.contains("is 1073741824 blocks of [32, 32], more than the 268435456 that"), "{error}");
        assert_eq!(Grid::new(&[0, u64::MAX, u64::MAX], &[1, 1, 1]).walkable("c").unwrap(), 0);
    }

    #[test]
    fn a_copy_moves_a_window() {
        let from: Vec<u8> = (0..24).collect();
        let mut to = vec![0; 8];
        let zero = [0, 0, 0];
        copy(
            &from,
            Side { shape: &[2, 3, 4], start: &[0, 1, 1] },
            &mut to,
            Side { shape: &[2, 2, 2], start: &zero },
            &[2, 2, 2],
            1,
        );
        assert_eq!(to, [5, 6, 9, 10, 17, 18, 21, 22]);
    }

    #[test]
    fn a_chunk_that_sticks_out_is_padded() {
        assert_eq!(pad(vec![1, 2, 3, 4], &[2, 2], &[2, 3], &[9]), [1, 2, 9, 3, 4, 9]);
        assert_eq!(pad(vec![1, 2], &[1, 2], &[1, 2], &[9]), [1, 2]);
    }
}
