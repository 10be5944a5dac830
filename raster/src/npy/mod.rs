//! NumPy's `.npy` files as inputs: arrays of any shape, such as lists of pixels, read window by window. Rasters among
//! them, `(time, y, x, band)`, are read by GDAL, to which `ingest` describes what the header says.
//!
//! Format: numpy.lib.format, versions 1.0 and 2.0, both orders, both byte orders, numbers only. A file that is shorter
//! or longer than its header says is refused.

mod header;
mod window;
mod write;

pub use header::NpyType;
pub use write::write;

use crate::plane::Plane;
use crate::sample::DataType;
use crate::{Error, Result};
use header::Header;
use std::fs::File;
use std::io::Read;
use std::ops::Range;
use std::path::{Path, PathBuf};

/// An array in a `.npy` file; its samples are read when they are asked for.
#[derive(Clone, Debug)]
pub struct NpyArray {
    path: PathBuf,
    header: Header,
}

impl NpyArray {
    /// Opens a file and reads its header.
    ///
    /// # Errors
    /// [`Error::Io`] where it can't be read, [`Error::Unreadable`] where it is no `.npy` file of numbers, or its length
    /// is not what its header says.
    pub fn open(path: impl AsRef<Path>) -> Result<Self> {
        let path = path.as_ref();
        let io = |source| Error::Io { path: path.display().to_string(), source };
        let mut file = File::open(path).map_err(io)?;
        let length = file.metadata().map_err(io)?.len();
        let mut start = Vec::new();
        (&mut file).take(header::MAX_BYTES).read_to_end(&mut start).map_err(io)?;
        let unreadable = |reason| Error::Unreadable { path: path.display().to_string(), reason };
        let header = Header::parse(&start).map_err(unreadable)?;
        header.check_length(length).map_err(unreadable)?;
        Ok(Self { path: path.to_owned(), header })
    }

    /// The file.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The extents, as NumPy shows them; none for a single number.
    #[must_use]
    pub fn shape(&self) -> &[usize] {
        &self.header.shape
    }

    /// The type of the samples in the file.
    #[must_use]
    pub fn npy_type(&self) -> NpyType {
        self.header.npy_type
    }

    /// Where the samples begin: bytes from the start of the file.
    pub fn offset(&self) -> u64 {
        self.header.offset
    }

    /// Whether the first axis is the fastest in the file.
    pub fn is_fortran(&self) -> bool {
        self.header.fortran
    }

    /// Whether samples are of the other byte order than this machine's.
    pub fn is_swapped(&self) -> bool {
        self.header.swapped
    }

    /// The narrowest type of arrays that holds the samples: `uint8` for bool, `int16` for int8, and `int32` for uint32
    /// and int64, whose samples may be too large for it; `Output::encode` would clip those, so check them.
    #[must_use]
    pub fn sample_type(&self) -> DataType {
        self.header.npy_type.sample_type()
    }

    /// The samples of a window, one range for each axis, in C order, as native bytes of [`NpyArray::npy_type`].
    ///
    /// Memory use is that of the window and a buffer of 256 KiB.
    ///
    /// # Errors
    /// [`Error::Mismatch`] where the window is not within the array, [`Error::Io`] and [`Error::Unreadable`] where the
    /// file can't be read (any more).
    pub fn read(&self, window: &[Range<usize>]) -> Result<Vec<u8>> {
        let fits = window.len() == self.header.shape.len()
            && window
                .iter()
                .zip(&self.header.shape)
                .all(|(range, n)| range.start <= range.end && range.end <= *n);
        if !fits {
            return Err(Error::Mismatch(format!(
                "{}: a window of {window:?} is not within an array of shape {:?}",
                self.path.display(),
                self.header.shape
            )));
        }
        let io = |source| Error::Io { path: self.path.display().to_string(), source };
        // The file is opened for each window, because several threads read windows and can't share a position in the file.
        let mut file = File::open(&self.path).map_err(io)?;
        let mut bytes = window::read(&mut file, &self.header, window).map_err(io)?;
        if self.header.npy_type == NpyType::Bool
            && let Some(odd) = bytes.iter().find(|byte| **byte > 1)
        {
            return Err(Error::Unreadable {
                path: self.path.display().to_string(),
                reason: format!("a bool is {odd}, where 0 and 1 are allowed; the file is damaged"),
            });
        }
        if self.header.swapped {
            for sample in bytes.chunks_mut(self.header.npy_type.size()) {
                sample.reverse();
            }
        }
        Ok(bytes)
    }

    /// As [`NpyArray::read`], as 64-bit floats.
    ///
    /// # Errors
    /// As there, and [`Error::Unreadable`] for int64 samples beyond ±2⁵³, which floats don't hold exactly.
    pub fn read_f64(&self, window: &[Range<usize>]) -> Result<Vec<f64>> {
        let bytes = self.read(window)?;
        self.header.npy_type.to_f64(&bytes).map_err(|odd| Error::Unreadable {
            path: self.path.display().to_string(),
            reason: format!(
                "a sample is {odd}; whole numbers beyond 2^53 are not held exactly, store them otherwise"
            ),
        })
    }

    /// A window of one date and one band, as a plane of `height × width`: its samples in C order. Those that are not
    /// finite are invalid.
    ///
    /// # Errors
    /// As [`NpyArray::read_f64`], and [`Error::Mismatch`] where the window does not hold `height × width` samples.
    pub fn read_plane(&self, window: &[Range<usize>], height: usize, width: usize) -> Result<Plane> {
        let mut values = self.read_f64(window)?;
        if height.checked_mul(width) != Some(values.len()) {
            return Err(Error::Mismatch(format!(
                "{}: a window of {window:?} has {} samples, a plane of {height} × {width} was asked for",
                self.path.display(),
                values.len()
            )));
        }
        let valid: Vec<bool> = values.iter().map(|value| value.is_finite()).collect();
        for value in values.iter_mut().filter(|value| !value.is_finite()) {
            *value = 0.0;
        }
        Ok(Plane { height, width, values, valid })
    }
}

#[cfg(test)]
pub(crate) mod test_files;
#[cfg(test)]
mod tests;
