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
and plain Zarr hold all dates. With --overview, plain levels of lower resolution are written into the archive's group, \
beside the array, for GDAL and QGIS, which can't load the codec.

If chunks that are exported are lost, the output is written all the same, with fill value in their place, and the exit code \
is 1.")]
pub(crate) struct Args {
    /// What to export: an encoded or plain Zarr v3 array, a group that holds one array (or one that is called data), or a
    /// GeoTIFF.
    pub(super) archive: PathBuf,
    /// The output. The end of its name chooses the format: .tif (COG), .nc (NetCDF-4) or .zarr (a plain group).
    #[arg(required_unless_present = "overview", conflicts_with = "overview")]
    pub(super) output: Option<PathBuf>,
    /// Write overviews (plain levels of lower resolution) into the archive's group instead of an output.
    #[arg(long, conflicts_with_all = ["window", "bounds", "dates", "bands", "resolution"])]
    pub(super) overview: bool,
    /// The overview levels, as multiples of the pixel size [default: 4, 8, … until a level has at most 256 pixels along each
    /// side; from 2 for arrays below 1024 pixels].
    #[arg(long, value_delimiter = ',', requires = "overview", value_parser = clap::value_parser!(u64).range(2..), value_name = "N,…")]
    pub(super) levels: Vec<u64>,
    /// The pixels to export: columns x0 up to but not including x1, rows y0 up to but not including y1, counted from 0.
    #[arg(long, value_delimiter = ',', conflicts_with = "bounds", value_name = "X0,Y0,X1,Y1")]
    pub(super) window: Vec<u64>,
    /// The area to export, in the unit of the coordinate reference system. All pixels that it touches are exported.
    #[arg(long, value_delimiter = ',', allow_hyphen_values = true, value_name = "X0,Y0,X1,Y1")]
    pub(super) bounds: Vec<f64>,
    /// The dates to export: numbers from 0, dates, beginnings of dates, or ranges that include both ends, such as
    /// 0,2018-07-10 or 2018-01..2018-03.
    #[arg(long, value_name = "D,…")]
    pub(super) dates: Option<String>,
    /// The bands to export: names, or numbers from 0, such as 0-2,7.
    #[arg(long, value_name = "B,…")]
    pub(super) bands: Option<BandSelection>,
    /// The pixel size of the output, in the unit of the coordinate reference system. It must be a whole multiple of the
    /// present pixel size.
    #[arg(long, value_parser = crate::arguments::positive, value_name = "SIZE")]
    pub(super) resolution: Option<f64>,
    /// How to resample to larger pixels [default: nearest for classes, otherwise average].
    #[arg(long, value_enum)]
    pub(super) resampling: Option<Resampling>,
    /// Write only the pixels of a domain, as lists: rows.npy, columns.npy and values.npy in a folder, where the last axis of
    /// values.npy runs over the pixels. The domain is a mask (NPY or a raster; pixels other than 0 belong to it), or the rows
    /// and columns of its pixels (NPY).
    #[arg(long, value_delimiter = ',', conflicts_with_all = ["overview", "resolution", "compression"], value_name = "MASK | ROWS,COLUMNS")]
    pub(super) pixels: Vec<PathBuf>,
    /// The compression [default: deflate for .tif and .nc, zstd for Zarr].
    #[arg(long, value_enum)]
    pub(super) compression: Option<Compression>,
    /// Replace an existing output, once the new one is complete.
    #[arg(long)]
    pub(super) overwrite: bool,
    /// The engine that runs the model. `vqz info --runtime` lists them.
    #[arg(long, value_name = "NAME")]
    pub(super) engine: Option<EngineKind>,
    /// Print the figures as one JSON object. `vqz schema` prints its schema.
    #[arg(long)]
    pub(super) json: bool,
}

/// How to resample to larger pixels.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Resampling {
    /// The pixel in the middle, for classes.
    Nearest,
    /// The mean of the valid pixels.
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
    /// No compression.
    None,
}
