//! A chart over steps: its heading, its legend with values, its drawing, and the points a pointer reads out.

use super::frame;
use super::html::escape;
use super::thin::Points;
use crate::report::number;
use std::fmt::Write;

/// One entry of a legend.
#[derive(Clone, Debug)]
pub(super) struct Key {
    pub(super) label: String,
    /// A CSS colour.
    pub(super) colour: String,
    /// Drawn as points on a dashed line.
    pub(super) dashed: bool,
    /// What is read out, thinned.
    pub(super) points: Points,
}

/// A chart, drawn.
#[derive(Clone, Debug)]
pub(super) struct Chart {
    pub(super) title: String,
    /// Under the title's breath: "dB", "bits per sample".
    pub(super) unit: String,
    pub(super) keys: Vec<Key>,
    /// The SVG's content.
    pub(super) content: String,
    /// Whether the content has both a linear and a logarithmic drawing, and whether the latter is shown at first.
    pub(super) logarithmic: Option<bool>,
}

impl Chart {
    /// As HTML; `steps` are the first and the last on the axis.
    pub(super) fn html(&self, steps: (f64, f64)) -> String {
        let mut html = format!(
            "<figure class=\"chart\" data-low=\"{}\" data-high=\"{}\">\n\
             <figcaption><h3>{}</h3><span class=\"soft\">{}</span>\
             <span class=\"at soft\"></span>",
            steps.0,
            steps.1,
            escape(&self.title),
            escape(&self.unit)
        );
        if let Some(on) = self.logarithmic {
            let checked = if on { " checked" } else { "" };
            let _ = write!(html, "<label><input type=\"checkbox\"{checked}> log scale</label>");
        }
        html.push_str("</figcaption>\n<ul class=\"legend\">");
        for Key { label, colour, dashed, .. } in &self.keys {
            let class = if *dashed { " class=\"dashed\"" } else { "" };
            let _ = write!(html, "<li{class} style=\"--c:{colour}\"><i></i>{} <b></b></li>", escape(label));
        }
        let label = format!("{} over steps: {}", self.title, self.summary());
        let drawing = frame::drawing(&label, &self.content);
        let data = serde_json::to_string(&self.data()).unwrap_or_default().replace('<', "\\u003c");
        let _ = write!(
            html,
            "</ul>\n<div class=\"scroll\" tabindex=\"0\">{drawing}</div>\n\
             <script type=\"application/json\">{data}</script>\n</figure>\n"
        );
        html
    }

    /// The last values in words.
    fn summary(&self) -> String {
        let last = |key: &Key| key.points.iter().rev().map(|point| point.1).find(|value| value.is_finite());
        let words =
            self.keys.iter().filter_map(|key| Some(format!("{} {}", key.label, number::short(last(key)?))));
        words.collect::<Vec<_>>().join(", ")
    }

    /// For each series its steps and its values, the latter with four digits.
    fn data(&self) -> Vec<(Vec<f64>, Vec<Option<f64>>)> {
        let digits = |value: f64| format!("{value:.3e}").parse().ok().filter(|value: &f64| value.is_finite());
        self.keys.iter().map(|key| key.points.iter().map(|(x, y)| (*x, digits(*y))).unzip()).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_chart_holds_its_values_and_no_foreign_tags() {
        let points = vec![(1.0, 0.123_456), (2.0, f64::NAN)];
        let key = Key { label: "</script>".to_owned(), colour: "red".to_owned(), dashed: true, points };
        let (title, unit, content) = ("Loss".to_owned(), "dB".to_owned(), "<g></g>".to_owned());
        let html = Chart { title, unit, keys: vec![key], content, logarithmic: Some(true) }.html((1.0, 2.0));
        assert!(html.contains("[[[1.0,2.0],[0.1235,null]]]"), "{html}");
        assert!(html.contains("aria-label=\"Loss over steps: &lt;/script&gt; 0.1235\""), "{html}");
        assert!(html.contains("<input type=\"checkbox\" checked>") && html.contains("<li class=\"dashed\""));
        assert_eq!(html.matches("</script>").count(), 1);
    }
}
