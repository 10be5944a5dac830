//! The scale of an axis: maps a value to a position between 0 and 1, and chooses ticks at round numbers.

/// Whether an axis is linear or logarithmic.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Scale {
    /// Equal differences are equal lengths.
    #[default]
    Linear,
    /// Equal ratios are equal lengths; only for values above 0.
    Logarithmic,
}

/// An axis from `low` to `high`.
#[derive(Clone, Debug, Default)]
pub struct Axis {
    pub(super) low: f64,
    pub(super) high: f64,
    pub(super) name: String,
    scale: Scale,
    /// Values with their labels.
    pub(super) ticks: Vec<(f64, String)>,
}

impl Axis {
    /// An axis from `low` to `high` with about `count` ticks.
    pub fn exact(low: f64, high: f64, count: usize) -> Self {
        let (low, high) = widen(low, high);
        Self { ticks: linear_ticks(low, high, count), ..Self::bare(low, high) }
    }

    /// An axis around values that lie between `low` and `high`, with a little room, and extended to 0 if 0 is near.
    pub fn around(low: f64, high: f64, scale: Scale, count: usize) -> Self {
        if scale == Scale::Logarithmic && low > 0.0 {
            let room = (high / low).powf(0.05).max(1.02);
            let (low, high) = (low / room, high * room);
            return Self { scale, ticks: logarithmic_ticks(low, high, count), ..Self::bare(low, high) };
        }
        // If the range is tiny compared with the values, the labels of ticks would have too many digits.
        let next_to_nothing = high - low <= 1e-3 * low.abs().max(high.abs());
        let (low, high) = widen(low, if next_to_nothing { low } else { high });
        let room = 0.06 * (high - low);
        let bottom = if low >= 0.0 && low < 0.35 * high { 0.0 } else { low - room };
        Self::exact(bottom, high + room, count)
    }

    /// An axis around most of some values. If one hundredth of the values at either end would take more than half of
    /// the axis, they are left out, such as a spike or the first steps of a run.
    pub fn around_most(values: impl IntoIterator<Item = f64>, count: usize) -> Self {
        let (low, high) = bulk(&crate::scale::sorted(values));
        Self::around(low, high, Scale::Linear, count)
    }

    /// An axis without ticks.
    pub fn bare(low: f64, high: f64) -> Self {
        Self { low, high, ..Self::default() }
    }

    /// An axis with these labels at its ends.
    pub fn ends(low: f64, high: f64, labels: [&str; 2]) -> Self {
        let ticks = [low, high].into_iter().zip(labels.map(str::to_owned)).collect();
        Self { ticks, ..Self::bare(low, high) }
    }

    /// The axis with a name, which is written at its end.
    #[must_use]
    pub fn named(mut self, name: &str) -> Self {
        name.clone_into(&mut self.name);
        self
    }

    /// The ends of the axis.
    pub fn range(&self) -> (f64, f64) {
        (self.low, self.high)
    }

    /// The position of a value: 0 at the low end, 1 at the high end. None for a value that has no position, such as
    /// NaN.
    pub(super) fn place(&self, value: f64) -> Option<f64> {
        let part = match self.scale {
            Scale::Linear => (value - self.low) / (self.high - self.low),
            Scale::Logarithmic => (value / self.low).ln() / (self.high / self.low).ln(),
        };
        part.is_finite().then_some(part)
    }
}

/// The smallest and the largest of sorted values, without one hundredth of them at an end where they would take more
/// than half of the height.
fn bulk(sorted: &[f64]) -> (f64, f64) {
    let at = |part: f64| sorted.get((part * sorted.len().saturating_sub(1) as f64).round() as usize).copied();
    let (Some(least), Some(low), Some(high), Some(greatest)) = (at(0.0), at(0.01), at(0.99), at(1.0)) else {
        return (0.0, 1.0);
    };
    let width = high - low;
    (if low - least > width { low } else { least }, if greatest - high > width { high } else { greatest })
}

fn widen(low: f64, high: f64) -> (f64, f64) {
    if high > low {
        (low, high)
    } else {
        let half = if low == 0.0 { 1.0 } else { 0.05 * low.abs() };
        (low - half, low + half)
    }
}

fn linear_ticks(low: f64, high: f64, count: usize) -> Vec<(f64, String)> {
    let raw = (high - low) / count.max(1) as f64;
    let power = 10f64.powf(raw.log10().floor());
    // Rather a few ticks more than requested than a few less.
    let step = [1.0, 2.0, 2.5, 5.0, 10.0].map(|m| m * power).into_iter().find(|step| *step >= 0.8 * raw);
    let step = step.unwrap_or(10.0 * power);
    let first = (low / step - 1e-9).ceil();
    (0..=2 * count)
        .map(|i| (first + i as f64) * step)
        .take_while(|tick| *tick <= high + 1e-9 * step)
        .map(|tick| (tick, label(tick, step)))
        .collect()
}

