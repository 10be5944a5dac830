//! Floats as integers, so that one integer coder serves both: exactly where they are numbers of few digits, packed
//! integers or anything else by their bit patterns; within a bound on a lattice much finer than the bound.
//!
//! Only restoring computes with floats, one multiplication or division and one addition for each sample, which IEEE 754 fixes.

use crate::container::bytes::Reader;
use crate::error::{Error, Result};

/// Steps of the lattice within half of a bound.
const FINENESS: u32 = 32;
/// Decimal places that are tried.
const PLACES: u8 = 12;
/// The largest number on a lattice: beyond, predictions lose more than bit patterns cost.
const MOST: f64 = (1u32 << 30) as f64;

/// `float32` or `float64`.
pub(crate) trait Float: Copy + PartialEq + Send + Sync + 'static {
    /// Planes of 32 bits in a bit pattern.
    const WORDS: usize;
    /// As float64, exactly.
    fn wide(self) -> f64;
    /// The nearest value to a float64.
    fn narrow(value: f64) -> Self;
    /// The bit pattern as an integer that rises with the value, low to high for negative ones too.
    fn ordered(self) -> i64;
    /// The value of such an integer; bits beyond the type's are ignored.
    fn from_ordered(ordered: i64) -> Self;
    /// Whether all bits are the same.
    fn same(self, other: Self) -> bool {
        self.ordered() == other.ordered()
    }
}

impl Float for f32 {
    const WORDS: usize = 1;

    fn wide(self) -> f64 {
        f64::from(self)
    }

    fn narrow(value: f64) -> Self {
        value as f32
    }

    fn ordered(self) -> i64 {
        let bits = self.to_bits() as i32;
        i64::from(bits ^ ((bits >> 31) as u32 >> 1) as i32)
    }

    fn from_ordered(ordered: i64) -> Self {
        let bits = ordered as i32;
        Self::from_bits((bits ^ ((bits >> 31) as u32 >> 1) as i32) as u32)
    }
}

impl Float for f64 {
    const WORDS: usize = 2;

    fn wide(self) -> f64 {
        self
    }

    fn narrow(value: f64) -> Self {
        value
    }

    fn ordered(self) -> i64 {
        let bits = self.to_bits() as i64;
        bits ^ ((bits >> 63) as u64 >> 1) as i64
    }

    fn from_ordered(bits: i64) -> Self {
        Self::from_bits((bits ^ ((bits >> 63) as u64 >> 1) as i64) as u64)
    }
}

/// What integers stand for.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Lattice {
    /// `n × 2^exponent`.
    Dyadic {
        /// -1100 to 1000.
        exponent: i16,
    },
    /// `n / 10^places`, computed in float64.
    Decimal {
        /// 0 to 12.
        places: u8,
    },
    /// `n × scale + offset`, computed in float64; or in float32, each operation rounded.
    Packed {
        /// Finite, above 0.
        scale: f64,
        /// Finite.
        offset: f64,
        /// Whether in float32.
        single: bool,
    },
    /// Bit patterns that rise with the value: a plane of 32 bits for float32, two for float64, the upper first.
    Ordered,
}

impl Lattice {
    /// Planes that a plane of samples becomes.
    pub(crate) fn planes<T: Float>(&self) -> usize {
        if *self == Self::Ordered { T::WORDS } else { 1 }
    }

    /// What `n` stands for; of bit patterns, `n` is the whole.
    #[inline(always)]
    fn value<T: Float>(&self, n: i64) -> T {
        match *self {
            Self::Dyadic { exponent } => T::narrow(n as f64 * power_of_two(exponent)),
            Self::Decimal { places } => T::narrow(n as f64 / 10f64.powi(i32::from(places))),
            Self::Packed { scale, offset, single: false } => T::narrow(n as f64 * scale + offset),
            Self::Packed { scale, offset, single: true } => {
                T::narrow(f64::from(n as f32 * scale as f32 + offset as f32))
            }
            Self::Ordered => T::from_ordered(n),
        }
    }

