//! What reading a window of an archive takes: chunks, tiles, other dates that these refer to, and bytes, told from the
//! chunks' headers alone.

use crate::raster::archive::Archive;
use crate::raster::region::{Grid, Region, extents, volume};
use anyhow::{Result, bail, ensure};
use serde::Serialize;
use std::collections::BTreeSet;
use std::ops::Range;
use std::str::FromStr;
use vqz_codec::axes::{Axes, Role};
use vqz_zarr::Reads;

/// A window as it is given on the command line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Asked(Vec<Span>);

/// A start and an end of one dimension, each where it was given.
type Span = (Option<u64>, Option<u64>);

impl FromStr for Asked {
    type Err = anyhow::Error;

    fn from_str(text: &str) -> Result<Self> {
        let number = |text: &str| -> Result<Option<u64>> {
            if text.is_empty() {
                return Ok(None);
            }
            match text.parse() {
                Ok(number) => Ok(Some(number)),
                Err(_) => bail!("found \"{text}\", a start or an end is a number of pixels, such as 512:768"),
            }
        };
        let span = |part: &str| -> Result<Span> {
            match part.trim().split_once(':') {
                Some((start, end)) => Ok((number(start.trim())?, number(end.trim())?)),
                None => match number(part.trim())? {
                    Some(at) => Ok((Some(at), Some(at.saturating_add(1)))),
                    None => bail!(
                        "a window is rows and columns such as 512:768,512:768, or a range for each dimension"
                    ),
                },
            }
        };
        Ok(Self(text.split(',').map(span).collect::<Result<_>>()?))
    }
}

impl Asked {
    /// The region of an array: of two ranges the rows and columns, everything else whole; else one range for each dimension.
    ///
    /// # Errors
    /// When it has another number of ranges, is empty, or reaches beyond the array.
    pub fn region(&self, shape: &[u64], axes: &Axes) -> Result<Region> {
        let mut spans: Vec<Span> = vec![(None, None); shape.len()];
        if self.0.len() == shape.len() {
            spans.clone_from(&self.0);
        } else if let ([rows, columns], Some(y), Some(x)) =
            (&self.0[..], axes.position(&Role::Y), axes.position(&Role::X))
        {
            (spans[y], spans[x]) = (*rows, *columns);
        } else {
            bail!(
                "the window has {} ranges, the array {} dimensions; give rows and columns, or a range for each dimension",
                self.0.len(),
                shape.len()
            );
        }
        let ranges = spans.iter().zip(shape).zip(axes.roles());
        ranges
            .map(|(((start, end), extent), role)| {
                let range = start.unwrap_or(0)..end.unwrap_or(*extent);
                ensure!(
                    range.start < range.end && range.end <= *extent,
                    "the window's {role} is {}:{}, the array has {extent}; give a start below an end of {extent} at most",
                    range.start,
                    range.end
                );
                Ok(range)
            })
            .collect()
    }
}

/// What a window takes to read.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Window {
    /// A start and an end for each dimension.
    pub region: Vec<[u64; 2]>,
    /// Samples in it.
    pub samples: u64,
    /// What they are when decoded.
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
    /// Bytes that storage is asked for: tiles, headers, the indexes of shards, and what is read between them.
    pub bytes: u64,
    /// Requests to storage.
    pub requests: u64,
    /// All chunks of the array, as they are stored.
    pub stored_bytes: u64,
    /// The part of them that is read, from 0 to 1.
    pub part: f64,
}

