//! Networks as ONNX graphs.

use super::ops::{Conv, Init, Ops};
use super::torch::Weights;
use half::f16;
use std::rc::Rc;
use tch::{Device, Kind, Tensor};
use vqz_codec::authoring::graph::{Attribute, ElementType, GraphBuilder, Value};

/// A variance below this counts as none, as in [`super::torch`].
const EPSILON: f32 = 1e-5;

/// The operations on a graph that is being written. Weights are stored as float16.
#[derive(Debug)]
pub struct Graph {
    /// The graph.
    pub builder: GraphBuilder,
    weights: Rc<Weights>,
    known: std::collections::HashMap<String, Value>,
}

impl Graph {
    /// An empty graph of a network with these weights.
    pub fn new(name: &str, weights: &Rc<Weights>) -> Self {
        Self { builder: GraphBuilder::new(name), weights: Rc::clone(weights), known: Default::default() }
    }

    fn once(&mut self, name: &str, make: impl FnOnce(&mut GraphBuilder) -> Value) -> Value {
        if let Some(value) = self.known.get(name) {
            return value.clone();
        }
        let value = make(&mut self.builder);
        self.known.insert(name.to_owned(), value.clone());
        value
    }

    fn halves(&mut self, name: &str, shape: &[usize], data: &[f32]) -> Value {
        self.once(name, |g| g.f16(name, shape, &data.iter().map(|v| f16::from_f32(*v)).collect::<Vec<_>>()))
    }

    fn scalar(&mut self, value: f32) -> Value {
        let name = format!("scalar_{:08x}", value.to_bits());
        self.once(&name, |g| g.f32(&name, &[], &[value]))
    }

    fn ints(&mut self, ints: &[i64]) -> Value {
        let name = format!("ints_{}", ints.iter().map(i64::to_string).collect::<Vec<_>>().join("_"));
        self.once(&name, |g| g.i64(&name, &[ints.len()], ints))
    }
}

/// The numbers of a tensor, in C order.
pub fn numbers(tensor: &Tensor) -> Vec<f32> {
    let flat = tensor.detach().to_device(Device::Cpu).to_kind(Kind::Float).contiguous().flatten(0, -1);
    let mut out = vec![0.0; flat.numel()];
    let length = out.len();
    flat.copy_data(&mut out, length);
    out
}

impl Ops for Graph {
    type Value = Value;

    fn same(&self, x: &Value) -> Value {
        x.clone()
    }

    fn constant(&mut self, name: &str, shape: &[usize], data: &[f32]) -> Value {
        self.once(name, |g| g.f32(name, shape, data))
    }

    fn constant_f16(&mut self, name: &str, shape: &[usize], data: &[f32]) -> Value {
        self.halves(name, shape, data)
    }

    fn weight(&mut self, name: &str, shape: &[usize], _: Init) -> Value {
        let data = self.weights.get(name).map(|w| numbers(&w)).unwrap_or_default();
        self.halves(name, shape, &data)
    }

    fn indices(&mut self, name: &str, indices: &[usize]) -> Value {
        let indices: Vec<i64> = indices.iter().map(|i| *i as i64).collect();
        self.once(name, |g| g.i64(name, &[indices.len()], &indices))
    }

    fn conv(&mut self, x: &Value, weight: &Value, bias: &Value, how: Conv) -> Value {
        let (stride, padding, kernel) = (how.stride as i64, how.kernel as i64 / 2, how.kernel as i64);
        let attributes = [
            ("kernel_shape", Attribute::Ints(vec![kernel; 2])),
            ("strides", Attribute::Ints(vec![stride; 2])),
            ("pads", Attribute::Ints(vec![padding; 4])),
        ];
        self.builder.node_with("Conv", &[x, weight, bias], attributes)
    }

    fn add(&mut self, a: &Value, b: &Value) -> Value {
        self.builder.node("Add", &[a, b])
    }

    fn sub(&mut self, a: &Value, b: &Value) -> Value {
        self.builder.node("Sub", &[a, b])
    }

    fn mul(&mut self, a: &Value, b: &Value) -> Value {
        self.builder.node("Mul", &[a, b])
    }

    fn div(&mut self, a: &Value, b: &Value) -> Value {
        self.builder.node("Div", &[a, b])
    }

    fn matmul(&mut self, a: &Value, b: &Value) -> Value {
        self.builder.node("MatMul", &[a, b])
    }

    fn reshape(&mut self, x: &Value, dims: &[i64]) -> Value {
        let shape = self.ints(dims);
        self.builder.node("Reshape", &[x, &shape])
    }

    fn reshape_like(&mut self, x: &Value, like: &Value) -> Value {
        let shape = self.builder.node("Shape", &[like]);
        self.builder.node("Reshape", &[x, &shape])
    }

    fn transpose(&mut self, x: &Value, permutation: &[i64]) -> Value {
        self.builder.transpose(x, permutation)
    }

    fn depth_to_space(&mut self, x: &Value, f: usize) -> Value {
        let mode = ("mode", Attribute::Text("DCR".to_owned()));
        self.builder.node_with("DepthToSpace", &[x], [("blocksize", Attribute::Int(f as i64)), mode])
    }

