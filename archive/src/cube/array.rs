//! Many files as the nodes of a hierarchy: groups, arrays that are read from the files when they are written, coordinates.

use crate::cube::layout::lay_out;
use crate::error::{Context, Result};
use crate::geotiff::attributes::ITEMS;
use crate::metadata::document::Metadata;
use crate::raster::region::volume;
use crate::raster::source::{Raster, RasterInfo};
use crate::write::settings::Settings;
use serde_json::{Map, Value, json};
use std::collections::BTreeSet;
use std::ops::Range;
use std::sync::Arc;
use vqz_codec::axes::Axes;
use vqz_codec::config::NoData;
use vqz_raster::band::{Band, SampleKind, set_band_attributes};
use vqz_raster::conventions::exact::COUNT;
use vqz_raster::conventions::{auxiliary, validity};
use vqz_raster::georeference::{CoordinateArray, CoordinateData, GRID_MAPPING, coordinates};
use vqz_raster::ingest::plan::{ArrayPlan, CubePlan, DATA, Dimension};
use vqz_raster::sample::ValueRange as _;

/// The kinds of nodes of a cube.
pub(crate) enum CubeNode {
    /// A group.
    Group(Metadata),
    /// An array.
    Array(Arc<CubeArray>),
    /// Coordinates of the arrays of its group.
    Coordinates(CoordinateArray),
}

/// An array of a cube, read as a raster.
pub(crate) struct CubeArray {
    plan: Arc<CubePlan>,
    at: usize,
    info: RasterInfo,
}

impl CubeArray {
    /// The plan.
    pub(crate) fn array(&self) -> &ArrayPlan {
        &self.plan.arrays[self.at]
    }
}

impl Raster for CubeArray {
    fn info(&self) -> &RasterInfo {
        &self.info
    }

    fn read(&self, region: &[Range<u64>]) -> Result<Vec<u8>> {
        let array = self.array();
        self.plan.read(array, region).with_context(|| format!("reading {} at {region:?}", array.path))
    }
}

/// The settings that must be unchanged for an interrupted ingest to be resumed: the configuration, and the files.
///
/// # Errors
/// When the configuration can't be written as JSON.
pub(crate) fn settings(plan: &CubePlan) -> Result<Settings> {
    let mut settings = Settings::default();
    settings.set("configuration", serde_json::to_value(&plan.config)?);
    settings.set("files", json!(plan.files));
    Ok(settings)
}

/// The nodes of a cube, groups before their members, with the path of each.
///
/// # Errors
/// When the chunks, shards or codecs of the configuration do not fit an array.
pub(crate) fn nodes(plan: &Arc<CubePlan>) -> Result<Vec<(String, CubeNode)>> {
    let mut nodes = Vec::new();
    let mut groups: BTreeSet<String> = BTreeSet::from([String::new()]);
    for array in &plan.arrays {
        let mut group = array.group();
        while !group.is_empty() {
            groups.insert(group.to_owned());
            group = group.rsplit_once('/').map_or("", |(outer, _)| outer);
        }
    }
    for group in groups {
        let globals = if group.is_empty() { plan.globals.clone() } else { Map::new() };
        let metadata = group_metadata(plan.group_names.get(&group), globals);
        nodes.push((group, CubeNode::Group(metadata)));
    }
    let mut placed: BTreeSet<&str> = BTreeSet::new();
    for (at, array) in plan.arrays.iter().enumerate() {
        nodes.push((array.path.clone(), CubeNode::Array(Arc::new(opened(plan, at)?))));
        if placed.insert(array.group()) {
            for coordinate in group_coordinates(plan, array.group())? {
                let path = match array.group() {
                    "" => coordinate.name.clone(),
                    group => format!("{group}/{}", coordinate.name),
                };
                nodes.push((path, CubeNode::Coordinates(coordinate)));
            }
        }
    }
    Ok(nodes)
}

/// The metadata of a group with these attributes, and with its name where its place in the hierarchy is another.
fn group_metadata(name: Option<&String>, mut attributes: Map<String, Value>) -> Metadata {
    attributes.insert("Conventions".to_owned(), Value::from("CF-1.11"));
    if let Some(name) = name {
        attributes.insert("long_name".to_owned(), Value::from(name.clone()));
    }
    Metadata::new_group(attributes)
}

/// The coordinates that the arrays of a group share: those of its first array, and the dates of the first array that
/// has dates.
fn group_coordinates(plan: &CubePlan, group: &str) -> Result<Vec<CoordinateArray>> {
    let arrays: Vec<&ArrayPlan> = plan.arrays.iter().filter(|array| array.group() == group).collect();
    let Some(first) = arrays.first() else { return Ok(Vec::new()) };
    let times = arrays.iter().find_map(|array| array.times.as_deref());
    let bands = arrays.iter().find(|array| array.name == DATA).map(|array| bands(array));
    let (height, width) = (first.grid.height as u64, first.grid.width as u64);
    let mut made = coordinates(&first.grid.georeference, height, width, times, bands.as_deref())?;
    if let Some(own) = arrays.iter().find_map(|array| array.own_coordinates.as_ref()) {
        own.complete(&mut made);
    }
    for array in arrays {
        let own = own_bands(plan, array).filter(|_| array.dimensions.contains(&Dimension::Band));
        let names: Option<Vec<String>> = array.bands.iter().map(|band| band.band.name.clone()).collect();
        if let (Some(own), Some(names)) = (own, names) {
            let words = Map::from_iter([("long_name".to_owned(), Value::from("band"))]);
            made.push(CoordinateArray::along(&own, CoordinateData::Text(names), words));
        }
    }
    Ok(made)
}

