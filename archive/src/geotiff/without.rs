//! Replaces GDAL in builds without it: every function returns an error that says so.

use crate::error::{Result, bail};
use crate::metadata::plain::PlainCodec;
use crate::progress::Progress;
use crate::raster::opening::OpenOptions;
use crate::raster::source::Raster;
use crate::write::existing::Existing;
use std::path::Path;
use std::sync::Arc;

const ADVICE: &str = "this build has no GDAL; use Zarr v3, or a build with the feature gdal";

pub(crate) fn open(path: &Path, _: &OpenOptions) -> Result<Arc<dyn Raster>> {
    bail!(Unsupported, BuildWithGdal, "{} is a GeoTIFF, and {ADVICE}", path.display())
}

pub(crate) fn write(path: &Path, _: &dyn Raster, _: PlainCodec, _: Existing, _: &dyn Progress) -> Result<()> {
    bail!(Unsupported, BuildWithGdal, "{} would be a GeoTIFF, and {ADVICE}", path.display())
}
