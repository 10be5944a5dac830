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
    use crate::raster::plain::PlainCodec;
    use crate::raster::{OpenOptions, Raster};
    use anyhow::{Result, bail};
    use std::path::Path;
    use std::sync::Arc;

    const ADVICE: &str = "this vqz was built without GDAL; build it with `cargo install --path cli --features gdal` \
                          (Debian's libgdal-dev is needed), or use Zarr v3";

    pub fn open(path: &Path, _: &OpenOptions) -> Result<Arc<dyn Raster>> {
        bail!("{} is a GeoTIFF, and {ADVICE}", path.display())
    }

    pub fn write(path: &Path, _: &dyn Raster, _: PlainCodec) -> Result<()> {
        bail!("{} would be a GeoTIFF, and {ADVICE}", path.display())
    }
}
