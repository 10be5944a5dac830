//! The coordinates of a raster on their way out: those that stand beside it in its group, cut like its samples.
//!
//! Coordinates are kept as they are stored, because a bound on samples is none on places. A dimension whose name no output can have gets
//! that of its role, and its coordinates follow.

use crate::error::Result;
use crate::export::names::{DATA, name};
use crate::metadata::document::Metadata;
use crate::raster::source::RasterInfo;
use crate::store::coordinates::{missing_values, read};
use serde_json::{Map, Value};
use std::collections::HashSet;
use std::ops::Range;
use std::path::Path;
use vqz_codec::axes::Role;
use vqz_raster::conventions::auxiliary;
use vqz_raster::georeference::{CoordinateArray, CoordinateData, GRID_MAPPING, grid_mapping_name};

/// Attributes of coordinates that name other members, or belong to a store.
const NOT_KEPT: [&str; 6] =
    ["coordinates", "grid_mapping", auxiliary::ANCILLARY, "_ARRAY_DIMENSIONS", "bounds", "climatology"];

/// The coordinates of a raster.
#[derive(Clone, Debug, Default)]
pub(crate) struct Coordinates {
    /// Each with the dimensions that it has in the output.
    pub(crate) arrays: Vec<Coordinate>,
    /// What is left out whatever the format: a name, and why.
    pub(crate) left_out: Vec<(String, String)>,
}

/// A coordinate.
#[derive(Clone, Debug)]
pub(crate) struct Coordinate {
    /// Its values, names and attributes.
    pub(crate) array: CoordinateArray,
    /// Its name where it comes from.
    pub(crate) own_name: String,
    /// The coordinate whose cells it bounds.
    pub(crate) bounds_of: Option<String>,
}

/// The dimensions of a raster: names where it comes from, names in the output, extents.
struct Dimensions {
    own: Vec<String>,
    out: Vec<String>,
    extents: Vec<u64>,
}

impl Coordinates {
    /// Reads the coordinates of the array of this name in a group.
    ///
    /// # Errors
    /// When the group can't be listed.
    pub(crate) fn of(group: &Path, data: &str, info: &RasterInfo) -> Result<Self> {
        let mut found = Self::default();
        let Some(own) = info.metadata.dimension_names() else { return Ok(found) };
        let out = (0..own.len()).map(|d| name(info, d)).collect();
        let dimensions = Dimensions { own, out, extents: info.shape.clone() };
        let attributes = info.metadata.attributes();
        let above = Metadata::read(group)?.attributes();
        let listed: HashSet<String> =
            [&attributes, &above].into_iter().flat_map(auxiliary::coordinates).collect();
        let (mut bounded, mut unfit) = (Vec::new(), Vec::new());
        for member in members(group)? {
            if member == data || member == grid_mapping_name(&attributes) || member == GRID_MAPPING {
                continue;
            }
            let Ok(metadata) = Metadata::read(&group.join(&member)) else { continue };
            let is_dimension = dimensions.own.contains(&member);
            let is_listed = listed.contains(&member);
            if !metadata.is_array()
                || !(is_dimension || is_listed || auxiliary::is_coordinate(&member, &metadata.attributes()))
            {
                continue;
            }
            match dimensions.fit(&metadata) {
                true => found.take(group, &member, None, &dimensions),
                false if is_listed || is_dimension => {
                    unfit.push(member);
                    continue;
                }
                false => continue,
            }
            bounded
                .extend(auxiliary::bounds(&metadata.attributes()).into_iter().map(|of| (of, member.clone())));
        }
        found.name(&dimensions);
        for (bounds, of) in bounded {
            found.take_bounds(group, &bounds, &of, &dimensions);
        }
        for member in unfit {
            let is_taken = found.arrays.iter().any(|taken| taken.own_name == member);
            if !is_taken && !found.left_out.iter().any(|(name, _)| *name == member) {
                found.leave_out(&member, "its dimensions are not those of the array");
            }
        }
        Ok(found)
    }

