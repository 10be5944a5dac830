//! A stated transform held against the coordinates of columns and rows.
//!
//! Programs that cut or coarsen a raster change its coordinates, and often leave the attribute with the transform as it was.
//! Coordinates that contradict it are therefore followed.

use super::Georeference;
use crate::conventions::coordinates::{EvenAxis, even_axis};
use std::fmt;

/// What coordinates say against a stated transform, or against there being one.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Finding {
    /// The stated transform is not that of the coordinates, which are followed.
    Contradicted {
        /// GDAL's six coefficients as they are stated.
        stated: [f64; 6],
        /// Those of the coordinates.
        found: [f64; 6],
    },
    /// Coordinates are not evenly spaced, so that no transform describes them.
    Uneven {
        /// `columns`, `rows`, or both.
        axes: &'static str,
    },
    /// The only coordinate of an axis is no number, so that no transform describes them.
    Unplaced {
        /// `column`, `row`, or both.
        axes: &'static str,
    },
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Contradicted { stated, found } => {
                let corner =
                    |[x0, dx, _, y0, _, dy]: &[f64; 6]| format!("{x0}, {y0} with pixels of {dx} x {dy}");
                write!(
                    f,
                    "the stated transform begins at {}, the coordinates at {}: the coordinates are followed",
                    corner(stated),
                    corner(found)
                )
            }
            Self::Uneven { axes } => {
                write!(
                    f,
                    "the coordinates of {axes} are not evenly spaced, so no transform places the pixels"
                )
            }
            Self::Unplaced { axes } => {
                write!(f, "the coordinate of the only {axes} is no number, so no transform places the pixels")
            }
        }
    }
}

impl Georeference {
    /// Completes and corrects the transform by the coordinates of the centres of columns and rows.
    ///
    /// A stated transform from which the coordinates may have been computed is kept, because it is more exact. That of a rotated
    /// raster, and any other beside coordinates that are mere numbers of pixels, is kept too.
    pub fn settle(&mut self, columns: &[f64], rows: &[f64]) -> Option<Finding> {
        let stated = self.transform;
        let (mut stated_x, mut stated_y) = (None, None);
        if let Some([x0, dx, rx, y0, ry, dy]) = stated {
            let (x, y) = (EvenAxis { start: x0, step: dx }, EvenAxis { start: y0, step: dy });
            let numbered = are_numbers(columns) && are_numbers(rows);
            if rx != 0.0 || ry != 0.0 || numbered || (x.agrees_with(columns) && y.agrees_with(rows)) {
                return None;
            }
            (stated_x, stated_y) = (Some(x), Some(y));
        }
        let (x, y) = (axis(columns, stated_x), axis(rows, stated_y));
        self.transform = x.zip(y).map(|(x, y)| [x.start, x.step, 0.0, y.start, 0.0, y.step]);
        let uneven = |centres: &[f64], axis: Option<EvenAxis>| axis.is_none() && centres.len() > 1;
        match (self.transform, stated, uneven(columns, x), uneven(rows, y)) {
            (Some(found), Some(stated), _, _) => Some(Finding::Contradicted { stated, found }),
            (_, _, true, true) => Some(Finding::Uneven { axes: "rows and columns" }),
            (_, _, true, false) => Some(Finding::Uneven { axes: "columns" }),
            (_, _, false, true) => Some(Finding::Uneven { axes: "rows" }),
            (..) => match (is_unplaced(columns), is_unplaced(rows)) {
                (true, true) => Some(Finding::Unplaced { axes: "row and column" }),
                (true, false) => Some(Finding::Unplaced { axes: "column" }),
                (false, true) => Some(Finding::Unplaced { axes: "row" }),
                (false, false) => None,
            },
        }
    }
}

/// The axis of centres. A single centre has the step that is stated.
fn axis(centres: &[f64], stated: Option<EvenAxis>) -> Option<EvenAxis> {
    match (centres, stated) {
        ([only], Some(stated)) if only.is_finite() => {
            Some(EvenAxis { start: only - stated.step / 2.0, step: stated.step })
        }
        _ => even_axis(centres),
    }
}

/// Whether there is one coordinate, which is no number.
fn is_unplaced(centres: &[f64]) -> bool {
    matches!(centres, [only] if !only.is_finite())
}

