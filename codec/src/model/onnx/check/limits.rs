//! Ceilings on a graph, and how a graph is refused.

use std::collections::HashSet;

use crate::error::{Error, Result};

/// The longest name of a value, in bytes.
const MAX_NAME: usize = 256;

/// Ceilings on a graph. The default suits models of a few hundred MiB at most.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Limits {
    /// Size of the file, in bytes.
    pub(crate) file_bytes: usize,
    /// Fields of the protobuf messages, which bounds what decoding them allocates.
    pub(crate) fields: usize,
    /// Nodes.
    pub(crate) nodes: usize,
    /// Elements of all initialisers and constants together.
    pub(crate) weights: u64,
    /// Axes of a tensor.
    pub(crate) rank: usize,
    /// Length of one axis, of a declared shape or in a parameter.
    pub(crate) axis: u64,
    /// Elements of one tensor whose shape the file states.
    pub(crate) elements: u64,
    /// How many times more elements than its inputs a value may have, by constant factors along one path.
    pub(crate) growth: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            file_bytes: 256 << 20,
            fields: 1 << 18,
            nodes: 4096,
            weights: 1 << 26,
            rank: 8,
            axis: 1 << 20,
            elements: 1 << 28,
            growth: 1 << 16,
        }
    }
}

/// Names are defined once, so that no two readers disagree about what a name stands for.
pub(super) fn define(names: &mut HashSet<String>, name: &str) -> Result<()> {
    if name.is_empty() || name.len() > MAX_NAME || name.chars().any(char::is_control) {
        return Err(invalid(format!(
            "a value is called {name:.64?}; 1 to {MAX_NAME} printable bytes are allowed"
        )));
    }
    if !names.insert(name.to_owned()) {
        return Err(invalid(format!("value `{name}` is defined twice; export the model again")));
    }
    Ok(())
}

/// A graph that is malformed or uses something that is not allowed.
pub(super) fn invalid(message: impl Into<String>) -> Error {
    Error::InvalidModel(message.into())
}

/// A graph above one of the ceilings.
pub(super) fn over(
    what: &str,
    found: impl std::fmt::Display,
    unit: &str,
    allowed: impl std::fmt::Display,
) -> Error {
    Error::Limit(format!(
        "{what} has {found} {unit}; {allowed} are allowed; use a smaller model or raise the limits"
    ))
}
