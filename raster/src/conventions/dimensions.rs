//! The role of each dimension of an array: time, band, y, x or another.

use crate::conventions::ConventionError;
use serde_json::{Map, Value};
use vqz_codec::axes::Axes;

/// The names of the dimensions in the metadata of a Zarr array (`dimension_names` of `zarr.json`); `None` where one of
/// them has none.
#[must_use]
pub fn dimension_names(metadata: &Map<String, Value>) -> Option<Vec<String>> {
    let names = metadata.get("dimension_names")?.as_array()?;
    names.iter().map(|name| name.as_str().map(str::to_owned)).collect()
}

/// The roles of an array's dimensions. They are the `given` ones; otherwise those `recorded` when the array was encoded;
/// otherwise those that the `names` of the dimensions suggest (see [`vqz_codec::axes::Role::guess`]).
///
/// # Errors
/// [`ConventionError::RoleCount`] when there are more or fewer roles than dimensions,
/// [`ConventionError::UnnamedDimensions`] when the dimensions have neither roles nor names, [`ConventionError::Roles`] when the
/// names suggest roles that no raster has.
pub fn axes(
    given: Option<&Axes>,
    recorded: Option<&Axes>,
    names: Option<&[String]>,
    dimensions: usize,
) -> Result<Axes, ConventionError> {
    let axes = match (given.or(recorded), names) {
        (Some(axes), _) => axes.clone(),
        (None, Some(names)) => {
            Axes::from_names(names).map_err(|error| ConventionError::Roles(error.to_string()))?
        }
        (None, None) => return Err(ConventionError::UnnamedDimensions { dimensions }),
    };
    let roles = axes.roles().len();
    if roles == dimensions { Ok(axes) } else { Err(ConventionError::RoleCount { roles, dimensions }) }
}

/// Names of dimensions that count as steps in time even where their units do not say so.
const STEPS: [&str; 5] = ["time", "t", "date", "month", "step"];

/// Whether a dimension of a file with variables, such as NetCDF, holds steps in time, by its units or by its name.
#[must_use]
pub fn is_steps_in_time(name: &str, units: &str) -> bool {
    units.contains(" since ") || STEPS.contains(&name.to_ascii_lowercase().as_str())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn roles_are_given_or_recorded_or_named() {
        let roles = |names: &[&str]| Axes::from_names(names).unwrap();
        let names = ["band", "lat", "lon"].map(str::to_owned);
        let given = roles(&["time", "y", "x"]);
        let recorded = roles(&["month", "y", "x"]);
        assert_eq!(axes(Some(&given), Some(&recorded), Some(&names), 3), Ok(given.clone()));
        assert_eq!(axes(None, Some(&recorded), Some(&names), 3), Ok(recorded));
        assert_eq!(axes(None, None, Some(&names), 3), Ok(roles(&["band", "y", "x"])));
        assert_eq!(
            axes(None, None, None, 3).unwrap_err().to_string(),
            "the 3 dimensions have no names, so their roles (y, x, band, time or another) are unknown; give one role for \
             each in order, such as band,y,x"
        );
        assert_eq!(
            axes(Some(&given), None, None, 2).unwrap_err().to_string(),
            "3 roles are given for 2 dimensions; give one role for each"
        );
        let twice = ["lat", "y", "x"].map(str::to_owned);
        assert!(matches!(axes(None, None, Some(&twice), 3), Err(ConventionError::Roles(_))));
    }

    #[test]
    fn names_are_read_where_all_dimensions_have_one() {
        let names = |metadata: Value| dimension_names(metadata.as_object().unwrap());
        assert_eq!(names(json!({"dimension_names": ["y", "x"]})), Some(vec!["y".to_owned(), "x".to_owned()]));
        assert_eq!(names(json!({"dimension_names": ["y", null]})), None);
        assert_eq!(names(json!({})), None);
    }

    #[test]
    fn steps_in_time_are_known_by_units_or_name() {
        assert!(is_steps_in_time("forecast", "hours since 2020-01-01"));
        assert!(is_steps_in_time("Month", ""));
        assert!(!is_steps_in_time("level", "hPa"));
    }
}
