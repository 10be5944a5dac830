//! The arguments of `vqz export`.

use clap::ValueEnum;
use std::path::PathBuf;
use vqz_archive::BandSelection;
use vqz_codec::engine::EngineKind;

#[derive(Debug, clap::Args)]
#[cfg_attr(not(feature = "gdal"), allow(dead_code, reason = "without GDAL nothing is exported"))]
#[command(after_help = "Examples:
  vqz export archive.zarr scene.tif --dates 2018-07-10
  vqz export archive.zarr red.tif --bands B04 --window 0,0,2048,2048
  vqz export archive.zarr cube.nc --bounds 500000,4990000,510000,5000000 --dates 2018-01-01..2018-06-30
  vqz export archive.zarr plain.zarr --resolution 40
  vqz export archive.zarr lists --pixels rows.npy,columns.npy
  vqz export archive.zarr --overview

A GeoTIFF (a COG, with overviews) holds one date: with several, scene.tif becomes scene_2018-07-10.tif and so on. NetCDF \
and plain Zarr hold all dates. With --overview plain levels of lower resolution are written into the archive's group, \
beside the array, for GDAL and QGIS, which can't load the codec.")]
pub(crate) struct Args {
    /// What to export: an encoded or plain Zarr v3 array, a group that holds one (or one called data), or a GeoTIFF.
    pub(super) archive: PathBuf,
    /// What to write, by the end of its name: .tif (COG), .nc (NetCDF-4) or .zarr (a plain group).
    #[arg(required_unless_present = "overview", conflicts_with = "overview")]
    pub(super) output: Option<PathBuf>,
    /// Write plain levels of lower resolution into the archive's group instead of an output.
    #[arg(long, conflicts_with_all = ["window", "bounds", "dates", "bands", "resolution"])]
    pub(super) overview: bool,
    /// The overview's levels, as multiples of the size of a pixel; by default 4, 8, … down to 256 pixels (from 2 where the
    /// array has less than 1024).
    #[arg(long, value_delimiter = ',', requires = "overview", value_parser = clap::value_parser!(u64).range(2..), value_name = "N,…")]
    pub(super) levels: Vec<u64>,
    /// The pixels to export: columns from x0 on and before x1, rows from y0 on and before y1, counted from 0.
    #[arg(long, value_delimiter = ',', conflicts_with = "bounds", value_name = "X0,Y0,X1,Y1")]
    pub(super) window: Vec<u64>,
    /// The area to export, in units of the coordinate reference system: the pixels that it touches.
    #[arg(long, value_delimiter = ',', allow_hyphen_values = true, value_name = "X0,Y0,X1,Y1")]
    pub(super) bounds: Vec<f64>,
    /// The dates to export: numbers from 0, dates or beginnings of dates, ranges of either with both ends, such as
    /// 0,2018-07-10 or 2018-01..2018-03.
    #[arg(long, value_name = "D,…")]
    pub(super) dates: Option<String>,
    /// The bands to export, by name, or by number from 0, such as 0-2,7.
    #[arg(long, value_name = "B,…")]
    pub(super) bands: Option<BandSelection>,
    /// The size of a pixel, in units of the coordinate reference system: a whole multiple of what it is.
    #[arg(long, value_parser = crate::arguments::positive, value_name = "SIZE")]
    pub(super) resolution: Option<f64>,
    /// How pixels become larger ones; by default nearest for classes, else average.
    #[arg(long, value_enum)]
    pub(super) resampling: Option<Resampling>,
    /// Write the pixels of a domain as a list, into a folder: rows.npy, columns.npy and values.npy, whose last axis is the list.
    /// The domain is a mask (NPY or a raster; not 0 is in it), or the rows and columns of its pixels (NPY).
    #[arg(long, value_delimiter = ',', conflicts_with_all = ["overview", "resolution", "compression"], value_name = "MASK | ROWS,COLUMNS")]
    pub(super) pixels: Vec<PathBuf>,
    /// The compression; by default deflate for .tif and .nc, zstd for Zarr.
    #[arg(long, value_enum)]
    pub(super) compression: Option<Compression>,
    /// Replace the output if it exists, once the new one is complete.
    #[arg(long)]
    pub(super) overwrite: bool,
    /// The engine to run the model with; see `vqz info --runtime`.
    #[arg(long, value_name = "NAME")]
    pub(super) engine: Option<EngineKind>,
    /// Print the figures as JSON.
    #[arg(long)]
    pub(super) json: bool,
}

/// How pixels become larger ones.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Resampling {
    /// The one in the middle: for classes.
    Nearest,
    /// The mean of those that are valid.
    Average,
}

/// How an export is compressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Compression {
    /// Deflate: .tif and .nc.
    Deflate,
    /// Zstandard: .tif and .zarr.
    Zstd,
    /// LZW: .tif.
    Lzw,
    /// Not at all.
    None,
}
