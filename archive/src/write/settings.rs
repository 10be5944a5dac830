//! The settings that must be unchanged for an interrupted output to be resumed.

use crate::metadata::document::Metadata;
use serde_json::{Map, Value, json};
use std::path::Path;
use std::time::UNIX_EPOCH;

/// Settings by name, as they are stored in an unfinished output.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Settings(Map<String, Value>);

impl Settings {
    /// The settings that every command records: its name, its input, and when the input was last changed.
    pub(crate) fn new(command: &str, input: &Path) -> Self {
        let canonical = input.canonicalize().unwrap_or_else(|_| input.to_path_buf());
        let watched = if input.is_dir() { input.join("zarr.json") } else { input.to_path_buf() };
        let modified = std::fs::metadata(watched)
            .and_then(|m| m.modified())
            .ok()
            .and_then(|time| time.duration_since(UNIX_EPOCH).ok())
            .map(|time| time.as_secs());
        let mut settings = Self::default();
        settings.set("vqz", env!("CARGO_PKG_VERSION"));
        settings.set("command", command);
        settings.set("input", canonical.display().to_string());
        settings.set("input modified", modified);
        settings
    }

    /// Adds one.
    pub(crate) fn set(&mut self, name: &str, value: impl Into<Value>) {
        self.0.insert(name.to_owned(), value.into());
    }

    /// Adds others.
    pub(crate) fn extend(&mut self, other: Self) {
        self.0.extend(other.0);
    }

    /// All of them.
    pub(crate) fn json(&self) -> &Map<String, Value> {
        &self.0
    }
}

/// Identifies an array of an output by its metadata, with two exceptions: the embedded model is left out because its
/// hash identifies it, and the quality because it is a setting of its own or the result of a search.
pub(crate) fn fingerprint(path: &str, metadata: &Metadata) -> Value {
    let mut json = Value::Object(metadata.json().clone());
    strip(&mut json);
    json!({"path": path, "metadata": json})
}

fn strip(value: &mut Value) {
    match value {
        Value::Object(map) => {
            if let Some(Value::Object(model)) = map.get_mut("model") {
                model.remove("decoder");
                map.remove("quality");
            }
            map.values_mut().for_each(strip);
        }
        Value::Array(list) => list.iter_mut().for_each(strip),
        _ => {}
    }
}
