//! Numbers as people read them, on the terminal and in the page.

pub use vqz_report::number::{grouped, short};

/// Bytes in the unit in which they have one to three digits before the point: 745 kB, 1.2 MB.
pub fn bytes(value: f64) -> String {
    const UNITS: [&str; 5] = ["bytes", "kB", "MB", "GB", "TB"];
    let power = ((value.max(1.0).log10() / 3.0) as usize).min(UNITS.len() - 1);
    let scaled = value / 1000f64.powi(power as i32);
    let decimals = usize::from(power > 0 && scaled < 10.0);
    format!("{scaled:.decimals$} {}", UNITS[power])
}

/// A saving of bits in words, or what is taken beyond: `saves 4.1 % against the linear model`.
pub fn saving(percent: f64) -> String {
    if percent >= 0.0 {
        format!("saves {percent:.1} % against the linear model")
    } else {
        format!("takes {:.1} % more than the linear model", -percent)
    }
}

/// The two largest units: 3 h 12 min, 41 s.
pub(super) fn duration(seconds: f64) -> String {
    let seconds = if seconds.is_finite() { seconds.max(0.0).round() as u64 } else { 0 };
    let (days, hours, minutes) = (seconds / 86_400, seconds / 3600 % 24, seconds / 60 % 60);
    match (days, hours, minutes) {
        (0, 0, 0) => format!("{seconds} s"),
        (0, 0, _) => format!("{minutes} min {} s", seconds % 60),
        (0, _, _) => format!("{hours} h {minutes} min"),
        _ => format!("{days} d {hours} h"),
    }
}

/// A moment, in seconds since 1970, as 2026-02-03 14:05 UTC.
pub(super) fn moment(time: f64) -> String {
    let seconds = time.max(0.0) as u64;
    let (hour, minute) = (seconds / 3600 % 24, seconds / 60 % 60);
    // Civil from days, by Howard Hinnant: years that begin in March end with the leap day.
    let days = seconds / 86_400 + 719_468;
    let (era, day) = (days / 146_097, days % 146_097);
    let year = (day - day / 1460 + day / 36_524 - day / 146_096) / 365;
    let day = day - (365 * year + year / 4 - year / 100);
    let month = (5 * day + 2) / 153;
    let (date, month) = (day - (153 * month + 2) / 5 + 1, if month < 10 { month + 3 } else { month - 9 });
    let year = 400 * era + year + u64::from(month <= 2);
    format!("{year}-{month:02}-{date:02} {hour:02}:{minute:02} UTC")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_have_a_unit() {
        assert_eq!([12.0, 138_400.0, 1.24e6, 3.4e10].map(bytes), ["12 bytes", "138 kB", "1.2 MB", "34 GB"]);
    }

    #[test]
    fn durations_have_two_units() {
        let texts = ["0 s", "41 s", "12 min 30 s", "3 h 12 min", "2 d 1 h"];
        assert_eq!([0.2, 41.0, 750.0, 11_520.0, 176_400.0].map(duration), texts);
    }

    #[test]
    fn moments_by_the_calendar() {
        // `date -u -d @N '+%F %R'` says the same.
        let texts =
            ["1970-01-01 00:00 UTC", "2024-02-29 12:34 UTC", "2025-12-31 23:59 UTC", "2026-03-01 00:00 UTC"];
        assert_eq!([0.0, 1_709_210_040.0, 1_767_225_599.0, 1_772_323_200.0].map(moment), texts);
    }
}
