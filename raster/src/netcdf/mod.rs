//! Writes NetCDF-4 files window by window, through GDAL's model of arrays with several dimensions.

mod attributes;
mod content;
mod globals;
mod handle;

pub use self::content::Content;

use self::handle::{Handle, c_text, failed};
use crate::{Error, Result};
use gdal::DriverManager;
use gdal::cpl::CslStringList;
use serde_json::Value;
use std::path::Path;
use std::ptr;

/// How the samples of a variable are stored.
#[derive(Clone, Debug, Default)]
pub struct Storage {
    /// Extents of a chunk; none for a variable in one piece.
    pub chunk: Vec<u64>,
    /// Deflate's level, 1 to 9; none for no compression.
    pub deflate: Option<u8>,
}

struct Dimension {
    name: String,
    extent: u64,
    handle: Handle<gdal_sys::GDALDimensionHS>,
}

/// A variable of a file that is being written.
pub struct Variable {
    name: String,
    content: Content,
    shape: Vec<u64>,
    handle: Handle<gdal_sys::GDALMDArrayHS>,
}

/// A file that is being written. Variables are dropped before it is finished.
pub struct NetCdf {
    // In the order in which they are to be released.
    dimensions: Vec<Dimension>,
    root: Handle<gdal_sys::GDALGroupHS>,
    dataset: Handle<std::ffi::c_void>,
}

impl NetCdf {
    /// Begins a file, replacing one that is there.
    ///
    /// # Errors
    /// [`Error::Mismatch`] when GDAL has no driver for NetCDF, [`Error::Gdal`] and [`Error::Io`] when it can't write there.
    pub fn create(path: &Path) -> Result<Self> {
        let driver = DriverManager::get_driver_by_name("netCDF").map_err(|_| {
            Error::Mismatch(
                "this GDAL has no netCDF driver; export to .tif or .zarr, or install it".to_owned(),
            )
        })?;
        let text = path.to_str().ok_or_else(|| {
            Error::Invalid(format!("{} is not valid UTF-8; choose another name", path.display()))
        })?;
        let name = c_text(text)?;
        let mut options = CslStringList::new();
        options.add_name_value("FORMAT", "NC4")?;
        options.add_name_value("CONVENTIONS", "CF-1.8")?;
        // SAFETY: the name and the options live through the calls; both objects are released with their own functions.
        unsafe {
            let made = gdal_sys::GDALCreateMultiDimensional(
                driver.c_driver(),
                name.as_ptr(),
                ptr::null_mut(),
                options.as_ptr(),
            );
            let dataset = Handle::new(made, close, || format!("{}", path.display()))?;
            let root = gdal_sys::GDALDatasetGetRootGroup(dataset.pointer());
            let root = Handle::new(root, gdal_sys::GDALGroupRelease, || "the root group".to_owned())?;
            Ok(Self { dimensions: Vec::new(), root, dataset })
        }
    }

    /// Writes a global attribute.
    ///
    /// # Errors
    /// [`Error::Mismatch`] with what GDAL says, [`Error::Invalid`] for a text with a null character.
    pub fn global(&self, name: &str, value: &Value) -> Result<()> {
        globals::write(&self.root, name, value)
    }

    /// Adds a dimension.
    ///
    /// # Errors
    /// [`Error::Mismatch`] with what GDAL says.
    pub fn dimension(&mut self, name: &str, extent: u64) -> Result<()> {
        let text = c_text(name)?;
        // SAFETY: texts live through the call; null stands for "no type, no direction, no options".
        let made = unsafe {
            gdal_sys::GDALGroupCreateDimension(
                self.root.pointer(),
                text.as_ptr(),
                ptr::null(),
                ptr::null(),
                extent,
                ptr::null_mut(),
            )
        };
        let handle = Handle::new(made, gdal_sys::GDALDimensionRelease, || format!("dimension {name}"))?;
        self.dimensions.push(Dimension { name: name.to_owned(), extent, handle });
        Ok(())
    }

    /// Whether there is a dimension of this name.
    #[must_use]
    pub fn has_dimension(&self, name: &str) -> bool {
        self.dimensions.iter().any(|dimension| dimension.name == name)
    }

