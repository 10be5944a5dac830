//! Rate against quality: each validation a point, paler the older, the last one larger and, among
//! several settings, labelled.

use super::axis::{Axis, Scale};
use super::frame;
use super::html::{colour, escape};
use crate::report::history::Series;
use crate::report::number;
use std::fmt::Write;

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

/// The chart as HTML; empty without points.
pub(super) fn html(paths: &[Path]) -> String {
    let all = || paths.iter().flat_map(|path| &path.points);
    // A tenth at either end does not widen the plot: the first validations of a run are far off and of little interest.
    let range = |of: fn(&(u64, f64, f64)) -> f64| {
        let mut values: Vec<f64> = all().map(of).collect();
        values.sort_by(f64::total_cmp);
        let skip = values.len() / 10;
        values.get(skip).copied().zip(values.iter().nth_back(skip).copied())
    };
    let (Some((low, high)), Some((worst, _)), Some(best)) =
        (range(|p| p.1), range(|p| p.2), all().map(|p| p.2).reduce(f64::max))
    else {
        return String::new();
    };
    let (rate, psnr) =
        (Axis::around(low, high, Scale::Linear, 5), Axis::around(worst, best, Scale::Linear, 4));
    let mut content = format!(
        "{}{}<g clip-path=\"url(#plot)\">",
        frame::grid(&psnr),
        frame::base(&rate, "bits per sample")
    );
    content.push_str(&across(paths, &rate, &psnr));
    let (mut legend, mut words) = (String::new(), Vec::new());
    for (i, path) in paths.iter().enumerate() {
        let colour = colour(i, paths.len());
        // Writing to a string does not fail, here and below.
        let _ = write!(content, "<g style=\"--c:{colour}\">{}", trail(path, &rate, &psnr));
        if let Some((_, bits, db)) = path.points.last() {
            let label = escape(&path.label);
            if let Some((x, y)) = place((*bits, *db), &rate, &psnr).filter(|_| paths.len() > 1) {
                // To the left of its point where the right edge would cut it, seven units a letter.
                let fits = x + 9.0 + 7.0 * path.label.chars().count() as f64 <= frame::RIGHT;
                let (x, anchor) = if fits { (x + 9.0, "start") } else { (x - 9.0, "end") };
                let y = y + 4.0;
                let _ = write!(
                    content,
                    "<text class=\"value\" x=\"{x:.1}\" y=\"{y:.1}\" text-anchor=\"{anchor}\">{label}</text>"
                );
            }
            words.push(format!("{} {bits:.3} bits per sample at {db:.2} dB", path.label));
            let value = format!("{bits:.3} bits, {db:.2} dB");
            let _ = write!(legend, "<li style=\"--c:{colour}\"><i></i>{label} <b>{value}</b></li>");
        }
        content.push_str("</g>");
    }
    content.push_str("</g>");
    let label = format!("Rate and distortion, last: {}", words.join(", "));
    format!(
        "<figure class=\"chart\">\n<figcaption><h3>Rate and distortion</h3>\
         <span class=\"soft\">PSNR in dB, validation</span></figcaption>\n\
         <ul class=\"legend\">{legend}</ul>\n<div class=\"scroll\" tabindex=\"0\">{}</div>\n</figure>\n",
        frame::drawing(&label, &content)
    )
}

fn place((bits, db): (f64, f64), rate: &Axis, psnr: &Axis) -> Option<(f64, f64)> {
    frame::x(rate, bits).zip(frame::y(psnr, db))
}

/// One setting over time.
fn trail(path: &Path, rate: &Axis, psnr: &Axis) -> String {
    let (mut line, mut dots) = (String::new(), String::new());
    for (i, (step, bits, db)) in path.points.iter().enumerate() {
        let Some((x, y)) = place((*bits, *db), rate, psnr) else { continue };
        let (class, radius) = if i + 1 == path.points.len() { ("dot last", 5.0) } else { ("dot", 3.0) };
        let opacity = 0.25 + 0.75 * (i + 1) as f64 / path.points.len() as f64;
        let title = format!("step {}: {bits:.3} bits per sample, {db:.2} dB", number::grouped(*step));
        let _ = write!(line, "{x:.1},{y:.1} ");
        let _ = write!(
            dots,
            "<circle class=\"{class}\" cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"{radius}\" opacity=\"{opacity:.2}\">\
             <title>{title}</title></circle>"
        );
    }
    format!("<polyline class=\"trail\" points=\"{}\"/>{dots}", line.trim_end())
}

/// The last points of all settings: the curve that a codec is judged by.
fn across(paths: &[Path], rate: &Axis, psnr: &Axis) -> String {
    let last = |path: &Path| path.points.last().and_then(|(_, bits, db)| place((*bits, *db), rate, psnr));
    let mut places: Vec<(f64, f64)> = paths.iter().filter_map(last).collect();
    places.sort_by(|a, b| a.0.total_cmp(&b.0));
    if places.len() < 2 {
        return String::new();
    }
    let points: Vec<String> = places.iter().map(|(x, y)| format!("{x:.1},{y:.1}")).collect();
    format!("<polyline class=\"across\" points=\"{}\"/>", points.join(" "))
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
        let html = html(&[path]);
        assert_eq!((html.matches("<circle").count(), html.matches("dot last").count()), (2, 1));
        assert!(html.contains("<title>step 200: 1.500 bits per sample, 35.00 dB</title>"), "{html}");
        assert!(
            html.contains("aria-label=\"Rate and distortion, last: all 1.500 bits per sample at 35.00 dB\"")
        );
    }

    #[test]
    fn settings_are_labelled_and_joined_by_rate() {
        let path = |label: &str, bits| Path { label: label.to_owned(), points: vec![(1, bits, 30.0 + bits)] };
        let html = html(&[path("fine", 2.0), path("coarse", 1.0)]);
        assert!(html.contains(">fine</text>") && html.contains(">coarse</text>"), "{html}");
        assert_eq!(html.matches("text-anchor=\"start\">coarse<").count(), 1);
        let across = html.split("class=\"across\" points=\"").nth(1).unwrap().split('"').next().unwrap();
        let x: Vec<f64> = across.split(' ').map(|p| p.split(',').next().unwrap().parse().unwrap()).collect();
        assert!(x.len() == 2 && x[0] < x[1], "{across}");
    }

    #[test]
    fn no_points_no_chart() {
        assert_eq!(html(&[]), "");
        assert_eq!(html(&[Path { label: String::new(), points: Vec::new() }]), "");
    }
}
