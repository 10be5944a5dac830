//! CF's units of time, such as `days since 2001-01-01`, with the calendar that they count in.
//!
//! See the CF conventions 1.11, sections 4.4.1 and 4.4.2, and for the names of units and the forms of origins, UDUNITS.

use super::Calendar;
use super::calendar::Dated;
use super::instant::Instant;
use super::stamp::Stamp;
use crate::conventions::ConventionError;
use serde_json::{Map, Value};

/// The words between a unit and an origin.
const SINCE: [&str; 5] = [" since ", " after ", " from ", " ref ", " @ "];

/// Units of time: a length, the instant from which it is counted, and the calendar.
#[derive(Clone, Debug, PartialEq)]
pub struct TimeUnits {
    /// Nanoseconds of one unit.
    unit: f64,
    /// The instant from which units are counted, as it was written.
    origin: String,
    stamp: Option<Stamp>,
    calendar: Calendar,
}

/// A number of units, as exact as it is stored.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Count {
    /// A whole number.
    Whole(i64),
    /// A number of `float64`.
    Double(f64),
    /// A number of `float32`.
    Single(f32),
}

impl TimeUnits {
    /// Reads units and the name of a calendar; CF's `standard` calendar where there is no name. `None` where these are not units of
    /// time.
    ///
    /// # Errors
    /// [`ConventionError::TimeUnits`] where the unit is not known, is a month or a year, whose lengths differ (but not in calendars
    /// in which they don't), and where the calendar is not supported.
    pub fn read(units: &str, calendar: Option<&str>) -> Result<Option<Self>, ConventionError> {
        let Some((unit, origin)) = split(units) else { return Ok(None) };
        let wrong = |why: String| ConventionError::TimeUnits { units: units.to_owned(), why };
        let name = calendar.unwrap_or("standard");
        let calendar =
            Calendar::named(name).ok_or_else(|| wrong(format!("the calendar {name} is not supported")))?;
        let unit = unit_seconds(unit, calendar).map_err(|why| wrong(why.to_owned()))? * 1e9;
        Ok(Some(Self { unit, origin: origin.to_owned(), stamp: Stamp::parse(origin), calendar }))
    }

    /// Reads the attributes `units` and `calendar` of a coordinate; `None` where the units are not those of time.
    ///
    /// # Errors
    /// Those of [`TimeUnits::read`].
    pub fn read_attributes(attributes: &Map<String, Value>) -> Result<Option<Self>, ConventionError> {
        let text = |key: &str| attributes.get(key).and_then(Value::as_str);
        text("units").map_or(Ok(None), |units| Self::read(units, text("calendar")))
    }

    /// The instants of all values.
    ///
    /// # Errors
    /// Those of [`TimeUnits::instant`], for the first value that has one.
    pub fn all_instants(
        &self,
        values: impl IntoIterator<Item = Count>,
    ) -> Result<Vec<Instant>, ConventionError> {
        values.into_iter().map(|value| self.instant(value)).collect()
    }

    /// The instant of a value. It has as many decimals of a second as the value's precision gives. A date of another calendar is
    /// the same date of the proleptic Gregorian calendar.
    ///
    /// # Errors
    /// [`ConventionError::NoTime`] when the origin is not a time of the calendar, [`ConventionError::BeyondAllTimes`] when the
    /// instant is too far away to be stated.
    pub fn instant(&self, value: Count) -> Result<Instant, ConventionError> {
        self.dated(value).map(|dated| dated.instant)
    }

    pub(super) fn dated(&self, value: Count) -> Result<Dated, ConventionError> {
        let no_time = || ConventionError::NoTime(self.origin.clone());
        let beyond = || ConventionError::BeyondAllTimes {
            seconds: value.number() * self.unit / 1e9,
            origin: self.origin.clone(),
        };
        let stamp = self.stamp.as_ref().ok_or_else(no_time)?;
        let nanoseconds = self.nanoseconds(value).ok_or_else(beyond)?;
        self.calendar.after(stamp, nanoseconds).ok_or_else(no_time)?.map_err(|_| beyond())
    }

