//! From ONNX to tract: a graph is decoded once, and becomes a model for each set of input shapes.

use std::collections::HashMap;
use std::sync::Arc;

use prost::Message;
use tract_core::internal::{
    DatumType, DatumTypeExt, OutletId, TVec, Tensor, TractErrorContext, TractResult, TypedModel, bail,
    ensure, format_err,
};

use super::constants::{constant, datum};
use super::wiring::{Node, Wiring};
use super::{arithmetic, normalise, rearrange, resize, windows};
use crate::model::onnx::pb::{GraphProto, ModelProto, ValueInfoProto};

/// A decoded graph.
pub(super) struct Graph {
    proto: GraphProto,
    opset: i64,
    inputs: Vec<(String, DatumType)>,
    constants: Vec<(String, Arc<Tensor>)>,
}

impl Graph {
    pub(super) fn decode(onnx: &[u8]) -> TractResult<Self> {
        let model = ModelProto::decode(onnx)?;
        let opset = model.opset_import.iter().filter_map(|import| import.version).max().unwrap_or(0);
        let mut proto = model.graph.context("the file holds no graph")?;
        let mut constants = Vec::with_capacity(proto.initializer.len());
        for tensor in std::mem::take(&mut proto.initializer) {
            let name = tensor.name.clone().unwrap_or_default();
            let value = constant(&tensor).with_context(|| format!("constant `{name}`"))?;
            constants.push((name, Arc::new(value)));
        }
        let mut inputs = Vec::with_capacity(proto.input.len());
        for info in &proto.input {
            let name = info.name.clone().unwrap_or_default();
            let tensor = info.r#type.as_ref().and_then(|t| t.tensor_type.as_ref());
            let element = tensor.and_then(|t| t.elem_type).unwrap_or(0);
            inputs.push((name, datum(element.into())?));
        }
        Ok(Self { proto, opset, inputs, constants })
    }

    /// The number of inputs.
    pub(super) fn arity(&self) -> usize {
        self.inputs.len()
    }

    /// The model for inputs of these types and shapes.
    pub(super) fn model(&self, shapes: &[(DatumType, Vec<usize>)]) -> TractResult<TypedModel> {
        let mut wiring = Wiring::default();
        let mut values: HashMap<&str, OutletId> = HashMap::new();
        for ((name, wanted), (found, shape)) in self.inputs.iter().zip(shapes) {
            ensure!(wanted == found, "input `{name}` is of type {found:?}, not {wanted:?}");
            values.insert(name, wiring.model.add_source(name, found.fact(shape))?);
        }
        for (name, constant) in &self.constants {
            wiring.enter(name);
            values.insert(name, wiring.constant(Arc::clone(constant))?);
        }
        for (index, proto) in self.proto.node.iter().enumerate() {
            let op = proto.op_type.as_deref().unwrap_or_default();
            let named = proto.name.as_deref().filter(|name| !name.is_empty());
            let name = named.map_or_else(|| format!("{op}_{index}"), str::to_owned);
            wiring.enter(&name);
            let find = |input: &String| match values.get(input.as_str()) {
                _ if input.is_empty() => Ok(None),
                Some(&value) => Ok(Some(value)),
                None => Err(format_err!("node `{name}` reads `{input}`, which is not defined")),
            };
            let inputs = proto.input.iter().map(find).collect::<TractResult<Vec<_>>>()?;
            let node = Node { proto, opset: self.opset, inputs };
            let results = convert(&mut wiring, &node, op).with_context(|| format!("node `{name}` ({op})"))?;
            for (index, output) in proto.output.iter().enumerate().filter(|(_, output)| !output.is_empty()) {
                let &value = results
                    .get(index)
                    .with_context(|| format!("node `{name}` ({op}) has no output {index} in this engine"))?;
                values.insert(output, value);
            }
        }
        let output = |info: &ValueInfoProto| {
            let name = info.name.as_deref().unwrap_or_default();
            values.get(name).copied().with_context(|| format!("output `{name}` is made by no node"))
        };
        let outputs = self.proto.output.iter().map(output).collect::<TractResult<Vec<_>>>()?;
        let mut model = wiring.model;
        model.select_output_outlets(&outputs)?;
        Ok(model)
    }
}

fn convert(w: &mut Wiring, node: &Node, op: &str) -> TractResult<TVec<OutletId>> {
    for family in
        [arithmetic::convert, windows::convert, normalise::convert, rearrange::convert, resize::convert]
    {
        if let Some(values) = family(w, node, op)? {
            return Ok(values);
        }
    }
    bail!("the operator is not supported")
}
