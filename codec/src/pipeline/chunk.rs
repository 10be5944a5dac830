//! Whole chunks: what concerns all tiles at once.

use super::ChunkCodec;
use super::decode::Shared;
use super::encode::EncodedTile;
use super::place::{Job, jobs};
use crate::axes::Layout;
use crate::config::Promise;
use crate::container::header::{Bounds, Header};
use crate::quantise::MAX_CODE;
use crate::error::Result;
use crate::mask::{Classifier, Patterns};
use crate::quantise;
use crate::sample::Sample;
use rayon::prelude::*;
use std::ops::Range;

/// Room kept between the largest code of a chunk and what the format holds, for predictions and rounding.
const HEADROOM: f64 = 2.0;

impl ChunkCodec {
    pub(super) fn encode_chunk<T: Sample>(&self, layout: &Layout, samples: &[T]) -> Result<Vec<u8>> {
        if let Some(picture) = &self.picture {
            picture.check_encoder()?;
        }
        let classifier = self.classifier(layout.bands())?;
        let extent = self.extent(layout, samples);
        let patterns = patterns(layout, extent, samples, &classifier);
        let jobs: Vec<_> = jobs(layout, extent, self.patch()).collect();
        let bounds = self.configuration.promise.bounds(layout.bands())?;
        let stable = matches!(self.configuration.promise, Promise::MaxError { stable: true, .. });
        let bounds = bounds.map(|each| Bounds { each, stable });
        let mut step = self.step;
        let (tiles, references) = loop {
            let (classifier, patterns) = (&classifier, &patterns);
            let (entropy, bands) = (self.configuration.entropy, layout.bands());
            let shared = Shared { classifier, patterns, entropy, step, bands, bounds: bounds.as_ref() };
            let (tiles, references) = self.encode_tiles(&shared, layout, samples, &jobs)?;
            // Codes are finite in number: a step too fine for this chunk's range is made coarser.
            let peak = tiles.iter().map(|t| t.peak).fold(0.0, f32::max);
            let finest =
                quantise::step_log2(f64::from(peak) * HEADROOM / f64::from(MAX_CODE)).saturating_add(1);
            if peak == 0.0 || step >= finest {
                break (tiles, references);
            }
            step = finest;
        };
        let valid: u64 = tiles.iter().map(|t| t.valid).sum();
        let squares: f64 = tiles.iter().map(|t| t.squares).sum();
        let header = Header {
            entropy: self.configuration.entropy,
            step,
            extent,
            patterns,
            valid,
            mean_square_error: if valid > 0 { (squares / valid as f64) as f32 } else { 0.0 },
            max_error: tiles.iter().map(|t| t.max_error).fold(0.0, f64::max) as f32,
            tiles: tiles.iter().map(|t| t.bytes.len() as u32).collect(),
            references,
            bounds,
        };
        let mut out = header.to_bytes(&self.expected(layout, &|_| header.tiles.len()));
        tiles.iter().for_each(|t| out.extend_from_slice(&t.bytes));
        Ok(out)
    }

    /// All tiles in order, and how many images before its own each refers to; no such numbers where none does.
    fn encode_tiles<T: Sample>(
        &self,
        shared: &Shared<'_, T>,
        layout: &Layout,
        samples: &[T],
        jobs: &[Job],
    ) -> Result<(Vec<EncodedTile>, Vec<u32>)> {
        let each = jobs.len() / layout.images().max(1);
        let refer = self.may_refer(shared.entropy, shared.bounds.is_some());
        // Tiles of one place stand in a stack where later ones may refer to earlier, else by themselves.
        let (stacks, stride) =
            if refer && layout.images() > 1 { (each, each) } else { (jobs.len(), jobs.len()) };
        let encode = |first: usize| {
            let stack: Vec<&Job> = jobs.iter().skip(first).step_by(stride.max(1)).collect();
            self.encode_stack(shared, layout, samples, &stack)
        };
        let stacks: Vec<Vec<(EncodedTile, u32)>> = if self.options.parallel {
            (0..stacks).into_par_iter().map(encode).collect::<Result<_>>()?
        } else {
            (0..stacks).map(encode).collect::<Result<_>>()?
        };
        let mut tiles: Vec<Option<(EncodedTile, u32)>> = jobs.iter().map(|_| None).collect();
        for (first, stack) in stacks.into_iter().enumerate() {
            for (tile, slot) in stack.into_iter().zip(tiles.iter_mut().skip(first).step_by(stride.max(1))) {
                *slot = Some(tile);
            }
        }
        let (tiles, references): (Vec<_>, Vec<_>) = tiles.into_iter().flatten().unzip();
        let none = references.iter().all(|distance| *distance == 0);
        Ok((tiles, if none { Vec::new() } else { references }))
    }

    /// Rows and columns before the trailing ones that hold nothing but the fill value, as in a chunk that sticks out
    /// of its array.
    fn extent<T: Sample>(&self, layout: &Layout, samples: &[T]) -> [usize; 2] {
        let [band_stride, row_stride, column_stride] = layout.image_strides();
        let (mut height, mut width) = (layout.height(), layout.width());
        let is_fill = |rows: Range<usize>, columns: Range<usize>| {
            (0..layout.images()).all(|image| {
                (0..layout.bands()).all(|band| {
                    rows.clone().all(|y| {
                        columns.clone().all(|x| {
                            let at = layout.image_offset(image)
                                + band * band_stride
                                + y * row_stride
                                + x * column_stride;
                            samples[at].to_bits() == self.fill
                        })
                    })
                })
            })
        };
        while height > 0 && is_fill(height - 1..height, 0..width) {
            height -= 1;
        }
        while height > 0 && width > 0 && is_fill(0..height, width - 1..width) {
            width -= 1;
        }
        if height == 0 { [0, 0] } else { [height, width] }
    }
}

/// The bit patterns of a chunk's masked samples. Their order is that of the samples.
fn patterns<T: Sample>(
    layout: &Layout,
    extent: [usize; 2],
    samples: &[T],
    classifier: &Classifier<T>,
) -> Patterns {
    let mut patterns = Patterns::default();
    if classifier.trivial() {
        return patterns;
    }
    let [band_stride, row_stride, column_stride] = layout.image_strides();
    for image in 0..layout.images() {
        for band in 0..layout.bands() {
            for y in 0..extent[0] {
                let row = layout.image_offset(image) + band * band_stride + y * row_stride;
                let mut last = None;
                for x in 0..extent[1] {
                    let sample = samples[row + x * column_stride];
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