    /// The length of so many units in nanoseconds, rounded to what their precision gives.
    fn nanoseconds(&self, value: Count) -> Option<i128> {
        let (number, epsilon) = match value {
            // Units that are whole numbers of nanoseconds are exact in whole numbers.
            Count::Whole(count) if self.unit.fract() == 0.0 => {
                return i128::from(count).checked_mul(self.unit as i128);
            }
            Count::Whole(count) => (count as f64, f64::EPSILON),
            Count::Double(number) => (number, f64::EPSILON),
            Count::Single(number) => (f64::from(number), f64::from(f32::EPSILON)),
        };
        if !(number * self.unit).is_finite() || (number * self.unit).abs() > 1e30 {
            return None;
        }
        let part = (number.fract() * self.unit).round() as i128;
        let whole = match self.unit.fract() == 0.0 && number.trunc().abs() < 9e15 {
            true => (number.trunc() as i128).checked_mul(self.unit as i128)? + part,
            false => (number * self.unit).round() as i128,
        };
        // The first decimal that is certain; at most seconds are rounded.
        let certain = number.abs() * epsilon * self.unit;
        let step = (0..9)
            .map(|power| 10i128.pow(power))
            .find(|step| *step as f64 >= certain)
            .unwrap_or(1_000_000_000);
        Some((whole + step / 2).div_euclid(step) * step)
    }
}

impl Count {
    /// As the nearest number of `float64`.
    #[must_use]
    pub fn number(self) -> f64 {
        match self {
            Self::Whole(count) => count as f64,
            Self::Double(number) => number,
            Self::Single(number) => f64::from(number),
        }
    }
}

/// The unit and the origin of units of time.
fn split(units: &str) -> Option<(&str, &str)> {
    let small = units.to_ascii_lowercase();
    let (at, word) = SINCE.iter().find_map(|word| Some((small.find(word)?, word)))?;
    let (unit, origin) = (units[..at].trim(), units[at + word.len()..].trim());
    // In other texts, such words say something else: "height from ground".
    (*word == SINCE[0] || origin.starts_with(|c: char| c.is_ascii_digit())).then_some((unit, origin))
}