    /// The integer nearest to a value, if it is within the lattice's range.
    #[inline(always)]
    fn number<T: Float>(&self, value: T) -> Option<i64> {
        let v = value.wide();
        let n = match *self {
            Self::Dyadic { exponent } => v / power_of_two(exponent),
            Self::Decimal { places } => v * 10f64.powi(i32::from(places)),
            Self::Packed { scale, offset, .. } => (v - offset) / scale,
            Self::Ordered => return Some(value.ordered()),
        };
        let n = n.round();
        (n.abs() <= MOST).then_some(n as i64)
    }

    /// The integers of valid samples, plane by plane; others become 0. `None` if one is off by more than `bound` (0:
    /// by a single bit).
    pub(crate) fn numbers<T: Float>(&self, samples: &[T], valid: &[bool], bound: f64) -> Option<Vec<i32>> {
        let planes = self.planes::<T>();
        let mut out = vec![0; samples.len() * planes];
        for (i, (sample, valid)) in samples.iter().zip(valid).enumerate() {
            if !*valid {
                continue;
            }
            let n = self.number(*sample)?;
            let back: T = self.value(n);
            let kept =
                if bound > 0.0 { (back.wide() - sample.wide()).abs() <= bound } else { back.same(*sample) };
            if !kept {
                return None;
            }
            if planes == 2 {
                out[i] = (n >> 32) as i32;
                out[i + samples.len()] = (n as i32) ^ i32::MIN;
            } else {
                out[i] = n as i32;
            }
        }
        Some(out)
    }

    /// The samples that `numbers` stand for; those that are not valid are left alone.
    pub(crate) fn restore<T: Float>(&self, numbers: &[i32], valid: &[bool], samples: &mut [T]) {
        let (upper, lower) = numbers.split_at(samples.len().min(numbers.len()));
        if self.planes::<T>() == 2 {
            for (((sample, valid), n), m) in samples.iter_mut().zip(valid).zip(upper).zip(lower) {
                if *valid {
                    *sample = self.value(i64::from(*n) << 32 | i64::from((m ^ i32::MIN) as u32));
                }
            }
            return;
        }
        for ((sample, valid), n) in samples.iter_mut().zip(valid).zip(upper) {
            if *valid {
                *sample = self.value(i64::from(*n));
            }
        }
    }

    /// A lattice on which all valid samples lie exactly. `hints` are pairs of scale and offset that may have been used
    /// to pack the data.
    pub(crate) fn exact<T: Float>(samples: &[T], valid: &[bool], hints: &[(f64, f64)]) -> Self {
        let values = || samples.iter().zip(valid).filter(|s| *s.1).map(|s| *s.0);
        let fits = |lattice: &Self| {
            values().all(|v| lattice.number(v).is_some_and(|n| lattice.value::<T>(n).same(v)))
        };
        if values().any(|v| !v.wide().is_finite()) {
            return Self::Ordered;
        }
        let guesses = guess(values()).into_iter().flat_map(|(scale, offset)| {
            // What people write down has few digits.
            let short = |digits: usize, v: f64| format!("{v:.digits$e}").parse().unwrap_or(v);
            [(scale, offset)].into_iter().chain((2..8).map(move |d| (short(d, scale), short(d, offset))))
        });
        let packed = hints
            .iter()
            .map(|(scale, offset)| (scale.abs(), *offset))
            .chain(guesses)
            .filter(|(scale, offset)| scale.is_finite() && *scale > 0.0 && offset.is_finite())
            .flat_map(|(scale, offset)| [false, true].map(|single| Self::Packed { scale, offset, single }));
        let found = dyadic(values().map(T::wide))
            .into_iter()
            .chain((0..=PLACES).map(|places| Self::Decimal { places }))
            .chain(packed)
            .filter(fits)
            // The widest; of those that hardly differ, the simplest.
            .reduce(|a, b| if b.step() > a.step() * 1.01 { b } else { a });
        // A lattice finer than the floats themselves wastes bits.
        let (mut finer, mut count) = (0.0, 0.0);
        for v in values() {
            finer += ulp::<T>(v.wide().abs()).max(f64::MIN_POSITIVE).log2() + 1.0;
            count += 1.0;
        }
        found.filter(|lattice| lattice.step().log2() * count > finer).unwrap_or(Self::Ordered)
    }

