//! JPEG 2000 through OpenJPEG, in memory. All unsafe code for the rivals is here.
//!
//! Each call has its own codec, image and stream, so calls may run on many threads at once.

use anyhow::{Result, bail, ensure};
use openjpeg_sys as opj;
use std::ffi::c_void;
use std::mem::MaybeUninit;
use std::ptr;

/// One component of an image.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Component {
    pub(super) width: usize,
    pub(super) height: usize,
    /// Bits of a sample.
    pub(super) precision: u32,
    pub(super) signed: bool,
}

/// One more than the greatest number of levels of the wavelet transform: OpenJPEG's default.
pub(super) const RESOLUTIONS: u32 = 6;

/// The memory that a stream reads from or writes to.
#[derive(Default)]
struct Memory {
    bytes: Vec<u8>,
    at: usize,
}

/// The value by which OpenJPEG recognises the end of a stream.
const END: usize = usize::MAX;

/// SAFETY: OpenJPEG calls this with `length` writable bytes at `buffer`, and the `Memory` that the stream was made with.
unsafe extern "C" fn read(buffer: *mut c_void, length: usize, user: *mut c_void) -> usize {
    let memory = unsafe { &mut *user.cast::<Memory>() };
    let rest = &memory.bytes[memory.at.min(memory.bytes.len())..];
    let count = rest.len().min(length);
    if count == 0 {
        return END;
    }
    unsafe { ptr::copy_nonoverlapping(rest.as_ptr(), buffer.cast::<u8>(), count) };
    memory.at += count;
    count
}

/// SAFETY: as `read`, with `length` readable bytes.
unsafe extern "C" fn write(buffer: *mut c_void, length: usize, user: *mut c_void) -> usize {
    let memory = unsafe { &mut *user.cast::<Memory>() };
    let from = unsafe { std::slice::from_raw_parts(buffer.cast::<u8>(), length) };
    let end = memory.at + length;
    if memory.bytes.len() < end {
        memory.bytes.resize(end, 0);
    }
    memory.bytes[memory.at..end].copy_from_slice(from);
    memory.at = end;
    length
}

/// SAFETY: as `read`, without a buffer.
unsafe extern "C" fn skip(length: i64, user: *mut c_void) -> i64 {
    let memory = unsafe { &mut *user.cast::<Memory>() };
    match memory.at.checked_add_signed(length as isize) {
        Some(at) => {
            memory.at = at;
            length
        }
        None => -1,
    }
}

/// SAFETY: as `skip`.
unsafe extern "C" fn seek(to: i64, user: *mut c_void) -> opj::OPJ_BOOL {
    let memory = unsafe { &mut *user.cast::<Memory>() };
    match usize::try_from(to) {
        Ok(at) => {
            memory.at = at;
            1
        }
        Err(_) => 0,
    }
}

/// A codec that is freed when dropped.
struct Codec(*mut opj::opj_codec_t);

impl Drop for Codec {
    fn drop(&mut self) {
        // SAFETY: made by OpenJPEG, checked not to be null, dropped once.
        unsafe { opj::opj_destroy_codec(self.0) }
    }
}

/// An image that is freed when dropped.
struct Image(*mut opj::opj_image_t);

impl Drop for Image {
    fn drop(&mut self) {
        // SAFETY: as for a codec.
        unsafe { opj::opj_image_destroy(self.0) }
    }
}

/// A stream over memory, which must outlive it.
struct Stream<'a>(*mut opj::opj_stream_t, std::marker::PhantomData<&'a mut Memory>);

impl<'a> Stream<'a> {
    fn new(memory: &'a mut Memory, input: bool) -> Result<Self> {
        let length = memory.bytes.len() as u64;
        // SAFETY: the stream is checked before use; the memory is borrowed for as long as the stream lives, and is given
        // without a function that would free it.
        unsafe {
            let stream = opj::opj_stream_default_create(opj::OPJ_BOOL::from(input));
            ensure!(!stream.is_null(), "OpenJPEG has no memory for a stream");
            opj::opj_stream_set_user_data(stream, ptr::from_mut(memory).cast(), None);
            opj::opj_stream_set_user_data_length(stream, length);
            opj::opj_stream_set_read_function(stream, Some(read));
            opj::opj_stream_set_write_function(stream, Some(write));
            opj::opj_stream_set_skip_function(stream, Some(skip));
            opj::opj_stream_set_seek_function(stream, Some(seek));
            Ok(Self(stream, std::marker::PhantomData))
        }
    }
}

impl Drop for Stream<'_> {
    fn drop(&mut self) {
        // SAFETY: as for a codec.
        unsafe { opj::opj_stream_destroy(self.0) }
    }
}

/// How many resolutions an image of this size can have.
fn resolutions(component: &Component) -> u32 {
    let side = component.width.min(component.height).max(1);
    RESOLUTIONS.min(side.ilog2() + 1)
}

