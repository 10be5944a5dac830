//! What a NetCDF or HDF5 file itself says of its variables, read through GDAL's model of arrays with any number of axes: their
//! places in groups, the meaning of each axis, and the time of a variable that has no axis of time.
//!
//! GDAL's rasters of the same files take the last two axes for rows and columns, know no groups in HDF5, and turn rows over
//! where nothing says which way they run. `roles` goes by the words of coordinates instead; [`raster`] opens a variable as a
//! raster by the axes that were found.

pub(crate) mod raster;
mod relations;
mod roles;

pub(crate) use relations::Relations;
pub(crate) use roles::Roles;

use crate::conventions::time::Instant;
use crate::ingest::sources::axes::{Axis, Words, is_single, number, numbers, text};
use gdal::cpl::CslStringList;
use gdal::raster::{Group, MDArray};
use gdal::{Dataset, DatasetOptions, GdalOpenFlags};
use std::collections::BTreeSet;
use std::path::Path;

/// GDAL's drivers whose files are containers.
const DRIVERS: [&str; 3] = ["netCDF", "HDF5", "HDF5Image"];

/// The most groups within each other that are looked into.
const DEEPEST: usize = 32;

/// A time, or why it can't be read.
type Told = Result<Instant, String>;

/// A file of variables.
pub(crate) struct Container {
    dataset: Dataset,
}

/// A variable.
#[derive(Clone, Debug)]
pub(crate) struct Variable {
    /// Its place, such as `/Retrieval/soil_moisture`.
    pub(crate) path: String,
    /// Its axes, in order.
    pub(crate) axes: Vec<Axis>,
    /// What they are; `None` where it has no rows and columns.
    pub(crate) roles: Option<Roles>,
    /// Its time, where it has no axis of time: that of a scalar coordinate, or why that can't be read.
    pub(crate) time: Option<Told>,
    /// What its attribute `grid_mapping` leads to, where it has one.
    pub(crate) grid_mapping: Option<GridMapping>,
    /// The scale and the offset of its samples, where it has them.
    pub(crate) scale: (Option<f64>, Option<f64>),
    /// The attribute that states its valid range in floats although its samples are integers, where it has one.
    pub(crate) float_range: Option<&'static str>,
    /// The names of the variables that all of this was read from.
    pub(crate) read: BTreeSet<String>,
}

/// The variable that states a coordinate reference system.
#[derive(Clone, Debug)]
pub(crate) struct GridMapping {
    /// Its name.
    pub(crate) name: String,
    /// Whether the file has it.
    pub(crate) found: bool,
    /// Its attribute `grid_mapping_name`.
    pub(crate) projection: Option<String>,
    /// Whether it has WKT.
    pub(crate) has_wkt: bool,
}

impl Container {
    /// Opens the file that a data set was opened from; `None` where it is none of these formats.
    pub(crate) fn of(dataset: &Dataset, file: &Path) -> Option<Self> {
        if !DRIVERS.contains(&dataset.driver().short_name().as_str()) {
            return None;
        }
        let options = DatasetOptions {
            open_flags: GdalOpenFlags::GDAL_OF_MULTIDIM_RASTER,
            ..DatasetOptions::default()
        };
        let dataset = Dataset::open_ex(file, options).ok()?;
        let is_container = dataset.root_group().is_ok();
        is_container.then_some(Self { dataset })
    }

    /// The places and extents of all variables of numbers with two axes or more, in the order of the file.
    pub(crate) fn rasters(&self) -> Vec<(String, Vec<u64>)> {
        let mut found = Vec::new();
        if let Ok(root) = self.dataset.root_group() {
            walk(&root, "", 0, Walk::Data, &mut |path, array| {
                if let Some(array) = array.filter(is_raster) {
                    let shape =
                        array.dimensions().unwrap_or_default().iter().map(|d| d.size() as u64).collect();
                    found.push((path.to_owned(), shape));
                }
            });
        }
        found
    }

    /// What the variables of two axes or more are to each other.
    pub(crate) fn relations(&self) -> Relations {
        let mut found = Relations::default();
        if let Ok(root) = self.dataset.root_group() {
            walk(&root, "", 0, Walk::Data, &mut |path, array| {
                if let Some(array) = array.filter(is_raster) {
                    found.add(path, &|key| text(array, key));
                }
            });
        }
        found
    }

