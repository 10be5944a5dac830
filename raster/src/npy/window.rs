//! The samples of a window, in whatever order the file has them, with one buffer between.
//!
//! Runs along the file's fastest axis are visited in the order of the file. Short gaps between them are read along, long
//! ones are skipped. A band of `(time, y, x, band)` thus costs one pass over the rows of the window, and not one call per
//! pixel.

use super::header::Header;
use std::io::{Read, Result, Seek, SeekFrom};
use std::ops::Range;

/// Bytes of the buffer.
const BUFFER: usize = 256 * 1024;
/// Gaps of up to this many bytes are read rather than skipped.
const GAP: usize = 32 * 1024;

/// Reads the window, which lies within the array, into C order; bytes stay in the file's order.
pub(super) fn read(
    file: &mut (impl Read + Seek),
    header: &Header,
    window: &[Range<usize>],
) -> Result<Vec<u8>> {
    let size = header.npy_type.size();
    let extents: Vec<usize> = window.iter().map(ExactSizeIterator::len).collect();
    let samples: usize = extents.iter().product();
    let mut out = vec![0; samples * size];
    if samples == 0 {
        return Ok(out);
    }
    // Axes from the slowest to the fastest in the file, and what a step along each is, in the file and in the window.
    let mut axes: Vec<usize> = (0..window.len()).collect();
    if header.fortran {
        axes.reverse();
    }
    let in_file = steps(&header.shape, axes.iter().rev().copied());
    let in_window = steps(&extents, (0..window.len()).rev());
    let first: usize = window.iter().zip(&in_file).map(|(range, step)| range.start * step).sum();
    let (slow, fast) = match axes.split_last() {
        Some((fast, slow)) => (slow, Some(*fast)),
        None => (&axes[..], None),
    };
    let (run, stride) = fast.map_or((1, 1), |fast| (extents[fast], in_window[fast]));
    let near = slow.last().is_none_or(|axis| in_file[*axis].saturating_sub(run) * size <= GAP);
    let last: usize =
        first + extents.iter().zip(&in_file).map(|(extent, step)| (extent - 1) * step).sum::<usize>();
    let mut buffer = Buffer::new(header.offset + ((last + 1) * size) as u64);
    let mut index = vec![0; slow.len()];
    loop {
        let along =
            |steps: &[usize]| slow.iter().zip(&index).map(|(axis, at)| steps[*axis] * at).sum::<usize>();
        let (from, to) = (first + along(&in_file), along(&in_window));
        let mut done = 0;
        while done < run {
            // A run may be longer than the buffer.
            let count = (run - done).min(BUFFER / size);
            let at = header.offset + ((from + done) * size) as u64;
            let bytes = buffer.get(file, at, count * size, near)?;
            if stride == 1 {
                out[(to + done) * size..(to + done + count) * size].copy_from_slice(bytes);
            } else {
                for (i, sample) in bytes.chunks(size).enumerate() {
                    let to = (to + (done + i) * stride) * size;
                    out[to..to + size].copy_from_slice(sample);
                }
            }
            done += count;
        }
        let Some(moved) = (0..slow.len()).rev().find(|i| index[*i] + 1 < extents[slow[*i]]) else {
            return Ok(out);
        };
        index[moved] += 1;
        index[moved + 1..].fill(0);
    }
}

/// The step along each axis, where `axes` come from the fastest to the slowest.
fn steps(shape: &[usize], axes: impl Iterator<Item = usize>) -> Vec<usize> {
    let mut steps = vec![0; shape.len()];
    let mut step = 1;
    for axis in axes {
        steps[axis] = step;
        step *= shape[axis];
    }
    steps
}

/// A part of the file.
struct Buffer {
    bytes: Vec<u8>,
    start: u64,
    /// The end of what may be read.
    end: u64,
}

impl Buffer {
    fn new(end: u64) -> Self {
        Self { bytes: Vec::new(), start: 0, end }
    }

    /// `count` bytes from position `at` on. If the next request will be `near`, the buffer is filled with the bytes after
    /// them too.
    fn get(&mut self, file: &mut (impl Read + Seek), at: u64, count: usize, near: bool) -> Result<&[u8]> {
        let buffered = self.start..self.start + self.bytes.len() as u64;
        if at < buffered.start || at + count as u64 > buffered.end {
            let ahead = if near { (self.end - at).min(BUFFER as u64) as usize } else { count };
            self.bytes.clear();
            self.bytes.resize(ahead.max(count), 0);
            file.seek(SeekFrom::Start(at))?;
            file.read_exact(&mut self.bytes)?;
            self.start = at;
        }
        let from = (at - self.start) as usize;
        Ok(&self.bytes[from..from + count])
    }
}
