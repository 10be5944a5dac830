//! Where the pixels of a raster lie: what the coordinates of its rows and columns, its reference system and the configuration say, and what
//! of it is not kept.

use crate::conventions::coordinates::{even_axis, transform_of_centres, without_jump};
use crate::conventions::horizontal::{Direction, direction_of_words};
use crate::error::{Error, Result};
use crate::georeference::{Georeference, unkept_places};
use crate::ingest::config::InputConfig;
use crate::ingest::grid;
use crate::ingest::sources::axes::Axis;
use crate::ingest::sources::container::Variable;
use crate::ingest::sources::oddities::Oddities;
use gdal::Dataset;
use std::path::Path;

/// Whether coordinates of rows and columns are angles of a view, which the reference system states as lengths.
pub(super) fn is_in_angles(variable: &Variable) -> bool {
    let Some(roles) = &variable.roles else { return false };
    [roles.y, roles.x].iter().all(|at| {
        let units = variable.axes[*at].words.units.to_ascii_lowercase();
        units.trim_start_matches("micro").starts_with("rad")
    })
}

/// What a raster says of its place that is lost. (The coordinates of a variable are variables themselves, and are kept.)
pub(crate) fn lost_places(dataset: &Dataset) -> Option<String> {
    let places = unkept_places(dataset);
    let warp = if dataset.geo_transform().is_err() {
        "; without a transform its pixels have no place: gdalwarp gives it one"
    } else {
        ""
    };
    (!places.is_empty()).then(|| format!("its {} are not kept{warp}", places.join(" and ")))
}

/// What a variable says of its coordinate reference system that is not followed.
pub(crate) fn unread_reference(variable: &Variable, georeference: &Georeference) -> Option<String> {
    let mapping = variable.grid_mapping.as_ref()?;
    let without = georeference.wkt.is_none() && georeference.code.is_none();
    let kept =
        if without { "no coordinate reference system is kept" } else { "that of its coordinates is kept" };
    let why = match (&mapping.projection, mapping.found) {
        (_, false) => "which the file does not have".to_owned(),
        _ if !without => return None,
        (_, true) if mapping.has_wkt => "whose WKT can't be read".to_owned(),
        (Some(projection), true) => format!("whose grid_mapping_name is {projection}, which can't be read"),
        (None, true) => "which has neither crs_wkt nor grid_mapping_name".to_owned(),
    };
    Some(format!(
        "the grid mapping of {} is {}, {why}: {kept}",
        variable.path.trim_start_matches('/'),
        mapping.name
    ))
}

/// The units of axes whose entries become parts of the names of bands, in words.
pub(super) fn unit_of_levels(variable: &Variable) -> Option<String> {
    let roles = variable.roles.as_ref()?;
    let named = |at: &usize| {
        let axis = &variable.axes[*at];
        let words: Vec<&str> = [axis.words.standard_name.as_str(), axis.words.units.as_str()]
            .into_iter()
            .filter(|word| !word.is_empty())
            .collect();
        (axis.extent > 1 && !words.is_empty()).then(|| format!("{} ({})", axis.name, words.join(", ")))
    };
    let axes: Vec<String> = roles.others.iter().filter_map(named).collect();
    (!axes.is_empty()).then(|| {
        format!(
            "the entries of {} become parts of the names of bands, and what is said of them is not kept",
            axes.join(" and ")
        )
    })
}

/// Whether the longitudes of a variable's columns jump by a turn.
pub(crate) fn jumps(variable: &Variable) -> bool {
    variable.roles.as_ref().is_some_and(|roles| longitudes_without_jump(&variable.axes[roles.x]).is_some())
}

/// Even longitudes along an axis that jump by a turn, as they go on without the jump.
fn longitudes_without_jump(axis: &Axis) -> Option<Vec<f64>> {
    without_jump(axis.values.as_ref()?).filter(|whole| is_longitude(axis) && even_axis(whole).is_some())
}

/// Whether the words of an axis are those of longitudes.
fn is_longitude(axis: &Axis) -> bool {
    let words = &axis.words;
    direction_of_words("", &words.standard_name, &words.units) == Some(Direction::X)
        && words.units.to_ascii_lowercase().starts_with("degree")
}

