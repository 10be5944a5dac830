//! The placement of a layer on a grid: on which rows and columns it lies, and whether its samples must be resampled.

use crate::error::{Error, Result};
use crate::ingest::config::Resampling;
use crate::ingest::grid::{Grid, transform_bounds};
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
    /// Places a layer on a grid; `None` where they do not overlap.
    ///
    /// # Errors
    /// [`Error::Mismatch`] where its pixels are not the grid's and the configuration does not say how to resample, or where
    /// its georeference is not known.
    pub(crate) fn new(layer: &Layer, grid: &Grid, resampling: Option<Resampling>) -> Result<Option<Self>> {
        let same = crate::ingest::grid::same_reference(
            layer.georeference().wkt.as_deref(),
            grid.georeference.wkt.as_deref(),
        );
        if same && let Some([row, column]) = grid.offset_of(&layer.grid) {
            let cut = |start: i64, extent: usize, whole: usize| {
                let end = (start + extent as i64).clamp(0, whole as i64) as usize;
                (start.clamp(0, whole as i64) as usize).min(end)..end
            };
            let (rows, columns) =
                (cut(row, layer.grid.height, grid.height), cut(column, layer.grid.width, grid.width));
            let start = [(rows.start as i64 - row) as usize, (columns.start as i64 - column) as usize];
            let covered = (!layer.has_gaps()).then(|| [rows.clone(), columns.clone()]);
            let placed = Self { rows, columns, covered, start, warp: None };
            return Ok((!placed.rows.is_empty() && !placed.columns.is_empty()).then_some(placed));
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
        if layer.signed_byte && !matches!(resampling, Resampling::Nearest | Resampling::Mode) {
            return Err(Error::Mismatch(format!(
                "{} holds bytes with a sign, which can be resampled by nearest or mode only; say so under [input.resampling]",
                layer.label()
            )));
        }
        let bounds = match (&layer.georeference().wkt, &grid.georeference.wkt) {
            (Some(from), Some(to)) => transform_bounds(layer.grid.bounds(), from, to)?,
            (None, None) if layer.georeference().transform.is_some() => layer.grid.bounds(),
            _ => {
                return Err(Error::Mismatch(format!(
                    "{} has {}, the cube {}; give the file's as `crs` of its [[input]]",
                    layer.label(),
                    layer.grid.label(),
                    grid.label()
                )));
            }
        };
        let [x0, dx, _, y0, _, dy] = grid.transform();
        // A margin of one pixel is added, because resampling kernels reach beyond the bounds.
        let span = |from: f64, to: f64, origin: f64, size: f64, whole: usize| {
            let ends = [(from - origin) / size, (to - origin) / size];
            let first = (ends[0].min(ends[1]).floor() - 1.0).clamp(0.0, whole as f64) as usize;
            let last = (ends[0].max(ends[1]).ceil() + 1.0).clamp(0.0, whole as f64) as usize;
            first.min(last)..last
        };
        let columns = span(bounds[0], bounds[2], x0, dx, grid.width);
        let rows = span(bounds[1], bounds[3], y0, dy, grid.height);
        if rows.is_empty() || columns.is_empty() {
            return Ok(None);
        }
        let part = grid.window(rows.start, columns.start, rows.len(), columns.len());
        let covered = (same && layer.grid.is_upright()).then(|| grid.within(bounds));
        let warp = Some(Warp { grid: part, resampling });
        Ok(Some(Self { rows, columns, covered, start: [0, 0], warp }))
    }
}
