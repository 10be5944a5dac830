//! The bands of a scene on one grid: for each band and date its layers, and windows of them.

use crate::conventions::exact::{Exact, must_be_exact};
use crate::conventions::time::{Instant, iso};
use crate::error::{Error, Result};
use crate::ingest::config::{Config, Overlap, Resampling};
use crate::ingest::grid::Grid;
use crate::ingest::read::mosaic::{self, Placed, Straight, Window};
use crate::ingest::read::overlaps::doubly_covered;
use crate::ingest::read::placement::Placement;
use crate::ingest::sources::layer::Layer;
use crate::ingest::sources::scene::SceneBand;
use crate::plane::Plane;
use crate::sample::{Sample, ValueRange as _};
use std::collections::BTreeMap;
use std::ops::Range;
use std::path::Path;

/// The layers of a band and date, and where each lies.
type Cell = Vec<(Layer, Placement)>;

/// Bands on a grid.
#[derive(Debug)]
pub(crate) struct GriddedBands {
    pub(crate) grid: Grid,
    overlap: Overlap,
    bands: BTreeMap<String, GriddedBand>,
}

#[derive(Debug)]
struct GriddedBand {
    cells: BTreeMap<Option<Instant>, Cell>,
    scale: f64,
    offset: f64,
}

/// The purpose of a band, which decides whether it may be resampled by default.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// The band is written. The configuration must say how to resample it.
    Data,
    /// The band only says which samples of other bands are valid. It is resampled to the nearest sample by default.
    Quality,
}

/// Refuses to compute samples between classes. Colours alone may be those of a picture: they are resampled as the configuration asks
/// for that band.
fn check_classes(layer: &Layer, placement: &Placement, asked: Option<Resampling>) -> Result<()> {
    let Some(warp) = &placement.warp else { return Ok(()) };
    let has_names = layer.band.categories.iter().any(|class| class.name.is_some());
    let flags = must_be_exact(&layer.band.attributes) == Some(Exact::Classes);
    let has_classes = has_names || flags || (!layer.band.categories.is_empty() && asked.is_none());
    let keeps = matches!(warp.resampling, Resampling::Nearest | Resampling::Mode);
    if keeps || !has_classes || layer.sample_type.is_float() {
        return Ok(());
    }
    let what = if has_names || flags { "classes" } else { "values with a colour table" };
    Err(Error::Mismatch(format!(
        "{} holds {what}, and resampling by {} makes values between them, which are other classes; say nearest or mode for band {} \
         under [input.resampling]{}",
        layer.label(),
        warp.resampling.word(),
        layer.name,
        if has_names || flags { "" } else { ", or another method there if they are no classes" }
    )))
}

impl GriddedBands {
    pub(crate) fn new(grid: Grid, overlap: Overlap) -> Self {
        Self { grid, overlap, bands: BTreeMap::new() }
    }

    /// Places a band on the grid, if it is not there yet.
    ///
    /// # Errors
    /// Those of [`Placement::of`].
    pub(crate) fn add(&mut self, config: &Config, band: &SceneBand, purpose: Purpose) -> Result<()> {
        if self.bands.contains_key(&band.name) {
            return Ok(());
        }
        let mut cells = BTreeMap::new();
        for (time, layers) in &band.layers {
            let mut cell = Cell::new();
            for layer in layers {
                let asked = config.input[layer.input].resampling.get(&band.name).copied();
                let nearest = (purpose == Purpose::Quality).then_some(Resampling::Nearest);
                let resampling = asked.or(nearest).or(config.grid.resampling);
                for placement in Placement::of(layer, &self.grid, resampling)? {
                    check_classes(layer, &placement, asked)?;
                    cell.push((layer.clone(), placement));
                }
            }
            cells.insert(*time, cell);
        }
        let (scale, offset) = (band.band.scale.unwrap_or(1.0), band.band.offset.unwrap_or(0.0));
        self.bands.insert(band.name.clone(), GriddedBand { cells, scale, offset });
        Ok(())
    }

    fn cell(&self, name: &str, time: Option<Instant>) -> Option<&Cell> {
        let cells = &self.bands.get(name)?.cells;
        // A band without dates is the same at all dates.
        cells.get(&time).or_else(|| cells.get(&None))
    }

