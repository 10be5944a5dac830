//! Copies the samples of a list onto a grid and back, for samples of any size and arrays with any other axes.

use crate::{Error, Result};

/// The number of pixels that are copied for all inner axes in turn, while their samples stay in the cache.
const BLOCK: usize = 4096;

/// How a list lies in an array: the array's shape in C order, which axis is the list, and the bytes of a sample.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Layout {
    /// The extents of the list array.
    pub shape: Vec<usize>,
    /// The number of the axis that is the list, from 0.
    pub axis: usize,
    /// Bytes of a sample.
    pub size: usize,
}

impl Layout {
    /// The shape of the grid: all other axes in their order, then `(y, x)`.
    #[must_use]
    pub fn grid_shape(&self, height: usize, width: usize) -> Vec<usize> {
        let others = self.shape.iter().enumerate().filter(|(axis, _)| *axis != self.axis);
        others.map(|(_, extent)| *extent).chain([height, width]).collect()
    }
}

/// The cells that some places of a list stand for.
pub(super) struct Places<'a> {
    /// Pixels of the list that is read or written.
    pub(super) count: usize,
    /// The places in that list; none where they are `0..count`.
    pub(super) places: Option<&'a [usize]>,
    /// Their cells, one for each of them.
    pub(super) cells: &'a [usize],
    pub(super) height: usize,
    pub(super) width: usize,
}

/// A checked layout: the number of samples along the axes before and after the list, and the bytes of both arrays.
struct Extents {
    outer: usize,
    inner: usize,
    grid: usize,
    list_bytes: usize,
    grid_bytes: usize,
}

