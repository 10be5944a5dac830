//! Interpolation between dates: gaps are filled in place, or series are resampled to other days.
//!
//! Both need the valid dates of each pixel that lie next to a day. For a block of pixels, these are found for all dates in two
//! sweeps, forwards and backwards, whose tables fit into the cache; nothing is allocated for a single pixel.

use super::check;
use crate::plane::Plane;
use crate::{Error, Result};
use serde::{Deserialize, Serialize};

/// Pixels in a block: at 100 dates, the tables of neighbours take 200 KiB.
const BLOCK: usize = 256;

/// No valid date on that side.
const NONE: u32 = u32::MAX;

/// How a value between two dates is made.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Method {
    /// On the line between the valid neighbours.
    #[default]
    Linear,
    /// The nearer valid neighbour, the earlier one of equals: for classes and flags.
    Nearest,
}

/// What happens before the first and after the last valid date of a pixel.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Edges {
    /// Stays invalid.
    #[default]
    Leave,
    /// Takes the nearest valid date's value.
    Nearest,
}

/// How values between dates are made, and how far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Interpolation {
    /// Linear, or nearest for classes.
    pub method: Method,
    /// The longest time in days between the two valid dates around a gap, and from an edge to its nearest valid date;
    /// longer gaps stay invalid. `None` allows gaps of any length.
    pub max_gap_days: Option<f64>,
    /// What happens before the first and after the last valid date.
    pub edges: Edges,
}

impl Interpolation {
    fn check(&self) -> Result<()> {
        match self.max_gap_days {
            Some(gap) if !(gap.is_finite() && gap > 0.0) => Err(Error::Invalid(format!(
                "max_gap_days is {gap}; give a number of days above 0, or leave it out for gaps of any length"
            ))),
            _ => Ok(()),
        }
    }

    /// The value at a day, from the valid neighbours at or before it and at or after it.
    #[inline]
    fn value(&self, day: f64, before: Option<(f64, f64)>, after: Option<(f64, f64)>) -> Option<f64> {
        let near = |gap: f64| self.max_gap_days.is_none_or(|most| gap <= most);
        match (before, after) {
            (Some((d, value)), _) | (_, Some((d, value))) if d == day => Some(value),
            (Some((d0, v0)), Some((d1, v1))) if near(d1 - d0) => Some(match self.method {
                Method::Nearest => {
                    if day - d0 <= d1 - day {
                        v0
                    } else {
                        v1
                    }
                }
                Method::Linear => {
                    let part = (day - d0) / (d1 - d0);
                    let value = v0 + (v1 - v0) * part;
                    // The difference of numbers near the ends of f64 may overflow; their weighted sum does not.
                    if value.is_finite() { value } else { v0 * (1.0 - part) + v1 * part }
                }
            }),
            (Some((d, value)), None) | (None, Some((d, value)))
                if self.edges == Edges::Nearest && near((d - day).abs()) =>
            {
                Some(value)
            }
            _ => None,
        }
    }
}

/// For each date and each pixel of a block: the valid date at or before it, and the one at or after it.
struct Neighbours {
    before: Vec<[u32; BLOCK]>,
    after: Vec<[u32; BLOCK]>,
}

impl Neighbours {
    fn new(dates: usize) -> Self {
        Self { before: vec![[NONE; BLOCK]; dates], after: vec![[NONE; BLOCK]; dates] }
    }

    fn find(&mut self, planes: &[Plane], start: usize, count: usize) {
        let sweep = |table: &mut Vec<[u32; BLOCK]>, order: &mut dyn Iterator<Item = usize>| {
            let mut last = [NONE; BLOCK];
            for date in order {
                let valid = &planes[date].valid[start..start + count];
                for (last, valid) in last.iter_mut().zip(valid) {
                    *last = if *valid { date as u32 } else { *last };
                }
                table[date] = last;
            }
        };
        sweep(&mut self.before, &mut (0..planes.len()));
        sweep(&mut self.after, &mut (0..planes.len()).rev());
    }
}

/// Fills invalid samples from the valid dates around them, in place, and says how many it filled.
///
/// `planes` are the dates of one band over one window, `days` their days since 1970-01-01. Valid samples are never
/// changed, and filled ones are never a source for others.
///
/// # Errors
/// [`Error::Mismatch`] where planes and days don't fit together, [`Error::Invalid`] where days don't rise or an option
/// is out of range.
pub fn fill_gaps(planes: &mut [Plane], days: &[f64], how: &Interpolation) -> Result<u64> {
    let (height, width) = check(planes, days)?;
    how.check()?;
    let mut neighbours = Neighbours::new(planes.len());
    let mut filled = 0;
    for start in (0..height * width).step_by(BLOCK) {
        let count = BLOCK.min(height * width - start);
        neighbours.find(planes, start, count);
        for date in 0..planes.len() {
            // The values are taken out, so that the other dates can be borrowed meanwhile.
            let mut values = std::mem::take(&mut planes[date].values);
            let mut valid = std::mem::take(&mut planes[date].valid);
            let (before, after) = (&neighbours.before[date], &neighbours.after[date]);
            for i in 0..count {
                if valid[start + i] {
                    continue;
                }
                let known = |at: u32| {
                    (at != NONE).then(|| (days[at as usize], planes[at as usize].values[start + i]))
                };
                if let Some(value) = how.value(days[date], known(before[i]), known(after[i])) {
                    values[start + i] = value;
                    valid[start + i] = true;
                    filled += 1;
                }
            }
            planes[date].values = values;
            planes[date].valid = valid;
        }
    }
    Ok(filled)
}