    /// Adds a variable over dimensions that are there.
    ///
    /// # Errors
    /// [`Error::Mismatch`] when a dimension is not there, or with what GDAL says.
    pub fn variable(
        &self,
        name: &str,
        dimensions: &[&str],
        content: Content,
        storage: &Storage,
    ) -> Result<Variable> {
        let mut over = Vec::new();
        for wanted in dimensions {
            over.push(self.dimensions.iter().find(|d| d.name == *wanted).ok_or_else(|| {
                Error::Mismatch(format!(
                    "variable {name} has a dimension {wanted}, which the file has not; add it first"
                ))
            })?);
        }
        let mut options = CslStringList::new();
        if let Some(level) = storage.deflate {
            options.add_name_value("COMPRESS", "DEFLATE")?;
            options.add_name_value("ZLEVEL", &level.to_string())?;
        }
        if !storage.chunk.is_empty() {
            let extents: Vec<String> = storage.chunk.iter().map(u64::to_string).collect();
            options.add_name_value("BLOCKSIZE", &extents.join(","))?;
        }
        let text = c_text(name)?;
        let kind = content.handle()?;
        let mut handles: Vec<_> = over.iter().map(|d| d.handle.pointer()).collect();
        // SAFETY: the length of the list is passed with it, and all handles live through the call.
        let made = unsafe {
            gdal_sys::GDALGroupCreateMDArray(
                self.root.pointer(),
                text.as_ptr(),
                handles.len(),
                handles.as_mut_ptr(),
                kind.pointer(),
                options.as_ptr(),
            )
        };
        Ok(Variable {
            name: name.to_owned(),
            content,
            shape: over.iter().map(|d| d.extent).collect(),
            handle: Handle::new(made, gdal_sys::GDALMDArrayRelease, || format!("variable {name}"))?,
        })
    }

    /// Completes the file.
    ///
    /// # Errors
    /// [`Error::Mismatch`] with what GDAL says, such as that the disk is full.
    pub fn finish(self) -> Result<()> {
        // SAFETY: neither call has conditions.
        unsafe { gdal_sys::CPLErrorReset() };
        let Self { dimensions, root, dataset } = self;
        drop(dimensions);
        drop(root);
        drop(dataset);
        // SAFETY: as above; what was said while the file was closed is all that was said since.
        match unsafe { gdal_sys::CPLGetLastErrorType() } {
            gdal_sys::CPLErr::CE_Failure | gdal_sys::CPLErr::CE_Fatal => Err(failed("the end of the file")),
            _ => Ok(()),
        }
    }
}

/// GDAL's function to close a data set, which returns nothing before GDAL 3.7.
unsafe extern "C" fn close(dataset: gdal_sys::GDALDatasetH) {
    // SAFETY: the caller hands over a data set that is open and not used after.
    #[allow(
        clippy::let_unit_value,
        reason = "newer bindings return an error code, which the last message tells as well"
    )]
    let _code = unsafe { gdal_sys::GDALClose(dataset) };
}

impl Variable {
    /// Declares the value that means "no data", before anything is written: `_FillValue`.
    ///
    /// # Errors
    /// [`Error::Mismatch`] when the variable has no samples of that length, or with what GDAL says.
    pub fn nodata(&self, sample: &[u8]) -> Result<()> {
        match self.content {
            Content::Samples(kind) if kind.size() == sample.len() => {}
            Content::Integers if sample.len() == 8 => {}
            _ => {
                return Err(Error::Mismatch(format!("{} has no such nodata value; leave it out", self.name)));
            }
        }
        // SAFETY: the sample has as many bytes as the variable's type, and is copied.
        let done =
            unsafe { gdal_sys::GDALMDArraySetRawNoDataValue(self.handle.pointer(), sample.as_ptr().cast()) };
        if done == 0 { Err(failed(&format!("the nodata value of {}", self.name))) } else { Ok(()) }
    }

    /// Writes an attribute: a text, a number, or a list of numbers. Lists of whole numbers, and values that CF holds against samples, are
    /// written in the type of the samples; whole numbers that no float64 is, as whole numbers of 64 bits. Anything else is written as the
    /// text of its JSON.
    ///
    /// # Errors
    /// [`Error::Mismatch`] with what GDAL says.
    pub fn attribute(&self, name: &str, value: &Value) -> Result<()> {
        let on = attributes::Owner { handle: &self.handle, name: &self.name, content: self.content };
        attributes::write(&on, name, value)
    }

    /// Writes a window: samples in C order and native byte order.
    ///
    /// # Errors
    /// [`Error::Mismatch`] when the window does not lie within the variable, does not fit the bytes, or with what GDAL says.
    pub fn write(&self, start: &[u64], count: &[u64], bytes: &[u8]) -> Result<()> {
        let size = match self.content {
            Content::Samples(kind) => kind.size(),
            Content::Integers => 8,
            Content::Texts => 0,
        };
        let within = start.len() == self.shape.len()
            && count.len() == self.shape.len()
            && start
                .iter()
                .zip(count)
                .zip(&self.shape)
                .all(|((s, n), e)| s.checked_add(*n).is_some_and(|to| to <= *e));
        let samples: u64 = count.iter().product();
        if !within || size == 0 || samples.checked_mul(size as u64) != Some(bytes.len() as u64) {
            return Err(Error::Mismatch(format!(
                "{} bytes for the window {count:?} at {start:?} of {}, whose shape is {:?}; give a window of its samples",
                bytes.len(),
                self.name,
                self.shape
            )));
        }
        self.write_raw(start, count, bytes.as_ptr().cast(), bytes.len())
    }

