//! Series and how they are drawn: as lines, dots, steps and areas.

use super::axis::Axis;
use super::frame::{Frame, Px};
use crate::palette;
use maud::{Markup, html};
use std::fmt::Write;

/// Values over positions on the horizontal axis.
#[derive(Clone, Debug, Default)]
pub struct Series {
    /// The name in the legend. A series without a name is not listed there.
    pub name: String,
    /// A value beside the name, for a legend that does not follow the pointer.
    pub value: String,
    /// The number of its colour, from 0. Series of the same colour belong together.
    pub colour: usize,
    /// Positions and values, in order of rising positions. A NaN interrupts the line.
    pub points: Vec<(f64, f64)>,
    /// How it is drawn.
    pub shape: Shape,
    /// Names of points, by the number of the point. Named points are drawn larger, with the name beside them.
    pub labels: Vec<(usize, String)>,
    /// The text that is shown while the pointer rests on a point; empty, or one text for each point.
    pub titles: Vec<String>,
}

/// How a series is drawn.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Shape {
    /// A line.
    #[default]
    Line,
    /// A thin pale line, such as values before they are smoothed.
    Pale,
    /// A line with a hollow dot at each point, such as a curve through measured points.
    Measured,
    /// Dots on a dotted line, such as values that are known only now and then.
    Dotted,
    /// Dots on a pale line. Older dots are paler, and the last one is larger.
    Trail,
    /// A thin dashed line as a guide to the eye.
    Guide,
    /// An area between the points and these lower values, one for each point.
    Area(Vec<f64>),
}

/// The greatest number of points for which a [dotted](Shape::Dotted) line shows dots.
const DOTS: usize = 80;

/// The look of a dot that stands out.
const LARGE: (&str, f64) = ("dot large", 5.0);

impl Series {
    /// A line in the first colour.
    pub fn line(name: &str, points: Vec<(f64, f64)>) -> Self {
        Self { name: name.to_owned(), points, ..Self::default() }
    }

    /// The value that a legend shows for point `i`. For an area, this is its height.
    pub(super) fn value_at(&self, i: usize) -> f64 {
        match &self.shape {
            Shape::Area(lower) => self.points[i].1 - lower.get(i).copied().unwrap_or(0.0),
            _ => self.points[i].1,
        }
    }

    /// The series in the plot of a chart with this many colours.
    pub(super) fn draw(&self, colours: usize, frame: &Frame, x: &Axis, y: &Axis) -> Markup {
        let line = |class: &str| html! { path class=(class) d=(path(&self.points, frame, x, y)) {} };
        let count = self.points.len();
        html! {
            g style={ "--c:" (palette::series(self.colour, colours)) } {
                @match &self.shape {
                    Shape::Line => (line("curve")),
                    Shape::Pale => (line("curve pale")),
                    Shape::Guide => (line("guide")),
                    Shape::Area(lower) => path.band d=(area(&self.points, lower, frame, x, y)) {},
                    Shape::Measured => {
                        (line("curve"))
                        @for i in 0..count { (self.dot(i, ("dot hollow", 2.5), 1.0, frame, x, y)) }
                    }
                    Shape::Dotted => {
                        (line("curve dotted"))
                        @if count <= DOTS { @for i in 0..count { (self.dot(i, ("dot", 2.6), 1.0, frame, x, y)) } }
                    }
                    Shape::Trail => {
                        (line("curve trail"))
                        @for i in 0..count {
                            @let look = if i + 1 == count { LARGE } else { ("dot", 3.0) };
                            (self.dot(i, look, 0.25 + 0.75 * (i + 1) as f64 / count as f64, frame, x, y))
                        }
                    }
                }
                @for (i, label) in self.labels.iter().filter(|(i, _)| *i < count) {
                    (self.dot(*i, LARGE, 1.0, frame, x, y))
                    (self.label(*i, label, frame, x, y))
                }
            }
        }
    }

    fn dot(
        &self,
        i: usize,
        (class, radius): (&str, f64),
        opacity: f64,
        frame: &Frame,
        x: &Axis,
        y: &Axis,
    ) -> Markup {
        let opacity = (opacity < 1.0).then(|| format!("{opacity:.2}"));
        html! {
            @if let Some((x, y)) = frame.point(x, y, self.points[i]) {
                circle class=(class) cx=(Px(x)) cy=(Px(y)) r=(radius) opacity=[opacity] {
                    @if let Some(title) = self.titles.get(i) { title { (title) } }
                }
            }
        }
    }

