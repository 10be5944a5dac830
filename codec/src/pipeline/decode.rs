//! The main loop of decoding: from a plan and its byte ranges to samples. It goes over the places of a chunk and, at each place,
//! over the dates.

use super::codec::ChunkCodec;
use super::dates::{DateLinks, ReferenceTile};
use super::decode_tile::TileCodes;
use super::plan::{Plan, TileNeed};
use super::position::{TilePosition, copy};
use super::tile::ChunkContext;
use crate::error::{Error, Result};
use crate::mask::Classifier;
use crate::parallel;
use crate::sample::{Sample, dispatch};
use std::collections::HashMap;
use std::ops::Range;

/// Tiles of one place with their bytes, by image.
type Stack<'a> = Vec<(&'a TilePosition, TileNeed, &'a [u8])>;

/// A plan's tiles by place.
fn stacks<'a>(plan: &'a Plan, parts: &[&'a [u8]]) -> Vec<Stack<'a>> {
    let mut out: Vec<Stack<'a>> = Vec::new();
    let mut stack_at: HashMap<[usize; 2], usize> = HashMap::new();
    for ((position, need), part) in plan.positions.iter().zip(parts) {
        // A tile that shares nothing with other dates makes a stack of its own, so that tiles are decoded in parallel.
        let alone = need.refers_to.is_none() && !need.referenced;
        let corner = [position.rows.start, position.columns.start];
        let at = match stack_at.get(&corner) {
            Some(at) if !alone => *at,
            _ => {
                out.push(Vec::new());
                if !alone {
                    stack_at.insert(corner, out.len() - 1);
                }
                out.len() - 1
            }
        };
        out[at].push((position, *need, part));
    }
    out
}

/// The reference tiles of a stack that later dates still need, by image.
struct ReferenceTiles {
    by_image: HashMap<usize, ReferenceTile>,
    /// For each reference tile, the last image that refers to it.
    last: HashMap<usize, usize>,
}

impl ReferenceTiles {
    fn new(stack: &Stack<'_>) -> Self {
        let uses = stack.iter().filter_map(|(position, need, _)| Some((need.refers_to?, position.image)));
        Self { by_image: HashMap::new(), last: uses.collect() }
    }

    fn links(&self, need: TileNeed) -> Result<DateLinks<'_>> {
        let nothing =
            || Error::Corrupt("a tile refers to a date without codes; write the chunk again".to_owned());
        let earlier =
            need.refers_to.map(|image| self.by_image.get(&image).ok_or_else(nothing)).transpose()?;
        Ok(DateLinks { earlier, referenced: need.referenced })
    }

    /// Keeps a tile to which later dates refer, and drops a tile to which no more dates refer.
    fn keep(&mut self, image: usize, need: TileNeed, reference: Option<ReferenceTile>) {
        if let Some(earlier) = need.refers_to.filter(|earlier| self.last.get(earlier) == Some(&image)) {
            self.by_image.remove(&earlier);
        }
        if self.last.contains_key(&image) {
            self.by_image.extend(reference.map(|reference| (image, reference)));
        }
    }
}

/// How many tiles are decoded before they are copied to their places, unless one stack is larger.
const TILES_AT_ONCE: usize = 16;

impl ChunkCodec {
    /// Decodes a whole chunk.
    ///
    /// # Errors
    /// [`Error::Corrupt`], [`Error::Truncated`], [`Error::Unsupported`], [`Error::InvalidModel`].
    pub fn decode(&self, shape: &[usize], bytes: &[u8]) -> Result<Vec<u8>> {
        let layout = self.layout(shape)?;
        let mut out = vec![0; layout.samples * self.data_type.size()];
        self.decode_into(shape, bytes, &mut out)?;
        Ok(out)
    }

    /// Decodes a whole chunk into `out`, which must hold exactly its bytes.
    ///
    /// # Errors
    /// As [`ChunkCodec::decode`]; the content of `out` is then undefined.
    pub fn decode_into(&self, shape: &[usize], bytes: &[u8], out: &mut [u8]) -> Result<()> {
        let region: Vec<Range<usize>> = shape.iter().map(|n| 0..*n).collect();
        let plan = self.plan(shape, bytes, &region)?;
        let end = plan.ranges.last().map_or(self.header_len(bytes)? as u64, |r| r.end);
        if bytes.len() as u64 != end {
            let kind = if (bytes.len() as u64) < end { Error::Truncated } else { Error::Corrupt };
            return Err(kind(format!(
                "the chunk has {} bytes, its tile index says {end}; it was cut off or damaged, write it again",
                bytes.len()
            )));
        }
        let parts: Vec<&[u8]> =
            plan.ranges.iter().map(|r| &bytes[r.start as usize..r.end as usize]).collect();
        self.decode_planned_into(&plan, &parts, out)
    }

    /// Decodes a region from the ranges of its plan; returns its samples in C order and native byte order.
    ///
    /// # Errors
    /// As [`ChunkCodec::decode`].
    pub fn decode_planned(&self, plan: &Plan, parts: &[&[u8]]) -> Result<Vec<u8>> {
        let samples: usize = plan.region.iter().map(Range::len).product();
        let mut out = vec![0; samples * self.data_type.size()];
        self.decode_planned_into(plan, parts, &mut out)?;
        Ok(out)
    }

