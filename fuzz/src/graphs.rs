//! ONNX graphs that are changed by their structure.

use prost::Message;
use vqz_codec::authoring::pb::{AttributeProto, GraphProto, ModelProto, NodeProto, TensorProto, dimension};
use vqz_tests::Random;

/// A graph with one to three changes; none for what is no graph.
#[must_use]
pub fn mutate(onnx: &[u8], random: &mut Random) -> Option<Vec<u8>> {
    let mut model = ModelProto::decode(onnx).ok()?;
    let graph = model.graph.as_mut()?;
    for _ in 0..1 + random.below(3) {
        change(graph, random)?;
    }
    if random.below(60) == 0 {
        model.opset_import.iter_mut().for_each(|import| import.version = Some(9 + random.below(16) as i64));
    }
    Some(model.encode_to_vec())
}

fn pick<'a, T>(items: &'a mut [T], random: &mut Random) -> Option<&'a mut T> {
    let at = random.below(items.len().max(1) as u64) as usize;
    items.get_mut(at)
}

fn change(graph: &mut GraphProto, random: &mut Random) -> Option<()> {
    let names: Vec<String> = (graph.input.iter().filter_map(|input| input.name.clone()))
        .chain(graph.initializer.iter().filter_map(|tensor| tensor.name.clone()))
        .chain(graph.node.iter().flat_map(|node| node.output.clone()))
        .collect();
    let name = names.get(random.below(names.len().max(1) as u64) as usize)?.clone();
    match random.below(12) {
        0 => pick(&mut graph.node, random)?.op_type = Some(operator(random)),
        1 | 2 => {
            let node = pick(&mut graph.node, random)?;
            *pick(&mut node.input, random)? = name;
        }
        3 => pick(&mut graph.node, random)?.input.push(name),
        4 => drop(pick(&mut graph.node, random)?.input.pop()),
        5 | 6 => {
            let node = pick(&mut graph.node, random)?;
            match pick(&mut node.attribute, random) {
                Some(attribute) => change_attribute(attribute, random),
                None => node.attribute.push(attribute(random)),
            }
        }
        7 => pick(&mut graph.node, random)?.attribute.push(attribute(random)),
        8 | 9 => change_tensor(pick(&mut graph.initializer, random)?, random),
        10 => {
            // A node in between: it takes the place of a value.
            let at = random.below(graph.node.len().max(1) as u64) as usize;
            let node = graph.node.get_mut(at)?;
            let value = pick(&mut node.input, random)?;
            let made = format!("made{}", random.below(1 << 30));
            let inputs = [vec![value.clone()], (0..random.below(3)).map(|_| name.clone()).collect()].concat();
            *value = made.clone();
            let op_type = Some(operator(random));
            let attribute = (0..random.below(3)).map(|_| attribute(random)).collect();
            let new =
                NodeProto { op_type, input: inputs, output: vec![made], attribute, ..NodeProto::default() };
            graph.node.insert(at, new);
        }
        _ => {
            let ports = if random.below(2) == 0 { &mut graph.input } else { &mut graph.output };
            let port = pick(ports, random)?;
            let tensor = port.r#type.as_mut()?.tensor_type.as_mut()?;
            if random.below(8) == 0 {
                tensor.elem_type = Some(random.below(12) as i32);
            }
            let dim = pick(&mut tensor.shape.as_mut()?.dim, random)?;
            dim.value = match random.below(4) {
                0 => None,
                1 => Some(dimension::Value::Symbol(format!("s{}", random.below(3)))),
                _ => Some(dimension::Value::Length(number(random))),
            };
        }
    }
    Some(())
}

fn change_attribute(attribute: &mut AttributeProto, random: &mut Random) {
    match random.below(6) {
        0 => *attribute = self::attribute(random),
        1 => drop(attribute.ints.pop()),
        2 => attribute.ints.push(number(random)),
        _ if !attribute.ints.is_empty() => {
            let at = random.below(attribute.ints.len() as u64) as usize;
            attribute.ints[at] = number(random);
        }
        _ => attribute.i = Some(number(random)),
    }
}

