//! Calendars of CF: the Gregorian ones, the Julian one, and those of climate models.
//!
//! Days are counted in the calendar itself. The resulting date is then given as the same date of the proleptic Gregorian
//! calendar, which ISO 8601 writes; where that has no such day (30 February), it is the last of the month. See the CF
//! conventions 1.11, section 4.4.2.

use super::instant::Instant;
use super::stamp::{SECOND, Stamp};

/// Days of the months of a year without a leap day.
const MONTHS: [i64; 12] = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

/// Nanoseconds of a day.
const DAY: i128 = 86_400 * SECOND;

/// The last year before and after the year 0 that dates may have.
const LAST_YEAR: i64 = 9999;

/// The day on which the Gregorian calendar was introduced, 1582-10-15, in days since 1970-01-01. The day before was 4 October.
const INTRODUCED: i64 = -141_427;

/// How days are counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Calendar {
    /// CF's `standard`: the Gregorian calendar since it was introduced in 1582, the Julian calendar before.
    Standard,
    /// The Gregorian calendar, also before it was introduced.
    Gregorian,
    /// The Julian calendar, also after it was replaced.
    Julian,
    /// Twelve months of 30 days.
    Days360,
    /// No 29 February.
    NoLeap,
    /// A 29 February in each year.
    AllLeap,
}

/// A date that a calendar gives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Dated {
    /// The date as an instant.
    pub(super) instant: Instant,
    /// Whether that is exactly the instant that is meant, and no other date stands for it.
    pub(super) exact: bool,
}

impl Calendar {
    /// The calendar of a name in the CF conventions; `None` for calendars that are not supported (`none`, `tai`, `utc`).
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Some(match name.trim().to_ascii_lowercase().as_str() {
            "" | "standard" | "gregorian" => Self::Standard,
            "proleptic_gregorian" => Self::Gregorian,
            "julian" => Self::Julian,
            "360_day" => Self::Days360,
            "noleap" | "365_day" => Self::NoLeap,
            "all_leap" | "366_day" => Self::AllLeap,
            _ => return None,
        })
    }

    /// The days of a month, from 0, in a calendar whose years are all alike.
    fn month(self, month: usize) -> i64 {
        match (self, month) {
            (Self::Days360, _) => 30,
            (Self::AllLeap, 1) => 29,
            _ => MONTHS[month],
        }
    }

    /// The days of every year, where all years have as many.
    pub(super) fn year(self) -> Option<i64> {
        match self {
            Self::Standard | Self::Gregorian | Self::Julian => None,
            Self::Days360 | Self::NoLeap | Self::AllLeap => {
                Some((0..12).map(|month| self.month(month)).sum())
            }
        }
    }

    /// The number of a day, since 1970-01-01 in calendars with leap years and since the year 0 in others; `None` for a date
    /// that the calendar does not have.
    fn day(self, [year, month, day]: [i64; 3]) -> Option<i64> {
        let month_index = usize::try_from(month - 1).ok().filter(|month_index| *month_index < 12)?;
        if year.abs() > LAST_YEAR || day < 1 {
            return None;
        }
        // The Julian calendar has no year 0: the year before 1 is -1.
        let historical = if year < 0 { year + 1 } else { year };
        let within = |last: i64, days: i64| (day <= last).then_some(days);
        match self {
            Self::Gregorian => within(last_of_month(month_index, is_leap(year)), gregorian(year, month, day)),
            Self::Julian => within(
                last_of_month(month_index, historical.rem_euclid(4) == 0),
                julian(historical, month, day),
            ),
            Self::Standard => {
                let days = Self::Gregorian.day([year, month, day]).filter(|days| *days >= INTRODUCED);
                days.or_else(|| Self::Julian.day([year, month, day]).filter(|days| *days < INTRODUCED))
            }
            Self::Days360 | Self::NoLeap | Self::AllLeap => {
                let before: i64 = (0..month_index).map(|month| self.month(month)).sum();
                within(self.month(month_index), year * self.year()? + before + day - 1)
            }
        }
    }

    /// The date of a numbered day.
    fn date(self, day: i64) -> [i64; 3] {
        match self {
            Self::Gregorian => of_gregorian(day),
            Self::Standard if day >= INTRODUCED => of_gregorian(day),
            Self::Standard | Self::Julian => of_julian(day),
            Self::Days360 | Self::NoLeap | Self::AllLeap => {
                let length = self.year().unwrap_or(1);
                let (year, mut day) = (day.div_euclid(length), day.rem_euclid(length));
                let mut month_index = 0;
                while day >= self.month(month_index) {
                    day -= self.month(month_index);
                    month_index += 1;
                }
                [year, month_index as i64 + 1, day + 1]
            }
        }
    }

    /// The date `nanoseconds` after an origin; `None` where the calendar has no such origin.
    ///
    /// # Errors
    /// [`Beyond`] where the date is beyond all years.
    pub(super) fn after(self, origin: &Stamp, nanoseconds: i128) -> Option<Result<Dated, Beyond>> {
        let first = self.day(origin.date)?;
        let Some(whole) = (i128::from(first) * DAY + origin.clock).checked_add(nanoseconds) else {
            return Some(Err(Beyond));
        };
        let (day, clock) = (whole.div_euclid(DAY), whole.rem_euclid(DAY));
        // No calendar has a year that is longer than 366 days.
        let most = i128::from((LAST_YEAR + 1971) * 366);
        if day.abs() > most {
            return Some(Err(Beyond));
        }
        let day = day as i64;
        let [year, month, of_month] = self.date(day);
        if year.abs() > LAST_YEAR {
            return Some(Err(Beyond));
        }
        let last = last_of_month(month as usize - 1, is_leap(year));
        let same = gregorian(year, month, of_month.min(last));
        let instant = Instant {
            seconds: same * 86_400 + (clock / SECOND) as i64,
            nanoseconds: (clock % SECOND) as u32,
        };
        let exact = matches!(self, Self::Standard | Self::Gregorian) && same == day;
        Some(Ok(Dated { instant, exact }))
    }
}

