//! One tile: samples to bytes.

use super::ChunkCodec;
use super::correct::WORTHWHILE;
use super::decode::Shared;
use super::payload::{CORRECTED, MASK_EACH, MASK_NONE, MASK_SHARED};
use super::picture::Picture;
use super::place::Job;
use super::stack::{Left, Links};
use crate::axes::Layout;
use crate::config::EntropyCoder;
use crate::container::bytes::put_varint;
use crate::entropy::indices::IndexCoder;
use crate::entropy::lz4;
use crate::entropy::rans::Encoder;
use crate::entropy::tile::{HistoryLinks, TileHistory, TileCoder};
use crate::error::{Error, Result};
use crate::mask::{self, Classifier, ESCAPE, Patterns, inpaint};
use crate::model::priors::Kind;
use crate::quantise::{self, Search};
use crate::sample::Sample;
use crate::transform::{Linear, Scratch};

/// A tile's bytes, and what was measured on decoding it again.
#[derive(Debug, Default)]
pub(super) struct EncodedTile {
    pub(super) bytes: Vec<u8>,
    pub(super) valid: u64,
    pub(super) squares: f64,
    pub(super) max_error: f64,
    /// The largest magnitude of a latent.
    pub(super) peak: f32,
}

impl EncodedTile {
    /// Takes the tile's bytes, and adds their checksum.
    pub(super) fn seal(&mut self, mut bytes: Vec<u8>) {
        let checksum = crc32c::crc32c(&bytes);
        bytes.extend_from_slice(&checksum.to_le_bytes());
        self.bytes = bytes;
    }
}

/// The samples of one tile, `(band, y, x)`.
pub(super) struct Tile<T> {
    pub(super) bands: usize,
    pub(super) height: usize,
    pub(super) width: usize,
    pub(super) samples: Vec<T>,
    /// Mask classes; empty when all are valid.
    pub(super) classes: Vec<u8>,
}

/// A tile on its way: what does not depend on other dates.
pub(super) struct Prepared<T> {
    pub(super) tile: Tile<T>,
    /// The mode and the mask.
    pub(super) mask: Vec<u8>,
    /// Which patches hold no valid sample; empty when all do.
    pub(super) empty: Vec<bool>,
    /// `(patch, scan position)`; empty where no sample is valid, or no model makes any.
    pub(super) latents: Vec<f32>,
    patches: usize,
    /// The largest magnitude of a latent.
    pub(super) peak: f32,
}

impl<T> Prepared<T> {
    /// The earlier dates that resemble this tile most, at most so many.
    pub(super) fn most_alike(&self, earlier: &[Option<Left>], step: f32, most: usize) -> Vec<usize> {
        // A tile without a valid sample is like nothing.
        let planes = self.latents.len() / self.patches;
        let likeness = |memory: &TileHistory| memory.likeness(&self.latents, planes.max(1), 1.0 / step);
        let memories = earlier.iter().enumerate().filter(|_| planes > 0);
        let mut found: Vec<(usize, f32)> = memories
            .filter_map(|(at, left)| match left {
                Some(Left::Codes(memory)) => Some((at, likeness(memory))),
                _ => None,
            })
            .collect();
        // The later one, where two are alike.
        found.sort_by(|a, b| b.1.total_cmp(&a.1).then(b.0.cmp(&a.0)));
        found.truncate(most);
        found.into_iter().map(|(at, _)| at).collect()
    }
}

/// A tile's codes in bytes, what they leave to later dates, and what they cost: squared error and bits, as scalar codes are
/// chosen by.
pub(super) struct Coded {
    pub(super) stream: Vec<u8>,
    pub(super) memory: Option<TileHistory>,
    pub(super) cost: f64,
}

impl ChunkCodec {
    /// Makes latents of a tile's samples; none for a tile that is masked throughout with the first pattern.
    pub(super) fn prepare<T: Sample>(
        &self,
        shared: &Shared<'_, T>,
        layout: &Layout,
        samples: &[T],
        job: &Job,
    ) -> Result<Option<Prepared<T>>> {
        let tile = Tile::gather(layout, samples, job, shared.classifier, shared.patterns);
        let count = tile.samples.len();
        if tile.classes.len() == count && tile.classes.iter().all(|c| *c == 1) {
            return Ok(None);
        }
        let mut mask = Vec::new();
        tile.put_mask(&mut mask);
        let valid = tile.classes.is_empty() || tile.classes.contains(&0);
        let latents = match &self.picture {
            Some(picture) if valid && shared.takes_pictures() => picture.latents(&tile, shared.step)?,
            _ => Vec::new(),
        };
        let peak = match self.has_scalar_codes() {
            true => latents.iter().fold(0.0, |peak, v| v.abs().max(peak)),
            false => 0.0,
        };
        let empty = tile.empty_patches(self.patch());
        let patches = tile.height.div_ceil(self.patch()) * tile.columns(self.patch());
        Ok(Some(Prepared { tile, mask, empty, latents, patches, peak }))
    }

