//! Turns samples into pixels: three bands as a colour composite, one band as levels, heights or classes. NaN means
//! "no data" and becomes transparent.

use super::{Picture, scale};
use crate::palette::{HEIGHTS, mix};
use std::ops::Range;

/// The exponent that brightens colour composites a little, because most reflectances are dark.
const GAMMA: f64 = 0.8;

/// Three planes of one size, NaN where there are no data.
#[derive(Clone, Debug)]
pub struct Planes {
    /// Columns.
    pub width: usize,
    /// Rows.
    pub height: usize,
    /// Red, green and blue, in data units, row by row.
    pub rgb: [Vec<f64>; 3],
}

/// The values of each plane that are shown as black and as white.
pub type Stretch = [(f64, f64); 3];

impl Planes {
    /// The part in these columns and rows.
    #[must_use]
    pub fn crop(&self, x: Range<usize>, y: Range<usize>) -> Self {
        let row = |y: usize| y * self.width + x.start..y * self.width + x.end;
        let rgb = [0, 1, 2].map(|c| y.clone().flat_map(|y| self.rgb[c][row(y)].iter().copied()).collect());
        Self { width: x.len(), height: y.len(), rgb }
    }

    /// The largest absolute error among the three planes at each pixel, NaN where a plane has no data.
    pub fn errors(&self, other: &Self) -> Vec<f64> {
        let largest = |i: usize| {
            let errors = [0, 1, 2].map(|c: usize| (self.rgb[c][i] - other.rgb[c][i]).abs());
            if errors.iter().any(|e| e.is_nan()) { f64::NAN } else { errors.into_iter().fold(0.0, f64::max) }
        };
        (0..self.width * self.height).map(largest).collect()
    }

    /// The stretch from the 1st to the 99th percentile of each plane.
    pub fn stretch(&self) -> Stretch {
        [0, 1, 2].map(|c: usize| scale::percentiles(&self.rgb[c], 0.01))
    }

    /// The planes as a true or false colour picture.
    pub fn picture(&self, stretch: &Stretch) -> Picture {
        let level = |c: usize, i: usize| {
            let (low, high) = stretch[c];
            (255.0 * ((self.rgb[c][i] - low) / (high - low)).clamp(0.0, 1.0).powf(GAMMA)).round() as u8
        };
        let known: Vec<f64> =
            (0..self.width * self.height).map(|i| self.rgb.iter().map(|p| p[i]).sum()).collect();
        painted(self.width, &known, |i, _| [0, 1, 2].map(|c| level(c, i)))
    }
}

/// Values in rows of `width`, in the colours of `stops` from the first of `range` to the second.
pub fn ramp(width: usize, values: &[f64], range: (f64, f64), stops: &[[u8; 3]]) -> Picture {
    let span = (range.1 - range.0).max(f64::MIN_POSITIVE);
    painted(width, values, |_, value| mix(stops, (value - range.0) / span))
}

/// Values in rows of `width`, in the colour that `paint` gives for the number of a pixel and its value.
pub fn painted(width: usize, values: &[f64], paint: impl Fn(usize, f64) -> [u8; 3]) -> Picture {
    let pixel = |(i, value): (usize, &f64)| {
        let [r, g, b] = if value.is_nan() { [0; 3] } else { paint(i, *value) };
        [r, g, b, if value.is_nan() { 0 } else { 255 }]
    };
    let rgba = values.iter().enumerate().flat_map(pixel).collect();
    Picture { width, height: values.len() / width.max(1), rgba, alt: String::new() }
}

/// Heights in rows of `width`, in the colours of a map from the first of `range` to the second, with light from the
/// north-west. A slope of `steep`, in units of height per pixel, gets the strongest light or shade.
pub fn relief(width: usize, heights: &[f64], range: (f64, f64), steep: f64) -> Picture {
    painted(width, heights, |at, height| {
        let (x, y) = slope(heights, width, at);
        let (x, y) = if x.is_finite() && y.is_finite() { (x / steep, y / steep) } else { (0.0, 0.0) };
        // A surface that rises to the east and to the south faces the light.
        let light = (0.7 + 0.35 * (x + y) / 2f64.sqrt()).clamp(0.0, 1.0);
        let shade = 0.45 + 0.79 * light;
        mix(&HEIGHTS, (height - range.0) / (range.1 - range.0))
            .map(|c| (f64::from(c) * shade).clamp(0.0, 255.0) as u8)
    })
}

/// The slope below which nine tenths of all pixels lie, in units of height per pixel. With it, [`relief`] shows the
/// slopes of plains and does not drown mountains in shade.
pub fn usual_slope(width: usize, heights: &[f64]) -> f64 {
    let slopes = (0..heights.len()).map(|at| slope(heights, width, at)).map(|(x, y)| x.hypot(y));
    let slopes = scale::sorted(slopes);
    slopes.get(slopes.len() * 9 / 10).copied().filter(|slope| *slope > 0.0).unwrap_or(1.0)
}

/// The rise to the east and to the south at a pixel, in units of height per pixel.
fn slope(heights: &[f64], width: usize, at: usize) -> (f64, f64) {
    let (x, y) = (at % width, at / width);
    let rows = heights.len() / width.max(1);
    let height = |x: usize, y: usize| heights[y * width + x];
    let (left, right) = (x.saturating_sub(1), (x + 1).min(width - 1));
    let (above, below) = (y.saturating_sub(1), (y + 1).min(rows - 1));
    let part = |rise: f64, run: usize| rise / run.max(1) as f64;
    (
        part(height(right, y) - height(left, y), right - left),
        part(height(x, below) - height(x, above), below - above),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn crops_errors_and_pictures() {
        let plane = |add: f64| (0..12).map(|v| f64::from(v) + add).collect::<Vec<f64>>();
        let a = Planes { width: 4, height: 3, rgb: [plane(0.0), plane(0.0), plane(0.0)] };
        let mut b = Planes { width: 4, height: 3, rgb: [plane(0.0), plane(-2.0), plane(1.0)] };
        b.rgb[0][5] = f64::NAN;
        let errors = a.crop(1..3, 1..3).errors(&b.crop(1..3, 1..3));
        assert!(errors[0].is_nan());
        assert_eq!(errors[1..], [2.0, 2.0, 2.0]);
        assert_eq!(a.crop(1..3, 1..2).rgb[0], [5.0, 6.0]);
        let picture = b.picture(&[(0.0, 11.0); 3]);
        assert_eq!((picture.rgba[5 * 4 + 3], picture.rgba[11 * 4], picture.rgba[11 * 4 + 3]), (0, 255, 255));
    }

    #[test]
    fn slopes_that_face_north_west_are_bright() {
        let rising: Vec<f64> = (0..16).map(|i| f64::from(i % 4 + i / 4)).collect();
        let falling: Vec<f64> = rising.iter().map(|height| 6.0 - height).collect();
        assert!((usual_slope(4, &rising) - 2f64.sqrt()).abs() < 1e-9);
        let red = |heights: &[f64]| relief(4, heights, (0.0, 6.0), 1.0).rgba[4 * 6];
        assert!(red(&rising) > red(&falling) + 50);
    }
}
