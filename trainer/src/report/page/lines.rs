//! Curves: thin and pale as recorded, with their mean drawn over them where there are many records; validations as
//! points on a dashed line.

use super::axis::{Axis, Scale};
use super::chart::{Chart, Key};
use super::frame::{self, Mark};
use super::html;
use super::thin::{self, Points};
use crate::report::history::Series;
use std::fmt::Write;

/// Two units of the drawing each.
const COLUMNS: usize = 250;
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
pub(super) enum Logarithmic {
    /// Never.
    No,
    /// To who asks for it.
    Offered,
    /// And shown at first where the values span much.
    WhereWide,
}

/// What is drawn, and how.
#[derive(Clone, Debug)]
pub(super) struct Plot<'a> {
    pub(super) title: &'a str,
    pub(super) unit: &'a str,
    pub(super) curves: &'a [Curve],
    pub(super) range: Range,
    pub(super) logarithmic: Logarithmic,
}

/// Curves over `steps`.
pub(super) fn chart(plot: &Plot<'_>, steps: &Axis, marks: &[Mark]) -> Chart {
    let mut values: Vec<f64> =
        plot.curves.iter().flat_map(|c| &c.series.values).copied().filter(|v| v.is_finite()).collect();
    values.sort_by(f64::total_cmp);
    let linear = match plot.range {
        Range::Fixed(low, high) => Axis::exact(low, high, 4),
        Range::Values => {
            let (low, high) = bulk(&values);
            Axis::around(low, high, Scale::Linear, 5)
        }
    };
    let positive = values.iter().copied().find(|value| *value > 0.0).zip(values.last().copied());
    let offered = positive.filter(|(low, high)| plot.logarithmic != Logarithmic::No && high > low);
    let colours = plot.curves.iter().map(|curve| curve.colour + 1).max().unwrap_or(0);
    let body = |axis: &Axis| format!("{}{}", frame::grid(axis), curves(plot.curves, colours, steps, axis));
    let mut content = frame::base(steps, "step");
    content.push_str(&frame::marks(steps, marks));
    let logarithmic = match offered {
        None => {
            content.push_str(&body(&linear));
            None
        }
        Some((low, high)) => {
            let axis = Axis::around(low, high, Scale::Logarithmic, 5);
            let _ = write!(
                content,
                "<g class=\"linear\">{}</g><g class=\"log\">{}</g>",
                body(&linear),
                body(&axis)
            );
            // Not where a value of 0 would be missing from what is seen first.
            let all = values.first().is_some_and(|least| *least > 0.0);
            Some(plot.logarithmic == Logarithmic::WhereWide && all && high > 30.0 * low)
        }
    };
    let key = |curve: &Curve| Key {
        label: curve.label.clone(),
        colour: html::colour(curve.colour, colours),
        dashed: curve.validation,
        points: thin::thin(&curve.series, (steps.low, steps.high), COLUMNS),
    };
    let keys = plot.curves.iter().map(key).collect();
    Chart { title: plot.title.to_owned(), unit: plot.unit.to_owned(), keys, content, logarithmic }
}

/// Least and greatest of sorted values, without a hundredth at an end that would take more than half of the height:
/// the first steps of a run, or a spike.
fn bulk(sorted: &[f64]) -> (f64, f64) {
    let at = |part: f64| sorted.get((part * sorted.len().saturating_sub(1) as f64).round() as usize).copied();
    let (Some(least), Some(low), Some(high), Some(greatest)) = (at(0.0), at(0.01), at(0.99), at(1.0)) else {
        return (0.0, 1.0);
    };
    let width = high - low;
    (if low - least > width { low } else { least }, if greatest - high > width { high } else { greatest })
}

