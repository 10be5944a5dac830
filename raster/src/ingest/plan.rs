//! What will be written, before anything is: arrays with their grids, dates, bands and types, and what is odd about them.

use crate::band::{Band, Category};
use crate::error::{Error, Result};
use crate::expression::Expression;
use crate::ingest::board::{Board, Need};
use crate::ingest::config::{Config, DeriveConfig, LabelConfig, OutputConfig};
use crate::ingest::extent;
use crate::ingest::grid::Grid;
use crate::ingest::layer::Layer;
use crate::ingest::mosaic::holds_all;
use crate::ingest::pattern::iso;
use crate::ingest::scene::{Scene, SceneBand, scenes};
use crate::ingest::steps::Steps;
use crate::ingest::vector::{Border, Labels};
use crate::mask::Mask;
use crate::sample::SampleType;
use std::collections::BTreeSet;
use std::path::Path;

/// The name of the array of the inputs' bands.
pub const DATA: &str = "data";

/// The name of the array with the number of valid dates.
const VALID_COUNT: &str = "valid_count";

/// How many missing dates a remark lists.
const LISTED: usize = 5;

/// A dimension of an array.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Dimension {
    /// Dates.
    Time,
    /// Bands.
    Band,
    /// Rows.
    Y,
    /// Columns.
    X,
}

impl Dimension {
    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Time => "time",
            Self::Band => "band",
            Self::Y => "y",
            Self::X => "x",
        }
    }
}

/// All arrays of a cube.
pub struct Plan {
    /// What the configuration says.
    pub config: Config,
    /// The arrays, in the order in which they are written.
    pub arrays: Vec<ArrayPlan>,
    /// What is odd, but not wrong; a line each.
    pub remarks: Vec<String>,
    /// Files that are read.
    pub files: usize,
    /// When the youngest of them was last changed: seconds since 1970-01-01.
    pub modified: u64,
    pub(super) boards: Vec<Board>,
    pub(super) masks: Vec<Mask>,
    pub(super) border: Option<Border>,
    pub(super) labels: Vec<Labels>,
}

/// An array.
#[derive(Debug)]
pub struct ArrayPlan {
    /// Its place in the hierarchy, such as `10m/data`.
    pub path: String,
    /// Its pixels.
    pub grid: Grid,
    /// Its dates: seconds since 1970-01-01, ascending; `None` where it has no dimension of time.
    pub times: Option<Vec<i64>>,
    /// Its bands.
    pub bands: Vec<BandPlan>,
    /// Its dimensions, in order.
    pub dimensions: Vec<Dimension>,
    /// The type of its samples.
    pub sample_type: SampleType,
    /// What stands where nothing is valid.
    pub nodata: Option<f64>,
    /// Whether its samples are classes.
    pub categorical: bool,
    pub(super) board: usize,
    pub(super) steps: Steps,
}

/// A band of an array.
#[derive(Debug)]
pub struct BandPlan {
    /// What is known of it; its nodata is the array's.
    pub band: Band,
    pub(super) content: Content,
}

/// Where the samples of a band come from.
#[derive(Debug)]
pub(super) enum Content {
    /// From layers.
    Layers,
    /// From other bands; the place among the configuration's.
    Derived(usize, Box<Expression>),
    /// From polygons; the place among the configuration's.
    Labels(usize),
    /// The number of dates at which a band is valid.
    ValidCount(String),
}

impl ArrayPlan {
    /// Its extents.
    pub fn shape(&self) -> Vec<u64> {
        self.dimensions.iter().map(|dimension| self.extent(*dimension)).collect()
    }

    /// The extent of a dimension; 1 where it has none such.
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

    /// Whether each of its dates needs others: all are read for one then.
    pub fn needs_other_dates(&self) -> bool {
        !matches!(self.steps, Steps::None | Steps::Same(_))
    }
}