fn logarithmic_ticks(low: f64, high: f64, count: usize) -> Vec<(f64, String)> {
    let (first, last) = (low.log10().floor() as i32, high.log10().ceil() as i32);
    let of = |digits: &[f64], every: i32| -> Vec<(f64, String)> {
        (first..=last)
            .filter(|power| power.rem_euclid(every) == 0)
            .flat_map(|power| digits.iter().map(move |digit| (digit * 10f64.powi(power), 10f64.powi(power))))
            .filter(|(tick, _)| (low..=high).contains(tick))
            .map(|(tick, unit)| (tick, label(tick, unit)))
            .collect()
    };
    let digits: [&[f64]; 3] = [&[1.0, 2.0, 5.0], &[1.0, 3.0], &[1.0]];
    let fine =
        digits.into_iter().map(|digits| of(digits, 1)).find(|ticks| (3..=count + 2).contains(&ticks.len()));
    fine.unwrap_or_else(|| {
        let every = (last - first).div_euclid(count.max(1) as i32) + 1;
        let ticks = of(&[1.0], every);
        // For less than a decade, ticks with round differences are better than ticks with round ratios.
        if ticks.len() < 3 { linear_ticks(low, high, count) } else { ticks }
    })
}

/// A label with as few digits as distinguish ticks of this step.
fn label(tick: f64, step: f64) -> String {
    let size = tick.abs().max(step);
    if tick.abs() < 1e-9 * step {
        return "0".to_owned();
    }
    for (unit, sign) in [(1e9, "G"), (1e6, "M"), (1e3, "k")] {
        if size >= 10.0 * unit || (size >= unit && step >= 0.1 * unit) {
            return format!("{}{sign}", plain(tick / unit, step / unit));
        }
    }
    if size < 1e-3 {
        let power = size.log10().floor();
        let unit = 10f64.powf(power);
        return format!("{}e{power}", plain(tick / unit, step / unit));
    }
    plain(tick, step)
}

fn plain(tick: f64, step: f64) -> String {
    let decimals = |step: f64| (-(step.log10() + 1e-9).floor()).clamp(0.0, 9.0) as usize;
    // Steps such as 2.5 and 0.25 need one digit more than their magnitude suggests.
    let more = usize::from((step / 10f64.powf(step.log10().floor()) - 2.5).abs() < 1e-6);
    let text = format!("{tick:.*}", decimals(step) + more);
    if text.contains('.') && more > 0 {
        text.trim_end_matches('0').trim_end_matches('.').to_owned()
    } else {
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels(axis: &Axis) -> Vec<&str> {
        axis.ticks.iter().map(|(_, label)| label.as_str()).collect()
    }

    #[test]
    fn ticks_are_round_and_short() {
        assert_eq!(labels(&Axis::exact(0.0, 20_000.0, 5)), ["0", "5k", "10k", "15k", "20k"]);
        assert_eq!(labels(&Axis::exact(0.0, 1.0, 5)), ["0", "0.2", "0.4", "0.6", "0.8", "1.0"]);
        assert_eq!(labels(&Axis::exact(36.9, 39.1, 5)), ["37.0", "37.5", "38.0", "38.5", "39.0"]);
        assert_eq!(labels(&Axis::exact(0.0, 1_000.0, 4)), ["0", "200", "400", "600", "800", "1.0k"]);
        assert_eq!(labels(&Axis::exact(0.0, 3e-4, 3)), ["0", "1e-4", "2e-4", "3e-4"]);
        assert_eq!(labels(&Axis::exact(0.0, 5e6, 5)), ["0", "1M", "2M", "3M", "4M", "5M"]);
    }

    #[test]
    fn logarithmic_ticks_are_powers_where_there_is_room() {
        let axis = Axis::around(0.012, 7.0, Scale::Logarithmic, 5);
        assert_eq!(labels(&axis), ["0.01", "0.03", "0.1", "0.3", "1", "3"]);
        assert!((axis.place((axis.low * axis.high).sqrt()).unwrap() - 0.5).abs() < 1e-12);
        assert_eq!(axis.place(0.0), None);
        let wide = Axis::around(1e-8, 1.0, Scale::Logarithmic, 5);
        assert!((3..=7).contains(&wide.ticks.len()), "{:?}", labels(&wide));
        let narrow = Axis::around(30.0, 32.0, Scale::Logarithmic, 5);
        assert!(narrow.ticks.len() >= 3, "{:?}", labels(&narrow));
    }

    #[test]
    fn no_range_is_widened_and_zero_is_near() {
        let flat = Axis::around(5.0, 5.0, Scale::Linear, 4);
        assert!(flat.low < 5.0 && flat.high > 5.0 && !flat.ticks.is_empty());
        assert_eq!(Axis::around(0.1, 1.0, Scale::Linear, 4).low, 0.0);
        let nearly = Axis::around(0.999_999_9, 1.000_000_1, Scale::Linear, 4);
        assert!(labels(&nearly).iter().all(|label| label.len() <= 5), "{:?}", labels(&nearly));
        assert!(Axis::around(30.0, 38.0, Scale::Linear, 4).low > 29.0);
    }

    #[test]
    fn a_spike_does_not_flatten_the_rest() {
        let mut sorted: Vec<f64> = (0..1000).map(|i| f64::from(i) / 1000.0).collect();
        sorted.push(1e6);
        assert_eq!(bulk(&sorted), (0.0, 0.99));
        assert_eq!(bulk(&[1.0, 2.0]), (1.0, 2.0));
        assert_eq!(bulk(&[]), (0.0, 1.0));
    }
}