    /// How far apart its values are; 0 for bit patterns.
    fn step(&self) -> f64 {
        match *self {
            Self::Dyadic { exponent } => power_of_two(exponent),
            Self::Decimal { places } => 10f64.powi(-i32::from(places)),
            Self::Packed { scale, .. } => scale,
            Self::Ordered => 0.0,
        }
    }

    /// A lattice, and a bound in its numbers, that keep valid samples within `bound`; `None` where float64 does not
    /// reach, or a bit pattern is not a number.
    pub(crate) fn bounded<T: Float>(
        samples: &[T],
        valid: &[bool],
        bound: f64,
        hints: &[(f64, f64)],
    ) -> Option<(Self, u32)> {
        if !(bound > 0.0 && bound.is_finite()) {
            return None;
        }
        let values = || samples.iter().zip(valid).filter(|s| *s.1).map(|s| s.0.wide());
        let (low, high) = values().fold((f64::INFINITY, f64::NEG_INFINITY), |(l, h), v| (l.min(v), h.max(v)));
        if !(low.is_finite() && high.is_finite()) {
            return None;
        }
        // Where samples lie on a lattice anyhow, its steps within the bound count.
        let exact = Self::exact(samples, valid, hints);
        // Half a unit in the last place of what is restored is taken off the bound.
        let slack = ulp::<T>(low.abs().max(high.abs()));
        if exact != Self::Ordered {
            let steps = ((bound - slack) / exact.step()).floor();
            if steps <= f64::from(4 * FINENESS) {
                return Some((exact, steps.max(0.0) as u32));
            }
        }
        let within = bound - slack;
        if within <= 0.0 {
            return None;
        }
        let middle = low + (high - low) / 2.0;
        for steps in [FINENESS, 8, 2, 0] {
            let scale = within / (f64::from(steps) + 0.5);
            if (high - low) / scale < MOST {
                return Some((Self::Packed { scale, offset: middle, single: false }, steps));
            }
        }
        None
    }

    /// Writes the lattice.
    pub(crate) fn write(&self, out: &mut Vec<u8>) {
        match *self {
            Self::Dyadic { exponent } => {
                out.push(0);
                out.extend_from_slice(&exponent.to_le_bytes());
            }
            Self::Decimal { places } => out.extend_from_slice(&[1, places]),
            Self::Packed { scale, offset, single } => {
                out.push(2 + u8::from(single));
                out.extend_from_slice(&scale.to_le_bytes());
                out.extend_from_slice(&offset.to_le_bytes());
            }
            Self::Ordered => out.push(4),
        }
    }

    /// Reads a lattice.
    ///
    /// # Errors
    /// [`Error::Truncated`] where bytes run out, [`Error::Corrupt`] for what [`Self::write`] never writes.
    pub(crate) fn read(reader: &mut Reader<'_>) -> Result<Self> {
        let kind = reader.u8("a lattice")?;
        let lattice = match kind {
            0 => Self::Dyadic { exponent: reader.i16("a lattice's exponent")? },
            1 => Self::Decimal { places: reader.u8("a lattice's decimal places")? },
            2 | 3 => Self::Packed {
                scale: reader.f64("a lattice's scale")?,
                offset: reader.f64("a lattice's offset")?,
                single: kind == 3,
            },
            4 => Self::Ordered,
            _ => {
                return Err(Error::Corrupt(format!(
                    "a lattice is of kind {kind}, 0 to 4 are known; write the chunk again"
                )));
            }
        };
        let known = match lattice {
            Self::Dyadic { exponent } => (-1100..=1000).contains(&exponent),
            Self::Decimal { places } => places <= PLACES,
            Self::Packed { scale, offset, .. } => scale.is_finite() && scale > 0.0 && offset.is_finite(),
            Self::Ordered => true,
        };
        if known {
            Ok(lattice)
        } else {
            Err(Error::Corrupt(format!("a lattice is {lattice:?}; write the chunk again")))
        }
    }
}

