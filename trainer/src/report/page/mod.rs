//! `report.html`: one page with curves and pictures, made anew from the records each time. It needs nothing from
//! elsewhere, and without its small script it lacks only the read-out under the pointer.

mod area;
mod axis;
mod chart;
mod families;
mod frame;
mod gallery;
mod happenings;
mod heading;
mod html;
mod lines;
mod scatter;
mod thin;

use super::disk;
use super::error::ReportError;
use super::history::History;
use super::journal;
use axis::Axis;
use html::escape;
use std::fmt::Write;
use std::path::Path;

/// The file's name in the report's folder.
pub(super) const NAME: &str = "report.html";

/// What a picture of a validation shows.
const PICTURES: &str = "Of the validation, from left to right: the original, what comes back at the lowest quality, and the \
                        difference, ten times as strong.";

const STYLE: &str = include_str!("style.css");
const SCRIPT: &str = include_str!("script.js");

/// Makes `report.html` in a report's folder from `metrics.jsonl` and the pictures there, for a run of `total_steps`, 0
/// where that is open. The page is replaced at once: a browser never sees half of it.
///
/// # Errors
/// [`ReportError::Corrupt`], [`ReportError::Convert`] and [`ReportError::Io`].
pub fn write_page(folder: &Path, name: &str, total_steps: u64) -> Result<(), ReportError> {
    let history = History::of(journal::read(folder)?);
    let pictures = gallery::html(folder, &history)?;
    disk::replace(&folder.join(NAME), render(&history, &pictures, name, total_steps).as_bytes())
}

fn render(history: &History, pictures: &str, name: &str, total_steps: u64) -> String {
    let marks = happenings::marks(&history.events);
    let (low, high) = (history.first_step as f64, history.last_step as f64);
    // From 0 where the first record is near it, as it is but for a run whose first records were lost.
    let steps = Axis::exact(if low < 0.1 * high { 0.0 } else { low }, high.max(low + 1.0), 6);
    let charts = families::charts(history, &steps, &marks);
    let title = escape(name);
    // The area that curves are cut to stands in a drawing of its own: an id counts for the whole page.
    let (left, right, top, bottom) = (frame::LEFT, frame::RIGHT, frame::TOP, frame::BOTTOM);
    let plot = format!(
        "<svg class=\"hidden\" aria-hidden=\"true\">\
         <clipPath id=\"plot\" data-left=\"{left}\" data-right=\"{right}\" data-top=\"{top}\" data-bottom=\"{bottom}\">\
         <rect x=\"{left}\" y=\"{}\" width=\"{}\" height=\"{}\"/></clipPath></svg>",
        top - 4.0,
        right - left + 6.0,
        bottom - top + 5.0
    );
    let facts: String = history
        .facts
        .iter()
        .map(|(topic, words)| format!("<dt>{}</dt><dd>{}</dd>\n", escape(topic), escape(words)))
        .collect();
    let mut page = format!(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <title>{title}</title>\n<style>\n{STYLE}</style>\n</head>\n<body>\n{}{plot}\n<main>\n",
        heading::html(history, name, total_steps)
    );
    if charts.is_empty() {
        page.push_str("<p class=\"soft\">Nothing is recorded yet.</p>\n");
    } else {
        // Writing to a string does not fail.
        let _ = write!(
            page,
            "<section>\n<h2>Curves</h2>\n<div class=\"charts\">\n{}</div>\n</section>\n",
            charts.concat()
        );
    }
    if !facts.is_empty() {
        let _ =
            write!(page, "<section>\n<h2>This run</h2>\n<dl class=\"facts\">\n{facts}</dl>\n</section>\n");
    }
    if !history.events.is_empty() {
        let _ = write!(page, "<section>\n<h2>Events</h2>\n{}</section>\n", happenings::list(&history.events));
    }
    if !pictures.is_empty() {
        let _ = write!(
            page,
            "<section>\n<h2>Pictures</h2>\n<p class=\"soft\">{PICTURES}</p>\n<div class=\"pictures\">\n{pictures}</div>\n</section>\n"
        );
    }
    let _ = write!(page, "</main>\n<script>\n{SCRIPT}</script>\n</body>\n</html>\n");
    page
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::history::{Happening, Series};

    #[test]
    fn a_page_is_whole_and_needs_nothing_from_elsewhere() {
        let series = Series { steps: vec![1, 2], values: vec![0.5, 0.25] };
        let event = Happening {
            step: 2,
            time: 0.0,
            kind: "collapse".to_owned(),
            message: "codebook 0 <b>".to_owned(),
        };
        let history = History {
            series: [("loss/total".to_owned(), series)].into(),
            events: vec![event],
            first_step: 1,
            last_step: 2,
            ..History::default()
        };
        let page = render(&history, "<figure></figure>", "a < b", 10);
        assert!(page.contains("<title>a &lt; b</title>") && page.ends_with("</html>\n"));
        assert!(page.contains("<h3>Losses</h3>") && page.contains("<td>codebook 0 &lt;b&gt;</td>"), "{page}");
        assert!(page.contains("class=\"mark alarm\"") && page.contains("<h2>Pictures</h2>"));
        assert!(!page.contains("http") && !page.contains("@import") && !page.contains("src="));
        for tag in ["figure", "section", "ul", "svg", "table", "main", "g"] {
            assert_eq!(
                page.matches(&format!("<{tag}>")).count() + page.matches(&format!("<{tag} ")).count(),
                page.matches(&format!("</{tag}>")).count(),
                "{tag}"
            );
        }
    }

    #[test]
    fn an_empty_run_has_a_page() {
        let folder = tempfile::tempdir().unwrap();
        write_page(folder.path(), "new", 0).unwrap();
        let page = std::fs::read_to_string(folder.path().join(NAME)).unwrap();
        assert!(page.contains("<h1>new</h1>") && page.contains("Nothing is recorded yet."));
    }
}
