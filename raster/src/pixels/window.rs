//! Windows of a grid: which part of a list must be read for a window.

use super::copy::{Layout, Places};
use super::domain::Domain;
use crate::{Error, Result};
use std::ops::Range;

/// The pixels of a list within a window of its grid.
///
/// Lists mostly follow the rows, so the places of a window lie close together: read [`DomainWindow::span`] of the
/// list's axis, and scatter that.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DomainWindow {
    height: usize,
    width: usize,
    span: Range<usize>,
    /// Places, counted from the start of the span.
    places: Vec<usize>,
    /// Their cells in the window, one for each of them.
    cells: Vec<usize>,
}

impl Domain {
    /// The pixels within a window of rows and columns.
    ///
    /// # Errors
    /// [`Error::Mismatch`] where the window is not within the grid.
    pub fn window(&self, rows: Range<usize>, columns: Range<usize>) -> Result<DomainWindow> {
        let (height, width) = (self.height(), self.width());
        if rows.start > rows.end || rows.end > height || columns.start > columns.end || columns.end > width {
            return Err(Error::Mismatch(format!(
                "a window of rows {rows:?} and columns {columns:?} is not within a grid of {height} × {width}"
            )));
        }
        let (mut places, mut cells) = (Vec::new(), Vec::new());
        for (y, row) in rows.clone().enumerate() {
            let found = self.below(row * width + columns.start)..self.below(row * width + columns.end);
            for i in found {
                let (place, cell) = self.rising(i);
                places.push(place);
                cells.push(y * columns.len() + cell - row * width - columns.start);
            }
        }
        let start = places.iter().copied().min().unwrap_or(0);
        let end = places.iter().copied().max().map_or(0, |last| last + 1);
        for place in &mut places {
            *place -= start;
        }
        Ok(DomainWindow { height: rows.len(), width: columns.len(), span: start..end, places, cells })
    }
}

impl DomainWindow {
    /// The part of the list that holds all pixels of the window, and maybe others.
    #[must_use]
    pub fn span(&self) -> Range<usize> {
        self.span.clone()
    }

    /// Pixels within the window.
    #[must_use]
    pub fn len(&self) -> usize {
        self.cells.len()
    }

    /// Whether no pixel of the list is within the window.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.cells.is_empty()
    }

    /// The pixels within the window: their places, counted from the start of the span, and their cells of the window.
    pub fn pairs(&self) -> impl Iterator<Item = (usize, usize)> {
        self.places.iter().copied().zip(self.cells.iter().copied())
    }

    /// The window as a grid, from the span of the list: as [`Domain::scatter`], with `layout` of the span's array.
    ///
    /// # Errors
    /// As [`Domain::scatter`].
    pub fn scatter(&self, span: &[u8], layout: &Layout, nodata: &[u8]) -> Result<Vec<u8>> {
        let places = Places {
            count: self.span.len(),
            places: Some(&self.places),
            cells: &self.cells,
            height: self.height,
            width: self.width,
        };
        places.scatter(span, layout, nodata)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn windows_of_a_scattered_list_equal_the_windows_of_its_grid() {
        let (height, width) = (7, 9);
        let mask: Vec<bool> = (0..63).map(|i| i % 5 != 2 && i % 7 != 3).collect();
        let rising = Domain::from_mask(height, width, &mask).unwrap();
        let turned: Vec<usize> = (0..rising.len()).map(|i| (i * 16 + 5) % rising.len()).collect();
        for domain in [rising.clone(), rising.reordered(&turned).unwrap()] {
            let list: Vec<u8> = (0..domain.len() as u8).collect();
            let layout = Layout { shape: vec![domain.len()], axis: 0, size: 1 };
            let grid = domain.scatter(&list, &layout, &[99]).unwrap();
            for (rows, columns) in [(0..7, 0..9), (2..4, 3..8), (6..7, 8..9), (0..7, 4..5), (3..3, 0..9)] {
                let window = domain.window(rows.clone(), columns.clone()).unwrap();
                let span = window.span();
                let layout = Layout { shape: vec![span.len()], axis: 0, size: 1 };
                let found = window.scatter(&list[span], &layout, &[99]).unwrap();
                let expected: Vec<u8> = rows
                    .flat_map(|y| columns.clone().map(move |x| y * width + x))
                    .map(|cell| grid[cell])
                    .collect();
                assert_eq!(found, expected);
                assert_eq!(window.len(), expected.iter().filter(|sample| **sample != 99).count());
            }
        }
        // For rows of a rising list, exactly the samples of the window are read.
        let window = rising.window(2..4, 0..9).unwrap();
        assert_eq!(window.span().len(), window.len());
        assert_eq!(
            rising.window(2..8, 0..9).unwrap_err().to_string(),
            "a window of rows 2..8 and columns 0..9 is not within a grid of 7 × 9"
        );
    }
}
