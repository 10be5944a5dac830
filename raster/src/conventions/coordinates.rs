//! Coordinates of rows and columns: whether they are evenly spaced, and which grid they describe.
//!
//! Coordinates are centres of pixels. Where they are evenly spaced, they describe a grid, that is, an affine transform. Their
//! spacing is never exactly even, because they were computed in floating point and often stored as `float32`. The tolerance
//! therefore has two parts.
//!
//! * A thousandth of a step, for coordinates that were rounded to a few decimals. It must not be much larger: latitudes of
//!   a Gaussian grid, which are truly uneven, depart from an even grid by about 1 % of a step at every resolution.
//! * Where all values are numbers of `float32`, its rounding error at the largest of them. At a northing of 5 000 000 m
//!   neighbouring `float32` numbers lie 0.5 m apart; the value and the line between the first and the last value are each
//!   off by up to half of that. A grid of 10 m may thus seem to depart from an even one by 5 % of a step and is even
//!   nonetheless. The line through all values, by least squares, is then closer to the grid than that between the two ends.
//!
//! Where `float32` rounds by more than half a step, neighbours may be equal, and coordinates tell no grid.
//!
//! All commands use these rules: what is even for one is even for each.

/// The tolerance as a part of a step.
const TOLERANCE: f64 = 1e-3;

/// The largest rounding error, as a part of a step, with which coordinates still tell a grid.
const MOST: f64 = 0.5;

/// How far a stated grid may lie from coordinates, as a part of a step, and still be the one that they were computed from.
const AGREE: f64 = 0.01;

/// An axis of evenly spaced pixels.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct EvenAxis {
    /// The outer edge of the first pixel.
    pub start: f64,
    /// From one centre to the next; negative where coordinates fall.
    pub step: f64,
}

/// The axis that the coordinates of centres describe; `None` where they are unevenly spaced, fewer than two, or all equal.
#[must_use]
pub fn even_axis(centres: &[f64]) -> Option<EvenAxis> {
    let (first, last) = (*centres.first()?, *centres.last()?);
    let steps = centres.len().checked_sub(1).filter(|steps| *steps > 0)? as f64;
    let step = (last - first) / steps;
    if !step.is_finite() || step == 0.0 {
        return None;
    }
    let rounding = rounding(centres);
    let coarse = rounding > step.abs() * TOLERANCE;
    if rounding > step.abs() * MOST {
        return None;
    }
    let tolerance = step.abs() * TOLERANCE + rounding;
    let even = centres.iter().enumerate().all(|(i, c)| (first + step * i as f64 - c).abs() <= tolerance);
    let (first, step) = if coarse { line(centres) } else { (first, step) };
    even.then_some(EvenAxis { start: first - step / 2.0, step })
}

/// Longitudes that jump by a turn, such as 0 to 179 and then -180 to -1, as they go on without the jump: 0 to 359. `None` where there is no
/// such jump.
#[must_use]
pub fn without_jump(longitudes: &[f64]) -> Option<Vec<f64>> {
    const TURN: f64 = 360.0;
    let is_jump = |pair: &[f64]| (pair[1] - pair[0]).abs() > TURN / 2.0;
    let at = longitudes.windows(2).position(is_jump)?;
    let turn = if longitudes[at + 1] < longitudes[at] { TURN } else { -TURN };
    let mut all = longitudes.to_vec();
    all[at + 1..].iter_mut().for_each(|longitude| *longitude += turn);
    (!all.windows(2).any(is_jump)).then_some(all)
}

/// The first value and the step of the line through values, by least squares.
fn line(values: &[f64]) -> (f64, f64) {
    let middle = (values.len() - 1) as f64 / 2.0;
    let mean = values.iter().map(|value| value - values[0]).sum::<f64>() / values.len() as f64;
    let (mut product, mut square) = (0.0, 0.0);
    for (i, value) in values.iter().enumerate() {
        let from_middle = i as f64 - middle;
        product += from_middle * (value - values[0]);
        square += from_middle * from_middle;
    }
    let step = product / square;
    (values[0] + mean - step * middle, step)
}

impl EvenAxis {
    /// Whether these coordinates may have been computed from this axis: whether each is the centre of its pixel, as nearly as
    /// rounding to decimals or to `float32` leaves it.
    #[must_use]
    pub fn agrees_with(&self, centres: &[f64]) -> bool {
        let step = self.step.abs();
        // Coordinates with more decimals than anybody rounds to, such as Gaussian latitudes, were not computed from an even axis that
        // they leave.
        let tolerance = (step * AGREE).min(step * TOLERANCE + half_decimal(centres)) + rounding(centres);
        centres
            .iter()
            .enumerate()
            .all(|(i, c)| (self.start + self.step * (i as f64 + 0.5) - c).abs() <= tolerance)
    }
}

/// The transform of a grid whose columns and rows have these centres, as GDAL's six coefficients x₀, dx, rx, y₀, ry, dy
/// of the outer corner of the first pixel; `None` where [`even_axis`] gives none for one of them.
#[must_use]
pub fn transform_of_centres(x: &[f64], y: &[f64]) -> Option<[f64; 6]> {
    let (x, y) = (even_axis(x)?, even_axis(y)?);
    Some([x.start, x.step, 0.0, y.start, 0.0, y.step])
}

