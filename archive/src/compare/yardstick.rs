//! The yardstick of a comparison (peak, masks and tiles), from the options and the metadata of both rasters.

use crate::error::{Context, Result};
use crate::metrics::compare::Yardstick;
use crate::raster::region::{Grid, Region};
use crate::raster::samples::{Mask, to_f64};
use crate::raster::source::{Raster, RasterInfo};
use vqz_codec::axes::Role;
use vqz_codec::fit::peak::Evidence;
use vqz_codec::sample::DataType;
use vqz_zarr::models;

/// The side of a patch that is assumed if neither raster names a model.
const PATCH: usize = 16;

/// The yardstick, and where its peak comes from, or why it has none.
pub(crate) fn choose(a: &dyn Raster, b: &dyn Raster, peak: Option<f64>) -> Result<(Yardstick, &'static str)> {
    let masks = masks(a.info(), b.info())?;
    let (peak, peak_from) = choose_peak(a, b, &masks.0, peak)?;
    Ok((Yardstick { peak, masks, tiles: tiles(a, b)? }, peak_from))
}

/// Which samples have data. If only one of the two declares nodata values, they apply to both: an archive keeps the
/// values that were given to the encode, and its source may not declare them.
fn masks(a: &RasterInfo, b: &RasterInfo) -> Result<(Mask, Mask)> {
    let (ours, theirs) = match (a.nodata.is_empty(), b.nodata.is_empty()) {
        (true, false) => (&b.nodata, &b.nodata),
        (false, true) => (&a.nodata, &a.nodata),
        _ => (&a.nodata, &b.nodata),
    };
    Ok((Mask::new(ours, a.data_type)?, Mask::new(theirs, b.data_type)?))
}

fn choose_peak(
    a: &dyn Raster,
    b: &dyn Raster,
    mask: &Mask,
    given: Option<f64>,
) -> Result<(Option<f64>, &'static str)> {
    if let Some(peak) = given {
        return Ok((Some(peak), "given"));
    }
    for raster in [b, a] {
        if let Some(encoded) = raster.info().metadata.encoded()?
            && let Some(model) = &encoded.configuration.model
        {
            return Ok((Some(models::find(model)?.manifest().peak), "model"));
        }
    }
    let info = a.info();
    let range = if info.data_type == DataType::UInt8 { (0.0, 0.0) } else { range(a, mask)? };
    let evidence =
        Evidence { types: vec![info.data_type], bands: info.bands(), names: info.band_names(), range };
    Ok(match evidence.peak() {
        Some((peak, from)) => (Some(peak), from),
        None if range.0 > range.1 => (None, "no valid sample"),
        None if range.0 == range.1 => (None, "all valid samples are equal"),
        None => (None, "the range of the samples is beyond float64"),
    })
}

/// The smallest and the largest valid sample.
fn range(raster: &dyn Raster, mask: &Mask) -> Result<(f64, f64)> {
    let info = raster.info();
    let grid = Grid::new(&info.shape, &info.chunk);
    let (mut low, mut high) = (f64::INFINITY, f64::NEG_INFINITY);
    for number in 0..grid.walkable(&info.label)? {
        let region: Region = grid.region(&grid.indices(number));
        for value in to_f64(info.data_type, &raster.read(&region)?) {
            if mask.is_valid(value) {
                (low, high) = (low.min(value), high.max(value));
            }
        }
    }
    Ok((low, high))
}

/// How the codec cuts, or would cut, the second raster into tiles.
fn tiles(a: &dyn Raster, b: &dyn Raster) -> Result<(usize, usize, usize)> {
    for raster in [b, a] {
        let info = raster.info();
        let (Some(y), Some(x)) = (info.axes.position(&Role::Y), info.axes.position(&Role::X)) else {
            continue;
        };
        if let Some(encoded) = info.metadata.encoded()? {
            let model = encoded.configuration.model.as_ref().map(models::find).transpose();
            let patch = model.with_context(|| info.label.clone())?.map_or(PATCH, |m| m.manifest().patch);
            return Ok((encoded.chunk[y] as usize, encoded.chunk[x] as usize, patch));
        }
    }
    let info = b.info();
    let side = |role: Role| info.extent(&role).min(1024) as usize;
    Ok((side(Role::Y), side(Role::X), PATCH))
}
