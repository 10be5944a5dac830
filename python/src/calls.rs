//! The calls of the library on archives in folders, and on samples in memory. Results are JSON, which Python turns into dicts.

use crate::errors;
use crate::interrupts;
use crate::model;
use crate::progress::{Listener, Said};
use crate::rasters::{Samples, axes, nodata};
use crate::threads::Threads;
use pyo3::prelude::*;
use pyo3::types::PyBytes;
use serde::Serialize;
use std::path::PathBuf;
use std::sync::Arc;
use vqz_archive::{
    CompareOptions, DecodeOptions, EncodeOptions, Existing, FitOptions, Scaling, Target, VerifyOptions,
};
use vqz_codec::config::EntropyCoder;

/// What a call returns: its result as JSON, and its remarks.
type Answer = (String, Vec<Said>);

/// Runs a call while other Python threads run.
fn call<T: Serialize + Send>(
    py: Python<'_>,
    listener: &Listener,
    work: impl FnOnce() -> vqz_archive::Result<T> + Send,
) -> PyResult<Answer> {
    Ok((json(&run(py, listener, work)?)?, listener.remarks()))
}

fn run<T: Send>(
    py: Python<'_>,
    listener: &Listener,
    work: impl FnOnce() -> vqz_archive::Result<T> + Send,
) -> PyResult<T> {
    let threads = Threads::for_call(py);
    let result = interrupts::run(py, || listener.cancel(), || threads.run(|_| work()))?;
    result.map_err(|error| errors::archive(&error))
}

fn json(value: &impl Serialize) -> PyResult<String> {
    serde_json::to_string(value).map_err(|e| errors::VqzError::new_err(e.to_string()))
}

fn existing(overwrite: bool) -> Existing {
    if overwrite { Existing::Replace } else { Existing::Refuse }
}

/// How good, how small, and what is promised.
#[derive(FromPyObject)]
#[pyo3(from_item_all)]
pub(crate) struct Quality {
    /// `quality`, `psnr`, `bits` or `ratio`, with its figure.
    target: Option<(String, f64)>,
    /// Maximum errors, one or one for each band.
    max_error: Option<Vec<f64>>,
    max_error_of_range: Option<f64>,
    stable: bool,
    lossless: bool,
    entropy: String,
}

impl Quality {
    fn options(&self, model: Option<&Py<model::Model>>) -> PyResult<EncodeOptions> {
        let target = self.target.as_ref().map(|(what, figure)| match what.as_str() {
            "psnr" => Target::Psnr(*figure),
            "bits" => Target::Bits(*figure),
            "ratio" => Target::Ratio(*figure),
            _ => Target::Quality(*figure),
        });
        let bound = match (&self.max_error, self.max_error_of_range) {
            _ if self.lossless => vqz_archive::Bound::Lossless,
            (Some(bound), _) => vqz_archive::Bound::MaxError { bound: bound.clone(), stable: self.stable },
            (None, Some(part)) => vqz_archive::Bound::MaxErrorOfRange(part),
            (None, None) => vqz_archive::Bound::None,
        };
        let entropy = match self.entropy.as_str() {
            "rans" => EntropyCoder::Rans,
            "lz4" => EntropyCoder::Lz4,
            other => {
                return Err(errors::VqzError::new_err(format!(
                    "the entropy coder is {other}; choose rans, which is small, or lz4, which is fast"
                )));
            }
        };
        let model = model.map(|model| Arc::clone(&model.get().0));
        Ok(EncodeOptions::new().model(model).target(target).bound(bound).entropy(entropy))
    }
}

/// The configuration of the codec for samples like these, as JSON. `chunk` are the extents of the chunks that a search encodes.
#[pyfunction]
#[pyo3(signature = (samples, model, quality, chunk, roles=None, nodata_values=Vec::new(), progress=None))]
#[expect(clippy::too_many_arguments, reason = "Python gives them by name")]
pub(crate) fn configure(
    py: Python<'_>,
    samples: Samples<'_>,
    model: Option<Py<model::Model>>,
    quality: Quality,
    chunk: Vec<u64>,
    roles: Option<Vec<String>>,
    nodata_values: Vec<String>,
    progress: Option<Py<PyAny>>,
) -> PyResult<Answer> {
    let (roles, values) = (axes(roles)?, nodata(&nodata_values)?);
    let raster = samples.raster(roles.as_ref(), &values)?;
    let options = quality.options(model.as_ref())?.chunk(chunk).axes(roles).nodata(values);
    let listener = Listener::new(progress);
    call(py, &listener, || vqz_archive::configure(raster, &options, &listener))
}

/// What a fit is to do, apart from its data.
#[derive(FromPyObject)]
#[pyo3(from_item_all)]
pub(crate) struct Fit {
    name: String,
    patch: usize,
    peak: Option<f64>,
    scale_each_band: bool,
    licence: String,
    attribution: String,
    max_samples: u64,
    roles: Option<Vec<String>>,
    nodata: Vec<String>,
}

