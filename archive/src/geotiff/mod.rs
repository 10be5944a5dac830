//! GeoTIFF in and out, through GDAL, with the feature `gdal`; without it, errors that say how to get it.

#[cfg(feature = "gdal")]
mod cog;
#[cfg(feature = "gdal")]
mod reader;
#[cfg(feature = "gdal")]
mod writer;

/// The attribute that keeps a file's metadata items which nothing else tells.
#[cfg(feature = "gdal")]
pub const ITEMS: &str = "gdal_metadata";

/// The attribute that says what bands are shown as, in GDAL's words.
#[cfg(feature = "gdal")]
const COLOURS: &str = "color_interpretation";

#[cfg(feature = "gdal")]
pub use self::{
    cog::{Cog, write_cog},
    reader::open,
    writer::write,
};

#[cfg(not(feature = "gdal"))]
pub use self::without::{open, write};

#[cfg(not(feature = "gdal"))]
mod without {
    use crate::error::{Result, bail};
    use crate::metadata::plain::PlainCodec;
    use crate::raster::opening::OpenOptions;
    use crate::raster::source::Raster;
    use std::path::Path;
    use std::sync::Arc;

    const ADVICE: &str = "this build has no GDAL; use Zarr v3, or a build with the feature gdal";

    pub fn open(path: &Path, _: &OpenOptions) -> Result<Arc<dyn Raster>> {
        bail!(Unsupported, BuildWithGdal, "{} is a GeoTIFF, and {ADVICE}", path.display())
    }

    pub fn write(path: &Path, _: &dyn Raster, _: PlainCodec) -> Result<()> {
        bail!(Unsupported, BuildWithGdal, "{} would be a GeoTIFF, and {ADVICE}", path.display())
    }
}
