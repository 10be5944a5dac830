//! The plan of a cube, made before any sample is read: the arrays with their grids, dates, bands and types, and remarks on
//! anything unusual about them.

mod arrays;
mod clashes;
pub(crate) mod dates;
mod derived;
mod dimension;
mod extent;
mod few_valid;
mod labels;
mod layers;
mod masks;
mod names;
mod nodata;

pub use dimension::Dimension;

use crate::band::Band;
use crate::conventions::exact::Exact;
use crate::conventions::time::Instant;
use crate::error::{Error, Result};
use crate::expression::{Altered, Expression};
use crate::ingest::config::Config;
use crate::ingest::grid::Grid;
use crate::ingest::plan::clashes::Clashes;
use crate::ingest::plan::dates::Dates;
use crate::ingest::read::gridded::GriddedBands;
use crate::ingest::read::validity::Validity;
use crate::ingest::sources::items::{self, FileItems};
use crate::ingest::sources::layer::Layer;
pub use crate::ingest::sources::own_coordinates::OwnCoordinates;
use crate::ingest::sources::polygons::{Border, Labels};
use crate::ingest::sources::scene::{Scene, SceneBand, scenes};
use crate::listed::listed;
use crate::sample::DataType;
use names::{Folders, resolution};
use serde_json::{Map, Value};
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// The name of the array that holds the bands of the inputs.
pub const DATA: &str = "data";

/// All arrays of a cube.
pub struct CubePlan {
    /// The configuration.
    pub config: Config,
    /// The arrays, in the order in which they are written.
    pub arrays: Vec<ArrayPlan>,
    /// Remarks on anything that is unusual but not an error, a line each.
    pub remarks: Vec<String>,
    /// How many files are read.
    pub files: usize,
    /// Everything that samples come from, by which a change of the inputs is noticed: these files, and those of polygons.
    pub sources: Vec<PathBuf>,
    /// The names of groups whose place in the hierarchy is another, by that place.
    pub group_names: BTreeMap<String, String>,
    /// Metadata items on which all files agree.
    pub items: Map<String, Value>,
    /// Global attributes on which all files agree.
    pub globals: Map<String, Value>,
    folders: Folders,
    pub(crate) gridded: Vec<GriddedBands>,
    pub(crate) validity: Validity,
    pub(crate) labels: Vec<Labels>,
}

/// An array.
#[derive(Debug)]
pub struct ArrayPlan {
    /// Its place in the hierarchy, such as `10m/data`: names that are safe in every store.
    pub path: String,
    /// Its name, which its place has as its last part wherever that is safe.
    pub name: String,
    /// Its pixels.
    pub grid: Grid,
    /// Its dates: seconds since 1970-01-01, ascending; `None` where it has no dimension of time.
    pub times: Option<Vec<Instant>>,
    /// Its bands.
    pub bands: Vec<BandPlan>,
    /// Its dimensions, in order.
    pub dimensions: Vec<Dimension>,
    /// The type of its samples.
    pub sample_type: DataType,
    /// The value of invalid samples.
    pub nodata: Option<f64>,
    /// Whether its samples are classes.
    pub categorical: bool,
    /// The path of the array that tells which of its samples are valid, where no value means "no data" and its files have masks.
    pub mask: Option<String>,
    /// Why its samples must be exact, where the files say so of what they are to those of other arrays.
    pub exact: Option<Exact>,
    /// The names of the arrays beside it that hold its coordinates.
    pub coordinates: Vec<String>,
    /// The names of the arrays beside it that are ancillary to it.
    pub ancillary: Vec<String>,
    /// What its files say of the coordinates of rows and columns, where it lies on their grid.
    pub own_coordinates: Option<Arc<OwnCoordinates>>,
    pub(crate) grid_number: usize,
    pub(crate) dates: Dates,
    pub(crate) clashes: Clashes,
}

/// Valid samples of an array that can't be told from missing ones.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Clash {
    /// The path of the array.
    pub array: String,
    /// Its nodata value.
    pub nodata: f64,
    /// The names of the bands, and how many samples of each equal the value.
    pub bands: Vec<(String, u64)>,
}