    fn space_to_depth(&mut self, x: &Value, f: usize) -> Value {
        self.builder.node_with("SpaceToDepth", &[x], [("blocksize", Attribute::Int(f as i64))])
    }

    fn mean(&mut self, x: &Value, axis: i64) -> Value {
        self.builder.node_with("ReduceMean", &[x], [("axes", Attribute::Ints(vec![axis]))])
    }

    fn mean_blocks(&mut self, x: &Value, f: usize) -> Value {
        let side = || Attribute::Ints(vec![f as i64; 2]);
        self.builder.node_with("AveragePool", &[x], [("kernel_shape", side()), ("strides", side())])
    }

    fn mean3(&mut self, x: &Value) -> Value {
        let attributes = [
            ("kernel_shape", Attribute::Ints(vec![3, 3])),
            ("pads", Attribute::Ints(vec![1; 4])),
            ("count_include_pad", Attribute::Int(0)),
        ];
        self.builder.node_with("AveragePool", &[x], attributes)
    }

    fn abs(&mut self, x: &Value) -> Value {
        self.builder.node("Abs", &[x])
    }

    fn ln(&mut self, x: &Value) -> Value {
        self.builder.node("Log", &[x])
    }

    fn clamp(&mut self, x: &Value, low: f32, high: f32) -> Value {
        let (low, high) = (self.scalar(low), self.scalar(high));
        self.builder.node("Clip", &[x, &low, &high])
    }

    fn relu(&mut self, x: &Value) -> Value {
        self.builder.node("Relu", &[x])
    }

    fn silu(&mut self, x: &Value) -> Value {
        let gate = self.builder.node("Sigmoid", &[x]);
        self.builder.node("Mul", &[x, &gate])
    }

    fn tanh(&mut self, x: &Value) -> Value {
        self.builder.node("Tanh", &[x])
    }

    fn softmax(&mut self, x: &Value) -> Value {
        self.builder.node_with("Softmax", &[x], [("axis", Attribute::Int(-1))])
    }

    fn group_norm(&mut self, x: &Value, groups: usize) -> Value {
        // Operator set 17 has none: instances of groups, normalised.
        let grouped = self.reshape(x, &[0, groups as i64, -1]);
        let one = self.constant(&format!("ones_{groups}"), &[groups], &vec![1.0; groups]);
        let zero = self.constant(&format!("zeros_{groups}"), &[groups], &vec![0.0; groups]);
        let epsilon = [("epsilon", Attribute::Float(EPSILON))];
        let normal = self.builder.node_with("InstanceNormalization", &[&grouped, &one, &zero], epsilon);
        self.reshape_like(&normal, x)
    }

    fn concat(&mut self, parts: &[Value]) -> Value {
        let parts: Vec<&Value> = parts.iter().collect();
        self.builder.node_with("Concat", &parts, [("axis", Attribute::Int(1))])
    }

    fn channels(&mut self, x: &Value, start: usize, end: usize) -> Value {
        let (start, end, axis) = (self.ints(&[start as i64]), self.ints(&[end as i64]), self.ints(&[1]));
        self.builder.node("Slice", &[x, &start, &end, &axis])
    }

    fn pick_channels(&mut self, x: &Value, indices: &Value) -> Value {
        self.builder.node_with("Gather", &[x, indices], [("axis", Attribute::Int(1))])
    }

    fn pad_channels(&mut self, x: &Value, count: usize) -> Value {
        let pads = self.ints(&[0, 0, 0, 0, 0, count as i64, 0, 0]);
        self.builder.node("Pad", &[x, &pads])
    }

    fn equals(&mut self, x: &Value, value: f32) -> Value {
        let value = self.scalar(value);
        let equal = self.builder.node("Equal", &[x, &value]);
        self.builder.cast(&equal, ElementType::F32)
    }

    fn above(&mut self, x: &Value, threshold: f32) -> Value {
        let threshold = self.scalar(threshold);
        let above = self.builder.node("Greater", &[x, &threshold]);
        self.builder.cast(&above, ElementType::F32)
    }

    fn lookup_largest(&mut self, x: &Value, table: &Value) -> Value {
        let largest = self.builder.node_with("ArgMax", &[x], [("axis", Attribute::Int(1))]);
        self.builder.node_with("Gather", &[table, &largest], [("axis", Attribute::Int(0))])
    }

    fn entries(&mut self, codes: &Value, codebooks: &Value, plane: usize) -> Value {
        let plane = {
            let name = format!("plane_{plane}");
            self.once(&name, |g| g.i64(&name, &[], &[plane as i64]))
        };
        let codes = self.builder.node_with("Gather", &[codes, &plane], [("axis", Attribute::Int(1))]);
        let codebook = self.builder.node_with("Gather", &[codebooks, &plane], [("axis", Attribute::Int(0))]);
        let entries = self.builder.node_with("Gather", &[&codebook, &codes], [("axis", Attribute::Int(0))]);
        self.builder.transpose(&entries, &[0, 3, 1, 2])
    }

    fn float(&mut self, x: &Value) -> Value {
        self.builder.cast(x, ElementType::F32)
    }
}
