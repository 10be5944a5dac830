//! Even steps in time.

use crate::{Error, Result};
use serde::{Deserialize, Serialize};

/// More steps than any archive has. A step in the wrong unit is refused before it fills the memory.
const MAX_STEPS: f64 = 100_000.0;

/// Days at even steps: `start`, `start + step`, … up to and including `end`.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EvenSteps {
    /// The first day since 1970-01-01.
    pub start: f64,
    /// No step lies beyond this day.
    pub end: f64,
    /// Days from one step to the next.
    pub step: f64,
}

impl EvenSteps {
    /// The days.
    ///
    /// # Errors
    /// [`Error::Invalid`] where the step is not positive, the end lies before the start, or there are more than
    /// 100000 steps.
    pub fn days(&self) -> Result<Vec<f64>> {
        let Self { start, end, step } = *self;
        if !(start.is_finite() && end.is_finite() && step.is_finite() && step > 0.0 && end >= start) {
            return Err(Error::Invalid(format!(
                "steps from day {start} to day {end} every {step} days; the step must be above 0, and the end not \
                 before the start"
            )));
        }
        // A ten-thousandth of a step is added, because rounding of the days could lose the last step.
        let count = ((end - start) / step + 1e-4).floor() + 1.0;
        if count > MAX_STEPS {
            return Err(Error::Invalid(format!(
                "steps from day {start} to day {end} every {step} days would be {count}, at most {MAX_STEPS} are \
                 allowed; take longer steps"
            )));
        }
        Ok((0..count as usize).map(|i| start + i as f64 * step).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_reach_the_end_where_they_meet_it() {
        let days = |start, end, step| EvenSteps { start, end, step }.days().unwrap();
        assert_eq!(days(10.0, 40.0, 10.0), [10.0, 20.0, 30.0, 40.0]);
        assert_eq!(days(10.0, 39.9, 10.0), [10.0, 20.0, 30.0]);
        assert_eq!(days(0.0, 0.3, 0.1).len(), 4);
        assert_eq!(days(5.0, 5.0, 1.0), [5.0]);
    }

    #[test]
    fn impossible_steps_are_refused() {
        let message = |start, end, step| EvenSteps { start, end, step }.days().unwrap_err().to_string();
        assert_eq!(
            message(10.0, 40.0, 0.0),
            "steps from day 10 to day 40 every 0 days; the step must be above 0, and the end not before the start"
        );
        assert!(message(10.0, 9.0, 1.0).starts_with("steps from day 10 to day 9"));
        assert!(message(0.0, f64::NAN, 1.0).starts_with("steps from day 0 to day NaN"));
        assert!(message(0.0, 365.0, 1e-5).contains("would be 36500001, at most 100000 are allowed"));
    }
}