/// Valid samples of an array that are stored as others.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct AlteredSamples {
    /// The path of the array.
    pub array: String,
    /// Its type.
    pub data_type: DataType,
    /// Its nodata value.
    pub nodata: Option<f64>,
    /// The names of the bands, and how many samples of each are beyond the type's range, which they are clipped to.
    pub clipped: Vec<(String, u64)>,
    /// The names of the bands, and how many samples of each would be nodata, and are moved beside it.
    pub moved: Vec<(String, u64)>,
}

/// A band of an array.
#[derive(Debug)]
pub struct BandPlan {
    /// Its description. Its nodata is that of the array.
    pub band: Band,
    pub(crate) source: BandSource,
}

/// Where the samples of a band come from.
#[derive(Debug)]
pub(crate) enum BandSource {
    /// Layers of files.
    Layers,
    /// An expression over other bands, after its number in the configuration.
    Derived(usize, Box<Expression>),
    /// Polygons, by their number in the configuration.
    Labels(usize),
    /// The number of dates at which a band is valid.
    ValidCount(String),
    /// Whether the samples of a band are valid: 1, or 0 where they are not.
    Mask(String),
}

impl ArrayPlan {
    /// Its extents.
    pub fn shape(&self) -> Vec<u64> {
        self.dimensions.iter().map(|dimension| self.extent(*dimension)).collect()
    }

    /// The extent of a dimension; 1 where the array does not have it.
    pub fn extent(&self, dimension: Dimension) -> u64 {
        match dimension {
            Dimension::Time => self.times.as_ref().map_or(1, |times| times.len() as u64),
            Dimension::Band => self.bands.len() as u64,
            Dimension::Y => self.grid.height as u64,
            Dimension::X => self.grid.width as u64,
        }
    }

    /// Bytes of its samples.
    pub fn raw_bytes(&self) -> u64 {
        let size = self.sample_type.size() as u64;
        self.shape().iter().fold(size, |bytes, extent| bytes.saturating_mul(*extent))
    }

    /// The folder of its group: empty for the root.
    pub fn group(&self) -> &str {
        self.path.rsplit_once('/').map_or("", |(group, _)| group)
    }

    /// Whether its samples are those of files.
    pub fn is_of_files(&self) -> bool {
        self.bands.iter().all(|band| matches!(band.source, BandSource::Layers))
    }

    /// Whether its samples are counts of dates.
    pub fn is_count(&self) -> bool {
        self.bands.iter().any(|band| matches!(band.source, BandSource::ValidCount(_)))
    }

    /// Whether its samples tell which samples of another array are valid.
    pub fn is_mask(&self) -> bool {
        self.bands.iter().any(|band| matches!(band.source, BandSource::Mask(_)))
    }

    /// Whether dates are computed from others, so that all dates must be read to make one.
    pub fn needs_other_dates(&self) -> bool {
        !matches!(self.dates, Dates::None | Dates::Same(_))
    }
}

