//! The report's page: a table of figures and pictures side by side, in light and dark.

use std::fmt::Write;

/// What the page shows.
pub(crate) struct Report {
    /// Its title.
    pub(crate) title: String,
    /// A sentence on what was done.
    pub(crate) summary: String,
    /// The table's head.
    pub(crate) header: Vec<String>,
    /// The table's rows.
    pub(crate) rows: Vec<Vec<String>>,
    /// The original.
    pub(crate) original: Figure,
    /// Decoded pictures with their errors, one pair for each quality.
    pub(crate) pairs: Vec<(Figure, Figure)>,
    /// Remarks under the pictures: credits, scales.
    pub(crate) notes: Vec<String>,
}

/// A picture and what is written under it.
pub(crate) struct Figure {
    /// As a `data:` address.
    pub(crate) source: String,
    /// What it shows.
    pub(crate) caption: String,
}

const STYLE: &str = "
:root { color-scheme: light dark; --ink: #1c2430; --soft: #5b6675; --paper: #fbfbf9; --line: #d9dde3; --accent: #0a6e5c; }
@media (prefers-color-scheme: dark) {
  :root { --ink: #e6e9ee; --soft: #98a3b3; --paper: #14181e; --line: #2c343f; --accent: #4cc3a8; }
}
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 72rem; padding: 2.5rem 1.25rem 4rem; color: var(--ink); background: var(--paper);
  font: 16px/1.55 system-ui, sans-serif; }
h1 { font-size: 1.7rem; line-height: 1.2; margin: 0 0 .4rem; }
h2 { font-size: 1.05rem; margin: 2.5rem 0 .8rem; color: var(--accent); }
p { margin: .3rem 0; max-width: 48rem; }
.soft, figcaption, .notes { color: var(--soft); font-size: .9rem; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; }
th, td { padding: .45rem .8rem; text-align: right; border-bottom: 1px solid var(--line); white-space: nowrap; }
th { font-weight: 600; font-size: .85rem; color: var(--soft); }
th:first-child, td:first-child { text-align: left; padding-left: 0; }
.grid { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 19rem), 1fr)); gap: 1.25rem; }
figure { margin: 0; }
img { display: block; width: 100%; border-radius: 4px; border: 1px solid var(--line); image-rendering: pixelated; }
figcaption { margin-top: .4rem; }
";

/// The page as HTML.
pub(crate) fn render(report: &Report) -> String {
    let mut page = String::new();
    let row = |cells: &[String], tag: &str| {
        let cells: String = cells.iter().map(|cell| format!("<{tag}>{}</{tag}>", escape(cell))).collect();
        format!("<tr>{cells}</tr>\n")
    };
    let figure = |figure: &Figure| {
        let caption = escape(&figure.caption);
        format!(
            "<figure><img src=\"{}\" alt=\"{caption}\"><figcaption>{caption}</figcaption></figure>\n",
            figure.source
        )
    };
    let title = escape(&report.title);
    // Writing to a string does not fail.
    let _ = write!(
        page,
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <title>{title}</title>\n<style>{STYLE}</style>\n</head>\n<body>\n<h1>{title}</h1>\n\
         <p class=\"soft\">{}</p>\n<h2>Figures</h2>\n<div class=\"scroll\"><table>\n<thead>{}</thead>\n<tbody>\n",
        escape(&report.summary),
        row(&report.header, "th")
    );
    for cells in &report.rows {
        page.push_str(&row(cells, "td"));
    }
    page.push_str("</tbody>\n</table></div>\n");
    for (decoded, error) in &report.pairs {
        let _ = write!(
            page,
            "<h2>{}</h2>\n<div class=\"grid\">\n{}{}{}</div>\n",
            escape(&decoded.caption),
            figure(&report.original),
            figure(decoded),
            figure(error)
        );
    }
    page.push_str("<h2>Notes</h2>\n<div class=\"notes\">\n");
    for note in &report.notes {
        let _ = writeln!(page, "<p>{}</p>", escape(note));
    }
    page.push_str("</div>\n</body>\n</html>\n");
    page
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_is_whole_and_escaped() {
        let figure = |caption: &str| Figure { source: "data:,".to_owned(), caption: caption.to_owned() };
        let page = render(&Report {
            title: "a < b".to_owned(),
            summary: "s".to_owned(),
            header: vec!["quality".to_owned()],
            rows: vec![vec!["40".to_owned()]],
            original: figure("original"),
            pairs: vec![(figure("decoded"), figure("error"))],
            notes: vec!["A & B".to_owned()],
        });
        assert!(page.contains("<h1>a &lt; b</h1>") && page.contains("<p>A &amp; B</p>"));
        assert!(page.contains("<td>40</td>") && page.ends_with("</html>\n"));
        assert_eq!(page.matches("<img").count(), 3);
    }
}
