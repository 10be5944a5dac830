//! GeoTIFF in and out, through GDAL, with the feature `gdal`; without it, errors that say how to get it.

pub(crate) mod attributes;
#[cfg(feature = "gdal")]
mod cog;
#[cfg(feature = "gdal")]
pub(crate) mod mask;
#[cfg(feature = "gdal")]
mod reader;
#[cfg(feature = "gdal")]
mod rename;
#[cfg(not(feature = "gdal"))]
mod without;
#[cfg(feature = "gdal")]
mod writer;

#[cfg(feature = "gdal")]
pub(crate) use self::{
    cog::{Cog, write_cog},
    reader::open,
    rename::refuse_sides,
    writer::write,
};

#[cfg(not(feature = "gdal"))]
pub(crate) use self::without::{open, write};
