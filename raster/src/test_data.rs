//! Real rasters for unit tests, where there are some: the folder that `VQZ_DATA` names.

use crate::plane::Plane;
use std::path::{Path, PathBuf};

/// The folder. If there is none, says that the test did not run.
pub(crate) fn folder(test: &str) -> Option<PathBuf> {
    let folder = std::env::var_os("VQZ_DATA").map(PathBuf::from).filter(|folder| folder.is_dir());
    if folder.is_none() {
        use std::io::Write;
        // Past the test runner's capture; a closed standard error is no reason to fail.
        let _ = writeln!(std::io::stderr(), "SKIPPED: {test}: VQZ_DATA names no folder with real rasters");
    }
    folder
}

/// The first band of a file, all samples taken as valid.
pub(crate) fn plane(path: &Path) -> Plane {
    let dataset = gdal::Dataset::open(path).unwrap();
    let (width, height) = dataset.raster_size();
    let band = dataset.rasterband(1).unwrap();
    let buffer = band.read_as::<f64>((0, 0), (width, height), (width, height), None).unwrap();
    Plane { height, width, values: buffer.data().to_vec(), valid: vec![true; width * height] }
}