/// Fits a linear model to samples.
#[pyfunction]
#[pyo3(signature = (samples, options, progress=None))]
pub(crate) fn fit(
    py: Python<'_>,
    samples: Vec<Samples<'_>>,
    options: Fit,
    progress: Option<Py<PyAny>>,
) -> PyResult<(model::Model, String, Vec<Said>)> {
    let (roles, values) = (axes(options.roles)?, nodata(&options.nodata)?);
    let rasters = samples
        .iter()
        .map(|samples| samples.raster(roles.as_ref(), &values))
        .collect::<PyResult<Vec<_>>>()?;
    let scaling = if options.scale_each_band { Scaling::EachBand } else { Scaling::Common };
    let fit = FitOptions::new()
        .name(options.name)
        .patch(options.patch)
        .peak(options.peak)
        .scaling(scaling)
        .licence(options.licence)
        .attribution(options.attribution)
        .max_samples(options.max_samples)
        .axes(roles)
        .nodata(values);
    let listener = Listener::new(progress);
    let (model, summary) = run(py, &listener, || vqz_archive::fit_rasters(rasters, &fit, &listener))?;
    Ok((model::Model(Arc::new(model)), json(&summary)?, listener.remarks()))
}

/// Encodes a raster, or a group of rasters, in a folder or a file.
#[pyfunction]
#[pyo3(signature = (input, output, model, quality, chunk_size=None, dates=None, shard_size=None, roles=None, nodata_values=Vec::new(), overwrite=false, progress=None))]
#[expect(clippy::too_many_arguments, reason = "Python gives them by name")]
pub(crate) fn encode(
    py: Python<'_>,
    input: PathBuf,
    output: PathBuf,
    model: Option<Py<model::Model>>,
    quality: Quality,
    chunk_size: Option<u64>,
    dates: Option<u64>,
    shard_size: Option<u64>,
    roles: Option<Vec<String>>,
    nodata_values: Vec<String>,
    overwrite: bool,
    progress: Option<Py<PyAny>>,
) -> PyResult<Answer> {
    let options = quality
        .options(model.as_ref())?
        .chunk_size(chunk_size)
        .dates(dates)
        .shard_size(shard_size)
        .axes(axes(roles)?)
        .nodata(nodata(&nodata_values)?)
        .existing(existing(overwrite));
    let listener = Listener::new(progress);
    call(py, &listener, || vqz_archive::encode(&input, &output, &options, &listener))
}

/// Decodes an archive into a plain Zarr array or group, or a GeoTIFF.
#[pyfunction]
#[pyo3(signature = (archive, output, overwrite=false, progress=None))]
pub(crate) fn decode(
    py: Python<'_>,
    archive: PathBuf,
    output: PathBuf,
    overwrite: bool,
    progress: Option<Py<PyAny>>,
) -> PyResult<Answer> {
    let options = DecodeOptions::new().existing(existing(overwrite));
    let listener = Listener::new(progress);
    call(py, &listener, || vqz_archive::decode(&archive, &output, &options, &listener))
}

/// Checks that an archive decodes, and that what it states is true.
#[pyfunction]
#[pyo3(signature = (archive, against=None, progress=None))]
pub(crate) fn verify(
    py: Python<'_>,
    archive: PathBuf,
    against: Option<PathBuf>,
    progress: Option<Py<PyAny>>,
) -> PyResult<Answer> {
    let options = VerifyOptions::new().against(against);
    let listener = Listener::new(progress);
    call(py, &listener, || vqz_archive::verify(&archive, &options, &listener))
}

/// Measures how far a raster is from a reference.
#[pyfunction]
#[pyo3(signature = (reference, other, peak=None, nodata_values=Vec::new(), progress=None))]
pub(crate) fn compare(
    py: Python<'_>,
    reference: PathBuf,
    other: PathBuf,
    peak: Option<f64>,
    nodata_values: Vec<String>,
    progress: Option<Py<PyAny>>,
) -> PyResult<Answer> {
    let options = CompareOptions::new().peak(peak).nodata(nodata(&nodata_values)?);
    let listener = Listener::new(progress);
    call(py, &listener, || vqz_archive::compare(&reference, &other, &options, &listener))
}

/// Describes the arrays of an archive, and what their chunks state.
#[pyfunction]
pub(crate) fn info(py: Python<'_>, path: PathBuf) -> PyResult<Answer> {
    let listener = Listener::new(None);
    call(py, &listener, || vqz_archive::describe(&path, None))
}

/// Records in an archive's metadata what its chunks hold.
#[pyfunction]
pub(crate) fn seal(py: Python<'_>, archive: PathBuf) -> PyResult<Answer> {
    let listener = Listener::new(None);
    call(py, &listener, || vqz_archive::seal(&archive))
}

/// The codes of an encoded array: what they are, as JSON, and int32 in C order.
#[pyfunction]
pub(crate) fn codes<'py>(py: Python<'py>, path: PathBuf) -> PyResult<(String, Bound<'py, PyBytes>)> {
    let found = run(py, &Listener::new(None), || vqz_archive::encoded::codes(&path))?;
    let bytes: Vec<u8> = found.codes.iter().flat_map(|code| code.to_ne_bytes()).collect();
    Ok((json(&found)?, PyBytes::new(py, &bytes)))
}
