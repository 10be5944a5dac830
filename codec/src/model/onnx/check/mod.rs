//! Refusing graphs: models are untrusted input, and engines were not written with hostile graphs in mind.
//!
//! An accepted graph uses operators of an allow-list in the default domain, holds all of its data itself, defines each
//! value before its use, and stays under stated ceilings. What a graph computes from its inputs' shapes at run time
//! is not bounded here: engines report that themselves.

mod limits;
mod nodes;
mod tensors;
#[cfg(test)]
mod tests;
mod wire;

#[cfg(test)]
pub(crate) use nodes::ALLOWED;

use std::collections::HashSet;

use prost::Message;

pub(crate) use limits::Limits;
use limits::{define, invalid, over};

use super::pb::{self, data_type, dimension};
use crate::error::{Error, Result};

/// Versions of the file format that are read.
const IR_VERSIONS: std::ops::RangeInclusive<i64> = 4..=10;
/// Operator sets that are read.
const OPSETS: std::ops::RangeInclusive<i64> = 11..=21;
/// What an accepted graph takes and gives.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Summary {
    /// Inputs, in order.
    pub(crate) inputs: Vec<Port>,
    /// Outputs, in order.
    pub(crate) outputs: Vec<Port>,
    /// Number of nodes.
    pub(crate) nodes: usize,
    /// Number of elements of all initialisers and constants.
    pub(crate) weights: u64,
    /// Version of the operator set.
    pub(crate) opset: i64,
}

/// An input or output of a graph.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Port {
    /// Name.
    pub(crate) name: String,
    /// Type of its elements.
    pub(crate) element: Element,
    /// Shape.
    pub(crate) shape: Vec<Axis>,
}

/// Element types of inputs and outputs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Element {
    /// 32-bit float.
    F32,
    /// 32-bit signed integer.
    I32,
}

/// One axis of a declared shape.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Axis {
    /// A fixed length.
    Fixed(u64),
    /// A length given at run time, by name.
    Symbol(String),
    /// A length that the file leaves open.
    Unknown,
}

/// Accepts a graph, or says why not.
///
/// # Errors
/// [`Error::InvalidModel`] when the graph is malformed or uses something that is not allowed, [`Error::Limit`] when it
/// is above a ceiling of `limits`.
pub(crate) fn check(onnx: &[u8], limits: &Limits) -> Result<Summary> {
    if onnx.len() > limits.file_bytes {
        return Err(over("ONNX file", onnx.len(), "bytes", limits.file_bytes));
    }
    wire::scan(onnx, limits.fields)?;
    let model = pb::ModelProto::decode(onnx)
        .map_err(|e| invalid(format!("not an ONNX file: {e}; fetch or export the model again")))?;
    let opset = versions(&model)?;
    for (found, what) in [
        (model.functions.len(), "model-local functions"),
        (model.training_info.len(), "training graphs"),
        (model.configuration.len(), "device configurations"),
    ] {
        none(found, what)?;
    }
    let graph = model
        .graph
        .as_ref()
        .ok_or_else(|| invalid("the ONNX file holds no graph; export the model again"))?;
    none(graph.sparse_initializer.len(), "sparse initialisers")?;
    none(graph.quantization_annotation.len(), "quantisation annotations")?;
    if graph.node.len() > limits.nodes {
        return Err(over("the graph", graph.node.len(), "nodes", limits.nodes));
    }

    let mut names = HashSet::new();
    let inputs = graph.input.iter().map(|info| port(info, "input", limits)).collect::<Result<Vec<_>>>()?;
    for input in &inputs {
        define(&mut names, &input.name)?;
    }
    let mut weights = 0;
    for tensor in &graph.initializer {
        let name = tensor.name.as_deref().unwrap_or_default();
        if inputs.iter().any(|input| input.name == name) {
            return Err(invalid(format!(
                "initialiser `{name}` is an input as well; export without keep_initializers_as_inputs"
            )));
        }
        define(&mut names, name)?;
        weights = tensors::add(weights, tensors::check(tensor, name, limits)?, limits)?;
    }
    weights = nodes::check(graph, &mut names, weights, limits)?;

    let outputs = graph.output.iter().map(|info| port(info, "output", limits)).collect::<Result<Vec<_>>>()?;
    if inputs.is_empty() || outputs.is_empty() {
        return Err(invalid(
            "the graph has no inputs or no outputs; a model takes and gives at least one tensor",
        ));
    }
    let made: HashSet<&String> = graph.node.iter().flat_map(|node| &node.output).collect();
    let mut seen = HashSet::new();
    for output in &outputs {
        if !made.contains(&output.name) {
            return Err(invalid(format!(
                "output `{}` is made by no node; export the model again",
                output.name
            )));
        }
        if !seen.insert(&output.name) {
            return Err(invalid(format!(
                "output `{}` is declared twice; export the model again",
                output.name
            )));
        }
    }
    Ok(Summary { inputs, outputs, nodes: graph.node.len(), weights, opset })
}

