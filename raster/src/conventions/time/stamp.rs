//! A date and a time of day as text, as the units of time of CF and UDUNITS state an origin: `1990-1-1`,
//! `2000-01-01 00:00:00.5 -05:00`, `2000-01-01T6 UTC`, `20000101T0600`.

/// Nanoseconds of a second.
pub(super) const SECOND: i128 = 1_000_000_000;

/// A date with a time of day, in a calendar that is stated elsewhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Stamp {
    /// Year, month from 1, day from 1.
    pub(super) date: [i64; 3],
    /// Nanoseconds after midnight in universal time. They may lie before it, or after the end of the day.
    pub(super) clock: i128,
}

impl Stamp {
    /// Reads a date, with a time of day and a time zone where they follow; `None` for any other text.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        let end = text.find(|c: char| c.is_whitespace() || matches!(c, 'T' | 't')).unwrap_or(text.len());
        let date = date(&text[..end])?;
        let rest = text[end..].trim_start_matches(['T', 't']).trim();
        let zone_at =
            rest.find(|c: char| matches!(c, '+' | '-') || c.is_ascii_alphabetic()).unwrap_or(rest.len());
        let (clock, zone) = (rest[..zone_at].trim(), rest[zone_at..].trim());
        Some(Self { date, clock: self::clock(clock)? - self::zone(zone)? })
    }
}

/// Year, month and day: `1990-1-1`, `1990-01`, `1990`, `1990/01/01`, `19900101`, `-44-03-15`.
fn date(text: &str) -> Option<[i64; 3]> {
    let (sign, digits) = match text.strip_prefix('-') {
        Some(digits) => (-1, digits),
        None => (1, text.strip_prefix('+').unwrap_or(text)),
    };
    if digits.len() == 8 && digits.bytes().all(|b| b.is_ascii_digit()) {
        return Some([sign * number(&digits[..4])?, number(&digits[4..6])?, number(&digits[6..])?]);
    }
    let mut parts = digits.split(['-', '/']);
    let year = sign * number(parts.next()?)?;
    let mut next = || parts.next().map_or(Some(1), number);
    let date = [year, next()?, next()?];
    parts.next().is_none().then_some(date)
}

/// Nanoseconds after midnight: `6`, `06:00`, `6:0:0.5`, `0600`, `060000`; midnight where there is no text.
fn clock(text: &str) -> Option<i128> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let packed = !whole.contains(':') && whole.len() > 2;
    let parts: Vec<&str> = match whole.len() {
        0 => return fraction.is_empty().then_some(0),
        4 | 6 if packed && whole.is_ascii() => {
            (0..whole.len()).step_by(2).map(|at| &whole[at..at + 2]).collect()
        }
        _ => whole.split(':').collect(),
    };
    if parts.len() > 3 || (text.contains('.') && parts.len() != 3) {
        return None;
    }
    let mut seconds = 0;
    for (part, (unit, most)) in parts.iter().zip([(3600, 24), (60, 59), (1, 60)]) {
        seconds += number(part).filter(|value| part.len() <= 2 && *value <= most)? * unit;
    }
    // Digits beyond nanoseconds say nothing that is kept.
    let digits: String = fraction.chars().chain("000000000".chars()).take(9).collect();
    let nanoseconds = if fraction.is_empty() { 0 } else { number(&digits)? };
    let only_digits = fraction.bytes().all(|b| b.is_ascii_digit());
    (only_digits && seconds <= 86_400).then_some(i128::from(seconds) * SECOND + i128::from(nanoseconds))
}

/// By how many nanoseconds a time zone is ahead of universal time: `Z`, `UTC`, `+1:00`, `-0530`, `+05`.
fn zone(text: &str) -> Option<i128> {
    if ["", "z", "utc", "gmt", "ut"].contains(&text.to_ascii_lowercase().as_str()) {
        return Some(0);
    }
    let sign = if text.starts_with('-') { -1 } else { 1 };
    let digits = text.strip_prefix(['+', '-'])?.trim();
    let (hours, minutes) = match digits.split_once(':') {
        Some(parts) => parts,
        None if digits.len() == 4 && digits.is_ascii() => digits.split_at(2),
        None => (digits, "0"),
    };
    let hours = number(hours).filter(|value| *value <= 24 && hours.len() <= 2)?;
    let minutes = number(minutes).filter(|value| *value <= 59 && minutes.len() <= 2)?;
    Some(sign * i128::from(hours * 3600 + minutes * 60) * SECOND)
}

/// A number of digits alone.
fn number(text: &str) -> Option<i64> {
    text.bytes().all(|b| b.is_ascii_digit()).then(|| text.parse().ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Option<([i64; 3], f64)> {
        Stamp::parse(text).map(|stamp| (stamp.date, stamp.clock as f64 / 1e9))
    }

    #[test]
    fn origins_are_read_in_all_their_forms() {
        for (text, date, seconds) in [
            ("1-1-1", [1, 1, 1], 0.0),
            ("1-1-1 00:00:0.0", [1, 1, 1], 0.0),
            ("2000-01-01 6", [2000, 1, 1], 21_600.0),
            ("2000-01-01T6:30", [2000, 1, 1], 23_400.0),
            ("2000-01-01 23:59:60", [2000, 1, 1], 86_400.0),
            ("2000-1-1 0:0:0.25", [2000, 1, 1], 0.25),
            ("20000101T0600", [2000, 1, 1], 21_600.0),
            ("20000101 060001", [2000, 1, 1], 21_601.0),
            ("2000/1/2", [2000, 1, 2], 0.0),
            ("-44-03-15", [-44, 3, 15], 0.0),
            ("2000", [2000, 1, 1], 0.0),
        ] {
            assert_eq!(read(text), Some((date, seconds)), "{text}");
        }
    }

    #[test]
    fn time_zones_move_the_clock() {
        for (zone, seconds) in [
            (" -05:00", 18_000.0),
            (" +1:00", -3600.0),
            ("+00:00", 0.0),
            (" UTC", 0.0),
            ("Z", 0.0),
            (" GMT", 0.0),
            (" -0530", 19_800.0),
            (" +5", -18_000.0),
            (" - 3:00", 10_800.0),
        ] {
            assert_eq!(read(&format!("2000-01-01 00:00:00{zone}")), Some(([2000, 1, 1], seconds)), "{zone}");
        }
        assert_eq!(read("2000-01-01 -5:00"), Some(([2000, 1, 1], 18_000.0)));
        assert_eq!(read("2000-01-01T00Z"), Some(([2000, 1, 1], 0.0)));
    }

    #[test]
    fn other_texts_are_no_times() {
        for text in [
            "",
            "soon",
            "then",
            "2000-01-01 99:00",
            "2000-01-01 00:60",
            "2000-01-01 EST",
            "2000-01-01 12.5",
            "2000-01-01 1:2:3:4",
            "2000-01-01-05",
            "2000-01-01 00:00:00 +100:00",
            "2000-a",
            "2000-01-01 00:00:0x",
            "2000-01-01 123",
            "2000-01-01 24:00:01",
            "é",
        ] {
            assert_eq!(read(text), None, "{text}");
        }
    }
}