/// The seconds of a unit of time, by its names in UDUNITS, with a factor before it where there is one.
fn unit_seconds(unit: &str, calendar: Calendar) -> Result<f64, &'static str> {
    let (factor, name) = match unit.split_once(char::is_whitespace) {
        Some((factor, name)) => {
            let factor: f64 = factor.parse().map_err(|_| "it is no unit of time")?;
            (factor, name.trim())
        }
        None => (1.0, unit),
    };
    if !(factor.is_finite() && factor > 0.0) {
        return Err("the factor of the unit is not above 0");
    }
    let month = (calendar == Calendar::Days360).then_some(30.0);
    let of_days =
        |days: Option<f64>| days.map(|days| days * 86_400.0).ok_or("months and years differ in length");
    Ok(factor
        * match name.to_lowercase().as_str() {
            "weeks" | "week" => 604_800.0,
            "days" | "day" | "d" => 86_400.0,
            "hours" | "hour" | "hrs" | "hr" | "h" => 3600.0,
            "minutes" | "minute" | "mins" | "min" => 60.0,
            "seconds" | "second" | "secs" | "sec" | "s" => 1.0,
            "milliseconds" | "millisecond" | "millisecs" | "millisec" | "msecs" | "msec" | "ms" => 1e-3,
            "microseconds" | "microsecond" | "microsecs" | "microsec" | "us" | "µs" | "μs" => 1e-6,
            "nanoseconds" | "nanosecond" | "nanosecs" | "nanosec" | "nsecs" | "nsec" | "ns" => 1e-9,
            "common_years" | "common_year" => 365.0 * 86_400.0,
            "months" | "month" | "mon" => of_days(month)?,
            "years" | "year" | "yr" | "a" => of_days(calendar.year().map(|days| days as f64))?,
            _ => return Err("it is no unit of time"),
        })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::conventions::time::iso;
    use serde_json::json;

    fn read(units: &str, calendar: &str) -> TimeUnits {
        TimeUnits::read(units, Some(calendar)).unwrap().unwrap()
    }

    fn seconds(units: &TimeUnits, value: f64) -> Result<i64, ConventionError> {
        units.instant(Count::Double(value)).map(Instant::rounded)
    }

    fn at(units: &str, value: f64) -> Option<String> {
        seconds(&TimeUnits::read(units, None).ok()??, value).ok().map(iso)
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
        assert_eq!(at("hours since 1-1-1 00:00:0.0", 17_067_072.0).as_deref(), Some("1948-01-01"));
        assert_eq!(
            at("10 minutes since 2000-01-01 06:00 -05:00", 6.0).as_deref(),
            Some("2000-01-01T12:00:00")
        );
        assert_eq!(at("0.5 Days  since 2000-01-01", 3.0).as_deref(), Some("2000-01-02T12:00:00"));
        assert_eq!(at("weeks since 2000-01-01", 1.0).as_deref(), Some("2000-01-08"));
        assert_eq!((at("metres from 3 stations", 1.0), at("height from ground", 1.0)), (None, None));
    }

    #[test]
    fn instants_have_the_decimals_that_are_certain() {
        let at = |units: &str, value: Count| read(units, "standard").instant(value).unwrap().iso();
        let (seconds, days) = ("seconds since 1970-01-01", "days since 1970-01-01");
        assert_eq!(at(seconds, Count::Double(0.25)), "1970-01-01T00:00:00.25");
        assert_eq!(at(seconds, Count::Double(1.6e9 + 0.1)), "2020-09-13T12:26:40.1");
        let nanoseconds = "nanoseconds since 1970-01-01";
        let whole = Count::Whole(1_600_000_000_123_456_789);
        assert_eq!(at(nanoseconds, whole), "2020-09-13T12:26:40.123456789");
        assert_eq!(at("milliseconds since 1970-01-01", Count::Whole(-1)), "1969-12-31T23:59:59.999");
        // A third of a day, and a second, in floating point.
        assert_eq!(at(days, Count::Double(18_000.0 + 1.0 / 3.0)), "2019-04-14T08:00:00");
        assert_eq!(at(days, Count::Double(18_000.0 + 1.0 / 86_400.0)), "2019-04-14T00:00:01");
        // float32 gives minutes there, and no decimals of a second.
        assert_eq!(at(days, Count::Single(18_000.5)), "2019-04-14T12:00:00");
        assert_eq!(at("seconds since 2000-01-01 00:00:00.5", Count::Whole(1)), "2000-01-01T00:00:01.5");
    }

    #[test]
    fn units_that_name_no_dates_are_told() {
        let error =
            |units: &str, calendar: &str| TimeUnits::read(units, Some(calendar)).unwrap_err().to_string();
        assert_eq!(
            error("months since 2000-01-01", "standard"),
            "the units of time are \"months since 2000-01-01\", which can't be read: months and years differ in length"
        );
        assert!(error("steps since 2000-01-01", "standard").ends_with(": it is no unit of time"));
        assert!(error("days since 2000-01-01", "none").ends_with(": the calendar none is not supported"));
        assert!(error("-1 days since 2000-01-01", "noleap").ends_with("not above 0"));
        let at = |units: &str, calendar, value| seconds(&read(units, calendar), value).map(iso);
        assert_eq!(at("months since 2000-01-01", "360_day", 13.0).as_deref(), Ok("2001-02-01"));
        assert_eq!(at("years since 2000-01-01", "noleap", 1.5).as_deref(), Ok("2001-07-02T12:00:00"));
        assert_eq!(TimeUnits::read("metre", None), Ok(None));
    }

    #[test]
    fn coordinates_count_in_their_own_calendar() {
        let of = |calendar: &str| {
            let attributes = json!({"units": "days since 2004-02-28", "calendar": calendar});
            TimeUnits::read_attributes(attributes.as_object().unwrap())
        };
        let second_day = |calendar: &str| seconds(&of(calendar).unwrap().unwrap(), 2.0).map(iso).unwrap();
        assert_eq!(second_day("standard"), "2004-03-01");
        assert_eq!(second_day("noleap"), "2004-03-02");
        assert_eq!(second_day("360_day"), "2004-02-29");
        assert_eq!(second_day("julian"), "2004-03-01");
        assert!(of("none").is_err());
        assert_eq!(TimeUnits::read_attributes(&Map::new()), Ok(None));
        let units = read("days since 2004-02-28", "noleap");
        assert_eq!(units.all_instants([0.0, 1.0].map(Count::Double)).map(|all| all.len()), Ok(2));
        let error = units.all_instants([0.0, f64::NAN].map(Count::Double)).unwrap_err().to_string();
        assert_eq!(error, "NaN seconds after 2004-02-28 is further away than a date can state");
        let error = seconds(&read("days since 2004-02-29", "noleap"), 0.0).unwrap_err();
        assert_eq!(error.to_string(), "\"2004-02-29\" is no time");
    }
}
