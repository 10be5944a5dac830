//! Counts of valid samples: for each date, gathered window by window, and for each pixel.

use crate::plane::Plane;
use crate::{Error, Result};
use serde::Serialize;

/// Valid samples of each date, over the windows seen so far.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct DateCounts {
    valid: Vec<u64>,
    samples: Vec<u64>,
}

impl DateCounts {
    /// Counts for a number of dates, before any window is added.
    #[must_use]
    pub fn new(dates: usize) -> Self {
        Self { valid: vec![0; dates], samples: vec![0; dates] }
    }

    /// Adds a window: one plane for each date.
    ///
    /// # Errors
    /// [`Error::Mismatch`] where there are more or fewer planes than dates.
    pub fn add(&mut self, planes: &[Plane]) -> Result<()> {
        self.same_dates(planes.len())?;
        for ((valid, samples), plane) in self.valid.iter_mut().zip(&mut self.samples).zip(planes) {
            *valid += plane.valid_samples() as u64;
            *samples += plane.valid.len() as u64;
        }
        Ok(())
    }

    /// Adds the counts of other windows of the same dates.
    ///
    /// # Errors
    /// [`Error::Mismatch`] where the number of dates differs.
    pub fn merge(&mut self, other: &Self) -> Result<()> {
        self.same_dates(other.valid.len())?;
        for (mine, theirs) in self.valid.iter_mut().zip(&other.valid) {
            *mine += theirs;
        }
        for (mine, theirs) in self.samples.iter_mut().zip(&other.samples) {
            *mine += theirs;
        }
        Ok(())
    }

    fn same_dates(&self, found: usize) -> Result<()> {
        if found == self.valid.len() {
            return Ok(());
        }
        Err(Error::Mismatch(format!(
            "counts of {} dates can't take {found}; count each stack by itself",
            self.valid.len()
        )))
    }

    /// Valid samples of each date.
    #[must_use]
    pub fn valid_counts(&self) -> &[u64] {
        &self.valid
    }

    /// The valid part of each date, 0 to 1; 0 where no sample was seen.
    #[must_use]
    pub fn valid_fractions(&self) -> Vec<f64> {
        let pairs = self.valid.iter().zip(&self.samples);
        pairs
            .map(|(valid, samples)| if *samples == 0 { 0.0 } else { *valid as f64 / *samples as f64 })
            .collect()
    }

    /// The dates, by number, of which at least this part (0 to 1) is valid.
    ///
    /// # Errors
    /// [`Error::Invalid`] where the threshold is not between 0 and 1, and where no date would be left.
    pub fn kept(&self, least_valid: f64) -> Result<Vec<usize>> {
        if !(0.0..=1.0).contains(&least_valid) {
            return Err(Error::Invalid(format!(
                "dates are kept where at least {least_valid} of their samples is valid; give a part from 0 to 1"
            )));
        }
        let fractions = self.valid_fractions();
        let kept: Vec<usize> = (0..fractions.len()).filter(|at| fractions[*at] >= least_valid).collect();
        if kept.is_empty() {
            let best = fractions.iter().copied().fold(0.0, f64::max);
            return Err(Error::Invalid(format!(
                "none of {} dates has {least_valid} of its samples valid, the best has {best:.3}; lower the threshold",
                fractions.len()
            )));
        }
        Ok(kept)
    }
}

/// The number of valid dates of each pixel, `(y, x)` in C order.
///
/// # Errors
/// [`Error::Mismatch`] where the planes have different numbers of samples.
pub fn valid_dates(planes: &[Plane]) -> Result<Vec<u32>> {
    let mut counts = vec![0u32; planes.first().map_or(0, |plane| plane.valid.len())];
    for (at, plane) in planes.iter().enumerate() {
        if plane.valid.len() != counts.len() {
            return Err(Error::Mismatch(format!(
                "plane {at} of a stack has {} samples, the first has {}; resample all dates onto one grid first",
                plane.valid.len(),
                counts.len()
            )));
        }
        for (count, valid) in counts.iter_mut().zip(&plane.valid) {
            *count += u32::from(*valid);
        }
    }
    Ok(counts)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plane(valid: &[bool]) -> Plane {
        Plane { height: 1, width: valid.len(), values: vec![1.0; valid.len()], valid: valid.to_vec() }
    }

    #[test]
    fn dates_are_counted_over_windows_and_kept() {
        let mut counts = DateCounts::new(3);
        counts.add(&[plane(&[true, true]), plane(&[false, true]), plane(&[false, false])]).unwrap();
        let mut other = DateCounts::new(3);
        other.add(&[plane(&[true, true]), plane(&[true, true]), plane(&[false, false])]).unwrap();
        counts.merge(&other).unwrap();
        assert_eq!(counts.valid_counts(), [4, 3, 0]);
        assert_eq!(counts.valid_fractions(), [1.0, 0.75, 0.0]);
        assert_eq!(counts.kept(0.75).unwrap(), [0, 1]);
        assert_eq!(counts.kept(0.0).unwrap(), [0, 1, 2]);
        assert_eq!(DateCounts::new(1).valid_fractions(), [0.0]);
    }

    #[test]
    fn pixels_are_counted_over_dates() {
        let planes = [plane(&[true, true, false]), plane(&[true, false, false])];
        assert_eq!(valid_dates(&planes).unwrap(), [2, 1, 0]);
        assert!(valid_dates(&[]).unwrap().is_empty());
        assert_eq!(
            valid_dates(&[plane(&[true]), plane(&[true, false])]).unwrap_err().to_string(),
            "plane 1 of a stack has 2 samples, the first has 1; resample all dates onto one grid first"
        );
    }

    #[test]
    fn thresholds_that_leave_nothing_are_refused() {
        let mut counts = DateCounts::new(2);
        counts.add(&[plane(&[true, false, false]), plane(&[false, false, false])]).unwrap();
        assert_eq!(
            counts.kept(0.5).unwrap_err().to_string(),
            "none of 2 dates has 0.5 of its samples valid, the best has 0.333; lower the threshold"
        );
        assert_eq!(
            counts.kept(50.0).unwrap_err().to_string(),
            "dates are kept where at least 50 of their samples is valid; give a part from 0 to 1"
        );
        assert_eq!(
            counts.add(&[plane(&[true])]).unwrap_err().to_string(),
            "counts of 2 dates can't take 1; count each stack by itself"
        );
    }
}
