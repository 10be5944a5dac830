//! GDAL's settings for a program that reads large rasters window by window.

/// The size of GDAL's cache of decoded blocks, in bytes: enough for the blocks that a row of chunks covers, even where a file is
/// stored in strips.
const CACHE: i64 = 512 << 20;

/// Keeps GDAL from writing to standard error, as its errors are returned anyway, and limits its cache, which would otherwise
/// grow with the machine's memory (the environment variable `GDAL_CACHEMAX` sets another limit).
pub fn settle() {
    gdal::config::set_error_handler(|_, _, _| {});
    // VRTs that describe NPY files are written by this crate. An older GDAL ignores the option.
    drop(gdal::config::set_config_option("GDAL_VRT_RAWRASTERBAND_ALLOWED_SOURCE", "ALL"));
    if std::env::var_os("GDAL_CACHEMAX").is_none() {
        // SAFETY: sets a number; nothing has been read yet.
        unsafe { gdal_sys::GDALSetCacheMax64(CACHE) };
    }
}

/// Keeps HDF5, where GDAL is linked to it, from writing to standard error. HDF5 has a switch for each thread, and GDAL only
/// sets that of the thread in which it is initialised.
pub(crate) fn settle_thread() {
    type SetAuto = unsafe extern "C" fn(i64, *mut std::ffi::c_void, *mut std::ffi::c_void) -> std::ffi::c_int;
    thread_local! {
        static SETTLED: std::cell::Cell<bool> = const { std::cell::Cell::new(false) };
    }
    if SETTLED.replace(true) {
        return;
    }
    // SAFETY: looks for a function among those that are loaded; where it is, it is HDF5's, with this signature since 1.8 (stack
    // 0 is the default one of the thread; no function, no printing).
    unsafe {
        let found = libc::dlsym(libc::RTLD_DEFAULT, c"H5Eset_auto2".as_ptr());
        if !found.is_null() {
            let set_auto: SetAuto = std::mem::transmute(found);
            set_auto(0, std::ptr::null_mut(), std::ptr::null_mut());
        }
    }
}