/// A date is beyond all years.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Beyond;

fn is_leap(year: i64) -> bool {
    year.rem_euclid(4) == 0 && (year.rem_euclid(100) != 0 || year.rem_euclid(400) == 0)
}

/// The last day of a month, from 0.
fn last_of_month(month: usize, leap: bool) -> i64 {
    if month == 1 && leap { 29 } else { MONTHS[month] }
}

/// The days from 1 March of the year 0 to a date, in years that begin in March and have `leap_days` leap days before them.
fn from_march(year: i64, month: i64, day: i64, leap_days: impl Fn(i64) -> i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    year * 365 + leap_days(year) + of_year
}

/// Days since 1970-01-01 of a date of the proleptic Gregorian calendar.
fn gregorian(year: i64, month: i64, day: i64) -> i64 {
    let leap_days = |year: i64| year.div_euclid(4) - year.div_euclid(100) + year.div_euclid(400);
    from_march(year, month, day, leap_days) - 719_468
}

/// Days since 1970-01-01 of a date of the Julian calendar, with a year 0.
fn julian(year: i64, month: i64, day: i64) -> i64 {
    from_march(year, month, day, |year| year.div_euclid(4)) - 719_470
}

/// A date from the year that begins in March and the day of it.
fn of_march(year: i64, of_year: i64) -> [i64; 3] {
    let month_index = (5 * of_year + 2) / 153;
    let month = if month_index < 10 { month_index + 3 } else { month_index - 9 };
    [if month <= 2 { year + 1 } else { year }, month, of_year - (153 * month_index + 2) / 5 + 1]
}

fn of_gregorian(day: i64) -> [i64; 3] {
    let day = day + 719_468;
    let (era, of_era) = (day.div_euclid(146_097), day.rem_euclid(146_097));
    let year = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    of_march(era * 400 + year, of_era - (365 * year + year / 4 - year / 100))
}