    fn leave_out(&mut self, name: &str, why: &str) {
        self.left_out.push((name.to_owned(), why.to_owned()));
    }

    fn take(&mut self, group: &Path, member: &str, bounds_of: Option<String>, dimensions: &Dimensions) {
        match read(group, member) {
            Ok(Some(mut array)) => {
                for dimension in &mut array.dimensions {
                    *dimension = dimensions.renamed(dimension);
                }
                for key in NOT_KEPT {
                    array.attributes.remove(key);
                }
                self.arrays.push(Coordinate { array, own_name: member.to_owned(), bounds_of });
            }
            Ok(None) => self.leave_out(member, "its data type is not one that is read here"),
            Err(error) => self.leave_out(member, &error.one_line()),
        }
    }

    /// Takes the bounds of a coordinate, which have one more dimension than it has.
    fn take_bounds(&mut self, group: &Path, bounds: &str, of: &str, dimensions: &Dimensions) {
        let Some(coordinate) = self.arrays.iter().find(|c| c.own_name == of).cloned() else { return };
        if self.arrays.iter().any(|c| c.own_name == bounds) {
            return;
        }
        let before = self.arrays.len();
        self.take(group, bounds, Some(coordinate.array.name.clone()), dimensions);
        let Some(taken) = self.arrays.get_mut(before).map(|taken| &mut taken.array) else { return };
        let (corners, rest) = (taken.dimensions.last().cloned(), taken.dimensions.len().saturating_sub(1));
        let fits = taken.dimensions[..rest] == coordinate.array.dimensions[..]
            && taken.shape[..rest] == coordinate.array.shape[..]
            && corners.is_some_and(|corners| !corners.is_empty() && !dimensions.out.contains(&corners));
        if !fits {
            self.arrays.truncate(before);
            self.leave_out(bounds, "its dimensions are not those of bounds");
        }
    }

    /// Names one coordinate of each dimension after it, and gives all others names of their own.
    fn name(&mut self, dimensions: &Dimensions) {
        let mut named = HashSet::new();
        for (own, out) in dimensions.own.iter().zip(&dimensions.out) {
            let along = |c: &Coordinate| c.array.dimensions == [out.clone()];
            let called = |name: &String| self.arrays.iter().position(|c| along(c) && c.own_name == *name);
            if let Some(best) = called(own).or_else(|| called(out)) {
                self.arrays[best].array.name.clone_from(out);
                named.insert(best);
            }
        }
        let mut taken: HashSet<String> = dimensions.out.iter().cloned().chain([DATA.to_owned()]).collect();
        for (at, coordinate) in self.arrays.iter_mut().enumerate() {
            while !named.contains(&at) && !taken.insert(coordinate.array.name.clone()) {
                coordinate.array.name.push('_');
            }
        }
    }

    /// The coordinate of a dimension of the output.
    pub(crate) fn of_dimension(&self, dimension: &str) -> Option<&CoordinateArray> {
        let arrays = self.arrays.iter().map(|coordinate| &coordinate.array);
        arrays.into_iter().find(|array| array.name == dimension && array.dimensions == [dimension])
    }

    /// Whether a coordinate has bounds.
    pub(crate) fn has_bounds(&self, name: &str) -> bool {
        self.arrays.iter().any(|coordinate| coordinate.bounds_of.as_deref() == Some(name))
    }

    /// Keeps only some steps of a dimension.
    pub(crate) fn picked(mut self, dimension: &str, steps: &[u64]) -> Self {
        for coordinate in &mut self.arrays {
            coordinate.array = coordinate.array.clone().picked(dimension, steps);
        }
        self
    }

    /// Keeps only a window of a dimension.
    pub(crate) fn cut(self, dimension: &str, window: Range<u64>) -> Self {
        self.picked(dimension, &window.collect::<Vec<u64>>())
    }

