//! `report.html`: one page with curves and pictures, made again from the records each time. It needs nothing from
//! elsewhere, and without its small script it lacks only the values under the pointer.

mod curves;
mod events;
mod families;
mod gallery;
mod heading;
mod rates;

use super::disk;
use super::error::ReportError;
use super::history::History;
use super::journal;
use std::path::Path;
use vqz_report::{Axis, Block, Page, Section, Tile, TileSize};

/// The file's name in the report's folder.
pub(super) const NAME: &str = "report.html";

/// What a picture of a validation shows.
const PICTURES: &str = "Of the validation, from left to right: the original, what comes back at the lowest quality, and the \
                        difference, ten times as strong.";

/// Makes `report.html` in a report's folder from `metrics.jsonl` and the pictures there, for a run of `total_steps`, 0
/// where that is open. The page is replaced at once: a browser never sees half of it.
///
/// # Errors
/// [`ReportError::Corrupt`], [`ReportError::Picture`] and [`ReportError::Io`].
pub fn write_page(folder: &Path, name: &str, total_steps: u64) -> Result<(), ReportError> {
    let history = History::of(journal::read(folder)?);
    let pictures = gallery::tiles(folder, &history)?;
    disk::replace(&folder.join(NAME), page(&history, pictures, name, total_steps).html().as_bytes())
}

fn page(history: &History, pictures: Vec<Tile>, name: &str, total_steps: u64) -> Page {
    let marks = events::marks(&history.events);
    let (low, high) = (history.first_step as f64, history.last_step as f64);
    // The axis starts at 0 if the first record is near it, which it is unless the first records of a run were lost.
    let steps = Axis::exact(if low < 0.1 * high { 0.0 } else { low }, high.max(low + 1.0), 6).named("step");
    let charts = families::charts(history, &steps, &marks);
    let mut page = heading::page(history, name, total_steps);
    let nothing = || Block::Text("Nothing is recorded yet.".to_owned());
    page.section("Curves", [if charts.is_empty() { nothing() } else { Block::Charts(charts) }]);
    if !history.facts.is_empty() {
        page.section("This run", [Block::Terms(history.facts.clone())]);
    }
    if !history.events.is_empty() {
        let id = Some(events::SECTION.to_owned());
        let blocks = events::list(&history.events);
        page.blocks.push(Section { heading: "Events".to_owned(), id, blocks }.into());
    }
    if !pictures.is_empty() {
        let tiles = Block::Tiles(TileSize::Large, pictures);
        page.section("Pictures", [Block::Text(PICTURES.to_owned()), tiles]);
    }
    page
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::history::{Event, Series};

    #[test]
    fn a_page_is_whole_and_needs_nothing_from_elsewhere() {
        let series = Series { steps: vec![1, 2], values: vec![0.5, 0.25] };
        let (kind, message) = ("collapse".to_owned(), "codebook 0 <b>".to_owned());
        let history = History {
            series: [("loss/total".to_owned(), series)].into(),
            events: vec![Event { step: 2, time: 0.0, kind, message }],
            first_step: 1,
            last_step: 2,
            ..History::default()
        };
        let tile =
            Tile { title: "a".to_owned(), note: String::new(), pictures: Vec::new(), strip: Vec::new() };
        let page = page(&history, vec![tile], "a < b", 10).html();
        assert!(page.contains("<h1>a &lt; b</h1>") && page.ends_with("</html>\n"));
        assert!(page.contains("<h3>Losses</h3>") && page.contains(">codebook 0 &lt;b&gt;</td>"), "{page}");
        assert!(page.contains("class=\"mark alarm\"") && page.contains("<h2>Pictures</h2>"));
        assert!(!page.contains("http") && !page.contains("@import") && !page.contains("src="));
    }

    #[test]
    fn an_empty_run_has_a_page() {
        let folder = tempfile::tempdir().unwrap();
        write_page(folder.path(), "new", 0).unwrap();
        let page = std::fs::read_to_string(folder.path().join(NAME)).unwrap();
        assert!(page.contains("<h1>new</h1>") && page.contains("Nothing is recorded yet."));
    }
}
