//! Pictures: for each name the latest, and under it how it came to be.

use super::html::escape;
use crate::report::error::ReportError;
use crate::report::history::{History, Shot};
use crate::report::number;
use crate::report::picture::{self, Picture};
use std::fmt::Write;
use std::fs;
use std::path::Path;

/// Pictures in a strip.
const STRIP: usize = 6;
/// The longer side of a picture in a strip, in pixels.
const SIDE: usize = 128;

/// All pictures as HTML; empty without any. A file that is gone is left out, the page should outlive it.
pub(super) fn html(folder: &Path, history: &History) -> Result<String, ReportError> {
    let mut html = String::new();
    for (name, shots) in &history.pictures {
        let Some((last, png)) = shots.iter().rev().find_map(|shot| Some((shot, read(folder, shot)?))) else {
            continue;
        };
        let (safe, step) = (escape(name), number::grouped(last.step));
        let _ = write!(
            html,
            "<figure>\n<img src=\"{}\" alt=\"{safe} at step {step}\" width=\"{}\" height=\"{}\">\n\
             <figcaption><b>{safe}</b> <span class=\"soft\">step {step}</span></figcaption>\n",
            picture::data_uri(&png),
            last.width,
            last.height
        );
        if shots.len() > 1 {
            html.push_str("<ol class=\"strip\">");
            for shot in spread(shots) {
                let Some(png) = read(folder, shot) else { continue };
                let small = Picture::from_png(name, &png)?.thumbnail(SIDE).png(name)?;
                let (step, uri) = (number::grouped(shot.step), picture::data_uri(&small));
                let _ = write!(html, "<li><img src=\"{uri}\" alt=\"{safe} at step {step}\">{step}</li>");
            }
            html.push_str("</ol>\n");
        }
        html.push_str("</figure>\n");
    }
    Ok(html)
}

fn read(folder: &Path, shot: &Shot) -> Option<Vec<u8>> {
    fs::read(folder.join(&shot.file)).ok()
}

/// The first, the last, and some between at about equal distances.
fn spread(shots: &[Shot]) -> Vec<&Shot> {
    let count = shots.len().min(STRIP);
    (0..count).filter_map(|i| shots.get(i * (shots.len() - 1) / (count - 1).max(1))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shot(step: u64) -> Shot {
        Shot { step, file: format!("{step}.png"), width: 2, height: 1 }
    }

    #[test]
    fn the_latest_is_shown_and_a_strip_from_first_to_last() {
        let folder = tempfile::tempdir().unwrap();
        let shots: Vec<Shot> = (1..=20).map(|i| shot(i * 100)).collect();
        for (i, shot) in shots.iter().enumerate() {
            let png = Picture { width: 2, height: 1, rgb: vec![i as u8; 6] }.png("a").unwrap();
            fs::write(folder.path().join(&shot.file), png).unwrap();
        }
        assert_eq!(
            spread(&shots).iter().map(|s| s.step).collect::<Vec<_>>(),
            [100, 400, 800, 1200, 1600, 2000]
        );
        let history = History { pictures: vec![("valid/<a>".to_owned(), shots)], ..History::default() };
        let html = html(folder.path(), &history).unwrap();
        assert_eq!(html.matches("<img src=\"data:image/png;base64,").count(), 7);
        assert!(html.contains("alt=\"valid/&lt;a&gt; at step 2,000\" width=\"2\""), "{html}");
        assert!(html.contains("<figcaption><b>valid/&lt;a&gt;</b> <span class=\"soft\">step 2,000</span>"));
    }

    #[test]
    fn a_missing_file_is_left_out() {
        let folder = tempfile::tempdir().unwrap();
        let history =
            History { pictures: vec![("a".to_owned(), vec![shot(1), shot(2)])], ..History::default() };
        assert_eq!(html(folder.path(), &history).unwrap(), "");
    }
}
