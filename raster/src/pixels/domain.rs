//! Domains: the cells of a grid that a list of pixels holds, and their order.

use super::copy::{Layout, Places, cells_of};
use crate::{Error, Result};

/// The pixels of a list: distinct cells of a grid of `height × width`, in the list's order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Domain {
    height: usize,
    width: usize,
    /// `row · width + column` of each place of the list.
    cells: Vec<usize>,
    /// The places of the list by rising cell; none where the list itself rises.
    by_cell: Option<Vec<usize>>,
}

impl Domain {
    /// From the row and the column of each pixel, both from 0.
    ///
    /// # Errors
    /// [`Error::Mismatch`] where there are more rows than columns or fewer, or a pixel lies outside the grid or comes
    /// twice.
    pub fn from_indices(height: usize, width: usize, rows: &[usize], columns: &[usize]) -> Result<Self> {
        cells_of(height, width)?;
        if rows.len() != columns.len() {
            return Err(Error::Mismatch(format!(
                "a list of pixels has {} row indices and {} column indices; give both for each pixel",
                rows.len(),
                columns.len()
            )));
        }
        let pairs = rows.iter().zip(columns);
        if let Some((at, (row, column))) =
            pairs.clone().enumerate().find(|(_, (row, column))| **row >= height || **column >= width)
        {
            return Err(Error::Mismatch(format!(
                "pixel {at} of a list is at row {row}, column {column}, the grid has {height} rows and {width} \
                 columns, counted from 0"
            )));
        }
        Self::from_cells(height, width, pairs.map(|(row, column)| row * width + column).collect())
    }

    /// From a mask of the grid, `(y, x)` in C order: its true cells, row by row.
    ///
    /// # Errors
    /// [`Error::Mismatch`] where the mask has another number of cells.
    pub fn from_mask(height: usize, width: usize, mask: &[bool]) -> Result<Self> {
        if mask.len() != cells_of(height, width)? {
            return Err(Error::Mismatch(format!(
                "a mask of {} cells can't be of a grid of {height} × {width}",
                mask.len()
            )));
        }
        let cells = mask.iter().enumerate().filter(|(_, inside)| **inside).map(|(cell, _)| cell).collect();
        Ok(Self { height, width, cells, by_cell: None })
    }

    /// From distinct cells, which are within the grid.
    pub(super) fn from_cells(height: usize, width: usize, cells: Vec<usize>) -> Result<Self> {
        if cells.windows(2).all(|pair| pair[0] < pair[1]) {
            return Ok(Self { height, width, cells, by_cell: None });
        }
        let mut by_cell: Vec<usize> = (0..cells.len()).collect();
        by_cell.sort_by_key(|place| cells[*place]);
        if let Some(pair) = by_cell.windows(2).find(|pair| cells[pair[0]] == cells[pair[1]]) {
            let (row, column) = (cells[pair[0]] / width, cells[pair[0]] % width);
            return Err(Error::Mismatch(format!(
                "pixels {} and {} of a list are both at row {row}, column {column}; each cell may come once",
                pair[0], pair[1]
            )));
        }
        Ok(Self { height, width, cells, by_cell: Some(by_cell) })
    }

    /// The same pixels in another order: place `i` of the new list is pixel `permutation[i]` of this one.
    ///
    /// # Errors
    /// [`Error::Mismatch`] where it is not a permutation: its length is wrong, or a number is out of range or occurs twice.
    pub fn reordered(&self, permutation: &[usize]) -> Result<Self> {
        let count = self.cells.len();
        if permutation.len() != count {
            return Err(Error::Mismatch(format!(
                "a permutation of {} numbers can't order a list of {count} pixels",
                permutation.len()
            )));
        }
        let mut seen = vec![false; count];
        for (at, number) in permutation.iter().enumerate() {
            let problem = match seen.get_mut(*number) {
                None => "out of range",
                Some(true) => "there twice",
                Some(seen) => {
                    *seen = true;
                    continue;
                }
            };
            return Err(Error::Mismatch(format!(
                "number {number} at place {at} of a permutation is {problem}; it must hold each of 0 to {} once",
                count.saturating_sub(1)
            )));
        }
        Self::from_cells(self.height, self.width, permutation.iter().map(|i| self.cells[*i]).collect())
    }

    /// Rows of the grid.
    #[must_use]
    pub fn height(&self) -> usize {
        self.height
    }

    /// Columns of the grid.
    #[must_use]
    pub fn width(&self) -> usize {
        self.width
    }

    /// Pixels of the list.
    #[must_use]
    pub fn len(&self) -> usize {
        self.cells.len()
    }

