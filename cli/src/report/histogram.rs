//! Histograms as inline SVG: samples before and after one over the other, and errors with a logarithmic count.

use super::escape;
use crate::output;
use std::fmt::Write;
use vqz_archive::metrics::histogram::Histogram;

const WIDTH: f64 = 300.0;
const HEIGHT: f64 = 128.0;
/// Left, top, right, bottom.
const MARGIN: [f64; 4] = [6.0, 20.0, 6.0, 20.0];
const BINS: usize = 72;

/// Samples of a band: those of the source filled, where there is one, and the decoded ones as a line. From the 0.1st to the
/// 99.9th percentile.
pub(crate) fn samples(name: &str, source: Option<&Histogram>, decoded: &Histogram) -> String {
    let of = source.unwrap_or(decoded);
    let (Some(low), Some(high)) = (of.quantile(0.001), of.quantile(0.999)) else {
        return nothing(name);
    };
    let (low, high, bins) = range(low, high, of.width().max(decoded.width()));
    let after = decoded.rebin(low, high, bins);
    let before = source.map(|histogram| histogram.rebin(low, high, bins));
    let most = after.iter().chain(before.iter().flatten()).copied().fold(1.0, f64::max);
    let title = match source {
        Some(_) => format!("Histogram of {name}, source and decoded"),
        None => format!("Histogram of {name}, decoded"),
    };
    let mut svg = open(&title, name);
    if let Some(before) = before {
        let _ = writeln!(svg, "<path class=\"filled\" d=\"{}\"/>", steps(&before, most, Closed::Yes));
    }
    let _ = writeln!(svg, "<path class=\"curve\" d=\"{}\"/>", steps(&after, most, Closed::No));
    close(svg, &output::figure(three(low)), &output::figure(three(high)))
}

/// Errors of a band, decoded less source, in logarithmic counts. `bound` is what is promised.
pub(crate) fn errors(name: &str, errors: &Histogram, bound: Option<f64>) -> String {
    if errors.count == 0 {
        return nothing(name);
    }
    let largest = errors.least.abs().max(errors.most.abs());
    if largest == 0.0 {
        let mut svg = open(&format!("Errors of {name}: none"), name);
        let _ = writeln!(
            svg,
            "<text x=\"{}\" y=\"{}\" text-anchor=\"middle\">every sample is equal</text>",
            WIDTH / 2.0,
            HEIGHT / 2.0 + 4.0
        );
        return close(svg, "", "");
    }
    let reach = bound.unwrap_or(0.0).max(largest);
    // An odd number of bins, so that errors of 0 stand in the middle of one.
    let width = errors.width();
    let whole = 2.0 * (reach / width).floor() + 1.0;
    let bins = if whole <= BINS as f64 { whole as usize } else { BINS + 1 };
    let half = if whole <= BINS as f64 { whole * width / 2.0 } else { reach * 1.02 };
    // Bins of whole numbers begin at these: half a bin to the left they are in the middle.
    let shift = if width >= 1.0 || whole <= BINS as f64 { width / 2.0 } else { 0.0 };
    let counts = errors.rebin(-half + shift, half + shift, bins);
    let levels: Vec<f64> = counts.iter().map(|count| (count + 1.0).log10()).collect();
    let most = levels.iter().copied().fold(0.1, f64::max);
    let mut svg = open(&format!("Errors of {name}, logarithmic counts"), name);
    let _ = writeln!(svg, "<path class=\"filled error\" d=\"{}\"/>", steps(&levels, most, Closed::Yes));
    let x = |value: f64| MARGIN[0] + (value + half) / (2.0 * half) * (WIDTH - MARGIN[0] - MARGIN[2]);
    let (top, floor) = (MARGIN[1], HEIGHT - MARGIN[3]);
    let _ = writeln!(
        svg,
        "<line class=\"axis\" x1=\"{0:.1}\" x2=\"{0:.1}\" y1=\"{top}\" y2=\"{floor}\"/>",
        x(0.0)
    );
    for bound in bound.into_iter().flat_map(|bound| [-bound, bound]) {
        let at = x(bound);
        let _ = writeln!(
            svg,
            "<line class=\"bound\" x1=\"{at:.1}\" x2=\"{at:.1}\" y1=\"{top}\" y2=\"{floor}\"/>"
        );
    }
    let end = output::figure(three(half));
    close(svg, &format!("−{end}"), &format!("+{end}"))
}

/// Whether a line of steps comes back to the axis.
#[derive(Clone, Copy, PartialEq)]
enum Closed {
    Yes,
    No,
}

