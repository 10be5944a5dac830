//! Opens files through GDAL, and finds damage at once that would otherwise show much later.

use crate::error::{Error, Result};
use crate::ingest::sources::container::raster::VariableRaster;
use gdal::Dataset;
use gdal::raster::RasterBand;
use std::collections::BTreeSet;
use std::ffi::CStr;
use std::path::{Path, PathBuf};

/// Up to so many bytes, a raster may declare any number of samples.
const LARGE: u64 = 1 << 40;

/// The most bytes of samples that a byte of a file stands for: a sparse file has none where nothing is stored.
const MOST_TO_ONE: u64 = 1 << 20;

/// Opens a data set. `name` is the name that GDAL takes, or that of a [`VariableRaster`]; `file` is the path for error messages.
pub(crate) fn open_dataset(name: &str, file: &Path) -> Result<Dataset> {
    crate::settings::settle_thread();
    let opened = match VariableRaster::of_name(name) {
        Some(variable) => variable.open(),
        None => Dataset::open(name),
    };
    opened.map_err(|e| Error::Unreadable {
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

/// Refuses a raster that declares far more samples than its files can tell, such as one of a few bytes that claims to have 2³¹ rows:
/// everything would then cost what it claims, and not what is stored.
///
/// # Errors
/// [`Error::Mismatch`], with both sizes.
pub(super) fn check_size(dataset: &Dataset, file: &Path) -> Result<()> {
    let (width, height) = dataset.raster_size();
    let bands = dataset.raster_count() as u64;
    let bits = dataset.rasterband(1).map_or(8, |band| u64::from(band.band_type().bits()));
    let samples = (width as u64).saturating_mul(height as u64).saturating_mul(bands);
    let declared = samples.saturating_mul(bits / 8);
    if declared <= LARGE {
        return Ok(());
    }
    // A virtual raster is small itself, and its sources are among its files.
    let files = files_of(dataset, file);
    let stored: u64 =
        files.iter().filter_map(|file| std::fs::metadata(file).ok()).map(|known| known.len()).sum();
    if declared > stored.saturating_mul(MOST_TO_ONE) {
        return Err(Error::Mismatch(format!(
            "{}: it declares {height} × {width} pixels in {bands} bands, {declared} bytes, and its files have {stored}; if it is \
             whole, cut out the part that is needed first (gdal_translate -srcwin)",
            file.display()
        )));
    }
    Ok(())
}

/// The files that a raster is read from, as GDAL lists them: the file itself, and others in which its samples or their description are
/// kept. Only the file itself where GDAL does not open it.
#[must_use]
pub fn files_of_raster(file: &Path) -> BTreeSet<PathBuf> {
    crate::settings::settle_thread();
    match Dataset::open(file) {
        Ok(dataset) => files_of(&dataset, file),
        Err(_) => BTreeSet::from([file.to_path_buf()]),
    }
}

/// The files that a data set is read from.
fn files_of(dataset: &Dataset, file: &Path) -> BTreeSet<PathBuf> {
    let mut files = BTreeSet::from([file.to_path_buf()]);
    // SAFETY: the data set is open; the list, which may be null, and its texts are GDAL's until they are freed with its function.
    unsafe {
        let list = gdal_sys::GDALGetFileList(dataset.c_dataset());
        let mut next = list;
        while !next.is_null() && !(*next).is_null() {
            files.insert(PathBuf::from(CStr::from_ptr(*next).to_string_lossy().into_owned()));
            next = next.add(1);
        }
        gdal_sys::CSLDestroy(list);
    }
    files
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