    fn decode_planned_into(&self, plan: &Plan, parts: &[&[u8]], out: &mut [u8]) -> Result<()> {
        let samples: usize = plan.region.iter().map(Range::len).product();
        if out.len() != samples * self.data_type.size() {
            return Err(Error::InvalidArgument(format!(
                "the output has {} bytes, the region takes {}",
                out.len(),
                samples * self.data_type.size()
            )));
        }
        let fits = parts.len() == plan.ranges.len()
            && parts.iter().zip(&plan.ranges).all(|(p, r)| p.len() as u64 == r.end - r.start);
        if !fits {
            return Err(Error::Truncated(
                "the chunk ends before the tiles that its index lists; it was cut off, write it again"
                    .to_owned(),
            ));
        }
        dispatch!(self.data_type, T => {
            match bytemuck::try_cast_slice_mut::<u8, T>(out) {
                Ok(out) => self.decode_tiles(plan, parts, out),
                Err(_) => {
                    let mut aligned = vec![<T as bytemuck::Zeroable>::zeroed(); samples];
                    self.decode_tiles(plan, parts, &mut aligned)?;
                    out.copy_from_slice(bytemuck::cast_slice(&aligned));
                    Ok(())
                }
            }
        })
    }

    /// The codes of a whole chunk, tile by tile, for callers that want latents; the model's decoder does not run.
    ///
    /// # Errors
    /// As [`ChunkCodec::decode`].
    pub fn codes(&self, shape: &[usize], bytes: &[u8]) -> Result<Vec<TileCodes>> {
        let whole: Vec<Range<usize>> = shape.iter().map(|n| 0..*n).collect();
        let plan = self.plan(shape, bytes, &whole)?;
        let parts = plan.ranges.iter().map(|range| {
            bytes.get(range.start as usize..range.end as usize).ok_or_else(|| {
                Error::Truncated("the chunk ends before the tiles that its index lists".to_owned())
            })
        });
        let parts: Vec<&[u8]> = parts.collect::<Result<_>>()?;
        dispatch!(self.data_type, T => self.chunk_codes::<T>(&plan, &parts))
    }
}

impl ChunkCodec {
    fn decode_tiles<T: Sample>(&self, plan: &Plan, parts: &[&[u8]], out: &mut [T]) -> Result<()> {
        let layout = &plan.layout;
        let [_, rows, columns] = layout.image_region(&plan.region);
        if rows.end > plan.header.extent[0] || columns.end > plan.header.extent[1] {
            out.fill(T::from_bits(self.fill));
        }
        if plan.positions.is_empty() {
            return Ok(());
        }
        let shape: Vec<usize> = plan.region.iter().map(Range::len).collect();
        let region_layout = self.configuration.axes.layout(&shape)?;
        let classifier = self.classifier(layout.bands())?;
        let chunk = plan.context(&classifier);
        let stacks = stacks(plan, parts);
        let longest = stacks.iter().map(Vec::len).max().unwrap_or(1);
        for some in stacks.chunks((TILES_AT_ONCE / longest).max(parallel::threads())) {
            if self.options.parallel && some.len() > 1 {
                let tiles: Vec<_> = parallel::try_map(some, true, |stack| {
                    let mut tiles = Vec::new();
                    self.decode_stack(&chunk, stack, |position, tile| tiles.push((position, tile)))?;
                    Ok::<_, Error>(tiles)
                })?;
                for (position, tile) in tiles.into_iter().flatten() {
                    copy(layout, &plan.region, &region_layout, position, &tile, out);
                }
            } else {
                for stack in some {
                    self.decode_stack(&chunk, stack, |position, tile: Vec<T>| {
                        copy(layout, &plan.region, &region_layout, position, &tile, out);
                    })?;
                }
            }
        }
        Ok(())
    }

    /// Decodes the tiles of one place, one after the other, and returns those that are wanted.
    fn decode_stack<'a, T: Sample>(
        &self,
        chunk: &ChunkContext<'_, T>,
        stack: &Stack<'a>,
        mut take: impl FnMut(&'a TilePosition, Vec<T>),
    ) -> Result<()> {
        let mut references = ReferenceTiles::new(stack);
        for (position, need, part) in stack {
            let links = references.links(*need)?;
            let reference = if need.wanted || chunk.bounds.is_some() {
                let (tile, reference) = self.decode_tile(chunk, position, part, links)?;
                if need.wanted {
                    take(position, tile);
                }
                reference
            } else {
                // Other tiles need the codes of this one only, so no picture is made.
                self.tile_codes(chunk, position, part, links)?.1
            };
            references.keep(position.image, *need, reference);
        }
        Ok(())
    }

    /// The codes of all tiles of a plan, in its order.
    fn chunk_codes<T: Sample>(&self, plan: &Plan, parts: &[&[u8]]) -> Result<Vec<TileCodes>> {
        let classifier = Classifier::<T>::new(&[], Vec::new())?;
        let chunk = plan.context(&classifier);
        let mut out = Vec::with_capacity(plan.positions.len());
        for stack in stacks(plan, parts) {
            let mut references = ReferenceTiles::new(&stack);
            for (position, need, part) in &stack {
                // In a chunk with bounds, only predicted tiles refer to other dates, so no codes are kept for them.
                let links = match chunk.bounds {
                    Some(_) => DateLinks::default(),
                    None => references.links(*need)?,
                };
                let (codes, history) = self.tile_codes(&chunk, position, part, links)?;
                out.push(codes);
                references.keep(position.image, *need, history);
            }
        }
        out.sort_by_key(|codes| (codes.image, codes.rows.start, codes.columns.start));
        Ok(out)
    }
}
