//! The placement of a layer on a grid: on which rows and columns it lies, and whether its samples must be resampled.

use crate::band::Sign;
use crate::error::{Error, Result};
use crate::ingest::config::Resampling;
use crate::ingest::footprint;
use crate::ingest::grid::{Grid, intersection};
use crate::ingest::read::view;
use crate::ingest::sources::container::raster::VariableRaster;
use crate::ingest::sources::layer::{Layer, Reader};
use std::ops::Range;

/// How a layer lies on a grid.
#[derive(Clone, Debug)]
pub(crate) struct Placement {
    /// The rows of the grid that the layer may cover.
    pub(crate) rows: Range<usize>,
    /// The columns of the grid that the layer may cover.
    pub(crate) columns: Range<usize>,
    /// The rows and columns of the grid that the layer covers for certain; `None` where that is not known.
    pub(crate) covered: Option<[Range<usize>; 2]>,
    /// The row and the column of the layer's data set that lie at the first row and column in `rows` and `columns`.
    pub(crate) start: [usize; 2],
    /// How its samples are resampled; `None` where its pixels are the grid's.
    pub(crate) warp: Option<Warp>,
}

/// How a layer is resampled.
#[derive(Clone, Debug)]
pub(crate) struct Warp {
    /// The part of the grid that the layer may cover.
    pub(super) grid: Grid,
    pub(super) resampling: Resampling,
}

impl Placement {
    /// Places a layer on a grid: once where they overlap, several times where longitudes are counted from elsewhere, so that
    /// parts of the layer lie on parts of the grid, and not at all where the two do not meet.
    ///
    /// # Errors
    /// [`Error::Mismatch`] where its pixels are not the grid's and the configuration does not say how to resample, or where
    /// its georeference is not known.
    pub(crate) fn of(layer: &Layer, grid: &Grid, resampling: Option<Resampling>) -> Result<Vec<Self>> {
        let same = crate::ingest::grid::same_reference(
            layer.georeference().wkt.as_deref(),
            grid.georeference.wkt.as_deref(),
        );
        if same && let Some(placed) = Self::aligned(layer, grid) {
            return Ok(placed);
        }
        if matches!(layer.source.reader, Reader::List(_)) {
            return Err(Error::Mismatch(format!(
                "{} is a list of pixels of {}, the cube has {}; lists are not resampled: leave [grid] as the list's, or make \
                 a raster of it first",
                layer.label(),
                layer.grid.label(),
                grid.label()
            )));
        }
        let Some(resampling) = resampling else {
            let shift = match grid.shift_of(&layer.grid).filter(|_| same) {
                Some([x, y]) => {
                    format!(", and its pixels lie {x:.3} of a pixel to the right and {y:.3} down of those")
                }
                None => String::new(),
            };
            return Err(Error::Mismatch(format!(
                "{} has {}, the cube {}{shift}; to resample it, set `resampling = \"bilinear\"` (or nearest, cubic, average, \
                 mode, lanczos) under [grid]",
                layer.label(),
                layer.grid.label(),
                grid.label()
            )));
        };
        check(layer, grid, resampling)?;
        let is_known = same && layer.grid.is_upright();
        Ok(footprint::parts(&layer.grid, grid)?
            .iter()
            .map(|[rows, columns]| {
                let part = grid.window(rows.start, columns.start, rows.len(), columns.len());
                Self {
                    rows: rows.clone(),
                    columns: columns.clone(),
                    covered: is_known.then(|| covered(layer, grid, columns)).flatten(),
                    start: [0, 0],
                    warp: Some(Warp { grid: part, resampling }),
                }
            })
            .collect())
    }

    /// The placements of a layer whose pixels are the grid's; `None` where they are not.
    fn aligned(layer: &Layer, grid: &Grid) -> Option<Vec<Self>> {
        let mut placed: Vec<Self> = Self::at(layer, grid, grid.offset_of(&layer.grid)?).into_iter().collect();
        let Some(turn) = footprint::turn(&grid.georeference) else { return Some(placed) };
        for turns in [-1.0, 1.0] {
            let turned = footprint::turned(&layer.grid, turns * turn);
            match grid.offset_of(&turned) {
                Some(offset) => {
                    let Some(mut part) = Self::at(layer, grid, offset) else { continue };
                    // A layer that is wider than a turn meets itself.
                    for other in &placed {
                        part.keep_off(&other.columns);
                    }
                    placed.extend((!part.columns.is_empty()).then_some(part));
                }
                // The turn is no whole number of pixels.
                None if adds_to(&layer.grid, &turned, grid) => return None,
                None => {}
            }
        }
        Some(placed)
    }

