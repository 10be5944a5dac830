//! Reads windows of a grid from lists of pixels.
//!
//! Where the bands of a pixel lie side by side in the file, reading one band after the other would read the file once for each.
//! Bands are therefore read together, and each thread keeps them until it reads another window.

use crate::error::{Error, Result};
use crate::ingest::sources::lists::variable::Variable;
use crate::npy::{NpyArray, NpyType};
use crate::pixels::{Domain, DomainWindow};
use crate::sample::{DataType, Sample};
use crate::with_sample_type;
use std::cell::RefCell;
use std::ops::Range;
use std::path::PathBuf;
use std::sync::Arc;

/// The most bytes that a thread keeps. Where a window has more, it is read band by band.
const KEPT: usize = 128 << 20;

/// An array that is a list of pixels.
#[derive(Debug)]
pub(crate) struct List {
    pub(crate) array: ListArray,
    /// The type of its samples.
    pub(crate) sample_type: DataType,
    /// Which of its axes is the list.
    pub(crate) axis: usize,
    pub(crate) domain: Arc<Domain>,
    /// The files that say which pixels the list holds.
    pub(crate) index_files: Vec<PathBuf>,
}

/// Where the samples of a list are stored.
#[derive(Debug)]
pub(crate) enum ListArray {
    Npy(NpyArray),
    Variable(Box<Variable>),
}

impl ListArray {
    pub(crate) fn shape(&self) -> &[usize] {
        match self {
            Self::Npy(array) => array.shape(),
            Self::Variable(variable) => &variable.shape,
        }
    }

    /// The type that holds all samples.
    ///
    /// # Errors
    /// [`Error::Mismatch`] for integers that no array of a cube holds.
    pub(crate) fn sample_type(&self) -> Result<DataType> {
        match self {
            Self::Npy(array) => match array.npy_type() {
                found @ (NpyType::UInt32 | NpyType::Int64) => Err(Error::Mismatch(format!(
                    "{}: its samples are {}; cubes hold b1, i1, u1, i2, u2, i4, f4 and f8: convert it with astype first",
                    array.path().display(),
                    found.name()
                ))),
                _ => Ok(array.sample_type()),
            },
            Self::Variable(variable) => Ok(variable.sample_type),
        }
    }

    /// Whether the first axis varies fastest in the file, as in Fortran order, and not the last.
    fn is_reversed(&self) -> bool {
        matches!(self, Self::Npy(array) if array.is_fortran())
    }

    /// Samples of a window, in C order, as native bytes of [`ListArray::sample_type`].
    fn read(&self, window: &[Range<usize>]) -> Result<Vec<u8>> {
        match self {
            Self::Npy(array) => {
                let bytes = array.read(window)?;
                Ok(match array.npy_type() {
                    NpyType::Int8 => {
                        bytes.iter().flat_map(|byte| i16::from(byte.cast_signed()).to_ne_bytes()).collect()
                    }
                    _ => bytes,
                })
            }
            Self::Variable(variable) => variable.read(window),
        }
    }
}

/// Picks the samples of a list at the cells of a window out of those that were read: the first at `start`, the others in steps
/// of `stride`.
fn pick<T: Sample>(bytes: &[u8], [start, stride]: [usize; 2], pixels: &DomainWindow, values: &mut [f64]) {
    let size = size_of::<T>();
    for (position, cell) in pixels.pairs() {
        let at = (start + position * stride) * size;
        values[cell] = bytemuck::pod_read_unaligned::<T>(&bytes[at..at + size]).to_f64();
    }
}

/// The samples that a thread read last.
struct LastRead {
    list: Arc<List>,
    rows: Range<usize>,
    columns: Range<usize>,
    pixels: DomainWindow,
    /// The window of the array that was read.
    window: Vec<Range<usize>>,
    bytes: Vec<u8>,
}

thread_local! {
    static LAST_READ: RefCell<Option<LastRead>> = const { RefCell::new(None) };
}

impl List {
    /// Whether each cell of the grid is in the list.
    pub(crate) fn covers_grid(&self) -> bool {
        self.domain.len() == self.domain.height() * self.domain.width()
    }

    /// The files that say which pixels the list holds.
    pub(crate) fn index_files(&self) -> &[PathBuf] {
        &self.index_files
    }

    /// Samples over a window of the grid, and which of its cells are in the list. `number` is that of an entry of all other axes,
    /// counted in C order from 1.
    ///
    /// # Errors
    /// Those of reading the file.
    pub(crate) fn read(
        self: &Arc<Self>,
        number: usize,
        rows: Range<usize>,
        columns: Range<usize>,
    ) -> Result<(Vec<f64>, Vec<bool>)> {
        let area = rows.len() * columns.len();
        let entry = entry_index(number - 1, self.array.shape(), self.axis);
        // The samples are taken out while they are used, so that an error leaves nothing incomplete behind.
        let last = LAST_READ.take().filter(|kept| {
            Arc::ptr_eq(&kept.list, self)
                && (&kept.rows, &kept.columns) == (&rows, &columns)
                && kept
                    .window
                    .iter()
                    .zip(&entry)
                    .enumerate()
                    .all(|(axis, (range, at))| axis == self.axis || range.contains(at))
        });
        let kept = match last {
            Some(kept) => kept,
            None => self.fetch(&entry, rows, columns)?,
        };
        let (mut values, mut inside) = (vec![0.0; area], vec![false; area]);
        // Among the samples that were read: where the entry begins, and the step along the list.
        let (mut start, mut stride, mut step) = (0, 1, 1);
        for (axis, range) in kept.window.iter().enumerate().rev() {
            if axis == self.axis {
                stride = step;
            } else {
                start += (entry[axis] - range.start) * step;
            }
            step *= range.len();
        }
        let at = [start, stride];
        with_sample_type!(self.sample_type, pick(&kept.bytes, at, &kept.pixels, &mut values));
        kept.pixels.pairs().for_each(|(_, cell)| inside[cell] = true);
        LAST_READ.set(Some(kept));
        Ok((values, inside))
    }

    fn fetch(
        self: &Arc<Self>,
        entry: &[usize],
        rows: Range<usize>,
        columns: Range<usize>,
    ) -> Result<LastRead> {
        let pixels = self.domain.window(rows.clone(), columns.clone())?;
        let shape = self.array.shape();
        let alone =
            |axis: usize| if axis == self.axis { pixels.span() } else { entry[axis]..entry[axis] + 1 };
        let together = |axis: usize| {
            let interleaved = if self.array.is_reversed() { axis < self.axis } else { axis > self.axis };
            if interleaved { 0..shape[axis] } else { alone(axis) }
        };
        let all = |window: &dyn Fn(usize) -> Range<usize>| (0..shape.len()).map(window).collect::<Vec<_>>();
        let mut window = all(&together);
        let samples = window.iter().fold(1, |n: usize, range| n.saturating_mul(range.len()));
        if samples.saturating_mul(self.sample_type.size()) > KEPT {
            window = all(&alone);
        }
        let bytes = self.array.read(&window)?;
        Ok(LastRead { list: Arc::clone(self), rows, columns, pixels, window, bytes })
    }
}

/// The index of an entry along each axis; 0 along the list's axis. Entries are counted over all other axes in C order, from 0.
pub(crate) fn entry_index(entry: usize, shape: &[usize], list: usize) -> Vec<usize> {
    let (mut rest, mut entry_index) = (entry, vec![0; shape.len()]);
    for axis in (0..shape.len()).rev().filter(|axis| *axis != list) {
        entry_index[axis] = rest % shape[axis];
        rest /= shape[axis];
    }
    entry_index
}