    /// Makes larger steps of a dimension, each of `factor` steps: its own coordinate becomes the mean of each, and coordinates of
    /// several dimensions, bounds and texts are left out.
    pub(crate) fn reduced(mut self, dimension: &str, factor: u64) -> Self {
        if factor <= 1 {
            return self;
        }
        let (over, kept): (Vec<_>, Vec<_>) = std::mem::take(&mut self.arrays)
            .into_iter()
            .partition(|coordinate| coordinate.array.dimensions.iter().any(|name| name == dimension));
        self.arrays = kept;
        for mut coordinate in over {
            let numbers = coordinate.array.data.numbers().filter(|_| coordinate.array.dimensions.len() == 1);
            let Some(numbers) = numbers.filter(|_| coordinate.bounds_of.is_none()) else {
                self.leave_out(&coordinate.own_name, "it has no mean over the larger pixels");
                continue;
            };
            let missing = missing_values(&coordinate.array.attributes);
            let mean = |block: &[f64]| {
                let known = block.iter().filter(|value| !missing.contains(value) && !value.is_nan());
                known.clone().sum::<f64>() / known.count() as f64
            };
            let mut means: Vec<f64> = numbers.chunks(factor as usize).map(mean).collect();
            continue_steps(&mut means, &numbers, factor as usize);
            coordinate.array.shape = vec![means.len() as u64];
            coordinate.array.data = CoordinateData::Float(means);
            // Where no value is known the mean is NaN, so a fill value says nothing any more.
            coordinate.array.attributes.remove("_FillValue");
            coordinate.array.attributes.remove("missing_value");
            self.arrays.push(coordinate);
        }
        self
    }
}

impl Dimensions {
    /// The name of a dimension in the output. One that is not the array's keeps its name.
    fn renamed(&self, own: &str) -> String {
        self.own.iter().position(|name| name == own).map_or_else(|| own.to_owned(), |d| self.out[d].clone())
    }

    /// Whether an array has dimensions of the raster only, with its extents.
    fn fit(&self, metadata: &Metadata) -> bool {
        let Ok(shape) = metadata.shape() else { return false };
        if shape.is_empty() {
            return true;
        }
        let Some(names) = metadata.dimension_names() else { return false };
        let extent = |name: &String| self.own.iter().position(|own| own == name).map(|d| self.extents[d]);
        names.iter().zip(&shape).all(|(name, n)| extent(name) == Some(*n))
    }
}

/// Gives the last of larger steps the place that follows from the ones before, where it is made of fewer steps than these: it is as large
/// as they are, and its mean would lie nearer.
fn continue_steps(means: &mut [f64], numbers: &[f64], factor: usize) {
    if let [.., before, last] = means
        && let Some(rest) = std::num::NonZero::new(numbers.len() % factor)
    {
        let start = numbers.len() - rest.get();
        *last = *before + (numbers[start] - numbers[start - factor]);
    }
}

/// The attributes that a coordinate has in the output: what is `known` of it otherwise, and over that its own.
pub(crate) fn merged(known: &Map<String, Value>, own: &Map<String, Value>) -> Map<String, Value> {
    let mut merged = known.clone();
    merged.extend(own.iter().map(|(key, value)| (key.clone(), value.clone())));
    merged
}

/// The names of the members of a group, in order.
fn members(group: &Path) -> Result<Vec<String>> {
    let mut names = Vec::new();
    for entry in std::fs::read_dir(group)? {
        let entry = entry?;
        if entry.path().join("zarr.json").is_file() {
            names.extend(entry.file_name().into_string());
        }
    }
    names.sort();
    Ok(names)
}

/// The letter of CF for the axis of a dimension.
pub(crate) fn axis_letter(role: &Role) -> Option<&'static str> {
    match role {
        Role::Time => Some("T"),
        Role::Y => Some("Y"),
        Role::X => Some("X"),
        Role::Band | Role::Other(_) => None,
    }
}
