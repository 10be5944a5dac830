//! The frame around the series of a chart: its size, the grid with its numbers, the axes, and marks.

use super::axis::Axis;
use maud::{Markup, html};
use std::fmt;

/// The size of a chart in its own units. One unit is a pixel if the chart has half the width of a wide page.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Size {
    /// 560 × 256: one of several with a grid.
    #[default]
    Wide,
    /// 560 × 340: one that stands alone.
    Tall,
    /// 300 × 116, without a grid: one of many, to be compared at a glance.
    Small,
}

/// The meaning of a mark.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MarkKind {
    /// A planned event: a tick on the axis.
    Quiet,
    /// An event worth knowing: a line through the plot.
    Notable,
    /// Something that went wrong: a line in the colour of warnings.
    Alarm,
    /// A limit that values should keep: a dashed line.
    Bound,
    /// A line at 0.
    Origin,
}

/// A position on the horizontal axis, shown as a line through the plot.
#[derive(Clone, Debug)]
pub struct Mark {
    /// The position.
    pub x: f64,
    /// The meaning.
    pub kind: MarkKind,
    /// A number above the plot, which a list beside the chart may refer to.
    pub number: Option<usize>,
    /// The text that is shown while the pointer rests on it.
    pub title: String,
}

impl Mark {
    /// A mark without a number and a title.
    pub fn new(x: f64, kind: MarkKind) -> Self {
        Self { x, kind, number: None, title: String::new() }
    }
}

/// A coordinate as SVG text, with one decimal.
pub(super) struct Px(pub(super) f64);

impl fmt::Display for Px {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:.1}", self.0)
    }
}

/// The drawing's size and the edges of the plot in it.
pub(super) struct Frame {
    pub(super) width: f64,
    pub(super) height: f64,
    pub(super) left: f64,
    pub(super) right: f64,
    pub(super) top: f64,
    pub(super) bottom: f64,
}

/// The approximate width of a letter in the label of a tick.
const LETTER: f64 = 7.0;

impl Frame {
    pub(super) fn of(size: Size) -> Self {
        let (width, height, left, right, top) = match size {
            Size::Wide => (560.0, 256.0, 50.0, 12.0, 16.0),
            Size::Tall => (560.0, 340.0, 50.0, 12.0, 16.0),
            Size::Small => (300.0, 116.0, 6.0, 6.0, 4.0),
        };
        Self { width, height, left, right: width - right, top, bottom: height - 26.0 }
    }

    /// The horizontal coordinate; none for a value without a position.
    pub(super) fn x(&self, axis: &Axis, value: f64) -> Option<f64> {
        axis.place(value).map(|part| self.left + part * (self.right - self.left))
    }

    /// The vertical coordinate. Values far outside are moved to just outside, because some renderers fail at large
    /// coordinates.
    pub(super) fn y(&self, axis: &Axis, value: f64) -> Option<f64> {
        axis.place(value).map(|part| self.bottom - part.clamp(-1.0, 2.0) * (self.bottom - self.top))
    }

    /// The coordinates of a point; none if it has no position.
    pub(super) fn point(&self, x: &Axis, y: &Axis, point: (f64, f64)) -> Option<(f64, f64)> {
        self.x(x, point.0).zip(self.y(y, point.1))
    }

    /// The edges of the plot for the script.
    pub(super) fn data(&self) -> String {
        format!("{} {} {} {}", self.left, self.right, self.top, self.bottom)
    }

    /// The content of the plot, clipped at its edges with room for strokes. A nested drawing clips without needing an
    /// id in the page.
    pub(super) fn clip(&self, content: Markup) -> Markup {
        let (x, y) = (self.left, self.top - 4.0);
        let (width, height) = (self.right - x + 6.0, self.bottom - y + 1.0);
        html! {
            svg.plot x=(x) y=(y) width=(width) height=(height) viewBox={ (x) " " (y) " " (width) " " (height) } { (content) }
        }
    }

    /// Horizontal lines with the values of the vertical axis.
    pub(super) fn vertical(&self, axis: &Axis) -> Markup {
        html! {
            @for (value, label) in &axis.ticks {
                @if let Some(y) = self.y(axis, *value) {
                    line.grid x1=(self.left) x2=(self.right) y1=(Px(y)) y2=(Px(y)) {}
                    text x=(self.left - 8.0) y=(Px(y + 3.5)) text-anchor="end" { (label) }
                }
            }
        }
    }

