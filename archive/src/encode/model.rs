//! The model that an encode uses.

use crate::error::{Context, Result, bail};
use std::path::Path;
use std::sync::Arc;
use vqz_codec::axes::Axes;
use vqz_codec::config::Configuration;
use vqz_codec::engine::EngineKind;
use vqz_codec::model::Model;
use vqz_codec::pipeline::Options;
use vqz_codec::sample::DataType;
use vqz_zarr::engines::chunk_codec;
use vqz_zarr::models;

/// Opens a model that can encode: a `.vqm` file that holds the encoding half too.
///
/// # Errors
/// [`NotFound`](crate::ErrorKind::NotFound) when there is no such file, [`Corrupt`](crate::ErrorKind::Corrupt) when it is
/// damaged, and [`InvalidArgument`](crate::ErrorKind::InvalidArgument) when it holds the decoding half only.
pub fn open_model(path: impl AsRef<Path>) -> Result<Arc<Model>> {
    let path = path.as_ref();
    if !path.exists() {
        bail!(NotFound, FitModel, "model {} does not exist; give the path of a .vqm file", path.display());
    }
    let model = models::open(path).with_context(|| format!("opening model {}", path.display()))?;
    if !model.can_encode() {
        bail!(
            InvalidArgument,
            "model {} holds only the decoding half of {}; encoding needs the file that a fit wrote",
            path.display(),
            model.manifest().name
        );
    }
    Ok(Arc::new(model))
}

/// Opens the requested engine before any work starts, so that a missing engine is noticed at once.
///
/// # Errors
/// When the engine is not available, or can't run the model.
pub(crate) fn check_engine(model: &Arc<Model>, engine: Option<EngineKind>) -> Result<()> {
    let configuration = Configuration::new(Axes::from_names(&["y", "x"])?)
        .with_model(model.reference()?)
        .with_quality(crate::encode::quality::DEFAULT);
    let options = Options::default().with_parallel(true).with_engine(engine);
    chunk_codec(&configuration, Arc::clone(model), DataType::UInt8, &[0], options)?;
    Ok(())
}
