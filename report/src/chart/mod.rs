//! Charts as inline SVG, which take their colours from the page: series over two axes, a legend, and marks.
//!
//! [`Axis`] places values, [`Series`] are drawn on it, and `frame` draws what surrounds them. [`thin`] makes long series short
//! enough to draw, and [`histogram`] makes charts of counts.

mod axis;
mod frame;
pub mod histogram;
mod series;
pub mod thin;

pub use axis::{Axis, Scale};
pub use frame::{Mark, MarkKind, Size};
pub use series::{Series, Shape};

use crate::number;
use crate::palette;
use frame::Frame;
use maud::{Markup, PreEscaped, html};

/// A chart.
#[derive(Clone, Debug, Default)]
pub struct Chart {
    /// The title: the quantity on the vertical axis.
    pub title: String,
    /// Its unit, or another note beside the title.
    pub unit: String,
    /// A description for screen readers. The default is the title, the axis and the series.
    pub label: String,
    /// The horizontal axis.
    pub x: Axis,
    /// The vertical axis.
    pub y: Axis,
    /// A logarithmic vertical axis that readers can switch to, if that is useful.
    pub logarithmic: Option<Logarithmic>,
    /// The series, the last one on top.
    pub series: Vec<Series>,
    /// Marks at positions on the horizontal axis.
    pub marks: Vec<Mark>,
    /// A text in the middle, if there is nothing to draw.
    pub note: String,
    /// Its size.
    pub size: Size,
    /// Whether the legend shows the values under the pointer. This needs the page's script.
    pub read_out: bool,
}

/// A second vertical axis.
#[derive(Clone, Debug)]
pub struct Logarithmic {
    /// The axis.
    pub axis: Axis,
    /// Whether it is shown at first.
    pub first: bool,
}

impl Chart {
    /// The chart as HTML.
    pub(crate) fn render(&self) -> Markup {
        let frame = Frame::of(self.size);
        let first = self.logarithmic.as_ref().is_some_and(|logarithmic| logarithmic.first);
        let data = self.read_out.then(|| format!("{} {} {}", frame.data(), self.x.low, self.x.high));
        html! {
            figure.chart.small[self.size == Size::Small] data-frame=[data] {
                @if !self.title.is_empty() {
                    figcaption {
                        h3 { (self.title) }
                        @if !self.unit.is_empty() { span.soft { (self.unit) } }
                        @if self.read_out { span.at.soft {} }
                        @if self.logarithmic.is_some() { label { input type="checkbox" checked[first]; " log scale" } }
                    }
                }
                (self.legend())
                div.scroll tabindex=[self.read_out.then_some("0")] {
                    svg viewBox={ "0 0 " (frame.width) " " (frame.height) } role="img" aria-label=(self.words()) {
                        (frame.horizontal(&self.x))
                        (frame.marks(&self.x, &self.marks))
                        @match &self.logarithmic {
                            None => (self.plot(&frame, &self.y)),
                            Some(Logarithmic { axis, .. }) => {
                                g.linear { (self.plot(&frame, &self.y)) }
                                g.log { (self.plot(&frame, axis)) }
                            }
                        }
                        @if !self.note.is_empty() { (frame.note(&self.note)) }
                    }
                }
                @if self.read_out { script type="application/json" { (PreEscaped(self.data())) } }
            }
        }
    }

    fn plot(&self, frame: &Frame, y: &Axis) -> Markup {
        let colours = self.colours();
        html! {
            (frame.vertical(y))
            (frame.clip(html! { @for series in &self.series { (series.draw(colours, frame, &self.x, y)) } }))
        }
    }

    fn colours(&self) -> usize {
        self.series.iter().map(|series| series.colour + 1).max().unwrap_or(0)
    }

    fn named(&self) -> impl Iterator<Item = &Series> {
        self.series.iter().filter(|series| !series.name.is_empty())
    }

    fn legend(&self) -> Markup {
        let colours = self.colours();
        html! {
            @if self.named().next().is_some() {
                ul.legend {
                    @for series in self.named() {
                        li.dotted[series.shape == Shape::Dotted] style={ "--c:" (palette::series(series.colour, colours)) } {
                            i {} (series.name) " "
                            @if self.read_out || !series.value.is_empty() { b { (series.value) } }
                        }
                    }
                }
            }
        }
    }

    /// The chart in words, with the last value of each series.
    fn words(&self) -> String {
        if !self.label.is_empty() {
            return self.label.clone();
        }
        let one = |series: &Series| {
            let last = series.points.iter().rev().map(|point| point.1).find(|value| value.is_finite());
            let value = if series.value.is_empty() { number::short(last?) } else { series.value.clone() };
            Some(format!("{} {value}", series.name))
        };
        let over = if self.x.name.is_empty() { String::new() } else { format!(" over {}", self.x.name) };
        let series: Vec<String> = self.named().filter_map(one).collect();
        format!("{}{over}: {}", self.title, series.join(", "))
    }

    /// The positions and the values of each series in the legend as JSON. Values have four digits.
    fn data(&self) -> String {
        let list = |values: Vec<String>| format!("[{}]", values.join(","));
        let digits = |value: f64| {
            let short: Option<f64> =
                format!("{value:.3e}").parse().ok().filter(|value: &f64| value.is_finite());
            short.map_or_else(|| "null".to_owned(), |value| value.to_string())
        };
        let one = |series: &Series| {
            let places = series.points.iter().map(|point| point.0.to_string()).collect();
            let values = (0..series.points.len()).map(|i| digits(series.value_at(i))).collect();
            list(vec![list(places), list(values)])
        };
        list(self.named().map(one).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chart() -> Chart {
        Chart {
            title: "Loss".to_owned(),
            unit: "dB".to_owned(),
            x: Axis::exact(1.0, 2.0, 2).named("steps"),
            y: Axis::exact(0.0, 1.0, 2),
            series: vec![Series {
                shape: Shape::Dotted,
                ..Series::line("</script>", vec![(1.0, 0.123_456), (2.0, f64::NAN)])
            }],
            read_out: true,
            ..Chart::default()
        }
    }

    #[test]
    fn a_chart_holds_its_values_and_no_foreign_tags() {
        let axis = Axis::around(0.1, 1.0, Scale::Logarithmic, 3);
        let chart = Chart { logarithmic: Some(Logarithmic { axis, first: true }), ..chart() };
        let html = chart.render().into_string();
        assert!(html.contains("[[[1,2],[0.1235,null]]]"), "{html}");
        assert!(html.contains("aria-label=\"Loss over steps: &lt;/script&gt; 0.1235\""), "{html}");
        assert!(
            html.contains("<input type=\"checkbox\" checked>") && html.contains("<li class=\"dotted\""),
            "{html}"
        );
        assert_eq!(html.matches("</script>").count(), 1);
        assert!(html.contains("<g class=\"linear\">") && html.contains("<g class=\"log\">"));
    }

    #[test]
    fn a_chart_without_read_out_needs_no_script() {
        let html = Chart { read_out: false, ..chart() }.render().into_string();
        assert!(!html.contains("script>") || html.contains("&lt;/script&gt;"));
        assert!(!html.contains("data-frame") && !html.contains("<b>"), "{html}");
        let empty = Chart { note: "too few points".to_owned(), ..Chart::default() }.render().into_string();
        assert!(empty.contains(">too few points</text>") && !empty.contains("NaN"), "{empty}");
    }
}
