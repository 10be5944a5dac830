//! Samples in memory, as Python hands them over, seen as a raster.

use crate::buffers::Bytes;
use crate::errors;
use pyo3::prelude::*;
use std::sync::Arc;
use vqz_archive::metadata::Metadata;
use vqz_archive::raster::RasterInMemory;
use vqz_archive::{OpenOptions, Raster};
use vqz_codec::axes::Axes;
use vqz_codec::config::NoData;

/// Samples in C order and native byte order, with the metadata that they would have as a Zarr array, as the text of its `zarr.json`; a
/// name for messages; and the names of the bands, where a coordinate has them.
#[derive(FromPyObject)]
pub(crate) struct Samples<'py>(Bound<'py, PyAny>, String, String, Option<Vec<String>>);

impl Samples<'_> {
    /// The raster that they are.
    ///
    /// # Errors
    /// When the metadata do not describe a raster of these samples.
    pub(crate) fn raster(&self, axes: Option<&Axes>, nodata: &[NoData]) -> PyResult<Arc<dyn Raster>> {
        let Self(samples, text, label, bands) = self;
        let samples = Bytes::of(samples)?;
        let options = OpenOptions::new().axes(axes.cloned()).nodata(nodata.to_vec());
        let raster = Metadata::from_text(text, label).and_then(|metadata| {
            RasterInMemory::described(metadata, samples.as_slice().to_vec(), bands.clone(), &options)
        });
        Ok(Arc::new(raster.map_err(|error| errors::archive(&error))?))
    }
}

/// Roles of dimensions from their names: `time`, `band`, `y`, `x`, or anything else.
///
/// # Errors
/// As [`Axes::new`].
pub(crate) fn axes(names: Option<Vec<String>>) -> PyResult<Option<Axes>> {
    names.map(Axes::try_from).transpose().map_err(errors::codec)
}

/// Values that mean "no data", from their texts.
///
/// # Errors
/// When one is no number.
pub(crate) fn nodata(texts: &[String]) -> PyResult<Vec<NoData>> {
    texts.iter().map(|text| text.parse().map_err(errors::codec)).collect()
}