impl Places<'_> {
    fn extents(&self, layout: &Layout) -> Result<Extents> {
        let Some(extent) = layout.shape.get(layout.axis) else {
            return Err(Error::Invalid(format!(
                "axis {} of a list array of {} axes is to be the list; axes are counted from 0",
                layout.axis,
                layout.shape.len()
            )));
        };
        if *extent != self.count {
            return Err(Error::Mismatch(format!(
                "axis {} of a list array has {extent} pixels, the domain has {}",
                layout.axis, self.count
            )));
        }
        if layout.size == 0 {
            return Err(Error::Invalid("a sample of a list array has 0 bytes; give 1 or more".to_owned()));
        }
        let grid = cells_of(self.height, self.width)?;
        let product = |extents: &[usize]| {
            extents.iter().try_fold(layout.size, |n: usize, extent| n.checked_mul(*extent))
        };
        let bytes = product(&layout.shape).zip(product(&layout.grid_shape(self.height, self.width)));
        let Some((list_bytes, grid_bytes)) = bytes.filter(|(_, grid)| isize::try_from(*grid).is_ok()) else {
            return Err(Error::Invalid(format!(
                "a list array of shape {:?} on a grid of {} × {} is more than this machine can hold; take smaller \
                 windows",
                layout.shape, self.height, self.width
            )));
        };
        // Without samples, no length bounds the other extents.
        let among = |extents: &[usize]| extents.iter().fold(1, |n: usize, extent| n.saturating_mul(*extent));
        let outer = among(&layout.shape[..layout.axis]);
        let inner = among(&layout.shape[layout.axis + 1..]);
        Ok(Extents { outer, inner, grid, list_bytes, grid_bytes })
    }

    pub(super) fn scatter(&self, list: &[u8], layout: &Layout, nodata: &[u8]) -> Result<Vec<u8>> {
        let extents = self.extents(layout)?;
        has_bytes("list array", list, extents.list_bytes)?;
        has_bytes("nodata sample", nodata, layout.size)?;
        let mut grid = nodata.repeat(extents.grid_bytes / layout.size);
        match layout.size {
            1 => self.scatter_sized::<1>(list, &mut grid, &extents),
            2 => self.scatter_sized::<2>(list, &mut grid, &extents),
            4 => self.scatter_sized::<4>(list, &mut grid, &extents),
            8 => self.scatter_sized::<8>(list, &mut grid, &extents),
            size => self.walk(&extents, |from, to| {
                grid[to * size..(to + 1) * size].copy_from_slice(&list[from * size..(from + 1) * size]);
            }),
        }
        Ok(grid)
    }

    fn scatter_sized<const N: usize>(&self, list: &[u8], grid: &mut [u8], extents: &Extents) {
        let (list, grid) = (list.as_chunks::<N>().0, grid.as_chunks_mut::<N>().0);
        self.walk(extents, |from, to| grid[to] = list[from]);
    }

    pub(super) fn gather(&self, grid: &[u8], layout: &Layout) -> Result<Vec<u8>> {
        let extents = self.extents(layout)?;
        has_bytes("grid array", grid, extents.grid_bytes)?;
        let mut list = vec![0; extents.list_bytes];
        match layout.size {
            1 => self.gather_sized::<1>(grid, &mut list, &extents),
            2 => self.gather_sized::<2>(grid, &mut list, &extents),
            4 => self.gather_sized::<4>(grid, &mut list, &extents),
            8 => self.gather_sized::<8>(grid, &mut list, &extents),
            size => self.walk(&extents, |to, from| {
                list[to * size..(to + 1) * size].copy_from_slice(&grid[from * size..(from + 1) * size]);
            }),
        }
        Ok(list)
    }

    fn gather_sized<const N: usize>(&self, grid: &[u8], list: &mut [u8], extents: &Extents) {
        let (grid, list) = (grid.as_chunks::<N>().0, list.as_chunks_mut::<N>().0);
        self.walk(extents, |to, from| list[to] = grid[from]);
    }

    /// Calls `each` with the numbers, in C order, of every pair of samples: in the list array, and in the grid.
    fn walk(&self, extents: &Extents, mut each: impl FnMut(usize, usize)) {
        let Extents { outer, inner, grid, .. } = *extents;
        if extents.list_bytes == 0 {
            return;
        }
        for o in 0..outer {
            for start in (0..self.cells.len()).step_by(BLOCK) {
                let end = (start + BLOCK).min(self.cells.len());
                for j in 0..inner {
                    let plane = (o * inner + j) * grid;
                    let sample = |place: usize| (o * self.count + place) * inner + j;
                    match self.places {
                        Some(places) => {
                            for (place, cell) in places[start..end].iter().zip(&self.cells[start..end]) {
                                each(sample(*place), plane + cell);
                            }
                        }
                        None => {
                            for (place, cell) in (start..end).zip(&self.cells[start..end]) {
                                each(sample(place), plane + cell);
                            }
                        }
                    }
                }
            }
        }
    }
}

fn has_bytes(what: &str, bytes: &[u8], expected: usize) -> Result<()> {
    if bytes.len() == expected {
        return Ok(());
    }
    Err(Error::Mismatch(format!("a {what} has {} bytes, domain and layout ask for {expected}", bytes.len())))
}

/// The number of cells of a grid.
pub(super) fn cells_of(height: usize, width: usize) -> Result<usize> {
    height.checked_mul(width).ok_or_else(|| {
        Error::Invalid(format!("a grid of {height} × {width} cells is more than this machine can number"))
    })
}

#[cfg(test)]
mod tests {
    use crate::pixels::{Domain, Layout};

    fn roll(state: &mut u64, sides: usize) -> usize {
        *state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (*state >> 33) as usize % sides
    }

    #[test]
    fn a_list_becomes_a_grid() {
        let domain = Domain::from_indices(2, 2, &[1, 0], &[1, 0]).unwrap();
        // (pixel, band): two pixels of three bands.
        let layout = Layout { shape: vec![2, 3], axis: 0, size: 1 };
        assert_eq!(layout.grid_shape(2, 2), [3, 2, 2]);
        let grid = domain.scatter(&[1, 2, 3, 4, 5, 6], &layout, &[9]).unwrap();
        assert_eq!(grid, [4, 9, 9, 1, 5, 9, 9, 2, 6, 9, 9, 3]);
        assert_eq!(domain.gather(&grid, &layout).unwrap(), [1, 2, 3, 4, 5, 6]);
    }

