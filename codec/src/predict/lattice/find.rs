//! How the encoder finds the lattice on which samples lie, or one that is fine enough for a bound. The search computes with
//! floats and may err, because its result is tried on every sample before it is used.

use super::{Float, Lattice, MAX_NUMBER, PLACES, power_of_two};

/// How many steps of the lattice make up the bound.
const FINENESS: u32 = 32;
/// The most steps of a packed lattice that are tried as the smallest gap between two values.
const GAP: u32 = 40;

impl Lattice {
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
            // Scales and offsets that people chose have few digits.
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
            // The lattice with the largest step; of steps that hardly differ, the simplest lattice, which comes first.
            .reduce(|a, b| if b.step() > a.step() * 1.01 { b } else { a });
        // A lattice finer than the floats themselves wastes bits.
        let (mut finer, mut count) = (0.0, 0.0);
        for v in values() {
            finer += ulp::<T>(v.wide().abs()).max(f64::MIN_POSITIVE).log2() + 1.0;
            count += 1.0;
        }
        found.filter(|lattice| lattice.step().log2() * count > finer).unwrap_or(Self::Ordered)
    }

    /// A lattice, and a bound in steps of it, that keep valid samples within `bound`. `None` where the precision of floats does
    /// not suffice, or a sample is not finite.
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
        // Where samples lie on a lattice already, the bound is counted in its steps.
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
            if (high - low) / scale < MAX_NUMBER {
                return Some((Self::Packed { scale, offset: middle, single: false }, steps));
            }
        }
        None
    }

    /// A [`Lattice::Cut`] for samples that lie on no other lattice and whose low bits are noise. Its step is the precision of the
    /// largest samples, or what integers of 28 bits allow. `None` where all samples are 0, or one is not finite.
    pub(crate) fn cutting<T: Float>(samples: &[T], valid: &[bool]) -> Option<Self> {
        let values = samples.iter().zip(valid).filter(|s| *s.1).map(|s| s.0.wide().abs());
        let most =
            values.fold(0.0, |most: f64, v| if v.is_nan() || most.is_nan() { f64::NAN } else { most.max(v) });
        let lowest = if T::WORDS == 1 { -126 } else { -1022 };
        let bits = T::MANTISSA.min(28) as i32;
        (most > 0.0 && most.is_finite()).then(|| {
            let octave = (most.to_bits() >> 52 & 0x7ff) as i32 - 1023;
            Self::Cut { exponent: (octave - bits).clamp(lowest, 1000) as i16 }
        })
    }

    /// How far apart its values are; 0 for bit patterns.
    fn step(&self) -> f64 {
        match *self {
            Self::Dyadic { exponent } | Self::Cut { exponent } => power_of_two(exponent),
            Self::Decimal { places } => 10f64.powi(-i32::from(places)),
            Self::Packed { scale, .. } => scale,
            Self::Ordered => 0.0,
        }
    }
}

/// The lattice of the largest power of two that divides all values.
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
    (1..=GAP).find_map(|parts| line(&some, f64::from(parts)))
}

/// A scale and an offset of rising values, if the smallest gap between two is `parts` steps.
fn line<T: Float>(some: &[T], parts: f64) -> Option<(f64, f64)> {
    let (first, last) = (some.first()?.wide(), some.last()?.wide());
    // The smallest gap is off by the rounding of both its ends. Averaged over all gaps, that error nearly vanishes.
    let gaps = || some.windows(2).map(|w| w[1].wide() - w[0].wide());
    let mut step = gaps().fold(f64::INFINITY, f64::min) / parts;
    let reaches = |step: f64| step > 0.0 && (last - first) / step < f64::from(1 << 24);
    if !reaches(step) {
        return None;
    }
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
    // Where too many gaps are not whole numbers of steps, there is no such lattice.
    let odd =
        gaps().filter(|gap| gap / step >= 1000.0 || (gap / step - (gap / step).round()).abs() > 0.25).count();
    if odd * 20 > some.len() {
        return None;
    }
    if !reaches(step) {
        return None;
    }
    // Each value's number, and the interval of real numbers that round to the value. The line sought passes through all
    // intervals.
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
    // By how much a line of this slope misses the intervals: a convex function of the slope, so a ternary search finds its least.
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

/// Half a unit in the last place of values up to `most`, with an allowance for the arithmetic.
fn ulp<T: Float>(most: f64) -> f64 {
    let up = T::from_ordered(T::narrow(most).ordered() + 1).wide();
    let gap = if up.is_finite() { up - T::narrow(most).wide() } else { most * 1e-6 };
    gap * 0.5 + most * 1e-15
}