    /// Codes a tile's latents. `links` say whether and how other dates matter.
    pub(super) fn code_tile<T: Sample>(
        &self,
        shared: &Shared<'_, T>,
        prepared: &Prepared<T>,
        links: Links<'_>,
    ) -> Result<Coded> {
        match &self.picture {
            Some(picture) if !prepared.latents.is_empty() => {
                let columns = prepared.tile.columns(self.patch());
                let Shared { step, entropy, .. } = *shared;
                picture.code(
                    prepared.latents.clone(),
                    step,
                    entropy,
                    columns,
                    &prepared.empty,
                    links.codes()?,
                )
            }
            _ => Ok(Coded { stream: Vec::new(), memory: None, cost: 0.0 }),
        }
    }

    /// Puts a tile together, and measures what a reader will see, by the reader's own path.
    pub(super) fn finish_tile<T: Sample>(
        &self,
        shared: &Shared<'_, T>,
        prepared: Prepared<T>,
        coded: &Coded,
        links: Links<'_>,
    ) -> Result<EncodedTile> {
        let Prepared { tile, mask: mut bytes, latents, empty, peak, .. } = prepared;
        bytes.extend_from_slice(&coded.stream);
        let size = [tile.height, tile.width];
        let correction = self.picture.as_ref().and_then(|picture| picture.correction.as_ref());
        let mut out = match correction.filter(|_| !latents.is_empty()) {
            None => tile.measure(&self.decode_payload(shared, size, &bytes, links)?.0),
            Some(correction) => {
                let coded = self.coded(shared, size, &empty, &coded.stream, links)?;
                let mut decoded = vec![T::zeroed(); tile.samples.len()];
                let (picture, _) = coded.picture()?;
                coded.finish(picture.clone(), None, &mut decoded)?;
                let plain = tile.measure(&decoded);
                coded.finish(picture, Some(correction), &mut decoded)?;
                let better = tile.measure(&decoded);
                if better.squares < plain.squares * WORTHWHILE {
                    bytes[0] |= CORRECTED;
                    better
                } else {
                    plain
                }
            }
        };
        out.peak = peak;
        out.seal(bytes);
        Ok(out)
    }
}

impl Picture {
    /// Latents `(patch, scan position)`.
    fn latents<T: Sample>(&self, tile: &Tile<T>, step: i16) -> Result<Vec<f32>> {
        let patch = self.patch();
        let (rows, columns) = (tile.height.div_ceil(patch), tile.columns(patch));
        let padded = self.padded(tile);
        if let Some(linear) = self.linear.as_ref().filter(|_| self.model.encodes_linearly) {
            let latents = linear_latents(linear, &padded, tile.bands, rows, columns);
            if latents.len() != padded.len() {
                return Err(Error::InvalidModel(
                    "the decoder's transform has no inverse, so that nothing can be written with it; get the package again"
                        .to_owned(),
                ));
            }
            return Ok(latents);
        }
        let bands = &self.model.manifest().bands;
        let mut samples = padded;
        for (band, plane) in samples.chunks_exact_mut(rows * columns * patch * patch).enumerate() {
            plane.iter_mut().for_each(|v| *v = *v * bands[band].scale + bands[band].offset);
        }
        let latents = match &self.network {
            Some(network) => network.encode(&self.model, samples, quantise::step(step), rows, columns)?,
            None => None,
        };
        latents.ok_or_else(|| Error::MissingModel("writing needs the model's encoder".to_owned()))
    }

