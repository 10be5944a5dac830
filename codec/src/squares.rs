//! Sums of squares that neither overflow nor vanish, whatever the unit of the samples: an error of 1e-200 squared is below
//! the smallest float64, and one of 1e200 above the largest.
//!
//! Small, usual and large numbers are summed apart, each in a unit of its own (Blue 1978, doi:10.1145/355769.355771). The
//! sums of usual numbers are those of plain arithmetic, to the bit.

/// Numbers below it are small. The squares of all others are normal floats.
const SMALL: f64 = power_of_two(-400);
/// Numbers above it are large.
const LARGE: f64 = power_of_two(400);
/// The unit of large numbers; that of small ones is its inverse.
const UNIT: f64 = power_of_two(600);

const fn power_of_two(exponent: i64) -> f64 {
    f64::from_bits(((exponent + 1023) as u64) << 52)
}

/// A sum of squares.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct SquareSum {
    small: f64,
    usual: f64,
    large: f64,
}

impl SquareSum {
    /// The sum of `count` squares with this mean.
    #[must_use]
    pub fn of_mean(mean_square: f64, count: u64) -> Self {
        Self { usual: mean_square * count as f64, ..Self::default() }
    }

    /// The sum of `count` squares of this number.
    #[must_use]
    pub fn of_root(root_mean_square: f64, count: u64) -> Self {
        let mut one = Self::default();
        one.add(root_mean_square);
        let count = count as f64;
        Self { small: one.small * count, usual: one.usual * count, large: one.large * count }
    }

    /// Adds the square of a number that is not negative.
    #[inline]
    pub fn add(&mut self, number: f64) {
        if (SMALL..=LARGE).contains(&number) {
            self.usual += number * number;
        } else if number > LARGE {
            self.large += (number / UNIT) * (number / UNIT);
        } else {
            self.small += (number * UNIT) * (number * UNIT);
        }
    }

    /// Adds another sum.
    pub fn merge(&mut self, other: &Self) {
        self.small += other.small;
        self.usual += other.usual;
        self.large += other.large;
    }

    /// Whether all numbers were 0.
    #[must_use]
    pub fn is_zero(&self) -> bool {
        self.small == 0.0 && self.usual == 0.0 && self.large == 0.0
    }

    /// The sum itself. It is infinite where it is beyond the largest float64, and may be 0 where it is below the smallest.
    #[must_use]
    pub fn value(&self) -> f64 {
        self.large * UNIT * UNIT + self.usual + self.small / UNIT / UNIT
    }

    /// The sum divided by `count`, with the limits of [`SquareSum::value`]; 0 if there is nothing to divide by.
    #[must_use]
    pub fn mean(&self, count: u64) -> f64 {
        self.value() / (count as f64).max(1.0)
    }

    /// The root of the mean square, which a float64 holds wherever it holds the numbers; 0 if there are none.
    #[must_use]
    pub fn root_mean(&self, count: u64) -> f64 {
        let count = (count as f64).max(1.0);
        if self.large > 0.0 {
            ((self.large + self.usual / UNIT / UNIT) / count).sqrt() * UNIT
        } else if self.usual > 0.0 {
            ((self.usual + self.small / UNIT / UNIT) / count).sqrt()
        } else {
            (self.small / count).sqrt() / UNIT
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sums_scale_with_the_numbers() {
        for unit in [1.0, 1e-30, 1e30, 5e-324, 1e-310, 1e-200, 1e200, 1e300] {
            let mut sum = SquareSum::default();
            [3.0, 4.0, 0.0, 0.0].iter().for_each(|v| sum.add(v * unit));
            assert!(
                (sum.root_mean(4) / unit - 2.5).abs() < 0.51 * (5e-324 / unit).max(1e-12),
                "{unit}: {sum:?}"
            );
            assert!(!sum.is_zero());
            let again = SquareSum::of_root(sum.root_mean(4), 4);
            assert!((again.root_mean(4) / sum.root_mean(4) - 1.0).abs() < 1e-12, "{unit}: {again:?}");
        }
    }

    #[test]
    fn usual_numbers_are_summed_as_ever_and_outweigh_small_ones() {
        let (mut sum, mut plain) = (SquareSum::default(), 0.0);
        for i in 0..1000 {
            let number = f64::from(i * 7919 % 1000) * 0.1;
            sum.add(number);
            plain += number * number;
        }
        assert_eq!((sum.value(), sum.mean(1000)), (plain, plain / 1000.0));
        let mut other = SquareSum::default();
        [1e-300, 1e300].iter().for_each(|v| other.add(*v));
        other.merge(&sum);
        assert!((other.root_mean(1) / 1e300 - 1.0).abs() < 1e-12);
        assert_eq!(other.value(), f64::INFINITY);
        assert!(SquareSum::default().is_zero() && SquareSum::default().root_mean(0) == 0.0);
    }
}