impl CubePlan {
    /// Plans the cube of a configuration whose paths are relative to a folder.
    ///
    /// # Errors
    /// Any that can be found before samples are read: see [`Error`].
    pub fn new(config: Config, folder: &Path) -> Result<Self> {
        let masks = config.mask.iter().map(|rule| rule.mask()).collect::<Result<Vec<_>>>()?;
        let expressions = config
            .derive
            .iter()
            .map(|derive| {
                Expression::parse(&derive.expression)
                    .map_err(|e| Error::Invalid(format!("derived band {}: {e}", derive.name)))
            })
            .collect::<Result<Vec<_>>>()?;
        let border = config.border.as_ref().map(|border| Border::open(border, folder)).transpose()?;
        let labels =
            config.labels.iter().map(|labels| Labels::open(labels, folder)).collect::<Result<Vec<_>>>()?;
        let mut remarks = Vec::new();
        let scenes = scenes(&config, folder, &mut remarks)?;
        let mut files: BTreeSet<&Path> = BTreeSet::new();
        for layer in scenes.iter().flat_map(|scene| &scene.bands).flat_map(SceneBand::all) {
            files.extend(layer.source.files());
        }
        let polygons = config
            .border
            .iter()
            .map(|border| &border.file)
            .chain(config.labels.iter().map(|labels| &labels.file));
        let sources = files
            .iter()
            .map(|file| file.to_path_buf())
            .chain(polygons.map(|file| folder.join(file)))
            .collect();
        let files = files.len();
        let layers = || scenes.iter().flat_map(|scene| &scene.bands).flat_map(SceneBand::all);
        let (common, others) = FileItems::common(layers().map(|layer| &*layer.source.items));
        if !others.is_empty() {
            remarks.push(format!(
                "metadata items in which the files differ are left out: {}",
                listed(&others, items::LISTED)
            ));
        }
        let points = layers().filter(|layer| layer.georeference().point).count();
        if points > 0 && points < layers().count() {
            remarks.push(
                "samples are values at points in some files, and of areas in others (AREA_OR_POINT): each array says what the first of \
                 its files says"
                    .to_owned(),
            );
        }
        let mut plan = Self {
            config,
            arrays: Vec::new(),
            remarks,
            files,
            sources,
            group_names: BTreeMap::new(),
            items: common.items,
            globals: common.globals,
            folders: Folders::default(),
            gridded: Vec::new(),
            validity: Validity { masks, border },
            labels,
        };
        for scene in &scenes {
            let first = plan.arrays.len();
            plan.add_scene(scene, &expressions)?;
            plan.leave_out_dates(first)?;
        }
        if plan.arrays.is_empty() {
            return Err(Error::Invalid(
                "nothing would be written: all bands are dropped, and none is derived".to_owned(),
            ));
        }
        Ok(plan)
    }

    /// What the files of some bands say of the coordinates of their rows and columns; `None` where the cube has a grid of its own, or where they
    /// say different things.
    ///
    /// # Errors
    /// [`Error::Mismatch`] where coordinates that no transform holds differ between files.
    fn own_coordinates(&self, bands: &[&SceneBand]) -> Result<Option<Arc<OwnCoordinates>>> {
        let grid = &self.config.grid;
        if grid.crs.is_some() || grid.resolution.is_some() || grid.bounds.is_some() {
            return Ok(None);
        }
        let mut all = bands.iter().flat_map(|band| band.all());
        let Some(first) = all.next() else { return Ok(None) };
        for other in all {
            if other.own_coordinates == first.own_coordinates {
                continue;
            }
            let uneven = |layer: &Layer| layer.own_coordinates.as_ref().is_some_and(|own| own.is_uneven());
            if uneven(first) || uneven(other) {
                return Err(Error::Mismatch(format!(
                    "{} and {} have rows or columns that are not evenly spaced, at different places; ingest them separately, or bring \
                     them onto one grid first",
                    first.label(),
                    other.label()
                )));
            }
            return Ok(None);
        }
        Ok(first.own_coordinates.clone())
    }