    /// Writes all texts.
    ///
    /// # Errors
    /// [`Error::Mismatch`] when there are more or fewer than the variable has, or with what GDAL says.
    pub fn write_texts(&self, texts: &[String]) -> Result<()> {
        if self.content != Content::Texts || self.shape.iter().product::<u64>() != texts.len() as u64 {
            return Err(Error::Mismatch(format!(
                "{} texts for {}, whose shape is {:?}; give as many",
                texts.len(),
                self.name,
                self.shape
            )));
        }
        let owned: Vec<_> = texts.iter().map(|text| c_text(text)).collect::<Result<_>>()?;
        let pointers: Vec<_> = owned.iter().map(|text| text.as_ptr()).collect();
        self.write_raw(
            &vec![0; self.shape.len()],
            &self.shape,
            pointers.as_ptr().cast(),
            size_of_val(pointers.as_slice()),
        )
    }

    /// The buffer holds the window's samples, in this many bytes.
    fn write_raw(
        &self,
        start: &[u64],
        count: &[u64],
        buffer: *const std::ffi::c_void,
        bytes: usize,
    ) -> Result<()> {
        let kind = self.content.handle()?;
        let count: Vec<usize> = count.iter().map(|n| *n as usize).collect();
        // SAFETY: the callers check that the window lies within the array and the buffer holds it; null for steps and
        // strides stands for a dense buffer. The buffer's start and length are given, so that GDAL checks them as well.
        let done = unsafe {
            gdal_sys::GDALMDArrayWrite(
                self.handle.pointer(),
                start.as_ptr(),
                count.as_ptr(),
                ptr::null(),
                ptr::null(),
                kind.pointer(),
                buffer,
                buffer,
                bytes,
            )
        };
        if done == 0 { Err(failed(&self.name)) } else { Ok(()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample::DataType;
    use gdal::Dataset;
    use serde_json::json;

    #[test]
    fn a_cube_is_written_in_windows() {
        let path = std::env::temp_dir().join(format!("vqz-cube-{}.nc", std::process::id()));
        let mut file = NetCdf::create(&path).unwrap();
        for (name, extent) in [("time", 2), ("band", 2), ("y", 3), ("x", 4)] {
            file.dimension(name, extent).unwrap();
        }
        let time = file.variable("time", &["time"], Content::Integers, &Storage::default()).unwrap();
        time.attribute("units", &json!("seconds since 1970-01-01")).unwrap();
        time.write(&[0], &[2], &[0i64, 86_400].map(i64::to_ne_bytes).concat()).unwrap();
        let names = file.variable("band", &["band"], Content::Texts, &Storage::default()).unwrap();
        names.write_texts(&["B02".to_owned(), "B8A".to_owned()]).unwrap();
        let storage = Storage { chunk: vec![1, 1, 2, 4], deflate: Some(4) };
        let dimensions = ["time", "band", "y", "x"];
        let data = file.variable("data", &dimensions, Content::Samples(DataType::Int16), &storage).unwrap();
        data.nodata(&(-5i16).to_ne_bytes()).unwrap();
        data.attribute("scale_factor", &json!(0.5)).unwrap();
        data.attribute("flag_values", &json!([1, 2])).unwrap();
        let samples: Vec<i16> = (0..48).collect();
        for half in 0..2 {
            let bytes: Vec<u8> = samples[half * 24..][..24].iter().flat_map(|v| v.to_ne_bytes()).collect();
            data.write(&[half as u64, 0, 0, 0], &[1, 2, 3, 4], &bytes).unwrap();
        }
        let error = data.write(&[1, 0, 0, 0], &[2, 2, 3, 4], &[]).unwrap_err().to_string();
        assert_eq!(
            error,
            "0 bytes for the window [2, 2, 3, 4] at [1, 0, 0, 0] of data, whose shape is [2, 2, 3, 4]; give a window \
             of its samples"
        );
        let error = file.variable("none", &["z"], Content::Integers, &Storage::default()).err().unwrap();
        assert_eq!(
            error.to_string(),
            "variable none has a dimension z, which the file has not; add it first"
        );
        drop((time, names, data));
        file.finish().unwrap();

        let read = Dataset::open(format!("NETCDF:\"{}\":data", path.display())).unwrap();
        assert_eq!((read.raster_count(), read.raster_size()), (4, (4, 3)));
        let band = read.rasterband(4).unwrap();
        // GDAL sees the first row below.
        let mut rows = band.read_band_as::<i16>().unwrap().data().to_vec();
        rows.sort_unstable();
        assert_eq!(rows, samples[36..]);
        assert_eq!((band.no_data_value(), band.scale()), (Some(-5.0), Some(0.5)));
        std::fs::remove_file(&path).unwrap();
    }
}
