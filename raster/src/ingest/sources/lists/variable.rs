//! Variables of NetCDF and HDF5 as arrays of any number of axes, read through GDAL's multidimensional model.

use crate::band::{Band, give_attributes};
use crate::error::{Error, Result};
use crate::ingest::sources::axes::Axis;
use crate::sample::{DataType, Sample, data_type_of_gdal};
use crate::with_sample_type;
use gdal::cpl::CslStringList;
use gdal::raster::{GdalDataType, Group, MDArray};
use gdal::{Dataset, DatasetOptions, GdalOpenFlags};
use std::ops::Range;
use std::path::{Path, PathBuf};

/// A variable with its description.
#[derive(Clone, Debug)]
pub(crate) struct Variable {
    file: PathBuf,
    pub(crate) name: String,
    pub(crate) shape: Vec<usize>,
    pub(crate) axes: Vec<Axis>,
    pub(crate) sample_type: DataType,
    /// Unit, nodata, scale and offset.
    pub(crate) band: Band,
}

fn unreadable(file: &Path, reason: String) -> Error {
    Error::Unreadable { path: file.display().to_string(), reason }
}

fn open(file: &Path) -> Result<Dataset> {
    let options =
        DatasetOptions { open_flags: GdalOpenFlags::GDAL_OF_MULTIDIM_RASTER, ..DatasetOptions::default() };
    Dataset::open_ex(file, options).map_err(|e| {
        let reason = match file.exists() {
            true => format!("GDAL finds no arrays in it ({e}); lists of pixels are NPY or NetCDF files"),
            false => "there is no such file".to_owned(),
        };
        unreadable(file, reason)
    })
}

impl Variable {
    /// Opens the variables of these names, or, where no names are given, the only variable of the file.
    ///
    /// # Errors
    /// [`Error::Unreadable`] for a file of another kind, [`Error::Invalid`], with the names of all variables, where a variable does
    /// not exist or must be named, [`Error::Mismatch`] for types that no array of a cube holds.
    pub(crate) fn open(file: &Path, names: &[String]) -> Result<Vec<Self>> {
        let dataset = open(file)?;
        let root = dataset.root_group().map_err(|e| unreadable(file, e.to_string()))?;
        let there = root.array_names(CslStringList::new());
        let names = match (names, &there[..]) {
            ([], [only]) => std::slice::from_ref(only),
            ([], _) => {
                return Err(Error::Invalid(format!(
                    "{} has variables {}; say which are lists of pixels, as `variables`",
                    file.display(),
                    there.join(", ")
                )));
            }
            (names, _) => names,
        };
        if let Some(name) = names.iter().find(|name| !there.contains(name)) {
            return Err(Error::Invalid(format!(
                "{} has no variable {name}; there are {}",
                file.display(),
                there.join(", ")
            )));
        }
        names.iter().map(|name| Self::describe(file, &root, &there, name)).collect()
    }

    fn describe(file: &Path, root: &Group<'_>, there: &[String], name: &str) -> Result<Self> {
        let array = root.open_md_array(name, CslStringList::new())?;
        let dimensions = array.dimensions()?;
        let mut axes = Vec::new();
        for dimension in &dimensions {
            let own = dimension.name();
            // The variable of the same name holds the coordinates of the axis.
            axes.push(if own != name && there.contains(&own) {
                Axis::along(&own, dimension.size(), &root.open_md_array(&own, CslStringList::new())?)
            } else {
                Axis::bare(&own, dimension.size())
            });
        }
        let kind = GdalDataType::try_from(array.datatype().numeric_datatype())?;
        let sample_type = data_type_of_gdal(kind)
            .map_err(|e| Error::Mismatch(format!("{}: variable {name}: {e}", file.display())))?;
        let number = |key: &str| array.attribute(key).ok().map(|attribute| attribute.read_as_f64());
        let text = |text: String| (!text.is_empty()).then_some(text);
        let mut band = Band {
            unit: text(array.unit()),
            nodata: array.no_data_value_as_double(),
            scale: number("scale_factor").filter(|scale| *scale != 1.0),
            offset: number("add_offset").filter(|offset| *offset != 0.0),
            ..Band::default()
        };
        give_attributes(&mut band, |key| Some(array.attribute(key).ok()?.read_as_string_array().join(" ")));
        let shape = dimensions.iter().map(|dimension| dimension.size()).collect();
        Ok(Self { file: file.to_path_buf(), name: name.to_owned(), shape, axes, sample_type, band })
    }

    /// Samples of a window, one range for each axis, in C order, as native bytes of its type.
    ///
    /// # Errors
    /// [`Error::Unreadable`] with GDAL's message.
    pub(crate) fn read(&self, window: &[Range<usize>]) -> Result<Vec<u8>> {
        // The file is opened for each window, because several threads read windows. These are large, so that opening costs little.
        let dataset = open(&self.file)?;
        let root = dataset.root_group()?;
        let array = root.open_md_array(&self.name, CslStringList::new())?;
        with_sample_type!(self.sample_type, read_as(&array, window)).map_err(|e| {
            unreadable(&self.file, format!("variable {} can't be read ({e}); is it whole?", self.name))
        })
    }
}

fn read_as<T: Sample>(array: &MDArray<'_>, window: &[Range<usize>]) -> gdal::errors::Result<Vec<u8>> {
    let counts: Vec<usize> = window.iter().map(ExactSizeIterator::len).collect();
    let mut samples = vec![T::default(); counts.iter().product()];
    if !samples.is_empty() {
        let starts = window.iter().map(|range| range.start as u64).collect();
        array.read_into_slice(&mut samples, starts, counts)?;
    }
    Ok(bytemuck::cast_slice(&samples).to_vec())
}