fn of_julian(day: i64) -> [i64; 3] {
    let day = day + 719_470;
    let (era, of_era) = (day.div_euclid(1461), day.rem_euclid(1461));
    let year = (of_era - of_era / 1460) / 365;
    of_march(era * 4 + year, of_era - 365 * year)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn dated(calendar: &str, origin: &str, days: f64) -> Dated {
        let origin = Stamp::parse(origin).unwrap();
        let after = Calendar::named(calendar).unwrap().after(&origin, (days * 86_400e9) as i128);
        after.unwrap().unwrap()
    }

    fn at(calendar: &str, origin: &str, days: f64) -> String {
        dated(calendar, origin, days).instant.iso()
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
    fn the_standard_calendar_leaves_out_ten_days() {
        assert_eq!(at("gregorian", "1582-10-04", 1.0), "1582-10-15");
        assert_eq!(at("standard", "1582-10-15", -1.0), "1582-10-04");
        assert_eq!(at("proleptic_gregorian", "1582-10-04", 1.0), "1582-10-05");
        // Known days: the reanalysis of NCEP and NCAR, and an ocean model.
        assert_eq!(at("standard", "1-1-1", 17_067_072.0 / 24.0), "1948-01-01");
        assert_eq!(at("", "0001-01-01", 736_373.5), "2017-02-12T12:00:00");
        assert_eq!(at("proleptic_gregorian", "0001-01-01", 736_371.5), "2017-02-12T12:00:00");
        // 1500 is a leap year in the Julian calendar only.
        assert_eq!(at("standard", "1500-02-28", 2.0), "1500-03-01");
        let stamp = Stamp::parse("1582-10-10").unwrap();
        assert_eq!(Calendar::Standard.after(&stamp, 0), None);
        assert!(dated("standard", "1-1-1", 700_000.0).exact && !dated("standard", "1-1-1", 7.0).exact);
    }

    #[test]
    fn the_julian_calendar_has_a_leap_day_every_four_years() {
        assert_eq!(at("julian", "1900-02-28", 2.0), "1900-03-01");
        assert_eq!(at("julian", "2000-01-01", 366.0), "2001-01-01");
        assert_eq!((julian(2000, 1, 1), julian(1582, 10, 5)), (10_957 + 13, INTRODUCED));
        // No year 0.
        assert_eq!(at("julian", "-1-12-31", 1.0), "0001-01-01");
    }

    #[test]
    fn days_go_there_and_back() {
        for calendar in ["standard", "proleptic_gregorian", "julian", "360_day", "noleap", "all_leap"]
            .map(|name| Calendar::named(name).unwrap())
        {
            let first = calendar.day([4, 3, 1]).unwrap();
            for day in (first..first + 800_000).step_by(13) {
                assert_eq!(calendar.day(calendar.date(day)), Some(day), "{calendar:?}");
            }
        }
        assert_eq!(of_gregorian(gregorian(-4713, 11, 24)), [-4713, 11, 24]);
        assert_eq!((gregorian(1970, 1, 1), gregorian(2000, 3, 1)), (0, 11_017));
    }

    #[test]
    fn dates_that_a_calendar_has_not_are_refused() {
        let none = |calendar: Calendar, text: &str| calendar.after(&Stamp::parse(text).unwrap(), 0).is_none();
        assert!(none(Calendar::NoLeap, "2004-02-29") && none(Calendar::NoLeap, "2004-13-01"));
        assert!(none(Calendar::Gregorian, "1900-02-29") && !none(Calendar::Julian, "1900-02-29"));
        assert!(none(Calendar::Days360, "99999999-01-01") && none(Calendar::Standard, "2000-00-10"));
        let origin = Stamp::parse("2001-01-01").unwrap();
        assert_eq!(Calendar::Days360.after(&origin, i128::MAX), Some(Err(Beyond)));
        assert_eq!(Calendar::Gregorian.after(&origin, 9000 * 366 * DAY), Some(Err(Beyond)));
        assert_eq!((Calendar::named("none"), Calendar::named("tai")), (None, None));
    }
}
