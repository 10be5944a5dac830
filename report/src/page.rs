//! A page: its head, its blocks, its style and, if a chart needs it, its script.

use crate::block::{self, Block, Section, Tone};
use maud::{DOCTYPE, PreEscaped, html};

const STYLE: &str = include_str!("style.css");
const SCRIPT: &str = include_str!("script.js");

/// A page.
#[derive(Clone, Debug, Default)]
pub struct Page {
    /// The title.
    pub title: String,
    /// A few words above the title.
    pub eyebrow: String,
    /// A status word beside the title.
    pub badges: Vec<Badge>,
    /// A sentence or two below the title.
    pub summary: String,
    /// The progress from 0 to 1, if the page is about work in progress.
    pub progress: Option<f64>,
    /// The content.
    pub blocks: Vec<Block>,
    /// The last line: program, version and date.
    pub colophon: String,
}

/// A status word beside the title.
#[derive(Clone, Debug)]
pub struct Badge {
    /// The word.
    pub text: String,
    /// Its tone.
    pub tone: Tone,
    /// The id of the section that it links to.
    pub section: Option<String>,
}

impl Page {
    /// A page with a title and no content.
    pub fn new(title: impl Into<String>) -> Self {
        Self { title: title.into(), ..Self::default() }
    }

    /// Adds a section, unless it is empty.
    pub fn section(&mut self, heading: &str, blocks: impl IntoIterator<Item = Block>) {
        let section = Section::new(heading, blocks);
        if !section.blocks.is_empty() {
            self.blocks.push(section.into());
        }
    }

    /// The page as an HTML document.
    pub fn html(&self) -> String {
        let done = self.progress.map(|part| 100.0 * part.clamp(0.0, 1.0));
        let page = html! {
            (DOCTYPE)
            html lang="en" {
                head {
                    meta charset="utf-8";
                    meta name="viewport" content="width=device-width, initial-scale=1";
                    title { (self.title) " · vqz" }
                    style { (PreEscaped(STYLE)) }
                }
                body {
                    header {
                        @if !self.eyebrow.is_empty() { p.eyebrow { (self.eyebrow) } }
                        div.title {
                            h1 { (self.title) }
                            @for Badge { text, tone, section } in &self.badges {
                                @match section {
                                    Some(id) => a class={ "badge " (tone.class()) } href={ "#" (id) } { (text) },
                                    None => span class={ "badge " (tone.class()) } { (text) },
                                }
                            }
                        }
                        @if !self.summary.is_empty() { p.soft { (self.summary) } }
                    }
                    @if let Some(done) = done {
                        @let percent = format!("{done:.1}");
                        div.progress role="progressbar" aria-label="done" aria-valuenow=(percent) aria-valuemin="0" aria-valuemax="100" {
                            i style={ "width:" (percent) "%" } {}
                        }
                    }
                    main { @for block in &self.blocks { (block.render()) } }
                    @if !self.colophon.is_empty() { footer { (self.colophon) } }
                    @if block::read_out(&self.blocks) { script { (PreEscaped(SCRIPT)) } }
                }
            }
        };
        page.into_string() + "\n"
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Axis, Chart, Series};

    #[test]
    fn a_page_is_whole_and_asks_nothing_of_a_network() {
        let chart = Chart {
            x: Axis::exact(0.0, 1.0, 2).named("step"),
            y: Axis::exact(0.0, 1.0, 2),
            series: vec![Series::line("a", vec![(0.0, 0.0), (1.0, 1.0)])],
            ..Chart::default()
        };
        let badge = |text: &str, section: Option<&str>| Badge {
            text: text.to_owned(),
            tone: Tone::Bad,
            section: section.map(str::to_owned),
        };
        let mut page = Page {
            summary: "s".to_owned(),
            badges: vec![badge("failed", None), badge("2 warnings", Some("events"))],
            progress: Some(0.5),
            ..Page::new("a < b")
        };
        page.section("Curves", [chart.clone().into()]);
        page.section("Nothing", []);
        let html = page.html();
        assert!(!html.contains("Nothing"));
        assert!(html.starts_with("<!DOCTYPE html>") && html.ends_with("</html>\n"));
        assert!(
            html.contains("<title>a &lt; b · vqz</title>") && html.contains("aria-valuenow=\"50.0\""),
            "{html}"
        );
        assert!(
            html.contains(">failed</span>") && html.contains("href=\"#events\">2 warnings</a>"),
            "{html}"
        );
        for outside in ["http", "@import", "src=", "url(", "<link", "<script"] {
            assert!(!html.contains(outside), "{outside}");
        }
        for tag in ["figure", "section", "ul", "svg", "main", "g", "div", "p"] {
            let opened =
                html.matches(&format!("<{tag}>")).count() + html.matches(&format!("<{tag} ")).count();
            assert_eq!(opened, html.matches(&format!("</{tag}>")).count(), "{tag}");
        }
        page.blocks.push(Chart { read_out: true, ..chart }.into());
        assert!(
            page.html().contains("<script>\"use strict\""),
            "a chart that reads out values takes the script"
        );
    }
}