/// 2^exponent; below the smallest normal number in two exact steps.
fn power_of_two(exponent: i16) -> f64 {
    let normal = |e: i16| f64::from_bits(((i64::from(e) + 1023) as u64) << 52);
    let first = exponent.clamp(-1000, 1000);
    normal(first) * normal((exponent - first).clamp(-1000, 1000))
}

/// The largest power of two that divides all.
fn dyadic(values: impl Iterator<Item = f64>) -> Option<Lattice> {
    let mut least = i16::MAX;
    for v in values {
        if v != 0.0 {
            let bits = v.to_bits();
            let exponent = ((bits >> 52) & 0x7ff).max(1) as i16;
            let fraction = bits & ((1 << 52) - 1) | u64::from(bits >> 52 & 0x7ff != 0) << 52;
            least = least.min(exponent - 1075 + fraction.trailing_zeros() as i16);
        }
    }
    let exponent = if least == i16::MAX { 0 } else { least };
    (-1100..=1000).contains(&exponent).then_some(Lattice::Dyadic { exponent })
}

/// A scale and an offset that may have been used to pack the values.
fn guess<T: Float>(values: impl Iterator<Item = T>) -> Option<(f64, f64)> {
    let mut some: Vec<T> = values.collect();
    some.sort_by_key(|v| v.ordered());
    some.dedup_by_key(|v| v.ordered());
    if some.len() > 1 << 17 {
        return None;
    }
    [1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 8.0].into_iter().find_map(|parts| line(&some, parts))
}

/// A scale and an offset of rising values, if the smallest gap between two is `parts` steps.
fn line<T: Float>(some: &[T], parts: f64) -> Option<(f64, f64)> {
    let (first, last) = (some.first()?.wide(), some.last()?.wide());
    // The smallest gap carries the rounding of both ends; all gaps together hardly any.
    let gaps = || some.windows(2).map(|w| w[1].wide() - w[0].wide());
    let mut step = gaps().fold(f64::INFINITY, f64::min) / parts;
    for _ in 0..3 {
        let (mut steps, mut way) = (0.0, 0.0);
        for gap in gaps() {
            let here = if way > 0.0 { way / steps } else { step };
            let n = (gap / here).round().max(1.0);
            if n < 1000.0 {
                steps += n;
                way += gap;
            }
        }
        step = way / steps;
    }
    if !(step.is_finite() && step > 0.0 && (last - first) / step < f64::from(1 << 24)) {
        return None;
    }
    // What rounds to each value, by its number; a line through all of these intervals.
    let stabs: Vec<(f64, f64, f64)> = some
        .iter()
        .map(|v| {
            let (wide, below) = (v.wide(), T::from_ordered(v.ordered() - 1).wide());
            let above = T::from_ordered(v.ordered() + 1).wide();
            (
                ((wide - first) / step).round(),
                wide - (wide - below) / 2.0 - first,
                wide + (above - wide) / 2.0 - first,
            )
        })
        .collect();
    let ends = |scale: f64| {
        stabs.iter().fold((f64::NEG_INFINITY, f64::INFINITY), |(low, high), (n, below, above)| {
            (low.max(below - n * scale), high.min(above - n * scale))
        })
    };
    // How far the intervals are from a line of this slope is convex in it.
    let miss = |scale: f64| ends(scale).0 - ends(scale).1;
    let (mut a, mut b) = (step * 0.999, step * 1.001);
    for _ in 0..80 {
        let (c, d) = (a + (b - a) * 0.45, a + (b - a) * 0.55);
        if miss(c) < miss(d) { b = d } else { a = c }
    }
    let scale = (a + b) / 2.0;
    let (low, high) = ends(scale);
    (low <= high).then_some((scale, first + (low + high) / 2.0))
}

