//! The models that ship with the package.

use pyo3::prelude::*;
use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock};
use vqz_codec::Result;
use vqz_codec::model::Model;
use vqz_zarr::models;

/// Their names and packages.
const PACKAGES: [(&str, &[u8]); 3] = [
    ("naip", include_bytes!("../../models/naip.vqm")),
    ("sentinel2-l2a", include_bytes!("../../models/sentinel2-l2a.vqm")),
    ("sentinel2-l2a-conv", include_bytes!("../../models/sentinel2-l2a-conv.vqm")),
];

/// The names of the models by their hashes.
static NAMES: LazyLock<BTreeMap<String, &str>> = LazyLock::new(|| {
    let opened = |(name, package): &(&'static str, &[u8])| {
        Some((Model::from_bytes(package).ok()?.sha256().to_owned(), *name))
    };
    PACKAGES.iter().filter_map(opened).collect()
});

/// Their names.
#[pyfunction]
pub(crate) fn shipped() -> Vec<&'static str> {
    PACKAGES.iter().map(|(name, _)| *name).collect()
}

/// Their hashes.
#[pyfunction]
pub(crate) fn shipped_hashes() -> Vec<String> {
    NAMES.keys().cloned().collect()
}

/// The model of this name.
pub(crate) fn open(name: &str) -> Result<Option<Model>> {
    let package = PACKAGES.iter().find(|(known, _)| *known == name).map(|(_, package)| package);
    package.map(|package| Model::from_bytes(package)).transpose()
}

/// Makes the model of this hash known to the process, if it ships with the package. Returns whether it does.
pub(crate) fn register(sha256: &str) -> bool {
    let Some(name) = NAMES.get(sha256) else { return false };
    let package = PACKAGES.iter().find(|(known, _)| known == name);
    let Some(Ok(model)) = package.map(|(_, package)| Model::from_bytes(package)) else { return false };
    models::register(Arc::new(model));
    true
}

/// A whole model, one that can encode, by its hash.
pub(crate) fn whole(sha256: &str) -> Option<Arc<Model>> {
    models::whole(sha256).or_else(|| if register(sha256) { models::whole(sha256) } else { None })
}
