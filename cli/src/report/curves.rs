//! Several rate–distortion curves as an inline SVG: bits on a logarithmic axis, so that equal ratios are equal lengths.

use super::chart::{self, HEIGHT, MARGIN, WIDTH};
use std::fmt::Write;

/// A named curve.
pub(crate) struct Curve {
    /// What to write beside it.
    pub(crate) name: String,
    /// Bits a sample and PSNR in dB.
    pub(crate) points: Vec<(f64, f64)>,
}

/// How many looks the style sheet has for curves.
const LOOKS: usize = 4;

/// All curves, or a sentence where there is nothing to draw. `title` is read out instead of the picture.
pub(crate) fn curves(curves: &[Curve], title: &str) -> String {
    let bits = || curves.iter().flat_map(|c| &c.points).map(|p| p.0).filter(|bits| *bits > 0.0);
    let psnr = || curves.iter().flat_map(|c| &c.points).map(|p| p.1);
    let (least, most) = (bits().fold(f64::INFINITY, f64::min), bits().fold(0.0, f64::max));
    if least >= most {
        return super::html::paragraphs(&["There are too few points for a picture.".to_owned()]);
    }
    let [left, _, right, bottom] = MARGIN;
    let (low, high) = ((least.ln() - 0.05), (most.ln() + 0.05));
    let x = |bits: f64| left + (bits.ln() - low) / (high - low) * (WIDTH - left - right);
    let mut svg = chart::open(title);
    let y = chart::psnr_axis(&mut svg, psnr().fold(f64::INFINITY, f64::min), psnr().fold(0.0, f64::max));
    let floor = HEIGHT - bottom;
    // Writing to a string does not fail.
    for value in ticks(least, most) {
        let at = x(value);
        let _ = writeln!(
            svg,
            "<line class=\"grid\" x1=\"{at:.1}\" x2=\"{at:.1}\" y1=\"{}\" y2=\"{floor}\"/>\
             <text x=\"{at:.1}\" y=\"{}\" text-anchor=\"middle\">{}</text>",
            MARGIN[1],
            floor + 19.0,
            chart::number(value)
        );
    }
    chart::labels(&mut svg, "bits a sample, logarithmic");
    for (i, curve) in curves.iter().enumerate() {
        let look = i % LOOKS;
        let mut points = curve.points.clone();
        points.retain(|p| p.0 > 0.0);
        points.sort_by(|a, b| a.0.total_cmp(&b.0));
        let line: Vec<String> = points.iter().map(|p| format!("{:.1},{:.1}", x(p.0), y(p.1))).collect();
        let _ = writeln!(svg, "<polyline class=\"curve look{look}\" points=\"{}\"/>", line.join(" "));
        for p in &points {
            let (x, y) = (x(p.0), y(p.1));
            let _ =
                writeln!(svg, "<circle class=\"tiny look{look}\" cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"2.5\"/>");
        }
        // A list in the upper left corner, where curves that rise to the right leave room.
        let at = MARGIN[1] + 18.0 + 20.0 * i as f64;
        let _ = writeln!(
            svg,
            "<line class=\"curve look{look}\" x1=\"{}\" x2=\"{}\" y1=\"{}\" y2=\"{}\"/><text class=\"name\" x=\"{}\" \
             y=\"{at}\">{}</text>",
            left + 12.0,
            left + 36.0,
            at - 4.0,
            at - 4.0,
            left + 44.0,
            super::escape(&curve.name)
        );
    }
    svg.push_str("</svg>\n");
    format!("<div class=\"curves\">{svg}</div>\n")
}

/// 1, 2 and 5 times powers of ten between two numbers.
fn ticks(least: f64, most: f64) -> Vec<f64> {
    let (first, last) = (least.log10().floor() as i32, most.log10().ceil() as i32);
    let all = (first..=last).flat_map(|power| [1.0, 2.0, 5.0].map(|n| n * 10f64.powi(power)));
    all.filter(|value| (least * 0.95..=most * 1.05).contains(value)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_ratios_are_equal_lengths() {
        assert_eq!(
            ticks(0.07, 1.3).iter().map(|v| chart::number(*v)).collect::<Vec<_>>(),
            ["0.1", "0.2", "0.5", "1"]
        );
        let curve = |name: &str, scale: f64| Curve {
            name: name.to_owned(),
            points: vec![(0.1 * scale, 40.0), (1.0 * scale, 50.0)],
        };
        let svg = curves(&[curve("a < b", 1.0), curve("c", 2.0)], "title");
        assert_eq!(svg.matches("<polyline").count(), 2);
        assert!(svg.contains("a &lt; b") && svg.contains("look1"));
        assert!(curves(&[Curve { name: String::new(), points: vec![(0.1, 40.0)] }], "t").contains("too few"));
    }
}