/// A codestream of one component with the irreversible 9/7 transform, one tile and one layer, whose PSNR against the
/// full range of the precision should be `psnr_db`.
///
/// # Errors
/// When OpenJPEG refuses.
pub(super) fn encode(samples: &[i32], component: &Component, psnr_db: f64) -> Result<Vec<u8>> {
    ensure!(samples.len() == component.width * component.height, "a component has another number of samples");
    let (width, height) = (u32::try_from(component.width)?, u32::try_from(component.height)?);
    let mut shape = opj::opj_image_comptparm {
        dx: 1,
        dy: 1,
        w: width,
        h: height,
        x0: 0,
        y0: 0,
        prec: component.precision,
        bpp: component.precision,
        sgnd: u32::from(component.signed),
    };
    let mut memory = Memory::default();
    let stream = Stream::new(&mut memory, false)?;
    // SAFETY: every pointer is checked before use and freed by its owner; the image's data hold width times height samples,
    // as many as are copied; parameters are initialised by OpenJPEG before they are read.
    unsafe {
        let image = opj::opj_image_create(1, &mut shape, opj::COLOR_SPACE::OPJ_CLRSPC_GRAY);
        ensure!(!image.is_null(), "OpenJPEG has no memory for an image of {width} x {height} pixels");
        let image = Image(image);
        (*image.0).x1 = width;
        (*image.0).y1 = height;
        ptr::copy_nonoverlapping(samples.as_ptr(), (*(*image.0).comps).data, samples.len());
        let codec = opj::opj_create_compress(opj::CODEC_FORMAT::OPJ_CODEC_J2K);
        ensure!(!codec.is_null(), "OpenJPEG has no memory for a codec");
        let codec = Codec(codec);
        let mut parameters = MaybeUninit::<opj::opj_cparameters_t>::zeroed();
        opj::opj_set_default_encoder_parameters(parameters.as_mut_ptr());
        let mut parameters = parameters.assume_init();
        parameters.irreversible = 1;
        parameters.numresolution = resolutions(component) as i32;
        parameters.tcp_numlayers = 1;
        parameters.cp_fixed_quality = 1;
        parameters.tcp_distoratio[0] = psnr_db as f32;
        let done = opj::opj_setup_encoder(codec.0, &mut parameters, image.0) != 0
            && opj::opj_start_compress(codec.0, image.0, stream.0) != 0
            && opj::opj_encode(codec.0, stream.0) != 0
            && opj::opj_end_compress(codec.0, stream.0) != 0;
        ensure!(done, "OpenJPEG did not encode an image of {width} x {height} pixels");
    }
    drop(stream);
    Ok(memory.bytes)
}

/// The samples of a codestream that [`encode`] made.
///
/// # Errors
/// When OpenJPEG refuses, or the samples are not those of the component.
pub(super) fn decode(bytes: &[u8], component: &Component) -> Result<Vec<i32>> {
    let mut memory = Memory { bytes: bytes.to_vec(), at: 0 };
    let stream = Stream::new(&mut memory, true)?;
    // SAFETY: as in `encode`; the decoded component's extents are compared before its samples are taken.
    unsafe {
        let codec = opj::opj_create_decompress(opj::CODEC_FORMAT::OPJ_CODEC_J2K);
        ensure!(!codec.is_null(), "OpenJPEG has no memory for a codec");
        let codec = Codec(codec);
        let mut parameters = MaybeUninit::<opj::opj_dparameters_t>::zeroed();
        opj::opj_set_default_decoder_parameters(parameters.as_mut_ptr());
        let mut parameters = parameters.assume_init();
        ensure!(opj::opj_setup_decoder(codec.0, &mut parameters) != 0, "OpenJPEG refused its own defaults");
        let mut image: *mut opj::opj_image_t = ptr::null_mut();
        let read = opj::opj_read_header(stream.0, codec.0, &mut image) != 0;
        ensure!(!image.is_null(), "OpenJPEG read no header");
        let image = Image(image);
        let done = read
            && opj::opj_decode(codec.0, stream.0, image.0) != 0
            && opj::opj_end_decompress(codec.0, stream.0) != 0;
        ensure!(done && (*image.0).numcomps == 1, "OpenJPEG did not decode what it encoded");
        let found = &*(*image.0).comps;
        if found.data.is_null() || (found.w as usize, found.h as usize) != (component.width, component.height)
        {
            bail!("OpenJPEG decoded {} x {} pixels", found.w, found.h);
        }
        Ok(std::slice::from_raw_parts(found.data, component.width * component.height).to_vec())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn samples_come_back_nearly() {
        for (signed, low) in [(false, 0), (true, -2000)] {
            let component = Component { width: 37, height: 20, precision: 16, signed };
            let samples: Vec<i32> = (0..740).map(|i| low + i * 7 % 500 + i).collect();
            let bytes = encode(&samples, &component, 90.0).unwrap();
            let back = decode(&bytes, &component).unwrap();
            let worst = samples.iter().zip(&back).map(|(a, b)| (a - b).abs()).max().unwrap();
            assert!(worst < 20 && bytes.len() < 1480, "{worst} {}", bytes.len());
        }
        let component = Component { width: 3, height: 1, precision: 8, signed: false };
        let bytes = encode(&[1, 2, 3], &component, 60.0).unwrap();
        assert_eq!(decode(&bytes, &component).unwrap().len(), 3);
        assert!(decode(&bytes[..20], &component).is_err());
        assert!(encode(&[1], &component, 60.0).is_err());
    }
}
