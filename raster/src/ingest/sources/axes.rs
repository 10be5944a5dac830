//! An axis of a variable of NetCDF or HDF5: what the variable of coordinates along it says.

use crate::conventions::ConventionError;
use crate::conventions::time::{Count, Instant, TimeUnits};
use gdal::raster::MDArray;

/// The most coordinates that are read of an axis: more than any raster has rows, and no more memory than a chunk takes.
const LONGEST: usize = 1 << 25;

/// How far bounds may be from those of an even grid, in parts of half a cell: rounding moves those of degrees in float32 by less.
const TOLERANCE: f64 = 0.01;

/// An axis of a variable.
#[derive(Clone, Debug, Default)]
pub(crate) struct Axis {
    pub(crate) name: String,
    /// How many entries it has.
    pub(crate) extent: usize,
    /// The numbers along it, where the file has them.
    pub(crate) values: Option<Vec<f64>>,
    /// The texts along it, where the file has those.
    pub(crate) texts: Option<Vec<String>>,
    /// The numbers as times, where their units are those of time.
    pub(crate) times: Option<Vec<Instant>>,
    /// Why the numbers can't be read as times, although their units are of that kind.
    pub(crate) unread: Option<String>,
    /// Whether they are stored otherwise: by a scale or an offset.
    pub(crate) packed: bool,
    /// The attributes of its coordinates that tell what it is.
    pub(crate) words: Words,
}

/// The attributes of coordinates by which CF tells what they are; empty where there are none.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Words {
    pub(crate) units: String,
    pub(crate) standard_name: String,
    pub(crate) long_name: String,
    /// `T`, `Z`, `Y` or `X`.
    pub(crate) axis: String,
    pub(crate) calendar: Option<String>,
}

impl Words {
    /// Those of a variable.
    pub(crate) fn of(variable: &MDArray<'_>) -> Self {
        let units = variable.unit();
        Self {
            units: if units.is_empty() { text(variable, "units").unwrap_or_default() } else { units },
            standard_name: text(variable, "standard_name").unwrap_or_default(),
            long_name: text(variable, "long_name").unwrap_or_default(),
            axis: text(variable, "axis").unwrap_or_default(),
            calendar: text(variable, "calendar"),
        }
    }

    /// Values as times; `None` where the units are not those of time. `single` says that they are stored as float32, whose precision
    /// is that of the times then.
    ///
    /// # Errors
    /// Why the units, or one of the values, can't be read.
    pub(crate) fn times(
        &self,
        values: &[f64],
        single: bool,
    ) -> Result<Option<Vec<Instant>>, ConventionError> {
        let units = TimeUnits::read(&self.units, self.calendar.as_deref())?;
        let count = |value: &f64| if single { Count::Single(*value as f32) } else { Count::Double(*value) };
        units.map(|units| units.all_instants(values.iter().map(count))).transpose()
    }
}

impl Axis {
    /// An axis without coordinates.
    pub(crate) fn bare(name: &str, extent: usize) -> Self {
        Self { name: name.to_owned(), extent, ..Self::default() }
    }

    /// An axis whose coordinates are those of a variable.
    pub(crate) fn along(name: &str, extent: usize, variable: &MDArray<'_>) -> Self {
        let words = Words::of(variable);
        let one = variable.num_dimensions() == 1
            && variable.num_elements() == extent as u64
            && (1..=LONGEST).contains(&extent);
        let class = variable.datatype().class();
        let values = (one && class.is_numeric()).then(|| numbers(variable, vec![0], vec![extent])).flatten();
        let texts = (one && class.is_string())
            .then(|| variable.read_as_string_array().ok())
            .flatten()
            .filter(|t| t.len() == extent);
        let missing = values.as_ref().and_then(|values| values.iter().position(|value| value.is_nan()));
        let (times, unread) =
            match values.as_ref().map_or(Ok(None), |values| words.times(values, is_single(variable))) {
                Ok(times) => (times, None),
                Err(why) => (
                    None,
                    Some(
                        missing
                            .map_or(why.to_string(), |at| format!("entry {} of {} is missing", at + 1, name)),
                    ),
                ),
            };
        let packed =
            ["scale_factor", "add_offset", "_Unsigned"].iter().any(|key| variable.attribute(key).is_ok());
        Self { name: name.to_owned(), extent, values, texts, times, unread, packed, words }
    }
}

