//! One value that means "no data", where a format declares no more, or none for each band.

use crate::error::Result;
use crate::export::raster::ExportedRaster;
use crate::progress::{Progress, Remark};
use crate::raster::one_nodata::OneNodata;
use std::sync::Arc;

/// The raster as CF can declare it: its values hold for all bands, so where bands have values of their own, one value stays.
///
/// # Errors
/// When a value is not one that samples can be.
pub(crate) fn not_by_band(exported: &ExportedRaster, progress: &dyn Progress) -> Result<ExportedRaster> {
    match OneNodata::new(&exported.raster)? {
        Some(one) if one.is_by_band() => one_nodata(exported, progress),
        _ => Ok(exported.clone()),
    }
}

/// The raster with one value that means "no data" for all bands, because a GeoTIFF declares one.
///
/// # Errors
/// When a value is not one that samples can be.
pub(crate) fn one_nodata(exported: &ExportedRaster, progress: &dyn Progress) -> Result<ExportedRaster> {
    let info = exported.raster.info();
    let (label, Some(one)) = (info.label.clone(), OneNodata::new(&exported.raster)?) else {
        return Ok(exported.clone());
    };
    let (kept, others) = (one.kept(), one.others().to_vec());
    let by_band = one.is_by_band();
    progress.remark(&Remark::NodataMerged { array: label, kept, others, by_band });
    let mut exported = exported.clone();
    exported.raster = Arc::new(one);
    for band in &mut exported.bands {
        band.nodata = Some(kept);
    }
    exported.described()
}
