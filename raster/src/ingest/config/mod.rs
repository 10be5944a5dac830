//! The configuration of an ingest: which files, what their names tell, onto which grid, what is computed, what is written.

mod input;

pub use input::{InputConfig, PixelsConfig};

use crate::error::{Error, Result};
use crate::mask::MaskRule;
use crate::sample::DataType;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::Path;

/// All of it, as TOML.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// The files. Several tables where sensors or kinds of files differ.
    #[serde(default)]
    pub input: Vec<InputConfig>,
    /// The grid.
    #[serde(default)]
    pub grid: GridConfig,
    /// What becomes of dates.
    #[serde(default)]
    pub time: TimeConfig,
    /// Which samples are valid, by quality bands.
    #[serde(default)]
    pub mask: Vec<MaskRule>,
    /// Bands computed from others.
    #[serde(default)]
    pub derive: Vec<DeriveConfig>,
    /// Classes from polygons.
    #[serde(default)]
    pub labels: Vec<LabelConfig>,
    /// The area; outside of it nothing is valid.
    #[serde(default)]
    pub border: Option<BorderConfig>,
    /// What is written.
    #[serde(default)]
    pub output: OutputConfig,
}

/// How samples come onto another grid.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Resampling {
    /// The nearest sample: for classes and bits.
    Nearest,
    /// Linear in both directions.
    Bilinear,
    /// Cubic convolution.
    Cubic,
    /// The mean of what a pixel covers.
    Average,
    /// The most frequent of what a pixel covers.
    Mode,
    /// Windowed sinc.
    Lanczos,
}

impl Resampling {
    /// GDAL's name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Nearest => "near",
            Self::Bilinear => "bilinear",
            Self::Cubic => "cubic",
            Self::Average => "average",
            Self::Mode => "mode",
            Self::Lanczos => "lanczos",
        }
    }
}

/// The grid of the cube. Where nothing is said, the inputs' own: they must share it then, but for their extents.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct GridConfig {
    /// The coordinate reference system, such as `EPSG:32633`.
    #[serde(default)]
    pub crs: Option<String>,
    /// The size of a pixel, or its width and height, in units of the coordinate reference system.
    #[serde(default)]
    pub resolution: Option<Resolution>,
    /// What it covers: left, bottom, right, top.
    #[serde(default)]
    pub bounds: Option<[f64; 4]>,
    /// What it covers, by the inputs.
    #[serde(default)]
    pub extent: Extent,
    /// How samples come onto it. Without this nothing is resampled: files whose pixels are others are an error.
    #[serde(default)]
    pub resampling: Option<Resampling>,
}

/// The size of pixels.
#[derive(Clone, Copy, Debug, Deserialize, Serialize)]
#[serde(untagged)]
pub enum Resolution {
    /// Squares.
    Square(f64),
    /// Width and height.
    Rectangle([f64; 2]),
}

impl Resolution {
    /// Width and height.
    pub fn pixel(self) -> [f64; 2] {
        match self {
            Self::Square(side) => [side, side],
            Self::Rectangle(pixel) => pixel,
        }
    }
}

/// What a grid covers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Extent {
    /// All that any input covers.
    #[default]
    Union,
    /// What all inputs cover.
    Intersection,
    /// What the first input covers.
    First,
}

/// What becomes of dates.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct TimeConfig {
    /// The first that is taken.
    #[serde(default)]
    pub from: Option<String>,
    /// The last that is taken.
    #[serde(default)]
    pub to: Option<String>,
    /// Times of one day are one date: scenes of a strip, taken seconds apart.
    #[serde(default)]
    pub by_day: bool,
    /// Dates with a smaller part of valid samples are left out (of what the grid covers, masked samples are not valid).
    #[serde(default)]
    pub min_valid: Option<f64>,
    /// Gaps are filled linearly in time, where they are at most so many days long.
    #[serde(default)]
    pub fill_gaps_days: Option<f64>,
    /// Even steps of so many days, from `start` on.
    #[serde(default)]
    pub step_days: Option<f64>,
    /// The first of the even steps; the first date where nothing is said.
    #[serde(default)]
    pub start: Option<String>,
    /// The last of the even steps; the last date where nothing is said.
    #[serde(default)]
    pub end: Option<String>,
}

/// A band that is computed from others.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct DeriveConfig {
    /// Its name.
    pub name: String,
    /// Over names of bands, such as `(B08 - B04) / (B08 + B04)`.
    pub expression: String,
    /// Its type.
    #[serde(default = "float32")]
    pub data_type: DataType,
    /// What stands where nothing is valid; NaN in floats where nothing is said.
    #[serde(default)]
    pub nodata: Option<f64>,
    /// Stored is `(value − offset) / scale`.
    #[serde(default = "one")]
    pub scale: f64,
    /// Stored is `(value − offset) / scale`.
    #[serde(default)]
    pub offset: f64,
    /// The unit of the value.
    #[serde(default)]
    pub unit: Option<String>,
    /// The array that it is a band of: one of its own, or `data`, if it has that one's type.
    #[serde(default)]
    pub array: Option<String>,
}

fn float32() -> DataType {
    DataType::Float32
}

fn one() -> f64 {
    1.0
}

