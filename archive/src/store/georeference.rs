//! Where and when an array of a hierarchy lies, from its attributes and from the coordinate arrays beside it.

use crate::metadata::document::Metadata;
use crate::store::coordinates::{attributes, numbers};
use crate::store::tree::Node;
use std::path::Path;
use vqz_codec::axes::{Axes, Role};
use vqz_raster::conventions::time::TimeUnits;
use vqz_raster::georeference::{Georeference, Summary, grid_mapping_name, transform_of_centres};

/// What is known about an array's georeference and dates. Parts that can't be read are left out.
#[must_use]
pub fn locate(node: &Node, axes: Option<&Axes>) -> Summary {
    let own = node.metadata.attributes();
    // The group of an array, even if only the array was given.
    let parent =
        (node.folder.parent()).filter(|parent| !node.path.is_empty() || parent.join("zarr.json").is_file());
    let beside = parent.and_then(|parent| attributes(parent, grid_mapping_name(&own)));
    let above = parent.and_then(|parent| Some(Metadata::read(parent).ok()?.attributes()));
    let sources: Vec<_> = [Some(&own), beside.as_ref(), above.as_ref()].into_iter().flatten().collect();
    let mut georeference = Georeference::from_all(&sources);
    let (Some(axes), Ok(shape)) = (axes, node.metadata.shape()) else {
        return Summary::new(&georeference, 0, 0, &[]);
    };
    let extent = |role: &Role| axes.position(role).map(|d| shape[d]);
    let (height, width) = (extent(&Role::Y).unwrap_or(0), extent(&Role::X).unwrap_or(0));
    let mut times = Vec::new();
    if let Some(parent) = parent {
        let coordinate = |role: &Role, name: &str| {
            let own = axes.position(role).and_then(|d| node.metadata.dimension_names()?.get(d).cloned());
            let name = own.unwrap_or_else(|| name.to_owned());
            let values = numbers(parent, &name, extent(role)?).ok()??;
            Some((name, values))
        };
        if georeference.transform.is_none()
            && let (Some((_, x)), Some((_, y))) = (coordinate(&Role::X, "x"), coordinate(&Role::Y, "y"))
        {
            georeference.transform = transform_of_centres(&x, &y);
        }
        times = coordinate(&Role::Time, "time")
            .and_then(|(name, values)| dates(parent, &name, &values))
            .unwrap_or_default();
    }
    Summary::new(&georeference, height, width, &times)
}

/// The dates of a coordinate of time, in seconds since 1970-01-01.
fn dates(group: &Path, name: &str, values: &[f64]) -> Option<Vec<i64>> {
    TimeUnits::from_attributes(&attributes(group, name)?)?.all_seconds(values)
}
