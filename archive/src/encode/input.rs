//! The inputs that can be encoded.

use crate::raster::source::Raster;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// The input of an encode.
#[derive(Clone)]
#[non_exhaustive]
pub enum Input {
    /// A Zarr v3 array or group; with the feature `gdal` also a raster file.
    Path(PathBuf),
    /// A raster that the program provides. It becomes a single array.
    Raster(Arc<dyn Raster>),
    /// Many raster files on one grid.
    #[cfg(feature = "gdal")]
    Cube(crate::cube::Cube),
}

impl Input {
    /// The path that it comes from. Empty for a raster that the program provides.
    pub(crate) fn path(&self) -> &Path {
        match self {
            Self::Path(path) => path,
            Self::Raster(_) => Path::new(""),
            #[cfg(feature = "gdal")]
            Self::Cube(cube) => cube.source(),
        }
    }

    /// The files and folders that its samples come from. Empty for a raster that the program provides.
    pub(crate) fn files(&self) -> Vec<PathBuf> {
        match self {
            Self::Path(path) => vec![path.clone()],
            Self::Raster(_) => Vec::new(),
            #[cfg(feature = "gdal")]
            Self::Cube(cube) => cube.plan().sources.clone(),
        }
    }
}

impl From<&Path> for Input {
    fn from(path: &Path) -> Self {
        Self::Path(path.to_path_buf())
    }
}

impl From<&PathBuf> for Input {
    fn from(path: &PathBuf) -> Self {
        Self::Path(path.clone())
    }
}

impl From<PathBuf> for Input {
    fn from(path: PathBuf) -> Self {
        Self::Path(path)
    }
}

impl From<&str> for Input {
    fn from(path: &str) -> Self {
        Self::Path(PathBuf::from(path))
    }
}

impl From<Arc<dyn Raster>> for Input {
    fn from(raster: Arc<dyn Raster>) -> Self {
        Self::Raster(raster)
    }
}

#[cfg(feature = "gdal")]
impl From<crate::cube::Cube> for Input {
    fn from(cube: crate::cube::Cube) -> Self {
        Self::Cube(cube)
    }
}
