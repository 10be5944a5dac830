//! Describes lists of pixels as layers: the band and the time of each entry of their other axes.

use crate::band::{Band, Sign};
use crate::conventions::time::{Instant, parse_iso};
use crate::error::{Error, Result};
use crate::ingest::config::{InputConfig, PixelsConfig};
use crate::ingest::sources::axes::Axis;
use crate::ingest::sources::files::described;
use crate::ingest::sources::layer::{Layer, Reader, Source};
use crate::ingest::sources::lists::domains::{Pixels, is_npy, pixels};
use crate::ingest::sources::lists::samples::{List, ListArray, entry_index};
use crate::ingest::sources::lists::variable::Variable;
use crate::ingest::sources::pattern::Fields;
use crate::missing::{Missing, Samples, nodata};
use crate::npy::NpyArray;
use std::path::Path;
use std::sync::Arc;

/// The name of the axis along which pixels are listed.
const PIXEL: &str = "pixel";
/// The name of the axis of dates.
const TIME: &str = "time";
/// The name of the axis of bands.
const BAND: &str = "band";

/// The layers of an input of lists. `fine` holds the pixels to which a factor refers: those of the last input before this one
/// that has no factor.
///
/// # Errors
/// Those of reading the files; [`Error::Invalid`] where the configuration lacks something, [`Error::Mismatch`] where arrays and
/// pixels do not fit each other.
pub(crate) fn layers(
    number: usize,
    input: &InputConfig,
    config: &PixelsConfig,
    folder: &Path,
    fine: &mut Option<Pixels>,
) -> Result<Vec<Layer>> {
    let pixels = pixels(input, config, folder, fine.as_ref())?;
    if config.factor == 1 {
        *fine = Some(pixels.clone());
    }
    let mut layers = Vec::new();
    for (file, fields) in described(input, folder)? {
        for (array, axes, band) in arrays(input, config, &file)? {
            let list = Listed { number, input, config, file: &file, fields: &fields, axes, band };
            layers.extend(list.layers(array, &pixels)?);
        }
    }
    Ok(layers)
}

/// The arrays of a file, with their axes and a description of their samples.
fn arrays(
    input: &InputConfig,
    config: &PixelsConfig,
    file: &Path,
) -> Result<Vec<(ListArray, Vec<Axis>, Band)>> {
    let named = |axes: Vec<Axis>, extents: usize, what: &str| {
        if config.axes.is_empty() && !axes.is_empty() {
            return Ok(axes);
        }
        if config.axes.len() != extents {
            return Err(Error::Mismatch(format!(
                "{}: {what} has {extents} axes, [input.pixels] names {} ({}); name each, such as axes = [\"pixel\", \"band\"]",
                file.display(),
                config.axes.len(),
                config.axes.join(", ")
            )));
        }
        let own = axes.into_iter().map(Some).chain(std::iter::repeat(None));
        Ok((config.axes.iter().zip(own))
            .map(|(name, own)| Axis { name: name.clone(), ..own.unwrap_or_default() })
            .collect())
    };
    if is_npy(file) {
        let array = NpyArray::open(file)?;
        let axes = named(Vec::new(), array.shape().len(), "its array")?;
        return Ok(vec![(ListArray::Npy(array), axes, Band::default())]);
    }
    let variables = Variable::open(file, &input.variables)?.into_iter();
    variables
        .map(|mut variable| {
            let own = std::mem::take(&mut variable.axes);
            let axes = named(own, variable.shape.len(), &format!("variable {}", variable.name))?;
            let band = Band { name: Some(variable.name.clone()), ..variable.band.clone() };
            Ok((ListArray::Variable(Box::new(variable)), axes, band))
        })
        .collect()
}

/// An array of a file, on its way to layers.
struct Listed<'a> {
    number: usize,
    input: &'a InputConfig,
    config: &'a PixelsConfig,
    file: &'a Path,
    fields: &'a Fields,
    axes: Vec<Axis>,
    band: Band,
}

