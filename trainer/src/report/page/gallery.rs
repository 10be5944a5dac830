//! Pictures: for each name the latest one, and below it a strip of earlier ones.

use crate::report::error::ReportError;
use crate::report::history::{History, Shot};
use crate::report::number;
use std::fs;
use std::path::Path;
use vqz_report::{Picture, Tile};

/// Pictures in a strip.
const STRIP: usize = 6;
/// The longer side of a picture in a strip, in pixels.
const SIDE: usize = 128;

/// All pictures. A file that no longer exists is left out.
pub(super) fn tiles(folder: &Path, history: &History) -> Result<Vec<Tile>, ReportError> {
    let mut tiles = Vec::new();
    for (name, shots) in &history.pictures {
        let read = |shot: &Shot| {
            let png = fs::read(folder.join(&shot.file)).ok()?;
            let picture = Picture::from_png(&png).map_err(ReportError::picture(name));
            let step = number::grouped(shot.step);
            Some(picture.map(|picture| (picture.described(format!("{name} at step {step}")), step)))
        };
        let Some(last) = shots.iter().rev().find_map(read) else { continue };
        let (picture, step) = last?;
        let mut strip = Vec::new();
        for shot in spread(shots) {
            if let Some(shown) = read(shot) {
                let (picture, step) = shown?;
                strip.push((picture.thumbnail(SIDE), step));
            }
        }
        let note = format!("step {step}");
        tiles.push(Tile { title: name.clone(), note, pictures: vec![picture], strip });
    }
    Ok(tiles)
}

/// The first, the last, and some between at about equal distances; none if there is only one.
fn spread(shots: &[Shot]) -> Vec<&Shot> {
    let count = if shots.len() > 1 { shots.len().min(STRIP) } else { 0 };
    (0..count).filter_map(|i| shots.get(i * (shots.len() - 1) / (count - 1).max(1))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shot(step: u64) -> Shot {
        Shot { step, file: format!("{step}.png") }
    }

    #[test]
    fn the_latest_is_shown_and_a_strip_from_first_to_last() {
        let folder = tempfile::tempdir().unwrap();
        let shots: Vec<Shot> = (1..=20).map(|i| shot(i * 100)).collect();
        for (i, shot) in shots.iter().enumerate() {
            let png = Picture::from_rgb(2, 1, &[i as u8; 6]).png().unwrap();
            fs::write(folder.path().join(&shot.file), png).unwrap();
        }
        let steps: Vec<u64> = spread(&shots).iter().map(|s| s.step).collect();
        assert_eq!(steps, [100, 400, 800, 1200, 1600, 2000]);
        let history = History { pictures: vec![("valid/a".to_owned(), shots)], ..History::default() };
        let tiles = tiles(folder.path(), &history).unwrap();
        let [tile] = &tiles[..] else { panic!("one name, one tile") };
        assert_eq!((&tile.title[..], &tile.note[..], tile.strip.len()), ("valid/a", "step 2,000", 6));
        assert_eq!((tile.pictures[0].rgba[0], tile.strip[0].0.rgba[0]), (19, 0));
        assert_eq!((tile.pictures[0].width, &tile.pictures[0].alt[..]), (2, "valid/a at step 2,000"));
    }

    #[test]
    fn a_missing_file_is_left_out() {
        let folder = tempfile::tempdir().unwrap();
        let history =
            History { pictures: vec![("a".to_owned(), vec![shot(1), shot(2)])], ..History::default() };
        assert!(tiles(folder.path(), &history).unwrap().is_empty());
    }
}