/// Whether coordinates are the numbers of pixels from 0.
fn are_numbers(centres: &[f64]) -> bool {
    centres.iter().enumerate().all(|(i, centre)| *centre == i as f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stated(transform: Option<[f64; 6]>) -> Georeference {
        Georeference { transform, ..Georeference::default() }
    }

    const UTM: [f64; 6] = [500_000.0, 10.0, 0.0, 5_000_000.0, 0.0, -10.0];

    fn centres(start: f64, step: f64, count: usize) -> Vec<f64> {
        (0..count).map(|i| start + step * (i as f64 + 0.5)).collect()
    }

    #[test]
    fn coordinates_are_followed_where_they_contradict() {
        let (x, y) = (centres(500_100.0, 10.0, 4), centres(4_999_950.0, -10.0, 3));
        let mut cut = stated(Some(UTM));
        let found = [500_100.0, 10.0, 0.0, 4_999_950.0, 0.0, -10.0];
        assert_eq!(cut.settle(&x, &y), Some(Finding::Contradicted { stated: UTM, found }));
        assert_eq!(cut.transform, Some(found));
        // Coarser pixels, and rows from below.
        let mut coarse = stated(Some(UTM));
        coarse.settle(&centres(500_000.0, 20.0, 4), &centres(4_999_900.0, 20.0, 3));
        assert_eq!(coarse.transform, Some([500_000.0, 20.0, 0.0, 4_999_900.0, 0.0, 20.0]));
        // A single row is where its coordinate is.
        let mut row = stated(Some(UTM));
        row.settle(&x, &[4_999_905.0]);
        assert_eq!(row.transform, Some([500_100.0, 10.0, 0.0, 4_999_910.0, 0.0, -10.0]));
    }

    #[test]
    fn a_transform_that_coordinates_agree_with_is_kept() {
        let third = [10.0, 1.0 / 3.0, 0.0, 50.0, 0.0, -1.0 / 3.0];
        let rounded = |values: Vec<f64>| values.iter().map(|v| f64::from(*v as f32)).collect::<Vec<_>>();
        let (x, y) = (rounded(centres(10.0, 1.0 / 3.0, 60)), rounded(centres(50.0, -1.0 / 3.0, 60)));
        let mut kept = stated(Some(third));
        assert_eq!((kept.settle(&x, &y), kept.transform), (None, Some(third)));
        let turned = [500_000.0, 10.0, 1.0, 5_000_000.0, 1.0, -10.0];
        let mut kept = stated(Some(turned));
        assert_eq!((kept.settle(&x, &y), kept.transform), (None, Some(turned)));
        let mut kept = stated(Some(UTM));
        assert_eq!((kept.settle(&[0.0, 1.0], &[0.0, 1.0, 2.0]), kept.transform), (None, Some(UTM)));
    }

    #[test]
    fn uneven_coordinates_have_no_transform() {
        let (x, y) = (centres(0.0, 1.0, 4), vec![0.0, 1.0, 3.0]);
        for before in [None, Some(UTM)] {
            let mut uneven = stated(before);
            assert_eq!(uneven.settle(&x, &y), Some(Finding::Uneven { axes: "rows" }));
            assert_eq!(uneven.transform, None);
        }
        let mut even = stated(None);
        assert_eq!((even.settle(&x, &x), even.transform), (None, Some([0.0, 1.0, 0.0, 0.0, 0.0, 1.0])));
        let mut one = stated(None);
        assert_eq!((one.settle(&x, &[7.0]), one.transform), (None, None));
    }

    #[test]
    fn a_single_coordinate_that_is_no_number_is_told() {
        let x = centres(500_000.0, 10.0, 4);
        for (columns, rows, axes) in [
            (&x[..], &[f64::NAN][..], "row"),
            (&[f64::INFINITY], &x, "column"),
            (&[f64::NAN], &[f64::NAN], "row and column"),
        ] {
            let mut lost = stated(Some(UTM));
            let finding = lost.settle(columns, rows).unwrap();
            assert_eq!((&finding, lost.transform), (&Finding::Unplaced { axes }, None));
            assert_eq!(
                finding.to_string(),
                format!("the coordinate of the only {axes} is no number, so no transform places the pixels")
            );
        }
    }
}
