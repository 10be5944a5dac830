//! The mask of an array that has no value for "no data": an array beside it that tells which samples are valid.

use crate::error::Result;
use crate::raster::opening::OpenOptions;
use crate::raster::source::{Raster, RasterInfo};
use crate::store::reader::ZarrRaster;
use crate::store::tree;
use std::path::Path;
use std::sync::Arc;
use vqz_codec::axes::Role;
use vqz_codec::sample::DataType;
use vqz_raster::conventions::validity;

/// The mask of an array, among those that its attribute `ancillary_variables` names in its group.
///
/// # Errors
/// When an array of that name is there and can't be opened.
pub(crate) fn beside(
    info: &RasterInfo,
    group: &Path,
    options: &OpenOptions,
) -> Result<Option<Arc<dyn Raster>>> {
    let attributes = info.metadata.attributes();
    for name in validity::beside(&attributes) {
        let folder = group.join(name);
        if !folder.join("zarr.json").is_file() {
            continue;
        }
        for node in tree::arrays(&folder)? {
            if !validity::is_mask(&node.metadata.attributes()) {
                continue;
            }
            let mask = ZarrRaster::open(&node, options)?;
            if fits(mask.info(), info) {
                return Ok(Some(Arc::new(mask)));
            }
        }
    }
    Ok(None)
}

/// Whether a mask has the extents of an array; one without bands is that of all bands.
fn fits(mask: &RasterInfo, info: &RasterInfo) -> bool {
    let same = |role: &Role| mask.extent(role) == info.extent(role);
    mask.data_type == DataType::UInt8
        && [Role::Time, Role::Y, Role::X].iter().all(same)
        && (mask.axes.position(&Role::Band).is_none() || same(&Role::Band))
}
