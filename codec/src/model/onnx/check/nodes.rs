//! The check of nodes: they use allowed operators and plain attributes, their inputs are defined before, and their constant
//! parameters do not make a huge output from a small input.

use std::collections::{HashMap, HashSet};

use super::limits::{Limits, define, invalid, over};
use super::tensors;
use crate::error::Error;
use crate::error::Result;
use crate::model::onnx::pb;

/// What encoders and decoders of convolutional and attention networks need, and nothing with control flow, randomness
/// or access to files.
#[rustfmt::skip]
pub(crate) const ALLOWED: [&str; 69] = [
    "Abs", "Add", "ArgMax", "AveragePool", "BatchNormalization", "Cast", "Clip", "Concat", "Constant",
    "ConstantOfShape", "Conv", "ConvTranspose", "DepthToSpace", "Div", "Elu", "Equal", "Erf", "Exp", "Expand",
    "Flatten", "Floor", "Gather", "Gelu", "Gemm", "GlobalAveragePool", "Greater", "GroupNormalization", "Identity",
    "InstanceNormalization", "LayerNormalization", "LeakyRelu", "Less", "Log", "MatMul", "Max", "MaxPool", "Min",
    "Mul", "Neg", "Not", "PRelu", "Pad", "Pow", "Range", "Reciprocal", "ReduceMean", "ReduceSum", "Relu", "Reshape",
    "Resize", "Round", "Shape", "Sigmoid", "Sign", "Slice", "Softmax", "Softplus", "SpaceToDepth", "Split", "Sqrt",
    "Squeeze", "Sub", "Tanh", "Tile", "Transpose", "Unsqueeze", "Where", "HardSigmoid", "HardSwish",
];
/// The most inputs or outputs of a node.
const MAX_PORTS: usize = 256;
/// The largest kernel, stride, dilation or padding of a convolution or pooling.
const MAX_WINDOW: i64 = 1024;

pub(super) fn is_default_domain(domain: &str) -> bool {
    matches!(domain, "" | "ai.onnx")
}

/// What is known about values without running the graph.
#[derive(Default)]
struct Known {
    /// Short constants.
    numbers: HashMap<String, Vec<f64>>,
    /// Values that depend on an input.
    dynamic: HashSet<String>,
    /// How many times more elements than an input a value may have.
    growth: HashMap<String, f64>,
}

/// Accepts the nodes of a graph and gives the number of its weights, constants of nodes included.
pub(super) fn check(
    graph: &pb::GraphProto,
    names: &mut HashSet<String>,
    mut weights: u64,
    limits: &Limits,
) -> Result<u64> {
    let mut known = Known::default();
    known.dynamic.extend(graph.input.iter().filter_map(|input| input.name.clone()));
    for tensor in &graph.initializer {
        known.remember(tensor.name.as_deref().unwrap_or_default(), tensor);
    }
    for (index, node) in graph.node.iter().enumerate() {
        let op = node.op_type.as_deref().unwrap_or_default();
        let name = node.name.as_deref().filter(|name| !name.is_empty()).unwrap_or("without a name");
        let label = format!("node {index} ({name:.64}, {op:.64})");
        let domain = node.domain.as_deref().unwrap_or_default();
        if !is_default_domain(domain) {
            return Err(invalid(format!(
                "{label} is of the domain `{domain:.64}`; only the default one is allowed"
            )));
        }
        if !ALLOWED.contains(&op) || node.overload.as_ref().is_some_and(|overload| !overload.is_empty()) {
            return Err(invalid(format!(
                "{label} uses an operator that is not allowed; allowed are {}",
                ALLOWED.join(", ")
            )));
        }
        let ports = node.input.len().max(node.output.len());
        if ports > MAX_PORTS {
            return Err(over(&label, ports, "inputs or outputs", MAX_PORTS));
        }
        if let Some(unknown) = node.input.iter().find(|input| !input.is_empty() && !names.contains(*input)) {
            return Err(invalid(format!(
                "{label} reads `{unknown:.64}`, which nothing before it defines; sort or export the graph again"
            )));
        }
        weights = attributes(node, &label, weights, limits)?;
        known.follow(node, op, &label, limits)?;
        if node.output.first().is_none_or(String::is_empty) {
            return Err(invalid(format!("{label} has no first output; export the model again")));
        }
        for output in node.output.iter().filter(|output| !output.is_empty()) {
            define(names, output)?;
        }
    }
    Ok(weights)
}