/// Half of the last decimal that values have, where none has more than six; 0 otherwise.
fn half_decimal(values: &[f64]) -> f64 {
    let has = |decimals: &i32| {
        let unit = 10f64.powi(*decimals);
        values.iter().all(|value| (value * unit - (value * unit).round()).abs() < 1e-6)
    };
    (0..=6).find(has).map_or(0.0, |decimals| 0.5 / 10f64.powi(decimals))
}

/// The distance between neighbouring `float32` numbers at the largest value; 0 where one of the values is not a `float32`.
fn rounding(values: &[f64]) -> f64 {
    if !values.iter().all(|value| f64::from(*value as f32) == *value) {
        return 0.0;
    }
    let largest = values.iter().fold(0f32, |largest, value| largest.max(value.abs() as f32));
    f64::from(largest.next_up()) - f64::from(largest)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Centres of pixels, stored as `float32`.
    fn stored(start: f64, step: f64, count: usize) -> Vec<f64> {
        (0..count).map(|i| f64::from((start + step * (i as f64 + 0.5)) as f32)).collect()
    }

    #[test]
    fn centres_give_corners() {
        let found = transform_of_centres(&[5.0, 15.0, 25.0], &[95.0, 85.0]);
        assert_eq!(found, Some([0.0, 10.0, 0.0, 100.0, 0.0, -10.0]));
    }

    #[test]
    fn coordinates_in_float32_are_even_where_the_grid_is() {
        // MODIS at 250 m on the sinusoidal grid, and a reprojected scene at 10 m.
        for (start, step) in [(4_447_802.079, -231.656_358), (5_000_003.3, -10.02)] {
            let centres = stored(start, step, 5490);
            let even = centres.windows(2).all(|pair| pair[1] - pair[0] == step);
            assert!(!even, "the test must see rounding");
            let axis = even_axis(&centres).unwrap();
            assert!((axis.start - start).abs() < 0.5 && (axis.step - step).abs() < 1e-4, "{axis:?}");
        }
        // Degrees of longitude in steps of 1/1200, near the largest that there are.
        assert!(even_axis(&stored(179.0, 1.0 / 1200.0, 1200)).is_some());
        // Steps of a metre, of which float32 keeps the nearest half. The line is closer to them than their ends.
        let axis = even_axis(&stored(5_000_003.3, 1.1, 2000)).unwrap();
        assert!((axis.start - 5_000_003.3).abs() < 0.05 && (axis.step - 1.1).abs() < 1e-4, "{axis:?}");
        // float32 can't resolve pixels of 0.3 m at such coordinates.
        assert_eq!(even_axis(&stored(5_000_003.3, 0.3, 2000)), None);
    }

    #[test]
    fn a_stated_axis_is_held_against_coordinates() {
        let axis = EvenAxis { start: 500_000.0, step: 10.0 };
        assert!(axis.agrees_with(&[500_005.0, 500_015.0]) && axis.agrees_with(&[500_005.01]));
        // One pixel further, half a pixel further, of another size.
        for other in [&[500_015.0, 500_025.0][..], &[500_010.0], &[500_010.0, 500_030.0], &[f64::NAN]] {
            assert!(!axis.agrees_with(other), "{other:?}");
        }
        let fine = EvenAxis { start: 5_000_003.3, step: 0.3 };
        assert!(fine.agrees_with(&stored(5_000_003.3, 0.3, 100)));
        assert!(!fine.agrees_with(&stored(5_000_023.3, 0.3, 100)));
    }

    #[test]
    fn gaussian_latitudes_are_no_grid() {
        // The first and last of the 96 latitudes of the Gaussian grid T63, and an even grid between.
        let mut centres: Vec<f64> = (0..96).map(|i| 88.572_2 - f64::from(i) * 177.144_4 / 95.0).collect();
        assert!(even_axis(&centres).is_some());
        (centres[1], centres[2]) = (86.722_5, 84.862_0);
        assert_eq!(even_axis(&centres), None);
    }

    #[test]
    fn longitudes_go_on_where_they_jump() {
        let wrapped: Vec<f64> = (0..36).map(|i| f64::from((i * 10 + 180) % 360 - 180)).collect();
        let whole = without_jump(&wrapped).unwrap();
        assert_eq!((whole[0], whole[35]), (0.0, 350.0));
        assert_eq!(even_axis(&whole), Some(EvenAxis { start: -5.0, step: 10.0 }));
        assert_eq!(without_jump(&[170.0, 180.0, 10.0]).map(|all| all[2]), None);
        assert_eq!(without_jump(&[-170.0, 180.0, 170.0]).unwrap(), [-170.0, -180.0, -190.0]);
        assert_eq!((without_jump(&whole), without_jump(&[])), (None, None));
        assert_eq!(without_jump(&[0.0, 200.0, 0.0]), None);
    }

    #[test]
    fn rounded_decimals_are_even_and_uneven_steps_are_not() {
        let decimals: Vec<f64> = (0..100).map(|i| (f64::from(i) / 12.0 * 1e5).round() / 1e5).collect();
        assert!(even_axis(&decimals).is_some());
        // Off by half a per cent of a step, in double precision.
        assert_eq!(even_axis(&[0.1, 1.1, 2.105, 3.1]), None);
        assert_eq!(even_axis(&[0.0, 1.0, 3.0]), None);
        assert_eq!((even_axis(&[]), even_axis(&[0.0]), even_axis(&[2.0, 2.0])), (None, None, None));
        assert_eq!((even_axis(&[f64::NAN, 1.0]), even_axis(&[0.0, f64::INFINITY])), (None, None));
    }
}
