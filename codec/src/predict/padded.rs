//! Planes with a margin, so that neighbours can be read without a test whether they exist.

/// Columns on either side, and rows above.
pub(crate) const MARGIN: usize = 3;

/// The shape of a tile's planes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Shape {
    /// Bands, dates or both.
    pub(crate) planes: usize,
    /// Rows.
    pub(crate) height: usize,
    /// Columns.
    pub(crate) width: usize,
}

impl Shape {
    /// Samples of one plane.
    pub(crate) fn area(&self) -> usize {
        self.height * self.width
    }

    /// Samples of all planes.
    pub(crate) fn samples(&self) -> usize {
        self.planes * self.area()
    }
}

/// A plane of integers within a margin. The margin holds 0 above; to the left of a row, the first sample of the row above; to
/// the right, the row's last sample; below, a copy of the last row.
#[derive(Clone, Debug)]
pub(crate) struct Padded {
    cells: Vec<i32>,
    stride: usize,
    width: usize,
    height: usize,
}

impl Padded {
    pub(crate) fn new(shape: &Shape) -> Self {
        let stride = shape.width + 2 * MARGIN;
        Self {
            cells: vec![0; stride * (shape.height + MARGIN + 1)],
            stride,
            width: shape.width,
            height: shape.height,
        }
    }

    /// Where column 0 of a row stands.
    #[inline(always)]
    fn start(&self, y: usize) -> usize {
        (y + MARGIN) * self.stride + MARGIN
    }

    /// A row's width of samples that starts `dy` rows below row `y` (above where negative), at column `dx`.
    #[inline(always)]
    pub(crate) fn row(&self, y: usize, dy: isize, dx: isize) -> &[i32] {
        let start = (self.start(y) as isize + dy * self.stride as isize + dx) as usize;
        &self.cells[start..start + self.width]
    }

    /// Row `y` with [`MARGIN`] samples before it, filled from the row above.
    #[inline(always)]
    pub(crate) fn open_row(&mut self, y: usize) -> &mut [i32] {
        let start = self.start(y);
        let above = self.cells[start - self.stride];
        self.cells[start - MARGIN..start].fill(above);
        &mut self.cells[start - MARGIN..start + self.width]
    }

    /// Fills the margin after a row that is complete.
    #[inline(always)]
    pub(crate) fn close_row(&mut self, y: usize) {
        let end = self.start(y) + self.width;
        let last = self.cells[end - 1];
        self.cells[end..end + MARGIN].fill(last);
        if y + 1 == self.height {
            let start = self.start(y) - MARGIN;
            self.cells.copy_within(start..start + self.stride, start + self.stride);
        }
    }
}
