//! A map of where the bits go: bits a sample of each tile, at its place.

use super::picture::{self, Picture};
use anyhow::Result;
use std::ops::Range;

/// The longer side of the map, in pixels.
const SIDE: usize = 512;

/// Bits and samples at each pixel of the map.
pub(crate) struct Heat {
    width: usize,
    height: usize,
    /// Pixels of the map for each row and column of the array.
    scale: f64,
    bits: Vec<f64>,
    samples: Vec<f64>,
}

impl Heat {
    /// Of an array of so many rows and columns.
    pub(crate) fn new(height: u64, width: u64) -> Self {
        let scale = SIDE as f64 / (height.max(width).max(1) as f64);
        let side = |extent: u64| ((extent as f64 * scale).round() as usize).max(1);
        let (height, width) = (side(height), side(width));
        Self { width, height, scale, bits: vec![0.0; width * height], samples: vec![0.0; width * height] }
    }

    /// Takes a tile: its rows and columns in the array, its bits, and its samples.
    pub(crate) fn add(&mut self, rows: Range<u64>, columns: Range<u64>, bits: f64, samples: f64) {
        let span = |range: Range<u64>, extent: usize| {
            let start = ((range.start as f64 * self.scale).round() as usize).min(extent - 1);
            // A tile smaller than a pixel is a part of the one where it lies.
            start..((range.end as f64 * self.scale).round() as usize).clamp(start + 1, extent)
        };
        let (rows, columns) = (span(rows, self.height), span(columns, self.width));
        let share = 1.0 / (rows.len() * columns.len()) as f64;
        for y in rows {
            for x in columns.clone() {
                self.bits[y * self.width + x] += bits * share;
                self.samples[y * self.width + x] += samples * share;
            }
        }
    }

    /// Bits a sample at each pixel, NaN where nothing is.
    fn levels(&self) -> Vec<f64> {
        let one = |(bits, samples): (&f64, &f64)| if *samples > 0.0 { bits / samples } else { f64::NAN };
        self.bits.iter().zip(&self.samples).map(one).collect()
    }

    /// The least and the largest of them; none where there are no tiles.
    pub(crate) fn range(&self) -> Option<(f64, f64)> {
        let levels = self.levels();
        let finite = || levels.iter().copied().filter(|level| level.is_finite());
        let (low, high) =
            (finite().fold(f64::INFINITY, f64::min), finite().fold(f64::NEG_INFINITY, f64::max));
        (low <= high).then_some((low, high))
    }

    /// The map, in colours from nothing to the largest.
    pub(crate) fn picture(&self, alt: String) -> Result<Picture> {
        let high = self.range().map_or(1.0, |(_, high)| high);
        picture::scaled(self.width, &self.levels(), (0.0, high), alt)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tiles_lie_where_they_are() {
        let mut heat = Heat::new(100, 200);
        assert_eq!((heat.width, heat.height), (512, 256));
        heat.add(0..100, 0..100, 800.0, 400.0);
        heat.add(0..100, 100..200, 200.0, 400.0);
        let levels = heat.levels();
        assert!((levels[0] - 2.0).abs() < 1e-9 && (levels[511] - 0.5).abs() < 1e-9);
        let (low, high) = heat.range().unwrap();
        assert!((low - 0.5).abs() < 1e-9 && (high - 2.0).abs() < 1e-9);
        assert_eq!(Heat::new(10, 10).range(), None);
    }

    #[test]
    fn many_small_tiles_share_a_pixel() {
        let mut heat = Heat::new(1 << 20, 1 << 20);
        for i in 0..1000u64 {
            heat.add(i..i + 1, 0..1, 3.0, 1.0);
        }
        assert_eq!(heat.range(), Some((3.0, 3.0)));
    }
}
