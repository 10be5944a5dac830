//! The cost of reading a window of an archive: chunks, tiles, other dates that these refer to, and bytes. All of it
//! is known from the headers of the chunks.

use crate::encoded::array::EncodedArray;
use crate::error::Result;
use crate::raster::region::{Grid, Region, extents, volume};
use crate::raster::stored::StoredChunks;
use crate::raster::window::Window;
use crate::store::chunk_keys::sizes_of_array;
use crate::store::tree::Node;
use serde::Serialize;
use std::collections::BTreeSet;
use std::ops::Range;
use std::path::Path;
use vqz_codec::axes::{Axes, Role};
use vqz_zarr::Reads;

/// Up to this many chunks are looked at one by one, whether or not they are stored.
const FEW: u64 = 4096;

/// The cost of reading a window.
#[derive(Clone, Debug, Default, Serialize)]
pub struct WindowCost {
    /// A start and an end for each dimension.
    pub region: Vec<[u64; 2]>,
    /// The number of samples in the window.
    pub samples: u64,
    /// Bytes of these samples once decoded.
    pub raw_bytes: u64,
    /// Chunks that it touches and that are stored.
    pub chunks: u64,
    /// Chunks that it touches and that are all fill value.
    pub fill_only_chunks: u64,
    /// Tiles that hold samples of it.
    pub tiles: u64,
    /// Tiles of other dates that are read because those refer to them.
    pub referred_tiles: u64,
    /// The dates of these tiles, by number.
    pub referred_dates: BTreeSet<u64>,
    /// Bytes of the tiles.
    pub tile_bytes: u64,
    /// Bytes that are requested from storage: tiles, headers, indexes of shards, and the gaps between these that are
    /// read along.
    pub bytes: u64,
    /// Requests to storage.
    pub requests: u64,
    /// Bytes of all stored chunks of the array.
    pub stored_bytes: u64,
    /// The fraction of those bytes that is read, from 0 to 1.
    pub part: f64,
}

/// The cost of reading a window of an encoded array, from the headers of its chunks. The path is that of the array
/// itself.
///
/// # Errors
/// [`Unsupported`](crate::ErrorKind::Unsupported) when the array is not encoded, and
/// [`InvalidArgument`](crate::ErrorKind::InvalidArgument) when the window does not fit the array.
pub fn window_cost(archive: impl AsRef<Path>, window: &Window) -> Result<WindowCost> {
    let node = Node::open(archive.as_ref())?;
    let array = EncodedArray::open(&node, None)?;
    let region = window.region(&node.metadata.shape()?, &array.configuration().axes)?;
    let (_, stored_bytes) = sizes_of_array(&node.folder, &node.metadata)?;
    WindowCost::plan(&array, &region, node.metadata.data_type()?.size() as u64, stored_bytes)
}

impl WindowCost {
    /// The cost of reading a region of an archive. `size` is the size of a sample in bytes, `stored_bytes` that of
    /// all chunks.
    ///
    /// # Errors
    /// When a header can't be read.
    pub fn plan(archive: &EncodedArray, region: &[Range<u64>], size: u64, stored_bytes: u64) -> Result<Self> {
        let samples = volume(&extents(region));
        let mut window = Self {
            region: region.iter().map(|range| [range.start, range.end]).collect(),
            samples,
            raw_bytes: samples.saturating_mul(size),
            stored_bytes,
            ..Self::default()
        };
        let chunk = archive.grid().chunk().to_vec();
        let mut reads = Reads::default();
        match &archive.encoded.shard {
            None => {
                let (places, others) = touched(region, &chunk, || archive.stored())?;
                window.fill_only_chunks += others;
                for indices in places {
                    window.chunk(archive, &indices, region, &mut reads)?;
                }
            }
            Some(shard) => {
                let (places, _) = touched(region, shard, || archive.stored_files())?;
                let all = grid(region, &chunk).count_touched(region);
                let mut seen: u64 = 0;
                for indices in places {
                    let covered = covered(&indices, shard);
                    let inside = overlap(region, &covered);
                    let Some((file, index)) = archive.shard_bytes(&indices)? else { continue };
                    let within = grid(region, &chunk);
                    seen = seen.saturating_add(within.count_touched(&inside));
                    let mut inner = Reads::default();
                    for indices in within.touched(&inside) {
                        window.chunk(archive, &indices, region, &mut inner)?;
                    }
                    // A shard that is needed as a whole is read in one request.
                    reads.add(if inside == covered { Reads { bytes: file, requests: 1 } } else { inner });
                    if inside != covered {
                        reads.add(Reads { bytes: index, requests: 1 });
                    }
                }
                window.fill_only_chunks += all.saturating_sub(seen);
            }
        }
        (window.bytes, window.requests) = (reads.bytes, reads.requests);
        window.part = reads.bytes as f64 / (stored_bytes as f64).max(1.0);
        Ok(window)
    }

