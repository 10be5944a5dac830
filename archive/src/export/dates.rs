//! A selection of dates, as it is written on the command line.

use crate::error::{Result, bail};
use vqz_raster::conventions::time::Instant;

/// The dates of the steps in time; `None` for a date that is missing.
pub(crate) type Times = [Option<Instant>];

/// Dates as people write them, separated by commas: numbers from 0, dates or beginnings of dates (`2018-07` is all of
/// that month), and ranges `FROM..TO` of either. Ranges include both ends, and either end may be left out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DateSelection(String);

impl From<&str> for DateSelection {
    fn from(text: &str) -> Self {
        Self(text.to_owned())
    }
}

impl From<String> for DateSelection {
    fn from(text: String) -> Self {
        Self(text)
    }
}

impl DateSelection {
    /// The text as it was written.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.0
    }

    /// The numbers of the chosen steps, in the order in which they are written. `times` are their dates, one for each of the
    /// `count` steps.
    ///
    /// # Errors
    /// When an item chooses nothing.
    pub(crate) fn resolve(&self, count: u64, times: Option<&Times>) -> Result<Vec<u64>> {
        let full: Option<Vec<String>> = times.map(|times| times.iter().map(written).collect());
        let mut picks = Vec::new();
        for item in self.0.split(',').map(str::trim) {
            let found = match item.split_once("..") {
                Some((from, to)) => range(from.trim(), to.trim(), count, full.as_deref()),
                None => one(item, count, full.as_deref()),
            };
            if found.is_empty() {
                bail!(InvalidArgument, "\"{item}\" chooses no date; allowed are {}", allowed(count, times));
            }
            picks.extend(found);
        }
        Ok(picks)
    }
}

/// The date, always with its time of day, so that the beginning of a date can be compared as text. A missing date has no text.
fn written(date: &Option<Instant>) -> String {
    match date.map(Instant::iso) {
        Some(text) if text.contains('T') => text,
        Some(text) => format!("{text}T00:00:00"),
        None => String::new(),
    }
}

fn one(item: &str, count: u64, times: Option<&[String]>) -> Vec<u64> {
    if let Some(number) = item.parse::<u64>().ok().filter(|number| *number < count) {
        return vec![number];
    }
    let begins = |time: &String| !item.is_empty() && time.starts_with(item);
    let times = times.unwrap_or_default().iter().enumerate();
    times.filter(|(_, time)| begins(time)).map(|(i, _)| i as u64).collect()
}

fn range(from: &str, to: &str, count: u64, times: Option<&[String]>) -> Vec<u64> {
    let number = |text: &str, missing: u64| {
        if text.is_empty() { Some(missing) } else { text.parse().ok().filter(|n| *n < count) }
    };
    if let (Some(from), Some(to)) = (number(from, 0), number(to, count.saturating_sub(1))) {
        return (from..=to).filter(|n| *n < count).collect();
    }
    let beginning = |time: &str, bound: &str| time[..bound.len().min(time.len())].to_owned();
    let within = |time: &String| {
        !time.is_empty()
            && (from.is_empty() || beginning(time, from).as_str() >= from)
            && (to.is_empty() || beginning(time, to).as_str() <= to)
    };
    let dates =
        [from, to].iter().all(|bound| bound.is_empty() || bound.starts_with(|c: char| c.is_ascii_digit()));
    let times = times.filter(|_| dates).unwrap_or_default().iter().enumerate();
    times.filter(|(_, time)| within(time)).map(|(i, _)| i as u64).collect()
}

fn allowed(count: u64, times: Option<&Times>) -> String {
    let numbers = format!("0 to {}", count.saturating_sub(1));
    let known: Vec<Instant> = times.unwrap_or_default().iter().copied().flatten().collect();
    match known[..] {
        [first, .., last] => format!("{numbers}, or dates from {} to {}", first.iso(), last.iso()),
        [only] => format!("{numbers}, or the date {}", only.iso()),
        [] => format!("{numbers}; it has no dates"),
    }
}

/// The part of a file's name that stands for a step of time: its date without colons, or its number.
pub(crate) fn label(number: u64, times: Option<&Times>) -> String {
    match times.and_then(|times| *times.get(number as usize)?) {
        Some(time) => time.iso().replace(':', ""),
        None => format!("{number:04}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use vqz_raster::conventions::time::parse_iso;

    fn date(text: &str) -> Option<Instant> {
        Some(parse_iso(text).unwrap())
    }

    #[test]
    fn a_missing_date_is_chosen_by_its_number() {
        let half = Instant { seconds: 0, nanoseconds: 500_000_000 };
        let times = [date("2018-01-31"), None, Some(half)];
        let resolve = |text: &str| DateSelection::from(text).resolve(3, Some(&times));
        assert_eq!(resolve("..2019").unwrap(), [0, 2]);
        assert_eq!((resolve("1").unwrap(), resolve("1970-01-01T00:00:00.5").unwrap()), (vec![1], vec![2]));
        assert!(resolve("").is_err());
        assert_eq!(
            (label(1, Some(&times)).as_str(), label(2, Some(&times)).as_str()),
            ("0001", "1970-01-01T000000.5")
        );
    }

    #[test]
    fn dates_are_chosen() {
        let times = ["2018-01-31", "2018-04-05T10:30:00", "2018-04-21", "2019-01-01"].map(date);
        let resolve = |text: &str| DateSelection::from(text).resolve(4, Some(&times));
        assert_eq!(resolve("0,3").unwrap(), [0, 3]);
        assert_eq!(resolve("2018-04").unwrap(), [1, 2]);
        assert_eq!(resolve("2018-04-05").unwrap(), [1]);
        assert_eq!(resolve("2018-04-05..2018").unwrap(), [1, 2]);
        assert_eq!(resolve("..2018-04-05").unwrap(), [0, 1]);
        assert_eq!(resolve("2019..").unwrap(), [3]);
        assert_eq!(resolve("1..2,2019").unwrap(), [1, 2, 3]);
        assert_eq!(
            resolve("2020").unwrap_err().to_string(),
            "\"2020\" chooses no date; allowed are 0 to 3, or dates from 2018-01-31 to 2019-01-01"
        );
        assert!(resolve("soon..later").is_err() && resolve("").is_err() && resolve("4").is_err());
        assert_eq!(
            DateSelection::from("2018").resolve(2, None).unwrap_err().to_string(),
            "\"2018\" chooses no date; allowed are 0 to 1; it has no dates"
        );
        assert_eq!((label(1, Some(&times)).as_str(), label(1, None).as_str()), ("2018-04-05T103000", "0001"));
    }
}
