//! What a configuration says of inputs: rasters, and lists of pixels.

use super::Resampling;
use crate::pixels::Coverage;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Some files.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct InputConfig {
    /// Patterns of paths (`*`, `**`, `?`), from the folder of the configuration.
    pub files: Vec<String>,
    /// What names tell, such as `{place}_{time:%Y%m%d}_{band}.tif`; see [`crate::ingest::sources::pattern::Pattern`].
    #[serde(default)]
    pub name: Option<String>,
    /// Where names tell the band: which to take, in this order. Otherwise: the names of the file's bands, in order.
    #[serde(default)]
    pub bands: Vec<String>,
    /// Variables of NetCDF or HDF5 to take, each a band; all that are rasters of the largest size where none are named.
    #[serde(default)]
    pub variables: Vec<String>,
    /// One time for all, such as `2018-07-10`.
    #[serde(default)]
    pub time: Option<String>,
    /// The times of the steps of a file that holds several, where it does not tell them itself.
    #[serde(default)]
    pub times: Vec<String>,
    /// The metadata item that holds the time, such as `TIFFTAG_DATETIME`.
    #[serde(default)]
    pub time_item: Option<String>,
    /// The letters of that item's time, such as `%Y:%m:%d %H:%M:%S`; ISO 8601 where nothing is said.
    #[serde(default)]
    pub time_format: Option<String>,
    /// What means "no data", where the files do not say, or wrongly.
    #[serde(default)]
    pub nodata: Option<f64>,
    /// The coordinate reference system, where the files do not say.
    #[serde(default)]
    pub crs: Option<String>,
    /// What the files cover, where they do not say: left, bottom, right, top.
    #[serde(default)]
    pub bounds: Option<[f64; 4]>,
    /// How samples come onto another grid, for single bands; the grid's where nothing is said.
    #[serde(default)]
    pub resampling: BTreeMap<String, Resampling>,
    /// The files are no rasters: they keep only some pixels of a grid, one after the other.
    #[serde(default)]
    pub pixels: Option<PixelsConfig>,
}

/// Arrays that keep only some pixels of a grid, one after the other: which pixels of which grid, and what their axes are.
///
/// The pixels are told by `rows` and `columns`, by a `mask`, or by the list before it and a `factor`.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct PixelsConfig {
    /// The axes of the arrays, in order: `pixel` is the list, `time` the dates, `band` the bands; others become a part of the
    /// bands' names. Where nothing is said, the names that a NetCDF variable has for them.
    #[serde(default)]
    pub axes: Vec<String>,
    /// Rows of the grid.
    #[serde(default)]
    pub height: Option<usize>,
    /// Columns of the grid.
    #[serde(default)]
    pub width: Option<usize>,
    /// A NumPy file with the row of each pixel, from 0.
    #[serde(default)]
    pub rows: Option<String>,
    /// A NumPy file with the column of each pixel, from 0.
    #[serde(default)]
    pub columns: Option<String>,
    /// A raster or a NumPy file of the grid, whose cells that are not 0 are the pixels, row by row. A raster tells the grid's
    /// place, too.
    #[serde(default)]
    pub mask: Option<String>,
    /// The grid is so many times as coarse as that of the last list before it without a factor, and so are its pixels.
    #[serde(default = "factor")]
    pub factor: usize,
    /// Which coarse pixels there are: those with any fine one in them, or with all.
    #[serde(default)]
    pub coverage: Coverage,
    /// What entries of other axes are called, by axis; numbers from 1 where nothing is said.
    #[serde(default)]
    pub labels: BTreeMap<String, Vec<String>>,
}

fn factor() -> usize {
    1
}