fn change_tensor(tensor: &mut TensorProto, random: &mut Random) {
    let at = random.below(tensor.dims.len().max(1) as u64) as usize;
    match random.below(6) {
        0 if !tensor.dims.is_empty() => {
            let dim = tensor.dims.remove(at);
            let at = random.below(tensor.dims.len() as u64 + 1) as usize;
            tensor.dims.insert(at, dim);
        }
        1 if at < tensor.dims.len() => tensor.dims[at] = number(random),
        2 => tensor.dims.push(1),
        3 => tensor.data_type = Some(random.below(17) as i32),
        _ => {
            // Weights are many; numbers that shape what is computed are few and long.
            let width = if tensor.data_type == Some(7) { 8 } else { 2 };
            let value = number(random).to_le_bytes();
            if let Some(raw) = tensor.raw_data.as_mut().filter(|raw| raw.len() >= width) {
                let at = random.below((raw.len() / width) as u64) as usize * width;
                raw[at..at + width].copy_from_slice(&value[..width]);
            }
        }
    }
}

fn number(random: &mut Random) -> i64 {
    match random.below(8) {
        0 => 0,
        1 => -1,
        2 => 1,
        3 | 4 => random.below(17) as i64,
        5 => 1 << random.below(63),
        6 => -(random.below(20) as i64),
        _ => random.bits() as i64,
    }
}

fn attribute(random: &mut Random) -> AttributeProto {
    const NAMES: [&str; 26] = [
        "axis",
        "axes",
        "perm",
        "to",
        "value",
        "kernel_shape",
        "strides",
        "pads",
        "dilations",
        "group",
        "blocksize",
        "mode",
        "keepdims",
        "alpha",
        "epsilon",
        "num_groups",
        "split",
        "auto_pad",
        "output_padding",
        "output_shape",
        "ceil_mode",
        "allowzero",
        "transA",
        "num_outputs",
        "antialias",
        "noop_with_empty_axes",
    ];
    let name = Some(NAMES[random.below(NAMES.len() as u64) as usize].to_owned());
    match random.below(3) {
        0 => AttributeProto { name, r#type: Some(2), i: Some(number(random)), ..AttributeProto::default() },
        1 => {
            let ints = (0..random.below(5)).map(|_| number(random)).collect();
            AttributeProto { name, r#type: Some(7), ints, ..AttributeProto::default() }
        }
        _ => AttributeProto {
            name,
            r#type: Some(1),
            f: Some(number(random) as f32),
            ..AttributeProto::default()
        },
    }
}

fn operator(random: &mut Random) -> String {
    const OPERATORS: [&str; 71] = [
        "Abs",
        "Add",
        "ArgMax",
        "AveragePool",
        "BatchNormalization",
        "Cast",
        "Clip",
        "Concat",
        "Constant",
        "ConstantOfShape",
        "Conv",
        "ConvTranspose",
        "DepthToSpace",
        "Div",
        "Elu",
        "Equal",
        "Erf",
        "Exp",
        "Expand",
        "Flatten",
        "Floor",
        "Gather",
        "Gelu",
        "Gemm",
        "GlobalAveragePool",
        "Greater",
        "GroupNormalization",
        "Identity",
        "InstanceNormalization",
        "LayerNormalization",
        "LeakyRelu",
        "Less",
        "Log",
        "MatMul",
        "Max",
        "MaxPool",
        "Min",
        "Mul",
        "Neg",
        "Not",
        "PRelu",
        "Pad",
        "Pow",
        "Range",
        "Reciprocal",
        "ReduceMean",
        "ReduceSum",
        "Relu",
        "Reshape",
        "Resize",
        "Round",
        "Shape",
        "Sigmoid",
        "Sign",
        "Slice",
        "Softmax",
        "Softplus",
        "SpaceToDepth",
        "Split",
        "Sqrt",
        "Squeeze",
        "Sub",
        "Tanh",
        "Tile",
        "Transpose",
        "Unsqueeze",
        "Where",
        "HardSigmoid",
        "HardSwish",
        "Loop",
        "RandomNormal",
    ];
    OPERATORS[random.below(OPERATORS.len() as u64) as usize].to_owned()
}
