//! Data sets that are open, for each thread its own: GDAL's are not to be used by two at one time.
//!
//! A layer that lies on other pixels than the cube's is opened through a warped VRT, which gives its samples on these.

use crate::error::{Error, Result};
use crate::ingest::config::Resampling;
use crate::ingest::discover::open_dataset;
use crate::ingest::grid::{Grid, transform_bounds};
use crate::ingest::layer::{Content, Layer};
use gdal::Dataset;
use std::cell::RefCell;
use std::ffi::CString;
use std::ops::Range;
use std::ptr;

/// Files that a thread keeps open. Processes may have 1024 of them open in all.
const OPEN: usize = 48;

/// How a layer lies on a grid.
#[derive(Clone, Debug)]
pub(super) struct Placement {
    /// The rows and columns of the grid that it may touch.
    pub(super) rows: Range<usize>,
    /// See `rows`.
    pub(super) columns: Range<usize>,
    /// The rows and columns of the grid for which it has samples at any rate, if that can be told.
    pub(super) covered: Option<[Range<usize>; 2]>,
    /// The row and the column of its data set at the first of these.
    pub(super) start: [usize; 2],
    /// How its samples come there; `None` where its pixels are the grid's.
    pub(super) warp: Option<Warp>,
}

/// What a warped VRT is made from.
#[derive(Clone, Debug)]
pub(super) struct Warp {
    grid: Grid,
    resampling: Resampling,
}

impl Placement {
    /// Puts a layer onto a grid; `None` where it lies beside it.
    ///
    /// # Errors
    /// [`Error::Mismatch`] where its pixels are others and nothing is said of resampling, or its place is not known.
    pub(super) fn new(layer: &Layer, grid: &Grid, resampling: Option<Resampling>) -> Result<Option<Self>> {
        let same = super::grid::same_reference(
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
        if matches!(layer.source.content, Content::List(_)) {
            return Err(Error::Mismatch(format!(
                "{} is a list of pixels of {}, the cube has {}; lists are not resampled: leave [grid] as the list's, or make \
                 a raster of it first",
                layer.label(),
                layer.grid.label(),
                grid.label()
            )));
        }
        let Some(resampling) = resampling else {
            let apart = match grid.apart(&layer.grid).filter(|_| same) {
                Some([x, y]) => {
                    format!(", and its pixels lie {x:.3} of a pixel to the right and {y:.3} down of those")
                }
                None => String::new(),
            };
            return Err(Error::Mismatch(format!(
                "{} has {}, the cube {}{apart}; to resample it say how, as `resampling = \"bilinear\"` (or nearest, cubic, average, \
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
        // A pixel more around it: kernels reach beyond.
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

struct Open {
    key: String,
    /// Stands before what it reads from: fields are dropped in order.
    dataset: Dataset,
    /// What a warped VRT reads from: GDAL closes it when it is dropped, whoever still refers to it.
    _source: Option<Dataset>,
}

thread_local! {
    /// The last used at the end.
    static DATASETS: RefCell<Vec<Open>> = const { RefCell::new(Vec::new()) };
}

/// Calls a function with the data set of a layer, which GDAL opens by this name, as it lies on the grid.
///
/// # Errors
/// Those of opening and of the function.
pub(super) fn with_dataset<T>(
    layer: &Layer,
    name: &str,
    placement: &Placement,
    work: impl FnOnce(&Dataset) -> Result<T>,
) -> Result<T> {
    let key = match &placement.warp {
        None => name.to_owned(),
        Some(warp) => {
            format!("{:?} {:?} {:?} {}", warp.resampling, warp.grid, layer.band.nodata, name)
        }
    };
    let taken = DATASETS.with_borrow_mut(|open| {
        open.iter().position(|known| known.key == key).map(|place| open.remove(place))
    });
    let open = match taken {
        Some(open) => open,
        None => {
            let dataset = open_dataset(name, &layer.source.file)?;
            match &placement.warp {
                None => Open { key, dataset, _source: None },
                Some(warp) => Open { key, dataset: warped(&dataset, warp, layer)?, _source: Some(dataset) },
            }
        }
    };
    let done = work(&open.dataset);
    DATASETS.with_borrow_mut(|all| {
        if all.len() >= OPEN {
            all.remove(0);
        }
        all.push(open);
    });
    done
}

/// A VRT that gives a data set on another grid. Where no value means "no data", a last band tells what is covered.
fn warped(dataset: &Dataset, warp: &Warp, layer: &Layer) -> Result<Dataset> {
    let [left, bottom, right, top] = warp.grid.bounds();
    let mut arguments: Vec<String> = ["-of", "VRT", "-r", warp.resampling.name()].map(str::to_owned).to_vec();
    for (name, reference) in [("-s_srs", layer.georeference()), ("-t_srs", &warp.grid.georeference)] {
        if let Some(wkt) = &reference.wkt {
            arguments.extend([name.to_owned(), wkt.clone()]);
        }
    }
    arguments.push("-te".to_owned());
    arguments.extend([left, bottom, right, top].map(|v| format!("{v:.17}")));
    arguments.extend(["-ts".to_owned(), warp.grid.width.to_string(), warp.grid.height.to_string()]);
    match layer.band.nodata {
        Some(nodata) => {
            let stored = if layer.signed_byte && nodata < 0.0 { nodata + 256.0 } else { nodata };
            for name in ["-srcnodata", "-dstnodata"] {
                arguments.extend([name.to_owned(), stored.to_string()]);
            }
        }
        None => arguments.push("-dstalpha".to_owned()),
    }
    let invalid = |_| {
        Error::Invalid(format!("{}: its coordinate reference system holds a null character", layer.label()))
    };
    let texts: Vec<CString> =
        arguments.into_iter().map(CString::new).collect::<Result<_, _>>().map_err(invalid)?;
    let mut pointers: Vec<*mut std::ffi::c_char> =
        texts.iter().map(|text| text.as_ptr().cast_mut()).collect();
    pointers.push(ptr::null_mut());
    // SAFETY: the texts outlive the options, which copy them; the data set is open, and outlives
    // the VRT: see `Open`.
    let made = unsafe {
        let options = gdal_sys::GDALWarpAppOptionsNew(pointers.as_mut_ptr(), ptr::null_mut());
        if options.is_null() {
            return Err(Error::Invalid(format!("{}: GDAL takes none of its options", layer.label())));
        }
        let mut sources = [dataset.c_dataset()];
        let made = gdal_sys::GDALWarp(
            c"".as_ptr(),
            ptr::null_mut(),
            1,
            sources.as_mut_ptr(),
            options,
            ptr::null_mut(),
        );
        gdal_sys::GDALWarpAppOptionsFree(options);
        made
    };
    if made.is_null() {
        return Err(Error::Mismatch(format!(
            "{} can't be put onto {}: {}",
            layer.label(),
            warp.grid.label(),
            last_message()
        )));
    }
    // SAFETY: GDALWarp gave it to us and nobody else.
    Ok(unsafe { Dataset::from_c_dataset(made) })
}

/// What GDAL said last.
fn last_message() -> String {
    // SAFETY: GDAL's text, of this thread, ends with a null character and lives until the next call.
    let text = unsafe { std::ffi::CStr::from_ptr(gdal_sys::CPLGetLastErrorMsg()) };
    text.to_string_lossy().into_owned()
}
