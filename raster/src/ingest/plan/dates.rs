//! The dates of an array: those of its files, or others that are computed from them.

use crate::conventions::time::{Instant, iso, parse_iso};
use crate::error::{Error, Result};
use crate::ingest::config::TimeConfig;
use crate::temporal::Interpolation;

/// Seconds of a day.
const DAY: f64 = 86_400.0;

/// The most dates that are computed. More are considered a mistake in the configuration.
const MOST: f64 = 1e6;

/// Where the dates of an array come from.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Dates {
    /// The array has no dates.
    None,
    /// The dates of the files.
    Same(Vec<Option<Instant>>),
    /// The dates of the files, with gaps between valid samples filled.
    Filled {
        /// The files' dates.
        source: Vec<Option<Instant>>,
        how: Interpolation,
    },
    /// Even steps, computed from the dates of the files.
    Even {
        /// The files' dates.
        source: Vec<Option<Instant>>,
        times: Vec<Instant>,
        how: Interpolation,
    },
}

impl Dates {
    /// The dates of an array whose files have these times.
    ///
    /// # Errors
    /// [`Error::Invalid`] where the step or the longest gap is not positive, the end lies before the start, or there are too many
    /// steps.
    pub(crate) fn plan(config: &TimeConfig, times: Option<Vec<Instant>>) -> Result<Self> {
        let Some(times) = times else { return Ok(Self::None) };
        let source: Vec<Option<Instant>> = times.iter().copied().map(Some).collect();
        let how = Interpolation { max_gap_days: config.fill_gaps_days, ..Interpolation::default() };
        if let Some(gap) = config.fill_gaps_days.filter(|gap| !(gap.is_finite() && *gap > 0.0)) {
            return Err(Error::Invalid(format!(
                "[time] fill_gaps_days is {gap}; a number of days above 0 is needed"
            )));
        }
        let Some(step) = config.step_days else {
            return Ok(if config.fill_gaps_days.is_some() {
                Self::Filled { source, how }
            } else {
                Self::Same(source)
            });
        };
        let read = |text: &Option<String>, other: Option<&Instant>| match (text, other) {
            (Some(text), _) => parse_iso(text).map_err(|e| Error::Invalid(format!("[time]: {e}"))),
            (None, other) => Ok(other.copied().unwrap_or_default()),
        };
        let (start, end) = (read(&config.start, times.first())?, read(&config.end, times.last())?);
        let count = ((end.days() - start.days()) / step).floor() + 1.0;
        if !(step.is_finite() && step > 0.0 && start <= end && count <= MOST) {
            return Err(Error::Invalid(format!(
                "[time] asks for steps of {step} days from {} to {}; a step above 0, and an end not before the start, are \
                 needed",
                iso(start),
                iso(end)
            )));
        }
        let times = (0..count as usize).map(|n| start.after((n as f64 * step * DAY).round())).collect();
        Ok(Self::Even { source, times, how })
    }

    /// The files' dates that are read; a single `None` where there are no dates.
    pub(crate) fn source(&self) -> &[Option<Instant>] {
        match self {
            Self::None => &[None],
            Self::Same(source) | Self::Filled { source, .. } | Self::Even { source, .. } => source,
        }
    }

    /// The dates of the array; `None` where it has none.
    pub(crate) fn times(&self) -> Option<Vec<Instant>> {
        match self {
            Self::None => None,
            Self::Same(source) | Self::Filled { source, .. } => {
                Some(source.iter().copied().flatten().collect())
            }
            Self::Even { times, .. } => Some(times.clone()),
        }
    }

    /// Leaves out the files' dates for which `kept` is false.
    pub(crate) fn retain(&mut self, kept: impl Fn(Instant) -> bool) {
        match self {
            Self::None => {}
            Self::Same(source) | Self::Filled { source, .. } | Self::Even { source, .. } => {
                source.retain(|time| time.is_none_or(&kept));
            }
        }
    }

    /// The files' dates as days.
    pub(crate) fn source_days(&self) -> Vec<f64> {
        self.source().iter().map(|time| time.unwrap_or_default().days()).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn even_steps_begin_and_end_where_the_configuration_says() {
        let time = |text: &str| parse_iso(text).unwrap();
        let config = TimeConfig {
            step_days: Some(10.0),
            start: Some("2018-01-01".to_owned()),
            ..TimeConfig::default()
        };
        let dates = Dates::plan(&config, Some(vec![time("2018-01-03"), time("2018-01-25")])).unwrap();
        let times: Vec<String> = dates.times().unwrap().into_iter().map(iso).collect();
        assert_eq!(times, ["2018-01-01", "2018-01-11", "2018-01-21"]);
        assert_eq!(dates.source().len(), 2);
        let backwards = TimeConfig { end: Some("2017-01-01".to_owned()), ..config };
        let error = Dates::plan(&backwards, Some(vec![time("2018-01-03")])).unwrap_err().to_string();
        assert!(error.contains("an end not before the start"), "{error}");
    }
}
