//! The validity of samples after masks over quality bands and the border.

use crate::conventions::time::Instant;
use crate::error::Result;
use crate::ingest::read::gridded::GriddedBands;
use crate::ingest::read::mosaic::Window;
use crate::ingest::sources::polygons::Border;
use crate::mask::{Mask, apply};
use crate::plane::Plane;
use std::collections::HashMap;
use std::collections::hash_map::Entry;

/// Masks over quality bands, and the area beyond which nothing is valid.
#[derive(Default)]
pub(crate) struct Validity {
    pub(crate) masks: Vec<Mask>,
    pub(crate) border: Option<Border>,
}

/// A window of the bands on a grid, whose masks are computed once for each date and serve all bands.
pub(crate) struct MaskedWindow<'a> {
    validity: &'a Validity,
    pub(crate) bands: &'a GriddedBands,
    pub(crate) window: &'a Window,
    /// For each date, which samples are usable; `None` where nothing is masked.
    usable: HashMap<Option<Instant>, Option<Vec<bool>>>,
}

impl<'a> MaskedWindow<'a> {
    pub(crate) fn new(validity: &'a Validity, bands: &'a GriddedBands, window: &'a Window) -> Self {
        Self { validity, bands, window, usable: HashMap::new() }
    }

    /// Which samples of a date the masks and the border leave valid; `None` where there are neither.
    pub(crate) fn usable(&mut self, time: Option<Instant>) -> Result<Option<&Vec<bool>>> {
        if let Entry::Vacant(place) = self.usable.entry(time) {
            place.insert(usable(self.validity, self.bands, self.window, time)?);
        }
        Ok(self.usable.get(&time).and_then(Option::as_ref))
    }

    /// A band and date as it is stored, masked.
    pub(crate) fn read(&mut self, name: &str, time: Option<Instant>) -> Result<Plane> {
        let mut plane = self.bands.stored(name, time, self.window)?;
        if let Some(usable) = self.usable(time)? {
            apply(usable, &mut plane)?;
        }
        Ok(plane)
    }
}

fn usable(
    validity: &Validity,
    gridded: &GriddedBands,
    window: &Window,
    time: Option<Instant>,
) -> Result<Option<Vec<bool>>> {
    let mut usable: Option<Vec<bool>> = None;
    let (height, width) = (window.rows.len(), window.columns.len());
    let mut keep = |some: Vec<bool>| match &mut usable {
        None => usable = Some(some),
        Some(usable) => usable.iter_mut().zip(some).for_each(|(a, b)| *a &= b),
    };
    if let Some(border) = &validity.border {
        let grid = gridded.grid.window(window.rows.start, window.columns.start, height, width);
        if let Some(inside) = border.mask(&grid)? {
            keep(inside);
        }
    }
    for mask in &validity.masks {
        // The clouds of one date do not mask a band without dates, such as elevation.
        if time.is_none() && mask.bands().iter().any(|name| gridded.is_dated(name)) {
            continue;
        }
        let bands = mask
            .bands()
            .into_iter()
            .map(|name| Ok((name, gridded.stored(name, time, window)?)))
            .collect::<Result<Vec<(&str, Plane)>>>()?;
        keep(mask.usable(height, width, &bands[..])?);
    }
    Ok(usable)
}
