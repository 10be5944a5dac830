//! Where and when an array of a hierarchy lies, from its attributes and from the coordinate arrays beside it. One reader
//! for all commands.

use crate::error::{Context, Result};
use crate::metadata::document::Metadata;
use crate::store::coordinates::{attributes, numbers, read};
use crate::store::tree::Node;
use std::path::{Path, PathBuf};
use vqz_codec::axes::{Axes, Role};
use vqz_raster::conventions::auxiliary;
use vqz_raster::conventions::time::{Instant, Steps, Values};
use vqz_raster::georeference::{CoordinateArray, CoordinateData, Georeference, Summary, grid_mapping_name};

/// What is known about where and when an array lies.
#[derive(Clone, Debug, Default)]
pub(crate) struct Location {
    /// Its coordinate reference system, and its transform.
    pub(crate) georeference: Georeference,
    /// The dates of its steps in time; none where it has no such dimension, or no coordinate of it.
    pub(crate) steps: Option<Steps>,
    /// What attributes and coordinates say against each other, and what can't be read of them, in words.
    pub(crate) notes: Vec<String>,
}

/// What is known about an array's georeference and dates. Parts that can't be read are left out, and noted.
#[must_use]
pub fn locate(node: &Node, axes: Option<&Axes>) -> Summary {
    // The group of an array, even if only the array was given.
    let parent =
        (node.folder.parent()).filter(|parent| !node.path.is_empty() || parent.join("zarr.json").is_file());
    let location = Location::of(&node.metadata, parent, axes);
    let shape = node.metadata.shape().unwrap_or_default();
    let extent = |role: &Role| axes.and_then(|axes| shape.get(axes.position(role)?).copied()).unwrap_or(0);
    let (height, width) = (extent(&Role::Y), extent(&Role::X));
    let mut summary = Summary::new(&location.georeference, height, width, location.dates());
    summary.notes = location.notes;
    summary
}

impl Location {
    /// Reads the attributes of an array, of its grid mapping and of its group, and the coordinates of its dimensions.
    pub(crate) fn of(metadata: &Metadata, group: Option<&Path>, axes: Option<&Axes>) -> Self {
        let own = metadata.attributes();
        let mapping = group.and_then(|group| grid_mapping(group, grid_mapping_name(&own)));
        let above = group.and_then(|group| Some(Metadata::read(group).ok()?.attributes()));
        let sources: Vec<_> = [Some(&own), mapping.as_ref(), above.as_ref()].into_iter().flatten().collect();
        let mut location = Self { georeference: Georeference::from_all(&sources), ..Self::default() };
        let by_name = mapping.as_ref().and_then(|mapping| mapping.get("grid_mapping_name")?.as_str());
        if let Some(projection) = by_name.filter(|_| !location.georeference.has_reference_system()) {
            location.notes.push(format!(
                "its grid mapping states {projection} by parameters alone, without WKT, so no coordinate reference system is known"
            ));
        }
        if let (Some(group), Some(axes), Ok(shape)) = (group, axes, metadata.shape()) {
            location.read_coordinates(&Dimensions { metadata, group, axes, shape: &shape });
        }
        location
    }

    fn read_coordinates(&mut self, dimensions: &Dimensions<'_>) {
        let x = self.noted(dimensions.numbers(&Role::X, "x"));
        let y = self.noted(dimensions.numbers(&Role::Y, "y"));
        if let (Some(x), Some(y)) = (x, y)
            && let Some(finding) = self.georeference.settle(&x, &y)
        {
            self.notes.push(finding.to_string());
        }
        if let Some(coordinate) = self.noted(dimensions.coordinate(&Role::Time, "time")) {
            self.steps = steps(&coordinate);
            let unread = self.steps.as_ref().and_then(|steps| steps.unread.clone());
            self.notes.extend(unread.map(|unread| format!("its dates are not all known: {unread}")));
        }
    }

    fn noted<T>(&mut self, read: Result<Option<T>>) -> Option<T> {
        read.unwrap_or_else(|error| {
            self.notes.push(error.one_line());
            None
        })
    }

    /// The dates in order, as ISO 8601; `missing` for a date that is missing.
    pub(crate) fn dates(&self) -> Vec<String> {
        let dates = self.steps.iter().flat_map(|steps| &steps.dates);
        dates.map(|date| date.map_or_else(|| "missing".to_owned(), Instant::iso)).collect()
    }
}

/// The dates of a coordinate; none where it is no coordinate of time.
pub(crate) fn steps(coordinate: &CoordinateArray) -> Option<Steps> {
    let single: Vec<f64>;
    let values = match &coordinate.data {
        CoordinateData::Float(values) => Values::Double(values),
        CoordinateData::Integer(values) => Values::Whole(values),
        CoordinateData::Text(texts) => Values::Texts(texts),
        CoordinateData::Single(values) => {
            single = values.iter().map(|value| f64::from(*value)).collect();
            Values::Single(&single)
        }
    };
    Steps::read(values, &coordinate.attributes)
}

/// The attributes of the grid mapping of this name: in the group, or in one above it, as CF looks for names.
fn grid_mapping(group: &Path, name: &str) -> Option<serde_json::Map<String, serde_json::Value>> {
    let name = name.trim_start_matches('/');
    let groups = group.ancestors().take_while(|group| group.join("zarr.json").is_file());
    groups.map(PathBuf::from).find_map(|group| attributes(&group, name))
}

/// The dimensions of an array, and the group that holds their coordinates.
struct Dimensions<'a> {
    metadata: &'a Metadata,
    group: &'a Path,
    axes: &'a Axes,
    shape: &'a [u64],
}

impl Dimensions<'_> {
    /// The name of the coordinate of a dimension, and the dimension's extent: the name of the dimension, or of a member that lies
    /// along it and says that it is a coordinate. `plain` is the name where dimensions have none.
    fn named(&self, role: &Role, plain: &str) -> Option<(String, u64)> {
        let d = self.axes.position(role)?;
        let extent = *self.shape.get(d)?;
        let Some(own) = self.metadata.dimension_names().and_then(|names| names.get(d).cloned()) else {
            return Some((plain.to_owned(), extent));
        };
        if attributes(self.group, &own).is_some() {
            return Some((own, extent));
        }
        let named = auxiliary::coordinates(&self.metadata.attributes());
        let mut along = std::iter::once(plain.to_owned()).chain(named).filter(|name| {
            let Some(member) = Metadata::read(&self.group.join(name)).ok().filter(Metadata::is_array) else {
                return false;
            };
            member.dimension_names().as_deref() == Some(std::slice::from_ref(&own))
                && (name == plain || auxiliary::is_coordinate(name, &member.attributes()))
        });
        along.next().map(|name| (name, extent))
    }

    fn numbers(&self, role: &Role, plain: &str) -> Result<Option<Vec<f64>>> {
        let Some((name, extent)) = self.named(role, plain) else { return Ok(None) };
        numbers(self.group, &name, extent).with_context(|| format!("the coordinates {name} can't be read"))
    }

    fn coordinate(&self, role: &Role, plain: &str) -> Result<Option<CoordinateArray>> {
        let Some((name, extent)) = self.named(role, plain) else { return Ok(None) };
        let found =
            read(self.group, &name).with_context(|| format!("the coordinates {name} can't be read"))?;
        Ok(found.filter(|array| array.shape == [extent]))
    }
}
