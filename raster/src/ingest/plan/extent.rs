//! The grid of an array: that of the inputs, extended to cover all of them, or the one that the configuration gives.

use crate::error::{Error, Result};
use crate::georeference::Georeference;
use crate::ingest::config::{Config, Extent};
use crate::ingest::footprint::{self, NoPlace, nearest};
use crate::ingest::grid::{self, Bounds, Grid};
use crate::ingest::sources::layer::Layer;
use crate::ingest::sources::polygons::Border;

/// The grid for layers whose pixels have one size, or will be resampled to one.
///
/// # Errors
/// [`Error::Mismatch`] where a border or bounds miss all layers, where a part of a layer has no place in the coordinate reference
/// system and nothing says what to cover, or where layers that are not upright differ; [`Error::Invalid`] where the
/// configuration asks for an impossible grid.
pub(crate) fn grid(config: &Config, layers: &[&Layer], border: Option<&Border>) -> Result<Grid> {
    let Some(first) = layers.first() else {
        return Err(Error::Invalid("there are no layers to make a grid of".to_owned()));
    };
    let wanted = &config.grid;
    let same = layers.iter().all(|layer| layer.grid == first.grid);
    let own =
        wanted.crs.is_none() && wanted.resolution.is_none() && wanted.bounds.is_none() && border.is_none();
    if own && same {
        return Ok(first.grid.clone());
    }
    if let Some([left, bottom, right, top]) = wanted.bounds.filter(|b| !(b[0] < b[2] && b[1] < b[3])) {
        return Err(Error::Invalid(format!(
            "bounds under [grid] are left {left}, bottom {bottom}, right {right}, top {top}; left < right and bottom < top are \
             needed"
        )));
    }
    let georeference = georeference(config, first)?;
    let upright =
        first.grid.is_upright() && first.grid.transform()[5] < 0.0 && first.grid.transform()[1] > 0.0;
    if !upright && (wanted.resolution.is_none() || georeference.wkt.is_none()) {
        let own = first.georeference();
        let why = match (own.transform, first.grid.is_upright()) {
            (None, _) => "nothing says where it lies",
            (_, true) => {
                "its rows run to the north, or its columns to the west, unlike those of a common grid"
            }
            (_, false) => "it is rotated",
        };
        let place = match (own.transform, &own.wkt) {
            (None, _) => "give its place as `crs` and `bounds` of its [[input]]",
            (Some(_), None) => {
                "give its `crs` in its [[input]], and set crs, resolution and resampling under [grid]"
            }
            (Some(_), Some(_)) => {
                "to resample all onto a common one, set crs, resolution and resampling under [grid]"
            }
        };
        return Err(Error::Mismatch(format!(
            "{} has {}, and the inputs do not share one grid: {why}; {place}",
            first.label(),
            first.grid.label()
        )));
    }
    let covered = || covered(config, layers, &georeference);
    let (bounds, what) = match (wanted.bounds, border) {
        (Some(asked), _) => (asked, "the bounds under [grid]"),
        (None, Some(border)) => {
            let reference = georeference.wkt.as_deref().ok_or_else(|| {
                Error::Mismatch(
                    "the inputs have no coordinate reference system, a border needs one".to_owned(),
                )
            })?;
            let asked = border.bounds(reference)?;
            // Where the inputs have no bounds there, those of the border do.
            let bounds = match covered()? {
                Area::Known(covered) => shared(asked, covered, &georeference)
                    .ok_or_else(|| nothing_in_common("the border", asked, covered))?,
                Area::Unknown(..) => asked,
            };
            (bounds, "the border")
        }
        (None, None) => match covered()? {
            Area::Known(covered) => (covered, "the inputs"),
            Area::Unknown(layer, why) => return Err(of(layer, &georeference, &why)),
        },
    };
    let kept = wanted.crs.is_none() && wanted.resolution.is_none();
    let pixel = match wanted.resolution {
        Some(resolution) => resolution.pixel(),
        None if kept => first.grid.pixel(),
        // In another coordinate reference system, pixels get the size that keeps their number about the same.
        None => {
            let own = reprojected(first, &georeference)?.map_err(|why| of(first, &georeference, &why))?;
            let side = ((own[2] - own[0]) * (own[3] - own[1])
                / (first.grid.width as f64 * first.grid.height as f64))
                .sqrt();
            [side, side]
        }
    };
    let [x0, _, _, y0, _, _] = first.grid.transform();
    let anchor = match (wanted.bounds, kept) {
        (_, true) => [x0, y0],
        (Some([left, _, _, top]), false) => [left, top],
        // All grids with pixels of one size share an anchor, so that their pixels coincide.
        (None, false) => [0.0, 0.0],
    };
    let grid = Grid::over(bounds, pixel, anchor, &georeference)?;
    for layer in layers {
        check_reference(layer, &georeference)?;
        if !footprint::parts(&layer.grid, &grid).map_err(|e| of(layer, &georeference, &e))?.is_empty() {
            return Ok(grid);
        }
    }
    Err(match covered() {
        Ok(Area::Known(covered)) => nothing_in_common(what, bounds, covered),
        // What the inputs cover is asked here for the message only.
        Ok(Area::Unknown(..)) | Err(_) => {
            Error::Mismatch(format!("{what} ({bounds:?}) and the inputs have nothing in common"))
        }
    })
}

