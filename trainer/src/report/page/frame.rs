//! The plot area that all curves share: its size, the grid with its labels, and the marks of what happened.

use super::axis::Axis;
use super::html::escape;
use std::fmt::Write;

/// The drawing's size in its own units, which are pixels where a chart has half the page.
pub(super) const WIDTH: f64 = 560.0;
/// See [`WIDTH`].
pub(super) const HEIGHT: f64 = 256.0;
/// The plot area's edges within the drawing.
pub(super) const LEFT: f64 = 50.0;
/// See [`LEFT`].
pub(super) const RIGHT: f64 = WIDTH - 12.0;
/// See [`LEFT`].
pub(super) const TOP: f64 = 16.0;
/// See [`LEFT`].
pub(super) const BOTTOM: f64 = HEIGHT - 26.0;

/// How far an event reaches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Weight {
    /// Goes as planned: a tick on the axis.
    Quiet,
    /// Worth knowing: a line through the plot.
    Notable,
    /// Something went wrong: a line in the colour of warnings.
    Alarm,
}

/// An event on a curve.
#[derive(Clone, Debug)]
pub(super) struct Mark {
    pub(super) step: f64,
    pub(super) weight: Weight,
    /// Its number in the list of events; quiet ones have none.
    pub(super) number: Option<usize>,
    pub(super) title: String,
}

/// Across.
pub(super) fn x(axis: &Axis, value: f64) -> Option<f64> {
    axis.place(value).map(|part| LEFT + part * (RIGHT - LEFT))
}

/// Up; values far outside end a little outside, as some renderers fail at large coordinates.
pub(super) fn y(axis: &Axis, value: f64) -> Option<f64> {
    axis.place(value).map(|part| BOTTOM - part.clamp(-1.0, 2.0) * (BOTTOM - TOP))
}

/// Horizontal lines with the values of `axis`.
pub(super) fn grid(axis: &Axis) -> String {
    let mut svg = String::new();
    for (value, label) in &axis.ticks {
        let Some(y) = y(axis, *value) else { continue };
        // Writing to a string does not fail, here and below.
        let _ = write!(
            svg,
            "<line class=\"grid\" x1=\"{LEFT}\" x2=\"{RIGHT}\" y1=\"{y:.1}\" y2=\"{y:.1}\"/>\
             <text class=\"tick\" x=\"{}\" y=\"{:.1}\" text-anchor=\"end\">{label}</text>",
            LEFT - 8.0,
            y + 3.5
        );
    }
    svg
}

/// The base line with the ticks and the name of `axis`.
pub(super) fn base(axis: &Axis, name: &str) -> String {
    let mut svg =
        format!("<line class=\"base\" x1=\"{LEFT}\" x2=\"{RIGHT}\" y1=\"{BOTTOM}\" y2=\"{BOTTOM}\"/>");
    let mut free = RIGHT - 7.0 * name.chars().count() as f64;
    for (value, label) in axis.ticks.iter().rev() {
        let Some(x) = x(axis, *value) else { continue };
        let _ = write!(
            svg,
            "<line class=\"base\" x1=\"{x:.1}\" x2=\"{x:.1}\" y1=\"{BOTTOM}\" y2=\"{}\"/>",
            BOTTOM + 4.0
        );
        // The axis's name stands at its end; a tick whose label would touch it goes without.
        if x + 3.5 * label.len() as f64 + 6.0 < free {
            let at = BOTTOM + 17.0;
            let _ = write!(
                svg,
                "<text class=\"tick\" x=\"{x:.1}\" y=\"{at}\" text-anchor=\"middle\">{label}</text>"
            );
            free = free.min(x - 3.5 * label.len() as f64);
        }
    }
    let (at, name) = (BOTTOM + 17.0, escape(name));
    let _ =
        write!(svg, "<text class=\"tick name\" x=\"{RIGHT}\" y=\"{at}\" text-anchor=\"end\">{name}</text>");
    svg
}

/// Events over the plot. Numbers that would touch are left out, the lines are not.
pub(super) fn marks(axis: &Axis, marks: &[Mark]) -> String {
    let mut svg = String::new();
    let mut free = f64::NEG_INFINITY;
    for mark in marks {
        let Some(x) = x(axis, mark.step) else { continue };
        let (class, top) = match mark.weight {
            Weight::Quiet => ("quiet", BOTTOM - 4.0),
            Weight::Notable => ("notable", TOP),
            Weight::Alarm => ("alarm", TOP),
        };
        let title = escape(&mark.title);
        let _ = write!(
            svg,
            "<g class=\"mark {class}\"><title>{title}</title>\
             <line x1=\"{x:.1}\" x2=\"{x:.1}\" y1=\"{top}\" y2=\"{BOTTOM}\"/>"
        );
        if let Some(number) = mark.number.filter(|_| x >= free) {
            let _ =
                write!(svg, "<text x=\"{x:.1}\" y=\"{}\" text-anchor=\"middle\">{number}</text>", TOP - 5.0);
            free = x + 14.0;
        }
        svg.push_str("</g>");
    }
    svg
}

/// The drawing around `content`, with a label for those who cannot see it.
pub(super) fn drawing(label: &str, content: &str) -> String {
    format!(
        "<svg viewBox=\"0 0 {WIDTH} {HEIGHT}\" role=\"img\" aria-label=\"{}\">{content}</svg>",
        escape(label)
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_do_not_meet_the_axis_name() {
        let axis = Axis::exact(0.0, 20_000.0, 5);
        let svg = base(&axis, "step");
        assert!(
            svg.contains(">15k</text>") && svg.contains(">step</text>") && !svg.contains(">20k</text>"),
            "{svg}"
        );
    }

    #[test]
    fn alarms_are_lines_and_near_numbers_are_left_out() {
        let axis = Axis::exact(0.0, 1000.0, 5);
        let at = |step, number, weight| Mark { step, weight, number, title: "a < b".to_owned() };
        let svg = marks(
            &axis,
            &[
                at(10.0, Some(1), Weight::Alarm),
                at(12.0, Some(2), Weight::Alarm),
                at(500.0, None, Weight::Quiet),
            ],
        );
        assert_eq!((svg.matches("mark alarm").count(), svg.matches("</text>").count()), (2, 1));
        assert!(svg.contains("<title>a &lt; b</title>") && svg.contains("mark quiet"));
    }
}
