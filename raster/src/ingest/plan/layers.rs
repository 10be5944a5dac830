//! The arrays of the files' bands: which bands share an array, which value means "no data" in it, and which dates are missing.

use super::names::{dimensions, without_bands};
use super::{ArrayPlan, BandPlan, BandSource, CubePlan, DATA};
use crate::band::Band;
use crate::conventions::exact::{Exact, must_be_exact};
use crate::conventions::time::{Instant, iso};
use crate::error::{Error, Result};
use crate::ingest::config::Overlap;
use crate::ingest::plan::dates::Dates;
use crate::ingest::read::gridded::Purpose;
use crate::ingest::read::mosaic::can_hold;
use crate::ingest::sources::scene::{Scene, SceneBand};
use crate::listed::listed;
use crate::sample::DataType;
use std::collections::BTreeSet;

/// The most missing dates that a remark lists.
const LISTED: usize = 5;

/// Which bands may share an array: one with errors in some of its bands would change others that must be exact.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kept<'a> {
    /// Bands that may be coded with errors.
    AsAsked,
    /// Classes, flags and counts.
    Exact,
    /// A band, by its name, that is a coordinate of others or ancillary to them: an array that others name.
    Beside(&'a str),
}

impl<'a> Kept<'a> {
    fn of(band: &'a SceneBand) -> Self {
        // Of a raster of bands, one may have colours for a picture.
        let is_variable = band.first().is_some_and(|layer| layer.place.is_some());
        let has_classes = is_variable && !band.band.categories.is_empty();
        match (band.exact(), must_be_exact(&band.band.attributes)) {
            (Some(_), _) => Self::Beside(&band.name),
            (None, Some(_)) => Self::Exact,
            (None, None) if has_classes => Self::Exact,
            (None, None) => Self::AsAsked,
        }
    }
}

