//! What the group of an array says of the whole: its title, its history. It goes with an exported array.

use crate::metadata::document::Metadata;
use serde_json::{Map, Value};
use std::path::Path;
use vqz_codec::name::NAMES;

/// Attributes of a group that speak of this group alone, or that an output states itself.
const OWN: [&str; 7] = [
    "Conventions",
    "multiscales",
    "zarr_conventions",
    "grid_mapping",
    "coordinates",
    "long_name",
    "spatial_ref",
];

/// The attributes of a group that go with its arrays.
pub(crate) fn of_group(folder: &Path) -> Map<String, Value> {
    let mut attributes = Metadata::read(folder).map(|group| group.attributes()).unwrap_or_default();
    attributes.retain(|key, _| {
        !OWN.contains(&key.as_str()) && !NAMES.contains(&key.as_str()) && !key.contains([':', '/'])
    });
    attributes
}
