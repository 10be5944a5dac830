//! A plane of classes with margins on all sides, so that neighbours can be read without a test whether they exist.
//!
//! The margins, and samples that are not valid, hold the class of a sample nearby. Neighbours are read eight at a time, as
//! 64-bit words.

/// Columns to the left and to the right of a plane.
const MARGIN: usize = 8;
/// Rows above a plane; there is one row below, which holds class 0.
const ABOVE: usize = 2;

/// A plane of classes, `(y, x)`, within its margins.
#[derive(Clone, Debug)]
pub(super) struct Canvas {
    classes: Vec<u8>,
    stride: usize,
    width: usize,
}

/// The classes around a sample, lowest byte first.
#[derive(Clone, Copy, Debug)]
pub(super) struct Neighbourhood {
    /// Columns `x - 8` to `x - 1` of its row.
    pub(super) west: u64,
    /// Columns `x - 3` to `x + 4` of the row above.
    pub(super) north: u64,
    /// Columns `x - 3` to `x + 4` two rows above.
    pub(super) north2: u64,
}

impl Canvas {
    pub(super) fn new(height: usize, width: usize) -> Self {
        let stride = width + 2 * MARGIN;
        Self { classes: vec![0; stride * (height + ABOVE + 1)], stride, width }
    }

    /// Clears the canvas for the next plane.
    pub(super) fn clear(&mut self) {
        self.classes[..ABOVE * self.stride].fill(0);
    }

    /// The index of the sample at a row and a column.
    #[inline(always)]
    pub(super) fn at(&self, y: usize, x: usize) -> usize {
        (y + ABOVE) * self.stride + MARGIN + x
    }

    /// Opens a row: the margin to its left takes the first class of the row above. Returns the word west of its first sample.
    pub(super) fn open(&mut self, y: usize) -> u64 {
        let at = self.at(y, 0);
        let class = self.classes[at - self.stride];
        self.classes[at - MARGIN..at].fill(class);
        u64::from_le_bytes([class; 8])
    }

    /// Sets a class of the first row. In the rows above it, the next few columns take the class too.
    #[inline(always)]
    pub(super) fn set_first(&mut self, at: usize, class: u8) {
        self.classes[at] = class;
        for above in [at - self.stride, at - 2 * self.stride] {
            self.classes[above + 1..above + 5].fill(class);
        }
    }

    /// Sets a class of a later row.
    #[inline(always)]
    pub(super) fn set(&mut self, at: usize, class: u8) {
        self.classes[at] = class;
    }

    /// Closes a row: the margin to its right takes its last class.
    pub(super) fn close(&mut self, y: usize) {
        let end = self.at(y, self.width);
        let class = self.classes[end - 1];
        self.classes[end..end + MARGIN].fill(class);
    }

    /// The classes around a sample. The caller keeps `west` in a register, because reading back what was just written would
    /// double the time.
    #[inline(always)]
    pub(super) fn neighbourhood(&self, at: usize, west: u64) -> Neighbourhood {
        let word = |from: usize| match self.classes[from..].first_chunk::<8>() {
            Some(bytes) => u64::from_le_bytes(*bytes),
            None => 0,
        };
        let north = at - self.stride - 3;
        Neighbourhood { west, north: word(north), north2: word(north - self.stride) }
    }

    /// The classes of a sample and of those to its west, east, north and south, lowest byte first, in a complete plane.
    #[inline(always)]
    pub(super) fn cross(&self, at: usize) -> u64 {
        let s = self.stride;
        u64::from_le_bytes([
            self.classes[at],
            self.classes[at - 1],
            self.classes[at + 1],
            self.classes[at - s],
            self.classes[at + s],
            0,
            0,
            0,
        ])
    }
}
