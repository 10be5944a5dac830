//! Whole chunks: what concerns all tiles at once.

use super::encode::EncodedTile;
use super::place::{copy, jobs};
use super::{ChunkCodec, Plan};
use crate::axes::Layout;
use crate::container::header::Header;
use crate::entropy::tile::MAX_CODE;
use crate::error::{Error, Result};
use crate::mask::{Classifier, Patterns};
use crate::quantise;
use crate::sample::Sample;
use rayon::prelude::*;
use std::ops::Range;

/// Tiles that are decoded before they are copied to their places.
const TILES_AT_ONCE: usize = 16;
/// Room kept between the largest code of a chunk and what the format holds, for predictions and rounding.
const HEADROOM: f64 = 2.0;

impl ChunkCodec {
    pub(super) fn encode_chunk<T: Sample>(&self, layout: &Layout, samples: &[T]) -> Result<Vec<u8>> {
        if !self.model.can_encode() {
            return Err(Error::MissingModel(format!(
                "writing needs the encoder of model {} (SHA-256 {}), the archive carries its decoding half only; open \
                 the whole package (NAME.vqm) with --model",
                self.model.manifest().name,
                self.model.sha256()
            )));
        }
        let classifier = Classifier::new(&self.configuration.nodata, &self.model.manifest().bands)?;
        let extent = self.extent(layout, samples);
        let patterns = patterns(layout, extent, samples, &classifier);
        let jobs: Vec<_> = jobs(layout, extent, self.model.manifest().patch).collect();
        let mut step = self.step;
        let tiles = loop {
            let encode = |job| self.encode_tile(layout, samples, job, &classifier, &patterns, step);
            let tiles: Vec<EncodedTile> = if self.options.parallel {
                jobs.par_iter().map(encode).collect::<Result<_>>()?
            } else {
                jobs.iter().map(encode).collect::<Result<_>>()?
            };
            // Codes are finite in number: a step too fine for this chunk's range is made coarser.
            let peak = tiles.iter().map(|t| t.peak).fold(0.0, f32::max);
            let finest =
                quantise::step_log2(f64::from(peak) * HEADROOM / f64::from(MAX_CODE)).saturating_add(1);
            if peak == 0.0 || step >= finest {
                break tiles;
            }
            step = finest;
        };
        let valid: u64 = tiles.iter().map(|t| t.valid).sum();
        let squares: f64 = tiles.iter().map(|t| t.squares).sum();
        let header = Header {
            entropy: self.configuration.entropy,
            model: self.model.hash_prefix(),
            step,
            extent,
            patterns,
            valid,
            mean_square_error: if valid > 0 { (squares / valid as f64) as f32 } else { 0.0 },
            max_error: tiles.iter().map(|t| t.max_error).fold(0.0, f64::max) as f32,
            tiles: tiles.iter().map(|t| t.bytes.len() as u32).collect(),
        };
        let mut out = header.to_bytes(self.data_type.size());
        tiles.iter().for_each(|t| out.extend_from_slice(&t.bytes));
        Ok(out)
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
        let classifier = Classifier::new(&self.configuration.nodata, &self.model.manifest().bands)?;
        let decode =
            |(job, part): (_, &&[u8])| self.decode_tile(layout, &plan.header, job, part, &classifier);
        for (jobs, parts) in plan.jobs.chunks(TILES_AT_ONCE).zip(parts.chunks(TILES_AT_ONCE)) {
            if self.options.parallel && jobs.len() > 1 {
                let tiles: Vec<Vec<T>> = jobs.par_iter().zip(parts).map(decode).collect::<Result<_>>()?;
                for (job, tile) in jobs.iter().zip(tiles) {
                    copy(layout, &plan.region, &region_layout, job, &tile, out);
                }
            } else {
                for (job, part) in jobs.iter().zip(parts) {
                    copy(layout, &plan.region, &region_layout, job, &decode((job, part))?, out);
                }
            }
        }
        Ok(())
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