    /// The name of a point, placed to its right, or to its left if the edge would cut it off.
    fn label(&self, i: usize, text: &str, frame: &Frame, x: &Axis, y: &Axis) -> Markup {
        html! {
            @if let Some((x, y)) = frame.point(x, y, self.points[i]) {
                @let fits = x + 9.0 + 7.0 * text.chars().count() as f64 <= frame.right;
                @let (x, anchor) = if fits { (x + 9.0, "start") } else { (x - 9.0, "end") };
                text.value x=(Px(x)) y=(Px(y + 4.0)) text-anchor=(anchor) { (text) }
            }
        }
    }
}

/// Line segments as an SVG path. A point without a position interrupts the line. A single point is a segment of
/// length 0, which round caps make visible.
fn path(points: &[(f64, f64)], frame: &Frame, x: &Axis, y: &Axis) -> String {
    let mut d = String::new();
    // Writing to a string does not fail, here and below.
    for run in points.split(|point| frame.point(x, y, *point).is_none()) {
        for (i, (x, y)) in run.iter().filter_map(|point| frame.point(x, y, *point)).enumerate() {
            let _ = write!(d, "{}{x:.1} {y:.1}", if i == 0 { 'M' } else { 'L' });
            if run.len() == 1 {
                let _ = write!(d, "L{x:.1} {y:.1}");
            }
        }
    }
    d
}

/// The area between points and the values below them as a closed SVG path.
fn area(points: &[(f64, f64)], lower: &[f64], frame: &Frame, x: &Axis, y: &Axis) -> String {
    let below = points.iter().zip(lower).map(|(point, low)| (point.0, *low));
    let outline = points.iter().copied().chain(below.rev());
    let mut d = String::new();
    for (i, (x, y)) in outline.filter_map(|point| frame.point(x, y, point)).enumerate() {
        let _ = write!(d, "{}{x:.1} {y:.1}", if i == 0 { 'M' } else { 'L' });
    }
    if !d.is_empty() {
        d.push('Z');
    }
    d
}

#[cfg(test)]
mod tests {
    use super::super::frame::Size;
    use super::*;

    fn axes() -> (Frame, Axis, Axis) {
        (Frame::of(Size::Wide), Axis::exact(0.0, 3.0, 3), Axis::exact(0.0, 1.0, 2))
    }

    #[test]
    fn gaps_part_a_path_and_lone_points_stay() {
        let (frame, x, y) = axes();
        let points = [(0.0, 0.0), (1.0, f64::NAN), (2.0, 1.0), (3.0, 1.0)];
        assert_eq!(path(&points, &frame, &x, &y), "M50.0 230.0L50.0 230.0M382.0 16.0L548.0 16.0");
    }

    #[test]
    fn areas_are_closed() {
        let (frame, x, y) = axes();
        let d = area(&[(0.0, 1.0), (3.0, 1.0)], &[0.5, 0.0], &frame, &x, &y);
        assert_eq!(d, "M50.0 16.0L548.0 16.0L548.0 230.0L50.0 123.0Z");
    }

    #[test]
    fn points_have_names_that_the_edge_does_not_cut() {
        let (frame, x, y) = axes();
        let series = Series {
            shape: Shape::Trail,
            labels: vec![(0, "q < 40".to_owned()), (1, "best".to_owned())],
            titles: vec!["old".to_owned(), "new".to_owned()],
            ..Series::line("", vec![(0.5, 0.2), (3.0, 0.9)])
        };
        let svg = series.draw(1, &frame, &x, &y).into_string();
        assert!(
            svg.contains("text-anchor=\"start\">q &lt; 40<") && svg.contains("text-anchor=\"end\">best<"),
            "{svg}"
        );
        assert!(svg.contains("opacity=\"0.62\"><title>old</title>"), "{svg}");
        let lower = vec![1.0, 2.0];
        let stacked = Series { shape: Shape::Area(lower), ..Series::line("", vec![(0.0, 1.5), (1.0, 5.0)]) };
        assert_eq!((stacked.value_at(0), stacked.value_at(1)), (0.5, 3.0));
    }
}
