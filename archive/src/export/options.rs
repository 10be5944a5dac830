//! The options of an export: what is exported, and how.

use crate::export::dates::DateSelection;
use crate::options::options;
use crate::raster::bands::BandSelection;
use crate::raster::resampling::Resampling;
use crate::write::existing::Existing;
use serde_json::{Value, json};
use std::ops::Range;
use std::path::PathBuf;
use vqz_codec::engine::EngineKind;

options! {
    /// How [`export`](crate::export()) and [`export_pixels`](crate::export_pixels) export an archive.
    pub struct ExportOptions {
        /// The rows and columns to export: all by default.
        pub area: Option<Area> = None,
        /// The dates to export: all by default.
        pub dates: Option<DateSelection> = None,
        /// The bands to export: all by default.
        pub bands: Option<BandSelection> = None,
        /// The size of a pixel, in units of the coordinate reference system. It must be a whole multiple of the
        /// present size.
        pub resolution: Option<f64> = None,
        /// How pixels are resampled to larger ones: by default nearest for classes, else average.
        pub resampling: Option<Resampling> = None,
        /// The compression: by default deflate for GeoTIFF and NetCDF, Zstandard for Zarr.
        pub compression: Option<Compression> = None,
        /// What to do when the output already exists.
        pub existing: Existing = Existing::Refuse,
        /// The engine that runs the model.
        pub engine: Option<EngineKind> = None,
    }
}

options! {
    /// How [`export_overview`](crate::export_overview) writes levels of lower resolution.
    pub struct OverviewOptions {
        /// The levels, as multiples of the size of a pixel: by default 4, 8, … down to 256 pixels (from 2 where the array has
        /// less than 1024).
        pub levels: Vec<u64> = Vec::new(),
        /// How pixels are resampled to larger ones: by default nearest for classes, else average.
        pub resampling: Option<Resampling> = None,
        /// The compression: Zstandard by default.
        pub compression: Option<Compression> = None,
        /// What to do when there is an overview already.
        pub existing: Existing = Existing::Refuse,
        /// The engine that runs the model.
        pub engine: Option<EngineKind> = None,
    }
}

/// A part of an array along y and x.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Area {
    /// Rows and columns, counted from 0.
    Window {
        /// The columns.
        x: Range<u64>,
        /// The rows.
        y: Range<u64>,
    },
    /// The pixels that an area touches, in units of the coordinate reference system: x₀, y₀, x₁, y₁.
    Bounds([f64; 4]),
}

impl Area {
    /// For the settings of an unfinished output.
    pub(crate) fn setting(&self) -> Value {
        match self {
            Self::Window { x, y } => json!({"window": [x.start, y.start, x.end, y.end]}),
            Self::Bounds(bounds) => json!({"bounds": bounds}),
        }
    }
}

/// The pixels that an export lists.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum PixelDomain {
    /// Where a mask is not 0: an NPY file or a raster.
    Mask(PathBuf),
    /// The rows and columns of pixels: NPY files.
    Indices {
        /// The row of each pixel.
        rows: PathBuf,
        /// The column of each pixel.
        columns: PathBuf,
    },
}

/// How an export is compressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Compression {
    /// Deflate: GeoTIFF and NetCDF.
    Deflate,
    /// Zstandard: GeoTIFF and Zarr.
    Zstd,
    /// LZW: GeoTIFF.
    Lzw,
    /// No compression.
    None,
}
