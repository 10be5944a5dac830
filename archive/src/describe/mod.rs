//! Describing: what an array, a group or a model is, and which engines are available.

mod array;
mod engines;
mod model;
mod run;

pub use array::{ArrayDescription, EncodingDescription, ModelUse, promise_means};
pub use engines::{EngineDescription, EngineSurvey, survey_engines};
pub use model::{ModelDescription, describe_model};
pub use run::describe;
