//! The configuration of an ingest: which files are read, what their names mean, the grid of the cube, and which arrays are
//! computed and written. Each section has a module.

mod derive;
mod grid;
mod input;
mod output;
mod polygons;
mod resampling;
mod time;

pub use derive::DeriveConfig;
pub use grid::{Extent, GridConfig, Resolution};
pub use input::{InputConfig, PixelsConfig};
pub use output::{OutputConfig, Overlap};
pub use polygons::{BorderConfig, LabelConfig};
pub use resampling::Resampling;
pub use time::TimeConfig;

use crate::error::{Error, Result};
use crate::mask::MaskRule;
use serde::{Deserialize, Serialize};
use std::path::Path;

/// The whole configuration, as TOML.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// The files: a table for each sensor or kind of file.
    #[serde(default)]
    pub input: Vec<InputConfig>,
    /// The grid.
    #[serde(default)]
    pub grid: GridConfig,
    /// Which dates are taken, and which are computed.
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
    /// The area outside of which nothing is valid.
    #[serde(default)]
    pub border: Option<BorderConfig>,
    /// Which arrays are written, and how.
    #[serde(default)]
    pub output: OutputConfig,
}

impl Config {
    /// Reads a configuration.
    ///
    /// # Errors
    /// [`Error::Invalid`], with the line and the key at fault.
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
    use crate::sample::DataType;

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