impl CubePlan {
    /// Adds the arrays of the bands on a grid. Bands that share a type, and all have dates or all have none, form an array.
    pub(crate) fn add_layers(
        &mut self,
        scene: &Scene,
        bands: &[&SceneBand],
        grid_number: usize,
        folder: &str,
    ) -> Result<()> {
        let wanted = self.config.output.data_type;
        let first_array = self.arrays.len();
        let mut kinds: Vec<(bool, DataType, Kept<'_>, Vec<&SceneBand>)> = Vec::new();
        for band in bands.iter().filter(|band| !self.config.output.drop.contains(&band.name)) {
            let kind = (band.has_times(), wanted.unwrap_or(band.sample_type), Kept::of(band));
            match kinds.iter_mut().find(|(times, sample_type, kept, _)| (*times, *sample_type, *kept) == kind)
            {
                Some((.., bands)) => bands.push(band),
                None => kinds.push((kind.0, kind.1, kind.2, vec![band])),
            }
        }
        // The kind with most bands becomes the array `data`, after what may be coded with errors.
        kinds.sort_by_key(|(times, _, kept, bands)| {
            std::cmp::Reverse((!matches!(kept, Kept::Beside(_)), *times, *kept == Kept::AsAsked, bands.len()))
        });
        for (at, (has_times, sample_type, kept, bands)) in kinds.into_iter().enumerate() {
            let type_name = sample_type.name();
            let name = match (at, &bands[..], has_times) {
                (_, [band], _) if matches!(kept, Kept::Beside(_)) => band.name.clone(),
                (0, _, _) => DATA.to_owned(),
                (_, [band], _) => band.name.clone(),
                (_, _, false) => format!("static_{type_name}"),
                (_, _, true) => format!("{DATA}_{type_name}"),
            };
            for band in &bands {
                self.gridded[grid_number].add(&self.config, band, Purpose::Data)?;
            }
            self.add_quality(scene, grid_number)?;
            let times = has_times.then(|| {
                let times: BTreeSet<Instant> =
                    bands.iter().flat_map(|band| band.layers.keys().copied().flatten()).collect();
                times.into_iter().collect::<Vec<Instant>>()
            });
            let dates = Dates::plan(&self.config.time, times)?;
            let source = dates.source();
            let path = format!("{folder}{name}");
            self.remark_on_missing(&path, &bands, grid_number, source);
            self.remark_on_overlap(&path, &bands, grid_number, source);
            let validity = self.validity_of(&path, &bands, grid_number, source, sample_type)?;
            let nodata = validity.nodata;
            if let (None, Dates::Even { .. }) = (nodata, &dates) {
                return Err(Error::Mismatch(format!(
                    "{path}: steps in time may lie where no date is near, and no value means \"no data\" in {type_name}; \
                     declare one as nodata under [output]"
                )));
            }
            if let Some(band) = bands.iter().find(|band| !can_hold(band.sample_type, sample_type)) {
                self.remarks.push(format!(
                    "{path}: band {} is {}, and is written as {type_name}: what that does not hold is rounded or cut off",
                    band.name,
                    band.sample_type.name()
                ));
            }
            let narrowed: Vec<String> = (bands.iter())
                .filter(|band| !can_hold(band.sample_type, sample_type))
                .map(|band| band.name.clone())
                .collect();
            let planned = bands
                .iter()
                .map(|band| BandPlan {
                    band: Band { nodata, ..band.band.clone() },
                    source: BandSource::Layers,
                })
                .collect();
            let array = ArrayPlan {
                path: String::new(),
                name,
                grid: self.gridded[grid_number].grid.clone(),
                times: dates.times(),
                bands: planned,
                dimensions: match kept {
                    Kept::Beside(_) => without_bands(dimensions(&self.config.output, has_times)?),
                    _ => dimensions(&self.config.output, has_times)?,
                },
                sample_type,
                nodata,
                categorical: false,
                grid_number,
                dates,
                mask: None,
                exact: bands.first().and_then(|band| band.exact()),
                coordinates: Vec::new(),
                ancillary: Vec::new(),
                own_coordinates: self.own_coordinates(&bands)?,
                clashes: validity.clashes.narrowing(narrowed),
            };
            if let Some(mask) = self.push_with_mask(folder, array, validity.mask)? {
                let kept = format!(
                    "no value means \"no data\" in {type_name}, so the array {mask} tells it; to have \"no data\" in {path} \
                     instead, say a value as nodata under [output]"
                );
                self.remark_on_masks(&path, &bands, &kept);
            }
        }
        self.name_those_beside(scene, first_array);
        Ok(())
    }

    /// Names, in each array from a number on, those of the arrays after it that are its coordinates or ancillary to it.
    fn name_those_beside(&mut self, scene: &Scene, first: usize) {
        let beside: Vec<(String, String, Exact)> = (self.arrays[first..].iter())
            .filter_map(|array| {
                let place = scene.band(array.bands.first()?.band.name.as_deref()?)?.first()?.place.clone()?;
                let name = array.path.rsplit('/').next()?.to_owned();
                Some((place, name, array.exact?))
            })
            .collect();
        for array in &mut self.arrays[first..] {
            for layer in array.bands.iter().filter_map(|band| scene.band(band.band.name.as_deref()?)?.first())
            {
                for (_, name, exact) in beside.iter().filter(|(place, ..)| layer.beside.contains(place)) {
                    let names = match exact {
                        Exact::Coordinates => &mut array.coordinates,
                        _ => &mut array.ancillary,
                    };
                    if !names.contains(name) {
                        names.push(name.clone());
                    }
                }
            }
        }
    }

    /// Adds the bands that masks read to those of a grid.
    pub(crate) fn add_quality(&mut self, scene: &Scene, grid_number: usize) -> Result<()> {
        for name in self.validity.masks.iter().flat_map(|mask| mask.bands()) {
            if let Some(band) = scene.band(name) {
                self.gridded[grid_number].add(&self.config, band, Purpose::Quality)?;
            }
        }
        Ok(())
    }

    fn remark_on_missing(
        &mut self,
        path: &str,
        bands: &[&SceneBand],
        grid_number: usize,
        times: &[Option<Instant>],
    ) {
        let mut missing = Vec::new();
        for time in times {
            for band in bands {
                if self.gridded[grid_number].files(&band.name, *time) == 0 {
                    missing.push(format!(
                        "{} of {}",
                        band.name,
                        time.map_or_else(|| "no time".to_owned(), iso)
                    ));
                }
            }
        }
        if !missing.is_empty() {
            self.remarks.push(format!(
                "{path}: {} of {} pairs of band and date have no file that reaches into the grid, and are written as nodata: \
                 {}",
                missing.len(),
                times.len() * bands.len(),
                listed(&missing, LISTED)
            ));
        }
    }

    /// Says which files lie over others, and in how many pixels.
    fn remark_on_overlap(
        &mut self,
        path: &str,
        bands: &[&SceneBand],
        grid_number: usize,
        times: &[Option<Instant>],
    ) {
        let (mut pixels, mut pairs) = (0u64, 0);
        let mut files: Vec<String> = Vec::new();
        for (time, band) in times.iter().flat_map(|time| bands.iter().map(move |band| (time, band))) {
            let (own, of) = self.gridded[grid_number].overlap(&band.name, *time);
            if own == 0 {
                continue;
            }
            pixels += own;
            pairs += 1;
            if files.is_empty() {
                files = of.iter().map(|file| file.display().to_string()).collect();
                files.dedup();
            }
        }
        if pairs == 0 {
            return;
        }
        let which = match self.config.output.overlap.unwrap_or_default() {
            Overlap::First => "the first of these by name that is valid counts there",
            Overlap::Last => "the last of these by name that is valid counts there",
            Overlap::Equal => "they must agree there",
        };
        self.remarks.push(format!(
            "{path}: files overlap in {pixels} pixels of {pairs} of {} pairs of band and date, such as those of {}; {which} \
             (overlap under [output])",
            times.len() * bands.len(),
            listed(&files, LISTED)
        ));
    }
}
