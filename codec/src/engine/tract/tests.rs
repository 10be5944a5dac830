//! Every operator that the check of models allows, in its variants, against onnxruntime.

use std::collections::BTreeSet;

use prost::Message;

use crate::engine::{EngineKind, Tensor, open};
use crate::model::onnx::check::{ALLOWED, Limits, check};
use crate::model::onnx::graph::{Attribute, Dim, ElementType, GraphBuilder, Value};
use crate::model::onnx::pb::ModelProto;

use Attribute::{Float, Floats, Int, Ints, Text};

/// A graph of a few nodes, and what it is run on.
struct Case {
    op: &'static str,
    opset: i64,
    inputs: Vec<Tensor>,
    onnx: Vec<u8>,
}

/// Waves between -2 and 2, without ties between neighbours.
fn waves(shape: &[usize]) -> Tensor {
    let count = shape.iter().product::<usize>();
    let data = (0..count).map(|i| (i as f32 * 0.7).sin() * 1.5 + (i as f32 * 0.13).cos() * 0.5).collect();
    Tensor::F32 { shape: shape.to_vec(), data }
}

fn counts(shape: &[usize]) -> Tensor {
    let count = shape.iter().product::<usize>() as i32;
    Tensor::I32 { shape: shape.to_vec(), data: (0..count).map(|i| (i * 7) % 11 - 4).collect() }
}

/// Models have to state the shapes of outputs. These graphs leave that to inference, but for the check.
fn state_shapes(model: &mut ModelProto, stated: bool) {
    for output in &mut model.graph.as_mut().unwrap().output {
        let tensor = output.r#type.as_mut().unwrap().tensor_type.as_mut().unwrap();
        tensor.shape = stated.then(Default::default);
    }
}

#[derive(Default)]
struct Cases(Vec<Case>);

impl Cases {
    /// A graph whose outputs are what `build` returns, cast to the type beside it.
    fn add(
        &mut self,
        op: &'static str,
        opset: i64,
        inputs: Vec<Tensor>,
        build: impl FnOnce(&mut GraphBuilder, &[Value]) -> Vec<(Value, ElementType)>,
    ) {
        let mut g = GraphBuilder::new(op);
        let mut values = Vec::new();
        for (index, input) in inputs.iter().enumerate() {
            let element = match input {
                Tensor::F32 { .. } => ElementType::F32,
                Tensor::I32 { .. } => ElementType::I32,
            };
            let dims: Vec<Dim> =
                (0..input.shape().len()).map(|axis| format!("d{index}_{axis}").as_str().into()).collect();
            values.push(g.input(&format!("in{index}"), element, &dims));
        }
        for (index, (value, element)) in build(&mut g, &values).into_iter().enumerate() {
            let value = g.cast(&value, element);
            g.output(&value, &format!("out{index}"), element, &[]);
        }
        let mut model = ModelProto::decode(&g.to_bytes().unwrap()[..]).unwrap();
        model.opset_import[0].version = Some(opset);
        state_shapes(&mut model, false);
        self.0.push(Case { op, opset, inputs, onnx: model.encode_to_vec() });
    }

