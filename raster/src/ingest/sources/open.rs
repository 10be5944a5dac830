//! Opens files through GDAL, and finds damage at once that would otherwise show much later.

use crate::error::{Error, Result};
use gdal::raster::RasterBand;
use gdal::{Dataset, Metadata as _};
use std::path::Path;

/// Opens a data set. `name` is the name that GDAL takes; `file` is the path for error messages.
pub(crate) fn open_dataset(name: &str, file: &Path) -> Result<Dataset> {
    crate::settings::settle_thread();
    Dataset::open(name).map_err(|e| Error::Unreadable {
        path: file.display().to_string(),
        reason: match (file.exists(), std::fs::File::open(file)) {
            (false, _) => "there is no such file".to_owned(),
            (true, Err(e)) => e.to_string(),
            (true, Ok(_)) => {
                format!("GDAL can't open it ({e}); is it whole, and of a format that `gdalinfo` reads?")
            }
        },
    })
}

/// Whether samples are bytes with a sign. GDAL before version 3.7 has no type for them and says so in metadata.
pub(super) fn is_signed_byte(band: &RasterBand<'_>) -> bool {
    band.metadata_item("PIXELTYPE", "IMAGE_STRUCTURE").is_some_and(|item| item == "SIGNEDBYTE")
}

/// Reads the last sample, so that a truncated file is found now and not hours later.
pub(super) fn check_end(
    band: &RasterBand<'_>,
    width: usize,
    height: usize,
) -> std::result::Result<(), String> {
    let mut last = [0.0f64];
    let last_pixel = (width as isize - 1, height as isize - 1);
    band.read_into_slice(last_pixel, (1, 1), (1, 1), &mut last, None)
        .map_err(|e| format!("its last samples can't be read ({e}); it may be truncated: get it again"))
}
