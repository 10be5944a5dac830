//! The records of a run by name: from lines in the order of writing to a series for each name.

use super::record::Record;
use std::collections::BTreeMap;

/// Values over steps, the steps rising.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Series {
    pub(super) steps: Vec<u64>,
    /// NaN where a value was not finite.
    pub(super) values: Vec<f64>,
}

impl Series {
    /// Adds a value. It replaces those of the same and of later steps, because a run that is resumed records these steps
    /// again.
    fn push(&mut self, step: u64, value: f64) {
        while self.steps.last().is_some_and(|last| *last >= step) {
            self.steps.pop();
            self.values.pop();
        }
        self.steps.push(step);
        self.values.push(value);
    }

    /// The last value.
    pub(super) fn last(&self) -> Option<f64> {
        self.values.last().copied()
    }

    /// Steps with their values.
    pub(super) fn points(&self) -> Vec<(f64, f64)> {
        self.steps.iter().map(|step| *step as f64).zip(self.values.iter().copied()).collect()
    }

    /// The value at a step.
    pub(super) fn at(&self, step: u64) -> Option<f64> {
        self.steps.binary_search(&step).ok().map(|i| self.values[i])
    }
}

/// Something that happened in the run.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Event {
    pub(super) step: u64,
    /// Seconds since 1970.
    pub(super) time: f64,
    /// `checkpoint`, `collapse`, …
    pub(super) kind: String,
    pub(super) message: String,
}

/// A picture in a file.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Shot {
    pub(super) step: u64,
    /// Relative to the report's folder.
    pub(super) file: String,
}

/// The state of a run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum State {
    /// Still running, or ended without a final record.
    #[default]
    Running,
    /// Stopped by a signal.
    Stopped,
    /// Ended by an error.
    Failed,
    /// Complete.
    Finished,
}

/// A run so far.
#[derive(Clone, Debug, Default)]
pub(super) struct History {
    /// By name.
    pub(super) series: BTreeMap<String, Series>,
    /// Facts about the run: a topic and a text each.
    pub(super) facts: Vec<(String, String)>,
    /// In the order of writing.
    pub(super) events: Vec<Event>,
    /// By name, in the order in which the names first occur; the pictures of a name from the oldest on.
    pub(super) pictures: Vec<(String, Vec<Shot>)>,
    /// The first recorded step.
    pub(super) first_step: u64,
    /// The last recorded step.
    pub(super) last_step: u64,
    /// The last step's epoch.
    pub(super) epoch: u64,
    /// The last step's seconds since the start.
    pub(super) seconds: f64,
    /// When the last record was made, in seconds since 1970.
    pub(super) time: f64,
    /// The state according to the last record.
    pub(super) state: State,
}

impl History {
    /// The history that all records make up.
    pub(super) fn of(records: Vec<Record>) -> Self {
        let mut history = Self { first_step: u64::MAX, ..Self::default() };
        for record in records {
            history.add(record);
        }
        history.first_step = history.first_step.min(history.last_step);
        history
    }

    fn add(&mut self, record: Record) {
        self.time = record.time();
        self.state = State::Running;
        match record {
            Record::Step { step, epoch, seconds, scalars, .. } => {
                self.epoch = epoch;
                self.scalars(step, seconds, scalars);
            }
            Record::Validation { step, seconds, scalars, .. } => self.scalars(step, seconds, scalars),
            Record::Event { event, message, .. } if event == "start" => {
                let (topic, words) = message.split_once(": ").unwrap_or(("", message.as_str()));
                self.facts.retain(|(known, _)| known != topic);
                self.facts.push((topic.to_owned(), words.to_owned()));
            }
            Record::Event { step, time, event, message } => {
                self.state = match event.as_str() {
                    "finish" => State::Finished,
                    "stop" => State::Stopped,
                    "nan" | "error" => State::Failed,
                    _ => State::Running,
                };
                self.last_step = self.last_step.max(step);
                self.events.push(Event { step, time, kind: event, message });
            }
            Record::Picture { step, name, file, .. } => {
                let shot = Shot { step, file };
                match self.pictures.iter_mut().find(|(known, _)| *known == name) {
                    Some((_, shots)) => {
                        shots.retain(|shot| shot.step < step);
                        shots.push(shot);
                    }
                    None => self.pictures.push((name, vec![shot])),
                }
            }
        }
    }

    fn scalars(&mut self, step: u64, seconds: f64, scalars: Vec<(String, f64)>) {
        self.first_step = self.first_step.min(step);
        self.last_step = step;
        self.seconds = seconds;
        for (name, value) in scalars {
            self.series.entry(name).or_default().push(step, value);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn step(step: u64, loss: f64) -> Record {
        let scalars = vec![("loss/total".to_owned(), loss)];
        Record::Step { step, epoch: 2, seconds: step as f64, time: 1.0, scalars }
    }

    #[test]
    fn series_rise_and_the_last_word_counts() {
        let history = History::of(vec![step(1, 4.0), step(2, 3.0), step(3, 2.0), step(2, 2.5)]);
        let loss = &history.series["loss/total"];
        assert_eq!(
            (loss.steps.as_slice(), loss.values.as_slice()),
            ([1, 2].as_slice(), [4.0, 2.5].as_slice())
        );
        assert_eq!((loss.last(), loss.at(1), loss.at(3)), (Some(2.5), Some(4.0), None));
        assert_eq!((history.first_step, history.last_step, history.epoch, history.seconds), (1, 2, 2, 2.0));
    }

    #[test]
    fn pictures_keep_their_order_and_have_each_step_once() {
        let picture = |name: &str, step| {
            let (name, file) = (name.to_owned(), format!("{name}{step}.png"));
            Record::Picture { step, time: 0.0, name, file, width: 1, height: 1 }
        };
        let history = History::of(vec![picture("b", 1), picture("a", 1), picture("b", 2), picture("b", 2)]);
        let names: Vec<_> =
            history.pictures.iter().map(|(name, shots)| (name.as_str(), shots.len())).collect();
        assert_eq!(names, [("b", 2), ("a", 1)]);
    }

    #[test]
    fn a_run_is_finished_until_it_goes_on() {
        let end = Record::Event { step: 3, time: 9.0, event: "finish".to_owned(), message: String::new() };
        assert_eq!(History::of(vec![step(3, 1.0), end.clone()]).state, State::Finished);
        let history = History::of(vec![step(3, 1.0), end, step(4, 1.0)]);
        assert_eq!((history.state, history.events.len()), (State::Running, 1));
        assert_eq!(History::of(Vec::new()).first_step, 0);
    }
}
