//! Dates of one place: the tiles of a chunk's images that cover the same pixels, of which later ones may refer to earlier.

use super::decode::Shared;
use super::encode::EncodedTile;
use super::place::{Job, copy};
use super::{ChunkCodec, Plan, TileCodes};
use crate::axes::Layout;
use crate::container::header::Header;
use crate::entropy::tile::{self, Memory};
use crate::error::{Error, Result};
use crate::mask::Classifier;
use crate::predict::Restored;
use crate::quantise;
use crate::sample::Sample;
use rayon::prelude::*;
use std::collections::HashMap;
use std::ops::Range;

/// What a tile leaves to those that refer to it.
#[derive(Debug)]
pub(super) enum Left {
    /// Of its codes.
    Codes(Box<Memory>),
    /// Of samples without a picture.
    Samples(Restored),
}

impl From<Memory> for Left {
    fn from(memory: Memory) -> Self {
        Self::Codes(Box::new(memory))
    }
}

/// How a tile stands to other dates of the same place.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Links<'a> {
    /// What the tile left that it refers to.
    pub(super) earlier: Option<&'a Left>,
    /// Whether others will refer to it.
    pub(super) remembered: bool,
}

impl<'a> Links<'a> {
    /// The same, for codes.
    ///
    /// # Errors
    /// [`Error::Corrupt`] where the earlier tile has none.
    pub(super) fn codes(self) -> Result<tile::Links<'a>> {
        let earlier = match self.earlier {
            None => None,
            Some(Left::Codes(memory)) => Some(&**memory),
            Some(Left::Samples(_)) => return Err(unlike()),
        };
        Ok(tile::Links { earlier, remembered: self.remembered })
    }

    /// The same, for samples without a picture.
    ///
    /// # Errors
    /// [`Error::Corrupt`] where the earlier tile has others.
    pub(super) fn samples(self) -> Result<Option<&'a Restored>> {
        match self.earlier {
            None => Ok(None),
            Some(Left::Samples(samples)) => Ok(Some(samples)),
            Some(Left::Codes(_)) => Err(unlike()),
        }
    }
}

fn unlike() -> Error {
    Error::Corrupt("a tile refers to one that is coded in another way; write the chunk again".to_owned())
}

/// What a tile of a plan is needed for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Need {
    /// Its own samples are asked for.
    pub(super) wanted: bool,
    /// Others that are needed refer to it.
    remembered: bool,
    /// The image of the tile that it refers to.
    refers_to: Option<usize>,
}

/// Which tiles are needed, in order of the index: those that are wanted, and all that these refer to.
pub(super) fn needed(wanted: Vec<bool>, header: &Header, images: usize) -> Vec<Option<Need>> {
    let each = wanted.len() / images.max(1);
    let mut needs: Vec<Option<Need>> = wanted
        .into_iter()
        .map(|wanted| wanted.then_some(Need { wanted, remembered: false, refers_to: None }))
        .collect();
    for (at, distance) in header.references.iter().enumerate().rev() {
        let (Some(need), true) = (&mut needs[at], *distance > 0) else { continue };
        need.refers_to = Some(at / each - *distance as usize);
        let earlier = &mut needs[at - *distance as usize * each];
        let nothing = Need { wanted: false, remembered: true, refers_to: None };
        earlier.get_or_insert(nothing).remembered = true;
    }
    needs
}

/// Tiles of one place with their bytes, by image.
type Stack<'a> = Vec<(&'a Job, Need, &'a [u8])>;