    /// The placement of a layer whose upper left pixel lies at a row and column of the grid; `None` where they do not overlap.
    fn at(layer: &Layer, grid: &Grid, [row, column]: [i64; 2]) -> Option<Self> {
        let cut = |start: i64, extent: usize, whole: usize| {
            let end = (start + extent as i64).clamp(0, whole as i64) as usize;
            (start.clamp(0, whole as i64) as usize).min(end)..end
        };
        let (rows, columns) =
            (cut(row, layer.grid.height, grid.height), cut(column, layer.grid.width, grid.width));
        let start = [(rows.start as i64 - row) as usize, (columns.start as i64 - column) as usize];
        let covered = (!layer.has_gaps()).then(|| [rows.clone(), columns.clone()]);
        (!rows.is_empty() && !columns.is_empty()).then_some(Self {
            rows,
            columns,
            covered,
            start,
            warp: None,
        })
    }

    /// Gives up columns that another placement of the same layer has.
    fn keep_off(&mut self, others: &Range<usize>) {
        if others.contains(&self.columns.start) {
            let first = others.end.min(self.columns.end);
            self.start[1] += first - self.columns.start;
            self.columns.start = first;
        } else if self.columns.contains(&others.start) {
            self.columns.end = others.start;
        }
        if let Some(covered) = &mut self.covered {
            covered[1] = self.columns.clone();
        }
    }
}

/// The rows and columns of a grid that a layer on the same axes covers for certain, within columns that it may cover: as it is,
/// or with longitudes that are some turns further. `None` where there are none.
fn covered(layer: &Layer, grid: &Grid, columns: &Range<usize>) -> Option<[Range<usize>; 2]> {
    let turn = footprint::turn(&grid.georeference);
    // What is resampled goes around the Earth at most once.
    let own = layer.grid.window(0, 0, layer.grid.height, view::columns(layer));
    let [left, bottom, right, top] = own.bounds();
    let mut whole: Option<[Range<usize>; 2]> = None;
    for by in footprint::turns(turn) {
        let [rows, within] = grid.within([left + by, bottom, right + by, top]);
        let within = within.start.max(columns.start)..within.end.min(columns.end);
        if within.is_empty() || rows.is_empty() {
            continue;
        }
        whole = Some(match whole {
            // A layer that goes around the Earth meets itself.
            Some([_, known]) if known.start <= within.end && within.start <= known.end => {
                [rows, known.start.min(within.start)..known.end.max(within.end)]
            }
            Some([_, known]) if known.len() >= within.len() => [rows, known],
            _ => [rows, within],
        });
    }
    // A full turn leaves no pixel out, not even one that the ends of the layer share.
    match (whole, turn) {
        (Some([rows, _]), Some(turn)) if right - left >= turn * (1.0 - 1e-9) => Some([rows, columns.clone()]),
        (whole, _) => whole,
    }
}

/// Whether a layer's grid, turned, covers columns of another grid that it does not cover as it is; rounding errors aside.
fn adds_to(own: &Grid, turned: &Grid, grid: &Grid) -> bool {
    let ([left, _, right, _], [width, height]) = (own.bounds(), grid.pixel());
    intersection(turned.bounds(), grid.bounds()).is_some_and(|shared| {
        let more = (left - shared[0]).max(shared[2] - right).min(shared[2] - shared[0]);
        more > 0.5 * width && shared[3] - shared[1] > 0.5 * height
    })
}

/// Whether a layer can be resampled onto a grid.
fn check(layer: &Layer, grid: &Grid, resampling: Resampling) -> Result<()> {
    // GDAL's warper reads a view of the data set, which opens it by a name that GDAL itself knows.
    if let Reader::Raster(name) = &layer.source.reader
        && let Some(variable) = VariableRaster::of_name(name)
    {
        return Err(Error::Mismatch(format!(
            "{} has {}, the cube {}, and variable {} can't be resampled, because GDAL does not know its rows and columns as \
             such: leave [grid] as the file's, or write the file anew first, with the axes of the variable in the order time, \
             y, x, and evenly spaced coordinates of y and x",
            layer.label(),
            layer.grid.label(),
            grid.label(),
            variable.path
        )));
    }
    if layer.sign == Sign::Added && !matches!(resampling, Resampling::Nearest | Resampling::Mode) {
        return Err(Error::Mismatch(format!(
            "{} holds bytes with a sign, which can be resampled by nearest or mode only; say so under [input.resampling]",
            layer.label()
        )));
    }
    let [_, dx, _, _, _, dy] = grid.transform();
    if !(grid.is_upright() && dx > 0.0 && dy < 0.0) {
        return Err(Error::Mismatch(format!(
            "{} has {}, the cube {}, which is turned or upside down; to resample onto a common grid, say crs, resolution and \
             resampling under [grid]",
            layer.label(),
            layer.grid.label(),
            grid.label()
        )));
    }
    match (&layer.georeference().wkt, &grid.georeference.wkt) {
        (Some(_), Some(_)) if layer.georeference().transform.is_none() => Err(Error::Mismatch(format!(
            "{} does not say where its pixels lie; give the area that it covers, as `bounds` of its [[input]]",
            layer.label()
        ))),
        (Some(_), Some(_)) => Ok(()),
        (None, None) if layer.georeference().transform.is_some() => Ok(()),
        _ => Err(Error::Mismatch(format!(
            "{} has {}, the cube {}; give the file's as `crs` of its [[input]]",
            layer.label(),
            layer.grid.label(),
            grid.label()
        ))),
    }
}
