//! The meaning of each band of a raster that is a variable: its step in time, and its place along the variable's other axes, such
//! as levels.

use crate::conventions::dimensions::is_steps_in_time;
use crate::conventions::time::{Count, Instant, TimeUnits};
use crate::ingest::sources::axes::Axis;
use crate::ingest::sources::container::Variable;
use gdal::{Dataset, Metadata as _};
use std::collections::HashMap;

/// What a band of a file is, besides its name.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Step {
    /// The number of its step in time, from 0, where there are steps.
    pub(crate) index: Option<usize>,
    /// Its time, where its units can be read.
    pub(crate) time: Option<Instant>,
    /// Why its time can't be read, where the file states one.
    pub(crate) unread: Option<String>,
    /// A suffix that distinguishes it from other bands of the same variable and time, such as `_500` for a level.
    pub(crate) suffix: String,
}

/// The steps of a variable's bands: the entries of all axes but rows and columns, in C order. `None` where it has no rows and
/// columns, or another number of such entries than bands.
pub(crate) fn of_variable(variable: &Variable, bands: usize) -> Option<Vec<Step>> {
    let roles = variable.roles.as_ref()?;
    let outer: Vec<usize> = (0..variable.axes.len()).filter(|at| ![roles.y, roles.x].contains(at)).collect();
    let count = outer.iter().try_fold(1usize, |n, at| n.checked_mul(variable.axes[*at].extent));
    if count != Some(bands) {
        return None;
    }
    let steps = (0..bands).map(|number| {
        let mut rest = number;
        let mut place = vec![0; variable.axes.len()];
        for at in outer.iter().rev() {
            place[*at] = rest % variable.axes[*at].extent;
            rest /= variable.axes[*at].extent;
        }
        let time =
            roles.time.map(|at| (place[at], variable.axes[at].times.as_ref().map(|times| times[place[at]])));
        let unread = roles.time.and_then(|at| variable.axes[at].unread.clone());
        let suffix = roles.others.iter().map(|at| format!("_{}", label(&variable.axes[*at], place[*at])));
        Step {
            index: time.map(|(index, _)| index),
            time: time.and_then(|(_, time)| time),
            unread,
            suffix: suffix.collect(),
        }
    });
    Some(steps.collect())
}

/// The label of an entry of an axis: its text or its number in the file, or its place from 1.
fn label(axis: &Axis, at: usize) -> String {
    match (&axis.texts, &axis.values) {
        (Some(texts), _) => texts[at].trim().to_owned(),
        (None, Some(values)) => values[at].to_string(),
        (None, None) => (at + 1).to_string(),
    }
}

/// The steps that the metadata items of bands tell, as GDAL's driver of NetCDF writes them.
///
/// # Errors
/// A text, where GDAL can't open a band.
pub(crate) fn of_items(dataset: &Dataset) -> Result<Vec<Step>, String> {
    let units =
        |dimension: &str| dataset.metadata_item(&format!("{dimension}#units"), "").unwrap_or_default();
    // The dimension of dates, once a band has shown which there are.
    let mut dates: Option<String> = None;
    let mut seen: HashMap<String, usize> = HashMap::new();
    let mut steps = Vec::new();
    for number in 1..=dataset.raster_count() {
        let band = dataset.rasterband(number).map_err(|e| e.to_string())?;
        let items = band.metadata_domain("").unwrap_or_default();
        let places: Vec<(&str, &str)> =
            items.iter().filter_map(|item| item.strip_prefix("NETCDF_DIM_")?.split_once('=')).collect();
        if dates.is_none() {
            let in_time =
                places.iter().map(|(name, _)| *name).filter(|name| is_steps_in_time(name, &units(name)));
            dates = in_time
                .min_by_key(|name| (!units(name).contains(" since "), !name.eq_ignore_ascii_case("time")))
                .map(str::to_owned);
        }
        let mut step = Step::default();
        for (dimension, value) in places {
            if dates.as_deref() == Some(dimension) {
                let next = seen.len();
                step.index = Some(*seen.entry(value.to_owned()).or_insert(next));
                let calendar = dataset.metadata_item(&format!("{dimension}#calendar"), "");
                match instant(value, &units(dimension), calendar.as_deref()) {
                    Ok(time) => step.time = time,
                    Err(why) => step.unread = Some(why),
                }
            } else {
                step.suffix.push('_');
                step.suffix.push_str(value);
            }
        }
        steps.push(step);
    }
    Ok(steps)
}

