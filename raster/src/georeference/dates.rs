//! Dates of a coordinate array: CF's units of time, read as seconds since 1970-01-01T00:00:00Z.

use crate::ingest::pattern::parse_iso;

/// What CF's units of time say, such as `days since 2001-01-01 12:00`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TimeUnits {
    /// Seconds of one unit.
    seconds: f64,
    /// When the count begins.
    origin: i64,
}

impl TimeUnits {
    /// Reads units; `None` where they are none of time, or of months and years, whose lengths differ.
    pub fn parse(units: &str) -> Option<Self> {
        let (unit, origin) = units.split_once(" since ")?;
        let seconds = unit_seconds(unit)?;
        Some(Self { seconds, origin: parse_iso(&padded(origin)).ok()? })
    }

    /// The date of a value, to the nearest second; `None` where it lies beyond what 64 bits hold.
    pub fn seconds(&self, value: f64) -> Option<i64> {
        let seconds = (value * self.seconds).round();
        (seconds.abs() < 9e15).then(|| self.origin.checked_add(seconds as i64))?
    }
}

/// The seconds of a unit of time; `None` where it is none, or a month or a year, whose lengths differ.
pub(crate) fn unit_seconds(unit: &str) -> Option<f64> {
    Some(match unit.trim().to_lowercase().as_str() {
        "days" | "day" | "d" => 86_400.0,
        "hours" | "hour" | "hrs" | "hr" | "h" => 3600.0,
        "minutes" | "minute" | "mins" | "min" => 60.0,
        "seconds" | "second" | "secs" | "sec" | "s" => 1.0,
        "milliseconds" | "millisecond" | "msec" | "ms" => 1e-3,
        "microseconds" | "microsecond" | "us" => 1e-6,
        "nanoseconds" | "nanosecond" | "ns" => 1e-9,
        _ => return None,
    })
}

/// Some write one digit where two are meant, and fractions of a second: `2001-1-1 0:0:0.0`.
fn padded(origin: &str) -> String {
    let two = |part: &str| format!("{part:0>2}");
    let mut words = origin.trim().trim_end_matches('Z').split([' ', 'T']);
    let date: Vec<String> = words.next().unwrap_or_default().split('-').map(two).collect();
    let clock = words.next().filter(|clock| clock.contains(':')).unwrap_or("0:0:0");
    let mut clock: Vec<String> = clock.split('.').next().unwrap_or_default().split(':').map(two).collect();
    clock.resize(3, "00".to_owned());
    format!("{}T{}", date.join("-"), clock.join(":"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ingest::pattern::iso;

    #[test]
    fn units_of_time_are_read() {
        let at = |units: &str, value: f64| TimeUnits::parse(units)?.seconds(value).map(iso);
        assert_eq!(at("days since 2001-01-01", 15.5).as_deref(), Some("2001-01-16T12:00:00"));
        assert_eq!(at("hours since 1900-1-1 00:00:0.0", 24.0).as_deref(), Some("1900-01-02"));
        assert_eq!(at("seconds since 1970-01-01", 1e9).as_deref(), Some("2001-09-09T01:46:40"));
        assert_eq!(
            at("nanoseconds since 1970-01-01T00:00:00Z", 1e18).as_deref(),
            Some("2001-09-09T01:46:40")
        );
        assert_eq!((at("months since 2001-01-01", 1.0), at("metre", 1.0)), (None, None));
        assert_eq!(at("days since 2001-01-01", 1e300), None);
    }
}