/// Longitudes beyond half a turn in which a grid lies that was made to cover layers across 180°; in words, `None` where it does
/// not.
pub(crate) fn across(grid: &Grid) -> Option<String> {
    let turn = footprint::turn(&grid.georeference)?;
    let [left, _, right, _] = grid.bounds();
    (left < turn / 2.0 && right > turn / 2.0).then(|| {
        format!("the inputs lie across the antimeridian, and their longitudes run from {left} to {right}")
    })
}

/// The coordinate reference system that the configuration gives, or the layers' own.
fn georeference(config: &Config, first: &Layer) -> Result<Georeference> {
    let own = first.georeference();
    let Some(crs) = &config.grid.crs else { return Ok(own.clone()) };
    let reference = grid::reference(crs)?;
    Ok(Georeference {
        wkt: Some(reference.to_wkt()?),
        code: reference.authority().ok(),
        point: own.point,
        ..Georeference::default()
    })
}

/// The bounds of a layer in the coordinate reference system of the grid, if it has any there.
fn reprojected(layer: &Layer, georeference: &Georeference) -> Result<std::result::Result<Bounds, NoPlace>> {
    check_reference(layer, georeference)?;
    footprint::bounds(&layer.grid, georeference).map_err(|e| of(layer, georeference, &e))
}

fn check_reference(layer: &Layer, georeference: &Georeference) -> Result<()> {
    if layer.georeference().wkt.is_none() && georeference.wkt.is_some() {
        return Err(Error::Mismatch(format!(
            "{} has no coordinate reference system; give it as `crs` of its [[input]]",
            layer.label()
        )));
    }
    Ok(())
}

/// An error about a layer in another coordinate reference system.
fn of(layer: &Layer, georeference: &Georeference, error: &dyn std::fmt::Display) -> Error {
    let there = georeference.code.as_deref().unwrap_or("the coordinate reference system of the grid");
    Error::Mismatch(format!("{} can't be brought to {there}: {error}", layer.label()))
}

/// The area of layers in the coordinate reference system of the grid.
enum Area<'a> {
    Known(Bounds),
    /// This layer has no bounds there.
    Unknown(&'a Layer, NoPlace),
}

/// The area of the layers, by the rule that the configuration gives.
///
/// # Errors
/// [`Error::Mismatch`] where a layer has no coordinate reference system, and where the layers share nothing and should.
fn covered<'a>(config: &Config, layers: &[&'a Layer], georeference: &Georeference) -> Result<Area<'a>> {
    let mut grids: Vec<(&Grid, Bounds)> = Vec::new();
    let mut all: Vec<(&Layer, Bounds)> = Vec::new();
    for &layer in layers {
        // Many files lie on the same pixels.
        let known = grids.iter().rev().take(8).find(|(grid, _)| **grid == layer.grid);
        match known.map(|(_, bounds)| *bounds) {
            Some(bounds) => all.push((layer, bounds)),
            None => {
                let bounds = match reprojected(layer, georeference)? {
                    Ok(bounds) => bounds,
                    Err(why) => return Ok(Area::Unknown(layer, why)),
                };
                grids.push((&layer.grid, bounds));
                all.push((layer, bounds));
            }
        }
    }
    let half = footprint::turn(georeference).map(|turn| turn / 2.0);
    // Where one lies across 180°, all are counted from there.
    let across = all.iter().map(|(_, bounds)| *bounds).find(|b| {
        half.is_some_and(|half| config.grid.crs.is_some() && b[0] < half && b[2] > half && b[2] - b[0] < half)
    });
    let mut covered: Option<Bounds> = None;
    for (layer, own) in all {
        let own = match across.filter(|_| config.grid.extent != Extent::First) {
            Some(seed) => nearest(own, covered.unwrap_or(seed), georeference),
            None => own,
        };
        covered = Some(match (covered, config.grid.extent) {
            (None, _) => own,
            (Some(known), Extent::First) => known,
            (Some(known), Extent::Union) => grid::union(known, own),
            (Some(known), Extent::Intersection) => grid::intersection(known, own).ok_or_else(|| {
                Error::Mismatch(format!(
                    "{} covers nothing that the layers before it do; with extent = \"intersection\" nothing is left",
                    layer.label()
                ))
            })?,
        });
    }
    covered.map(Area::Known).ok_or_else(|| Error::Invalid("there are no layers to cover anything".to_owned()))
}

/// The rectangle that both share, wherever longitudes are counted from.
fn shared(asked: Bounds, covered: Bounds, georeference: &Georeference) -> Option<Bounds> {
    grid::intersection(asked, covered)
        .or_else(|| grid::intersection(asked, nearest(covered, asked, georeference)))
}

fn nothing_in_common(what: &str, asked: Bounds, covered: Bounds) -> Error {
    Error::Mismatch(format!(
        "{what} ({asked:?}) and the inputs ({covered:?}; left, bottom, right, top) have nothing in common"
    ))
}
