//! Where a raster lies on Earth.
//!
//! A [`Georeference`] is read from the attributes of a Zarr array or of a CF grid mapping (`read`), which needs no GDAL, and is
//! held against the coordinates of rows and columns (`settle`).
//! [`Summary`] shortens it for display. With the feature `gdal` a georeference is also written to such
//! attributes (`write`), to coordinate arrays after CF (`coordinates`, `grid_mapping`), and read from and written to data
//! sets (`dataset`), whose other places are named (`unkept`).

mod coordinate_array;
#[cfg(feature = "gdal")]
mod coordinates;
#[cfg(feature = "gdal")]
mod dataset;
mod definition;
#[cfg(feature = "gdal")]
mod grid_mapping;
mod read;
mod reference_system;
mod settle;
mod summary;
mod transform;
#[cfg(feature = "gdal")]
mod unkept;
#[cfg(feature = "gdal")]
mod write;

pub use self::coordinate_array::{CoordinateArray, CoordinateData};
#[cfg(feature = "gdal")]
pub use self::coordinates::coordinates;
#[cfg(feature = "gdal")]
pub use self::dataset::{read_georeference, write_georeference};
pub use self::definition::{GRID_MAPPING, Georeference};
pub use self::read::grid_mapping_name;
pub use self::settle::Finding;
pub use self::summary::Summary;
pub use self::transform::{bounds, pixel_size, spatial};
#[cfg(feature = "gdal")]
pub(crate) use self::unkept::unkept_places;
pub use crate::conventions::coordinates::transform_of_centres;
pub use crate::conventions::time::TimeUnits;
