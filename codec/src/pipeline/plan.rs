//! Which tiles, and so which bytes, a region of a chunk needs. This is known from the header alone.

use super::codec::ChunkCodec;
use super::position::{TilePosition, tile_positions};
use super::tile::ChunkContext;
use crate::axes::Layout;
use crate::container::header::Header;
use crate::error::{Error, Result};
use crate::mask::Classifier;
use std::ops::Range;

/// Which bytes of a chunk a region needs.
#[derive(Clone, Debug)]
pub struct Plan {
    /// Byte ranges of the encoded chunk, in the order in which [`ChunkCodec::decode_planned`] wants them.
    pub ranges: Vec<Range<u64>>,
    pub(super) layout: Layout,
    pub(super) header: Header,
    pub(super) region: Vec<Range<usize>>,
    pub(super) positions: Vec<(TilePosition, TileNeed)>,
}

/// A tile that a plan reads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlannedTile {
    /// The image in the chunk, in C order of the dimensions that are looped over.
    pub image: usize,
    /// The chunk's rows that the tile covers.
    pub rows: Range<usize>,
    /// The chunk's columns that the tile covers.
    pub columns: Range<usize>,
    /// The number of its encoded bytes; 0 for a tile that is all fill value.
    pub bytes: u64,
    /// Whether the region asks for its samples; otherwise it is read because tiles of other images refer to it.
    pub wanted: bool,
}

impl Plan {
    /// The tiles that are read, in the order of [`Plan::ranges`].
    pub fn tiles(&self) -> impl Iterator<Item = PlannedTile> + '_ {
        self.positions.iter().zip(&self.ranges).map(|((position, need), range)| PlannedTile {
            image: position.image,
            rows: position.rows.clone(),
            columns: position.columns.clone(),
            bytes: range.end - range.start,
            wanted: need.wanted,
        })
    }
}

/// What a tile of a plan is needed for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct TileNeed {
    /// Its own samples are asked for.
    pub(super) wanted: bool,
    /// Other tiles that are needed refer to it.
    pub(super) referenced: bool,
    /// The image of the tile that it refers to.
    pub(super) refers_to: Option<usize>,
}

/// Which tiles are needed, in order of the index: those that are wanted, and all that these refer to.
fn needed(wanted: Vec<bool>, header: &Header, images: usize) -> Vec<Option<TileNeed>> {
    let each = wanted.len() / images.max(1);
    let mut needs: Vec<Option<TileNeed>> = wanted
        .into_iter()
        .map(|wanted| wanted.then_some(TileNeed { wanted, referenced: false, refers_to: None }))
        .collect();
    for (at, distance) in header.references.iter().enumerate().rev() {
        let (Some(need), true) = (&mut needs[at], *distance > 0) else { continue };
        need.refers_to = Some(at / each - *distance as usize);
        let earlier = &mut needs[at - *distance as usize * each];
        let nothing = TileNeed { wanted: false, referenced: true, refers_to: None };
        earlier.get_or_insert(nothing).referenced = true;
    }
    needs
}

impl ChunkCodec {
    /// The byte ranges that a region (a start and an end for each dimension) needs. `header` may hold more bytes than the header.
    ///
    /// # Errors
    /// As [`ChunkCodec::decode`], and [`Error::InvalidArgument`] for a region outside the chunk.
    pub fn plan(&self, shape: &[usize], header: &[u8], region: &[Range<usize>]) -> Result<Plan> {
        let layout = self.layout(shape)?;
        if region.len() != shape.len() || region.iter().zip(shape).any(|(r, n)| r.start > r.end || r.end > *n)
        {
            return Err(Error::InvalidArgument(format!(
                "region {region:?} lies outside a chunk of shape {shape:?}"
            )));
        }
        let start = self.header_len(header)? as u64;
        let header = self.read_header(&layout, header)?;
        if !header.references.is_empty() && !self.may_refer(header.entropy, header.bounds.is_some()) {
            return Err(Error::Corrupt(
                "tiles refer to other dates; of tiles with a picture, only those with scalar codes in rANS mode may; write \
                 the chunk again"
                    .to_owned(),
            ));
        }
        let [_, rows, columns] = layout.image_region(region);
        let empty = region.iter().any(|r| r.is_empty());
        let positions: Vec<TilePosition> = tile_positions(&layout, header.extent, self.patch()).collect();
        let wanted = positions.iter().map(|position| {
            let disjoint = position.rows.start >= rows.end
                || position.rows.end <= rows.start
                || position.columns.start >= columns.end
                || position.columns.end <= columns.start;
            !empty && !disjoint && layout.image_in_region(position.image, region).is_some()
        });
        let tiles = needed(wanted.collect(), &header, layout.images());
        let mut at = start;
        let mut ranges = Vec::new();
        let mut chosen = Vec::new();
        for ((position, length), need) in positions.into_iter().zip(&header.tiles).zip(tiles) {
            let range = at..at + u64::from(*length);
            at = range.end;
            if let Some(need) = need {
                ranges.push(range);
                chosen.push((position, need));
            }
        }
        Ok(Plan { ranges, layout, header, region: region.to_vec(), positions: chosen })
    }
}

impl Plan {
    /// The statements of the chunk's header that concern all of its tiles.
    pub(super) fn context<'a, T>(&'a self, classifier: &'a Classifier<T>) -> ChunkContext<'a, T> {
        let Header { patterns, entropy, step, bounds, .. } = &self.header;
        let (entropy, step, bands) = (*entropy, *step, self.layout.bands());
        ChunkContext { classifier, patterns, entropy, step, bands, bounds: bounds.as_ref() }
    }
}
