//! Computations along time: how much of each date is valid, filling of gaps, and resampling to even steps.
//!
//! A stack is a slice of planes of one band over one window, with the day of each since 1970-01-01 (fractions are
//! times of day), strictly rising. Every function works on any window: no neighbours in space are needed.

mod counts;
mod even_steps;
mod interpolate;

pub use counts::{DateCounts, valid_dates};
pub use even_steps::EvenSteps;
pub use interpolate::{Edges, Interpolation, Method, fill_gaps, resample};

use crate::plane::Plane;
use crate::{Error, Result};

/// Checks that a stack has a day for each plane, rising, and that its planes have one shape, which it returns.
fn check(planes: &[Plane], days: &[f64]) -> Result<(usize, usize)> {
    if planes.len() != days.len() {
        return Err(Error::Mismatch(format!(
            "a stack has {} planes and {} dates; give one date for each plane",
            planes.len(),
            days.len()
        )));
    }
    if let Some(at) = days.iter().position(|day| !day.is_finite()) {
        return Err(Error::Invalid(format!("date {at} of a stack is {}; dates are finite days", days[at])));
    }
    if let Some(at) = days.windows(2).position(|pair| pair[0] >= pair[1]) {
        return Err(Error::Invalid(format!(
            "dates {at} and {} of a stack are day {} and day {}; dates must rise: sort them, and merge planes of the \
             same date first",
            at + 1,
            days[at],
            days[at + 1]
        )));
    }
    let shape = planes.first().map_or((0, 0), |plane| (plane.height, plane.width));
    let samples = shape.0 * shape.1;
    let odd = planes.iter().position(|plane| {
        (plane.height, plane.width) != shape || plane.values.len() != samples || plane.valid.len() != samples
    });
    match odd {
        Some(at) => Err(Error::Mismatch(format!(
            "plane {at} of a stack has {} × {} samples, the first has {} × {}; resample all dates onto one grid first",
            planes[at].height, planes[at].width, shape.0, shape.1
        ))),
        None => Ok(shape),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stacks_are_checked() {
        let planes = [Plane::empty(2, 3), Plane::empty(2, 3)];
        assert_eq!(check(&planes, &[1.0, 2.5]).unwrap(), (2, 3));
        let message = |days: &[f64]| check(&planes, days).unwrap_err().to_string();
        assert_eq!(message(&[1.0]), "a stack has 2 planes and 1 dates; give one date for each plane");
        assert_eq!(message(&[1.0, f64::NAN]), "date 1 of a stack is NaN; dates are finite days");
        assert_eq!(
            message(&[7.0, 7.0]),
            "dates 0 and 1 of a stack are day 7 and day 7; dates must rise: sort them, and merge planes of the same \
             date first"
        );
        let planes = [Plane::empty(2, 3), Plane::empty(3, 2)];
        assert_eq!(
            check(&planes, &[1.0, 2.0]).unwrap_err().to_string(),
            "plane 1 of a stack has 3 × 2 samples, the first has 2 × 3; resample all dates onto one grid first"
        );
    }

    /// A year of NDVI under its cloud mask: eo-learn stored how many dates it found valid, and what lies in a gap must lie
    /// between its ends.
    #[test]
    fn a_real_year_is_masked_counted_and_filled() {
        let Some(folder) = crate::test_data::folder("a_real_year_is_masked_counted_and_filled") else {
            return;
        };
        let patch = folder.join("test/eo-learn/TestEOPatch");
        let open = |name: &str| crate::npy::NpyArray::open(patch.join(name)).unwrap();
        let (ndvi, clouds) = (open("data/NDVI.npy"), open("mask/CLM.npy"));
        let mask =
            toml::from_str::<crate::mask::MaskRule>("band = 'CLM'\nvalues = [1]").unwrap().mask().unwrap();
        let mut planes = Vec::new();
        for date in 0..68 {
            let window = [date..date + 1, 0..101, 0..100, 0..1];
            let mut plane = ndvi.read_plane(&window, 101, 100).unwrap();
            let clouds = [("CLM", clouds.read_plane(&window, 101, 100).unwrap())];
            crate::mask::apply(&mask.usable(101, 100, &clouds[..]).unwrap(), &mut plane).unwrap();
            planes.push(plane);
        }
        let stored = open("mask_timeless/VALID_COUNT.npy").read_f64(&[0..101, 0..100, 0..1]).unwrap();
        let counted: Vec<f64> = valid_dates(&planes).unwrap().into_iter().map(f64::from).collect();
        assert_eq!(counted, stored);

        let days: Vec<f64> = (0..68).map(|i| 16_600.0 + f64::from(i) * 5.0 + f64::from(i % 3)).collect();
        let mut filled = planes.clone();
        let how = Interpolation { edges: Edges::Nearest, ..Interpolation::default() };
        let count = fill_gaps(&mut filled, &days, &how).unwrap();
        assert_eq!(count as f64, 68.0 * 10_100.0 - stored.iter().sum::<f64>());
        for pixel in 0..10_100 {
            let valid: Vec<usize> = (0..68).filter(|date| planes[*date].valid[pixel]).collect();
            for pair in valid.windows(2) {
                let ends = [filled[pair[0]].values[pixel], filled[pair[1]].values[pixel]];
                assert_eq!(ends, [planes[pair[0]].values[pixel], planes[pair[1]].values[pixel]]);
                let (low, high) = (ends[0].min(ends[1]), ends[0].max(ends[1]));
                for plane in &filled[pair[0]..pair[1]] {
                    assert!((low - 1e-12..=high + 1e-12).contains(&plane.values[pixel]));
                }
            }
        }
    }
}
