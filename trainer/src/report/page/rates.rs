//! Rate against quality. Each validation is a point; older ones are paler. The last one is larger, and labelled if there are
//! several settings.

use crate::report::history::Series;
use crate::report::number;
use vqz_report::{Axis, Chart, Scale, Shape};

/// Points of one setting over time: step, bits a sample, PSNR in dB.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Path {
    pub(super) label: String,
    pub(super) points: Vec<(u64, f64, f64)>,
}

impl Path {
    /// Where both series have a value.
    pub(super) fn of(label: &str, rate: &Series, psnr: &Series) -> Self {
        let point = |(step, rate): (&u64, &f64)| Some((*step, *rate, psnr.at(*step)?));
        let both = rate.steps.iter().zip(&rate.values).filter_map(point);
        Self {
            label: label.to_owned(),
            points: both.filter(|(_, r, p)| r.is_finite() && p.is_finite()).collect(),
        }
    }
}

/// The chart; none without points.
pub(super) fn chart(paths: &[Path]) -> Option<Chart> {
    // The tenth of the points at either end does not widen the plot, because the first validations of a run are far off and
    // of little interest.
    let range = |of: fn(&(u64, f64, f64)) -> f64| {
        let mut values: Vec<f64> = paths.iter().flat_map(|path| &path.points).map(of).collect();
        values.sort_by(f64::total_cmp);
        let skip = values.len() / 10;
        Some((*values.get(skip)?, *values.iter().nth_back(skip)?, *values.last()?))
    };
    let ((low, high, _), (worst, _, best)) = (range(|p| p.1)?, range(|p| p.2)?);
    let lasts = || paths.iter().filter_map(|path| Some((path, path.points.last()?)));
    let words: Vec<String> = lasts()
        .map(|(path, (_, bits, db))| format!("{} {bits:.3} bits per sample at {db:.2} dB", path.label))
        .collect();
    // The last points of all settings: the curve that a codec is judged by.
    let mut across: Vec<(f64, f64)> = lasts().map(|(_, (_, bits, db))| (*bits, *db)).collect();
    across.sort_by(|a, b| a.0.total_cmp(&b.0));
    let guide = vqz_report::Series { shape: Shape::Guide, ..vqz_report::Series::line("", across) };
    let trails = paths.iter().enumerate().map(|(colour, path)| trail(colour, path, paths.len() > 1));
    Some(Chart {
        title: "Rate and distortion".to_owned(),
        unit: "PSNR in dB, validation".to_owned(),
        label: format!("Rate and distortion, last: {}", words.join(", ")),
        x: Axis::around(low, high, Scale::Linear, 5).named("bits per sample"),
        y: Axis::around(worst, best, Scale::Linear, 4),
        series: std::iter::once(guide).chain(trails).collect(),
        ..Chart::default()
    })
}

/// One setting over time.
fn trail(colour: usize, path: &Path, labelled: bool) -> vqz_report::Series {
    let title = |(step, bits, db): &(u64, f64, f64)| {
        format!("step {}: {bits:.3} bits per sample, {db:.2} dB", number::grouped(*step))
    };
    let value = path.points.last().map(|(_, bits, db)| format!("{bits:.3} bits, {db:.2} dB"));
    let last = path.points.len().checked_sub(1).filter(|_| labelled);
    vqz_report::Series {
        name: path.label.clone(),
        value: value.unwrap_or_default(),
        colour,
        points: path.points.iter().map(|(_, bits, db)| (*bits, *db)).collect(),
        shape: Shape::Trail,
        labels: last.map(|last| (last, path.label.clone())).into_iter().collect(),
        titles: path.points.iter().map(title).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn validations_with_both_values_are_points() {
        let rate = Series { steps: vec![100, 200, 300], values: vec![2.0, 1.5, f64::NAN] };
        let psnr = Series { steps: vec![100, 200, 300, 400], values: vec![30.0, 35.0, 36.0, 37.0] };
        let path = Path::of("all", &rate, &psnr);
        assert_eq!(path.points, [(100, 2.0, 30.0), (200, 1.5, 35.0)]);
        let chart = chart(&[path]).unwrap();
        let trail = &chart.series[1];
        assert_eq!((trail.points.len(), trail.labels.len()), (2, 0));
        assert_eq!(trail.titles[1], "step 200: 1.500 bits per sample, 35.00 dB");
        assert_eq!(chart.label, "Rate and distortion, last: all 1.500 bits per sample at 35.00 dB");
    }

    #[test]
    fn settings_are_labelled_and_joined_by_rate() {
        let path = |label: &str, bits| Path { label: label.to_owned(), points: vec![(1, bits, 30.0 + bits)] };
        let chart = chart(&[path("fine", 2.0), path("coarse", 1.0)]).unwrap();
        assert_eq!(chart.series[0].points, [(1.0, 31.0), (2.0, 32.0)]);
        assert_eq!(chart.series[2].labels, [(0, "coarse".to_owned())]);
    }

    #[test]
    fn no_points_no_chart() {
        assert!(chart(&[]).is_none());
        assert!(chart(&[Path { label: String::new(), points: Vec::new() }]).is_none());
    }
}
