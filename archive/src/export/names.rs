//! The names of arrays and dimensions in exports.

use crate::raster::source::RasterInfo;
use serde_json::{Map, Value, json};
use vqz_codec::axes::Role;
use vqz_raster::names::component;

/// The name of the data array.
pub(crate) const DATA: &str = "data";

/// The name of a dimension: its own, or that of its role where it has none that an output can have.
pub(crate) fn name(info: &RasterInfo, dimension: usize) -> String {
    let names = info.metadata.dimension_names().unwrap_or_default();
    let own = names.get(dimension).filter(|own| {
        // The names of coordinates are those of their own roles only.
        let is_free = component(own) == **own || own.eq_ignore_ascii_case(&plain_name(info, dimension));
        is_free && **own != DATA && names.iter().filter(|name| name == own).count() == 1
    });
    own.cloned().unwrap_or_else(|| plain_name(info, dimension))
}

/// The name of the dimension with a role, in the output.
pub(crate) fn name_of(info: &RasterInfo, role: &Role) -> Option<String> {
    info.axes.position(role).map(|dimension| name(info, dimension))
}

/// The name of a dimension's role.
pub(crate) fn plain_name(info: &RasterInfo, dimension: usize) -> String {
    match &info.axes.roles()[dimension] {
        role @ (Role::Time | Role::Band | Role::Y | Role::X) => role.to_string(),
        Role::Other(_) => {
            let names = info.metadata.dimension_names().unwrap_or_default();
            let mut plain = format!("dim_{dimension}");
            while names.contains(&plain) {
                plain.push('_');
            }
            plain
        }
    }
}

/// The name of the dimension with a role, where it comes from.
pub(crate) fn dimension_name(info: &RasterInfo, role: &Role) -> Option<String> {
    let d = info.axes.position(role)?;
    info.metadata.dimension_names()?.get(d).cloned()
}

/// Names rows and columns in attributes that state a georeference, as the output names them.
pub(crate) fn name_rows_and_columns(attributes: &mut Map<String, Value>, info: &RasterInfo) {
    if let Some(dimensions) = attributes.get_mut("spatial:dimensions")
        && let (Some(y), Some(x)) = (name_of(info, &Role::Y), name_of(info, &Role::X))
    {
        *dimensions = json!([y, x]);
    }
}
