//! Whether files of one band and date are a mosaic, or a stack that nothing tells apart.
//!
//! Scenes that overlap in part are parts of one picture. Files that cover the same place are dates, bands or arrays of their own;
//! where nothing tells which, one of them would hide the others. They are merged only if the configuration says so.

use crate::conventions::time::{Instant, iso};
use crate::error::{Error, Result};
use crate::ingest::config::Config;
use crate::ingest::footprint::{bounds, nearest, turn};
use crate::ingest::grid::{Bounds, intersection, same_reference};
use crate::ingest::sources::layer::{Layer, Reader};
use crate::listed::listed;
use std::collections::{BTreeMap, BTreeSet};

/// The part of the area of two files together from which on they cover the same place. Neighbouring scenes of a satellite share
/// a fifth at most; pictures of one place that were cut out at different times differ by a few rows.
const SAME: f64 = 0.9;

/// The most files that a message lists.
const LISTED: usize = 6;

/// Refuses layers of a band and one date that cover the same place, unless the configuration says how they are merged.
///
/// # Errors
/// [`Error::Mismatch`], with the files and what to write.
pub(crate) fn check(
    config: &Config,
    band: &str,
    dates: &BTreeMap<Option<Instant>, Vec<Layer>>,
) -> Result<()> {
    if config.output.overlap.is_some() || config.time.by_day {
        return Ok(());
    }
    for (time, layers) in dates {
        let stacked = stacked(layers)?;
        if stacked.is_empty() {
            continue;
        }
        let mut seen = BTreeSet::new();
        let same = |layer: &Layer| {
            (std::fs::canonicalize(&layer.source.file).ok(), layer.number, layer.place.clone())
        };
        if let Some(again) = stacked.iter().find(|layer| !seen.insert(same(layer))) {
            return Err(Error::Mismatch(format!(
                "several patterns match one file, {}: write `files` such that each file is matched once",
                again.source.file.display()
            )));
        }
        let of = time.map(|time| format!(" of {}", iso(time))).unwrap_or_default();
        let mut files: Vec<String> = Vec::new();
        for layer in &stacked {
            let file = layer.source.file.display().to_string();
            if !files.contains(&file) {
                files.push(file);
            }
        }
        let list = listed(&files, LISTED);
        let found = match files.len() {
            1 => format!(
                "{list} has band {band}{of} {} times over{}",
                stacked.len(),
                // The last days of February of calendars with months of 30 days have no others.
                if is_end_of_february(*time) {
                    " (a date that no month has counts as the month's last, such as 30 February of the calendar 360_day)"
                } else {
                    ""
                }
            ),
            n => format!("{n} files have band {band}{of} of the same place: {list}"),
        };
        return Err(Error::Mismatch(format!(
            "{found}; nothing tells them apart, and one would hide the others: say what they are, as dates ({{time:%Y%m%d}} in \
             `name`, or a `time` for each [[input]]), as bands ({{band}} in `name`, or `bands` for each [[input]]) or as groups \
             (`split` under [output]), or lay the first over the others with overlap = \"first\" under [output]"
        )));
    }
    Ok(())
}

fn is_end_of_february(time: Option<Instant>) -> bool {
    time.is_some_and(|time| iso(time).get(4..10).is_some_and(|day| matches!(day, "-02-28" | "-02-29")))
}

/// Where a layer lies.
#[derive(Clone, Copy, Debug)]
enum Place {
    /// Nothing says where.
    Unknown,
    /// Within these bounds, in the reference system of the first layer.
    Within(Bounds),
    /// At least a part of it where the reference system of the first layer has no places.
    Elsewhere,
}

impl Place {
    /// The place of a layer, near the first where longitudes are counted in turns.
    fn of(layer: &Layer, first: &Layer) -> Result<Self> {
        if layer.georeference().transform.is_none() {
            return Ok(Self::Unknown);
        }
        let own = bounds(&layer.grid, first.georeference()).map_err(|e| {
            Error::Mismatch(format!("{} can't be compared with {}: {e}", layer.label(), first.label()))
        })?;
        let Ok(own) = own else { return Ok(Self::Elsewhere) };
        Ok(Self::Within(beside(own, first)))
    }