    fn chunk(
        &mut self,
        archive: &EncodedArray,
        indices: &[u64],
        region: &[Range<u64>],
        reads: &mut Reads,
    ) -> Result<()> {
        let chunk = archive.grid().chunk();
        let covered = covered(indices, chunk);
        let local: Vec<Range<usize>> = overlap(region, &covered)
            .iter()
            .zip(&covered)
            .map(|(range, covered)| {
                (range.start - covered.start) as usize..(range.end - covered.start) as usize
            })
            .collect();
        let Some(planned) = archive.planned(indices, &local)? else {
            self.fill_only_chunks += 1;
            return Ok(());
        };
        self.chunks += 1;
        reads.add(planned.reads);
        for tile in &planned.tiles {
            self.tile_bytes += tile.bytes;
            if tile.wanted {
                self.tiles += 1;
            } else {
                self.referred_tiles += 1;
                self.referred_dates.extend(date_of_image(
                    &archive.configuration().axes,
                    chunk,
                    &covered,
                    tile.image,
                ));
            }
        }
        Ok(())
    }
}

/// The chunks to look at for a region, in C order, and how many others it touches: all that it touches, or, where these are many, those
/// that are stored.
fn touched(
    region: &[Range<u64>],
    chunk: &[u64],
    stored: impl FnOnce() -> Result<StoredChunks>,
) -> Result<(Vec<Vec<u64>>, u64)> {
    let grid = grid(region, chunk);
    let count = grid.count_touched(region);
    if count <= FEW {
        return Ok((grid.touched(region).collect(), 0));
    }
    let stored = stored()?;
    let touches =
        |indices: &&[u64]| overlap(region, &covered(indices, chunk)).iter().all(|range| !range.is_empty());
    let places: Vec<Vec<u64>> = stored.iter().filter(touches).map(<[u64]>::to_vec).collect();
    let others = count.saturating_sub(places.len() as u64);
    Ok((places, others))
}

/// A grid that reaches as far as a region.
fn grid(region: &[Range<u64>], chunk: &[u64]) -> Grid {
    Grid::new(&region.iter().map(|range| range.end).collect::<Vec<_>>(), chunk)
}

/// The part of a boundless array that a chunk covers.
fn covered(indices: &[u64], chunk: &[u64]) -> Region {
    let ranges = indices.iter().zip(chunk);
    ranges.map(|(i, n)| i.saturating_mul(*n)..i.saturating_add(1).saturating_mul(*n)).collect()
}

fn overlap(a: &[Range<u64>], b: &[Range<u64>]) -> Region {
    a.iter().zip(b).map(|(a, b)| a.start.max(b.start)..a.end.min(b.end)).collect()
}

/// The number in the array of an image's date; images of a chunk are numbered in C order of what is looped over.
pub fn date_of_image(axes: &Axes, chunk: &[u64], covered: &[Range<u64>], image: usize) -> Option<u64> {
    let time = axes.position(&Role::Time)?;
    steps_of_image(axes, chunk, image)
        .into_iter()
        .find(|(d, _)| *d == time)
        .map(|(d, at)| covered[d].start + at)
}

/// Whether an image of a chunk is padding. `covered` is the part of the array that the chunk covers.
pub fn is_padding(axes: &Axes, chunk: &[u64], covered: &[Range<u64>], image: usize) -> bool {
    steps_of_image(axes, chunk, image).iter().any(|(d, at)| covered[*d].start + at >= covered[*d].end)
}

/// The place of an image within its chunk, along each dimension that is looped over.
fn steps_of_image(axes: &Axes, chunk: &[u64], image: usize) -> Vec<(usize, u64)> {
    let mut rest = image as u64;
    let mut steps = Vec::new();
    for (d, role) in axes.roles().iter().enumerate().rev() {
        if matches!(role, Role::Time | Role::Other(_)) {
            steps.push((d, rest % chunk[d]));
            rest /= chunk[d];
        }
    }
    steps
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chunks_and_dates_are_counted() {
        let none = || Ok(StoredChunks::new(Grid::new(&[20, 5], &[8, 4])));
        let (found, others) = touched(&[10..20, 0..5], &[8, 4], none).unwrap();
        assert_eq!((found, others), (vec![vec![1, 0], vec![1, 1], vec![2, 0], vec![2, 1]], 0));
        // Of many chunks, those that are stored.
        let some = || {
            let mut stored = StoredChunks::new(Grid::new(&[1 << 40, 1 << 40], &[8, 4]));
            [[0, 0], [1, 2], [9, 9]].iter().for_each(|indices| stored.add(indices, 1));
            Ok(stored)
        };
        let (found, others) = touched(&[8..1 << 40, 0..36], &[8, 4], some).unwrap();
        assert_eq!((found, others), (vec![vec![1, 2]], ((1 << 37) - 1) * 9 - 1));
        let axes = Axes::from_names(&["time", "month", "y", "x"]).unwrap();
        assert_eq!(date_of_image(&axes, &[4, 3, 8, 8], &[8..12, 0..3, 0..8, 0..8], 7), Some(10));
        assert!(!is_padding(&axes, &[4, 3, 8, 8], &[8..12, 0..3, 0..8, 0..8], 7));
        assert!(is_padding(&axes, &[4, 3, 8, 8], &[8..10, 0..3, 0..8, 0..8], 7));
        assert!(is_padding(&axes, &[4, 3, 8, 8], &[8..12, 3..4, 0..8, 0..8], 7));
        let flat = Axes::from_names(&["band", "y", "x"]).unwrap();
        assert_eq!(date_of_image(&flat, &[1, 8, 8], &[0..1, 0..8, 0..8], 0), None);
    }
}