    #[test]
    fn any_axis_and_any_size_come_back() {
        let mut state = 3;
        for round in 0..200 {
            let (height, width) = (1 + roll(&mut state, 9), 1 + roll(&mut state, 90));
            let mask: Vec<bool> = (0..height * width).map(|_| roll(&mut state, 3) > 0).collect();
            let mut domain = Domain::from_mask(height, width, &mask).unwrap();
            if round % 2 == 0 {
                let mut permutation: Vec<usize> = (0..domain.len()).collect();
                for i in (1..permutation.len()).rev() {
                    permutation.swap(i, roll(&mut state, i + 1));
                }
                domain = domain.reordered(&permutation).unwrap();
            }
            let size = [1, 2, 3, 4, 8, 16][round % 6];
            let mut shape: Vec<usize> =
                (0..1 + roll(&mut state, 4)).map(|_| 1 + roll(&mut state, 4)).collect();
            let axis = roll(&mut state, shape.len());
            shape[axis] = domain.len();
            let samples: usize = shape.iter().product();
            let list: Vec<u8> = (0..samples * size).map(|_| roll(&mut state, 255) as u8).collect();
            let layout = Layout { shape: shape.clone(), axis, size };
            let nodata = vec![255; size];
            let grid = domain.scatter(&list, &layout, &nodata).unwrap();
            assert_eq!(domain.gather(&grid, &layout).unwrap(), list);

            // The oracle takes every sample of the grid apart into its indices.
            let grid_shape = layout.grid_shape(height, width);
            assert_eq!(grid.len(), grid_shape.iter().product::<usize>() * size);
            for (number, sample) in grid.chunks(size).enumerate() {
                let mut rest = number;
                let mut place = vec![0; grid_shape.len()];
                for (index, extent) in place.iter_mut().zip(&grid_shape).rev() {
                    *index = rest % extent;
                    rest /= extent;
                }
                let column = place.pop().unwrap();
                let row = place.pop().unwrap();
                let Some(pixel) = domain.cells().iter().position(|cell| *cell == row * width + column) else {
                    assert_eq!(sample, nodata);
                    continue;
                };
                place.insert(axis, pixel);
                let at = place.iter().zip(&shape).fold(0, |at, (index, extent)| at * extent + index);
                assert_eq!(sample, &list[at * size..(at + 1) * size]);
            }
        }
    }

    #[test]
    fn lengths_are_checked() {
        let domain = Domain::from_indices(2, 2, &[1, 0], &[1, 0]).unwrap();
        let layout = |shape: &[usize], axis, size| Layout { shape: shape.to_vec(), axis, size };
        let message = |layout: Layout| domain.scatter(&[0; 6], &layout, &[9]).unwrap_err().to_string();
        assert_eq!(message(layout(&[3, 2], 0, 1)), "axis 0 of a list array has 3 pixels, the domain has 2");
        assert_eq!(
            message(layout(&[3, 2], 2, 1)),
            "axis 2 of a list array of 2 axes is to be the list; axes are counted from 0"
        );
        assert_eq!(message(layout(&[2, 2], 0, 1)), "a list array has 6 bytes, domain and layout ask for 4");
        assert_eq!(message(layout(&[2, 3, 1], 0, 0)), "a sample of a list array has 0 bytes; give 1 or more");
        assert!(message(layout(&[2, usize::MAX], 0, 1)).contains("more than this machine can hold"));
        let empty = layout(&[0, usize::MAX, 2, usize::MAX], 2, 1);
        assert!(domain.scatter(&[], &empty, &[9]).unwrap().is_empty());
        let layout = layout(&[2], 0, 3);
        assert_eq!(
            domain.scatter(&[0; 6], &layout, &[9]).unwrap_err().to_string(),
            "a nodata sample has 1 bytes, domain and layout ask for 3"
        );
        assert_eq!(
            domain.gather(&[0; 6], &layout).unwrap_err().to_string(),
            "a grid array has 6 bytes, domain and layout ask for 12"
        );
    }
}