    /// The stream of a tile's codes, chosen for its latents.
    fn code(
        &self,
        mut latents: Vec<f32>,
        step: i16,
        entropy: EntropyCoder,
        columns: usize,
        empty: &[bool],
        links: HistoryLinks<'_>,
    ) -> Result<Coded> {
        let alone = |stream| Coded { stream, memory: None, cost: 0.0 };
        let priors = self.model.priors();
        let count = priors.planes();
        let is_empty = |at: usize| empty.get(at).copied().unwrap_or(false);
        match priors.kind() {
            Kind::Scalar(priors) => {
                let inverse = 1.0 / quantise::step(step);
                latents.iter_mut().for_each(|v| *v *= inverse);
                if entropy == EntropyCoder::Lz4 {
                    let codes: Vec<i32> = latents.iter().map(|v| quantise::quantise(*v)).collect();
                    return Ok(alone(lz4::encode(&codes, count)));
                }
                let planes = self.planes(priors, step);
                let mut coder: TileCoder<'_, Encoder> = TileCoder::encoder(&planes, columns, links);
                let mut codes = vec![0; count];
                let mut nonzero = Vec::new();
                let mut squares = 0.0;
                for (at, scaled) in latents.chunks_exact(count).enumerate() {
                    if !is_empty(at) {
                        coder.choose(scaled, quantise::BIT, &mut codes);
                    }
                    coder.patch(&mut codes, is_empty(at), &mut nonzero, &mut ())?;
                    if !is_empty(at) {
                        let errors = scaled.iter().zip(&codes).map(|(v, c)| (v - *c as f32).powi(2));
                        squares += f64::from(errors.sum::<f32>());
                    }
                }
                let memory = coder.history();
                let stream = coder.finish();
                let cost = squares + f64::from(quantise::BIT) * 8.0 * stream.len() as f64;
                Ok(Coded { stream, memory, cost })
            }
            Kind::Index(priors) => {
                let (Some(codebooks), Some(rates)) = (self.model.codebooks(), &self.rates) else {
                    return Err(Error::MissingModel("codes of indices need codebooks".to_owned()));
                };
                let lambda = quantise::lagrangian(step);
                let mut codes = codebooks.assign(&latents, lambda, rates, &Search::default());
                let patches = codes.chunks_exact_mut(count).enumerate();
                patches.filter(|(at, _)| is_empty(*at)).for_each(|(_, codes)| codes.fill(0));
                if entropy == EntropyCoder::Lz4 {
                    return Ok(alone(lz4::encode(&codes, count)));
                }
                let mut coder = IndexCoder::encoder(priors.shape, &priors.statistics, columns);
                let patches = codes.chunks_exact_mut(count).enumerate();
                patches.for_each(|(at, codes)| coder.patch(codes, is_empty(at), &mut ()));
                Ok(alone(coder.finish()))
            }
        }
    }

    /// Normalised samples, continued under the mask and, to whole patches, beyond the tile's end.
    fn padded<T: Sample>(&self, tile: &Tile<T>) -> Vec<f32> {
        let patch = self.patch();
        let (height, width) = (tile.height, tile.width);
        let (padded_height, padded_width) = (height.next_multiple_of(patch), width.next_multiple_of(patch));
        let mut out = vec![0.0; tile.bands * padded_height * padded_width];
        for band in 0..tile.bands {
            let normalisation = &self.model.manifest().bands[band];
            let (offset, scale) = (f64::from(normalisation.offset), 1.0 / f64::from(normalisation.scale));
            let from = &tile.samples[band * height * width..(band + 1) * height * width];
            let mut plane: Vec<f32> = from.iter().map(|v| ((v.to_f64() - offset) * scale) as f32).collect();
            if !tile.classes.is_empty() {
                let valid: Vec<bool> = tile.band_classes(band).iter().map(|c| *c == 0).collect();
                inpaint::fill(&mut plane, &valid, height, width);
            }
            let out =
                &mut out[band * padded_height * padded_width..(band + 1) * padded_height * padded_width];
            for y in 0..padded_height {
                let source = &plane[y.min(height - 1) * width..][..width];
                let row = &mut out[y * padded_width..(y + 1) * padded_width];
                row[..width].copy_from_slice(source);
                row[width..].fill(source[width - 1]);
            }
        }
        out
    }
}

/// Latents `(patch, scan position)` of normalised samples `(band, y, x)`, whole patches all.
fn linear_latents(linear: &Linear, samples: &[f32], bands: usize, rows: usize, columns: usize) -> Vec<f32> {
    let patch = linear.patch;
    let (height, width) = (rows * patch, columns * patch);
    let mut scratch = Scratch::default();
    let mut latents = Vec::new();
    let mut out = Vec::with_capacity(samples.len());
    for row in 0..rows {
        for first in (0..columns).step_by(linear.batch()) {
            let slots = linear.batch().min(columns - first);
            linear.clear(&mut scratch);
            for band in 0..bands {
                for i in 0..patch {
                    let from = (band * height + row * patch + i) * width + first * patch;
                    for slot in 0..slots {
                        let lane = linear.lane(slot, band);
                        let source = &samples[from + slot * patch..from + (slot + 1) * patch];
                        for (x, value) in source.iter().enumerate() {
                            scratch.data[(i * patch + x) * linear.lanes() + lane] = *value;
                        }
                    }
                }
            }
            linear.encode(&mut scratch, slots, &mut latents);
            out.extend_from_slice(&latents);
        }
    }
    out
}

