//! A cube: many raster files on one grid. The files are read when the arrays are.

pub(crate) mod array;
mod layout;

use crate::error::Result;
use crate::progress::{Progress, Remark};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use vqz_raster::ingest::config::Config;
use vqz_raster::ingest::plan::{AlteredSamples, Clash, CubePlan};

/// Many raster files as the arrays of one group. The content of each array is planned first; samples are read when
/// they are requested.
#[derive(Clone)]
pub struct Cube {
    plan: Arc<CubePlan>,
    source: PathBuf,
}

impl Cube {
    /// Plans the cube of a configuration file, which `docs/guides/ingest.md` describes.
    ///
    /// # Errors
    /// When the configuration is wrong, files are missing, or they do not fit together.
    pub fn open(path: impl AsRef<Path>) -> Result<Self> {
        let path = path.as_ref();
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let plan = CubePlan::new(Config::read(path)?, folder)?;
        Ok(Self { plan: Arc::new(plan), source: path.to_path_buf() })
    }

    /// Plans the cube of a configuration that a program makes. Paths in it are relative to `folder`. `source` identifies the
    /// input where an interrupted run is resumed, such as the first of the files.
    ///
    /// # Errors
    /// Those of [`Cube::open`].
    pub fn new(config: Config, folder: &Path, source: impl Into<PathBuf>) -> Result<Self> {
        Ok(Self { plan: Arc::new(CubePlan::new(config, folder)?), source: source.into() })
    }

    /// Whether a path names the configuration of a cube.
    #[must_use]
    pub fn is_configuration(path: &Path) -> bool {
        path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("toml"))
    }

    /// The plan.
    pub fn plan(&self) -> &Arc<CubePlan> {
        &self.plan
    }

    /// The configuration, or the file that identifies the input instead.
    #[must_use]
    pub fn source(&self) -> &Path {
        &self.source
    }

    /// Oddities of the files.
    #[must_use]
    pub fn remarks(&self) -> &[String] {
        &self.plan.remarks
    }

    /// Remarks on what only reading the arrays has shown.
    pub(crate) fn report(&self, progress: &dyn Progress) {
        for Clash { array, nodata, bands, .. } in self.plan.clashes() {
            progress.remark(&Remark::ValidBecameNodata { array, nodata, bands });
        }
        for AlteredSamples { array, data_type, nodata, clipped, moved, .. } in self.plan.altered() {
            if !clipped.is_empty() {
                let (array, data_type) = (array.clone(), data_type.name());
                progress.remark(&Remark::SamplesClipped { array, data_type, bands: clipped });
            }
            if let (Some(nodata), false) = (nodata, moved.is_empty()) {
                progress.remark(&Remark::MovedBesideNodata { array, nodata, bands: moved });
            }
        }
    }

    /// The chunks that the configuration asks for, by dimension.
    pub(crate) fn chunk_extents(&self) -> &BTreeMap<String, u64> {
        &self.plan.config.output.chunk
    }

    /// The shards that the configuration asks for, by dimension.
    pub(crate) fn shard_extents(&self) -> &BTreeMap<String, u64> {
        &self.plan.config.output.shard
    }
}

impl std::fmt::Debug for Cube {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "a cube of {} arrays from {}", self.plan.arrays.len(), self.source.display())
    }
}
