//! Declarations of "no data" that mask no samples: said before samples are taken for data.

use crate::error::Result;
use crate::progress::{Progress, Remark};
use crate::raster::source::RasterInfo;

/// Remarks on what a raster declares as "no data" and can't be read, or no sample can be. An archive masks what its codec's
/// configuration states, whatever its attributes say.
///
/// # Errors
/// When the configuration of the codec is wrong.
pub(crate) fn unread_nodata(info: &RasterInfo, progress: &dyn Progress) -> Result<()> {
    if info.metadata.encoded()?.is_some() {
        return Ok(());
    }
    for unread in info.metadata.nodata_declaration().unread {
        let (array, key, found, why) = (info.label.clone(), unread.key, unread.found, unread.why);
        progress.remark(&Remark::NodataUnread { array, key, found, why });
    }
    Ok(())
}