/// A plan's tiles by place.
fn stacks<'a>(plan: &'a Plan, parts: &[&'a [u8]]) -> Vec<Stack<'a>> {
    let mut out: Vec<Stack<'a>> = Vec::new();
    let mut places: HashMap<[usize; 2], usize> = HashMap::new();
    for ((job, need), part) in plan.jobs.iter().zip(parts) {
        // Tiles that stand alone are stacks of one, so that they need not wait for each other.
        let alone = need.refers_to.is_none() && !need.remembered;
        let place = [job.rows.start, job.columns.start];
        let at = match places.get(&place) {
            Some(at) if !alone => *at,
            _ => {
                out.push(Vec::new());
                if !alone {
                    places.insert(place, out.len() - 1);
                }
                out.len() - 1
            }
        };
        out[at].push((job, *need, part));
    }
    out
}

/// What the tiles of a stack have left so far.
struct Memories {
    by_image: HashMap<usize, Left>,
    /// The last image that refers to each.
    last: HashMap<usize, usize>,
}

impl Memories {
    fn new(stack: &Stack<'_>) -> Self {
        let uses = stack.iter().filter_map(|(job, need, _)| Some((need.refers_to?, job.image)));
        Self { by_image: HashMap::new(), last: uses.collect() }
    }

    fn links(&self, need: Need) -> Result<Links<'_>> {
        let nothing =
            || Error::Corrupt("a tile refers to a date without codes; write the chunk again".to_owned());
        let earlier =
            need.refers_to.map(|image| self.by_image.get(&image).ok_or_else(nothing)).transpose()?;
        Ok(Links { earlier, remembered: need.remembered })
    }

    /// Keeps what a tile left, and drops what no later one needs.
    fn keep(&mut self, image: usize, need: Need, left: Option<Left>) {
        if let Some(earlier) = need.refers_to.filter(|earlier| self.last.get(earlier) == Some(&image)) {
            self.by_image.remove(&earlier);
        }
        if self.last.contains_key(&image) {
            self.by_image.extend(left.map(|left| (image, left)));
        }
    }
}

/// Earlier dates after which a tile is coded, to see which is cheapest.
const CANDIDATES: usize = 2;

/// Tiles that are decoded before they are copied to their places, if no stack is larger.
const TILES_AT_ONCE: usize = 16;

impl ChunkCodec {
    pub(super) fn decode_tiles<T: Sample>(&self, plan: &Plan, parts: &[&[u8]], out: &mut [T]) -> Result<()> {
        let layout = &plan.layout;
        let [_, rows, columns] = layout.image_region(&plan.region);
        if rows.end > plan.header.extent[0] || columns.end > plan.header.extent[1] {
            out.fill(T::from_bits(self.fill));
        }
        if plan.jobs.is_empty() {
            return Ok(());
        }
        let shape: Vec<usize> = plan.region.iter().map(Range::len).collect();
        let region_layout = self.configuration.axes.layout(&shape)?;
        let classifier = self.classifier(layout.bands())?;
        let shared = plan.shared(&classifier);
        let stacks = stacks(plan, parts);
        let longest = stacks.iter().map(Vec::len).max().unwrap_or(1);
        for some in stacks.chunks((TILES_AT_ONCE / longest).max(rayon::current_num_threads())) {
            if self.options.parallel && some.len() > 1 {
                let tiles: Vec<_> = some
                    .par_iter()
                    .map(|stack| {
                        let mut tiles = Vec::new();
                        self.decode_stack(&shared, stack, |job, tile| tiles.push((job, tile)))?;
                        Ok(tiles)
                    })
                    .collect::<Result<_>>()?;
                for (job, tile) in tiles.into_iter().flatten() {
                    copy(layout, &plan.region, &region_layout, job, &tile, out);
                }
            } else {
                for stack in some {
                    self.decode_stack(&shared, stack, |job, tile: Vec<T>| {
                        copy(layout, &plan.region, &region_layout, job, &tile, out);
                    })?;
                }
            }
        }
        Ok(())
    }

