//! Calendars of climate models: years of 360 days, or without leap days, or with one in each year.
//!
//! Days are counted in the calendar itself. The resulting date is then given in the Gregorian calendar; where that has
//! no such day (30 February), it is the last of the month. See the CF conventions 1.11, section 4.4.2.

use super::parse_iso;
use crate::conventions::ConventionError;

/// Days of the months of a year without a leap day.
const MONTHS: [i64; 12] = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

/// Seconds of a day.
const DAY: i64 = 86_400;

/// The longest span from the origin, in seconds: 30 million years.
const LONGEST: f64 = 1e15;

/// How days are counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Calendar {
    /// The Gregorian calendar, also before it was introduced.
    Gregorian,
    /// Twelve months of 30 days.
    Days360,
    /// No 29 February.
    NoLeap,
    /// A 29 February in each year.
    AllLeap,
}

impl Calendar {
    /// The calendar of a name in the CF conventions; `None` for calendars that are not supported (`julian`, `none`).
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Some(match name.to_ascii_lowercase().as_str() {
            "standard" | "gregorian" | "proleptic_gregorian" => Self::Gregorian,
            "360_day" => Self::Days360,
            "noleap" | "365_day" => Self::NoLeap,
            "all_leap" | "366_day" => Self::AllLeap,
            _ => return None,
        })
    }

    fn month(self, month: usize) -> i64 {
        match (self, month) {
            (Self::Days360, _) => 30,
            (Self::AllLeap, 1) => 29,
            _ => MONTHS[month],
        }
    }

    fn year(self) -> i64 {
        (0..12).map(|month| self.month(month)).sum()
    }

    /// The instant `seconds` after `origin`, a time of this calendar such as `2001-2-30 6:0:0`.
    ///
    /// # Errors
    /// [`ConventionError::NoTime`] when the text is not a time of this calendar, [`ConventionError::BeyondAllTimes`] when the
    /// instant is too far away to be stated.
    pub fn after(self, origin: &str, seconds: f64) -> Result<i64, ConventionError> {
        let unread = || ConventionError::NoTime(origin.to_owned());
        if seconds.is_nan() || seconds.abs() > LONGEST {
            return Err(ConventionError::BeyondAllTimes { seconds, origin: origin.to_owned() });
        }
        let seconds = seconds.round() as i64;
        let (date, clock) = split(origin).ok_or_else(unread)?;
        if self == Self::Gregorian {
            let text = format!("{:04}-{:02}-{:02}", date[0], date[1], date[2]);
            return Ok(parse_iso(&text).map_err(|_| unread())? + clock + seconds);
        }
        let [year, month, day] = date;
        let month_index =
            usize::try_from(month - 1).ok().filter(|month_index| *month_index < 12).ok_or_else(unread)?;
        if !(1..=self.month(month_index)).contains(&day) {
            return Err(unread());
        }
        let days =
            year * self.year() + (0..month_index).map(|month| self.month(month)).sum::<i64>() + day - 1;
        let whole = days * DAY + clock + seconds;
        let (days, clock) = (whole.div_euclid(DAY), whole.rem_euclid(DAY));
        let (year, mut day) = (days.div_euclid(self.year()), days.rem_euclid(self.year()));
        let mut month_index = 0;
        while day >= self.month(month_index) {
            day -= self.month(month_index);
            month_index += 1;
        }
        let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
        let last = if month_index == 1 && leap { 29 } else { MONTHS[month_index] };
        let text = format!("{year:04}-{:02}-{:02}", month_index + 1, (day + 1).min(last));
        Ok(parse_iso(&text)? + clock)
    }
}

/// Year, month, day, and seconds of the day. Single digits are accepted, as in 2001-1-1 0:0:0.
fn split(text: &str) -> Option<([i64; 3], i64)> {
    let mut words = text.trim().split([' ', 'T']);
    let mut parts = words.next()?.split('-').map(|part| part.parse::<i64>().ok());
    let date = [parts.next()??, parts.next().unwrap_or(Some(1))?, parts.next().unwrap_or(Some(1))?];
    let Some(clock) = words.next().filter(|clock| clock.contains(':')) else { return Some((date, 0)) };
    let whole = clock.split('.').next().unwrap_or_default().trim_end_matches('Z');
    let mut seconds = 0;
    for (part, unit) in whole.split(':').zip([3600, 60, 1]) {
        seconds += part.parse::<i64>().ok().filter(|part| (0..=60).contains(part))? * unit;
    }
    Some((date, seconds))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::conventions::time::iso;

    fn at(calendar: &str, origin: &str, days: f64) -> String {
        Calendar::named(calendar).unwrap().after(origin, days * 86_400.0).map(iso).unwrap()
    }

    #[test]
    fn years_of_360_days_have_months_of_30() {
        assert_eq!(at("360_day", "2001-1-1", 15.0), "2001-01-16");
        assert_eq!(at("360_day", "2001-1-1", 345.0), "2001-12-16");
        assert_eq!(at("360_day", "2001-1-1", 705.0), "2002-12-16");
        // 30 February, and 30 February of a leap year.
        assert_eq!(at("360_day", "2001-1-1", 59.5), "2001-02-28T12:00:00");
        assert_eq!(at("360_day", "2004-02-01 06:00", 29.0), "2004-02-29T06:00:00");
        assert_eq!(at("360_day", "2001-2-30", 1.0), "2001-03-01");
        assert_eq!(at("360_day", "2001-1-1", -1.0), "2000-12-30");
    }

    #[test]
    fn leap_days_are_never_or_always() {
        assert_eq!(at("noleap", "2004-02-28", 1.0), "2004-03-01");
        assert_eq!(at("365_day", "1850-01-01", 365.0 * 150.0 + 59.0), "2000-03-01");
        assert_eq!(at("366_day", "2001-02-28", 1.0), "2001-02-28");
        assert_eq!(at("all_leap", "2001-02-28", 2.0), "2001-03-01");
        assert_eq!(at("standard", "2004-02-28", 1.0), "2004-02-29");
    }

    #[test]
    fn texts_that_are_no_time_are_refused() {
        let error = |origin: &str| Calendar::NoLeap.after(origin, 0.0).unwrap_err().to_string();
        assert_eq!(error("2004-02-29"), "\"2004-02-29\" is no time");
        assert_eq!(error("2004-13-01"), "\"2004-13-01\" is no time");
        assert_eq!(error("soon"), "\"soon\" is no time");
        assert_eq!(error("2004-01-01 99:00"), "\"2004-01-01 99:00\" is no time");
        assert!(
            Calendar::Days360
                .after("2001-01-01", f64::NAN)
                .unwrap_err()
                .to_string()
                .contains("further away than a date can state")
        );
        assert!(Calendar::Days360.after("99999999-01-01", 1e14).is_err());
        assert_eq!(Calendar::named("julian"), None);
    }
}
