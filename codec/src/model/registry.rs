//! Where models are found by their hash: embedded, registered in the process, `VQZ_MODEL_PATH`, the user's data folder.
use crate::config::ModelReference;
use crate::error::Result;
use crate::model::Model;
use std::sync::Arc;

/// Makes a model known to this process, with its encoder.
pub fn register(model: Arc<Model>) { todo!() }
/// Finds the model of a reference.
pub fn find(reference: &ModelReference) -> Result<Arc<Model>> { todo!() }