impl Window {
    /// What a region of an archive takes. `size` is the bytes of a sample, `stored_bytes` those of all chunks.
    ///
    /// # Errors
    /// When a header can't be read.
    pub fn plan(archive: &Archive, region: &[Range<u64>], size: u64, stored_bytes: u64) -> Result<Self> {
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
                for indices in touched(region, &chunk) {
                    window.chunk(archive, &indices, region, &mut reads)?;
                }
            }
            Some(shard) => {
                for indices in touched(region, shard) {
                    let place: Region = indices.iter().zip(shard).map(|(i, n)| i * n..(i + 1) * n).collect();
                    let inside = overlap(region, &place);
                    let Some((file, index)) = archive.shard_bytes(&indices)? else {
                        window.fill_only_chunks += touched(&inside, &chunk).count() as u64;
                        continue;
                    };
                    let mut inner = Reads::default();
                    for indices in touched(&inside, &chunk) {
                        window.chunk(archive, &indices, region, &mut inner)?;
                    }
                    // A shard that is wanted as a whole is read at one go.
                    reads.add(if inside == place { Reads { bytes: file, requests: 1 } } else { inner });
                    if inside != place {
                        reads.add(Reads { bytes: index, requests: 1 });
                    }
                }
            }
        }
        (window.bytes, window.requests) = (reads.bytes, reads.requests);
        window.part = reads.bytes as f64 / (stored_bytes as f64).max(1.0);
        Ok(window)
    }

    fn chunk(
        &mut self,
        archive: &Archive,
        indices: &[u64],
        region: &[Range<u64>],
        reads: &mut Reads,
    ) -> Result<()> {
        let chunk = archive.grid().chunk();
        let place: Region = indices.iter().zip(chunk).map(|(i, n)| i * n..(i + 1) * n).collect();
        let local: Vec<Range<usize>> = overlap(region, &place)
            .iter()
            .zip(&place)
            .map(|(range, place)| (range.start - place.start) as usize..(range.end - place.start) as usize)
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
                self.referred_dates.extend(date(&archive.configuration().axes, chunk, &place, tile.image));
            }
        }
        Ok(())
    }
}

/// The chunks of a grid that a region touches, in C order.
fn touched(region: &[Range<u64>], chunk: &[u64]) -> impl Iterator<Item = Vec<u64>> + use<> {
    let first: Vec<u64> = region.iter().zip(chunk).map(|(range, n)| range.start / n).collect();
    let counts: Vec<u64> =
        region.iter().zip(chunk).map(|(range, n)| range.end.div_ceil(*n) - range.start / n).collect();
    let grid = Grid::new(&counts, &vec![1; counts.len()]);
    (0..grid.len())
        .map(move |number| grid.indices(number).iter().zip(&first).map(|(i, first)| i + first).collect())
}

fn overlap(a: &[Range<u64>], b: &[Range<u64>]) -> Region {
    a.iter().zip(b).map(|(a, b)| a.start.max(b.start)..a.end.min(b.end)).collect()
}

/// The number in the array of an image's date; images of a chunk are numbered in C order of what is looped over.
pub fn date(axes: &Axes, chunk: &[u64], place: &[Range<u64>], image: usize) -> Option<u64> {
    let mut rest = image as u64;
    let looped = axes.roles().iter().zip(chunk.iter().zip(place)).rev();
    for (role, (extent, place)) in looped {
        if !matches!(role, Role::Time | Role::Other(_)) {
            continue;
        }
        if *role == Role::Time {
            return Some(place.start + rest % extent);
        }
        rest /= extent;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_ranges_are_rows_and_columns() {
        let axes = Axes::from_names(&["time", "band", "y", "x"]).unwrap();
        let region = |text: &str| text.parse::<Asked>().unwrap().region(&[4, 12, 264, 264], &axes);
        assert_eq!(region("10:20, 30:40").unwrap(), [0..4, 0..12, 10..20, 30..40]);
        assert_eq!(region("1,:,:8,256:").unwrap(), [1..2, 0..12, 0..8, 256..264]);
        assert_eq!(
            region("0:300,0:1").unwrap_err().to_string(),
            "the window's y is 0:300, the array has 264; give a start below an end of 264 at most"
        );
        assert!(
            region("1,2,3").unwrap_err().to_string().starts_with("the window has 3 ranges, the array 4 ")
        );
        assert!("a:b".parse::<Asked>().unwrap_err().to_string().starts_with("found \"a\""));
        assert!("".parse::<Asked>().unwrap_err().to_string().starts_with("a window is rows and columns"));
    }

    #[test]
    fn chunks_and_dates_are_counted() {
        let found: Vec<Vec<u64>> = touched(&[10..20, 0..5], &[8, 4]).collect();
        assert_eq!(found, [[1, 0], [1, 1], [2, 0], [2, 1]]);
        let axes = Axes::from_names(&["time", "month", "y", "x"]).unwrap();
        assert_eq!(date(&axes, &[4, 3, 8, 8], &[8..12, 0..3, 0..8, 0..8], 7), Some(10));
        let flat = Axes::from_names(&["band", "y", "x"]).unwrap();
        assert_eq!(date(&flat, &[1, 8, 8], &[0..1, 0..8, 0..8], 0), None);
    }
}
