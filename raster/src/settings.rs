//! GDAL's settings for a program that reads large rasters window by window.

/// Bytes of decoded blocks that GDAL keeps: the rows of blocks that a row of chunks is cut from, also where a file has strips.
const CACHE: i64 = 512 << 20;

/// Keeps GDAL from writing to standard error what its errors say again, and its cache from growing with the machine's memory
/// (the variable `GDAL_CACHEMAX` gives another size).
pub fn settle() {
    gdal::config::set_error_handler(|_, _, _| {});
    // The VRTs that describe NPY files are ours. An option that an older GDAL does not know is none.
    drop(gdal::config::set_config_option("GDAL_VRT_RAWRASTERBAND_ALLOWED_SOURCE", "ALL"));
    if std::env::var_os("GDAL_CACHEMAX").is_none() {
        // SAFETY: sets a number; nothing has been read yet.
        unsafe { gdal_sys::GDALSetCacheMax64(CACHE) };
    }
}