    /// Decodes the tiles of one place, one after the other; hands out those that are wanted.
    fn decode_stack<'a, T: Sample>(
        &self,
        shared: &Shared<'_, T>,
        stack: &Stack<'a>,
        mut tell: impl FnMut(&'a Job, Vec<T>),
    ) -> Result<()> {
        let mut memories = Memories::new(stack);
        for (job, need, part) in stack {
            let links = memories.links(*need)?;
            let left = if need.wanted || shared.bounds.is_some() {
                let (tile, left) = self.decode_tile(shared, job, part, links)?;
                if need.wanted {
                    tell(job, tile);
                }
                left
            } else {
                // Of pictures, codes are enough.
                self.tile_codes(shared, job, part, links)?.1
            };
            memories.keep(job.image, *need, left);
        }
        Ok(())
    }

    /// The codes of all tiles of a plan, in its order.
    pub(super) fn chunk_codes<T: Sample>(&self, plan: &Plan, parts: &[&[u8]]) -> Result<Vec<TileCodes>> {
        let classifier = Classifier::<T>::new(&[], Vec::new())?;
        let shared = plan.shared(&classifier);
        let mut out = Vec::with_capacity(plan.jobs.len());
        for stack in stacks(plan, parts) {
            let mut memories = Memories::new(&stack);
            for (job, need, part) in &stack {
                // Within bounds only samples without a picture refer to other dates: there are no codes to remember.
                let links = match shared.bounds {
                    Some(_) => Links::default(),
                    None => memories.links(*need)?,
                };
                let (codes, memory) = self.tile_codes(&shared, job, part, links)?;
                out.push(codes);
                memories.keep(job.image, *need, memory);
            }
        }
        out.sort_by_key(|codes| (codes.image, codes.rows.start, codes.columns.start));
        Ok(out)
    }
}

impl ChunkCodec {
    /// Encodes the tiles of one place, by rising image: each by itself or after an earlier one, whichever is cheaper.
    /// Tells how many images before its own each refers to.
    pub(super) fn encode_stack<T: Sample>(
        &self,
        shared: &Shared<'_, T>,
        layout: &Layout,
        samples: &[T],
        stack: &[&Job],
    ) -> Result<Vec<(EncodedTile, u32)>> {
        let mut left: Vec<Option<Left>> = Vec::new();
        let mut out = Vec::with_capacity(stack.len());
        for (at, job) in stack.iter().enumerate() {
            let Some(prepared) = self.prepare(shared, layout, samples, job)? else {
                left.push(None);
                out.push((EncodedTile::default(), 0));
                continue;
            };
            let remembered = at + 1 < stack.len();
            if shared.bounds.is_some() {
                // The last date that left samples.
                let earlier = left.iter().rposition(Option::is_some);
                let links = Links { earlier: earlier.and_then(|at| left[at].as_ref()), remembered };
                let promised = self.promised_tile(shared, &prepared, links)?;
                let distance = earlier.filter(|_| promised.refers).map_or(0, |earlier| at - earlier);
                out.push((promised.tile, distance as u32));
                left.push(promised.left);
                continue;
            }
            let links = |earlier: Option<usize>| Links {
                earlier: earlier.and_then(|earlier| left[earlier].as_ref()),
                remembered,
            };
            let mut best = (self.code_tile(shared, &prepared, links(None))?, None);
            for earlier in prepared.most_alike(&left, quantise::step(shared.step), CANDIDATES) {
                let coded = self.code_tile(shared, &prepared, links(Some(earlier)))?;
                if coded.cost < best.0.cost {
                    best = (coded, Some(earlier));
                }
            }
            let (mut coded, earlier) = best;
            let tile = self.finish_tile(shared, prepared, &coded, links(earlier))?;
            let memory = coded.memory.take().map(Left::from);
            out.push((tile, earlier.map_or(0, |earlier| (at - earlier) as u32)));
            left.push(memory);
        }
        Ok(out)
    }
}

impl Plan {
    fn shared<'a, T>(&'a self, classifier: &'a Classifier<T>) -> Shared<'a, T> {
        let Header { patterns, entropy, step, bounds, .. } = &self.header;
        let (entropy, step, bands) = (*entropy, *step, self.layout.bands());
        Shared { classifier, patterns, entropy, step, bands, bounds: bounds.as_ref() }
    }
}
