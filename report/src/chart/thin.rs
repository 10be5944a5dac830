//! Reduces long series to what can be drawn. Each column of the plot keeps its lowest and its highest value, so that
//! a spike of one step stays visible in a run of a million steps.

use super::{Series, Shape};

/// The number of columns in a plot of curves; each is two units of the drawing wide.
const COLUMNS: usize = 250;

/// The number of columns in a plot of areas; each is three units of the drawing wide.
const AREA_COLUMNS: usize = 165;

/// Reduces a series to at most about two points for each column of a plot whose horizontal axis runs from `low` to
/// `high`.
pub fn extremes(points: &[(f64, f64)], (low, high): (f64, f64)) -> Vec<(f64, f64)> {
    if points.len() <= 2 * COLUMNS {
        return points.to_vec();
    }
    let width = ((high - low) / COLUMNS as f64).max(f64::MIN_POSITIVE);
    let column = |point: &(f64, f64)| ((point.0 - low) / width).floor();
    points.chunk_by(|a, b| column(a) == column(b)).flat_map(low_and_high).collect()
}

/// The lowest and the highest point, in their original order. A single NaN if there is no other value.
fn low_and_high(column: &[(f64, f64)]) -> Vec<(f64, f64)> {
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

/// The mean over a window of `2 half + 1` points, narrower at the start, where a curve is steep, and one-sided at the
/// end, where the last point alone would be noise.
pub fn smooth(points: &[(f64, f64)], half: usize) -> Vec<(f64, f64)> {
    let mut sums = vec![(0.0, 0usize)];
    for (_, value) in points {
        let (sum, count) = sums.last().copied().unwrap_or_default();
        sums.push(if value.is_finite() { (sum + value, count + 1) } else { (sum, count) });
    }
    let mean = |i: usize| {
        let reach = half.min(i);
        let (from, to) = (sums[i - reach], sums[(i + reach + 1).min(points.len())]);
        let gap = points[i].1.is_nan() || to.1 == from.1;
        if gap { f64::NAN } else { (to.0 - from.0) / (to.1 - from.1) as f64 }
    };
    (0..points.len()).map(|i| (points[i].0, mean(i))).collect()
}

/// Stacked areas, the first at the bottom. Each point is the mean over a column of the plot. `named` are names with
/// their values at `places`; a value that is not finite counts as 0.
pub fn stack(places: &[f64], named: &[(String, Vec<f64>)], (low, high): (f64, f64)) -> Vec<Series> {
    let width = ((high - low) / AREA_COLUMNS as f64).max(f64::MIN_POSITIVE);
    let column = |i: usize| ((places[i] - low) / width).floor();
    let numbers: Vec<usize> = (0..places.len()).collect();
    let columns: Vec<&[usize]> = numbers.chunk_by(|a, b| column(*a) == column(*b)).collect();
    let mut lower = vec![0.0; columns.len()];
    let area = |(colour, (name, values)): (usize, &(String, Vec<f64>))| {
        let value = |i: &usize| values.get(*i).copied().filter(|value| value.is_finite()).unwrap_or(0.0);
        let mean = |column: &&[usize]| column.iter().map(value).sum::<f64>() / column.len() as f64;
        let upper: Vec<f64> = columns.iter().zip(&lower).map(|(column, low)| low + mean(column)).collect();
        let points =
            columns.iter().zip(&upper).map(|(column, high)| (places[column[column.len() - 1]], *high));
        let shape = Shape::Area(std::mem::replace(&mut lower, upper.clone()));
        Series { name: name.clone(), colour, points: points.collect(), shape, ..Series::default() }
    };
    named.iter().enumerate().map(area).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn series(values: impl IntoIterator<Item = f64>) -> Vec<(f64, f64)> {
        values.into_iter().enumerate().map(|(i, value)| (i as f64, value)).collect()
    }

    #[test]
    fn a_spike_of_one_step_is_kept() {
        let mut long = series((0..100_000).map(|i| (f64::from(i) * 0.37).sin()));
        (long[70_001].1, long[30_003].1) = (50.0, -50.0);
        let points = extremes(&long, (0.0, 99_999.0));
        assert!((500..=502).contains(&points.len()), "{}", points.len());
        assert!(points.contains(&(70_001.0, 50.0)) && points.contains(&(30_003.0, -50.0)));
        assert!(points.is_sorted_by(|a, b| a.0 < b.0));
    }

    #[test]
    fn gaps_stay_gaps() {
        let short = extremes(&series([1.0, f64::NAN, 2.0]), (0.0, 2.0));
        assert!(short.len() == 3 && short[1].1.is_nan());
        let long = series((0..1000).map(|i| if (400..600).contains(&i) { f64::NAN } else { 1.0 }));
        assert!(extremes(&long, (0.0, 999.0)).iter().any(|(step, value)| *step > 400.0 && value.is_nan()));
    }

    #[test]
    fn smoothing_is_a_mean_with_narrow_ends() {
        let values = |points: Vec<(f64, f64)>| points.into_iter().map(|point| point.1).collect::<Vec<_>>();
        assert_eq!(values(smooth(&series([9.0, 0.0, 3.0, 6.0, 9.0]), 1)), [9.0, 4.0, 3.0, 6.0, 7.5]);
        let gap = values(smooth(&series([1.0, f64::NAN, 3.0]), 1));
        assert!(gap[0] == 1.0 && gap[1].is_nan() && gap[2] == 3.0);
    }

    #[test]
    fn areas_lie_on_one_another_and_are_means_of_columns() {
        let named = [("load".to_owned(), vec![1.0, 3.0]), ("forward".to_owned(), vec![2.0, f64::NAN])];
        let areas = stack(&[0.0, 1.0], &named, (0.0, 1.0));
        assert_eq!(
            (&areas[0].points[..], &areas[0].shape),
            (&[(0.0, 1.0), (1.0, 3.0)][..], &Shape::Area(vec![0.0; 2]))
        );
        assert_eq!(
            (&areas[1].points[..], &areas[1].shape),
            (&[(0.0, 3.0), (1.0, 3.0)][..], &Shape::Area(vec![1.0, 3.0]))
        );
        let places: Vec<f64> = (0..1650).map(f64::from).collect();
        let areas =
            stack(&places, &[("a".to_owned(), places.iter().map(|i| i % 10.0).collect())], (0.0, 1650.0));
        assert!(areas[0].points.len() == AREA_COLUMNS && areas[0].points.iter().all(|point| point.1 == 4.5));
    }
}
