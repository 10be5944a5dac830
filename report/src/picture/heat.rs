//! A heat map: an amount per sample, such as bits, at each place in an array.

use super::{Picture, paint, scale};
use crate::palette::INTENSITY;
use std::ops::Range;

/// The longer side of the map, in pixels.
const SIDE: usize = 512;

/// A map of an array that is filled rectangle by rectangle. Each rectangle adds an amount, such as bits, and the
/// number of samples that it covers.
#[derive(Clone, Debug)]
pub struct Heat {
    width: usize,
    height: usize,
    /// Pixels of the map for each row and column of the array.
    scale: f64,
    amounts: Vec<f64>,
    samples: Vec<f64>,
}

impl Heat {
    /// An empty map of an array of `height` rows and `width` columns.
    pub fn new(height: u64, width: u64) -> Self {
        let scale = SIDE as f64 / (height.max(width).max(1) as f64);
        let side = |extent: u64| ((extent as f64 * scale).round() as usize).max(1);
        let (height, width) = (side(height), side(width));
        Self { width, height, scale, amounts: vec![0.0; width * height], samples: vec![0.0; width * height] }
    }

    /// Adds a rectangle: its rows and columns in the array, its amount, and its samples.
    pub fn add(&mut self, rows: Range<u64>, columns: Range<u64>, amount: f64, samples: f64) {
        let span = |range: Range<u64>, extent: usize| {
            let start = ((range.start as f64 * self.scale).round() as usize).min(extent - 1);
            // A rectangle smaller than a pixel of the map is added to the pixel in which it lies.
            start..((range.end as f64 * self.scale).round() as usize).clamp(start + 1, extent)
        };
        let (rows, columns) = (span(rows, self.height), span(columns, self.width));
        let share = 1.0 / (rows.len() * columns.len()) as f64;
        for y in rows {
            for x in columns.clone() {
                self.amounts[y * self.width + x] += amount * share;
                self.samples[y * self.width + x] += samples * share;
            }
        }
    }

    /// The amount per sample at each pixel; NaN where there are no samples.
    fn levels(&self) -> Vec<f64> {
        let one = |(amount, samples): (&f64, &f64)| if *samples > 0.0 { amount / samples } else { f64::NAN };
        self.amounts.iter().zip(&self.samples).map(one).collect()
    }

    /// The smallest and the largest amount per sample; none for an empty map.
    pub fn range(&self) -> Option<(f64, f64)> {
        scale::extent(self.levels())
    }

    /// The map as a picture, in colours from 0 to the largest.
    pub fn picture(&self) -> Picture {
        let high = self.range().map_or(1.0, |(_, high)| high);
        paint::ramp(self.width, &self.levels(), (0.0, high), &INTENSITY)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rectangles_lie_where_they_are() {
        let mut heat = Heat::new(100, 200);
        assert_eq!((heat.width, heat.height), (512, 256));
        heat.add(0..100, 0..100, 800.0, 400.0);
        heat.add(0..100, 100..200, 200.0, 400.0);
        let levels = heat.levels();
        assert!((levels[0] - 2.0).abs() < 1e-9 && (levels[511] - 0.5).abs() < 1e-9);
        let (low, high) = heat.range().unwrap();
        assert!((low - 0.5).abs() < 1e-9 && (high - 2.0).abs() < 1e-9);
        assert_eq!(heat.picture().rgba[..4], [252, 255, 164, 255]);
        assert_eq!(Heat::new(10, 10).range(), None);
    }

    #[test]
    fn many_small_rectangles_share_a_pixel() {
        let mut heat = Heat::new(1 << 20, 1 << 20);
        for i in 0..1000u64 {
            heat.add(i..i + 1, 0..1, 3.0, 1.0);
        }
        assert_eq!(heat.range(), Some((3.0, 3.0)));
    }
}
