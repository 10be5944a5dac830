//! Checkpoints: everything that a fit needs to continue as if it had never stopped.
//!
//! A checkpoint is a folder `step-N` with `state.json` and `tensors.safetensors`. It is written under a temporary
//! name, then renamed, so an existing checkpoint is always complete.

use crate::config::Config;
use crate::data::SamplerState;
use crate::error::{Error, Result};
use serde::{Deserialize, Serialize};
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use tch::{Device, Tensor};

const STATE: &str = "state.json";
const TENSORS: &str = "tensors.safetensors";
const FORMAT: u32 = 1;

/// The part of a checkpoint that is stored as JSON.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct State {
    /// Version of this layout.
    pub format: u32,
    /// Steps taken.
    pub step: u64,
    /// Seconds of fitting so far.
    pub seconds: f64,
    /// The place in the sequence of batches.
    pub sampler: SamplerState,
    /// The settings that must not change.
    pub fixed: serde_json::Value,
}

impl State {
    /// A state at a step.
    pub fn new(step: u64, seconds: f64, sampler: SamplerState, config: &Config) -> Self {
        Self { format: FORMAT, step, seconds, sampler, fixed: fixed(config) }
    }
}

/// The settings on which weights and the order of batches depend.
fn fixed(config: &Config) -> serde_json::Value {
    // The number of threads that read, and how far they read ahead, do not change the batches.
    let defaults = Config::default().data;
    let data = crate::config::DataSection {
        readers: defaults.readers,
        queue: defaults.queue,
        ..config.data.clone()
    };
    serde_json::json!({
        "model": config.model, "conv": config.conv, "resnet": config.resnet, "fsq": config.fsq,
        "codebook": config.codebook, "heads": config.heads, "data": data, "augment": config.augment,
        "adversarial width": config.adversarial.width, "seed": config.run.seed,
        "steps": config.optimiser.steps,
    })
}

/// The checkpoints of a run's folder.
#[derive(Clone, Debug)]
pub struct Checkpoints {
    folder: PathBuf,
    keep: usize,
}

impl Checkpoints {
    /// Below a run's folder.
    pub fn new(run: &Path, keep: usize) -> Self {
        Self { folder: run.join("checkpoints"), keep }
    }

    /// Steps of the checkpoints that are there, rising.
    pub fn steps(&self) -> Vec<u64> {
        let entries = std::fs::read_dir(&self.folder).into_iter().flatten().flatten();
        let mut steps: Vec<u64> = entries
            .filter_map(|entry| entry.file_name().to_str()?.strip_prefix("step-")?.parse().ok())
            .collect();
        steps.sort_unstable();
        steps
    }

    fn at(&self, step: u64) -> PathBuf {
        self.folder.join(format!("step-{step}"))
    }

    /// Writes a checkpoint, then drops the oldest beyond those to keep.
    ///
    /// # Errors
    /// [`Error::Io`], and what libtorch says of a full disk as [`Error::Checkpoint`]; the checkpoints before stay.
    pub fn save(&self, state: &State, tensors: &[(String, Tensor)]) -> Result<PathBuf> {
        let target = self.at(state.step);
        let partial = self.folder.join("partial");
        let written = self.write(&partial, state, tensors).and_then(|()| {
            if target.exists() {
                std::fs::remove_dir_all(&target).map_err(|e| Error::io(&target, e))?;
            }
            std::fs::rename(&partial, &target).map_err(|e| Error::io(&target, e))
        });
        if let Err(error) = written {
            // A partly written checkpoint is useless and is removed. The first error is the one to report.
            let _ = std::fs::remove_dir_all(&partial);
            return Err(error);
        }
        let steps = self.steps();
        for old in &steps[..steps.len().saturating_sub(self.keep)] {
            let path = self.at(*old);
            std::fs::remove_dir_all(&path).map_err(|e| Error::io(&path, e))?;
        }
        Ok(target)
    }

