//! Which engine runs a model: an explicit choice, the environment variable `VQZ_ENGINE`, or the fastest at hand.
//!
//! The codec itself only runs the engine and opens the library that its caller gives it. This module adds what a program on a
//! user's machine needs: the variable, and the search for libonnxruntime.

#[cfg(feature = "onnxruntime")]
mod library;

use std::sync::Arc;
use vqz_codec::DataType;
use vqz_codec::config::Configuration;
use vqz_codec::engine::{self, Engine, EngineKind};
use vqz_codec::error::Result;
use vqz_codec::model::Model;
use vqz_codec::pipeline::{ChunkCodec, Options};

/// The environment variable that names the engine, where a program does not choose one.
pub const VARIABLE: &str = "VQZ_ENGINE";

/// The engine that was chosen: by the program, otherwise by [`VARIABLE`]; `None` where neither chooses one.
///
/// # Errors
/// [`Error::InvalidArgument`](vqz_codec::Error::InvalidArgument) when the variable names no engine.
pub fn chosen(by_program: Option<EngineKind>) -> Result<Option<EngineKind>> {
    match (by_program, std::env::var(VARIABLE)) {
        (Some(kind), _) => Ok(Some(kind)),
        (None, Ok(name)) if !name.is_empty() => Ok(Some(name.parse()?)),
        _ => Ok(None),
    }
}

/// Opens an engine that runs ONNX graphs. Where it needs libonnxruntime, that is opened first.
///
/// # Errors
/// [`Error::Engine`](vqz_codec::Error::Engine) when it was not compiled in or is not available on this machine, with what
/// to do about it; [`Error::InvalidArgument`](vqz_codec::Error::InvalidArgument) for [`EngineKind::Native`], which runs no
/// ONNX.
pub fn open(kind: EngineKind) -> Result<Arc<dyn Engine>> {
    open_library_for(kind)?;
    engine::open(kind)
}

/// The engine that runs graphs where nobody chose one: onnxruntime, which is faster, where it is compiled in and its library
/// is found, otherwise tract.
#[must_use]
pub fn preferred() -> EngineKind {
    #[cfg(feature = "onnxruntime")]
    library::open_if_found();
    engine::preferred()
}

/// Tries every engine: its description, or the reason why it is not available.
#[must_use]
pub fn survey() -> Vec<(EngineKind, Result<String, String>)> {
    let describe = |kind| match kind {
        EngineKind::Native => Ok("klt models, CPU, in this binary".to_owned()),
        _ => open(kind).map(|engine| engine.description()).map_err(|e| e.to_string()),
    };
    EngineKind::ALL.into_iter().map(|kind| (kind, describe(kind))).collect()
}

/// A codec for the chunks of one array, as [`ChunkCodec::new`] makes it. Its engine is the one that `options` name, otherwise the
/// one that [`VARIABLE`] names, otherwise the fastest available engine that can run the model.
///
/// # Errors
/// As [`ChunkCodec::new`] and [`chosen`].
pub fn chunk_codec(
    configuration: &Configuration,
    model: impl Into<Option<Arc<Model>>>,
    data_type: DataType,
    fill: &[u8],
    options: Options,
) -> Result<ChunkCodec> {
    let model = model.into();
    let engine = chosen(options.engine)?;
    match (engine, &model) {
        (Some(kind), Some(_)) => open_library_for(kind)?,
        (None, Some(model)) if model.needs_engine() => {
            let _ = preferred();
        }
        _ => {}
    }
    ChunkCodec::new(configuration, model, data_type, fill, options.with_engine(engine))
}

/// Opens libonnxruntime for the engines that run on it.
fn open_library_for(kind: EngineKind) -> Result<()> {
    match kind {
        #[cfg(feature = "onnxruntime")]
        EngineKind::OnnxRuntime | EngineKind::OnnxRuntimeCuda => library::open(),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_survey_covers_all() {
        let survey = survey();
        assert_eq!(survey.iter().map(|(kind, _)| *kind).collect::<Vec<_>>(), EngineKind::ALL);
        #[cfg(feature = "tract")]
        assert!(survey[1].1.as_ref().unwrap().starts_with("tract "), "{survey:?}");
        for (kind, outcome) in survey {
            assert!(!outcome.unwrap_or_else(|why| why).is_empty(), "{kind}");
        }
    }
}
