//! Writes lists of pixels from grids, as NumPy files: the indices of the pixels, and their samples.

use super::copy::Layout;
use super::domain::Domain;
use crate::npy;
use crate::sample::DataType;
use crate::{Error, Result};
use std::path::{Path, PathBuf};

/// The files of a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exported {
    /// The row of each pixel, int32 of shape `(pixel,)`.
    pub rows: PathBuf,
    /// The column of each pixel, int32 of shape `(pixel,)`.
    pub columns: PathBuf,
    /// The samples, in the shape of the list array.
    pub values: PathBuf,
}

/// Writes the pixels of a domain out of a grid as a list: `rows.npy`, `columns.npy` and `values.npy` in a folder, which is made
/// if it does not exist. No file is ever incomplete, and the values are written last.
///
/// `grid` has the shape that [`Layout::grid_shape`] says, as native bytes of the sample type.
///
/// # Errors
/// [`Error::Mismatch`] where grid, layout, type and domain do not fit each other, [`Error::Io`] where a file can't be written.
pub fn export(
    folder: &Path,
    domain: &Domain,
    sample_type: DataType,
    layout: &Layout,
    grid: &[u8],
) -> Result<Exported> {
    if layout.size != sample_type.size() {
        return Err(Error::Mismatch(format!(
            "a list of {} has samples of {} bytes, its layout says {}",
            sample_type.name(),
            sample_type.size(),
            layout.size
        )));
    }
    write_list(folder, domain, sample_type, &layout.shape, &domain.gather(grid, layout)?)
}

/// Writes a list that was gathered already, as [`export`] does: samples of this shape, one axis of which is the list.
///
/// # Errors
/// [`Error::Mismatch`] where indices are beyond 32 bits, or shape and samples do not fit; [`Error::Io`] where a file can't be
/// written.
pub fn write_list(
    folder: &Path,
    domain: &Domain,
    sample_type: DataType,
    shape: &[usize],
    values: &[u8],
) -> Result<Exported> {
    std::fs::create_dir_all(folder)
        .map_err(|source| Error::Io { path: folder.display().to_string(), source })?;
    let exported = Exported {
        rows: folder.join("rows.npy"),
        columns: folder.join("columns.npy"),
        values: folder.join("values.npy"),
    };
    let width = domain.width().max(1);
    let indices = |of: &dyn Fn(usize) -> usize| -> Result<Vec<u8>> {
        let mut bytes = Vec::with_capacity(domain.len() * size_of::<i32>());
        for cell in domain.cells() {
            let index = i32::try_from(of(*cell)).map_err(|_| {
                Error::Mismatch(format!(
                    "a pixel is at row {}, column {}; indices of 32 bits are written",
                    cell / width,
                    cell % width
                ))
            })?;
            bytes.extend(index.to_ne_bytes());
        }
        Ok(bytes)
    };
    let (rows, columns) = (indices(&|cell| cell / width)?, indices(&|cell| cell % width)?);
    npy::write(&exported.rows, DataType::Int32, &[domain.len()], &rows)?;
    npy::write(&exported.columns, DataType::Int32, &[domain.len()], &columns)?;
    npy::write(&exported.values, sample_type, shape, values)?;
    Ok(exported)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::npy::NpyArray;

    #[test]
    fn lists_become_grids_and_files_again() {
        let folder = std::env::temp_dir().join(format!("vqz-export-{}", std::process::id()));
        let domain = Domain::from_indices(3, 4, &[2, 0, 1], &[3, 1, 1]).unwrap();
        let list: Vec<u16> = vec![10, 11, 20, 21, 30, 31];
        let bytes: Vec<u8> = list.iter().flat_map(|v| v.to_ne_bytes()).collect();
        let layout = Layout { shape: vec![3, 2], axis: 0, size: 2 };
        let grid = domain.scatter(&bytes, &layout, &7u16.to_ne_bytes()).unwrap();
        let exported = export(&folder, &domain, DataType::UInt16, &layout, &grid).unwrap();
        let read = |path: &Path| {
            let array = NpyArray::open(path).unwrap();
            let window: Vec<_> = array.shape().iter().map(|n| 0..*n).collect();
            array.read_f64(&window).unwrap()
        };
        assert_eq!(read(&exported.rows), [2.0, 0.0, 1.0]);
        assert_eq!(read(&exported.columns), [3.0, 1.0, 1.0]);
        assert_eq!(read(&exported.values), [10.0, 11.0, 20.0, 21.0, 30.0, 31.0]);
        assert_eq!(NpyArray::open(&exported.values).unwrap().shape(), [3, 2]);
        let error = export(&folder, &domain, DataType::Float64, &layout, &grid).unwrap_err();
        assert_eq!(error.to_string(), "a list of float64 has samples of 8 bytes, its layout says 2");
        std::fs::remove_dir_all(&folder).unwrap();
    }
}