impl Listed<'_> {
    fn mismatch(&self, what: String) -> Error {
        Error::Mismatch(format!("{}: {what}", self.file.display()))
    }

    fn layers(&self, array: ListArray, pixels: &Pixels) -> Result<Vec<Layer>> {
        let names: Vec<&str> = self.axes.iter().map(|axis| axis.name.as_str()).collect();
        let lists = names.iter().filter(|name| **name == PIXEL).count();
        let axis = names.iter().position(|name| *name == PIXEL).filter(|_| lists == 1);
        let axis = axis.ok_or_else(|| {
            self.mismatch(format!(
                "its axes are {}; one of them must be {PIXEL}: name them, as `axes` under [input.pixels]",
                names.join(", ")
            ))
        })?;
        let shape = array.shape().to_vec();
        if pixels.domain.is_empty() {
            return Err(self.mismatch("its rows and columns, or its mask, give no pixel".to_owned()));
        }
        if shape[axis] != pixels.domain.len() {
            return Err(self.mismatch(format!(
                "its list has {} pixels, but its rows and columns or its mask give {}",
                shape[axis],
                pixels.domain.len()
            )));
        }
        let labels = self.labels(&shape, axis)?;
        let times = self.times(&shape)?;
        let sample_type = array.sample_type()?;
        let type_name = sample_type.name();
        let mut band = self.band.clone();
        let samples = Samples { sample_type, sign: Sign::AsRead };
        let mut missing = Missing::default();
        band.nodata = match self.input.nodata {
            Some(asked) => Some(nodata(asked, samples).ok_or_else(|| {
                Error::Invalid(format!(
                    "{}: nodata of its [[input]] is {asked}, and its samples are {type_name}: none can be {asked}; give \
                     another, or none",
                    self.file.display()
                ))
            })?),
            None => {
                let declared = band.nodata;
                let found = declared.and_then(|value| nodata(value, samples));
                missing.impossible.extend(declared.filter(|_| found.is_none()));
                found
            }
        };
        let list = List {
            array,
            sample_type,
            axis,
            domain: Arc::clone(&pixels.domain),
            index_files: pixels.files.clone(),
        };
        let reader = Reader::List(Arc::new(list));
        let source = Arc::new(Source { file: self.file.to_path_buf(), reader, items: Arc::default() });
        let others: usize = shape.iter().enumerate().filter(|(at, _)| *at != axis).map(|(_, n)| n).product();
        let mut layers = Vec::new();
        for entry in 0..others {
            let entry_index = entry_index(entry, &shape, axis);
            let name = self.name(&labels, &entry_index);
            let time = names.iter().position(|name| *name == TIME).map(|axis| times[entry_index[axis]]);
            layers.push(Layer {
                source: Arc::clone(&source),
                number: entry + 1,
                band: Band { name: Some(name.clone()), ..band.clone() },
                name,
                time: time.or(self.one_time()?),
                fields: self.fields.text.clone(),
                sample_type,
                grid: pixels.grid.clone(),
                sign: Sign::AsRead,
                missing: missing.clone(),
                exact: None,
                place: None,
                beside: Vec::new(),
                own_coordinates: None,
                input: self.number,
            });
        }
        Ok(layers)
    }

    /// The time of an array without an axis of times.
    fn one_time(&self) -> Result<Option<Instant>> {
        let given = self
            .input
            .time
            .as_deref()
            .map(parse_iso)
            .transpose()
            .map_err(|e| self.mismatch(e.to_string()))?;
        Ok(given.or(self.fields.time))
    }

    /// The times along the axis of times; empty where there is no such axis.
    fn times(&self, shape: &[usize]) -> Result<Vec<Instant>> {
        let Some(axis) = self.axes.iter().position(|axis| axis.name == TIME) else { return Ok(Vec::new()) };
        if let (true, Some(times)) = (self.input.times.is_empty(), &self.axes[axis].times) {
            return Ok(times.clone());
        }
        if self.input.times.len() != shape[axis] {
            let why = self.axes[axis].unread.as_ref().filter(|_| self.input.times.is_empty());
            let why = why.map(|why| format!(" ({why})")).unwrap_or_default();
            return Err(self.mismatch(format!(
                "its axis {TIME} has {} entries{why}, `times` lists {}; list each, as `times = [\"2018-01-01\", …]`",
                shape[axis],
                self.input.times.len()
            )));
        }
        self.input
            .times
            .iter()
            .map(|time| parse_iso(time).map_err(|e| self.mismatch(e.to_string())))
            .collect()
    }

    /// The names of the entries of each axis.
    fn labels(&self, shape: &[usize], list: usize) -> Result<Vec<Vec<String>>> {
        if let Some(unknown) =
            self.config.labels.keys().find(|name| !self.axes.iter().any(|axis| axis.name == **name))
        {
            let names: Vec<&str> = self.axes.iter().map(|axis| axis.name.as_str()).collect();
            return Err(self.mismatch(format!(
                "[input.pixels.labels] has {unknown}, its axes are {}",
                names.join(", ")
            )));
        }
        let mut all = Vec::new();
        for (number, (axis, extent)) in self.axes.iter().zip(shape).enumerate() {
            let given = match self.config.labels.get(&axis.name) {
                None if axis.name == BAND && !self.input.bands.is_empty() => Some(&self.input.bands),
                given => given,
            };
            all.push(match given {
                _ if number == list || axis.name == TIME => Vec::new(),
                Some(given) if given.len() == *extent => given.clone(),
                Some(given) => {
                    return Err(self.mismatch(format!(
                        "its axis {} has {extent} entries, {} are named ({}); name each",
                        axis.name,
                        given.len(),
                        given.join(", ")
                    )));
                }
                None => numbered(axis, *extent),
            });
        }
        Ok(all)
    }

    /// The name of an entry: that of its band, then each other axis with its label, such as `B1_month03_hour12`.
    fn name(&self, labels: &[Vec<String>], entry_index: &[usize]) -> String {
        let band = self
            .axes
            .iter()
            .position(|axis| axis.name == BAND)
            .map(|axis| labels[axis][entry_index[axis]].clone());
        let only = || (self.input.bands.len() == 1).then(|| self.input.bands[0].clone());
        let array = self.fields.text.get(BAND).or(self.band.name.as_ref()).cloned();
        let mut name = match (array, band) {
            (Some(array), Some(band)) => format!("{array}_{band}"),
            (Some(only), None) | (None, Some(only)) => only,
            (None, None) => only().unwrap_or_else(|| "B1".to_owned()),
        };
        for ((axis, labels), at) in self.axes.iter().zip(labels).zip(entry_index) {
            if axis.name != BAND
                && let Some(label) = labels.get(*at)
            {
                name.push_str(&format!("_{}{label}", axis.name));
            }
        }
        name
    }
}

/// The whole numbers along an axis, where the file has them; otherwise numbers from 1, padded to equal length, such as 01 to 12.
fn numbered(axis: &Axis, extent: usize) -> Vec<String> {
    if let Some(values) = axis.values.as_ref().filter(|values| values.iter().all(|v| v.fract() == 0.0)) {
        return values.iter().map(f64::to_string).collect();
    }
    let digits = extent.to_string().len();
    if axis.name == BAND {
        return (1..=extent).map(|n| format!("B{n}")).collect();
    }
    (1..=extent).map(|n| format!("{n:0digits$}")).collect()
}