/// Resamples the stack to other days, such as [`super::EvenSteps::days`]: one plane for each day of `at`, which must rise.
///
/// A sample is valid where a date of the same day is valid, or where `how` allows to make it from the valid dates around.
///
/// # Errors
/// As [`fill_gaps`].
pub fn resample(planes: &[Plane], days: &[f64], at: &[f64], how: &Interpolation) -> Result<Vec<Plane>> {
    let (height, width) = check(planes, days)?;
    how.check()?;
    if let Some(wrong) = at.windows(2).position(|pair| pair[0] >= pair[1]) {
        return Err(Error::Invalid(format!(
            "a series can't be resampled to day {} and then to day {}; give days in rising order",
            at[wrong],
            at[wrong + 1]
        )));
    }
    let mut results = vec![Plane::empty(height, width); at.len()];
    let mut neighbours = Neighbours::new(planes.len());
    for start in (0..height * width).step_by(BLOCK) {
        let count = BLOCK.min(height * width - start);
        neighbours.find(planes, start, count);
        for (day, result) in at.iter().zip(&mut results) {
            let upto = days.partition_point(|known| known <= day);
            let from = days.partition_point(|known| known < day);
            let before = upto.checked_sub(1).and_then(|date| neighbours.before.get(date));
            let after = neighbours.after.get(from);
            for i in 0..count {
                let known = |table: Option<&[u32; BLOCK]>| {
                    let at = table.map_or(NONE, |table| table[i]);
                    (at != NONE).then(|| (days[at as usize], planes[at as usize].values[start + i]))
                };
                if let Some(value) = how.value(*day, known(before), known(after)) {
                    result.values[start + i] = value;
                    result.valid[start + i] = true;
                }
            }
        }
    }
    Ok(results)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stack(series: &[Option<f64>]) -> Vec<Plane> {
        let plane = |value: &Option<f64>| Plane {
            height: 1,
            width: 1,
            values: vec![value.unwrap_or(0.0)],
            valid: vec![value.is_some()],
        };
        series.iter().map(plane).collect()
    }

    fn series(planes: &[Plane]) -> Vec<Option<f64>> {
        planes.iter().map(|plane| plane.valid[0].then_some(plane.values[0])).collect()
    }

    #[test]
    fn gaps_are_filled_on_the_line() {
        let days = [0.0, 1.0, 3.0, 4.0, 10.0];
        let source = [None, Some(10.0), None, Some(40.0), None];
        let filled = |how: Interpolation| {
            let mut planes = stack(&source);
            let count = fill_gaps(&mut planes, &days, &how).unwrap();
            (series(&planes), count)
        };
        let linear = Interpolation::default();
        assert_eq!(filled(linear), (vec![None, Some(10.0), Some(30.0), Some(40.0), None], 1));
        let edges = Interpolation { edges: Edges::Nearest, ..linear };
        assert_eq!(filled(edges), (vec![Some(10.0), Some(10.0), Some(30.0), Some(40.0), Some(40.0)], 3));
        let short = Interpolation { max_gap_days: Some(2.0), ..edges };
        assert_eq!(filled(short), (vec![Some(10.0), Some(10.0), None, Some(40.0), None], 1));
        let nearest = Interpolation { method: Method::Nearest, ..linear };
        assert_eq!(filled(nearest).0, [None, Some(10.0), Some(40.0), Some(40.0), None]);
    }

    #[test]
    fn steps_meet_dates_and_lie_between_them() {
        let (days, source) = ([0.0, 10.0, 20.0], stack(&[Some(1.0), None, Some(3.0)]));
        let at = [-5.0, 0.0, 5.0, 10.0, 15.0, 20.0, 25.0];
        let resampled = |how: Interpolation| series(&resample(&source, &days, &at, &how).unwrap());
        let linear = Interpolation::default();
        assert_eq!(resampled(linear), [None, Some(1.0), Some(1.5), Some(2.0), Some(2.5), Some(3.0), None]);
        let nearest = Interpolation { method: Method::Nearest, edges: Edges::Nearest, ..linear };
        assert_eq!(resampled(nearest), [1.0, 1.0, 1.0, 1.0, 3.0, 3.0, 3.0].map(Some));
        let short = Interpolation { max_gap_days: Some(10.0), ..linear };
        assert_eq!(resampled(short), [None, Some(1.0), None, None, None, Some(3.0), None]);
        assert!(resample(&[], &[], &at, &linear).unwrap().iter().all(|plane| plane.valid.is_empty()));
    }

    /// Looks at every date for each sample.
    fn oracle(days: &[f64], series: &[Option<f64>], day: f64, how: &Interpolation) -> Option<f64> {
        let known = || days.iter().zip(series).filter_map(|(d, v)| v.map(|v| (*d, v)));
        if let Some((_, exact)) = known().find(|(d, _)| *d == day) {
            return Some(exact);
        }
        let before = known().filter(|(d, _)| *d < day).max_by(|a, b| a.0.total_cmp(&b.0));
        let after = known().filter(|(d, _)| *d > day).min_by(|a, b| a.0.total_cmp(&b.0));
        let most = how.max_gap_days.unwrap_or(f64::INFINITY);
        if let (Some(a), Some(b)) = (before, after) {
            if b.0 - a.0 > most {
                return None;
            }
            let nearer = if b.0 - day < day - a.0 { b.1 } else { a.1 };
            let line = a.1 + (b.1 - a.1) * ((day - a.0) / (b.0 - a.0));
            return Some(if how.method == Method::Linear { line } else { nearer });
        }
        let (d, value) = before.or(after)?;
        (how.edges == Edges::Nearest && (d - day).abs() <= most).then_some(value)
    }

    #[test]
    fn every_window_equals_the_oracle() {
        let mut state = 5u64;
        let mut roll = |sides: u64| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (state >> 33) % sides
        };
        for round in 0..40u64 {
            let (height, width, dates) = (3, [1, 90, 171][round as usize % 3], 1 + roll(9) as usize);
            let mut day = 17_000.0;
            let days: Vec<f64> = (0..dates)
                .map(|_| {
                    day += 0.25 + roll(40) as f64 / 4.0;
                    day
                })
                .collect();
            let mut planes = vec![Plane::empty(height, width); dates];
            for plane in &mut planes {
                for (value, valid) in plane.values.iter_mut().zip(&mut plane.valid) {
                    *value = roll(1000) as f64;
                    *valid = roll(3) == 0;
                }
            }
            let how = Interpolation {
                method: [Method::Linear, Method::Nearest][roll(2) as usize],
                max_gap_days: [None, Some(9.0)][roll(2) as usize],
                edges: [Edges::Leave, Edges::Nearest][roll(2) as usize],
            };
            let steps =
                super::super::EvenSteps { start: days[0] - 3.0, end: day + 3.0, step: 0.75 }.days().unwrap();
            let resampled = resample(&planes, &days, &steps, &how).unwrap();
            let mut filled = planes.clone();
            let count = fill_gaps(&mut filled, &days, &how).unwrap();
            let mut expected_count = 0;
            for i in 0..height * width {
                let series: Vec<_> = planes.iter().map(|p| p.valid[i].then_some(p.values[i])).collect();
                let results = steps.iter().zip(&resampled).chain(days.iter().zip(&filled));
                for (day, plane) in results {
                    let expected = oracle(&days, &series, *day, &how);
                    assert_eq!(
                        plane.valid[i].then_some(plane.values[i]),
                        expected,
                        "pixel {i}, day {day}, {how:?}"
                    );
                }
                for (before, after) in planes.iter().zip(&filled) {
                    expected_count += u64::from(after.valid[i] && !before.valid[i]);
                }
            }
            assert_eq!(count, expected_count);
        }
    }

    #[test]
    fn numbers_near_the_ends_of_f64_stay_finite() {
        let mut planes = stack(&[Some(f64::MAX), None, Some(f64::MIN)]);
        fill_gaps(&mut planes, &[0.0, 1.0, 2.0], &Interpolation::default()).unwrap();
        assert_eq!(series(&planes)[1], Some(0.0));
    }

    #[test]
    fn options_are_read_and_checked() {
        let how: Interpolation =
            toml::from_str("method = 'nearest'\nmax_gap_days = 30\nedges = 'nearest'").unwrap();
        let expected =
            Interpolation { method: Method::Nearest, max_gap_days: Some(30.0), edges: Edges::Nearest };
        assert_eq!(how, expected);
        assert!(
            toml::from_str::<Interpolation>("max_gap = 30").unwrap_err().to_string().contains("max_gap_days")
        );
        let wrong = Interpolation { max_gap_days: Some(0.0), ..how };
        assert_eq!(
            fill_gaps(&mut [], &[], &wrong).unwrap_err().to_string(),
            "max_gap_days is 0; give a number of days above 0, or leave it out for gaps of any length"
        );
        assert_eq!(
            resample(&[], &[], &[3.0, 2.0], &how).unwrap_err().to_string(),
            "a series can't be resampled to day 3 and then to day 2; give days in rising order"
        );
    }
}
