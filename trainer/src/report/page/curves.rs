//! Curves over steps: thin and pale as recorded, with their mean drawn over them where there are many records; validations
//! as dots on a dotted line.

use crate::report::history::Series;
use vqz_report::{Axis, Chart, Logarithmic, Mark, Scale, Shape, thin};

/// A curve of more records than this is smoothed.
const SMOOTH_FROM: usize = 120;

/// A curve.
#[derive(Clone, Debug)]
pub(super) struct Curve {
    pub(super) label: String,
    /// Curves of one colour belong together: training and validation.
    pub(super) colour: usize,
    pub(super) validation: bool,
    pub(super) series: Series,
}

/// Which values the vertical axis has.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Range {
    /// Those of the curves.
    Values,
    /// From the first to the second.
    Fixed(f64, f64),
}

/// Whether a logarithmic scale is of use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum LogScale {
    /// Never.
    No,
    /// A reader may choose it.
    Offered,
    /// A reader may choose it, and it is the first choice where the values span a wide range.
    WhereWide,
}

/// The vertical axis of a chart of curves.
#[derive(Clone, Debug)]
pub(super) struct Vertical {
    pub(super) title: String,
    pub(super) unit: String,
    pub(super) range: Range,
    pub(super) log_scale: LogScale,
}

/// Curves over `steps`.
pub(super) fn chart(vertical: Vertical, curves: &[Curve], steps: &Axis, marks: &[Mark]) -> Chart {
    let mut values: Vec<f64> =
        curves.iter().flat_map(|c| &c.series.values).copied().filter(|v| v.is_finite()).collect();
    values.sort_by(f64::total_cmp);
    let y = match vertical.range {
        Range::Fixed(low, high) => Axis::exact(low, high, 4),
        Range::Values => Axis::around_most(values.iter().copied(), 5),
    };
    let positive = values.iter().copied().find(|value| *value > 0.0).zip(values.last().copied());
    let offered = positive.filter(|(low, high)| vertical.log_scale != LogScale::No && high > low);
    let logarithmic = offered.map(|(low, high)| {
        // It is not the first choice where it would hide a value of 0.
        let all = values.first().is_some_and(|least| *least > 0.0);
        let first = vertical.log_scale == LogScale::WhereWide && all && high > 30.0 * low;
        Logarithmic { axis: Axis::around(low, high, Scale::Logarithmic, 5), first }
    });
    Chart {
        title: vertical.title,
        unit: vertical.unit,
        x: steps.clone(),
        y,
        logarithmic,
        series: curves.iter().flat_map(|curve| drawn(curve, steps.range())).collect(),
        marks: marks.to_vec(),
        read_out: true,
        ..Chart::default()
    }
}

/// A curve as recorded, and its mean where there are many records.
fn drawn(curve: &Curve, steps: (f64, f64)) -> impl Iterator<Item = vqz_report::Series> {
    let points = curve.series.points();
    let smoothed = points.len() > SMOOTH_FROM && !curve.validation;
    let shape = match (curve.validation, smoothed) {
        (true, _) => Shape::Dotted,
        (false, true) => Shape::Pale,
        (false, false) => Shape::Line,
    };
    let line = |name: &str, points: &[(f64, f64)], shape| {
        let line = vqz_report::Series::line(name, thin::extremes(points, steps));
        vqz_report::Series { colour: curve.colour, shape, ..line }
    };
    // The mean of a mean has no edges where a spike enters and leaves its window.
    let half = points.len() / 200;
    let mean = smoothed.then(|| line("", &thin::smooth(&thin::smooth(&points, half), half), Shape::Line));
    std::iter::once(line(&curve.label, &points, shape)).chain(mean)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn many_records_are_smoothed_and_a_wide_loss_is_logarithmic() {
        let curve = |values: Vec<f64>, validation| {
            let series = Series { steps: (0..values.len() as u64).collect(), values };
            Curve { label: "a".to_owned(), colour: 0, validation, series }
        };
        let curves =
            [curve((1..1000).map(|i| 100.0 / f64::from(i)).collect(), false), curve(vec![3.0, 2.0], true)];
        let vertical = Vertical {
            title: "Loss".to_owned(),
            unit: String::new(),
            range: Range::Values,
            log_scale: LogScale::WhereWide,
        };
        let chart = chart(vertical, &curves, &Axis::exact(0.0, 999.0, 5), &[]);
        assert!(chart.logarithmic.as_ref().unwrap().first);
        let drawn: Vec<_> = chart.series.iter().map(|s| (&s.name[..], &s.shape)).collect();
        assert_eq!(drawn, [("a", &Shape::Pale), ("", &Shape::Line), ("a", &Shape::Dotted)]);
        assert!(chart.series[0].points.len() <= 502);
    }
}