    /// The base line with the ticks of the horizontal axis, and the axis's name at its end. A tick has no label if
    /// the label would touch another one or the name.
    pub(super) fn horizontal(&self, axis: &Axis) -> Markup {
        let at = self.bottom + 17.0;
        let mut free = self.right - LETTER * axis.name.chars().count() as f64;
        html! {
            line.base x1=(self.left) x2=(self.right) y1=(self.bottom) y2=(self.bottom) {}
            @for (value, label) in axis.ticks.iter().rev() {
                @if let Some(x) = self.x(axis, *value) {
                    @let length = LETTER * label.chars().count() as f64;
                    // Labels at the ends of an axis without a name are placed inside its ends.
                    @let (start, anchor) = match (axis.name.is_empty(), x) {
                        (true, x) if x - length / 2.0 < self.left => (x, "start"),
                        (true, x) if x + length / 2.0 > self.right => (x - length, "end"),
                        (_, x) => (x - length / 2.0, "middle"),
                    };
                    line.base x1=(Px(x)) x2=(Px(x)) y1=(self.bottom) y2=(self.bottom + 4.0) {}
                    @if start + length + 6.0 < free || axis.name.is_empty() && start + length <= free {
                        text x=(Px(x)) y=(at) text-anchor=(anchor) { (label) }
                        @let () = free = free.min(start);
                    }
                }
            }
            @if !axis.name.is_empty() { text.name x=(self.right) y=(at) text-anchor="end" { (axis.name) } }
        }
    }

    /// Lines through the plot. Numbers that would touch each other are left out; the lines are not.
    pub(super) fn marks(&self, axis: &Axis, marks: &[Mark]) -> Markup {
        let mut free = f64::NEG_INFINITY;
        html! {
            @for mark in marks {
                @if let Some(x) = self.x(axis, mark.x) {
                    @let (class, top) = match mark.kind {
                        MarkKind::Quiet => ("quiet", self.bottom - 4.0),
                        MarkKind::Notable => ("notable", self.top),
                        MarkKind::Alarm => ("alarm", self.top),
                        MarkKind::Bound => ("bound", self.top),
                        MarkKind::Origin => ("origin", self.top),
                    };
                    g class={ "mark " (class) } {
                        @if !mark.title.is_empty() { title { (mark.title) } }
                        line x1=(Px(x)) x2=(Px(x)) y1=(top) y2=(self.bottom) {}
                        @if let Some(number) = mark.number.filter(|_| x >= free) {
                            text x=(Px(x)) y=(self.top - 5.0) text-anchor="middle" { (number) }
                            @let () = free = x + 14.0;
                        }
                    }
                }
            }
        }
    }

    /// A text in the middle.
    pub(super) fn note(&self, text: &str) -> Markup {
        let (x, y) = ((self.left + self.right) / 2.0, (self.top + self.bottom) / 2.0);
        html! { text x=(x) y=(y) text-anchor="middle" { (text) } }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_do_not_meet_the_axis_name() {
        let svg =
            Frame::of(Size::Wide).horizontal(&Axis::exact(0.0, 20_000.0, 5).named("step")).into_string();
        assert!(
            svg.contains(">15k</text>") && svg.contains(">step</text>") && !svg.contains(">20k</text>"),
            "{svg}"
        );
    }

    #[test]
    fn labels_of_both_ends_stand_within_the_axis() {
        let svg = Frame::of(Size::Small).horizontal(&Axis::ends(0.0, 9.0, ["−3.5", "+3.5"])).into_string();
        assert!(
            svg.contains("text-anchor=\"start\">−3.5<") && svg.contains("text-anchor=\"end\">+3.5<"),
            "{svg}"
        );
    }

    #[test]
    fn alarms_are_lines_and_near_numbers_are_left_out() {
        let at = |x, number, kind| Mark { x, kind, number, title: "a < b".to_owned() };
        let marks = [
            at(10.0, Some(1), MarkKind::Alarm),
            at(12.0, Some(2), MarkKind::Alarm),
            at(500.0, None, MarkKind::Quiet),
        ];
        let svg = Frame::of(Size::Wide).marks(&Axis::exact(0.0, 1000.0, 5), &marks).into_string();
        assert_eq!((svg.matches("mark alarm").count(), svg.matches("</text>").count()), (2, 1));
        assert!(svg.contains("<title>a &lt; b</title>") && svg.contains("mark quiet"));
    }
}