/// The transform that the coordinates of a variable's rows and columns state, where these are evenly spaced.
pub(super) fn place_of_centres(variable: &Variable) -> Option<[f64; 6]> {
    let roles = variable.roles.as_ref()?;
    transform_of_centres(variable.axes[roles.x].values.as_ref()?, variable.axes[roles.y].values.as_ref()?)
}

/// Compares a georeference with the coordinates of the variable's rows and columns, and completes it by them.
pub(super) fn place(
    variable: &Variable,
    uneven: bool,
    georeference: &mut Georeference,
    file: &Path,
    oddities: &mut Oddities,
) {
    let Some(roles) = &variable.roles else { return };
    let (rows, columns) = (&variable.axes[roles.y], &variable.axes[roles.x]);
    if uneven {
        georeference.transform = None;
        let why = match [rows, columns].into_iter().find(|axis| axis.extent == 1) {
            Some(one) => format!("a single coordinate along {} states no size of a pixel", one.name),
            None => format!("coordinates along {} or {} are not evenly spaced", rows.name, columns.name),
        };
        oddities.add(file, format!("{why}: they are kept as they are, and no transform holds them"));
        return;
    }
    let (Some(y), Some(x)) = (&rows.values, &columns.values) else { return };
    let whole = longitudes_without_jump(columns);
    if let (Some(whole), Some(axis)) = (&whole, whole.as_deref().and_then(even_axis)) {
        if let Some([x0, dx, ..]) = &mut georeference.transform {
            (*x0, *dx) = (axis.start, axis.step);
        }
        oddities.add(
            file,
            format!(
                "longitudes along {} jump by a turn, and are written as they go on: {} to {}",
                columns.name,
                whole[0],
                whole[whole.len() - 1]
            ),
        );
    }
    let x = whole.as_ref().unwrap_or(x);
    if let (true, Some(axis), Some([x0, dx, ..])) =
        (is_longitude(columns), even_axis(x), &mut georeference.transform)
    {
        // GDAL brings longitudes beyond half a turn back by one: to others than the file states.
        let turns = ((axis.start - *x0) / 360.0).round();
        if turns != 0.0 && (axis.start - *x0 - 360.0 * turns).abs() < dx.abs() / 2.0 {
            *x0 += 360.0 * turns;
        }
    }
    if georeference.transform.is_none() {
        georeference.transform = transform_of_centres(x, y);
    }
    for (axis, values, at) in [(rows, y, [3, 5]), (columns, x, [0, 1])] {
        if values.len() < 2 || even_axis(values).is_some() {
            continue;
        }
        let kept = georeference.transform.map(|transform| {
            let even = |i: usize| transform[at[0]] + transform[at[1]] * (i as f64 + 0.5);
            // GDAL may have turned the rows over.
            furthest(values.iter(), even).min(furthest(values.iter().rev(), even))
        });
        let what = match kept {
            Some(off) => format!("the even ones that are written are off by up to {off:.4}"),
            None => "the place of its pixels is not written".to_owned(),
        };
        oddities.add(file, format!("coordinates along {} are not evenly spaced: {what}", axis.name));
    }
}

/// The largest distance of values from those that a function gives for their places.
fn furthest<'a>(values: impl Iterator<Item = &'a f64>, given: impl Fn(usize) -> f64) -> f64 {
    values.enumerate().map(|(i, value)| (given(i) - value).abs()).fold(0.0, f64::max)
}

/// Adds the georeference that the configuration gives to a file without one.
pub(crate) fn complete(
    georeference: &mut Georeference,
    input: &InputConfig,
    height: usize,
    width: usize,
) -> Result<()> {
    if let Some(crs) = &input.crs {
        let reference = grid::reference(crs)?;
        georeference.wkt = Some(reference.to_wkt()?);
        georeference.code = reference.authority().ok();
    }
    if let Some([left, bottom, right, top]) = input.bounds {
        if !(left < right && bottom < top) {
            return Err(Error::Invalid(format!(
                "the bounds of an [[input]] are {:?}; left < right and bottom < top are needed",
                input.bounds
            )));
        }
        georeference.transform =
            Some([left, (right - left) / width as f64, 0.0, top, 0.0, (bottom - top) / height as f64]);
    }
    Ok(())
}
