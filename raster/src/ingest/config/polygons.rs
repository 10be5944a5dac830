//! `[[labels]]` and `[border]`: classes, and the valid area, from files of polygons.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Classes from polygons.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct LabelConfig {
    /// The array's name.
    pub name: String,
    /// A file of polygons: GeoPackage, Shapefile, GeoJSON or whatever else GDAL reads.
    pub file: String,
    /// Its layer; not needed where there is only one.
    #[serde(default)]
    pub layer: Option<String>,
    /// The field with the class: a whole number, or a text that `classes` maps to one.
    pub field: String,
    /// The number of each class, by the text of the field.
    #[serde(default)]
    pub classes: BTreeMap<String, i64>,
    /// Names of classes for display, by number.
    #[serde(default)]
    pub names: BTreeMap<String, String>,
    /// Colours of classes, by number, such as `#2ca02c`.
    #[serde(default)]
    pub colours: BTreeMap<String, String>,
    /// The value of pixels outside of all polygons.
    #[serde(default)]
    pub nodata: i64,
    /// Pixels within this distance of another class, in pixels, are left unlabelled.
    #[serde(default)]
    pub erode: usize,
    /// Whether a polygon labels all pixels that it touches; otherwise it labels those whose centre lies in it.
    #[serde(default)]
    pub all_touched: bool,
}

/// The area outside of which nothing is valid.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct BorderConfig {
    /// A file of polygons.
    pub file: String,
    /// Its layer; not needed where there is only one.
    #[serde(default)]
    pub layer: Option<String>,
    /// A condition that selects features, in the syntax of an SQL WHERE clause.
    #[serde(default, rename = "where")]
    pub condition: Option<String>,
    /// The width of a margin around it, in units of the grid's coordinate reference system.
    #[serde(default)]
    pub buffer: f64,
    /// Whether only the extent is clipped, and samples beyond the border stay valid.
    #[serde(default)]
    pub extent_only: bool,
}
