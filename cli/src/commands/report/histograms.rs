//! The histograms of a report: chooses bins for the samples and the errors of a band.

use crate::output;
use vqz_archive::metrics::Histogram;
use vqz_report::Chart;
use vqz_report::histogram::{self, Bins};

/// The greatest number of bins of a chart.
const BINS: usize = 72;

/// Samples of a band from the 0.1st to the 99.9th percentile: those of the source, if there is one, and the decoded
/// ones.
pub(super) fn samples(name: &str, source: Option<&Histogram>, decoded: &Histogram) -> Chart {
    let shown = source.unwrap_or(decoded);
    let (Some(low), Some(high)) = (shown.quantile(0.001), shown.quantile(0.999)) else {
        return histogram::note(name, "no valid samples");
    };
    if !(high - low).is_finite() {
        return histogram::note(name, "their range is beyond float64");
    }
    let (low, high, bins) = range(low, high, shown.width().max(decoded.width()));
    let ends = [low, high].map(|end| output::figure(three_digits(end)));
    let after = Bins { range: (low, high), ends, counts: decoded.rebin(low, high, bins) };
    histogram::samples(name, source.map(|source| source.rebin(low, high, bins)).as_deref(), &after)
}

/// Errors of a band, decoded less source, and the promised bound.
pub(super) fn errors(name: &str, errors: &Histogram, bound: Option<f64>) -> Chart {
    if errors.count == 0 {
        return histogram::note(name, "no valid samples");
    }
    let largest = errors.least.abs().max(errors.most.abs());
    if largest == 0.0 {
        return histogram::note(name, "every sample is equal");
    }
    let reach = bound.unwrap_or(0.0).max(largest);
    // An odd number of bins, so that errors of 0 stand in the middle of one.
    let width = errors.width();
    let whole = 2.0 * (reach / width).floor() + 1.0;
    let few = whole <= BINS as f64;
    let bins = if few { whole as usize } else { BINS + 1 };
    let half = if few { whole * width / 2.0 } else { reach * 1.02 };
    // Bins of integers begin at the integers. Moved left by half a bin, they have the integers in the middle.
    let shift = if width >= 1.0 || few { width / 2.0 } else { 0.0 };
    let end = output::figure(three_digits(half));
    let counts = errors.rebin(-half + shift, half + shift, bins);
    let bins = Bins { range: (-half, half), ends: [format!("−{end}"), format!("+{end}")], counts };
    histogram::errors(name, &bins, bound)
}

/// The ends and the number of bins around a range of samples. If there are few integers, each has a bin of its own.
fn range(low: f64, high: f64, width: f64) -> (f64, f64, usize) {
    let (low, high) = ((low / width).floor() * width, (high / width).floor() * width + width);
    let whole = (high - low) / width;
    // Each bin covers the same number of integers; otherwise some bins would cover one more and stand out.
    let each = (whole / BINS as f64).ceil().max(1.0);
    let bins = ((whole / each).ceil() as usize).max(1);
    (low, low + each * width * bins as f64, bins)
}

/// Three significant digits.
fn three_digits(value: f64) -> f64 {
    if value == 0.0 || !value.is_finite() {
        return value;
    }
    if value.abs() >= 100.0 {
        return value.round();
    }
    let unit = 10f64.powf(value.abs().log10().floor() - 2.0);
    // By formatting and parsing, because products with powers of ten are not exact.
    format!("{:.12}", (value / unit).round() * unit).parse().unwrap_or(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(values: &[f64]) -> Histogram {
        let mut histogram = Histogram::new(1.0);
        values.iter().for_each(|value| histogram.add(*value));
        histogram
    }

    #[test]
    fn both_are_drawn_on_one_axis() {
        let source: Vec<f64> = (0..1000).map(f64::from).collect();
        let chart = samples("B02", Some(&of(&source)), &of(&source[10..]));
        assert_eq!((chart.series.len(), chart.x.range()), (2, (1.0, 1009.0)));
        assert_eq!(samples("x", None, &of(&[])).note, "no valid samples");
    }

    #[test]
    fn errors_stand_around_nothing() {
        let chart = errors("B02", &of(&[-2.0, -1.0, 0.0, 0.0, 1.0]), Some(3.0));
        assert_eq!((chart.marks.len(), chart.x.range()), (3, (-3.5, 3.5)));
        assert_eq!(errors("B02", &of(&[0.0; 4]), None).note, "every sample is equal");
        assert_eq!([0.012_345, 1234.6, 12.34, 0.0].map(three_digits), [0.0123, 1235.0, 12.3, 0.0]);
    }
}
