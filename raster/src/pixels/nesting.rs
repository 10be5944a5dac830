//! Domains at several resolutions: the coarse domain that follows from a fine one, and whether two domains fit together.

use super::domain::Domain;
use crate::{Error, Result};
use serde::{Deserialize, Serialize};

/// Which coarse cells belong to a domain.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Coverage {
    /// Coarse cells that contain any fine cell of the domain.
    #[default]
    Any,
    /// Coarse cells all of whose fine cells within the grid belong to the domain.
    All,
}

/// How a coarse domain compares with that of a fine one. Cells are `(row, column)` of the coarse grid.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Nesting {
    /// Cells that the coarse domain lacks.
    pub missing: usize,
    /// The first of them, row by row.
    pub first_missing: Option<(usize, usize)>,
    /// Cells that it has and should not.
    pub surplus: usize,
    /// The first of them, row by row.
    pub first_surplus: Option<(usize, usize)>,
}

impl Nesting {
    /// Whether every cell agrees.
    #[must_use]
    pub fn is_exact(&self) -> bool {
        self.missing == 0 && self.surplus == 0
    }

    /// Refuses domains that don't fit together.
    ///
    /// # Errors
    /// [`Error::Mismatch`] which says how many cells disagree, and the first of them.
    pub fn require(&self) -> Result<()> {
        let say = |count: usize, first: Option<(usize, usize)>, what: &str| {
            first.map(|(row, column)| {
                format!("{what} {count} cells (the first at row {row}, column {column})")
            })
        };
        let parts = [
            say(self.missing, self.first_missing, "lacks"),
            say(self.surplus, self.first_surplus, "has in surplus"),
        ];
        let parts: Vec<String> = parts.into_iter().flatten().collect();
        if parts.is_empty() {
            return Ok(());
        }
        Err(Error::Mismatch(format!(
            "the coarse domain doesn't nest with the fine one: it {}; check the factor, or make it with coarsen",
            parts.join(" and ")
        )))
    }
}

impl Domain {
    /// The domain on a grid `factor` times as coarse, row by row; at the right and the lower edge, coarse cells may
    /// stick out of the fine grid.
    ///
    /// # Errors
    /// [`Error::Invalid`] where the factor is 0.
    pub fn coarsen(&self, factor: usize, coverage: Coverage) -> Result<Self> {
        if factor == 0 {
            return Err(Error::Invalid(
                "a domain can't be coarsened by a factor of 0; give 1 or more".to_owned(),
            ));
        }
        let (height, width) = (self.height().div_ceil(factor), self.width().div_ceil(factor));
        let mut counts = vec![0usize; height * width];
        for cell in self.cells() {
            let (row, column) = (cell / self.width(), cell % self.width());
            counts[row / factor * width + column / factor] += 1;
        }
        let extent = |index: usize, whole: usize| factor.min(whole - index * factor);
        let covered = counts.iter().enumerate().map(|(cell, count)| match coverage {
            Coverage::Any => *count > 0,
            Coverage::All => {
                *count == extent(cell / width, self.height()) * extent(cell % width, self.width())
            }
        });
        let mask: Vec<bool> = covered.collect();
        Self::from_mask(height, width, &mask)
    }
}

/// Compares a coarse domain with the one that follows from the fine one by `factor`. The order of the lists does not matter.
///
/// # Errors
/// [`Error::Mismatch`] where the grids' extents don't fit the factor, [`Error::Invalid`] where it is 0.
pub fn check_nesting(fine: &Domain, coarse: &Domain, factor: usize, coverage: Coverage) -> Result<Nesting> {
    let expected = fine.coarsen(factor, coverage)?;
    if (expected.height(), expected.width()) != (coarse.height(), coarse.width()) {
        return Err(Error::Mismatch(format!(
            "a grid of {} × {} coarsened {factor} times has {} × {} cells, the coarse domain has {} × {}",
            fine.height(),
            fine.width(),
            expected.height(),
            expected.width(),
            coarse.height(),
            coarse.width()
        )));
    }
    let mut nesting = Nesting::default();
    for (cell, (expected, found)) in expected.mask().into_iter().zip(coarse.mask()).enumerate() {
        let place = (cell / coarse.width(), cell % coarse.width());
        if expected && !found {
            nesting.missing += 1;
            nesting.first_missing.get_or_insert(place);
        } else if found && !expected {
            nesting.surplus += 1;
            nesting.first_surplus.get_or_insert(place);
        }
    }
    Ok(nesting)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn domain(rows: &[&str]) -> Domain {
        let mask: Vec<bool> = rows.iter().flat_map(|row| row.chars()).map(|c| c == '#').collect();
        Domain::from_mask(rows.len(), rows[0].len(), &mask).unwrap()
    }

    #[test]
    fn coarse_domains_hold_any_or_all() {
        let fine = domain(&["##..#", "##.#.", "#...#"]);
        assert_eq!(fine.coarsen(2, Coverage::Any).unwrap(), domain(&["###", "#.#"]));
        assert_eq!(fine.coarsen(2, Coverage::All).unwrap(), domain(&["#..", "..#"]));
        assert_eq!(fine.coarsen(1, Coverage::All).unwrap(), fine);
        assert_eq!(fine.coarsen(100, Coverage::Any).unwrap(), domain(&["#"]));
        assert_eq!(
            fine.coarsen(0, Coverage::Any).unwrap_err().to_string(),
            "a domain can't be coarsened by a factor of 0; give 1 or more"
        );
    }

    #[test]
    fn what_disagrees_is_counted_and_named() {
        let fine = domain(&["##..#", "##.#.", "#...#"]);
        let turned = domain(&["###", "#.#"]).reordered(&[4, 2, 0, 1, 3]).unwrap();
        let nesting = check_nesting(&fine, &turned, 2, Coverage::Any).unwrap();
        assert!(nesting.is_exact());
        nesting.require().unwrap();
        let nesting = check_nesting(&fine, &domain(&["#..", ".##"]), 2, Coverage::Any).unwrap();
        assert_eq!(
            nesting,
            Nesting { missing: 3, first_missing: Some((0, 1)), surplus: 1, first_surplus: Some((1, 1)) }
        );
        assert_eq!(
            nesting.require().unwrap_err().to_string(),
            "the coarse domain doesn't nest with the fine one: it lacks 3 cells (the first at row 0, column 1) and \
             has in surplus 1 cells (the first at row 1, column 1); check the factor, or make it with coarsen"
        );
        assert_eq!(
            check_nesting(&fine, &fine, 2, Coverage::Any).unwrap_err().to_string(),
            "a grid of 3 × 5 coarsened 2 times has 2 × 3 cells, the coarse domain has 3 × 5"
        );
    }
}
