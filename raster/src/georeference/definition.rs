//! The definition of a georeference.

use serde_json::Value;

/// The name of the grid mapping variable that is written beside data arrays. Their attribute `grid_mapping` names it.
pub const GRID_MAPPING: &str = "spatial_ref";

/// Where a raster lies: its coordinate reference system, and the map from its pixels to coordinates.
///
/// The reference system may be stated in several ways at once. Readers prefer the WKT to the PROJJSON, and that to the code.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Georeference {
    /// The coordinate reference system as WKT.
    pub wkt: Option<String>,
    /// The same as PROJJSON.
    pub projjson: Option<Value>,
    /// Its code, such as `EPSG:32632`, where an authority has one.
    pub code: Option<String>,
    /// GDAL's six coefficients: x₀, dx, rx, y₀, ry, dy of the outer corner of the first pixel.
    pub transform: Option<[f64; 6]>,
    /// Whether samples are values at points (`AREA_OR_POINT=Point`). The transform is that of pixels' corners either way.
    pub point: bool,
}

impl Georeference {
    /// Whether the coordinate reference system is known.
    #[must_use]
    pub fn has_reference_system(&self) -> bool {
        self.wkt.is_some() || self.projjson.is_some() || self.code.is_some()
    }

    /// Fills in what is not known from another georeference of the same raster: the reference system as a whole, and the
    /// transform.
    #[must_use]
    pub fn or(mut self, other: Self) -> Self {
        if !self.has_reference_system() {
            (self.wkt, self.projjson, self.code) = (other.wkt, other.projjson, other.code);
        }
        self.transform = self.transform.or(other.transform);
        self
    }
}
