//! Where a raster lies on Earth.
//!
//! A [`Georeference`] is read from the attributes of a Zarr array or of a CF grid mapping (`read`), which needs no GDAL.
//! [`Summary`] shortens it for display. With the feature `gdal` a georeference is also written to such
//! attributes (`write`), to coordinate arrays after CF (`coordinates`, `grid_mapping`), and read from and written to data
//! sets (`dataset`).

#[cfg(feature = "gdal")]
mod coordinates;
#[cfg(feature = "gdal")]
mod dataset;
mod definition;
#[cfg(feature = "gdal")]
mod grid_mapping;
mod read;
mod reference_system;
mod summary;
mod transform;
#[cfg(feature = "gdal")]
mod write;

#[cfg(feature = "gdal")]
pub use self::coordinates::{CoordinateArray, CoordinateData, coordinates};
#[cfg(feature = "gdal")]
pub use self::dataset::{read_georeference, write_georeference};
pub use self::definition::{GRID_MAPPING, Georeference};
pub use self::read::grid_mapping_name;
pub use self::summary::Summary;
pub use self::transform::{bounds, pixel_size, spatial};
pub use crate::conventions::coordinates::transform_of_centres;
pub use crate::conventions::time::TimeUnits;
