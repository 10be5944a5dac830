//! Which blocks are for training, and which for validation.
//!
//! The unit is a place: a chunk's rows and columns, with all times and other steps of all arrays over the same
//! pixels. Neighbouring dates resemble each other far more than neighbouring chunks, so a place is never on both
//! sides.

use crate::data::block::Block;
use crate::data::error::{DataError, Result};
use crate::data::random::{Purpose, Random};
use crate::data::source::Source;
use std::collections::{BTreeMap, HashMap, HashSet};

/// How to split.
#[derive(Clone, Debug, PartialEq)]
pub struct SplitOptions {
    /// The fraction of samples for validation: 0 for none, at most 0.9.
    pub validation: f64,
    /// The seed of the choice.
    pub seed: u64,
    /// The side of the model's patch: a block that has to be cut in two is cut between patches.
    pub patch: usize,
}

impl Default for SplitOptions {
    fn default() -> Self {
        Self { validation: 0.1, seed: 0, patch: 16 }
    }
}

/// The blocks of both sides. They share no pixel, not even at different times.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Split {
    /// For training.
    pub training: Vec<Block>,
    /// For validation.
    pub validation: Vec<Block>,
}

#[derive(Debug, Default)]
struct PlaceOf {
    blocks: Vec<Block>,
    samples: u64,
}

/// Splits all blocks of a source: the same options give the same sides.
///
/// With two places or more, each side gets at least one, unless even the smallest place is larger than twice the
/// requested amount. Then one place is cut in two: its upper rows are for training and its lower ones for validation.
/// A single place (which may be many dates of one chunk) is always cut like this.
///
/// # Errors
/// [`DataError::Invalid`] for a fraction out of range, and for a single place of too few rows to be cut;
/// [`DataError::Empty`] when there are no blocks.
pub fn split(source: &Source, options: &SplitOptions) -> Result<Split> {
    if !(0.0..=0.9).contains(&options.validation) {
        return Err(DataError::Invalid(format!(
            "the fraction for validation is {}, allowed are 0 to 0.9; 0.1 is usual",
            options.validation
        )));
    }
    let mut blocks = source.blocks();
    blocks.retain(|block| source.samples(block) > 0);
    if blocks.is_empty() {
        return Err(DataError::Empty(
            "the arrays have no samples: every shape has an extent of 0".to_owned(),
        ));
    }
    if options.validation == 0.0 {
        return Ok(Split { training: blocks, validation: Vec::new() });
    }
    let mut places = places(source, blocks);
    if places.len() == 1
        && let Some(place) = places.pop()
    {
        return cut(source, place.blocks, options.validation, options.patch);
    }
    Ok(cut_one(source, &places, options).unwrap_or_else(|| choose(places, options)))
}

/// Cuts one place where whole ones are too large for the fraction. None where they are not, or where none can be cut.
fn cut_one(source: &Source, places: &[PlaceOf], options: &SplitOptions) -> Option<Split> {
    let wanted = options.validation * places.iter().map(|place| place.samples as f64).sum::<f64>();
    if places.iter().any(|place| place.samples as f64 <= 2.0 * wanted) {
        return None;
    }
    let mut order: Vec<usize> = (0..places.len()).collect();
    Random::new(options.seed, Purpose::Split, &[]).shuffle(&mut order);
    let (number, own) = order.into_iter().find_map(|number| {
        let place = &places[number];
        let share = wanted / place.samples as f64;
        Some((number, cut(source, place.blocks.clone(), share, options.patch).ok()?))
    })?;
    let mut split = Split { training: Vec::new(), validation: own.validation };
    for (other, place) in places.iter().enumerate() {
        split.training.extend_from_slice(if other == number { &own.training } else { &place.blocks });
    }
    Some(split)
}

/// Puts together what must stay together, in a fixed order.
fn places(source: &Source, blocks: Vec<Block>) -> Vec<PlaceOf> {
    // Arrays over the same pixels, such as one for each date, are one site.
    let mut sites: HashMap<String, usize> = HashMap::new();
    let mut grids: Vec<HashSet<(u64, u64)>> = Vec::new();
    let mut site_of = Vec::new();
    for raster in source.rasters() {
        let site = match raster.footprint() {
            Some(footprint) => *sites.entry(footprint).or_insert(grids.len()),
            None => grids.len(),
        };
        if site == grids.len() {
            grids.push(HashSet::new());
        }
        grids[site].insert(raster.chunk_size());
        site_of.push(site);
    }
    let mut places: BTreeMap<(usize, u64, u64), PlaceOf> = BTreeMap::new();
    for block in blocks {
        let (raster, region) = (&source.rasters()[block.raster], source.region(&block));
        let site = site_of[block.raster];
        // Chunks of different grids overlap: then the whole site is one place.
        let corner = match grids[site].len() {
            1 => (region[raster.y()].start, region[raster.x()].start),
            _ => (0, 0),
        };
        let place = places.entry((site, corner.0, corner.1)).or_default();
        place.samples += source.samples(&block);
        place.blocks.push(block);
    }
    places.into_values().collect()
}

/// Takes places in a seeded order until the fraction is reached. A place that is larger than the median, and larger
/// than twice the requested amount, is skipped. Otherwise a large array might go to validation because of a small one
/// beside it.
fn choose(places: Vec<PlaceOf>, options: &SplitOptions) -> Split {
    let total: u64 = places.iter().map(|place| place.samples).sum();
    let wanted = total as f64 * options.validation;
    let mut sizes: Vec<u64> = places.iter().map(|place| place.samples).collect();
    sizes.sort_unstable();
    let median = sizes[(sizes.len() - 1) / 2];
    let mut order: Vec<usize> = (0..places.len()).collect();
    Random::new(options.seed, Purpose::Split, &[]).shuffle(&mut order);
    let mut chosen = HashSet::new();
    let mut taken = 0u64;
    for number in order {
        let samples = places[number].samples;
        if taken as f64 >= wanted || chosen.len() + 1 == places.len() {
            break;
        }
        if samples <= median || samples as f64 <= 2.0 * (wanted - taken as f64) {
            taken += samples;
            chosen.insert(number);
        }
    }
    let mut split = Split::default();
    for (number, place) in places.into_iter().enumerate() {
        let side = if chosen.contains(&number) { &mut split.validation } else { &mut split.training };
        side.extend(place.blocks);
    }
    split
}

/// Cuts a single place by rows, of which about a `share` is for validation.
fn cut(source: &Source, blocks: Vec<Block>, share: f64, patch: usize) -> Result<Split> {
    let patch = patch.max(1) as u64;
    let top = blocks.iter().map(|block| block.rows.start).min().unwrap_or_default();
    let bottom = blocks.iter().map(|block| block.rows.end).max().unwrap_or_default();
    let height = bottom - top;
    let validation = ((height as f64 * share).round() as u64).max(patch);
    let training = height.saturating_sub(validation) / patch * patch;
    if training == 0 {
        return Err(DataError::Invalid(format!(
            "all data lie in one chunk of {height} rows ({}), which can't be cut in a part for training and one for \
             validation of {patch} rows each; rechunk the array, add others, or leave validation out with data.validation=0",
            blocks.first().map(|block| source.describe(block)).unwrap_or_default()
        )));
    }
    let mut split = Split::default();
    for block in blocks {
        let border = (top + training).clamp(block.rows.start, block.rows.end);
        for (side, rows) in
            [(&mut split.training, block.rows.start..border), (&mut split.validation, border..block.rows.end)]
        {
            if !rows.is_empty() {
                side.push(Block { rows, ..block.clone() });
            }
        }
    }
    Ok(split)
}