fn curves(curves: &[Curve], colours: usize, steps: &Axis, values: &Axis) -> String {
    let mut svg = String::from("<g clip-path=\"url(#plot)\">");
    let span = (steps.low, steps.high);
    for curve in curves {
        let colour = html::colour(curve.colour, colours);
        let many = curve.series.steps.len() > SMOOTH_FROM;
        let raw = thin::thin(&curve.series, span, COLUMNS);
        let class = match (curve.validation, many) {
            (true, _) => "curve valid",
            (false, true) => "curve raw",
            (false, false) => "curve",
        };
        let _ = write!(
            svg,
            "<path class=\"{class}\" style=\"--c:{colour}\" d=\"{}\"/>",
            path(&raw, steps, values)
        );
        if curve.validation && raw.len() <= 80 {
            for (x, y) in raw.iter().filter_map(|(x, y)| Some((frame::x(steps, *x)?, frame::y(values, *y)?)))
            {
                let _ = write!(
                    svg,
                    "<circle class=\"dot\" style=\"--c:{colour}\" cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"2.6\"/>"
                );
            }
        }
        if many && !curve.validation {
            let smooth = thin::smooth(&curve.series, curve.series.steps.len() / 100);
            let points = thin::thin(&smooth, span, COLUMNS);
            let _ = write!(
                svg,
                "<path class=\"curve\" style=\"--c:{colour}\" d=\"{}\"/>",
                path(&points, steps, values)
            );
        }
    }
    svg.push_str("</g>");
    svg
}

/// Line segments; what has no place parts them. A lone point is a segment of no length, which round caps show.
pub(super) fn path(points: &Points, steps: &Axis, values: &Axis) -> String {
    let mut d = String::new();
    let (mut open, mut lone) = (false, None);
    for (x, y) in points {
        let place = frame::x(steps, *x).zip(frame::y(values, *y));
        let Some((x, y)) = place else {
            if let Some((x, y)) = lone.take() {
                let _ = write!(d, "L{x:.1} {y:.1}");
            }
            open = false;
            continue;
        };
        let _ = write!(d, "{}{x:.1} {y:.1}", if open { 'L' } else { 'M' });
        lone = if open { None } else { Some((x, y)) };
        open = true;
    }
    if let Some((x, y)) = lone {
        let _ = write!(d, "L{x:.1} {y:.1}");
    }
    d
}

#[cfg(test)]
mod tests {
    use super::*;

    fn curve(values: Vec<f64>, validation: bool) -> Curve {
        let series = Series { steps: (0..values.len() as u64).collect(), values };
        Curve { label: "a".to_owned(), colour: 0, validation, series }
    }

    #[test]
    fn gaps_part_a_path_and_lone_points_stay() {
        let (steps, values) = (Axis::exact(0.0, 3.0, 3), Axis::exact(0.0, 1.0, 2));
        let points = vec![(0.0, 0.0), (1.0, f64::NAN), (2.0, 1.0), (3.0, 1.0)];
        assert_eq!(path(&points, &steps, &values), "M50.0 230.0L50.0 230.0M382.0 16.0L548.0 16.0");
    }

    #[test]
    fn many_records_are_smoothed_and_a_wide_loss_is_logarithmic() {
        let curves =
            [curve((1..1000).map(|i| 100.0 / f64::from(i)).collect(), false), curve(vec![3.0, 2.0], true)];
        let plot = Plot {
            title: "Loss",
            unit: "",
            curves: &curves,
            range: Range::Values,
            logarithmic: Logarithmic::WhereWide,
        };
        let chart = chart(&plot, &Axis::exact(0.0, 999.0, 5), &[]);
        assert_eq!(chart.logarithmic, Some(true));
        assert_eq!(chart.content.matches("class=\"curve raw\"").count(), 2, "linear and logarithmic");
        assert_eq!(
            (
                chart.content.matches("class=\"curve valid\"").count(),
                chart.content.matches("<circle").count()
            ),
            (2, 4)
        );
        assert!(chart.keys[1].dashed && chart.keys[0].points.len() <= 502);
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
