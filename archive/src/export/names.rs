//! The names of arrays and dimensions in exports.

use crate::raster::source::RasterInfo;
use vqz_codec::axes::Role;

/// The name of the data array.
pub(crate) const DATA: &str = "data";

/// The name of a dimension: that of its role.
pub(crate) fn name(info: &RasterInfo, dimension: usize) -> String {
    match &info.axes.roles()[dimension] {
        Role::Time => "time".to_owned(),
        Role::Band => "band".to_owned(),
        Role::Y => "y".to_owned(),
        Role::X => "x".to_owned(),
        other => dimension_name(info, other).unwrap_or_else(|| format!("dim_{dimension}")),
    }
}

/// The name of the dimension with a role.
pub(crate) fn dimension_name(info: &RasterInfo, role: &Role) -> Option<String> {
    let d = info.axes.position(role)?;
    info.metadata.dimension_names()?.get(d).cloned()
}