    /// The places of variables of which nothing is kept beside these: neither they themselves nor what was read for these, but
    /// for the bounds of rows and columns that the grid implies.
    pub(crate) fn unread(&self, kept: &[&Variable]) -> Vec<String> {
        let of_grid = |dimension: &str| {
            kept.iter().find_map(|variable| {
                let roles = variable.roles.as_ref()?;
                [roles.y, roles.x].iter().map(|at| &variable.axes[*at]).find(|axis| axis.name == dimension)
            })
        };
        let mut found = Vec::new();
        if let Ok(root) = self.dataset.root_group() {
            walk(&root, "", 0, Walk::All, &mut |path, array| {
                let name = path.rsplit('/').next().unwrap_or_default();
                let dimensions = array.and_then(|array| array.dimensions().ok()).unwrap_or_default();
                let is_bounds = match (&dimensions[..], array) {
                    ([of, two], Some(array)) if two.size() == 2 => {
                        of_grid(&of.name()).is_some_and(|axis| axis.implies_bounds(array))
                    }
                    _ => false,
                };
                let is_read = kept.iter().any(|variable| {
                    variable.path == path
                        || variable.read.contains(name)
                        || variable.axes.iter().any(|axis| axis.name == name)
                });
                if !is_bounds && !is_read {
                    found.push(path.trim_start_matches('/').to_owned());
                }
            });
        }
        found
    }

    /// The place of the only variable of a name; `None` where there are several.
    pub(crate) fn only(&self, name: &str) -> Option<String> {
        let mut found = self.rasters().into_iter().filter(|(path, _)| path.rsplit('/').next() == Some(name));
        let (path, _) = found.next()?;
        found.next().is_none().then_some(path)
    }

    /// What a variable is.
    pub(crate) fn variable(&self, path: &str) -> Option<Variable> {
        let parts: Vec<&str> = path.split('/').filter(|part| !part.is_empty()).collect();
        let (name, folders) = parts.split_last()?;
        let mut groups = vec![self.dataset.root_group().ok()?];
        for folder in folders {
            let next = groups.last()?.open_group(folder, CslStringList::new()).ok()?;
            groups.push(next);
        }
        let array = groups.last()?.open_md_array(name, CslStringList::new()).ok()?;
        let named: Vec<String> = text(&array, "coordinates")
            .map(|names| names.split_whitespace().map(str::to_owned).collect())
            .unwrap_or_default();
        let beside = Beside { groups: &groups, named: &named };
        let mut read = BTreeSet::new();
        let dimensions: Vec<(String, usize)> =
            array.dimensions().ok()?.iter().map(|dimension| (dimension.name(), dimension.size())).collect();
        let axes: Vec<Axis> = dimensions
            .iter()
            .map(|(own, extent)| match dimensions.iter().filter(|(other, _)| other == own).count() {
                1 if own != name => {
                    let (axis, names) = beside.axis(own, *extent);
                    read.extend(names);
                    axis
                }
                _ => Axis::bare(own, *extent),
            })
            .collect();
        let roles = Roles::of(&axes);
        let time = match roles.as_ref().and_then(|roles| roles.time) {
            None => beside.scalar_time().map(|(name, time)| {
                read.insert(name);
                time
            }),
            Some(_) => None,
        };
        let grid_mapping = text(&array, "grid_mapping").and_then(|names| beside.grid_mapping(&names));
        read.extend(grid_mapping.as_ref().map(|mapping| mapping.name.clone()));
        let scale = (number(&array, "scale_factor"), number(&array, "add_offset"));
        let float_range = float_range(&array);
        Some(Variable { path: path.to_owned(), axes, roles, time, grid_mapping, scale, float_range, read })
    }
}

/// Whether an array has numbers along two axes or more.
fn is_raster(array: &&MDArray<'_>) -> bool {
    array.num_dimensions() >= 2 && array.datatype().class().is_numeric()
}

/// The attribute that states the valid range of integers in floats. Where these are packed, it is in unpacked units by that, as the
/// conventions have it, and says nothing of samples as they are stored.
fn float_range(variable: &MDArray<'_>) -> Option<&'static str> {
    if is_float(variable.datatype().numeric_datatype()) {
        return None;
    }
    let stated = |name: &&str| {
        variable.attribute(name).is_ok_and(|attribute| is_float(attribute.datatype().numeric_datatype()))
    };
    ["valid_range", "valid_min", "valid_max"].into_iter().find(stated)
}

fn is_float(data_type: u32) -> bool {
    [gdal_sys::GDALDataType::GDT_Float32, gdal_sys::GDALDataType::GDT_Float64].contains(&data_type)
}

/// Which arrays a walk meets.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Walk {
    /// Those that GDAL takes for data.
    Data,
    /// Coordinates, bounds and single values as well.
    All,
}

impl Walk {
    fn options(self) -> CslStringList {
        let mut options = CslStringList::new();
        if self == Self::All {
            // The list grows by a text that holds no null character, which can't fail.
            drop(options.add_name_value("SHOW_ALL", "YES"));
        }
        options
    }
}

