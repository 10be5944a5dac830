//! Models.

use crate::{errors, shipped};
use pyo3::prelude::*;
use pyo3::types::PyBytes;
use std::path::PathBuf;
use std::sync::Arc;
use vqz_zarr::models;

/// A fitted model.
#[pyclass(frozen, module = "vqz._vqz", name = "Model")]
pub(crate) struct Model(pub(crate) Arc<vqz_codec::model::Model>);

#[pymethods]
impl Model {
    #[staticmethod]
    fn open(path: PathBuf) -> PyResult<Self> {
        Ok(Self(Arc::new(models::open(&path).map_err(errors::codec)?)))
    }

    #[staticmethod]
    fn from_bytes(bytes: &[u8]) -> PyResult<Self> {
        Ok(Self(Arc::new(vqz_codec::model::Model::from_bytes(bytes).map_err(errors::codec)?)))
    }

    fn to_bytes<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyBytes>> {
        Ok(PyBytes::new(py, &self.0.to_bytes().map_err(errors::codec)?))
    }

    fn save(&self, path: PathBuf) -> PyResult<()> {
        models::save(&self.0, &path).map_err(errors::codec)
    }

    /// Makes it known to this process, so that arrays which name it find it.
    fn register(&self) {
        models::register(Arc::clone(&self.0));
    }

    /// Whether this process knows a whole model of this hash; then it is registered.
    #[staticmethod]
    fn find(sha256: &str) -> Option<Self> {
        shipped::whole(sha256).map(Self)
    }

    #[getter]
    fn sha256(&self) -> &str {
        self.0.sha256()
    }

    #[getter]
    fn card(&self) -> Option<&str> {
        self.0.card()
    }

    #[getter]
    fn can_encode(&self) -> bool {
        self.0.can_encode()
    }

    /// The manifest as JSON.
    #[getter]
    fn manifest(&self) -> PyResult<String> {
        serde_json::to_string(self.0.manifest()).map_err(|e| errors::VqzError::new_err(e.to_string()))
    }

    /// The reference to it that an array's metadata hold, as JSON; without the embedded model unless asked for.
    fn reference(&self, embed: bool) -> PyResult<String> {
        let mut reference = self.0.reference().map_err(errors::codec)?;
        if !embed {
            reference.decoder = None;
        }
        serde_json::to_string(&reference).map_err(|e| errors::VqzError::new_err(e.to_string()))
    }
}

/// The model that ships with the package under this name.
#[pyfunction]
pub(crate) fn open_shipped(name: &str) -> PyResult<Option<Model>> {
    Ok(shipped::open(name).map_err(errors::codec)?.map(|model| Model(Arc::new(model))))
}