fn versions(model: &pb::ModelProto) -> Result<i64> {
    let ir = model.ir_version.unwrap_or(0);
    if !IR_VERSIONS.contains(&ir) {
        let (least, most) = (IR_VERSIONS.start(), IR_VERSIONS.end());
        return Err(invalid(format!(
            "ONNX IR version {ir}, {least} to {most} are read; convert or export the model again"
        )));
    }
    let mut opset = None;
    for import in &model.opset_import {
        let domain = import.domain.as_deref().unwrap_or_default();
        if !nodes::is_default_domain(domain) || opset.is_some() {
            return Err(invalid(format!(
                "operators of the domain `{domain}` are imported; only one import, of the default domain, is allowed"
            )));
        }
        opset = import.version;
    }
    let opset = opset.unwrap_or(0);
    if !OPSETS.contains(&opset) {
        let (least, most) = (OPSETS.start(), OPSETS.end());
        return Err(invalid(format!(
            "operator set {opset}, {least} to {most} are read; export with opset_version=17"
        )));
    }
    Ok(opset)
}

fn port(info: &pb::ValueInfoProto, what: &str, limits: &Limits) -> Result<Port> {
    let name = info.name.clone().unwrap_or_default();
    let Some(tensor) = info.r#type.as_ref().and_then(|t| t.tensor_type.as_ref()) else {
        return Err(invalid(format!("{what} `{name}` is not a tensor; models take and give tensors only")));
    };
    let element = match tensor.elem_type {
        Some(data_type::FLOAT) => Element::F32,
        Some(data_type::INT32) => Element::I32,
        other => {
            let other = other.unwrap_or(0);
            return Err(invalid(format!(
                "{what} `{name}` has element type {other}; float32 (1) and int32 (6) are allowed; cast inside of the graph"
            )));
        }
    };
    let Some(shape) = &tensor.shape else {
        return Err(invalid(format!("{what} `{name}` declares no shape; export the model with shapes")));
    };
    if shape.dim.len() > limits.rank {
        return Err(over(&format!("{what} `{name}`"), shape.dim.len(), "axes", limits.rank));
    }
    let mut elements = 1_u64;
    let mut axes = Vec::with_capacity(shape.dim.len());
    for dim in &shape.dim {
        axes.push(match &dim.value {
            Some(dimension::Value::Length(length)) => {
                let fixed =
                    u64::try_from(*length).ok().filter(|&d| d > 0 && d <= limits.axis).ok_or_else(|| {
                        let most = limits.axis;
                        Error::Limit(format!(
                            "{what} `{name}` has an axis of {length}; 1 to {most} are allowed"
                        ))
                    })?;
                elements = elements.saturating_mul(fixed);
                Axis::Fixed(fixed)
            }
            Some(dimension::Value::Symbol(symbol)) => axis_symbol(symbol, what, &name)?,
            None => Axis::Unknown,
        });
    }
    if elements > limits.elements {
        return Err(over(&format!("{what} `{name}`"), elements, "elements", limits.elements));
    }
    Ok(Port { name, element, shape: axes })
}

/// Engines parse symbols as expressions: those of inputs, which they solve for, are plain names.
fn axis_symbol(symbol: &str, what: &str, name: &str) -> Result<Axis> {
    let plain = symbol.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    let expression = what == "output" && symbol.chars().all(|c| c.is_ascii_graphic() || c == ' ');
    match symbol {
        "" => Ok(Axis::Unknown),
        _ if symbol.len() <= 64 && (plain || expression) => Ok(Axis::Symbol(symbol.to_owned())),
        _ => Err(invalid(format!(
            "{what} `{name}` has an axis called {symbol:.64?}; up to 64 letters, digits and underscores are allowed"
        ))),
    }
}

fn none(found: usize, what: &str) -> Result<()> {
    match found {
        0 => Ok(()),
        _ => Err(invalid(format!(
            "the model holds {what}, which are not allowed; export plain inference graphs"
        ))),
    }
}
