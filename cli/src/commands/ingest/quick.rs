//! An ingest without a configuration file: files and a few options.

use anyhow::{Result, bail};
use clap::ValueEnum;
use std::path::PathBuf;
use vqz_raster::ingest::config::{
    Config, GridConfig, InputConfig, OutputConfig, Overlap, Resampling, Resolution,
};

/// The options that stand in for a configuration.
#[derive(Debug, clap::Args)]
pub(crate) struct QuickArgs {
    /// The pattern of the file names, such as 'm_{place}_{time:%Y%m%d}.tif' or '{time:%Y%m%d}/{band}.jp2'.
    #[arg(long, value_name = "PATTERN")]
    name: Option<String>,
    /// The names of the files' bands in order. If the file names contain the band: the bands to take.
    #[arg(long, value_delimiter = ',', value_name = "B,…")]
    bands: Vec<String>,
    /// The coordinate reference system of the cube, such as EPSG:32633.
    #[arg(long, value_name = "CRS")]
    crs: Option<String>,
    /// The pixel size of the cube, in the unit of its coordinate reference system.
    #[arg(long, value_name = "SIZE")]
    resolution: Option<f64>,
    /// How to resample files onto another pixel grid. Without this option, files with different grids are an error.
    #[arg(long, value_name = "METHOD")]
    resampling: Option<Method>,
    /// Which file counts where files of one band and date overlap, by name [default: first]. Given, it also lays files of one
    /// place over each other, which is an error otherwise.
    #[arg(long, value_name = "WHICH")]
    overlap: Option<Which>,
    /// The value that means "no data", if the files do not declare one.
    #[arg(long, allow_negative_numbers = true, value_name = "V")]
    nodata: Option<f64>,
    /// The side of a chunk along y and x, in pixels.
    #[arg(long, value_parser = clap::value_parser!(u64).range(1..), value_name = "PX")]
    chunk_size: Option<u64>,
}

/// How samples are resampled onto other pixels.
#[derive(Clone, Copy, Debug, ValueEnum)]
enum Method {
    Nearest,
    Bilinear,
    Cubic,
    Average,
    Mode,
    Lanczos,
}

/// Which file counts where several overlap.
#[derive(Clone, Copy, Debug, ValueEnum)]
enum Which {
    First,
    Last,
    Equal,
}

impl QuickArgs {
    /// The names of the options, for messages.
    pub(super) const NAMES: &str =
        "--name, --bands, --crs, --resolution, --resampling, --overlap, --nodata and --chunk-size";

    /// Whether any is given.
    pub(super) fn is_any(&self) -> bool {
        self.name.is_some()
            || !self.bands.is_empty()
            || self.crs.is_some()
            || self.resolution.is_some()
            || self.resampling.is_some()
            || self.overlap.is_some()
            || self.nodata.is_some()
            || self.chunk_size.is_some()
    }

    /// The equivalent configuration.
    ///
    /// # Errors
    /// When a path is not valid text, which a configuration needs.
    pub(super) fn configuration(&self, files: &[PathBuf]) -> Result<Config> {
        let mut names = Vec::new();
        for file in files {
            let Some(name) = file.to_str() else { bail!("{} is no UTF-8; rename it", file.display()) };
            if !file.exists() {
                bail!("{name} does not exist");
            }
            // These are file names, not patterns, so special characters are escaped.
            names.push(glob_escaped(name));
        }
        let chunk = self.chunk_size.map(|side| [("y".to_owned(), side), ("x".to_owned(), side)]);
        Ok(Config {
            input: vec![InputConfig {
                files: names,
                name: self.name.clone(),
                bands: self.bands.clone(),
                nodata: self.nodata,
                ..InputConfig::default()
            }],
            grid: GridConfig {
                crs: self.crs.clone(),
                resolution: self.resolution.map(Resolution::Square),
                resampling: self.resampling.map(|method| match method {
                    Method::Nearest => Resampling::Nearest,
                    Method::Bilinear => Resampling::Bilinear,
                    Method::Cubic => Resampling::Cubic,
                    Method::Average => Resampling::Average,
                    Method::Mode => Resampling::Mode,
                    Method::Lanczos => Resampling::Lanczos,
                }),
                ..GridConfig::default()
            },
            output: OutputConfig {
                nodata: self.nodata,
                overlap: self.overlap.map(|which| match which {
                    Which::First => Overlap::First,
                    Which::Last => Overlap::Last,
                    Which::Equal => Overlap::Equal,
                }),
                chunk: chunk.into_iter().flatten().collect(),
                ..OutputConfig::default()
            },
            ..Config::default()
        })
    }
}

/// A pattern that matches this name alone.
fn glob_escaped(name: &str) -> String {
    name.chars().map(|c| if "?*[]".contains(c) { format!("[{c}]") } else { c.to_string() }).collect()
}
