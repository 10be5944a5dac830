//! The chunks of an array that are stored. All others are fill value, by the rules of Zarr.

use crate::raster::region::{Grid, MOST_WALKED};
use std::cmp::Ordering;

/// The chunks of an array that are stored, in C order.
#[derive(Clone, Debug)]
pub struct StoredChunks {
    grid: Grid,
    /// The indices of all of them, one after the other.
    places: Vec<u64>,
    len: usize,
    bytes: u64,
}

impl StoredChunks {
    /// A list for a grid, with nothing in it yet.
    pub(crate) fn new(grid: Grid) -> Self {
        Self { grid, places: Vec::new(), len: 0, bytes: 0 }
    }

    /// Adds a chunk that comes after all others in C order, and the bytes of its file.
    pub(crate) fn add(&mut self, indices: &[u64], bytes: u64) {
        self.places.extend_from_slice(indices);
        self.len += 1;
        self.bytes += bytes;
    }

    /// The grid that they belong to.
    pub fn grid(&self) -> &Grid {
        &self.grid
    }

    /// How many are stored.
    pub fn len(&self) -> u64 {
        self.len as u64
    }

    /// Whether none is stored.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// How many are not stored.
    pub fn absent(&self) -> u64 {
        self.grid.len().saturating_sub(self.len())
    }

    /// Bytes of their files.
    pub fn bytes(&self) -> u64 {
        self.bytes
    }

    /// The indices of a stored chunk, by its number in this list.
    ///
    /// # Panics
    /// When there are not so many.
    pub fn get(&self, at: usize) -> &[u64] {
        assert!(at < self.len, "chunk {at} of {}", self.len);
        let dimensions = self.grid.counts().len();
        &self.places[at * dimensions..(at + 1) * dimensions]
    }

    /// The indices of all stored chunks.
    pub fn iter(&self) -> impl Iterator<Item = &[u64]> {
        (0..self.len).map(|at| self.get(at))
    }

    /// Whether a chunk is stored.
    pub fn contains(&self, indices: &[u64]) -> bool {
        let (mut low, mut high) = (0, self.len);
        while low < high {
            let middle = low + (high - low) / 2;
            match self.get(middle).cmp(indices) {
                Ordering::Less => low = middle + 1,
                Ordering::Equal => return true,
                Ordering::Greater => high = middle,
            }
        }
        false
    }

    /// The first chunks that are not stored, in C order. This takes as long as going through the stored ones.
    pub fn first_absent(&self, most: usize) -> Vec<Vec<u64>> {
        let mut absent = Vec::new();
        let mut stored = self.iter().peekable();
        let mut next = vec![0; self.grid.counts().len()];
        let mut more = !self.grid.is_empty();
        while more && absent.len() < most {
            match stored.peek() {
                Some(found) if *found == next.as_slice() => drop(stored.next()),
                _ => absent.push(next.clone()),
            }
            more = advance(&mut next, self.grid.counts());
        }
        absent
    }

    /// The chunks of another grid over the same array that hold samples of stored ones, in C order; none where these are too many
    /// to be listed.
    pub(crate) fn touched(&self, grid: &Grid) -> Option<Vec<Vec<u64>>> {
        let regions = || self.iter().map(|indices| self.grid.region(indices));
        let count = regions().fold(0, |sum: u64, region| sum.saturating_add(grid.count_touched(&region)));
        if count > MOST_WALKED {
            return None;
        }
        let mut touched: Vec<Vec<u64>> = regions().flat_map(|region| grid.touched(&region)).collect();
        touched.sort_unstable();
        touched.dedup();
        Some(touched)
    }
}

/// Goes on to the next place of a grid in C order; `false` after the last.
fn advance(place: &mut [u64], counts: &[u64]) -> bool {
    for (index, count) in place.iter_mut().zip(counts).rev() {
        if *index + 1 < *count {
            *index += 1;
            return true;
        }
        *index = 0;
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stored(shape: &[u64], chunk: &[u64], places: &[&[u64]]) -> StoredChunks {
        let mut stored = StoredChunks::new(Grid::new(shape, chunk));
        places.iter().for_each(|place| stored.add(place, 10));
        stored
    }

    #[test]
    fn what_is_not_stored_is_found_in_order() {
        let some = stored(&[4, 6], &[2, 2], &[&[0, 1], &[1, 0]]);
        assert_eq!((some.len(), some.absent(), some.bytes()), (2, 4, 20));
        assert!(some.contains(&[0, 1]) && some.contains(&[1, 0]));
        assert!(!some.contains(&[0, 0]) && !some.contains(&[0, 2]) && !some.contains(&[1, 2]));
        assert_eq!(some.first_absent(3), [[0, 0], [0, 2], [1, 1]]);
        assert_eq!(some.first_absent(100).len(), 4);
        let huge = stored(&[u64::MAX, u64::MAX], &[1, 1], &[&[0, 0], &[9, 9]]);
        assert_eq!(huge.absent(), u64::MAX - 2);
        assert_eq!(huge.first_absent(2), [[0, 1], [0, 2]]);
        assert!(stored(&[0, 5], &[1, 1], &[]).first_absent(2).is_empty());
    }

    #[test]
    fn chunks_of_another_grid_that_hold_stored_samples() {
        let some = stored(&[10, 10], &[4, 4], &[&[0, 0], &[2, 2]]);
        assert_eq!(some.touched(&Grid::new(&[10, 10], &[3, 10])).unwrap(), [[0, 0], [1, 0], [2, 0], [3, 0]]);
        assert_eq!(some.touched(&Grid::new(&[10, 10], &[5, 5])).unwrap(), [[0, 0], [1, 1]]);
        let hostile = stored(&[1 << 40, 1 << 40], &[1 << 40, 1 << 40], &[&[0, 0]]);
        assert!(hostile.touched(&Grid::new(&[1 << 40, 1 << 40], &[1024, 1024])).is_none());
    }
}
