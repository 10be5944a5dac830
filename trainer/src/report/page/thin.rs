//! Long series made short for drawing. Each column of the plot keeps its lowest and its highest value, so that a spike
//! of one step is seen in a run of a million.

use super::super::history::Series;

/// Points to draw; a NaN value parts the line.
pub(super) type Points = Vec<(f64, f64)>;

/// At most about two points for each of `columns` equal parts of the steps from `low` to `high`.
pub(super) fn thin(series: &Series, (low, high): (f64, f64), columns: usize) -> Points {
    let all = series.steps.iter().map(|step| *step as f64).zip(series.values.iter().copied());
    if series.steps.len() <= 2 * columns {
        return all.collect();
    }
    let width = ((high - low) / columns as f64).max(f64::MIN_POSITIVE);
    let mut points = Points::new();
    let mut column: Points = Vec::new();
    let mut at = f64::NEG_INFINITY;
    for point in all {
        let here = ((point.0 - low) / width).floor();
        if here != at {
            points.extend(extremes(&column));
            column.clear();
            at = here;
        }
        column.push(point);
    }
    points.extend(extremes(&column));
    points
}

/// The lowest and the highest, in their order; one NaN where there is no other value.
fn extremes(column: &[(f64, f64)]) -> Points {
    let finite = || column.iter().filter(|(_, value)| value.is_finite());
    let low = finite().min_by(|a, b| a.1.total_cmp(&b.1));
    let high = finite().max_by(|a, b| a.1.total_cmp(&b.1));
    match (low, high) {
        (Some(a), Some(b)) if a == b => vec![*a],
        (Some(a), Some(b)) if a.0 <= b.0 => vec![*a, *b],
        (Some(a), Some(b)) => vec![*b, *a],
        _ => column.first().copied().into_iter().collect(),
    }
}

/// The mean over a window of `2 half + 1` records, narrower at the start, where a curve is steep, and one-sided at the
/// end, where the last record alone would be noise.
pub(super) fn smooth(series: &Series, half: usize) -> Series {
    let mut sums = vec![(0.0, 0usize)];
    for value in &series.values {
        let (sum, count) = sums.last().copied().unwrap_or_default();
        sums.push(if value.is_finite() { (sum + value, count + 1) } else { (sum, count) });
    }
    let mean = |i: usize| {
        let reach = half.min(i);
        let (from, to) = (sums[i - reach], sums[(i + reach + 1).min(series.values.len())]);
        let gap = series.values[i].is_nan() || to.1 == from.1;
        if gap { f64::NAN } else { (to.0 - from.0) / (to.1 - from.1) as f64 }
    };
    Series { steps: series.steps.clone(), values: (0..series.values.len()).map(mean).collect() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn series(values: impl IntoIterator<Item = f64>) -> Series {
        let values: Vec<f64> = values.into_iter().collect();
        Series { steps: (0..values.len() as u64).collect(), values }
    }

    #[test]
    fn a_spike_of_one_step_is_kept() {
        let mut long = series((0..100_000).map(|i| (f64::from(i) * 0.37).sin()));
        (long.values[70_001], long.values[30_003]) = (50.0, -50.0);
        let points = thin(&long, (0.0, 99_999.0), 250);
        assert!((500..=502).contains(&points.len()), "{}", points.len());
        assert!(points.contains(&(70_001.0, 50.0)) && points.contains(&(30_003.0, -50.0)));
        assert!(points.is_sorted_by(|a, b| a.0 < b.0));
    }

    #[test]
    fn gaps_stay_gaps() {
        let short = thin(&series([1.0, f64::NAN, 2.0]), (0.0, 2.0), 250);
        assert!(short.len() == 3 && short[1].1.is_nan());
        let long = series((0..1000).map(|i| if (400..600).contains(&i) { f64::NAN } else { 1.0 }));
        assert!(thin(&long, (0.0, 999.0), 100).iter().any(|(step, value)| *step > 400.0 && value.is_nan()));
    }

    #[test]
    fn smoothing_is_a_mean_with_narrow_ends() {
        let smoothed = smooth(&series([9.0, 0.0, 3.0, 6.0, 9.0]), 1);
        assert_eq!(smoothed.values, [9.0, 4.0, 3.0, 6.0, 7.5]);
        let gap = smooth(&series([1.0, f64::NAN, 3.0]), 1).values;
        assert!(gap[0] == 1.0 && gap[1].is_nan() && gap[2] == 3.0);
    }
}