impl Plan {
    /// Plans the cube of a configuration whose paths are relative to a folder.
    ///
    /// # Errors
    /// Whatever can be known before samples are read: see [`Error`].
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
        let scenes = scenes(&config, folder)?;
        let mut files: BTreeSet<&Path> = BTreeSet::new();
        for layer in scenes.iter().flat_map(|scene| &scene.bands).flat_map(SceneBand::all) {
            files.extend(layer.source.files());
        }
        let modified = files
            .iter()
            .filter_map(|file| std::fs::metadata(file).and_then(|metadata| metadata.modified()).ok())
            .filter_map(|time| time.duration_since(std::time::UNIX_EPOCH).ok())
            .map(|time| time.as_secs())
            .max()
            .unwrap_or_default();
        let files = files.len();
        let mut plan = Self {
            config,
            arrays: Vec::new(),
            remarks: Vec::new(),
            files,
            modified,
            boards: Vec::new(),
            masks,
            border,
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

    /// The bands of a scene, by the size of their pixels: each size a board. Sizes that are asked for are one.
    fn add_scene(&mut self, scene: &Scene, expressions: &[Expression]) -> Result<()> {
        self.check_names(scene, expressions)?;
        let mut sizes: Vec<Vec<&SceneBand>> = Vec::new();
        for band in &scene.bands {
            let one = self.config.grid.resolution.is_some() || self.config.grid.crs.is_some();
            let place = sizes.iter().position(|bands| {
                let known = bands.first().and_then(|band| band.first());
                one || known.zip(band.first()).is_some_and(|(a, b)| a.grid.has_pixel_of(&b.grid))
            });
            match place {
                Some(place) => sizes[place].push(band),
                None => sizes.push(vec![band]),
            }
        }
        // Bands that are only needed by others have no grid of their own.
        let dropped = self.config.output.drop.clone();
        let written = |bands: &[&SceneBand]| bands.iter().any(|band| !dropped.contains(&band.name));
        let several = sizes.iter().filter(|bands| written(bands)).count() > 1;
        let first = self.boards.len();
        let mut finest: Option<(f64, usize)> = None;
        for bands in &sizes {
            let layers: Vec<&Layer> = bands.iter().flat_map(|band| band.all()).collect();
            let grid = extent::grid(&self.config, &layers, self.border.as_ref())?;
            let [x, y] = grid.pixel();
            if finest.is_none_or(|(area, _)| x * y < area) && written(bands) {
                finest = Some((x * y, self.boards.len()));
            }
            self.boards.push(Board::new(grid, self.config.output.overlap));
        }
        for (bands, board) in sizes.iter().zip(first..) {
            if written(bands) {
                let folder = folder(&scene.name, several.then_some(&self.boards[board].grid));
                self.add_layers(scene, bands, board, &folder)?;
            }
        }
        let board = finest.map_or(first, |(_, board)| board);
        let folder = folder(&scene.name, several.then_some(&self.boards[board].grid));
        for (number, expression) in expressions.iter().enumerate() {
            self.add_derived(scene, number, expression, board, &folder)?;
        }
        for number in 0..self.labels.len() {
            self.add_labels(number, board, &folder)?;
        }
        if self.config.output.valid_count {
            self.add_valid_count(scene, board, &folder);
        }
        Ok(())
    }

    fn check_names(&self, scene: &Scene, expressions: &[Expression]) -> Result<()> {
        let names: Vec<&str> = scene.bands.iter().map(|band| band.name.as_str()).collect();
        for mask in &self.masks {
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

    /// The arrays of a board's own bands: bands of one type, with dates or without, are an array.
    fn add_layers(&mut self, scene: &Scene, bands: &[&SceneBand], board: usize, folder: &str) -> Result<()> {
        let wanted = self.config.output.data_type;
        let mut kinds: Vec<(bool, SampleType, Vec<&SceneBand>)> = Vec::new();
        for band in bands.iter().filter(|band| !self.config.output.drop.contains(&band.name)) {
            let kind = (band.has_times(), wanted.unwrap_or(band.sample_type));
            match kinds.iter_mut().find(|(times, sample_type, _)| (*times, *sample_type) == kind) {
                Some((_, _, bands)) => bands.push(band),
                None => kinds.push((kind.0, kind.1, vec![band])),
            }
        }
        // Most bands first: they are `data`.
        kinds.sort_by_key(|(times, _, bands)| std::cmp::Reverse((*times, bands.len())));
        for (at, (has_times, sample_type, bands)) in kinds.into_iter().enumerate() {
            let name = match (at, &bands[..], has_times) {
                (0, _, _) => DATA.to_owned(),
                (_, [band], _) => band.name.clone(),
                (_, _, false) => format!("static_{sample_type}"),
                (_, _, true) => format!("{DATA}_{sample_type}"),
            };
            for band in &bands {
                self.boards[board].add(&self.config, band, Need::Data)?;
            }
            self.add_quality(scene, board)?;
            let times = has_times.then(|| {
                let times: BTreeSet<i64> =
                    bands.iter().flat_map(|band| band.layers.keys().copied().flatten()).collect();
                times.into_iter().collect::<Vec<i64>>()
            });
            let steps = Steps::plan(&self.config.time, times)?;
            let source = steps.source();
            let path = format!("{folder}{name}");
            self.remark_on_missing(&path, &bands, board, source);
            let nodata = self.nodata_of(&path, &bands, board, source, sample_type)?;
            if let Some(band) = bands.iter().find(|band| !holds_all(band.sample_type, sample_type)) {
                self.remarks.push(format!(
                    "{path}: band {} is {}, and is written as {sample_type}: what that does not hold is rounded or cut off",
                    band.name, band.sample_type
                ));
            }
            let bands = bands
                .iter()
                .map(|band| BandPlan { band: Band { nodata, ..band.band.clone() }, content: Content::Layers })
                .collect();
            self.push(ArrayPlan {
                path,
                grid: self.boards[board].grid.clone(),
                times: steps.times(),
                bands,
                dimensions: dimensions(&self.config.output, has_times)?,
                sample_type,
                nodata,
                categorical: false,
                board,
                steps,
            });
        }
        Ok(())
    }

    /// Puts the bands that masks read onto a board.
    fn add_quality(&mut self, scene: &Scene, board: usize) -> Result<()> {
        for name in self.masks.iter().flat_map(|mask| mask.bands()) {
            if let Some(band) = scene.band(name) {
                self.boards[board].add(&self.config, band, Need::Quality)?;
            }
        }
        Ok(())
    }

    fn remark_on_missing(&mut self, path: &str, bands: &[&SceneBand], board: usize, times: &[Option<i64>]) {
        let mut missing = Vec::new();
        for time in times {
            for band in bands {
                if self.boards[board].files(&band.name, *time) == 0 {
                    missing.push(format!(
                        "{} of {}",
                        band.name,
                        time.map_or_else(|| "no time".to_owned(), iso)
                    ));
                }
            }
        }
        if !missing.is_empty() {
            let more = if missing.len() > LISTED { ", …" } else { "" };
            self.remarks.push(format!(
                "{path}: {} of {} pairs of band and date have no file, and are written as nodata: {}{more}",
                missing.len(),
                times.len() * bands.len(),
                missing.iter().take(LISTED).cloned().collect::<Vec<_>>().join(", ")
            ));
        }
    }

    /// What means "no data" in an array: what is asked for, or what the inputs have. Floats have NaN at any rate.
    fn nodata_of(
        &mut self,
        path: &str,
        bands: &[&SceneBand],
        board: usize,
        times: &[Option<i64>],
        sample_type: SampleType,
    ) -> Result<Option<f64>> {
        let declared: Vec<(f64, &str)> =
            bands.iter().filter_map(|band| Some((band.band.nodata?, band.name.as_str()))).collect();
        let nodata = match (self.config.output.nodata, declared.first()) {
            (Some(asked), _) => Some(asked),
            (None, Some((value, _))) => Some(*value),
            (None, None) if sample_type.is_float() => Some(f64::NAN),
            (None, None) => None,
        };
        if let Some(nodata) = nodata {
            if !sample_type.holds(nodata) {
                let [least, most] = sample_type.range();
                return Err(Error::Invalid(format!(
                    "{path}: nodata is {nodata}, which is no {sample_type}; give another from {least} to {most}, as nodata \
                     under [output]"
                )));
            }
            if let Some((other, name)) =
                declared.iter().find(|(v, _)| *v != nodata && !(v.is_nan() && nodata.is_nan()))
            {
                self.remarks.push(format!(
                    "{path}: \"no data\" of band {name} is {other} in the files and becomes {nodata}; valid samples of \
                     {nodata} become \"no data\" too"
                ));
            }
            return Ok(Some(nodata));
        }
        let why = if !self.masks.is_empty() {
            Some("a mask makes samples invalid".to_owned())
        } else if let Some(border) =
            self.border.as_ref().filter(|_| self.config.border.as_ref().is_some_and(|b| !b.extent_only))
        {
            Some(format!("what lies outside of {} is invalid", border.file()))
        } else {
            let board = &self.boards[board];
            let gap = times.iter().find_map(|time| {
                let band = bands.iter().find(|band| !board.covers(&band.name, *time))?;
                Some((band.name.clone(), *time))
            });
            gap.map(|(band, time)| {
                let of = time.map(|time| format!(" of {}", iso(time))).unwrap_or_default();
                format!("band {band}{of} does not cover the whole grid ({})", board.grid.label())
            })
        };
        match why {
            None => Ok(None),
            Some(why) => Err(Error::Mismatch(format!(
                "{path}: {why}, and nothing is said to mean \"no data\" in {sample_type}; say it, as nodata under [output]"
            ))),
        }
    }

    fn add_derived(
        &mut self,
        scene: &Scene,
        number: usize,
        expression: &Expression,
        board: usize,
        folder: &str,
    ) -> Result<()> {
        let derive = self.config.derive[number].clone();
        let mut has_times = false;
        let mut times = BTreeSet::new();
        for name in expression.bands() {
            let Some(band) = scene.band(name) else { continue };
            self.boards[board]
                .add(&self.config, band, Need::Data)
                .map_err(|e| Error::Mismatch(format!("derived band {}: {e}", derive.name)))?;
            has_times |= band.has_times();
            times.extend(band.layers.keys().copied().flatten());
        }
        self.add_quality(scene, board)?;
        let nodata = derive.nodata.or(derive.data_type.is_float().then_some(f64::NAN));
        let Some(nodata) = nodata.filter(|nodata| derive.data_type.holds(*nodata)) else {
            return Err(Error::Invalid(format!(
                "derived band {} is {}, and needs a nodata of that type: what its inputs do not tell is written so",
                derive.name, derive.data_type
            )));
        };
        let plan = BandPlan {
            band: derived_band(&derive, nodata),
            content: Content::Derived(number, Box::new(expression.clone())),
        };
        let times = has_times.then(|| times.into_iter().collect());
        let steps = Steps::plan(&self.config.time, times)?;
        if let Some(name) = derive.array.as_deref().filter(|name| *name != derive.name) {
            let path = format!("{folder}{name}");
            let array = self.arrays.iter_mut().find(|array| array.path == path);
            let Some(array) = array else {
                return Err(Error::Invalid(format!(
                    "derived band {} is to be a band of {path}, and there is no such array",
                    derive.name
                )));
            };
            let same_nodata = array.nodata.is_some_and(|v| v == nodata || (v.is_nan() && nodata.is_nan()));
            if array.sample_type != derive.data_type || !same_nodata || array.times != steps.times() {
                return Err(Error::Mismatch(format!(
                    "derived band {} is {} with nodata {nodata}, the array {path} {} with {}; bands of one array share \
                     type, nodata and dates",
                    derive.name,
                    derive.data_type,
                    array.sample_type,
                    array.nodata.map_or_else(|| "none".to_owned(), |v| v.to_string())
                )));
            }
            array.bands.push(plan);
            return Ok(());
        }
        let array = ArrayPlan {
            path: format!("{folder}{}", derive.name),
            grid: self.boards[board].grid.clone(),
            times: steps.times(),
            bands: vec![plan],
            dimensions: without_bands(dimensions(&self.config.output, has_times)?),
            sample_type: derive.data_type,
            nodata: Some(nodata),
            categorical: false,
            board,
            steps,
        };
        self.push(array);
        Ok(())
    }

    fn add_labels(&mut self, number: usize, board: usize, folder: &str) -> Result<()> {
        let config = &self.config.labels[number];
        let categories = categories(config, &self.labels[number])?;
        let all = || categories.iter().map(|c| c.value).chain([config.nodata]);
        let sample_type = [SampleType::UInt8, SampleType::Int16, SampleType::Int32]
            .into_iter()
            .find(|t| all().all(|value| t.holds(value as f64)));
        let Some(sample_type) = sample_type else {
            return Err(Error::Invalid(format!(
                "classes of {} are beyond 32 bits; give smaller ones",
                config.name
            )));
        };
        let nodata = Some(config.nodata as f64);
        let band = Band { name: Some(config.name.clone()), nodata, categories, ..Band::default() };
        let array = ArrayPlan {
            path: format!("{folder}{}", config.name),
            grid: self.boards[board].grid.clone(),
            times: None,
            bands: vec![BandPlan { band, content: Content::Labels(number) }],
            dimensions: without_bands(dimensions(&self.config.output, false)?),
            sample_type,
            nodata,
            categorical: true,
            board,
            steps: Steps::None,
        };
        self.push(array);
        Ok(())
    }

    fn add_valid_count(&mut self, scene: &Scene, board: usize, folder: &str) {
        let source = self.arrays.iter().find(|array| array.board == board && array.times.is_some());
        let Some((source, name)) =
            source.and_then(|array| Some((array, array.bands.first()?.band.name.clone()?)))
        else {
            self.remarks.push(format!("{}: valid_count counts dates, and there are none", scene.name));
            return;
        };
        let steps = Steps::Same(source.steps.source().to_vec());
        let band = Band { name: Some(VALID_COUNT.to_owned()), ..Band::default() };
        let mut dimensions = source.dimensions.clone();
        dimensions.retain(|dimension| matches!(dimension, Dimension::Y | Dimension::X));
        let array = ArrayPlan {
            path: format!("{folder}{VALID_COUNT}"),
            grid: source.grid.clone(),
            times: None,
            bands: vec![BandPlan { band, content: Content::ValidCount(name) }],
            dimensions,
            sample_type: SampleType::UInt16,
            nodata: None,
            categorical: false,
            board,
            steps,
        };
        self.push(array);
    }

    fn push(&mut self, mut array: ArrayPlan) {
        // Two bands may have the name of an array.
        let taken = |path: &str| self.arrays.iter().any(|other| other.path == path);
        let path = array.path.clone();
        for number in 2.. {
            if !taken(&array.path) {
                break;
            }
            array.path = format!("{path}_{number}");
        }
        self.arrays.push(array);
    }
}

/// The folder of a scene's arrays, and of one of its resolutions: empty, or with a slash at its end.
fn folder(scene: &str, grid: Option<&Grid>) -> String {
    let mut folder = String::new();
    if !scene.is_empty() {
        folder.push_str(scene);
        folder.push('/');
    }
    if let Some(grid) = grid {
        let [x, y] = grid.pixel();
        let metres = grid
            .georeference
            .spatial_ref()
            .ok()
            .flatten()
            .is_some_and(|reference| reference.is_projected() && reference.linear_units() == 1.0);
        let unit = if metres { "m" } else { "" };
        let round = |v: f64| (v * 1e6).round() / 1e6;
        folder.push_str(&if round(x) == round(y) {
            format!("{}{unit}/", round(x))
        } else {
            format!("{}x{}{unit}/", round(x), round(y))
        });
    }
    folder
}

/// The dimensions of an array in the order that is asked for.
fn dimensions(output: &OutputConfig, has_times: bool) -> Result<Vec<Dimension>> {
    const ALL: [Dimension; 4] = [Dimension::Time, Dimension::Band, Dimension::Y, Dimension::X];
    let mut order = ALL.to_vec();
    if !output.dimensions.is_empty() {
        let found: Option<Vec<Dimension>> =
            output.dimensions.iter().map(|name| ALL.into_iter().find(|d| d.name() == name)).collect();
        let sorted = found.clone().map(|mut found| {
            found.sort_unstable();
            found
        });
        match (found, sorted) {
            (Some(found), Some(sorted)) if sorted == ALL => order = found,
            _ => {
                return Err(Error::Invalid(format!(
                    "[output] dimensions are {}; time, band, y and x are needed, each once, in any order",
                    output.dimensions.join(", ")
                )));
            }
        }
    }
    order.retain(|dimension| has_times || *dimension != Dimension::Time);
    Ok(order)
}

fn without_bands(mut dimensions: Vec<Dimension>) -> Vec<Dimension> {
    dimensions.retain(|dimension| *dimension != Dimension::Band);
    dimensions
}

fn derived_band(derive: &DeriveConfig, nodata: f64) -> Band {
    Band {
        name: Some(derive.name.clone()),
        unit: derive.unit.clone(),
        nodata: Some(nodata),
        scale: (derive.scale != 1.0).then_some(derive.scale),
        offset: (derive.offset != 0.0).then_some(derive.offset),
        ..Band::default()
    }
}

/// The classes of labels, with the names and colours that the configuration gives.
fn categories(config: &LabelConfig, labels: &Labels) -> Result<Vec<Category>> {
    labels
        .values()
        .map(|value| {
            let text = value.to_string();
            let of_text =
                config.classes.iter().find(|(_, class)| **class == value).map(|(text, _)| text.clone());
            let colour = config.colours.get(&text).map(|colour| parse_colour(colour)).transpose()?;
            Ok(Category { value, name: config.names.get(&text).cloned().or(of_text), colour })
        })
        .collect()
}

fn parse_colour(text: &str) -> Result<[u8; 4]> {
    let number = text
        .strip_prefix('#')
        .filter(|digits| digits.len() == 6)
        .and_then(|digits| u32::from_str_radix(digits, 16).ok());
    match number {
        Some(number) => {
            let [_, red, green, blue] = number.to_be_bytes();
            Ok([red, green, blue, 255])
        }
        None => Err(Error::Invalid(format!("\"{text}\" is no colour; write it as #2ca02c"))),
    }
}
