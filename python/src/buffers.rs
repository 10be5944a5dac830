//! Bytes of Python objects, read and written without a copy while other Python threads run.
#![allow(unsafe_code, reason = "the buffer protocol hands out raw pointers")]

use crate::errors::VqzError;
use pyo3::buffer::PyBuffer;
use pyo3::prelude::*;

/// The bytes of a contiguous object, such as `bytes` or an array of NumPy's type uint8. The object stays alive, and its memory where
/// it is, as long as this value.
pub(crate) struct Bytes(PyBuffer<u8>);

impl Bytes {
    /// The bytes of an object.
    ///
    /// # Errors
    /// When it has no contiguous bytes.
    pub(crate) fn of(object: &Bound<'_, PyAny>) -> PyResult<Self> {
        let buffer = PyBuffer::get(object)?;
        if !buffer.is_c_contiguous() {
            return Err(VqzError::new_err("the bytes are not contiguous; give a contiguous array"));
        }
        Ok(Self(buffer))
    }

    /// The bytes. The caller sees to it that nobody writes to them meanwhile: zarr-python hands over memory of its own, and copies
    /// what is read more than once.
    pub(crate) fn as_slice(&self) -> &[u8] {
        if self.0.len_bytes() == 0 {
            return &[];
        }
        // SAFETY: The buffer is contiguous and holds its memory until it is dropped.
        unsafe { std::slice::from_raw_parts(self.0.buf_ptr().cast(), self.0.len_bytes()) }
    }

    /// Copies bytes into the object.
    ///
    /// # Errors
    /// When it is read-only, or has another length.
    pub(crate) fn fill(&self, bytes: &[u8]) -> PyResult<()> {
        if self.0.readonly() || self.0.len_bytes() != bytes.len() {
            return Err(VqzError::new_err(format!(
                "{} bytes are to be written, the array takes {} and is {}",
                bytes.len(),
                self.0.len_bytes(),
                if self.0.readonly() { "read-only" } else { "writable" }
            )));
        }
        if !bytes.is_empty() {
            // SAFETY: The memory is writable and of this length, and the caller made it for these bytes alone.
            unsafe { std::ptr::copy_nonoverlapping(bytes.as_ptr(), self.0.buf_ptr().cast(), bytes.len()) };
        }
        Ok(())
    }
}

// SAFETY: A buffer is a pointer to memory that its object keeps; only its release needs the interpreter, which takes it then.
unsafe impl Sync for Bytes {}
