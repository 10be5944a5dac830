//! A chunk and its tiles as the writer has them: samples and masks, and the errors of a decoded tile against them.

use super::position::TilePosition;
use super::tile::empty_patches;
use crate::axes::Layout;
use crate::mask::{Classifier, Patterns};
use crate::sample::Sample;
use crate::squares::SquareSum;

/// The samples of a chunk.
pub(super) struct Source<'a, T> {
    pub(super) layout: &'a Layout,
    pub(super) samples: &'a [T],
    /// For each image, whether it is left out, because it trails and holds nothing but the fill value.
    pub(super) images_left_out: Vec<bool>,
}

/// The samples of one tile, `(band, y, x)`.
pub(super) struct SourceTile<T> {
    pub(super) bands: usize,
    pub(super) height: usize,
    pub(super) width: usize,
    pub(super) samples: Vec<T>,
    /// Mask classes; empty when all are valid.
    pub(super) classes: Vec<u8>,
}

/// A tile's bytes, and the errors that were measured by decoding it again.
#[derive(Debug, Default)]
pub(super) struct EncodedTile {
    pub(super) bytes: Vec<u8>,
    pub(super) valid: u64,
    pub(super) squares: SquareSum,
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

impl<T: Sample> SourceTile<T> {
    pub(super) fn gather(
        source: &Source<'_, T>,
        position: &TilePosition,
        classifier: &Classifier<T>,
        patterns: &Patterns,
    ) -> Self {
        let (layout, samples) = (source.layout, source.samples);
        let (bands, height, width) = (layout.bands(), position.rows.len(), position.columns.len());
        let [band_stride, row_stride, column_stride] = layout.image_strides();
        let mut out = Vec::with_capacity(bands * height * width);
        for band in 0..bands {
            for y in position.rows.clone() {
                let at = layout.image_offset(position.image)
                    + layout.array_band(band) * band_stride
                    + y * row_stride
                    + position.columns.start * column_stride;
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

    pub(super) fn columns(&self, patch: usize) -> usize {
        self.width.div_ceil(patch)
    }

    pub(super) fn band_classes(&self, band: usize) -> &[u8] {
        &self.classes[band * self.height * self.width..(band + 1) * self.height * self.width]
    }

    /// Which patches hold no valid sample; empty when there is no mask.
    pub(super) fn empty_patches(&self, patch: usize) -> Vec<bool> {
        empty_patches(&self.classes, self.bands, self.height, self.width, patch)
    }

    /// How far decoded samples are from those that were given.
    pub(super) fn measure(&self, decoded: &[T]) -> EncodedTile {
        let mut out = EncodedTile::default();
        for (i, (found, wanted)) in decoded.iter().zip(&self.samples).enumerate() {
            if self.classes.get(i).is_none_or(|c| *c == 0) {
                let error = (found.to_f64() - wanted.to_f64()).abs();
                out.valid += 1;
                out.squares.add(error);
                out.max_error = out.max_error.max(error);
            }
        }
        out
    }

    /// Whether each valid sample is within its band's bound; where that is 0, whether it is the same bit for bit.
    pub(super) fn is_within(&self, decoded: &[T], bounds: &[f64]) -> bool {
        let area = self.height * self.width;
        decoded.iter().zip(&self.samples).enumerate().all(|(i, (found, wanted))| {
            if self.classes.get(i).is_some_and(|class| *class != 0) {
                return true;
            }
            let bound = bounds[i / area];
            found.to_bits() == wanted.to_bits()
                || bound > 0.0 && (found.to_f64() - wanted.to_f64()).abs() <= bound
        })
    }

    /// The squared error of a picture's values over valid samples.
    pub(super) fn squares(&self, picture: &[f32]) -> f64 {
        let valid = |i: usize| self.classes.get(i).is_none_or(|class| *class == 0);
        let pairs = self.samples.iter().zip(picture).enumerate().filter(|(i, _)| valid(*i));
        pairs.map(|(_, (wanted, found))| (wanted.to_f64() - f64::from(*found)).powi(2)).sum()
    }
}