/// The name of the dimension of an array's bands, where the arrays of its group have others: readers that take a group for one data set
/// have one length, and one coordinate, for each name.
fn own_bands(plan: &CubePlan, array: &ArrayPlan) -> Option<String> {
    let names = |array: &ArrayPlan| -> Vec<Option<String>> {
        array.bands.iter().map(|band| band.band.name.clone()).collect()
    };
    let mut others = plan.arrays.iter().filter(|other| other.group() == array.group());
    let data = others.clone().find(|other| other.name == DATA);
    let differs = match data {
        Some(data) => names(data) != names(array),
        // Without `data` there is no coordinate along them.
        None => others.any(|other| other.bands.len() != array.bands.len()),
    };
    // The last part of its path is safe as the name of a coordinate.
    let own = array.path.rsplit('/').next().unwrap_or_default();
    differs.then(|| format!("{own}_{}", Dimension::Band.name()))
}

fn bands(array: &ArrayPlan) -> Vec<Band> {
    array.bands.iter().map(|band| band.band.clone()).collect()
}

fn opened(plan: &Arc<CubePlan>, at: usize) -> Result<CubeArray> {
    let array = &plan.arrays[at];
    let data_type = array.sample_type;
    let shape = array.shape();
    let fill = match array.nodata {
        Some(value) if array.sample_type.is_float() => number_or_name(value),
        Some(value) => json!(value as i64),
        None if array.sample_type.is_float() => json!(0.0),
        None => json!(0),
    };
    let mut metadata = Metadata::new_array(&shape, data_type, fill);
    let of_bands = own_bands(plan, array).unwrap_or_else(|| Dimension::Band.name().to_owned());
    let names: Vec<&str> = (array.dimensions.iter())
        .map(|dimension| if *dimension == Dimension::Band { of_bands.as_str() } else { dimension.name() })
        .collect();
    metadata.set_dimension_names(json!(names));
    let mut attributes = Map::new();
    array.grid.georeference.set_attributes(
        &mut attributes,
        array.grid.height as u64,
        array.grid.width as u64,
    )?;
    let kind = if array.sample_type.is_float() { SampleKind::Float } else { SampleKind::Integer };
    set_band_attributes(&mut attributes, &bands(array), kind);
    for (name, value) in attributes {
        metadata.set_attribute(&name, value);
    }
    if array.is_of_files() && !plan.items.is_empty() {
        metadata.set_attribute(ITEMS, Value::Object(plan.items.clone()));
    }
    // The variable of that name is among the coordinate arrays beside it.
    if array.grid.georeference.wkt.is_some() || array.grid.georeference.code.is_some() {
        metadata.set_attribute("grid_mapping", Value::from(GRID_MAPPING));
    }
    if array.is_count() {
        metadata.set_attribute("standard_name", Value::from(COUNT));
    }
    let mut ancillary: Vec<&str> = array.ancillary.iter().map(String::as_str).collect();
    if let Some(mask) = &array.mask {
        let name = mask.rsplit_once('/').map_or(mask.as_str(), |(_, name)| name);
        ancillary.push(name);
    }
    if !ancillary.is_empty() {
        metadata.set_attribute(auxiliary::ANCILLARY, Value::from(ancillary.join(" ")));
    }
    if !array.coordinates.is_empty() {
        metadata.set_attribute("coordinates", Value::from(array.coordinates.join(" ")));
    }
    if array.is_mask() {
        for (name, value) in validity::of_mask() {
            metadata.set_attribute(name, value);
        }
    }
    let chunk = lay_out(&plan.config.output, array, &mut metadata)
        .with_context(|| format!("{}: [output]", array.path))?;
    let nodata = array.nodata.map(|value| match array.sample_type.is_float() {
        true if !value.is_finite() => NoData::Name(name(value).to_owned()),
        true => NoData::Float(value),
        false => NoData::Integer(value as i64),
    });
    let info = RasterInfo {
        label: array.path.clone(),
        axes: Axes::from_names(&names)?,
        data_type,
        chunk,
        nodata: nodata.into_iter().collect(),
        metadata,
        band_coordinate: None,
        stored: (0, volume(&shape).saturating_mul(data_type.size() as u64)),
        shape,
    };
    Ok(CubeArray { plan: Arc::clone(plan), at, info })
}

fn name(value: f64) -> &'static str {
    match value {
        v if v.is_nan() => "NaN",
        v if v > 0.0 => "Infinity",
        _ => "-Infinity",
    }
}

fn number_or_name(value: f64) -> Value {
    if value.is_finite() { json!(value) } else { json!(name(value)) }
}
