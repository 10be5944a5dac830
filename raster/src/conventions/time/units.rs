//! CF's units of time, such as `days since 2001-01-01`, with the calendar that they count in.
//!
//! See the CF conventions 1.11, sections 4.4.1 and 4.4.2.

use super::Calendar;
use crate::conventions::ConventionError;
use serde_json::{Map, Value};

/// Units of time: a length, the instant from which it is counted, and the calendar.
#[derive(Clone, Debug, PartialEq)]
pub struct TimeUnits {
    /// Seconds of one unit.
    unit: f64,
    /// The instant from which units are counted, as it was written.
    origin: String,
    calendar: Calendar,
}

impl TimeUnits {
    /// Reads units and the name of a calendar; CF's `standard` calendar where there is no name.
    ///
    /// `None` where these are not units of time, where they are months or years, whose lengths differ, and where the calendar is not
    /// supported.
    #[must_use]
    pub fn parse(units: &str, calendar: Option<&str>) -> Option<Self> {
        let (unit, origin) = units.split_once(" since ")?;
        Some(Self {
            unit: unit_seconds(unit)?,
            origin: origin.trim().to_owned(),
            calendar: Calendar::named(calendar.unwrap_or("standard"))?,
        })
    }

    /// Reads the attributes `units` and `calendar` of a coordinate.
    #[must_use]
    pub fn from_attributes(attributes: &Map<String, Value>) -> Option<Self> {
        let text = |key: &str| attributes.get(key).and_then(Value::as_str);
        Self::parse(text("units")?, text("calendar"))
    }

    /// The instant of a value, to the nearest second.
    ///
    /// # Errors
    /// [`ConventionError::NoTime`] when the origin is not a time of the calendar, [`ConventionError::BeyondAllTimes`] when the
    /// instant is too far away to be stated.
    pub fn seconds(&self, value: f64) -> Result<i64, ConventionError> {
        self.calendar.after(&self.origin, value * self.unit)
    }

    /// The instants of all values; `None` where one of them can't be stated.
    #[must_use]
    pub fn all_seconds(&self, values: &[f64]) -> Option<Vec<i64>> {
        values.iter().map(|value| self.seconds(*value).ok()).collect()
    }
}

/// The seconds of a unit of time, by its names in UDUNITS; `None` for months and years, whose lengths differ.
fn unit_seconds(unit: &str) -> Option<f64> {
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::conventions::time::iso;
    use serde_json::json;

    fn at(units: &str, value: f64) -> Option<String> {
        TimeUnits::parse(units, None)?.seconds(value).ok().map(iso)
    }

    #[test]
    fn units_of_time_are_read() {
        assert_eq!(at("days since 2001-01-01", 15.5).as_deref(), Some("2001-01-16T12:00:00"));
        assert_eq!(at("hours since 1900-1-1 00:00:0.0", 24.0).as_deref(), Some("1900-01-02"));
        assert_eq!(at("seconds since 1970-01-01", 1e9).as_deref(), Some("2001-09-09T01:46:40"));
        let nanoseconds = "nanoseconds since 1970-01-01T00:00:00Z";
        assert_eq!(at(nanoseconds, 1e18).as_deref(), Some("2001-09-09T01:46:40"));
        assert_eq!((at("months since 2001-01-01", 1.0), at("metre", 1.0)), (None, None));
        assert_eq!((at("days since 2001-01-01", 1e300), at("days since then", 1.0)), (None, None));
        assert_eq!(at("days since 2000-01-01", 59.0).as_deref(), Some("2000-02-29"));
        assert_eq!(at("days since 1970-01-01", -1.0).as_deref(), Some("1969-12-31"));
        let clock = "seconds since 1970-01-01 00:00:00";
        assert_eq!(at(clock, 1_600_000_000.0).as_deref(), Some("2020-09-13T12:26:40"));
    }

    #[test]
    fn coordinates_count_in_their_own_calendar() {
        let read = |calendar: &str| {
            let attributes = json!({"units": "days since 2004-02-28", "calendar": calendar});
            TimeUnits::from_attributes(attributes.as_object().unwrap())
        };
        let second_day = |calendar: &str| read(calendar).unwrap().seconds(2.0).map(iso).unwrap();
        assert_eq!(second_day("standard"), "2004-03-01");
        assert_eq!(second_day("noleap"), "2004-03-02");
        assert_eq!(second_day("360_day"), "2004-02-29");
        assert_eq!(read("julian"), None);
        assert_eq!(TimeUnits::from_attributes(&Map::new()), None);
        let units = read("noleap").unwrap();
        assert_eq!(units.all_seconds(&[0.0, 1.0]).map(|all| all.len()), Some(2));
        assert_eq!(units.all_seconds(&[0.0, f64::NAN]), None);
    }
}
