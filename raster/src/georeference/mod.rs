//! Where a raster lies on Earth: read from and written to a GDAL data set (`dataset`), the attributes of a Zarr array
//! (`attributes`), and coordinate arrays after the CF conventions (`coordinates`).

mod attributes;
mod coordinates;
mod dataset;
mod dates;
mod grid_mapping;

pub use self::attributes::{bounds, declare_multiscales, spatial};
pub use self::coordinates::{
    CoordinateArray, CoordinateData, GRID_MAPPING, coordinates, transform_of_centres,
};
pub use self::dataset::{read_georeference, write_georeference};
pub use self::dates::TimeUnits;
pub(crate) use self::dates::unit_seconds;

/// The place of a raster: its coordinate reference system and the map from pixels to it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Georeference {
    /// The coordinate reference system as WKT.
    pub wkt: Option<String>,
    /// Its code, such as `EPSG:32632`, where an authority has one.
    pub code: Option<String>,
    /// GDAL's six coefficients: x₀, dx, rx, y₀, ry, dy of the upper left corner of the upper left pixel.
    pub transform: Option<[f64; 6]>,
    /// Whether values are of points (`AREA_OR_POINT=Point`); the transform is of pixels' corners either way.
    pub point: bool,
}