    /// Whether the samples of a band depend on the date.
    pub(crate) fn is_dated(&self, name: &str) -> bool {
        self.bands.get(name).is_some_and(|band| band.cells.keys().any(Option::is_some))
    }

    fn placed(&self, name: &str, time: Option<Instant>) -> Vec<Placed<'_>> {
        self.cell(name, time)
            .map(|cell| cell.iter().map(|(layer, placement)| (layer, placement)).collect())
            .unwrap_or_default()
    }

    /// The number of parts of files that a band and date come from.
    pub(crate) fn files(&self, name: &str, time: Option<Instant>) -> usize {
        self.cell(name, time).map_or(0, Vec::len)
    }

    /// Whether the layers of a band and date cover the whole grid, each pixel of it.
    pub(crate) fn covers(&self, name: &str, time: Option<Instant>) -> bool {
        let Some(cell) = self.cell(name, time) else { return false };
        let parts: Vec<&[Range<usize>; 2]> =
            cell.iter().filter_map(|(_, placement)| placement.covered.as_ref()).collect();
        // Coverage changes at the edges of layers only, so it suffices to test one pixel after each edge.
        let cuts = |axis: usize, whole: usize| {
            let mut cuts: Vec<usize> =
                parts.iter().flat_map(|part| [part[axis].start, part[axis].end]).chain([0]).collect();
            cuts.retain(|cut| *cut < whole);
            cuts.sort_unstable();
            cuts.dedup();
            cuts
        };
        let (rows, columns) = (cuts(0, self.grid.height), cuts(1, self.grid.width));
        rows.iter().all(|row| {
            columns
                .iter()
                .all(|column| parts.iter().any(|part| part[0].contains(row) && part[1].contains(column)))
        })
    }

    /// How many pixels of the grid several layers of a band and date cover, and the files of these layers.
    pub(crate) fn overlap(&self, name: &str, time: Option<Instant>) -> (u64, Vec<&Path>) {
        let Some(cell) = self.cell(name, time).filter(|cell| cell.len() > 1) else { return (0, Vec::new()) };
        let parts: Vec<[Range<usize>; 2]> =
            cell.iter().map(|(_, placement)| [placement.rows.clone(), placement.columns.clone()]).collect();
        (doubly_covered(&parts), cell.iter().map(|(layer, _)| layer.source.file.as_path()).collect())
    }

    /// Samples of a window, as they are stored, with their validity.
    pub(crate) fn samples<T: Sample>(
        &self,
        name: &str,
        time: Option<Instant>,
        window: &Window,
    ) -> Result<mosaic::Samples<T>> {
        mosaic::read(&self.placed(name, time), window, self.overlap).map_err(|e| match (e, time) {
            (Error::Mismatch(text), Some(time)) => {
                Error::Mismatch(format!("band {name} of {}: {text}", iso(time)))
            }
            (e, _) => e,
        })
    }

    /// Which samples of a window are valid.
    pub(crate) fn valid(&self, name: &str, time: Option<Instant>, window: &Window) -> Result<Vec<bool>> {
        mosaic::valid(&self.placed(name, time), window)
    }

    /// Reads a window straight into `out` where one layer holds all of it.
    pub(crate) fn straight<T: Sample>(
        &self,
        name: &str,
        time: Option<Instant>,
        window: &Window,
        nodata: Option<f64>,
        out: &mut [T],
    ) -> Result<Straight> {
        mosaic::read_straight(&self.placed(name, time), window, nodata, out)
    }

    /// A window as it is stored.
    pub(crate) fn stored(&self, name: &str, time: Option<Instant>, window: &Window) -> Result<Plane> {
        let found = self.samples::<f64>(name, time, window)?;
        // Invalid samples must be finite.
        let values =
            found.samples.iter().zip(&found.valid).map(|(v, valid)| if *valid { *v } else { 0.0 }).collect();
        Ok(Plane { height: window.rows.len(), width: window.columns.len(), values, valid: found.valid })
    }

    /// Scale and offset from stored samples to data units.
    pub(crate) fn units(&self, name: &str) -> [f64; 2] {
        self.bands.get(name).map_or([1.0, 0.0], |band| [band.scale, band.offset])
    }
}
