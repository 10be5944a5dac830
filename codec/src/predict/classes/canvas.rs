//! What the coder of a plane sees: its classes with margins on all sides, so that no neighbour needs a test.
//!
//! What lies outside or is absent shows a class that stands near it. Neighbours are read eight at a time, as words.

/// Columns to the left and to the right of a plane.
const MARGIN: usize = 8;
/// Rows above a plane; there is one below, which shows class 0.
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
pub(super) struct Around {
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

    /// Forgets the plane that it held.
    pub(super) fn clear(&mut self) {
        self.classes[..ABOVE * self.stride].fill(0);
    }

    /// Where the sample of a row and a column stands.
    #[inline(always)]
    pub(super) fn at(&self, y: usize, x: usize) -> usize {
        (y + ABOVE) * self.stride + MARGIN + x
    }

    /// Opens a row: left of it stands what the row above begins with. Returns the word west of its first sample.
    pub(super) fn open(&mut self, y: usize) -> u64 {
        let at = self.at(y, 0);
        let class = self.classes[at - self.stride];
        self.classes[at - MARGIN..at].fill(class);
        u64::from_le_bytes([class; 8])
    }

    /// Sets a class of the first row. The rows above show it from the next column on.
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

    /// Closes a row: right of it stands its last class.
    pub(super) fn close(&mut self, y: usize) {
        let end = self.at(y, self.width);
        let class = self.classes[end - 1];
        self.classes[end..end + MARGIN].fill(class);
    }

    /// What stands around a sample. The caller keeps `west`: reading back what was just written takes as long as
    /// all the rest.
    #[inline(always)]
    pub(super) fn around(&self, at: usize, west: u64) -> Around {
        let word = |from: usize| match self.classes[from..].first_chunk::<8>() {
            Some(bytes) => u64::from_le_bytes(*bytes),
            None => 0,
        };
        let north = at - self.stride - 3;
        Around { west, north: word(north), north2: word(north - self.stride) }
    }

    /// The classes here, west, east, north and south, lowest byte first: of a plane that is complete.
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
