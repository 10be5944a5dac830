//! The coarser grid from which a raster was enlarged. Class maps are often coarser than the pixels that store them, such as a
//! 20 m map on a 10 m grid. Classes then change only at every second or third row and column.

use crate::entropy::rans::Coder;
use crate::error::{Error, Result};

/// Periods that a stream can state.
const PERIODS: std::ops::RangeInclusive<usize> = 2..=9;
/// A grid is stated where it explains changes this much better than chance: a χ² of one degree of freedom in each axis.
const EVIDENCE: u64 = 100;

/// Rows and columns at which samples of the coarser raster begin.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Grid {
    period: usize,
    row: usize,
    column: usize,
}

/// Changes of class from one sample to the next along an axis: for each position, the number of changes and the number of
/// pairs that were compared.
struct Changes(Vec<(u64, u64)>);

impl Changes {
    /// How much better than chance the positions `phase, phase + period, …` explain the changes.
    fn evidence(&self, period: usize, phase: usize) -> u64 {
        let (mut on, mut off) = ((0, 0), (0, 0));
        for (position, (changes, all)) in self.0.iter().enumerate() {
            let sum = if position % period == phase { &mut on } else { &mut off };
            *sum = (sum.0 + changes, sum.1 + all);
        }
        const UNIT: u128 = 1 << 20;
        let rate = |(changes, all): (u64, u64)| u128::from(changes) * UNIT / u128::from(all.max(1));
        let whole = rate((on.0 + off.0, on.1 + off.1));
        let spread = whole * (UNIT - whole);
        if rate(on) <= rate(off) || spread == 0 {
            return 0;
        }
        let weight = u128::from(on.1) * u128::from(off.1) / u128::from(on.1 + off.1);
        (weight * (rate(on) - rate(off)).pow(2) / spread) as u64
    }
}

impl Grid {
    /// The grid of planes of classes, `(plane, y, x)`, if the evidence for one is strong enough.
    pub(super) fn find(classes: &[u8], height: usize, width: usize) -> Option<Self> {
        let mut rows = Changes(vec![(0, 0); height]);
        let mut columns = Changes(vec![(0, 0); width]);
        for plane in classes.chunks_exact(height * width) {
            for (y, row) in plane.chunks_exact(width).enumerate() {
                for (x, pair) in row.windows(2).enumerate() {
                    let sum = &mut columns.0[x + 1];
                    *sum = (sum.0 + u64::from(pair[0] != pair[1]), sum.1 + 1);
                }
                if y > 0 {
                    let above = &plane[(y - 1) * width..][..width];
                    let changes = above.iter().zip(row).filter(|(a, b)| a != b).count();
                    rows.0[y] = (rows.0[y].0 + changes as u64, rows.0[y].1 + width as u64);
                }
            }
        }
        let best = |changes: &Changes, period| {
            (0..period).map(|phase| (changes.evidence(period, phase), phase)).max().unwrap_or((0, 0))
        };
        let (evidence, grid) = PERIODS
            .map(|period| {
                let ((by_row, row), (by_column, column)) = (best(&rows, period), best(&columns, period));
                (by_row + by_column, Self { period, row, column })
            })
            .max_by_key(|(evidence, grid)| (*evidence, usize::MAX - grid.period))?;
        (evidence >= EVIDENCE).then_some(grid)
    }

    /// Codes a grid, or that there is none.
    ///
    /// # Errors
    /// [`Error::Corrupt`] if it begins beyond its period.
    pub(super) fn code<C: Coder>(coder: &mut C, grid: Option<Self>) -> Result<Option<Self>> {
        if coder.raw(u32::from(grid.is_some()), 1) == 0 {
            return Ok(None);
        }
        let grid = grid.unwrap_or(Self { period: *PERIODS.start(), row: 0, column: 0 });
        let period = coder.raw((grid.period - PERIODS.start()) as u32, 3) as usize + PERIODS.start();
        let row = coder.raw(grid.row as u32, 4) as usize;
        let column = coder.raw(grid.column as u32, 4) as usize;
        if row.max(column) >= period {
            return Err(Error::Corrupt(format!(
                "a grid of classes begins at row {row} and column {column}, its period is {period}; \
                 write the chunk again"
            )));
        }
        Ok(Some(Self { period, row, column }))
    }

    /// Whether a cell begins at a row.
    pub(super) fn row(self, y: usize) -> bool {
        y % self.period == self.row
    }

    /// Whether a cell begins at a column.
    pub(super) fn column(self, x: usize) -> bool {
        x % self.period == self.column
    }
}
