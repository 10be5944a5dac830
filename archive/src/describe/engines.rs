//! The engines that run models.

use serde::Serialize;
use vqz_codec::engine::EngineKind;
use vqz_zarr::engines::{preferred, survey};

/// The engines that run models, and which of them are used by default.
#[derive(Clone, Debug, Serialize)]
#[non_exhaustive]
pub struct EngineSurvey {
    /// All engines that this build knows.
    pub engines: Vec<EngineDescription>,
    /// The engine for models of the `klt` architecture.
    pub klt: String,
    /// The engine for other models.
    pub others: String,
    /// Why these were chosen.
    pub why: String,
}

/// An engine.
#[derive(Clone, Debug, Serialize)]
#[non_exhaustive]
pub struct EngineDescription {
    /// Its name.
    pub name: String,
    /// Whether it is available.
    pub available: bool,
    /// What it runs on, or why it is not available.
    pub description: String,
}

/// Tries all engines. `chosen` is an engine that overrides the default, with its origin, such as an environment
/// variable.
#[must_use]
pub fn survey_engines(chosen: Option<(&str, &str)>) -> EngineSurvey {
    let engines = survey()
        .iter()
        .map(|(kind, outcome)| EngineDescription {
            name: kind.to_string(),
            available: outcome.is_ok(),
            description: match outcome {
                Ok(description) => description.clone(),
                Err(why) => why.strip_prefix("engine: ").unwrap_or(why).to_owned(),
            },
        })
        .collect();
    let (klt, others, why) = match chosen {
        Some((name, by)) => (name.to_owned(), name.to_owned(), format!("{by} asks for it")),
        None => (
            EngineKind::Native.to_string(),
            preferred().to_string(),
            "linear decoders need no ONNX engine; graphs run in onnxruntime where it is there, else in tract, which is \
             embedded; cuda is used when asked for"
                .to_owned(),
        ),
    };
    EngineSurvey { engines, klt, others, why }
}
