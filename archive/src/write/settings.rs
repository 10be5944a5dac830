//! The settings that must be unchanged for an interrupted output to be resumed.

use crate::metadata::document::Metadata;
use serde_json::{Map, Value, json};
use std::path::Path;

/// Settings by name, as they are stored in an unfinished output.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Settings(Map<String, Value>);

impl Settings {
    /// The settings that every command records: its name and its input. Whether the input was changed is noticed by its
    /// [`Fingerprint`](crate::write::fingerprint::Fingerprint).
    pub(crate) fn new(command: &str, input: &Path) -> Self {
        let canonical = input.canonicalize().unwrap_or_else(|_| input.to_path_buf());
        let mut settings = Self::default();
        settings.set("vqz", env!("CARGO_PKG_VERSION"));
        settings.set("command", command);
        settings.set("input", canonical.display().to_string());
        settings
    }

    /// Those of an output that is written at one go, and never resumed.
    #[cfg(any(test, feature = "gdal"))]
    pub(crate) fn at_one_go() -> Self {
        let mut settings = Self::default();
        settings.set("vqz", "any version");
        settings.set("command", "written at one go");
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

/// Identifies an array of an output by its metadata, with some exceptions: the embedded model is left out because its
/// hash identifies it, the quality because it is a setting of its own or the result of a search, and the record because it is
/// written last.
pub(crate) fn identity(path: &str, metadata: &Metadata) -> Value {
    let mut metadata = metadata.clone();
    metadata.remove_record();
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
