//! Instants with fractions of a second.

/// An instant: seconds since 1970-01-01T00:00:00Z, leap seconds not counted, and nanoseconds after them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Instant {
    /// Whole seconds, rounded down.
    pub seconds: i64,
    /// Nanoseconds after them, below 10⁹.
    pub nanoseconds: u32,
}

impl From<i64> for Instant {
    fn from(seconds: i64) -> Self {
        Self { seconds, nanoseconds: 0 }
    }
}

impl Instant {
    /// Days since 1970-01-01, with the time of day as a fraction.
    #[must_use]
    pub fn days(self) -> f64 {
        self.seconds_and_fraction() / 86_400.0
    }

    /// Seconds since 1970-01-01T00:00:00Z.
    #[must_use]
    pub fn seconds_and_fraction(self) -> f64 {
        self.seconds as f64 + f64::from(self.nanoseconds) / 1e9
    }

    /// The instant so many seconds later, to a microsecond: what is left of a fraction in floating point is rounding.
    #[must_use]
    pub fn after(self, seconds: f64) -> Self {
        let microseconds = ((f64::from(self.nanoseconds) / 1e9 + seconds) * 1e6).round() as i64;
        Self {
            seconds: self.seconds.saturating_add(microseconds.div_euclid(1_000_000)),
            nanoseconds: microseconds.rem_euclid(1_000_000) as u32 * 1000,
        }
    }

    /// The midnight before it.
    #[must_use]
    pub fn midnight(self) -> Self {
        Self::from(self.seconds - self.seconds.rem_euclid(86_400))
    }

    /// The nearest whole second.
    #[must_use]
    pub fn rounded(self) -> i64 {
        self.seconds + i64::from(self.nanoseconds >= 500_000_000)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fractions_are_told_where_there_are_some() {
        let at = |seconds, nanoseconds| Instant { seconds, nanoseconds };
        assert_eq!(at(0, 250_000_000).iso(), "1970-01-01T00:00:00.25");
        assert_eq!(at(86_399, 1).iso(), "1970-01-01T23:59:59.000000001");
        assert_eq!(
            (at(-1, 500_000_000).iso(), at(-1, 500_000_000).rounded()),
            ("1969-12-31T23:59:59.5".to_owned(), 0)
        );
        assert_eq!(Instant::from(86_400).iso(), "1970-01-02");
        assert_eq!(at(-1, 500_000_000).midnight().iso(), "1969-12-31");
        assert_eq!(
            (at(0, 750_000_000).after(0.5), at(0, 0).after(-0.25)),
            (at(1, 250_000_000), at(-1, 750_000_000))
        );
        assert_eq!((Instant::from(86_400 * 3 + 43_200).days(), Instant::from(-86_400).days()), (3.5, -1.0));
    }
}
