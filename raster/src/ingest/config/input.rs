//! `[[input]]`: files of rasters, and files with lists of pixels.

use super::resampling::Resampling;
use crate::pixels::Coverage;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// A set of files of one kind.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct InputConfig {
    /// Patterns of paths (`*`, `**`, `?`), from the folder of the configuration.
    pub files: Vec<String>,
    /// A pattern for the end of a file's path, such as `{place}_{time:%Y%m%d}_{band}.tif`. `{field}` matches as few characters
    /// as possible, `{time:FORMAT}` a time in a form of strftime, `*` any characters; none of them matches a slash.
    #[serde(default)]
    pub name: Option<String>,
    /// Where the pattern has a field `band`: the bands to take, in this order. Otherwise the names of each file's bands.
    #[serde(default)]
    pub bands: Vec<String>,
    /// Variables of NetCDF or HDF5 to take, each as a band; by default all rasters of the largest size.
    #[serde(default)]
    pub variables: Vec<String>,
    /// One time for all files, such as `2018-07-10`.
    #[serde(default)]
    pub time: Option<String>,
    /// The times of the steps in a file with several, where the file does not state them.
    #[serde(default)]
    pub times: Vec<String>,
    /// The metadata item that holds the time, such as `TIFFTAG_DATETIME`.
    #[serde(default)]
    pub time_item: Option<String>,
    /// The form of that item's time, as strftime has it, such as `%Y:%m:%d %H:%M:%S`; ISO 8601 by default.
    #[serde(default)]
    pub time_format: Option<String>,
    /// The value that means "no data", where the files state none or a wrong one.
    #[serde(default)]
    pub nodata: Option<f64>,
    /// The coordinate reference system, where the files state none.
    #[serde(default)]
    pub crs: Option<String>,
    /// The area that the files cover, where they do not state it: left, bottom, right, top.
    #[serde(default)]
    pub bounds: Option<[f64; 4]>,
    /// How single bands are resampled, where that differs from `resampling` of the grid.
    #[serde(default)]
    pub resampling: BTreeMap<String, Resampling>,
    /// Given where the files are not rasters but lists of pixels: they hold only some pixels of a grid, one after the other.
    #[serde(default)]
    pub pixels: Option<PixelsConfig>,
}

/// The description of lists of pixels, that is, of arrays that hold only some pixels of a grid, one after the other: which pixels
/// of which grid, and the meaning of the arrays' axes.
///
/// The pixels are given by `rows` and `columns`, by a `mask`, or by a `factor` from the list before this one.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct PixelsConfig {
    /// The axes of the arrays, in order: `pixel` counts pixels, `time` dates, `band` bands. The labels of other axes become a part of
    /// the bands' names. By default, the names of the dimensions in NetCDF.
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
    /// A raster or a NumPy file of the grid, whose cells that are not 0 are the pixels, row by row. A raster also gives the
    /// grid's georeference.
    #[serde(default)]
    pub mask: Option<String>,
    /// How many times coarser the grid is than that of the last list before this one that has no factor.
    #[serde(default = "factor")]
    pub factor: usize,
    /// Which coarse pixels the list holds: those that contain any fine pixel of the other list, or those that contain no others.
    #[serde(default)]
    pub coverage: Coverage,
    /// Labels of the entries of each other axis; numbers from 1 by default.
    #[serde(default)]
    pub labels: BTreeMap<String, Vec<String>>,
}

fn factor() -> usize {
    1
}