/// Classes from polygons.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct LabelConfig {
    /// The array's name.
    pub name: String,
    /// A file of polygons: GeoPackage, Shapefile, GeoJSON or whatever else GDAL reads.
    pub file: String,
    /// Its layer; the only one where nothing is said.
    #[serde(default)]
    pub layer: Option<String>,
    /// The field that tells the class: a whole number, or a text that `classes` names.
    pub field: String,
    /// The classes: text of the field (or number) to number.
    #[serde(default)]
    pub classes: BTreeMap<String, i64>,
    /// Names of numbers, for display.
    #[serde(default)]
    pub names: BTreeMap<String, String>,
    /// Colours of numbers, such as `#2ca02c`.
    #[serde(default)]
    pub colours: BTreeMap<String, String>,
    /// What stands where there is no polygon.
    #[serde(default)]
    pub nodata: i64,
    /// Pixels nearer to the border of their class than so many are left unlabelled.
    #[serde(default)]
    pub erode: usize,
    /// Also pixels that a polygon merely touches are its own; otherwise those whose centre lies in it.
    #[serde(default)]
    pub all_touched: bool,
}

/// The area.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct BorderConfig {
    /// A file of polygons.
    pub file: String,
    /// Its layer; the only one where nothing is said.
    #[serde(default)]
    pub layer: Option<String>,
    /// A condition on its features, as in SQL after WHERE.
    #[serde(default, rename = "where")]
    pub condition: Option<String>,
    /// So much is added around it, in units of the grid's coordinate reference system.
    #[serde(default)]
    pub buffer: f64,
    /// Only the extent is clipped, samples beyond the border stay valid.
    #[serde(default)]
    pub extent_only: bool,
}

/// What is written.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct OutputConfig {
    /// Extents of a chunk by dimension (`time`, `band`, `y`, `x`); 1 date, all bands, 1024 × 1024 pixels where nothing is said.
    #[serde(default)]
    pub chunk: BTreeMap<String, u64>,
    /// Extents of a shard by dimension, multiples of those of chunks.
    #[serde(default)]
    pub shard: BTreeMap<String, u64>,
    /// Codecs as in Zarr metadata, array-to-bytes codec included; `zstd`, `lz4` or `none` for short.
    #[serde(default)]
    pub codecs: Option<Value>,
    /// The type of the array `data`, where the inputs' is not wanted.
    #[serde(default)]
    pub data_type: Option<DataType>,
    /// What means "no data" in it, where the inputs' value is not wanted, or they have none.
    #[serde(default)]
    pub nodata: Option<f64>,
    /// The order of dimensions: `time, band, y, x` where nothing is said; `time, y, x, band` keeps the bands of a pixel together.
    #[serde(default)]
    pub dimensions: Vec<String>,
    /// The field of names by which inputs become groups of their own, such as `place`.
    #[serde(default)]
    pub split: Option<String>,
    /// What stands where inputs overlap.
    #[serde(default)]
    pub overlap: Overlap,
    /// An array with the number of valid dates of each pixel, of the first band.
    #[serde(default)]
    pub valid_count: bool,
    /// Bands that are needed (by masks or expressions) and not written.
    #[serde(default)]
    pub drop: Vec<String>,
}

/// What stands where inputs of one band and date overlap.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Overlap {
    /// The first valid sample, in the order of the files' names.
    #[default]
    First,
    /// The last one.
    Last,
    /// They must agree.
    Equal,
}

impl Config {
    /// Reads a configuration.
    ///
    /// # Errors
    /// [`Error::Invalid`] with the line and the key that is wrong.
    pub fn parse(text: &str) -> Result<Self> {
        let config: Self =
            toml::from_str(text).map_err(|e| Error::Invalid(format!("the configuration is wrong: {e}")))?;
        if config.input.is_empty() {
            return Err(Error::Invalid("the configuration has no [[input]]; name files in one".to_owned()));
        }
        Ok(config)
    }

    /// Reads a configuration file.
    ///
    /// # Errors
    /// As [`Config::parse`], and where the file can't be read.
    pub fn read(path: &Path) -> Result<Self> {
        let text = std::fs::read_to_string(path)
            .map_err(|source| Error::Io { path: path.display().to_string(), source })?;
        Self::parse(&text).map_err(|e| Error::Invalid(format!("{}: {e}", path.display())))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_configuration_is_read_and_its_faults_are_named() {
        let config = Config::parse(
            "[[input]]\nfiles = [\"*/*.TIF\"]\nname = \"{time:%Y}_{band}.TIF\"\n[grid]\nresolution = 30\nresampling = \
             \"bilinear\"\n[[derive]]\nname = \"ndvi\"\nexpression = \"(b - a) / (b + a)\"\n",
        )
        .unwrap();
        assert_eq!(config.grid.resolution.map(Resolution::pixel), Some([30.0, 30.0]));
        assert_eq!(config.derive[0].data_type, DataType::Float32);
        let error = |text: &str| Config::parse(text).unwrap_err().to_string();
        assert!(error("[[input]]\nfiles = []\nfile = 1\n").contains("unknown field `file`"));
        assert!(error("[[input]]\nfiles = []\nfile = 1\n").contains("line 3"));
        assert!(error("[grid]\n").contains("has no [[input]]"));
        assert!(error("[grid]\nresampling = \"nice\"\n").contains("unknown variant `nice`"));
    }
}