/// Ends and number of bins: for few whole numbers a bin each.
fn range(low: f64, high: f64, width: f64) -> (f64, f64, usize) {
    let (low, high) = ((low / width).floor() * width, (high / width).floor() * width + width);
    let whole = (high - low) / width;
    // A whole number of samples in each bin, or bins would hold one more here and there.
    let each = (whole / BINS as f64).ceil().max(1.0);
    let bins = ((whole / each).ceil() as usize).max(1);
    (low, low + each * width * bins as f64, bins)
}

/// Three significant digits.
fn three(value: f64) -> f64 {
    if value == 0.0 || !value.is_finite() {
        return value;
    }
    if value.abs() >= 100.0 {
        return value.round();
    }
    let unit = 10f64.powf(value.abs().log10().floor() - 2.0);
    // By way of text: products of powers of ten carry dust.
    format!("{:.12}", (value / unit).round() * unit).parse().unwrap_or(value)
}

fn open(title: &str, name: &str) -> String {
    format!(
        "<svg class=\"histogram\" viewBox=\"0 0 {WIDTH} {HEIGHT}\" role=\"img\" aria-label=\"{}\">\n<text class=\"name\" \
         x=\"{}\" y=\"13\">{}</text>\n",
        escape(title),
        MARGIN[0],
        escape(name)
    )
}

fn close(mut svg: String, low: &str, high: &str) -> String {
    let (left, right, floor) = (MARGIN[0], WIDTH - MARGIN[2], HEIGHT - MARGIN[3]);
    // Writing to a string does not fail.
    let _ = write!(
        svg,
        "<line class=\"axis\" x1=\"{left}\" x2=\"{right}\" y1=\"{floor}\" y2=\"{floor}\"/>\n<text x=\"{left}\" \
         y=\"{0}\">{1}</text><text x=\"{right}\" y=\"{0}\" text-anchor=\"end\">{2}</text>\n</svg>\n",
        floor + 15.0,
        escape(low),
        escape(high)
    );
    svg
}

fn nothing(name: &str) -> String {
    let mut svg = open(&format!("{name} has no valid samples"), name);
    let _ = writeln!(
        svg,
        "<text x=\"{}\" y=\"{}\" text-anchor=\"middle\">no valid samples</text>",
        WIDTH / 2.0,
        HEIGHT / 2.0 + 4.0
    );
    close(svg, "", "")
}

fn steps(values: &[f64], most: f64, closed: Closed) -> String {
    let (floor, room) = (HEIGHT - MARGIN[3], HEIGHT - MARGIN[1] - MARGIN[3]);
    let width = (WIDTH - MARGIN[0] - MARGIN[2]) / values.len().max(1) as f64;
    let y = |value: f64| floor - value / most * room;
    let mut path = String::new();
    for (i, value) in values.iter().enumerate() {
        let (from, to) = (MARGIN[0] + width * i as f64, MARGIN[0] + width * (i + 1) as f64);
        let start = if i > 0 {
            'L'
        } else if closed == Closed::Yes {
            let _ = write!(path, "M{from:.1} {floor:.1}");
            'L'
        } else {
            'M'
        };
        let _ = write!(path, "{start}{from:.1} {0:.1}L{to:.1} {0:.1}", y(*value));
    }
    if closed == Closed::Yes {
        let _ = write!(path, "L{:.1} {floor:.1}Z", WIDTH - MARGIN[2]);
    }
    path
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
        let svg = samples("B02 <", Some(&of(&source)), &of(&source[10..]));
        assert!(svg.contains("aria-label=\"Histogram of B02 &lt;, source and decoded\""), "{svg}");
        assert_eq!((svg.matches("class=\"filled\"").count(), svg.matches("class=\"curve\"").count()), (1, 1));
        assert!(svg.contains(">1</text>") && svg.contains(">1009</text>"), "{svg}");
        assert!(samples("x", None, &of(&[])).contains("no valid samples"));
    }

    #[test]
    fn errors_stand_around_nothing() {
        let svg = errors("B02", &of(&[-2.0, -1.0, 0.0, 0.0, 1.0]), Some(3.0));
        assert_eq!(svg.matches("class=\"bound\"").count(), 2);
        assert!(svg.contains(">−3.5</text>") && svg.contains(">+3.5</text>"), "{svg}");
        assert!(errors("B02", &of(&[0.0; 4]), None).contains("every sample is equal"));
        assert_eq!([0.012_345, 1234.6, 12.34, 0.0].map(three), [0.0123, 1235.0, 12.3, 0.0]);
    }
}
