//! Files with variables, above all NetCDF: the variables that GDAL lists as subdatasets, and the step in time, level and so on of
//! each band of a variable.

use crate::conventions::dimensions::is_steps_in_time;
use crate::conventions::time::TimeUnits;
use gdal::{Dataset, Metadata as _};
use std::collections::BTreeMap;

/// A variable of a file.
#[derive(Clone, Debug)]
pub(crate) struct Variable {
    /// The name that GDAL opens.
    pub(crate) name: String,
    /// Its own name.
    pub(crate) variable: String,
    /// Its extents.
    pub(crate) shape: Vec<u64>,
}

/// The meaning of a band of a file: its variable, and its place along the variable's other dimensions.
#[derive(Clone, Debug, Default)]
pub(crate) struct VariableBand {
    /// The variable's name.
    pub(crate) variable: Option<String>,
    /// The number of its step in time, from 0, where there are steps.
    pub(crate) index: Option<usize>,
    /// Its time, where its units can be read.
    pub(crate) time: Option<i64>,
    /// A suffix that distinguishes it from other bands of the same variable and time, such as `_500` for a level.
    pub(crate) suffix: String,
}

/// The variables that GDAL lists, those without extents left out.
pub(crate) fn variables(dataset: &Dataset) -> Vec<Variable> {
    let items: BTreeMap<String, String> = dataset
        .metadata_domain("SUBDATASETS")
        .unwrap_or_default()
        .into_iter()
        .filter_map(|item| item.split_once('=').map(|(key, value)| (key.to_owned(), value.to_owned())))
        .collect();
    let mut found = Vec::new();
    for number in 1.. {
        let Some(name) = items.get(&format!("SUBDATASET_{number}_NAME")) else { break };
        let text = items.get(&format!("SUBDATASET_{number}_DESC")).cloned().unwrap_or_default();
        let shape = text
            .trim_start_matches('[')
            .split(']')
            .next()
            .unwrap_or_default()
            .split('x')
            .map_while(|extent| extent.trim().parse().ok())
            .collect();
        let variable = name.rsplit([':', '/']).next().unwrap_or(name).trim_matches('"').to_owned();
        found.push(Variable { name: name.clone(), variable, shape });
    }
    found
}

/// The names that GDAL opens for the variables of the configuration, or by default for those with the most samples.
///
/// # Errors
/// A text that lists the variables.
pub(crate) fn choose(variables: &[Variable], asked: &[String]) -> Result<Vec<String>, String> {
    let there = || variables.iter().map(|v| v.variable.as_str()).collect::<Vec<_>>().join(", ");
    if !asked.is_empty() {
        return asked
            .iter()
            .map(|name| {
                let found = variables.iter().find(|variable| variable.variable == *name);
                found
                    .map(|variable| variable.name.clone())
                    .ok_or_else(|| format!("it has no variable {name}; there are {}", there()))
            })
            .collect();
    }
    let size = |variable: &Variable| variable.shape.iter().product::<u64>();
    let most = variables.iter().filter(|v| v.shape.len() >= 2).map(size).max();
    let chosen: Vec<String> = variables
        .iter()
        .filter(|variable| variable.shape.len() >= 2 && Some(size(variable)) == most)
        .map(|variable| variable.name.clone())
        .collect();
    if chosen.is_empty() {
        Err(format!("none of its variables is a raster: {}", there()))
    } else {
        Ok(chosen)
    }
}

/// The meaning of each band of a data set.
///
/// # Errors
/// A text, where the units of a coordinate of time can't be read.
pub(crate) fn bands(dataset: &Dataset) -> Result<Vec<VariableBand>, String> {
    let mut bands = Vec::new();
    // Values of the dimensions of time, in the order of the bands in which they first occur.
    let mut seen: Vec<String> = Vec::new();
    for number in 1..=dataset.raster_count() {
        let band = dataset.rasterband(number).map_err(|e| e.to_string())?;
        let mut step =
            VariableBand { variable: band.metadata_item("NETCDF_VARNAME", ""), ..VariableBand::default() };
        for item in band.metadata_domain("").unwrap_or_default() {
            let Some((key, value)) = item.split_once('=') else { continue };
            let Some(dimension) = key.strip_prefix("NETCDF_DIM_") else { continue };
            let units = dataset.metadata_item(&format!("{dimension}#units"), "").unwrap_or_default();
            if is_steps_in_time(dimension, &units) {
                let index = seen.iter().position(|known| known == value).unwrap_or_else(|| {
                    seen.push(value.to_owned());
                    seen.len() - 1
                });
                step.index = Some(index);
                let calendar = dataset.metadata_item(&format!("{dimension}#calendar"), "");
                step.time = instant(value, &units, calendar.as_deref())?;
            } else {
                step.suffix.push('_');
                step.suffix.push_str(value);
            }
        }
        bands.push(step);
    }
    Ok(bands)
}

/// The instant of a value in units such as `days since 2001-01-01`; `None` where the units are not of that kind, or the
/// calendar is not known.
///
/// # Errors
/// A message, where the value or the origin of the units can't be read.
fn instant(value: &str, units: &str, calendar: Option<&str>) -> Result<Option<i64>, String> {
    let Some(parsed) = TimeUnits::parse(units, calendar) else { return Ok(None) };
    let value: f64 = value.parse().map_err(|_| format!("a time is \"{value}\", a number is needed"))?;
    let seconds = parsed.seconds(value);
    seconds.map(Some).map_err(|e| format!("the units of time are \"{units}\", which can't be read ({e})"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::conventions::time::iso;

    #[test]
    fn times_are_told_by_units() {
        let at = |value, units| instant(value, units, None).unwrap().map(iso);
        assert_eq!(at("15.5", "days since 2001-1-1").as_deref(), Some("2001-01-16T12:00:00"));
        assert_eq!(at("24", "hours since 1900-01-01 00:00:0.0").as_deref(), Some("1900-01-02"));
        assert_eq!(at("3", "months"), None);
        let in_360 = instant("45", "days since 2001-01-01", Some("360_day")).unwrap().map(iso);
        assert_eq!(in_360.as_deref(), Some("2001-02-16"));
        assert_eq!(instant("15", "days since 2001-01-01", Some("none")).unwrap(), None);
        let error = instant("1", "days since then", None).unwrap_err();
        assert_eq!(
            error,
            "the units of time are \"days since then\", which can't be read (\"then\" is no time)"
        );
        assert!(instant("x", "days since 2001-01-01", None).unwrap_err().contains("a number is needed"));
    }

    #[test]
    fn variables_are_chosen_by_name_or_size() {
        let variable = |name: &str, shape: &[u64]| Variable {
            name: format!("NETCDF:\"f.nc\":{name}"),
            variable: name.to_owned(),
            shape: shape.to_vec(),
        };
        let all = [
            variable("lat_bnds", &[170, 2]),
            variable("tos", &[24, 170, 180]),
            variable("sst", &[24, 170, 180]),
        ];
        assert_eq!(choose(&all, &[]).unwrap(), ["NETCDF:\"f.nc\":tos", "NETCDF:\"f.nc\":sst"]);
        assert_eq!(choose(&all, &["sst".to_owned()]).unwrap(), ["NETCDF:\"f.nc\":sst"]);
        let error = choose(&all, &["u".to_owned()]).unwrap_err();
        assert_eq!(error, "it has no variable u; there are lat_bnds, tos, sst");
    }
}