impl Axis {
    /// Whether the cells whose bounds a variable of two columns holds are those of an even grid: each reaches half a step to both sides.
    pub(crate) fn implies_bounds(&self, bounds: &MDArray<'_>) -> bool {
        let Some(values) = self.values.as_ref().filter(|values| values.len() > 1) else { return false };
        let Some(ends) = numbers(bounds, vec![0, 0], vec![self.extent, 2]) else { return false };
        let half = ((values[values.len() - 1] - values[0]) / (values.len() - 1) as f64).abs() / 2.0;
        values.iter().zip(ends.chunks_exact(2)).all(|(centre, ends)| {
            let (low, high) = (ends[0].min(ends[1]), ends[0].max(ends[1]));
            [low + half, high - half].iter().all(|end| (end - centre).abs() <= half * TOLERANCE)
        })
    }
}

/// A window of the numbers of a variable of coordinates, which may be packed as those of any other: integers by a scale and an offset,
/// or such that stand for others without a sign. NaN where they are missing. `None` where they can't be read.
pub(crate) fn numbers(variable: &MDArray<'_>, start: Vec<u64>, count: Vec<usize>) -> Option<Vec<f64>> {
    use gdal_sys::GDALDataType;
    let mut values = variable.read_as::<f64>(start, count).ok()?;
    // The attribute itself: GDAL's own value is 0 where the attribute is a NaN of another type.
    let fill = match variable.attribute("_FillValue") {
        Ok(_) => number(variable, "_FillValue"),
        Err(_) => variable.no_data_value_as_double().filter(|value| *value != 0.0),
    };
    let missing = [fill, number(variable, "missing_value")];
    let is_unsigned =
        text(variable, "_Unsigned").is_some_and(|word| word.trim().eq_ignore_ascii_case("true"));
    let turn = match variable.datatype().numeric_datatype() {
        _ if !is_unsigned => 0.0,
        GDALDataType::GDT_Int16 => 65_536.0,
        GDALDataType::GDT_Int32 => 4_294_967_296.0,
        // Of bytes, GDAL before version 3.7 has no type with a sign.
        _ => 256.0,
    };
    let scale = number(variable, "scale_factor").unwrap_or(1.0);
    let offset = number(variable, "add_offset").unwrap_or(0.0);
    for value in &mut values {
        if missing.contains(&Some(*value)) {
            *value = f64::NAN;
            continue;
        }
        if *value < 0.0 {
            *value += turn;
        }
        if (scale, offset) != (1.0, 0.0) {
            *value = *value * scale + offset;
        }
    }
    Some(values)
}

/// A finite number that is an attribute of a variable.
pub(crate) fn number(variable: &MDArray<'_>, name: &str) -> Option<f64> {
    let attribute = variable.attribute(name).ok()?;
    let value = attribute.datatype().class().is_numeric().then(|| attribute.read_as_f64())?;
    value.is_finite().then_some(value)
}

/// Whether the samples of a variable are float32.
pub(crate) fn is_single(variable: &MDArray<'_>) -> bool {
    variable.datatype().numeric_datatype() == gdal_sys::GDALDataType::GDT_Float32
}

/// A text attribute of a variable.
pub(crate) fn text(variable: &MDArray<'_>, name: &str) -> Option<String> {
    let attribute = variable.attribute(name).ok()?;
    attribute.datatype().class().is_string().then(|| attribute.read_as_string())
}
