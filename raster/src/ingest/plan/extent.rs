//! The grid of an array: that of the inputs, extended to cover all of them, or the one that the configuration gives.

use crate::error::{Error, Result};
use crate::georeference::Georeference;
use crate::ingest::config::{Config, Extent};
use crate::ingest::grid::{self, Bounds, Grid};
use crate::ingest::sources::layer::Layer;
use crate::ingest::sources::polygons::Border;

/// The grid for layers whose pixels have one size, or will be resampled to one.
///
/// # Errors
/// [`Error::Mismatch`] where a border or bounds miss all layers, or layers that are not upright differ;
/// [`Error::Invalid`] where the configuration asks for an impossible grid.
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
        return Err(Error::Mismatch(format!(
            "{} has {}, and is rotated or has no reference system; to resample it onto a common grid, set crs, resolution and \
             resampling under [grid]",
            first.label(),
            first.grid.label()
        )));
    }
    let bounds = bounds(config, layers, &georeference)?;
    let bounds = match (wanted.bounds, border) {
        (Some(asked), _) => cut(asked, bounds, "the bounds under [grid]").map(|_| asked)?,
        (None, Some(border)) => {
            let reference = georeference.wkt.as_deref().ok_or_else(|| {
                Error::Mismatch(
                    "the inputs have no coordinate reference system, a border needs one".to_owned(),
                )
            })?;
            cut(border.bounds(reference)?, bounds, "the border")?
        }
        (None, None) => bounds,
    };
    let kept = wanted.crs.is_none() && wanted.resolution.is_none();
    let pixel = match wanted.resolution {
        Some(resolution) => resolution.pixel(),
        None if kept => first.grid.pixel(),
        // In another coordinate reference system, pixels get the size that keeps their number about the same.
        None => {
            let own = reprojected(first, &georeference)?;
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
    Grid::over(bounds, pixel, anchor, &georeference)
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

fn reprojected(layer: &Layer, georeference: &Georeference) -> Result<Bounds> {
    match (&layer.georeference().wkt, &georeference.wkt) {
        (Some(from), Some(to)) => grid::transform_bounds(layer.grid.bounds(), from, to),
        (None, Some(_)) => Err(Error::Mismatch(format!(
            "{} has no coordinate reference system; give it as `crs` of its [[input]]",
            layer.label()
        ))),
        _ => Ok(layer.grid.bounds()),
    }
}

/// The area of the layers, by the rule that the configuration gives.
fn bounds(config: &Config, layers: &[&Layer], georeference: &Georeference) -> Result<Bounds> {
    let mut covered: Option<Bounds> = None;
    for layer in layers {
        let own = reprojected(layer, georeference)?;
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
    covered.ok_or_else(|| Error::Invalid("there are no layers to cover anything".to_owned()))
}

fn cut(asked: Bounds, covered: Bounds, what: &str) -> Result<Bounds> {
    grid::intersection(asked, covered).ok_or_else(|| {
        Error::Mismatch(format!(
            "{what} ({asked:?}) and the inputs ({covered:?}; left, bottom, right, top) have nothing in common"
        ))
    })
}