    /// Adds the arrays of a scene, with one grid for each size of pixels, or a single one where the configuration gives the size.
    fn add_scene(&mut self, scene: &Scene, expressions: &[Expression]) -> Result<()> {
        self.check_names(scene, expressions)?;
        let mut sizes: Vec<Vec<&SceneBand>> = Vec::new();
        for band in &scene.bands {
            let one = self.config.grid.resolution.is_some() || self.config.grid.crs.is_some();
            let group = sizes.iter().position(|bands| {
                let known = bands.first().and_then(|band| band.first());
                one || known.zip(band.first()).is_some_and(|(a, b)| a.grid.has_pixel_of(&b.grid))
            });
            match group {
                Some(group) => sizes[group].push(band),
                None => sizes.push(vec![band]),
            }
        }
        // The finest grid comes first.
        let area = |bands: &Vec<&SceneBand>| {
            bands.first().and_then(|band| band.first()).map_or(0.0, |layer| {
                let [x, y] = layer.grid.pixel();
                x * y
            })
        };
        sizes.sort_by(|a, b| area(a).total_cmp(&area(b)));
        // Bands that are dropped get no array.
        let dropped = self.config.output.drop.clone();
        let written = |bands: &[&SceneBand]| bands.iter().any(|band| !dropped.contains(&band.name));
        let several = sizes.iter().filter(|bands| written(bands)).count() > 1;
        let own = self.scene_folder(&scene.name);
        let first = self.gridded.len();
        let mut finest: Option<(f64, usize)> = None;
        for bands in &sizes {
            let layers: Vec<&Layer> = bands.iter().flat_map(|band| band.all()).collect();
            let grid = extent::grid(&self.config, &layers, self.validity.border.as_ref())?;
            let [x, y] = grid.pixel();
            if finest.is_none_or(|(area, _)| x * y < area) && written(bands) {
                finest = Some((x * y, self.gridded.len()));
            }
            self.gridded.push(GriddedBands::new(grid, self.config.output.overlap.unwrap_or_default()));
        }
        if self.config.grid.crs.is_some() && self.config.grid.bounds.is_none() {
            let across = self.gridded[first..].iter().find_map(|gridded| extent::across(&gridded.grid));
            self.remarks.extend(across);
        }
        // The folder of each grid; grids whose sizes look the same when they are rounded have folders of their own.
        let mut folders = vec![own.clone(); sizes.len()];
        for (at, bands) in sizes.iter().enumerate().filter(|_| several) {
            if written(bands) {
                folders[at] = self.folders.group(&own, &resolution(&self.gridded[first + at].grid));
            }
        }
        for ((bands, grid_number), folder) in sizes.iter().zip(first..).zip(&folders) {
            if written(bands) {
                self.add_layers(scene, bands, grid_number, folder)?;
            }
        }
        let grid_number = finest.map_or(first, |(_, grid_number)| grid_number);
        let folder = folders.get(grid_number - first).cloned().unwrap_or(own);
        for (number, expression) in expressions.iter().enumerate() {
            self.add_derived(scene, number, expression, grid_number, &folder)?;
        }
        for number in 0..self.labels.len() {
            self.add_labels(number, grid_number, &folder)?;
        }
        if self.config.output.valid_count {
            self.add_valid_count(scene, grid_number, &folder);
        }
        Ok(())
    }

    fn check_names(&self, scene: &Scene, expressions: &[Expression]) -> Result<()> {
        let names: Vec<&str> = scene.bands.iter().map(|band| band.name.as_str()).collect();
        for mask in &self.validity.masks {
            mask.check(&names)?;
        }
        for (derive, expression) in self.config.derive.iter().zip(expressions) {
            expression
                .check(&names)
                .map_err(|e| Error::Invalid(format!("derived band {}: {e}", derive.name)))?;
        }
        for name in &self.config.output.drop {
            if !names.contains(&name.as_str()) {
                return Err(Error::Invalid(format!(
                    "[output] drops {name}, and there is no such band; there are {}",
                    names.join(", ")
                )));
            }
        }
        Ok(())
    }

    /// Valid samples that became "no data" while the arrays were read, because they equal the nodata value of their array.
    pub fn clashes(&self) -> Vec<Clash> {
        let of = |array: &ArrayPlan| {
            let bands: Vec<(String, u64)> = array.clashes.counts().into_iter().collect();
            let nodata = array.nodata.filter(|_| !bands.is_empty())?;
            Some(Clash { array: array.path.clone(), nodata, bands })
        };
        self.arrays.iter().filter_map(of).collect()
    }

    /// Valid samples that are stored as others, as reading the arrays has shown.
    pub fn altered(&self) -> Vec<AlteredSamples> {
        let of = |array: &ArrayPlan| {
            let all = array.clashes.all_altered();
            let counted = |count: &dyn Fn(&Altered) -> u64| {
                let counts = all.iter().map(|(band, altered)| (band.clone(), count(altered)));
                counts.filter(|(_, count)| *count > 0).collect()
            };
            (!all.is_empty()).then(|| AlteredSamples {
                array: array.path.clone(),
                data_type: array.sample_type,
                nodata: array.nodata,
                clipped: counted(&|altered| altered.clipped),
                moved: counted(&|altered| altered.moved),
            })
        };
        self.arrays.iter().filter_map(of).collect()
    }

    /// Forgets the clashes that reading has shown, because the arrays will be read again.
    pub fn forget_clashes(&self) {
        self.arrays.iter().for_each(|array| array.clashes.forget());
    }
}