/// Calls a function for each array of a group and of those within it; without the array where GDAL can't open it, for its type.
fn walk(
    group: &Group<'_>,
    path: &str,
    depth: usize,
    which: Walk,
    each: &mut impl FnMut(&str, Option<&MDArray<'_>>),
) {
    for name in group.array_names(which.options()) {
        let array = group.open_md_array(&name, CslStringList::new()).ok();
        each(&format!("{path}/{name}"), array.as_ref());
    }
    if depth < DEEPEST {
        for name in group.group_names(CslStringList::new()) {
            if let Ok(inner) = group.open_group(&name, CslStringList::new()) {
                walk(&inner, &format!("{path}/{name}"), depth + 1, which, each);
            }
        }
    }
}

/// The variables beside one: those of its group, and of the groups around it, which share their dimensions with it.
struct Beside<'a> {
    /// From the root to the variable's own group.
    groups: &'a [Group<'a>],
    /// The names in its attribute `coordinates`.
    named: &'a [String],
}

impl Beside<'_> {
    fn with<T>(&self, name: &str, look: impl Fn(&MDArray<'_>) -> Option<T>) -> Option<T> {
        self.groups
            .iter()
            .rev()
            .find_map(|group| look(&group.open_md_array(name, CslStringList::new()).ok()?))
    }

    /// An axis with its coordinates: the variable of its name, or one that the attribute `coordinates` names; and the names of
    /// those that were read.
    fn axis(&self, name: &str, extent: usize) -> (Axis, Vec<String>) {
        let over = |array: &MDArray<'_>| {
            let dimensions = array.dimensions().ok()?;
            let [only] = &dimensions[..] else { return None };
            (only.name() == name && only.size() == extent).then(|| Axis::along(name, extent, array))
        };
        let names = std::iter::once(name).chain(self.named.iter().map(String::as_str));
        let mut found = names.filter_map(|name| Some((name.to_owned(), self.with(name, over)?)));
        let Some((first, mut axis)) = found.next() else { return (Axis::bare(name, extent), Vec::new()) };
        let mut read = vec![first];
        // Steps of a forecast count hours; another coordinate may tell the instants.
        if axis.times.is_none()
            && let Some((name, instants)) = found.find(|(_, other)| other.times.is_some())
        {
            (axis.times, axis.unread) = (instants.times, None);
            read.push(name);
        }
        (axis, read)
    }

    /// The variable that the attribute `grid_mapping` names first: `crs`, or `crs: x y`.
    fn grid_mapping(&self, names: &str) -> Option<GridMapping> {
        let name = names.split([':', ' ']).find(|word| !word.is_empty())?.to_owned();
        let read = |array: &MDArray<'_>| {
            let has_wkt = ["crs_wkt", "spatial_ref"].iter().any(|key| text(array, key).is_some());
            Some((text(array, "grid_mapping_name"), has_wkt))
        };
        Some(match self.with(&name, read) {
            Some((projection, has_wkt)) => GridMapping { name, found: true, projection, has_wkt },
            None => GridMapping { name, found: false, projection: None, has_wkt: false },
        })
    }

    /// The time of a coordinate of time with a single value. Of several, the one whose standard name is `time` comes first; a
    /// coordinate that the variable names comes before others of its group. One that can't be read comes last.
    fn scalar_time(&self) -> Option<(String, Told)> {
        let others = self.groups.last()?.array_names(Walk::All.options());
        let mut best: Option<((bool, u8), (String, Told))> = None;
        for (at, name) in self.named.iter().chain(&others).enumerate() {
            let Some((words, time)) = self.with(name, single_time) else { continue };
            let rank = match (at < self.named.len(), words.standard_name.as_str()) {
                (true, "time") => 0,
                (false, "time") => 1,
                (true, "") => 2,
                (false, "") if words.axis == "T" || name == "time" => 3,
                (true, _) => 4,
                _ => continue,
            };
            let rank = (time.is_err(), rank);
            if best.as_ref().is_none_or(|(known, _)| rank < *known) {
                best = Some((rank, (name.clone(), time)));
            }
        }
        best.map(|(_, time)| time)
    }
}

/// The instant of a variable with a single value, whose units are those of time; or why it can't be read.
fn single_time(array: &MDArray<'_>) -> Option<(Words, Told)> {
    if array.num_elements() != 1 || !array.datatype().class().is_numeric() {
        return None;
    }
    let words = Words::of(array);
    let dimensions = array.num_dimensions();
    let value = numbers(array, vec![0; dimensions], vec![1; dimensions])?;
    let time = match words.times(&value, is_single(array)) {
        Ok(times) => Ok(*times?.first()?),
        Err(why) => Err(why.to_string()),
    };
    Some((words, time))
}
