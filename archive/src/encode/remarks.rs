//! What a user should know about an input before trusting its archive. These are remarks, never failures.

use crate::error::Result;
use crate::progress::{Progress, Remark};
use crate::raster::source::RasterInfo;
use crate::store::foreign;
use crate::store::tree::Node;
use vqz_codec::config::{NoData, Promise};
use vqz_codec::model::Model;
use vqz_codec::sample::DataType;

/// Remarks on an input that was encoded with loss before.
pub(crate) fn already_encoded(info: &RasterInfo, progress: &dyn Progress) -> Result<()> {
    if let Some(encoding) = info.metadata.encoded()?.filter(|e| e.configuration.promise != Promise::Lossless)
    {
        let configuration = encoding.configuration;
        let model = configuration.model.map(|model| (model.name, configuration.quality));
        progress.remark(&Remark::AlreadyEncoded { array: info.label.clone(), model });
    }
    Ok(())
}

/// Remarks on values that are given as nodata, and that no sample of the array can equal.
///
/// # Errors
/// For a value that is no number.
pub(crate) fn impossible_nodata(given: &[NoData], info: &RasterInfo, progress: &dyn Progress) -> Result<()> {
    for nodata in given {
        if let (None, Some(value)) = (nodata.to_f64(info.data_type)?, nodata.to_f64(DataType::Float64)?) {
            let (file, data_type) = (info.label.clone(), info.data_type.name());
            progress.remark(&Remark::ImpossibleNodata { file, given: true, value, data_type });
        }
    }
    Ok(())
}

/// Remarks on a quality outside the range that was measured on the training data.
pub(crate) fn quality_beyond(model: &Model, quality: f64, progress: &dyn Progress) {
    let manifest = model.manifest();
    let (Some(first), Some(last)) = (manifest.calibration.first(), manifest.calibration.last()) else {
        return;
    };
    if quality < first.psnr_db || quality > last.psnr_db {
        let measured = (first.psnr_db, last.psnr_db);
        progress.remark(&Remark::QualityBeyondModel { quality, model: manifest.name.clone(), measured });
    }
}

/// Remarks on what lies in the groups of a hierarchy and is no node of Zarr v3, so that nothing that is made of them holds it.
///
/// # Errors
/// When a folder can't be listed.
pub(crate) fn left_out(nodes: &[Node], progress: &dyn Progress) -> Result<()> {
    for found in foreign::beside(nodes)?.into_iter().chain(foreign::missing(nodes)) {
        progress.remark(&Remark::LeftOut { array: found.path, why: found.what });
    }
    Ok(())
}