    /// Whether the list is empty.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.cells.is_empty()
    }

    /// `row · width + column` of each place of the list.
    #[must_use]
    pub fn cells(&self) -> &[usize] {
        &self.cells
    }

    /// The row and the column of a place of the list, where there is one.
    #[must_use]
    pub fn position(&self, place: usize) -> Option<(usize, usize)> {
        self.cells.get(place).map(|cell| (cell / self.width, cell % self.width))
    }

    /// Which cells of the grid are in the list, `(y, x)` in C order.
    #[must_use]
    pub fn mask(&self) -> Vec<bool> {
        let mut mask = vec![false; self.height * self.width];
        for cell in &self.cells {
            mask[*cell] = true;
        }
        mask
    }

    /// The `i`-th place of the list by rising cell, and that cell.
    pub(super) fn rising(&self, i: usize) -> (usize, usize) {
        let place = self.by_cell.as_ref().map_or(i, |by_cell| by_cell[i]);
        (place, self.cells[place])
    }

    /// How many pixels have cells below this one.
    pub(super) fn below(&self, cell: usize) -> usize {
        match &self.by_cell {
            Some(by_cell) => by_cell.partition_point(|place| self.cells[*place] < cell),
            None => self.cells.partition_point(|known| *known < cell),
        }
    }

    fn places(&self) -> Places<'_> {
        Places {
            count: self.cells.len(),
            places: None,
            cells: &self.cells,
            height: self.height,
            width: self.width,
        }
    }

    /// Spreads a list array over its grid. Cells without a pixel of the list get `nodata`, the bytes of one sample.
    ///
    /// `list` has the shape of `layout`; the result has [`Layout::grid_shape`].
    ///
    /// # Errors
    /// [`Error::Mismatch`] where the list, its axis or nodata has another length than domain and layout say.
    pub fn scatter(&self, list: &[u8], layout: &Layout, nodata: &[u8]) -> Result<Vec<u8>> {
        self.places().scatter(list, layout, nodata)
    }

    /// Gathers a list array of the shape of `layout` from a grid, the inverse of [`Domain::scatter`]. Other cells are left out.
    ///
    /// # Errors
    /// [`Error::Mismatch`] where the grid or the list's axis has another length than domain and layout say.
    pub fn gather(&self, grid: &[u8], layout: &Layout) -> Result<Vec<u8>> {
        self.places().gather(grid, layout)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn domains_are_said_by_indices_or_masks() {
        let by_mask = Domain::from_mask(2, 3, &[true, false, true, false, true, false]).unwrap();
        let by_index = Domain::from_indices(2, 3, &[0, 0, 1], &[0, 2, 1]).unwrap();
        assert_eq!(by_mask, by_index);
        assert_eq!((by_mask.len(), by_mask.height(), by_mask.width()), (3, 2, 3));
        assert_eq!((by_mask.position(1), by_mask.position(3)), (Some((0, 2)), None));
        let turned = by_mask.reordered(&[2, 0, 1]).unwrap();
        assert_eq!(turned.cells(), [4, 0, 2]);
        assert_eq!(turned.mask(), by_mask.mask());
        assert_eq!(turned.reordered(&[1, 2, 0]).unwrap(), by_mask);
        assert!(Domain::from_mask(0, 5, &[]).unwrap().is_empty());
    }

    #[test]
    fn impossible_domains_are_refused() {
        let message = |rows: &[usize], columns: &[usize]| {
            Domain::from_indices(4, 5, rows, columns).unwrap_err().to_string()
        };
        assert_eq!(
            message(&[0, 4], &[0, 0]),
            "pixel 1 of a list is at row 4, column 0, the grid has 4 rows and 5 columns, counted from 0"
        );
        assert!(message(&[0], &[5]).starts_with("pixel 0 of a list is at row 0, column 5"));
        assert_eq!(
            message(&[0], &[]),
            "a list of pixels has 1 row indices and 0 column indices; give both for each pixel"
        );
        assert_eq!(
            message(&[3, 1, 3], &[2, 1, 2]),
            "pixels 0 and 2 of a list are both at row 3, column 2; each cell may come once"
        );
        assert_eq!(
            Domain::from_mask(2, 2, &[true]).unwrap_err().to_string(),
            "a mask of 1 cells can't be of a grid of 2 × 2"
        );
        assert!(
            Domain::from_indices(usize::MAX, 2, &[], &[]).unwrap_err().to_string().contains("can number")
        );
        let domain = Domain::from_indices(4, 5, &[0, 1], &[0, 1]).unwrap();
        let message = |permutation: &[usize]| domain.reordered(permutation).unwrap_err().to_string();
        assert_eq!(message(&[0]), "a permutation of 1 numbers can't order a list of 2 pixels");
        assert_eq!(
            message(&[1, 1]),
            "number 1 at place 1 of a permutation is there twice; it must hold each of 0 to 1 once"
        );
        assert!(message(&[1, 2]).contains("number 2 at place 1 of a permutation is out of range"));
    }
}