fn attributes(node: &pb::NodeProto, label: &str, mut weights: u64, limits: &Limits) -> Result<u64> {
    for attribute in &node.attribute {
        let name = attribute.name.as_deref().unwrap_or_default();
        if attribute.g.is_some() || !attribute.graphs.is_empty() {
            return Err(invalid(format!(
                "{label} holds a subgraph in `{name:.64}`; control flow is not allowed"
            )));
        }
        let sparse = attribute.sparse_tensor.is_some() || !attribute.sparse_tensors.is_empty();
        let typed =
            attribute.tp.is_some() || !attribute.type_protos.is_empty() || !attribute.tensors.is_empty();
        if sparse || typed || attribute.ref_attr_name.as_ref().is_some_and(|name| !name.is_empty()) {
            return Err(invalid(format!(
                "{label} has the attribute `{name:.64}` of a kind that is not allowed; numbers, strings and dense tensors are"
            )));
        }
        if let Some(tensor) = &attribute.t {
            weights = tensors::add(
                weights,
                tensors::check(tensor, &format!("{name:.64} of {label}"), limits)?,
                limits,
            )?;
        }
        let range = match name {
            "kernel_shape" | "strides" | "dilations" | "blocksize" => 1..=MAX_WINDOW,
            "pads" | "output_padding" => 0..=MAX_WINDOW,
            "group" | "num_groups" | "num_outputs" | "output_shape" => 1..=limits.axis as i64,
            "axis" | "axes" | "perm" => -(limits.rank as i64)..=limits.rank as i64,
            _ => continue,
        };
        if let Some(value) = attribute.i.iter().chain(&attribute.ints).find(|value| !range.contains(value)) {
            return Err(Error::Limit(format!(
                "{label} has {value} in `{name}`; {} to {} are allowed",
                range.start(),
                range.end()
            )));
        }
        if attribute.ints.len() > 2 * limits.rank && name != "value_ints" {
            return Err(over(
                &format!("{label}, `{name}`"),
                attribute.ints.len(),
                "numbers",
                2 * limits.rank,
            ));
        }
        if name == "perm" {
            permutation(&attribute.ints, label)?;
        }
    }
    Ok(weights)
}

/// Checks a permutation, because engines do not: tract loops for ever on one that names an axis twice.
fn permutation(axes: &[i64], label: &str) -> Result<()> {
    if (0..axes.len() as i64).all(|axis| axes.contains(&axis)) {
        return Ok(());
    }
    Err(invalid(format!("{label} permutes axes by {axes:.8?}; each from 0 on is allowed once")))
}

impl Known {
    fn remember(&mut self, name: &str, tensor: &pb::TensorProto) {
        if let Some(numbers) = tensors::numbers(tensor) {
            self.numbers.insert(name.to_owned(), numbers);
        }
    }

    /// Records a node's outputs, and refuses parameters that make huge ones.
    fn follow(&mut self, node: &pb::NodeProto, op: &str, label: &str, limits: &Limits) -> Result<()> {
        let growth = self.growth_by(node, op, label, limits)?;
        let largest =
            node.input.iter().filter_map(|input| self.growth.get(input)).copied().fold(1.0, f64::max);
        let total = largest * growth.max(1.0);
        if total.is_nan() || total > limits.growth as f64 {
            return Err(Error::Limit(format!(
                "{label} makes a value {total} times the size of the graph's inputs; {} times are allowed",
                limits.growth
            )));
        }
        let dynamic = node.input.iter().any(|input| self.dynamic.contains(input));
        for output in &node.output {
            if dynamic {
                self.dynamic.insert(output.clone());
            }
            if total > 1.0 {
                self.growth.insert(output.clone(), total);
            }
        }
        if let ("Constant", Some(output)) = (op, node.output.first()) {
            self.constant(node, output, label)?;
        }
        Ok(())
    }

