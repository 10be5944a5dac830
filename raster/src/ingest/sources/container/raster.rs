//! A variable as a raster whose rows and columns are any two of its axes. Its bands are the entries of all other axes, in C order.
//!
//! Rows stay in the order of the file, and the transform is that of its coordinates. Such a raster has a name, as those that
//! GDAL opens have, so that each thread can open it again.

use gdal::{Dataset, DatasetOptions, GdalOpenFlags};
use std::ffi::CString;
use std::fmt;
use std::path::PathBuf;

/// What the names of such rasters begin with.
const PREFIX: &str = "VARIABLE:";

/// A variable of a file, and the places of its axes of rows and columns.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct VariableRaster {
    pub(crate) file: PathBuf,
    /// The variable's place, such as `/Retrieval/soil_moisture`.
    pub(crate) path: String,
    pub(crate) y: usize,
    pub(crate) x: usize,
}

impl fmt::Display for VariableRaster {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The length tells where the variable's place ends, whatever characters it has.
        write!(f, "{PREFIX}{}:{}:{}:{}{}", self.y, self.x, self.path.len(), self.path, self.file.display())
    }
}

impl VariableRaster {
    /// The raster of a name; `None` for other names.
    pub(crate) fn of_name(name: &str) -> Option<Self> {
        let mut parts = name.strip_prefix(PREFIX)?.splitn(4, ':');
        let mut number = || parts.next()?.parse::<usize>().ok();
        let (y, x, length) = (number()?, number()?, number()?);
        let (path, file) = parts.next()?.split_at_checked(length)?;
        Some(Self { file: PathBuf::from(file), path: path.to_owned(), y, x })
    }

    /// Opens it.
    ///
    /// # Errors
    /// What GDAL says.
    pub(crate) fn open(&self) -> Result<Dataset, gdal::errors::GdalError> {
        let options = DatasetOptions {
            open_flags: GdalOpenFlags::GDAL_OF_MULTIDIM_RASTER,
            ..DatasetOptions::default()
        };
        let container = Dataset::open_ex(&self.file, options)?;
        let path = CString::new(self.path.as_str())?;
        let failed = |method_name: &'static str| gdal::errors::GdalError::NullPointer {
            method_name,
            msg: format!("variable {} can't be opened as a raster", self.path),
        };
        // SAFETY: handles are checked for null before they are used, and released with their own functions; the text lives
        // through the call. The raster keeps the variable, and that the file, open by itself.
        let raster = unsafe {
            let root = gdal_sys::GDALDatasetGetRootGroup(container.c_dataset());
            if root.is_null() {
                return Err(failed("GDALDatasetGetRootGroup"));
            }
            let array = gdal_sys::GDALGroupOpenMDArrayFromFullname(root, path.as_ptr(), std::ptr::null_mut());
            gdal_sys::GDALGroupRelease(root);
            if array.is_null() {
                return Err(failed("GDALGroupOpenMDArrayFromFullname"));
            }
            let raster = gdal_sys::GDALMDArrayAsClassicDataset(array, self.x, self.y);
            gdal_sys::GDALMDArrayRelease(array);
            raster
        };
        if raster.is_null() {
            return Err(failed("GDALMDArrayAsClassicDataset"));
        }
        // SAFETY: GDAL returned the handle, and nothing else owns it.
        Ok(unsafe { Dataset::from_c_dataset(raster) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_go_there_and_back() {
        let raster = VariableRaster {
            file: PathBuf::from("/data/a:b \"c\".nc"),
            path: "/group/v:1".to_owned(),
            y: 2,
            x: 0,
        };
        assert_eq!(VariableRaster::of_name(&raster.to_string()), Some(raster));
        for name in ["a.tif", "VARIABLE:", "VARIABLE:1:2:3", "VARIABLE:1:2:99:short", "VARIABLE:a:b:1:c"] {
            assert_eq!(VariableRaster::of_name(name), None, "{name}");
        }
    }
}