    fn left(&self) -> f64 {
        match self {
            Self::Within([left, ..]) => *left,
            Self::Unknown | Self::Elsewhere => f64::NEG_INFINITY,
        }
    }
}

/// Bounds in the reference system of a layer, turned near that layer where longitudes are counted in turns.
fn beside(bounds: Bounds, layer: &Layer) -> Bounds {
    let ([left, bottom, right, top], to) = (bounds, layer.grid.bounds());
    match turn(layer.georeference()) {
        // Around the whole Earth, it is the same place wherever longitudes begin.
        Some(turn) if right - left >= turn * (1.0 - 1e-9) => {
            let left = (to[0] + to[2] - turn) / 2.0;
            [left, bottom, left + turn, top]
        }
        _ => nearest(bounds, to, layer.georeference()),
    }
}

/// The layers that cover the same place as another; empty where none does.
fn stacked(layers: &[Layer]) -> Result<Vec<&Layer>> {
    let [first, _, ..] = layers else { return Ok(Vec::new()) };
    let mut placed: Vec<(Place, &Layer)> = Vec::new();
    for layer in layers {
        placed.push((Place::of(layer, first)?, layer));
    }
    // From left to right, so that each is compared only with those that begin not much further right. What has no bounds comes
    // first.
    placed.sort_by(|a, b| a.0.left().total_cmp(&b.0.left()));
    let mut is_stacked = vec![false; placed.len()];
    let turn = turn(first.georeference());
    for (i, own) in placed.iter().enumerate() {
        let mut compare = |j: usize, own: (Place, &Layer)| {
            if are_at_one_place(own, placed[j]) && !are_parts(own.1, placed[j].1) {
                (is_stacked[i], is_stacked[j]) = (true, true);
            }
        };
        let slack = |bounds: Bounds| (1.0 / SAME - 1.0) * (bounds[2] - bounds[0]);
        for (j, other) in placed.iter().enumerate().skip(i + 1) {
            if let (Place::Within(own), Place::Within(other)) = (own.0, other.0)
                && other[0] > own[0] + slack(own)
            {
                break;
            }
            compare(j, *own);
        }
        // Half a turn from the first layer, one place has two longitudes, at both ends of the order.
        let (Place::Within([left, bottom, right, top]), Some(turn)) = (own.0, turn) else { continue };
        let further = [left + turn, bottom, right + turn, top];
        for j in (i + 1..placed.len()).rev() {
            if placed[j].0.left() < further[0] - slack(further) {
                break;
            }
            compare(j, (Place::Within(further), own.1));
        }
    }
    // In the order in which they were given.
    let named: Vec<&Layer> =
        placed.iter().zip(is_stacked).filter(|(_, is)| *is).map(|((_, layer), _)| *layer).collect();
    Ok(layers.iter().filter(|layer| named.iter().any(|other| std::ptr::eq(*other, *layer))).collect())
}

/// Whether two layers cover the same place. Files without a place may lie anywhere, so they do.
fn are_at_one_place((a_place, a): (Place, &Layer), (b_place, b): (Place, &Layer)) -> bool {
    match (a_place, b_place) {
        (Place::Unknown, _) | (_, Place::Unknown) => true,
        (Place::Within(a), Place::Within(b)) => covers_same(a, b),
        (Place::Elsewhere, Place::Elsewhere) => {
            same_reference(a.georeference().wkt.as_deref(), b.georeference().wkt.as_deref())
                && covers_same(beside(a.grid.bounds(), a), beside(b.grid.bounds(), a))
        }
        (Place::Within(_), Place::Elsewhere) | (Place::Elsewhere, Place::Within(_)) => false,
    }
}

/// Whether two areas are the same up to a few rows and columns.
fn covers_same(a: Bounds, b: Bounds) -> bool {
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
        let own = [0.0, 0.0, 100.0, 100.0];
        assert!(covers_same(own, own) && covers_same(own, [1.0, -2.0, 101.0, 98.0]));
        assert!(!covers_same(own, [90.0, 0.0, 190.0, 100.0]) && !covers_same(own, [0.0, 0.0, 50.0, 100.0]));
        assert!(!covers_same(own, [200.0, 0.0, 300.0, 100.0]));
    }
}