impl<T: Sample> Tile<T> {
    fn gather(
        layout: &Layout,
        samples: &[T],
        job: &Job,
        classifier: &Classifier<T>,
        patterns: &Patterns,
    ) -> Self {
        let (bands, height, width) = (layout.bands(), job.rows.len(), job.columns.len());
        let [band_stride, row_stride, column_stride] = layout.image_strides();
        let mut out = Vec::with_capacity(bands * height * width);
        for band in 0..bands {
            for y in job.rows.clone() {
                let at = layout.image_offset(job.image)
                    + band * band_stride
                    + y * row_stride
                    + job.columns.start * column_stride;
                if column_stride == 1 {
                    out.extend_from_slice(&samples[at..at + width]);
                } else {
                    out.extend((0..width).map(|x| samples[at + x * column_stride]));
                }
            }
        }
        let mut tile = Self { bands, height, width, samples: out, classes: Vec::new() };
        if !classifier.trivial() {
            let valid = |(i, v): (usize, &T)| classifier.valid(*v, i / (height * width));
            if !tile.samples.iter().enumerate().all(valid) {
                tile.classes = tile
                    .samples
                    .iter()
                    .enumerate()
                    .map(|(i, v)| if valid((i, v)) { 0 } else { patterns.class(v.to_bits()) })
                    .collect();
            }
        }
        tile
    }

    fn columns(&self, patch: usize) -> usize {
        self.width.div_ceil(patch)
    }

    fn band_classes(&self, band: usize) -> &[u8] {
        &self.classes[band * self.height * self.width..(band + 1) * self.height * self.width]
    }

    /// Writes the mask: its mode, and with a mask its length, its stream and the patterns that escape the table.
    fn put_mask(&self, out: &mut Vec<u8>) {
        if self.classes.is_empty() {
            out.push(MASK_NONE);
            return;
        }
        let first = self.band_classes(0);
        let shared = !first.contains(&ESCAPE) && (1..self.bands).all(|b| self.band_classes(b) == first);
        let stream = if shared {
            out.push(MASK_SHARED);
            mask::coder::encode(first, 1, self.height, self.width)
        } else {
            out.push(MASK_EACH);
            mask::coder::encode(&self.classes, self.bands, self.height, self.width)
        };
        put_varint(out, stream.len() as u64);
        out.extend(stream);
        for (sample, class) in self.samples.iter().zip(&self.classes) {
            if *class == ESCAPE {
                out.extend_from_slice(&sample.to_bits().to_le_bytes()[..T::TYPE.size()]);
            }
        }
    }

    /// Which patches hold no valid sample; empty when there is no mask.
    fn empty_patches(&self, patch: usize) -> Vec<bool> {
        empty_patches(&self.classes, self.bands, self.height, self.width, patch)
    }

    /// How far decoded samples are from those that were given.
    pub(super) fn measure(&self, decoded: &[T]) -> EncodedTile {
        let mut out = EncodedTile::default();
        for (i, (found, wanted)) in decoded.iter().zip(&self.samples).enumerate() {
            if self.classes.get(i).is_none_or(|c| *c == 0) {
                let error = (found.to_f64() - wanted.to_f64()).abs();
                out.valid += 1;
                out.squares += error * error;
                out.max_error = out.max_error.max(error);
            }
        }
        out
    }
}

/// Which patches hold no valid sample, by rows of patches; empty when `classes` is.
pub(super) fn empty_patches(
    classes: &[u8],
    bands: usize,
    height: usize,
    width: usize,
    patch: usize,
) -> Vec<bool> {
    if classes.is_empty() {
        return Vec::new();
    }
    let columns = width.div_ceil(patch);
    let mut empty = vec![true; height.div_ceil(patch) * columns];
    for band in 0..bands {
        for y in 0..height {
            let row = &classes[(band * height + y) * width..][..width];
            for (x, class) in row.iter().enumerate() {
                if *class == 0 {
                    empty[y / patch * columns + x / patch] = false;
                }
            }
        }
    }
    empty
}