    fn write(&self, partial: &Path, state: &State, tensors: &[(String, Tensor)]) -> Result<()> {
        if partial.exists() {
            std::fs::remove_dir_all(partial).map_err(|e| Error::io(partial, e))?;
        }
        std::fs::create_dir_all(partial).map_err(|e| Error::io(partial, e))?;
        let path = partial.join(TENSORS);
        let tensors: Vec<(&str, Tensor)> = tensors
            .iter()
            .map(|(name, tensor)| (name.as_str(), tensor.detach().to_device(Device::Cpu).contiguous()))
            .collect();
        Tensor::write_safetensors(&tensors, &path).map_err(|e| {
            Error::Checkpoint(format!(
                "{} can't be written ({}); make room, the checkpoint before is whole",
                path.display(),
                crate::error::first_line(&e.to_string())
            ))
        })?;
        let path = partial.join(STATE);
        let json = serde_json::to_vec_pretty(state).map_err(|e| Error::Checkpoint(e.to_string()))?;
        std::fs::write(&path, json).map_err(|e| Error::io(&path, e))
    }

    /// Reads the latest checkpoint.
    ///
    /// # Errors
    /// [`Error::Checkpoint`] when there is none, when it is damaged, or when it was begun with other settings.
    pub fn load(&self, config: &Config) -> Result<(State, HashMap<String, Tensor>)> {
        let Some(step) = self.steps().pop() else {
            return Err(Error::Checkpoint(format!(
                "{} holds none to go on from; begin anew instead of resuming",
                self.folder.display()
            )));
        };
        let path = self.at(step).join(STATE);
        let json = std::fs::read(&path).map_err(|e| Error::io(&path, e))?;
        let state: State = serde_json::from_slice(&json).map_err(|e| {
            Error::Checkpoint(format!("{}: {e}; remove that folder to use the one before", path.display()))
        })?;
        if state.format != FORMAT {
            return Err(Error::Checkpoint(format!(
                "{} has format {}, this release reads {FORMAT}",
                path.display(),
                state.format
            )));
        }
        let now = fixed(config);
        let mut changes = Vec::new();
        differences(&state.fixed, &now, "", &mut changes);
        if !changes.is_empty() {
            return Err(Error::Checkpoint(format!(
                "{} was begun with other settings: {}; leave these out to go on with the run's own, or begin anew, \
                 overwriting it",
                path.display(),
                changes.join("; ")
            )));
        }
        let path = self.at(step).join(TENSORS);
        let tensors = Tensor::read_safetensors(&path).map_err(|e| {
            Error::Checkpoint(format!(
                "{}: {}; remove that folder to use the checkpoint before",
                path.display(),
                crate::error::first_line(&e.to_string())
            ))
        })?;
        Ok((state, tensors.into_iter().collect()))
    }
}

/// The settings that differ, in words.
fn differences(then: &serde_json::Value, now: &serde_json::Value, path: &str, found: &mut Vec<String>) {
    match (then, now) {
        (serde_json::Value::Object(a), serde_json::Value::Object(b)) if a.keys().eq(b.keys()) => {
            for (key, value) in a {
                let below = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
                differences(value, &b[key], &below, found);
            }
        }
        _ if then == now => {}
        _ => {
            // These stand at the top of a checkpoint, not in their sections.
            let name = match path {
                "steps" => "optimiser.steps",
                "seed" => "run.seed",
                "adversarial width" => "adversarial.width",
                other => other,
            };
            found.push(format!("{name} was {then}, is {now}"));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn checkpoints_come_back_and_the_oldest_go() {
        let folder = tempfile::tempdir().unwrap();
        let checkpoints = Checkpoints::new(folder.path(), 2);
        let config = Config::default();
        let tensors = vec![("w".to_owned(), Tensor::from_slice(&[1.5f32, -2.0]))];
        for step in [1, 2, 3] {
            checkpoints.save(&State::new(step, 0.5, SamplerState::default(), &config), &tensors).unwrap();
        }
        assert_eq!(checkpoints.steps(), [2, 3]);
        let (state, tensors) = checkpoints.load(&config).unwrap();
        assert_eq!((state.step, crate::arch::graph::numbers(&tensors["w"])), (3, vec![1.5, -2.0]));

        let mut other = config.clone();
        other.conv.width = 32;
        other.optimiser.steps = 9;
        let message = checkpoints.load(&other).unwrap_err().to_string();
        assert!(message.contains("conv.width was 64, is 32; optimiser.steps was 10000, is 9"), "{message}");
        std::fs::write(checkpoints.at(3).join(TENSORS), b"short").unwrap();
        assert!(checkpoints.load(&config).unwrap_err().to_string().contains("use the checkpoint before"));
        let none = Checkpoints::new(&folder.path().join("none"), 1).load(&config).unwrap_err().to_string();
        assert!(none.contains("begin anew instead of resuming"), "{none}");
    }
}
