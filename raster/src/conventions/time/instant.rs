//! Instants with fractions of a second.

/// An instant: seconds since 1970-01-01T00:00:00Z, leap seconds not counted, and nanoseconds after them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
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
    }
}