    /// One node of float inputs and one float output.
    fn plain(
        &mut self,
        op: &'static str,
        opset: i64,
        shapes: &[&[usize]],
        attributes: &[(&'static str, Attribute)],
    ) {
        self.add(op, opset, shapes.iter().map(|shape| waves(shape)).collect(), |g, values| {
            let values: Vec<&Value> = values.iter().collect();
            vec![(g.node_with(op, &values, attributes.iter().cloned()), ElementType::F32)]
        });
    }

    /// One node of a float input and constant integers after it.
    fn shaped(
        &mut self,
        op: &'static str,
        opset: i64,
        shape: &[usize],
        constants: &[&[i64]],
        attributes: &[(&'static str, Attribute)],
    ) {
        self.add(op, opset, vec![waves(shape)], |g, values| {
            let constants: Vec<Value> = (0..constants.len())
                .map(|i| g.i64(&format!("c{i}"), &[constants[i].len()], constants[i]))
                .collect();
            let inputs: Vec<&Value> = values.iter().chain(&constants).collect();
            vec![(g.node_with(op, &inputs, attributes.iter().cloned()), ElementType::F32)]
        });
    }

    fn elementwise(&mut self) {
        let shape: &[usize] = &[2, 3, 5];
        for op in [
            "Abs",
            "Erf",
            "Exp",
            "Floor",
            "HardSwish",
            "Identity",
            "LeakyRelu",
            "Neg",
            "Relu",
            "Round",
            "Sigmoid",
            "Sign",
            "Softplus",
            "Tanh",
            "Elu",
            "HardSigmoid",
        ] {
            self.plain(op, 17, &[shape], &[]);
        }
        self.plain("LeakyRelu", 17, &[shape], &[("alpha", Float(0.3))]);
        self.plain("Elu", 17, &[shape], &[("alpha", Float(1.5))]);
        self.plain("HardSigmoid", 17, &[shape], &[("alpha", Float(0.4)), ("beta", Float(0.3))]);
        self.plain("Gelu", 20, &[shape], &[]);
        self.plain("Gelu", 20, &[shape], &[("approximate", Text("tanh".into()))]);
        for op in ["Log", "Sqrt", "Reciprocal"] {
            self.add(op, 17, vec![waves(shape)], |g, x| {
                let exp = g.node("Exp", &[&x[0]]);
                vec![(g.node(op, &[&exp]), ElementType::F32)]
            });
        }
        for op in ["Add", "Sub", "Mul", "Div", "Max", "Min", "PRelu"] {
            self.plain(op, 17, &[shape, &[3, 1]], &[]);
        }
        for op in ["Max", "Min"] {
            self.plain(op, 17, &[shape, &[3, 1], &[5]], &[]);
        }
        for op in ["Add", "Sub", "Mul", "Max"] {
            self.add(op, 17, vec![counts(shape), counts(&[3, 1])], |g, x| {
                vec![(g.node(op, &[&x[0], &x[1]]), ElementType::I32)]
            });
        }
        for op in ["Equal", "Greater", "Less"] {
            self.add(op, 17, vec![counts(shape), counts(&[5])], |g, x| {
                vec![(g.node(op, &[&x[0], &x[1]]), ElementType::I32)]
            });
        }
        for (op, threshold) in [("Not", 0.1), ("Where", -0.2)] {
            self.add(op, 17, vec![waves(shape), waves(&[3, 1])], |g, x| {
                let threshold = g.f32("threshold", &[], &[threshold]);
                let above = g.node("Greater", &[&x[0], &threshold]);
                let value =
                    if op == "Not" { g.node(op, &[&above]) } else { g.node(op, &[&above, &x[0], &x[1]]) };
                vec![(value, ElementType::F32)]
            });
        }
        for exponent in [2.0, -0.5, 3.0] {
            self.add("Pow", 17, vec![waves(shape)], |g, x| {
                let base = g.node("Abs", &[&x[0]]);
                let exponent = g.f32("exponent", &[], &[exponent]);
                vec![(g.node("Pow", &[&base, &exponent]), ElementType::F32)]
            });
        }
        for (opset, least, most) in [(11, true, true), (13, true, false), (17, false, true)] {
            self.add("Clip", opset, vec![waves(shape)], |g, x| {
                let least = if least { g.f32("least", &[], &[-0.5]) } else { Value::none() };
                let most = if most { g.f32("most", &[], &[0.75]) } else { Value::none() };
                vec![(g.node("Clip", &[&x[0], &least, &most]), ElementType::F32)]
            });
        }
        for (first, last) in [
            (ElementType::I32, ElementType::I32),
            (ElementType::F16, ElementType::F32),
            (ElementType::I64, ElementType::I32),
        ] {
            self.add("Cast", 17, vec![waves(shape)], |g, x| vec![(g.cast(&x[0], first), last)]);
        }
    }

    fn windows(&mut self) {
        let ones = || ("pads", Ints(vec![1; 4]));
        let x: &[usize] = &[2, 4, 9, 7];
        self.plain("Conv", 17, &[x, &[6, 4, 3, 3], &[6]], &[ones()]);
        self.plain("Conv", 17, &[x, &[6, 4, 3, 3]], &[("strides", Ints(vec![2, 2])), ones()]);
        self.plain("Conv", 17, &[x, &[6, 4, 1, 1], &[6]], &[("kernel_shape", Ints(vec![1, 1]))]);
        self.plain("Conv", 17, &[x, &[1, 4, 3, 2], &[1]], &[("dilations", Ints(vec![2, 1]))]);
        self.plain("Conv", 17, &[x, &[6, 2, 3, 3], &[6]], &[("group", Int(2)), ones()]);
        self.plain("Conv", 17, &[x, &[4, 1, 3, 3], &[4]], &[("group", Int(4)), ones()]);
        self.plain("Conv", 17, &[&[2, 3, 11], &[5, 3, 4]], &[("pads", Ints(vec![1, 2]))]);
        for mode in ["SAME_UPPER", "SAME_LOWER", "VALID"] {
            let strides = ("strides", Ints(vec![2, 2]));
            self.plain("Conv", 17, &[x, &[6, 4, 3, 3]], &[("auto_pad", Text(mode.into())), strides]);
        }
        let two = || ("strides", Ints(vec![2, 2]));
        self.plain("ConvTranspose", 17, &[x, &[4, 6, 4, 4], &[6]], &[two(), ones()]);
        self.plain("ConvTranspose", 17, &[x, &[4, 3, 2, 2]], &[two()]);
        self.plain("ConvTranspose", 17, &[x, &[4, 3, 3, 3], &[6]], &[two(), ("group", Int(2))]);
        let more = ("output_padding", Ints(vec![1, 1]));
        self.plain("ConvTranspose", 17, &[x, &[4, 3, 3, 3]], &[two(), ones(), more]);
        self.plain("ConvTranspose", 17, &[x, &[4, 3, 3, 3]], &[("dilations", Ints(vec![2, 2]))]);

        let window = || ("kernel_shape", Ints(vec![3, 2]));
        let around = || ("pads", Ints(vec![1, 0, 1, 1]));
        for op in ["AveragePool", "MaxPool"] {
            self.plain(op, 17, &[x], &[window()]);
            self.plain(op, 17, &[x], &[window(), around(), two()]);
            self.plain(op, 17, &[x], &[window(), two(), ("ceil_mode", Int(1))]);
        }
        self.plain("AveragePool", 17, &[x], &[window(), around(), ("count_include_pad", Int(1))]);
        self.plain("MaxPool", 17, &[x], &[window(), ("dilations", Ints(vec![2, 2]))]);
        for order in [0, 1] {
            self.add("MaxPool", 17, vec![waves(x)], |g, values| {
                let attributes = [window(), two(), ("storage_order", Int(order))];
                let [pooled, positions] = g.node_many("MaxPool", &[&values[0]], attributes);
                vec![(pooled, ElementType::F32), (positions, ElementType::I32)]
            });
        }
        self.plain("GlobalAveragePool", 17, &[x], &[]);
        self.plain("MatMul", 17, &[&[5, 7], &[7, 3]], &[]);
        self.plain("MatMul", 17, &[&[2, 1, 5, 7], &[3, 7, 4]], &[]);
        self.plain("MatMul", 17, &[&[7], &[2, 7, 4]], &[]);
        self.plain("MatMul", 17, &[&[2, 5, 7], &[7]], &[]);
        self.plain("Gemm", 17, &[&[5, 7], &[7, 3], &[3]], &[]);
        let scaled = [("alpha", Float(0.5)), ("beta", Float(2.0)), ("transA", Int(1)), ("transB", Int(1))];
        self.plain("Gemm", 17, &[&[7, 5], &[3, 7], &[5, 1]], &scaled);
        self.plain("Gemm", 17, &[&[5, 7], &[7, 3]], &[]);
    }

    fn normalisations(&mut self) {
        let x: &[usize] = &[2, 4, 5, 3];
        self.plain("Softmax", 11, &[x], &[]);
        self.plain("Softmax", 11, &[x], &[("axis", Int(2))]);
        self.plain("Softmax", 13, &[x], &[]);
        self.plain("Softmax", 17, &[x], &[("axis", Int(1))]);
        for op in ["ReduceSum", "ReduceMean"] {
            self.plain(op, 11, &[x], &[("axes", Ints(vec![1, -1]))]);
            self.plain(op, 11, &[x], &[("axes", Ints(vec![2])), ("keepdims", Int(0))]);
            self.plain(op, 18, &[x], &[]);
            self.shaped(op, 18, x, &[&[-1, 1]], &[("keepdims", Int(0))]);
        }
        self.shaped("ReduceSum", 13, x, &[&[2]], &[]);
        self.plain("ReduceSum", 13, &[x], &[("noop_with_empty_axes", Int(1))]);
        self.plain("ReduceMean", 17, &[x], &[("axes", Ints(vec![0, 3]))]);
        for attributes in
            [vec![], vec![("axis", Int(-1)), ("keepdims", Int(0)), ("select_last_index", Int(1))]]
        {
            self.add("ArgMax", 13, vec![counts(x)], |g, x| {
                let x = g.cast(&x[0], ElementType::F32);
                vec![(g.node_with("ArgMax", &[&x], attributes), ElementType::I32)]
            });
        }
        self.add("BatchNormalization", 15, vec![waves(x)], |g, x| {
            let parameter =
                |g: &mut GraphBuilder, name, at: f32| g.f32(name, &[4], &[at, at * 0.5, at + 0.25, at * 2.0]);
            let (scale, bias) = (parameter(g, "scale", 0.8), parameter(g, "bias", -0.3));
            let (mean, variance) = (parameter(g, "mean", 0.2), parameter(g, "variance", 1.5));
            vec![(g.node("BatchNormalization", &[&x[0], &scale, &bias, &mean, &variance]), ElementType::F32)]
        });
        self.plain("InstanceNormalization", 17, &[x, &[4], &[4]], &[("epsilon", Float(1e-3))]);
        self.plain("GroupNormalization", 18, &[x, &[2], &[2]], &[("num_groups", Int(2))]);
        self.plain("GroupNormalization", 21, &[x, &[4], &[4]], &[("num_groups", Int(2))]);
        self.plain("LayerNormalization", 17, &[x, &[3], &[3]], &[]);
        self.plain("LayerNormalization", 17, &[x, &[4, 5, 3]], &[("axis", Int(1)), ("epsilon", Float(1e-2))]);
        self.add("LayerNormalization", 17, vec![waves(x), waves(&[3]), waves(&[3])], |g, x| {
            let outputs: [Value; 3] = g.node_many("LayerNormalization", &[&x[0], &x[1], &x[2]], []);
            outputs.map(|value| (value, ElementType::F32)).into()
        });
    }

    fn rearrangements(&mut self) {
        let x: &[usize] = &[2, 8, 4, 6];
        self.shaped("Reshape", 17, x, &[&[0, -1, 3, 2]], &[]);
        self.shaped("Reshape", 17, x, &[&[-1]], &[]);
        for axis in [0, 1, 2, -1, 4] {
            self.plain("Flatten", 17, &[x], &[("axis", Int(axis))]);
        }
        self.plain("Squeeze", 11, &[&[2, 1, 3, 1]], &[("axes", Ints(vec![1, 3]))]);
        self.shaped("Squeeze", 13, &[2, 1, 3, 1], &[&[-1]], &[]);
        self.plain("Squeeze", 13, &[&[2, 1, 3, 1]], &[]);
        self.plain("Unsqueeze", 11, &[&[2, 3]], &[("axes", Ints(vec![0, 3]))]);
        self.shaped("Unsqueeze", 13, &[2, 3], &[&[-1, 1]], &[]);
        self.plain("Transpose", 17, &[x], &[]);
        self.plain("Transpose", 17, &[x], &[("perm", Ints(vec![2, 0, 3, 1]))]);
        for mode in ["DCR", "CRD"] {
            self.plain("DepthToSpace", 17, &[x], &[("blocksize", Int(2)), ("mode", Text(mode.into()))]);
        }
        self.plain("SpaceToDepth", 17, &[x], &[("blocksize", Int(2))]);
        self.plain("Concat", 17, &[x, &[2, 8, 1, 6], x], &[("axis", Int(-2))]);
        self.add("Split", 11, vec![waves(x)], |g, x| {
            let attributes = [("axis", Int(1)), ("split", Ints(vec![3, 5]))];
            let parts: [Value; 2] = g.node_many("Split", &[&x[0]], attributes);
            parts.map(|part| (part, ElementType::F32)).into()
        });
        for (opset, sizes) in [(13, Some([1, 2, 5])), (18, None)] {
            self.add("Split", opset, vec![waves(x)], |g, x| {
                let mut attributes = vec![("axis", Int(1))];
                let mut inputs = vec![x[0].clone()];
                match sizes {
                    Some(sizes) => inputs.push(g.i64("sizes", &[3], &sizes)),
                    None => attributes.push(("num_outputs", Int(3))),
                }
                let inputs: Vec<&Value> = inputs.iter().collect();
                let parts: [Value; 3] = g.node_many("Split", &inputs, attributes);
                parts.map(|part| (part, ElementType::F32)).into()
            });
        }
        self.shaped("Slice", 17, x, &[&[1, -3], &[7, i64::MAX], &[1, -1]], &[]);
        self.shaped("Slice", 17, x, &[&[6, 0], &[i64::MIN, 9], &[1, 2], &[-2, 3]], &[]);
        self.shaped("Slice", 17, x, &[&[0, 2], &[2, 5]], &[]);
        self.shaped("Gather", 17, x, &[&[3, -1, 0]], &[("axis", Int(1))]);
        self.shaped("Expand", 17, &[3, 1], &[&[2, 1, 4]], &[]);
        self.shaped("Tile", 17, &[2, 3], &[&[2, 3]], &[]);
        self.shaped("Pad", 17, &[3, 4], &[&[1, 0, 2, 1]], &[]);
        for mode in ["reflect", "edge"] {
            self.shaped("Pad", 17, &[3, 4], &[&[2, 1, 0, 2]], &[("mode", Text(mode.into()))]);
        }
        self.add("Pad", 18, vec![waves(&[3, 4])], |g, x| {
            let (pads, axes) = (g.i64("pads", &[2], &[1, 2]), g.i64("along", &[1], &[-1]));
            let value = g.f32("value", &[], &[7.5]);
            vec![(g.node("Pad", &[&x[0], &pads, &value, &axes]), ElementType::F32)]
        });
    }

    fn made(&mut self) {
        let constants = [
            ("value_float", Float(1.5)),
            ("value_int", Int(3)),
            ("value_floats", Floats(vec![0.5, -1.0, 2.0])),
            ("value_ints", Ints(vec![2, 0, -1])),
        ];
        for constant in constants {
            self.add("Constant", 17, vec![waves(&[2, 3])], |g, x| {
                let constant = g.node_with("Constant", &[], [constant]);
                let constant = g.cast(&constant, ElementType::F32);
                vec![(g.node("Add", &[&x[0], &constant]), ElementType::F32)]
            });
        }
        self.add("ConstantOfShape", 17, vec![waves(&[2, 3])], |g, x| {
            let shape = g.node("Shape", &[&x[0]]);
            let zeros = g.node("ConstantOfShape", &[&shape]);
            vec![(g.node("Add", &[&x[0], &zeros]), ElementType::F32)]
        });
        for (start, end) in [(0, None), (1, Some(-1)), (-2, Some(9))] {
            self.add("Shape", 15, vec![waves(&[2, 3, 5, 4])], |g, x| {
                let end = end.map(|end| ("end", Int(end)));
                let shape = g.node_with("Shape", &[&x[0]], [("start", Int(start))].into_iter().chain(end));
                vec![(shape, ElementType::I32)]
            });
        }
        for (start, end, step) in [(0.0, 4.0, 0.75), (3.0, -2.0, -1.0)] {
            self.add("Range", 17, vec![waves(&[1])], |g, x| {
                let limits =
                    [start, end, step].map(|number: f32| g.f32(&format!("n{number}"), &[], &[number]));
                let range = g.node("Range", &[&limits[0], &limits[1], &limits[2]]);
                vec![(g.node("Add", &[&x[0], &range]), ElementType::F32)]
            });
        }
        // Positions of an input's axis, as exporters write them.
        self.add("Range", 17, vec![waves(&[5, 2])], |g, x| {
            let shape = g.node("Shape", &[&x[0]]);
            let (zero, one) = (g.i64("zero", &[], &[0]), g.i64("one", &[], &[1]));
            let length = g.node("Gather", &[&shape, &zero]);
            vec![(g.node("Range", &[&zero, &length, &one]), ElementType::I32)]
        });
        // What is computed from constants alone, of more elements than tract folds by itself.
        self.add("Mul", 17, vec![waves(&[4, 9])], |g, x| {
            let steps = g.f32("steps", &[36], &(0..36).map(|i| i as f32 * 0.1).collect::<Vec<_>>());
            let shape = g.node("Shape", &[&x[0]]);
            let steps = g.node("Reshape", &[&steps, &shape]);
            let steps = g.node("Exp", &[&steps]);
            vec![(g.node("Mul", &[&x[0], &steps]), ElementType::F32)]
        });
    }

    fn resizes(&mut self) {
        let text = |name, value: &str| (name, Text(value.to_owned()));
        let mode = |value| text("mode", value);
        let at = |value| text("coordinate_transformation_mode", value);
        let nearest = |value| text("nearest_mode", value);
        let x: &[usize] = &[1, 2, 5, 4];
        let mut scaled = |opset, scales: &[f32], attributes: Vec<(&'static str, Attribute)>| {
            self.add("Resize", opset, vec![waves(x)], |g, values| {
                let scales = g.f32("scales", &[scales.len()], scales);
                let roi = if opset < 13 { g.f32("roi", &[0], &[]) } else { Value::none() };
                vec![(g.node_with("Resize", &[&values[0], &roi, &scales], attributes), ElementType::F32)]
            });
        };
        scaled(17, &[1.0, 1.0, 2.0, 2.0], vec![]);
        scaled(11, &[1.0, 1.0, 2.0, 3.0], vec![at("asymmetric"), nearest("floor")]);
        scaled(17, &[1.0, 1.0, 2.0, 2.0], vec![mode("linear")]);
        scaled(17, &[1.0, 1.0, 1.5, 2.25], vec![mode("linear"), at("pytorch_half_pixel")]);
        scaled(17, &[1.0, 1.0, 0.6, 0.5], vec![mode("linear"), at("align_corners")]);
        scaled(17, &[1.0, 1.0, 2.0, 2.0], vec![mode("cubic")]);
        scaled(17, &[1.0, 1.0, 2.0, 1.5], vec![mode("cubic"), ("cubic_coeff_a", Float(-0.5))]);
        scaled(17, &[1.0, 1.0, 2.0, 1.5], vec![mode("cubic"), ("exclude_outside", Int(1))]);
        scaled(17, &[1.0, 1.0, 1.5, 1.75], vec![nearest("ceil")]);
        scaled(17, &[1.0, 1.0, 1.5, 0.6], vec![nearest("round_prefer_ceil")]);
        scaled(18, &[1.0, 1.0, 0.6, 0.5], vec![mode("linear"), ("antialias", Int(1))]);
        scaled(18, &[1.0, 1.0, 0.6, 0.5], vec![mode("cubic"), ("antialias", Int(1))]);
        scaled(18, &[2.0, 1.5], vec![mode("linear"), ("axes", Ints(vec![3, 2]))]);
        scaled(19, &[1.0, 1.0, 1.4, 0.6], vec![mode("linear"), at("half_pixel_symmetric")]);
        let mut sized = |opset, sizes: &[i64], attributes: Vec<(&'static str, Attribute)>| {
            self.add("Resize", opset, vec![waves(x)], |g, values| {
                let sizes = g.i64("sizes", &[sizes.len()], sizes);
                let none = Value::none();
                let resized = g.node_with("Resize", &[&values[0], &none, &none, &sizes], attributes);
                vec![(resized, ElementType::F32)]
            });
        };
        sized(17, &[1, 2, 7, 9], vec![mode("linear")]);
        sized(17, &[1, 2, 10, 8], vec![]);
        let policy = |value| text("keep_aspect_ratio_policy", value);
        sized(18, &[7, 9], vec![mode("linear"), ("axes", Ints(vec![2, 3])), policy("not_larger")]);
        sized(18, &[7, 9], vec![mode("linear"), ("axes", Ints(vec![2, 3])), policy("not_smaller")]);
        self.add("Resize", 17, vec![waves(x)], |g, values| {
            let roi = g.f32("roi", &[8], &[0.0, 0.0, 0.2, 0.1, 1.0, 1.0, 0.8, 1.3]);
            let sizes = g.i64("sizes", &[4], &[1, 2, 6, 5]);
            let attributes = [mode("linear"), at("tf_crop_and_resize"), ("extrapolation_value", Float(9.0))];
            let inputs = [&values[0], &roi, &Value::none(), &sizes];
            vec![(g.node_with("Resize", &inputs, attributes), ElementType::F32)]
        });
    }
}

fn cases() -> Vec<Case> {
    let mut cases = Cases::default();
    cases.elementwise();
    cases.windows();
    cases.normalisations();
    cases.rearrangements();
    cases.made();
    cases.resizes();
    cases.0
}

#[test]
fn every_allowed_operator_runs() {
    let engine = open(EngineKind::Tract).unwrap();
    let mut seen = BTreeSet::new();
    for (index, Case { op, opset, inputs, onnx }) in cases().into_iter().enumerate() {
        let case = format!("case {index}, {op} of operator set {opset}");
        let mut stated = ModelProto::decode(&onnx[..]).unwrap();
        state_shapes(&mut stated, true);
        check(&stated.encode_to_vec(), &Limits::default()).unwrap_or_else(|e| panic!("{case}: {e}"));
        let outputs = engine.load(&onnx).and_then(|session| session.run(inputs));
        let outputs = outputs.unwrap_or_else(|e| panic!("{case}: {e}"));
        assert!(outputs.iter().all(|output| output.verify().is_ok()), "{case}");
        seen.insert(op);
    }
    assert_eq!(seen, BTreeSet::from(ALLOWED));
}

#[test]
#[cfg(feature = "onnxruntime")]
fn operators_give_what_onnxruntime_gives() {
    let Ok(reference) = open(EngineKind::OnnxRuntime) else {
        return eprintln!("SKIPPED: onnxruntime; set ORT_DYLIB_PATH");
    };
    let engine = open(EngineKind::Tract).unwrap();
    let mut wrong = Vec::new();
    for (index, Case { op, opset, inputs, onnx }) in cases().into_iter().enumerate() {
        let case = format!("case {index}, {op} of operator set {opset}");
        let run = |engine: &dyn crate::engine::Engine| {
            engine.load(&onnx).and_then(|session| session.run(inputs.clone()))
        };
        match (run(&*engine), run(&*reference)) {
            (Ok(found), Ok(expected)) => {
                let differ = found.len() != expected.len()
                    || found.iter().zip(&expected).any(|(found, expected)| !close(found, expected));
                if differ {
                    wrong.push(format!("{case}: {found:?}\ninstead of {expected:?}"));
                }
            }
            (found, expected) => wrong.push(format!("{case}: {:?}, {:?}", found.err(), expected.err())),
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[cfg(feature = "onnxruntime")]
fn close(found: &Tensor, expected: &Tensor) -> bool {
    match (found, expected) {
        (Tensor::F32 { shape: a, data: x }, Tensor::F32 { shape: b, data: y }) => {
            a == b && x.iter().zip(y).all(|(x, y)| (x - y).abs() <= 2e-5 * (1.0 + y.abs()))
        }
        _ => found == expected,
    }
}
