//! The rate–distortion curve as an inline SVG, which takes its colours from the page.

use std::fmt::Write;

/// A measured point.
#[derive(Clone, Debug)]
pub(crate) struct Point {
    /// Bits a sample.
    pub(crate) bits: f64,
    /// PSNR in dB.
    pub(crate) psnr_db: f64,
    /// What to write beside it; points without a name only carry the curve.
    pub(crate) name: Option<String>,
}

/// The picture's width, in its own units.
pub(super) const WIDTH: f64 = 520.0;
/// Its height.
pub(super) const HEIGHT: f64 = 340.0;
/// Room for the numbers: left, top, right, bottom.
pub(super) const MARGIN: [f64; 4] = [44.0, 30.0, 16.0, 46.0];

/// A curve through points, which must be at least two. `title` is read out instead of the picture.
pub(crate) fn curve(points: &[Point], title: &str) -> String {
    let mut points = points.to_vec();
    points.sort_by(|a, b| a.bits.total_cmp(&b.bits));
    let most = points.iter().map(|p| p.bits).fold(0.0, f64::max);
    let low = points.iter().map(|p| p.psnr_db).fold(f64::INFINITY, f64::min);
    let high = points.iter().map(|p| p.psnr_db).fold(f64::NEG_INFINITY, f64::max);
    let x_step = step(most / 5.0);
    let x_end = (most / x_step).ceil().max(1.0) * x_step;
    let [left, _, right, bottom] = MARGIN;
    let x = |bits: f64| left + bits / x_end * (WIDTH - left - right);
    let mut svg = open(title);
    let y = psnr_axis(&mut svg, low, high);
    let floor = HEIGHT - bottom;
    // Writing to a string does not fail.
    for i in 0..=(x_end / x_step).round() as u32 {
        let value = f64::from(i) * x_step;
        let _ = writeln!(
            svg,
            "<text x=\"{:.1}\" y=\"{}\" text-anchor=\"middle\">{}</text>",
            x(value),
            floor + 19.0,
            number(value)
        );
    }
    labels(&mut svg, "bits a sample, chunks alone");
    let line: Vec<String> = points.iter().map(|p| format!("{:.1},{:.1}", x(p.bits), y(p.psnr_db))).collect();
    let _ = writeln!(svg, "<polyline class=\"curve\" points=\"{}\"/>", line.join(" "));
    for point in &points {
        let (x, y) = (x(point.bits), y(point.psnr_db));
        let _ = match &point.name {
            None => writeln!(svg, "<circle class=\"tiny\" cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"2.5\"/>"),
            Some(name) => writeln!(
                svg,
                "<circle class=\"dot\" cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"6\"/>\
                 <text class=\"name\" x=\"{:.1}\" y=\"{:.1}\">{}</text>",
                x + 11.0,
                y + 12.0,
                super::escape(name)
            ),
        };
    }
    svg.push_str("</svg>\n");
    svg
}

/// A picture's beginning. `title` is read out instead of it.
pub(super) fn open(title: &str) -> String {
    format!("<svg viewBox=\"0 0 {WIDTH} {HEIGHT}\" role=\"img\" aria-label=\"{}\">\n", super::escape(title))
}

/// What stands on the axes.
pub(super) fn labels(svg: &mut String, bits: &str) {
    let _ = writeln!(
        svg,
        "<text x=\"{}\" y=\"{}\">{bits}</text><text x=\"{}\" y=\"{}\">PSNR, dB</text>",
        MARGIN[0],
        HEIGHT - MARGIN[3] + 40.0,
        4.0,
        12.0
    );
}

/// Draws the vertical axis for PSNRs between two, and returns where each lies on it.
pub(super) fn psnr_axis(svg: &mut String, low: f64, high: f64) -> impl Fn(f64) -> f64 + use<> {
    let y_step = step((high - low).max(1.0) / 5.0);
    let y_start = (low / y_step).floor() * y_step;
    let y_end = ((high / y_step).ceil() * y_step).max(y_start + y_step);
    let [left, top, right, bottom] = MARGIN;
    let y = move |psnr: f64| HEIGHT - bottom - (psnr - y_start) / (y_end - y_start) * (HEIGHT - top - bottom);
    for i in 0..=((y_end - y_start) / y_step).round() as u32 {
        let value = y_start + f64::from(i) * y_step;
        let (at, class) = (y(value), if i == 0 { "axis" } else { "grid" });
        let _ = writeln!(
            svg,
            "<line class=\"{class}\" x1=\"{left}\" x2=\"{}\" y1=\"{at:.1}\" y2=\"{at:.1}\"/>\
             <text x=\"{}\" y=\"{:.1}\" text-anchor=\"end\">{}</text>",
            WIDTH - right,
            left - 8.0,
            at + 4.5,
            number(value)
        );
    }
    y
}

/// 1, 2 or 5 times a power of ten, at least as large.
fn step(least: f64) -> f64 {
    let unit = 10f64.powf(least.max(1e-9).log10().floor());
    [1.0, 2.0, 5.0].map(|n| n * unit).into_iter().find(|step| *step >= least * 0.999).unwrap_or(10.0 * unit)
}

/// A number on an axis, without the dust of binary fractions.
pub(super) fn number(value: f64) -> String {
    let text = format!("{value:.4}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn axes_have_round_numbers() {
        assert_eq!([0.7, 0.013, 3.0, 0.2].map(step), [1.0, 0.02, 5.0, 0.2]);
        assert_eq!([0.30000000000000004, 40.0, 0.0].map(number), ["0.3", "40", "0"]);
        let point =
            |bits, psnr_db, name: Option<&str>| Point { bits, psnr_db, name: name.map(str::to_owned) };
        let svg = curve(&[point(0.5, 50.0, Some("q < 50")), point(0.1, 40.2, None)], "a \"title\"");
        assert_eq!(svg.matches("<circle").count(), 2);
        assert!(svg.contains("q &lt; 50") && svg.contains("aria-label=\"a &quot;title&quot;\""));
    }
}
