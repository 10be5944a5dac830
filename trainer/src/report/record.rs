//! The records of a run, and their form, one line of JSON each: `{"kind":"step","step":100,…}`. Scalars keep their
//! slash-grouped names and their order; JSON has no NaN, so a value that is not finite is `null`.

mod scalars;

use serde::{Deserialize, Serialize};

/// Figures of one training step, or means over the steps since the last record.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Step {
    /// Optimiser steps done, from 1.
    pub step: u64,
    /// Passes over the data begun, from 0.
    pub epoch: u64,
    /// Seconds of training since the run's start, the time before a resumption included.
    pub seconds: f64,
    /// Names such as `loss/total`, `time/load` (ms), `codebook/0/usage` (0 to 1), `psnr_db`, with their values.
    pub scalars: Vec<(String, f64)>,
}

/// Figures over the validation set.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Validation {
    /// Optimiser steps done before it.
    pub step: u64,
    /// Seconds since the run's start, as in [`Step`].
    pub seconds: f64,
    /// Named as those of a step; they are kept under `valid/`.
    pub scalars: Vec<(String, f64)>,
}

/// One line of the records.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub(super) enum Record {
    /// See [`Step`]; `time` is in seconds since 1970, here and below.
    Step {
        step: u64,
        epoch: u64,
        seconds: f64,
        time: f64,
        #[serde(with = "scalars")]
        scalars: Vec<(String, f64)>,
    },
    /// See [`Validation`].
    Validation {
        step: u64,
        seconds: f64,
        time: f64,
        #[serde(with = "scalars")]
        scalars: Vec<(String, f64)>,
    },
    /// Something that happened: `checkpoint`, `collapse`, `nan`, `resume`, `finish`, …
    Event { step: u64, time: f64, event: String, message: String },
    /// A picture in a file, whose path is relative to the report's folder.
    Picture { step: u64, time: f64, name: String, file: String, width: usize, height: usize },
}

impl Record {
    /// Optimiser steps done when it was made.
    pub(super) fn step(&self) -> u64 {
        match self {
            Self::Step { step, .. }
            | Self::Validation { step, .. }
            | Self::Event { step, .. }
            | Self::Picture { step, .. } => *step,
        }
    }

    /// Seconds since 1970 when it was made.
    pub(super) fn time(&self) -> f64 {
        match self {
            Self::Step { time, .. }
            | Self::Validation { time, .. }
            | Self::Event { time, .. }
            | Self::Picture { time, .. } => *time,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_step_is_one_flat_line_in_its_own_order() {
        let scalars = vec![("loss/total".to_owned(), 0.25), ("a".to_owned(), f64::INFINITY)];
        let record = Record::Step { step: 7, epoch: 1, seconds: 2.5, time: 1e9, scalars };
        let line = serde_json::to_string(&record).unwrap();
        assert_eq!(
            line,
            r#"{"kind":"step","step":7,"epoch":1,"seconds":2.5,"time":1000000000.0,"scalars":{"loss/total":0.25,"a":null}}"#
        );
        let Record::Step { scalars, .. } = serde_json::from_str(&line).unwrap() else { panic!("not a step") };
        assert_eq!(scalars[0], ("loss/total".to_owned(), 0.25));
        assert!(scalars[1].0 == "a" && scalars[1].1.is_nan());
    }

    #[test]
    fn an_event_keeps_its_words() {
        let record = Record::Event {
            step: 9,
            time: 0.5,
            event: "collapse".to_owned(),
            message: "a \"b\"\n".to_owned(),
        };
        let line = serde_json::to_string(&record).unwrap();
        assert_eq!(line, r#"{"kind":"event","step":9,"time":0.5,"event":"collapse","message":"a \"b\"\n"}"#);
        assert_eq!(serde_json::from_str::<Record>(&line).unwrap(), record);
    }
}
