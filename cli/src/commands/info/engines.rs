//! Prints the engines that run models for people.

use crate::output;
use anyhow::Result;
use vqz_archive::{EngineSurvey, survey_engines};

/// The environment variable that names an engine.
const VARIABLE: &str = "VQZ_ENGINE";

/// Tries all engines.
pub(super) fn survey() -> EngineSurvey {
    let chosen = std::env::var(VARIABLE).ok().filter(|name| !name.is_empty());
    let mut survey = survey_engines(chosen.as_deref().map(|name| (name, VARIABLE)));
    if chosen.is_none() {
        survey.why.push_str(" with --engine or VQZ_ENGINE");
    }
    survey
}

/// Prints the engines for people.
pub(super) fn print(survey: &EngineSurvey) -> Result<()> {
    let width = survey.engines.iter().map(|e| e.name.len()).max().unwrap_or_default();
    for engine in &survey.engines {
        let state = if engine.available { "available" } else { "missing  " };
        output::line(format!("{:<width$}  {state}  {}", engine.name, engine.description))?;
    }
    output::line(format!(
        "used for klt models: {}; for other models: {} ({})",
        survey.klt, survey.others, survey.why
    ))
}
