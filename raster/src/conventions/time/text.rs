//! Dates and times as texts: ISO 8601, and the letters of strftime.

use super::calendar::Calendar;
use super::instant::Instant;
use super::stamp::Stamp;
use crate::conventions::ConventionError;
use chrono::format::{Parsed, StrftimeItems};
use chrono::{NaiveDate, NaiveDateTime, NaiveTime};

/// The forms of ISO 8601 that are read.
const ISO: [&str; 7] = [
    "%Y-%m-%dT%H:%M:%S",
    "%Y-%m-%d %H:%M:%S",
    "%Y-%m-%dT%H:%M:%S%.f",
    "%Y-%m-%dT%H:%M",
    "%Y-%m-%d",
    "%Y-%m",
    "%Y",
];

/// Reads a time in a form of strftime. A month or a year alone means its first day, a day alone its midnight.
///
/// # Errors
/// [`ConventionError::NoTimeInForm`] when the text does not have this form, or names no day of the calendar.
pub fn parse_time(text: &str, form: &str) -> Result<Instant, ConventionError> {
    let error = |reason: chrono::ParseError| ConventionError::NoTimeInForm {
        text: text.to_owned(),
        form: form.to_owned(),
        reason: reason.to_string(),
    };
    let mut parsed = Parsed::new();
    let items: Vec<_> = StrftimeItems::new(form).collect();
    chrono::format::parse(&mut parsed, text, items.iter()).map_err(error)?;
    if !["%j", "%F", "%s"].iter().any(|letter| form.contains(letter)) {
        if !form.contains("%m") && !form.contains("%b") && !form.contains("%B") {
            parsed.set_month(1).map_err(error)?;
        }
        if !form.contains("%d") {
            parsed.set_day(1).map_err(error)?;
        }
    }
    let date: NaiveDate = parsed.to_naive_date().map_err(error)?;
    let time = parsed.to_naive_time().unwrap_or(NaiveTime::MIN);
    let hour_only = NaiveTime::from_hms_opt(hour(&parsed), 0, 0).unwrap_or(NaiveTime::MIN);
    let time = if time == NaiveTime::MIN { hour_only } else { time };
    let time = NaiveDateTime::new(date, time).and_utc();
    // A leap second, which chrono states as a second of two billion nanoseconds, is the end of the second before it.
    Ok(Instant { seconds: time.timestamp(), nanoseconds: time.timestamp_subsec_nanos().min(999_999_999) })
}

/// The hour, where the form has no minute.
fn hour(parsed: &Parsed) -> u32 {
    match (parsed.hour_div_12(), parsed.hour_mod_12()) {
        (Some(half), Some(hour)) => half * 12 + hour,
        _ => 0,
    }
}

/// Reads a date or a time as ISO 8601 writes them: `2018-07-10`, `2018-07-10T10:31:01.25`, `2018-07-10T12:31:01+02:00`.
///
/// # Errors
/// [`ConventionError::NoIsoTime`] for any other text.
pub fn parse_iso(text: &str) -> Result<Instant, ConventionError> {
    let text = text.trim().trim_end_matches('Z');
    ISO.iter()
        .find_map(|form| parse_time(text, form).ok())
        .or_else(|| parse_instant(text))
        .ok_or_else(|| ConventionError::NoIsoTime(text.to_owned()))
}

/// Reads a date with a month, or a time with its time zone and fractions of a second; `None` for any other text.
pub(super) fn parse_instant(text: &str) -> Option<Instant> {
    let stamp = text.trim().get(4..).filter(|rest| rest.starts_with('-')).and_then(|_| Stamp::parse(text))?;
    Some(Calendar::Gregorian.after(&stamp, 0)?.ok()?.instant)
}

/// Writes an instant in ISO 8601: as a date alone where it is midnight.
#[must_use]
pub fn iso(instant: impl Into<Instant>) -> String {
    instant.into().iso()
}

/// Writes whole seconds since 1970-01-01.
fn iso_seconds(seconds: i64) -> String {
    match chrono::DateTime::from_timestamp(seconds, 0) {
        Some(time) if seconds.rem_euclid(86_400) == 0 => time.format("%Y-%m-%d").to_string(),
        Some(time) => time.format("%Y-%m-%dT%H:%M:%S").to_string(),
        None => format!("{seconds} s"),
    }
}

impl Instant {
    /// The instant in ISO 8601: as a date alone where it is midnight, with a fraction of a second where it has one.
    #[must_use]
    pub fn iso(self) -> String {
        if self.nanoseconds == 0 {
            return iso_seconds(self.seconds);
        }
        let text = iso_seconds(self.seconds);
        let clock = if text.contains('T') { "" } else { "T00:00:00" };
        let fraction = format!("{:09}", self.nanoseconds);
        format!("{text}{clock}.{}", fraction.trim_end_matches('0'))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_and_written() {
        assert_eq!(parse_iso("2018-07").map(iso).as_deref(), Ok("2018-07-01"));
        assert_eq!(parse_iso("2018-07-10T10:31:01Z").map(iso).as_deref(), Ok("2018-07-10T10:31:01"));
        assert_eq!(parse_iso("2018-07-10T12:31:01+02:00").map(iso).as_deref(), Ok("2018-07-10T10:31:01"));
        assert_eq!(parse_iso("2018-07-10 10:31:01.5 UTC").map(iso).as_deref(), Ok("2018-07-10T10:31:01.5"));
        assert_eq!(parse_iso("2018-07-10T10:31:01.025Z").map(iso).as_deref(), Ok("2018-07-10T10:31:01.025"));
        assert_eq!(
            parse_time("20180710T103101.025", "%Y%m%dT%H%M%S%.f").map(iso).as_deref(),
            Ok("2018-07-10T10:31:01.025")
        );
        assert_eq!(parse_instant("2018-07-10T10:31:01.025Z").unwrap().iso(), "2018-07-10T10:31:01.025");
        assert_eq!(parse_time("2018191 06", "%Y%j %H").map(iso).as_deref(), Ok("2018-07-10T06:00:00"));
        assert_eq!(
            parse_iso("soon").unwrap_err().to_string(),
            "\"soon\" is no time; write it as 2018-07-10 or 2018-07-10T10:31:01"
        );
        let error = parse_time("20181340", "%Y%m%d").unwrap_err().to_string();
        assert!(error.starts_with("\"20181340\" is no time in the form %Y%m%d ("), "{error}");
    }
}
