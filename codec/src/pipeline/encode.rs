//! The main loop of encoding: from the samples of a chunk to bytes. It goes over the places of the chunk and, at each place, over
//! the dates.

use super::codec::ChunkCodec;
use super::dates::{DateLinks, ReferenceTile};
use super::position::{TilePosition, tile_positions};
use super::source::{EncodedTile, Source};
use super::tile::ChunkContext;
use crate::axes::Layout;
use crate::config::Promise;
use crate::container::header::{Bounds, Header};
use crate::error::{Error, Result};
use crate::mask::{Classifier, Patterns};
use crate::parallel;
use crate::quantise::{self, MAX_CODE};
use crate::sample::{Sample, dispatch};
use crate::squares::SquareSum;

/// How many earlier dates are tried as the reference of a tile, to find the cheapest.
const CANDIDATES: usize = 2;

/// The largest code of a chunk stays below the format's limit by this factor, which leaves room for predictions and rounding.
const HEADROOM: f64 = 2.0;

impl ChunkCodec {
    /// Encodes a chunk. `samples` are in C order and native byte order.
    ///
    /// # Errors
    /// [`Error::InvalidArgument`] when the shape does not fit the axes, the model's bands or the number of bytes.
    pub fn encode(&self, shape: &[usize], samples: &[u8]) -> Result<Vec<u8>> {
        let layout = self.layout(shape)?;
        let wanted = layout.samples * self.data_type.size();
        if samples.len() != wanted {
            return Err(Error::InvalidArgument(format!(
                "the chunk has {} bytes, shape {shape:?} of {} takes {wanted}",
                samples.len(),
                self.data_type.name()
            )));
        }
        dispatch!(self.data_type, T => {
            match bytemuck::try_cast_slice::<u8, T>(samples) {
                Ok(samples) => self.encode_chunk(&layout, samples),
                // The bytes are not aligned for the sample type; a copy is.
                Err(_) => {
                    let mut aligned = vec![<T as bytemuck::Zeroable>::zeroed(); layout.samples];
                    bytemuck::cast_slice_mut::<T, u8>(&mut aligned).copy_from_slice(samples);
                    self.encode_chunk(&layout, &aligned)
                }
            }
        })
    }

    fn encode_chunk<T: Sample>(&self, layout: &Layout, samples: &[T]) -> Result<Vec<u8>> {
        if let Some(runner) = &self.runner {
            runner.check_encoder()?;
        }
        let classifier = self.classifier(layout.bands())?;
        let trailing = self.trailing(layout, samples, &classifier);
        let source = Source { layout, samples, images_left_out: trailing.images };
        let extent = trailing.extent;
        let patterns = self.patterns(&source, extent, &classifier);
        let positions: Vec<_> = tile_positions(layout, extent, self.patch()).collect();
        let bounds = self.configuration.promise.bounds(layout.bands())?;
        let stable = matches!(self.configuration.promise, Promise::MaxError { stable: true, .. });
        // Headers state the bounds in the order of the model's bands.
        let ordered = |each: Vec<f64>| (0..each.len()).map(|band| each[layout.array_band(band)]).collect();
        let bounds = bounds.map(|mut each| {
            each[trailing.bands].fill(0.0);
            Bounds { each: ordered(each), stable }
        });
        let mut step = self.step;
        let (tiles, references) = loop {
            let (classifier, patterns) = (&classifier, &patterns);
            let (entropy, bands) = (self.configuration.entropy, layout.bands());
            let chunk = ChunkContext { classifier, patterns, entropy, step, bands, bounds: bounds.as_ref() };
            let (tiles, references) = self.encode_tiles(&chunk, &source, &positions)?;
            // Codes have a largest magnitude, so a step that is too fine for this chunk's range is made coarser.
            let peak = tiles.iter().map(|t| t.peak).fold(0.0, f32::max);
            let finest =
                quantise::step_log2(f64::from(peak) * HEADROOM / f64::from(MAX_CODE)).saturating_add(1);
            if peak == 0.0 || step >= finest {
                break (tiles, references);
            }
            step = finest;
        };
        let valid: u64 = tiles.iter().map(|t| t.valid).sum();
        let mut squares = SquareSum::default();
        tiles.iter().for_each(|tile| squares.merge(&tile.squares));
        let header = Header {
            entropy: self.configuration.entropy,
            step,
            extent,
            patterns,
            valid,
            squares,
            max_error: tiles.iter().map(|t| t.max_error).fold(0.0, f64::max),
            exact: true,
            tiles: tiles.iter().map(|t| t.bytes.len() as u32).collect(),
            references,
            bounds,
        };
        let mut out = header.to_bytes(&self.expected(layout, &|_| header.tiles.len()));
        tiles.iter().for_each(|t| out.extend_from_slice(&t.bytes));
        Ok(out)
    }

