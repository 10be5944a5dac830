//! GDAL's objects with several dimensions, released when they are dropped. The crate `gdal` reads such arrays; writing them
//! is done here.

use crate::{Error, Result};
use std::ffi::{CStr, CString};

/// An object of GDAL's, and the function that releases it.
pub(super) struct Handle<T> {
    pointer: *mut T,
    release: unsafe extern "C" fn(*mut T),
}

impl<T> Handle<T> {
    /// Takes over an object. `what` names it in the error.
    ///
    /// # Errors
    /// [`Error::Mismatch`] with what GDAL says, when the pointer is null.
    pub(super) fn new(
        pointer: *mut T,
        release: unsafe extern "C" fn(*mut T),
        what: impl FnOnce() -> String,
    ) -> Result<Self> {
        if pointer.is_null() { Err(failed(&what())) } else { Ok(Self { pointer, release }) }
    }

    /// The pointer, for as long as the object lives.
    pub(super) fn pointer(&self) -> *mut T {
        self.pointer
    }
}

impl<T> Drop for Handle<T> {
    fn drop(&mut self) {
        // SAFETY: the pointer is not null, came from GDAL with this function to release it, and is not used after.
        unsafe { (self.release)(self.pointer) }
    }
}

/// What GDAL said last.
pub(super) fn failed(what: &str) -> Error {
    // SAFETY: GDAL's text ends with a null byte and lives until the next message of this thread; it is copied.
    let message = unsafe { CStr::from_ptr(gdal_sys::CPLGetLastErrorMsg()).to_string_lossy().into_owned() };
    Error::Mismatch(format!(
        "{what} can't be written: {}",
        if message.is_empty() { "GDAL says no more" } else { &message }
    ))
}

/// A text as C has it.
///
/// # Errors
/// [`Error::Invalid`] when it holds a null character.
pub(super) fn c_text(text: &str) -> Result<CString> {
    CString::new(text).map_err(|_| Error::Invalid(format!("{text:?} holds a null character; take it out")))
}
