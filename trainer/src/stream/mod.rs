//! A second stream of a GPU, so that the next batch is copied while the current one is computed. The bindings of libtorch
//! know one stream only, hence a few lines of C++ beside this file; this is the one module with `unsafe`.

#![allow(unsafe_code)]

use crate::error::{Error, Result};
use std::marker::PhantomData;
use std::os::raw::{c_int, c_void};
use std::ptr::NonNull;
use tch::Tensor;

unsafe extern "C" {
    fn vqz_stream_open(cuda_index: c_int) -> *mut c_void;
    fn vqz_stream_close(side: *mut c_void);
    fn vqz_stream_enter(side: *mut c_void) -> bool;
    fn vqz_stream_leave(side: *mut c_void) -> bool;
    fn vqz_stream_join(side: *mut c_void) -> bool;
    fn vqz_stream_adopt(side: *mut c_void, tensor: *mut c_void) -> bool;
}

/// A stream beside the current one.
#[derive(Debug)]
pub struct SideStream {
    /// From `vqz_stream_open`; closed once, on drop.
    handle: NonNull<c_void>,
    /// The current stream is a property of the thread, so this must not move to another thread.
    thread: PhantomData<*const ()>,
}

impl SideStream {
    /// A stream of the CUDA device with this index; `None` where there is no such device.
    #[must_use]
    pub fn open(cuda_index: usize) -> Option<Self> {
        let index = c_int::try_from(cuda_index).ok()?;
        // SAFETY: takes a number and catches every C++ exception.
        let handle = NonNull::new(unsafe { vqz_stream_open(index) })?;
        Some(Self { handle, thread: PhantomData })
    }

    /// Runs `work` with all that it asks the device for on this stream.
    ///
    /// # Errors
    /// [`Error::Torch`] when libtorch refuses to change streams.
    pub fn run<T>(&self, work: impl FnOnce() -> T) -> Result<T> {
        struct Back<'a>(&'a SideStream);
        impl Drop for Back<'_> {
            fn drop(&mut self) {
                // SAFETY: the handle is open as long as the borrow. A refusal leaves the side stream current, which is
                // slower but still correct.
                unsafe { vqz_stream_leave(self.0.handle.as_ptr()) };
            }
        }
        // SAFETY: the handle is open.
        check(unsafe { vqz_stream_enter(self.handle.as_ptr()) })?;
        let _back = Back(self);
        Ok(work())
    }

    /// Makes the current stream wait for this one, and keeps the memory of `tensors`, which were made on it, until the
    /// current stream is done with them.
    ///
    /// # Errors
    /// [`Error::Torch`] when libtorch refuses.
    pub fn join(&self, tensors: &[&Tensor]) -> Result<()> {
        // SAFETY: the handle is open.
        check(unsafe { vqz_stream_join(self.handle.as_ptr()) })?;
        for tensor in tensors {
            // SAFETY: a tensor of the bindings is a pointer to libtorch's, and lives as long as the borrow.
            check(unsafe { vqz_stream_adopt(self.handle.as_ptr(), tensor.as_ptr().cast_mut().cast()) })?;
        }
        Ok(())
    }
}

impl Drop for SideStream {
    fn drop(&mut self) {
        // SAFETY: opened once, closed once.
        unsafe { vqz_stream_close(self.handle.as_ptr()) };
    }
}

fn check(done: bool) -> Result<()> {
    if done { Ok(()) } else { Err(Error::Torch("it refused to work on a second stream".to_owned())) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tch::{Cuda, Device, Kind};

    #[test]
    fn without_a_gpu_there_is_none() {
        if Cuda::is_available() {
            return;
        }
        assert!(SideStream::open(0).is_none());
    }

    #[test]
    fn what_a_side_stream_made_is_there_once_joined() {
        let Some(side) = SideStream::open(0).filter(|_| Cuda::is_available()) else {
            eprintln!("SKIPPED: libtorch finds no GPU");
            return;
        };
        let host = Tensor::randn([64, 12, 128, 128], (Kind::Float, Device::Cpu));
        let made = side
            .run(|| {
                host.pin_memory(Device::Cuda(0)).to_device_(Device::Cuda(0), Kind::Float, true, false) * 2.0
            })
            .unwrap();
        side.join(&[&made]).unwrap();
        let sum = (made - host.to_device(Device::Cuda(0)) * 2.0).abs().max().double_value(&[]);
        assert_eq!(sum, 0.0);
    }
}