    fn constant(&mut self, node: &pb::NodeProto, output: &str, label: &str) -> Result<()> {
        let [attribute] = node.attribute.as_slice() else {
            return Err(invalid(format!(
                "{label} has {} attributes, a constant has one",
                node.attribute.len()
            )));
        };
        match (attribute.name.as_deref().unwrap_or_default(), &attribute.t) {
            ("value", Some(tensor)) => self.remember(output, tensor),
            ("value_int" | "value_ints", None) => {
                let numbers = attribute.i.iter().chain(&attribute.ints).map(|&x| x as f64).collect();
                self.numbers.insert(output.to_owned(), numbers);
            }
            ("value_float" | "value_floats", None) => {
                let numbers = attribute.f.iter().chain(&attribute.floats).map(|&x| f64::from(x)).collect();
                self.numbers.insert(output.to_owned(), numbers);
            }
            (other, _) => {
                return Err(invalid(format!(
                    "{label} holds `{other:.64}`; numbers and dense tensors are allowed"
                )));
            }
        }
        Ok(())
    }

    /// The factor by which a node's output is larger than its input, as far as it follows from constants.
    fn growth_by(&self, node: &pb::NodeProto, op: &str, label: &str, limits: &Limits) -> Result<f64> {
        let product =
            |numbers: &[f64]| numbers.iter().filter(|x| x.abs() > 1.0).map(|x| x.abs()).product::<f64>();
        let bounded = |numbers: &[f64], what: &str| {
            let elements = product(numbers);
            if elements <= limits.elements as f64 {
                return Ok(1.0);
            }
            Err(over(&format!("{label}, {what}"), elements, "elements", limits.elements))
        };
        match op {
            "ConstantOfShape" => self.parameter(node, 0, label)?.map_or(Ok(1.0), |n| bounded(n, "its shape")),
            "Expand" => self.parameter(node, 1, label)?.map_or(Ok(1.0), |n| bounded(n, "its shape")),
            "Tile" => Ok(self.parameter(node, 1, label)?.map_or(1.0, product)),
            "Pad" => match self.parameter(node, 1, label)? {
                Some(pads) if pads.iter().any(|x| x.abs() > limits.axis as f64) => {
                    Err(over(label, product(pads), "positions of padding or more", limits.axis))
                }
                _ => Ok(1.0),
            },
            "Resize" => {
                let scales = self.parameter(node, 2, label)?.map_or(1.0, product);
                self.parameter(node, 3, label)?.map_or(Ok(1.0), |n| bounded(n, "its size"))?;
                Ok(scales)
            }
            "Range" => self.range(node, label, limits),
            "ConvTranspose" => Ok(node
                .attribute
                .iter()
                .filter(|a| a.name.as_deref() == Some("strides"))
                .flat_map(|a| &a.ints)
                .map(|&stride| stride as f64)
                .product()),
            _ => Ok(1.0),
        }
    }

    fn range(&self, node: &pb::NodeProto, label: &str, limits: &Limits) -> Result<f64> {
        let part = |index| Ok(self.parameter(node, index, label)?.and_then(|n| n.first().copied()));
        let (start, end, step): (Option<f64>, Option<f64>, Option<f64>) = (part(0)?, part(1)?, part(2)?);
        if step == Some(0.0) {
            return Err(invalid(format!("{label} counts in steps of 0; export the model again")));
        }
        if let (Some(start), Some(end), Some(step)) = (start, end, step) {
            let elements = ((end - start) / step).ceil().max(0.0);
            if elements.is_nan() || elements > limits.elements as f64 {
                return Err(over(label, elements, "elements", limits.elements));
            }
        }
        Ok(1.0)
    }

    /// A constant parameter; `None` when it is left out or depends on an input.
    fn parameter(&self, node: &pb::NodeProto, index: usize, label: &str) -> Result<Option<&[f64]>> {
        let Some(name) = node.input.get(index).filter(|name| !name.is_empty()) else { return Ok(None) };
        match self.numbers.get(name) {
            Some(numbers) => Ok(Some(numbers)),
            None if self.dynamic.contains(name) => Ok(None),
            None => Err(invalid(format!(
                "{label} takes its size from `{name:.64}`, which is computed from constants alone or longer than 64; fold \
                 constants when exporting"
            ))),
        }
    }
}