    /// All tiles in order, and for each the number of images between it and its reference tile; no numbers where no tile has one.
    fn encode_tiles<T: Sample>(
        &self,
        chunk: &ChunkContext<'_, T>,
        source: &Source<'_, T>,
        positions: &[TilePosition],
    ) -> Result<(Vec<EncodedTile>, Vec<u32>)> {
        let images = source.layout.images();
        let each = positions.len() / images.max(1);
        let refer = self.may_refer(chunk.entropy, chunk.bounds.is_some());
        // Where later tiles may refer to earlier ones, the tiles of one place form a stack; otherwise each stands alone.
        let (stacks, stride) =
            if refer && images > 1 { (each, each) } else { (positions.len(), positions.len()) };
        let encode = |&first: &usize| {
            let stack: Vec<&TilePosition> = positions.iter().skip(first).step_by(stride.max(1)).collect();
            self.encode_stack(chunk, source, &stack)
        };
        let stacks: Vec<usize> = (0..stacks).collect();
        let stacks = parallel::try_map(&stacks, self.options.parallel, encode)?;
        let mut tiles: Vec<Option<(EncodedTile, u32)>> = positions.iter().map(|_| None).collect();
        for (first, stack) in stacks.into_iter().enumerate() {
            for (tile, slot) in stack.into_iter().zip(tiles.iter_mut().skip(first).step_by(stride.max(1))) {
                *slot = Some(tile);
            }
        }
        let (tiles, references): (Vec<_>, Vec<_>) = tiles.into_iter().flatten().unzip();
        let none = references.iter().all(|distance| *distance == 0);
        Ok((tiles, if none { Vec::new() } else { references }))
    }
}

impl ChunkCodec {
    /// Encodes the tiles of one place, in the order of their images: each by itself or with reference to an earlier one, whichever
    /// is cheaper. With each comes the number of images between it and the one that it refers to; 0 if it refers to none.
    pub(super) fn encode_stack<T: Sample>(
        &self,
        chunk: &ChunkContext<'_, T>,
        source: &Source<'_, T>,
        stack: &[&TilePosition],
    ) -> Result<Vec<(EncodedTile, u32)>> {
        let mut references: Vec<Option<ReferenceTile>> = Vec::new();
        let mut out = Vec::with_capacity(stack.len());
        for (at, position) in stack.iter().enumerate() {
            let left_out = source.images_left_out[position.image];
            let prepared = if left_out { None } else { self.prepare(chunk, source, position)? };
            let Some(prepared) = prepared else {
                references.push(None);
                out.push((EncodedTile::default(), 0));
                continue;
            };
            let referenced = at + 1 < stack.len();
            if chunk.bounds.is_some() {
                // The last date with restored samples.
                let earlier = references.iter().rposition(Option::is_some);
                let links = DateLinks { earlier: earlier.and_then(|at| references[at].as_ref()), referenced };
                let promised = self.promised_tile(chunk, &prepared, links)?;
                let distance = earlier.filter(|_| promised.refers).map_or(0, |earlier| at - earlier);
                out.push((promised.tile, distance as u32));
                references.push(promised.reference);
                continue;
            }
            let links = |earlier: Option<usize>| DateLinks {
                earlier: earlier.and_then(|earlier| references[earlier].as_ref()),
                referenced,
            };
            let mut best = (self.code_tile(chunk, &prepared, links(None))?, None);
            for earlier in prepared.most_similar(&references, quantise::step(chunk.step), CANDIDATES) {
                let coded = self.code_tile(chunk, &prepared, links(Some(earlier)))?;
                if coded.cost < best.0.cost {
                    best = (coded, Some(earlier));
                }
            }
            let (mut coded, earlier) = best;
            let tile = self.finish_tile(chunk, prepared, &coded, links(earlier))?;
            let history = coded.history.take().map(ReferenceTile::from);
            out.push((tile, earlier.map_or(0, |earlier| (at - earlier) as u32)));
            references.push(history);
        }
        Ok(out)
    }
}

impl ChunkCodec {
    /// The bit patterns of a chunk's masked samples. Their order is that of the samples, except that the fill value comes first
    /// where images are left out: a tile without bytes holds the first pattern.
    fn patterns<T: Sample>(
        &self,
        source: &Source<'_, T>,
        extent: [usize; 2],
        classifier: &Classifier<T>,
    ) -> Patterns {
        let mut patterns = Patterns::default();
        if source.images_left_out.contains(&true) {
            patterns.add(self.fill);
        }
        if classifier.trivial() {
            return patterns;
        }
        let layout = source.layout;
        let [band_stride, row_stride, column_stride] = layout.image_strides();
        for image in (0..layout.images()).filter(|image| !source.images_left_out[*image]) {
            for band in 0..layout.bands() {
                for y in 0..extent[0] {
                    let row =
                        layout.image_offset(image) + layout.array_band(band) * band_stride + y * row_stride;
                    let mut last = None;
                    for x in 0..extent[1] {
                        let sample = source.samples[row + x * column_stride];
                        if !classifier.valid(sample, band) {
                            let bits = sample.to_bits();
                            if last != Some(bits) {
                                patterns.add(bits);
                                last = Some(bits);
                            }
                        }
                    }
                }
            }
        }
        patterns
    }
}
