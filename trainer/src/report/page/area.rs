//! The time of a step, its phases upon one another: the height is the whole, each band its part.

use super::axis::Axis;
use super::chart::{Chart, Key};
use super::frame::{self, Mark};
use super::html;
use crate::report::history::Series;
use std::fmt::Write;

/// Three units of the drawing each.
const COLUMNS: usize = 165;

/// Bands over `steps`, the first at the bottom. All series have the steps of the first; what one lacks counts as 0.
pub(super) fn chart(
    title: &str,
    unit: &str,
    bands: &[(String, &Series)],
    steps: &Axis,
    marks: &[Mark],
) -> Chart {
    let columns = columns(bands, steps);
    // A few slow steps, such as the first on a GPU, should not flatten the others.
    let mut totals: Vec<f64> = columns.iter().map(|(_, values)| values.iter().sum()).collect();
    totals.sort_by(f64::total_cmp);
    let at = |part: f64| {
        totals.get((part * totals.len().saturating_sub(1) as f64) as usize).copied().unwrap_or(1.0)
    };
    let high = if at(1.0) > 1.5 * at(0.985) { at(0.985) } else { at(1.0) };
    let axis = Axis::exact(0.0, if high > 0.0 { 1.1 * high } else { 1.0 }, 4);
    let mut content = format!("{}<g clip-path=\"url(#plot)\">", frame::grid(&axis));
    for band in 0..bands.len() {
        let edge = |upto: usize| {
            let point = |(step, values): &(f64, Vec<f64>)| {
                frame::x(steps, *step).zip(frame::y(&axis, values[..upto].iter().sum()))
            };
            columns.iter().filter_map(point).collect::<Vec<_>>()
        };
        let (below, above) = (edge(band), edge(band + 1));
        let mut d = String::new();
        for (i, (x, y)) in above.iter().chain(below.iter().rev()).enumerate() {
            let _ = write!(d, "{}{x:.1} {y:.1}", if i == 0 { 'M' } else { 'L' });
        }
        let colour = html::colour(band, bands.len());
        let _ = write!(content, "<path class=\"band\" style=\"--c:{colour}\" d=\"{d}Z\"/>");
    }
    let _ = write!(content, "</g>{}{}", frame::base(steps, "step"), frame::marks(steps, marks));
    let key = |(i, (label, _)): (usize, &(String, &Series))| Key {
        label: label.clone(),
        colour: html::colour(i, bands.len()),
        dashed: false,
        points: columns.iter().map(|(step, values)| (*step, values[i])).collect(),
    };
    let keys = bands.iter().enumerate().map(key).collect();
    Chart { title: title.to_owned(), unit: unit.to_owned(), keys, content, logarithmic: None }
}

/// Means over columns of steps, each at its last step.
fn columns(bands: &[(String, &Series)], steps: &Axis) -> Vec<(f64, Vec<f64>)> {
    let width = ((steps.high - steps.low) / COLUMNS as f64).max(f64::MIN_POSITIVE);
    let mut columns: Vec<(f64, f64, Vec<f64>, f64)> = Vec::new();
    for step in bands.first().into_iter().flat_map(|(_, series)| &series.steps) {
        let here = ((*step as f64 - steps.low) / width).floor();
        let value =
            |(_, series): &(String, &Series)| series.at(*step).filter(|v| v.is_finite()).unwrap_or(0.0);
        let values = bands.iter().map(value);
        match columns.last_mut().filter(|column| column.0 == here) {
            Some((_, last, sums, count)) => {
                *last = *step as f64;
                *count += 1.0;
                sums.iter_mut().zip(values).for_each(|(sum, value)| *sum += value);
            }
            None => columns.push((here, *step as f64, values.collect(), 1.0)),
        }
    }
    let mean = |(_, step, sums, count): (f64, f64, Vec<f64>, f64)| {
        (step, sums.iter().map(|sum| sum / count).collect())
    };
    columns.into_iter().map(mean).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn series(values: &[f64]) -> Series {
        Series { steps: (0..values.len() as u64).collect(), values: values.to_vec() }
    }

    #[test]
    fn bands_lie_on_one_another() {
        let (load, forward) = (series(&[1.0, 3.0]), series(&[2.0, f64::NAN]));
        let bands = [("load".to_owned(), &load), ("forward".to_owned(), &forward)];
        let chart = chart("Time", "ms", &bands, &Axis::exact(0.0, 1.0, 2), &[]);
        assert_eq!(chart.content.matches("class=\"band\"").count(), 2);
        // The second band's upper edge starts at 3 of 3.3 and ends on the first's.
        assert!(
            chart.content.contains("d=\"M50.0 35.5L548.0 35.5L548.0 35.5L50.0 165.2Z\""),
            "{}",
            chart.content
        );
        assert_eq!(chart.keys[1].points, [(0.0, 2.0), (1.0, 0.0)]);
    }

    #[test]
    fn columns_are_means() {
        let long = series(&(0..1650).map(|i| f64::from(i % 10)).collect::<Vec<_>>());
        let columns = columns(&[("a".to_owned(), &long)], &Axis::exact(0.0, 1650.0, 2));
        assert_eq!(columns.len(), COLUMNS);
        assert!(columns.iter().all(|(_, values)| values == &[4.5]));
    }
}