/// The instant of a value in units such as `days since 2001-01-01`; `None` where the units are not of that kind.
///
/// # Errors
/// A message, where the value, the units, their origin or their calendar can't be read.
fn instant(value: &str, units: &str, calendar: Option<&str>) -> Result<Option<Instant>, String> {
    let Some(parsed) = TimeUnits::read(units, calendar).map_err(|e| e.to_string())? else { return Ok(None) };
    let value: f64 = value.parse().map_err(|_| format!("a time is \"{value}\", a number is needed"))?;
    let instant = parsed.instant(Count::Double(value));
    instant.map(Some).map_err(|e| format!("the units of time are \"{units}\", which can't be read ({e})"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::conventions::time::iso;
    use crate::ingest::sources::container::Roles;

    #[test]
    fn times_are_told_by_units() {
        let at = |value, units| instant(value, units, None).unwrap().map(iso);
        assert_eq!(at("15.5", "days since 2001-1-1").as_deref(), Some("2001-01-16T12:00:00"));
        assert_eq!(at("24", "hours since 1900-01-01 00:00:0.0").as_deref(), Some("1900-01-02"));
        assert_eq!(at("3", "months"), None);
        let in_360 = instant("45", "days since 2001-01-01", Some("360_day")).unwrap().map(iso);
        assert_eq!(in_360.as_deref(), Some("2001-02-16"));
        let error = instant("1", "days since then", None).unwrap_err();
        assert_eq!(
            error,
            "the units of time are \"days since then\", which can't be read (\"then\" is no time)"
        );
        let error = instant("1", "days since 2001-01-01", Some("lunar")).unwrap_err();
        assert_eq!(
            error,
            "the units of time are \"days since 2001-01-01\", which can't be read: the calendar lunar is not supported"
        );
        assert!(instant("x", "days since 2001-01-01", None).unwrap_err().contains("a number is needed"));
    }

    #[test]
    fn bands_are_the_entries_of_all_other_axes() {
        let time = Axis { times: Some(vec![0.into(), 86_400.into()]), ..Axis::bare("time", 2) };
        let level = Axis { values: Some(vec![500.0, 0.25]), ..Axis::bare("level", 2) };
        let member = Axis { texts: Some(vec!["a ".to_owned(), "b".to_owned()]), ..Axis::bare("member", 2) };
        let axes = vec![member, Axis::bare("y", 3), time, Axis::bare("x", 4), level];
        let roles = Roles::of(&axes);
        let variable = Variable {
            path: "/v".to_owned(),
            axes,
            roles,
            time: None,
            grid_mapping: None,
            scale: (None, None),
            float_range: None,
            read: Default::default(),
        };
        let steps = of_variable(&variable, 8).unwrap();
        let told: Vec<(usize, &str)> =
            steps.iter().map(|step| (step.index.unwrap(), step.suffix.as_str())).collect();
        assert_eq!(
            told,
            [
                (0, "_500_a"),
                (0, "_0.25_a"),
                (1, "_500_a"),
                (1, "_0.25_a"),
                (0, "_500_b"),
                (0, "_0.25_b"),
                (1, "_500_b"),
                (1, "_0.25_b")
            ]
        );
        assert_eq!((steps[2].time, of_variable(&variable, 7)), (Some(86_400.into()), None));
    }
}