/// Half a unit in the last place of values up to `most`, and some for the arithmetic.
fn ulp<T: Float>(most: f64) -> f64 {
    let up = T::from_ordered(T::narrow(most).ordered() + 1).wide();
    let gap = if up.is_finite() { up - T::narrow(most).wide() } else { most * 1e-6 };
    gap * 0.5 + most * 1e-15
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn round_trip<T: Float + std::fmt::Debug>(samples: &[T], lattice: Lattice, bound: f64) {
        let valid = vec![true; samples.len()];
        let numbers = lattice.numbers(samples, &valid, bound).unwrap();
        let mut bytes = vec![];
        lattice.write(&mut bytes);
        let mut reader = Reader::new(&bytes);
        let read = Lattice::read(&mut reader).unwrap();
        assert!(reader.remaining() == 0 && read == lattice);
        let mut back = vec![T::narrow(0.0); samples.len()];
        read.restore(&numbers, &valid, &mut back);
        for (a, b) in samples.iter().zip(&back) {
            assert!(
                if bound > 0.0 { (a.wide() - b.wide()).abs() <= bound } else { a.same(*b) },
                "{a:?} {b:?} {lattice:?}"
            );
        }
    }

    #[test]
    fn what_was_packed_is_found() {
        let n: Vec<i32> = (0..2000).map(|i| (i * 7919) % 4001 - 2000).collect();
        let all = vec![true; n.len()];
        let of = |samples: &[f32]| Lattice::exact(samples, &all, &[(0.01, 273.15)]);
        let halves: Vec<f32> = n.iter().map(|n| *n as f32 * 0.5).collect();
        assert_eq!(of(&halves), Lattice::Dyadic { exponent: -1 });
        let cents: Vec<f32> = n.iter().map(|n| (f64::from(*n) / 100.0) as f32).collect();
        assert_eq!(of(&cents), Lattice::Decimal { places: 2 });
        let kelvin: Vec<f32> = n.iter().map(|n| *n as f32 * 0.01 + 273.15).collect();
        assert_eq!(of(&kelvin), Lattice::Packed { scale: 0.01, offset: 273.15, single: true });
        let odd: Vec<f32> = n.iter().map(|n| (f64::from(*n) * 0.001_234 + 5.1) as f32).collect();
        assert!(matches!(of(&odd), Lattice::Packed { .. }), "{:?}", of(&odd));
        let noise: Vec<f32> = n.iter().map(|n| (f64::from(*n) * 0.7).sin() as f32).collect();
        assert_eq!(of(&noise), Lattice::Ordered);
        for samples in [halves, cents, kelvin, odd, noise] {
            round_trip(&samples, of(&samples), 0.0);
        }
    }

    proptest! {
        #[test]
        fn any_floats_come_back(bits in prop::collection::vec(any::<u32>(), 1..50)) {
            let samples: Vec<f32> = bits.iter().map(|b| f32::from_bits(*b)).collect();
            let lattice = Lattice::exact(&samples, &vec![true; samples.len()], &[]);
            round_trip(&samples, lattice, 0.0);
        }

        #[test]
        fn any_doubles_come_back(bits in prop::collection::vec(any::<u64>(), 1..50)) {
            let samples: Vec<f64> = bits.iter().map(|b| f64::from_bits(*b)).collect();
            let lattice = Lattice::exact(&samples, &vec![true; samples.len()], &[]);
            round_trip(&samples, lattice, 0.0);
        }

        #[test]
        fn bounds_are_kept(values in prop::collection::vec(-1e6f32..1e6, 1..50), bound in 1e-3f64..1e5) {
            let all = vec![true; values.len()];
            if let Some((lattice, steps)) = Lattice::bounded(&values, &all, bound, &[]) {
                let numbers = lattice.numbers(&values, &all, bound).unwrap();
                for shift in [-(steps as i32), steps as i32] {
                    let moved: Vec<i32> = numbers.iter().map(|n| n + shift).collect();
                    let mut back = values.clone();
                    lattice.restore(&moved, &all, &mut back);
                    for (a, b) in values.iter().zip(&back) {
                        prop_assert!((f64::from(*a) - f64::from(*b)).abs() <= bound, "{} {} {}", a, b, bound);
                    }
                }
            }
        }

        #[test]
        fn noise_is_refused_or_read(bytes in prop::collection::vec(any::<u8>(), 0..20)) {
            if let Ok(lattice) = Lattice::read(&mut Reader::new(&bytes)) {
                let mut out = [0f32; 2];
                lattice.restore(&[i32::MIN, i32::MAX], &[true, true], &mut out);
            }
        }
    }
}
