//! Whether files of one band and date are a mosaic, or a stack that nothing tells apart.
//!
//! Scenes that overlap in part are parts of one picture. Files that cover the same place are dates, bands or arrays of their own;
//! where nothing tells which, one of them would hide the others. They are merged only if the configuration says so.

use crate::conventions::time::iso;
use crate::error::{Error, Result};
use crate::ingest::config::Config;
use crate::ingest::grid::{Bounds, intersection, same_reference, transform_bounds};
use crate::ingest::sources::layer::{Layer, Reader};
use std::collections::BTreeMap;

/// The part of the area of two files together from which on they cover the same place. Neighbouring scenes of a satellite share
/// a fifth at most; pictures of one place that were cut out at different times differ by a few rows.
const SAME: f64 = 0.9;

/// The most files that a message lists.
const LISTED: usize = 6;

/// Refuses layers of a band and one date that cover the same place, unless the configuration says how they are merged.
///
/// # Errors
/// [`Error::Mismatch`], with the files and what to write.
pub(crate) fn check(config: &Config, band: &str, dates: &BTreeMap<Option<i64>, Vec<Layer>>) -> Result<()> {
    if config.output.overlap.is_some() || config.time.by_day {
        return Ok(());
    }
    for (time, layers) in dates {
        let stacked = stacked(layers)?;
        if stacked.is_empty() {
            continue;
        }
        let of = time.map(|time| format!(" of {}", iso(time))).unwrap_or_default();
        let mut files: Vec<String> = Vec::new();
        for layer in &stacked {
            let file = layer.source.file.display().to_string();
            if !files.contains(&file) {
                files.push(file);
            }
        }
        let more = if files.len() > LISTED { ", …" } else { "" };
        let list = files.iter().take(LISTED).cloned().collect::<Vec<_>>().join(", ");
        let found = match files.len() {
            1 => format!("{list} has band {band}{of} {} times over", stacked.len()),
            n => format!("{n} files have band {band}{of} of the same place: {list}{more}"),
        };
        return Err(Error::Mismatch(format!(
            "{found}; nothing tells them apart, and one would hide the others: say what they are, as dates ({{time:%Y%m%d}} in \
             `name`, or a `time` for each [[input]]), as bands ({{band}} in `name`, or `bands` for each [[input]]) or as groups \
             (`split` under [output]), or lay the first over the others with overlap = \"first\" under [output]"
        )));
    }
    Ok(())
}

/// The layers that cover the same place as another; empty where none does.
fn stacked(layers: &[Layer]) -> Result<Vec<&Layer>> {
    let [first, _, ..] = layers else { return Ok(Vec::new()) };
    let mut placed: Vec<(Option<Bounds>, &Layer)> = Vec::new();
    for layer in layers {
        placed.push((bounds(layer, first)?, layer));
    }
    // From left to right, so that each is compared only with those that begin not much further right. What has no place comes
    // first.
    placed.sort_by(|a, b| {
        let left = |bounds: &Option<Bounds>| bounds.map_or(f64::NEG_INFINITY, |bounds| bounds[0]);
        left(&a.0).total_cmp(&left(&b.0))
    });
    let mut is_stacked = vec![false; placed.len()];
    for (i, (own, layer)) in placed.iter().enumerate() {
        for (j, (other, beside)) in placed.iter().enumerate().skip(i + 1) {
            if let (Some(own), Some(other)) = (own, other)
                && other[0] > own[0] + (1.0 / SAME - 1.0) * (own[2] - own[0])
            {
                break;
            }
            if covers_same(*own, *other) && !are_parts(layer, beside) {
                (is_stacked[i], is_stacked[j]) = (true, true);
            }
        }
    }
    // In the order in which they were given.
    let named: Vec<&Layer> =
        placed.iter().zip(is_stacked).filter(|(_, is)| *is).map(|((_, layer), _)| *layer).collect();
    Ok(layers.iter().filter(|layer| named.iter().any(|other| std::ptr::eq(*other, *layer))).collect())
}

/// Where a layer lies, in the reference system of the first; `None` where it has no place.
fn bounds(layer: &Layer, first: &Layer) -> Result<Option<Bounds>> {
    if layer.georeference().transform.is_none() {
        return Ok(None);
    }
    let own = layer.grid.bounds();
    match (&layer.georeference().wkt, &first.georeference().wkt) {
        (Some(from), Some(to)) if !same_reference(Some(from), Some(to)) => {
            transform_bounds(own, from, to).map(Some)
        }
        _ => Ok(Some(own)),
    }
}

/// Whether two areas are the same up to a few rows and columns. Files without a place may lie anywhere, so they do.
fn covers_same(a: Option<Bounds>, b: Option<Bounds>) -> bool {
    let (Some(a), Some(b)) = (a, b) else { return true };
    let area = |[left, bottom, right, top]: Bounds| (right - left) * (top - bottom);
    let both = intersection(a, b).map_or(0.0, area);
    both >= SAME * (area(a) + area(b) - both)
}

/// Whether two layers are lists of different pixels of one grid.
fn are_parts(a: &Layer, b: &Layer) -> bool {
    match (&a.source.reader, &b.source.reader) {
        (Reader::List(a), Reader::List(b)) => a.domain != b.domain,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_few_rows_more_are_the_same_place_and_a_neighbour_is_not() {
        let same = |a: Bounds, b: Bounds| covers_same(Some(a), Some(b));
        let own = [0.0, 0.0, 100.0, 100.0];
        assert!(same(own, own) && same(own, [1.0, -2.0, 101.0, 98.0]));
        assert!(!same(own, [90.0, 0.0, 190.0, 100.0]) && !same(own, [0.0, 0.0, 50.0, 100.0]));
        assert!(!same(own, [200.0, 0.0, 300.0, 100.0]));
        assert!(covers_same(None, Some(own)) && covers_same(None, None));
    }
}
