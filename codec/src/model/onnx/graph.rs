//! Writing ONNX graphs: a builder whose output is canonical, so the same calls give the same bytes on every machine.
//!
//! Mistakes (an initialiser whose data do not fill its shape, a name taken twice) do not interrupt the chain of calls;
//! the first one is reported by [`GraphBuilder::to_bytes`].

use std::collections::HashSet;

use half::f16;
use prost::Message;

use super::pb::{self, attribute_type, data_type};
use crate::error::{Error, Result};

/// The version of the file format, read by onnxruntime 1.11 and later.
pub const IR_VERSION: i64 = 8;
/// The operator set: the last that needs no more than both engines implement.
pub const OPSET: i64 = 17;

/// A value in a graph: an input, an initialiser, or an output of a node.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Value(String);

impl Value {
    /// An optional input that is left out.
    pub fn none() -> Self {
        Self(String::new())
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.0
    }
}

/// Element types of graph inputs and outputs, and targets of casts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ElementType {
    /// 32-bit float.
    F32,
    /// 16-bit float.
    F16,
    /// 32-bit signed integer.
    I32,
    /// 64-bit signed integer.
    I64,
}

impl ElementType {
    fn code(self) -> i32 {
        match self {
            Self::F32 => data_type::FLOAT,
            Self::F16 => data_type::FLOAT16,
            Self::I32 => data_type::INT32,
            Self::I64 => data_type::INT64,
        }
    }
}

/// A dimension of a graph input or output.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Dim {
    /// A fixed length.
    Fixed(usize),
    /// A length given at run time, by name.
    Symbol(String),
}

impl From<usize> for Dim {
    fn from(length: usize) -> Self {
        Self::Fixed(length)
    }
}

impl From<&str> for Dim {
    fn from(symbol: &str) -> Self {
        Self::Symbol(symbol.to_owned())
    }
}

/// A parameter of a node.
#[derive(Clone, Debug, PartialEq)]
pub enum Attribute {
    /// An integer.
    Int(i64),
    /// Integers.
    Ints(Vec<i64>),
    /// A float.
    Float(f32),
    /// Floats.
    Floats(Vec<f32>),
    /// A string.
    Text(String),
}

impl Attribute {
    fn named(self, name: &str) -> pb::AttributeProto {
        let mut proto = pb::AttributeProto { name: Some(name.to_owned()), ..Default::default() };
        let kind = match self {
            Self::Int(i) => {
                proto.i = Some(i);
                attribute_type::INT
            }
            Self::Ints(ints) => {
                proto.ints = ints;
                attribute_type::INTS
            }
            Self::Float(f) => {
                proto.f = Some(f);
                attribute_type::FLOAT
            }
            Self::Floats(floats) => {
                proto.floats = floats;
                attribute_type::FLOATS
            }
            Self::Text(text) => {
                proto.s = Some(text.into_bytes());
                attribute_type::STRING
            }
        };
        proto.r#type = Some(kind);
        proto
    }
}

/// Builds one graph. Nodes are written in the order of the calls, which is therefore topological.
///
/// ```
/// use vqz_codec::authoring::graph::{ElementType, GraphBuilder};
///
/// let mut g = GraphBuilder::new("double");
/// let x = g.input("x", ElementType::F32, &["n".into(), 3.into()]);
/// let two = g.f32("two", &[], &[2.0]);
/// let y = g.node("Mul", &[&x, &two]);
/// g.output(&y, "y", ElementType::F32, &["n".into(), 3.into()]);
/// let bytes = g.to_bytes()?;
/// # Ok::<(), vqz_codec::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct GraphBuilder {
    graph: pb::GraphProto,
    names: HashSet<String>,
    mistake: Option<String>,
}

impl GraphBuilder {
    /// An empty graph.
    pub fn new(name: &str) -> Self {
        let graph = pb::GraphProto { name: Some(name.to_owned()), ..Default::default() };
        Self { graph, names: HashSet::new(), mistake: None }
    }

    /// Declares an input.
    pub fn input(&mut self, name: &str, element: ElementType, dims: &[Dim]) -> Value {
        self.graph.input.push(value_info(name, element, dims));
        self.claim(name)
    }

    /// Declares `value`, which a node has made, as an output called `name`.
    pub fn output(&mut self, value: &Value, name: &str, element: ElementType, dims: &[Dim]) {
        let output = self.claim(name);
        self.graph.output.push(value_info(name, element, dims));
        let mut made = false;
        for node in &mut self.graph.node {
            for known in node.output.iter_mut().filter(|known| **known == value.0) {
                known.clone_from(&output.0);
                made = true;
            }
            for used in node.input.iter_mut().filter(|used| **used == value.0) {
                used.clone_from(&output.0);
            }
        }
        if !made {
            self.record_mistake(format!("output `{name}` is `{}`, which no node makes", value.0));
        }
    }

    /// A constant of 32-bit floats, in C order.
    pub fn f32(&mut self, name: &str, shape: &[usize], data: &[f32]) -> Value {
        let raw = data.iter().flat_map(|x| x.to_le_bytes()).collect();
        self.initializer(name, shape, data.len(), data_type::FLOAT, raw)
    }

    /// A constant of 64-bit integers, in C order.
    pub fn i64(&mut self, name: &str, shape: &[usize], data: &[i64]) -> Value {
        let raw = data.iter().flat_map(|x| x.to_le_bytes()).collect();
        self.initializer(name, shape, data.len(), data_type::INT64, raw)
    }

    /// A constant of 32-bit integers, in C order.
    pub fn i32(&mut self, name: &str, shape: &[usize], data: &[i32]) -> Value {
        let raw = data.iter().flat_map(|x| x.to_le_bytes()).collect();
        self.initializer(name, shape, data.len(), data_type::INT32, raw)
    }

    /// A constant stored as 16-bit floats, in C order. The value returned is its cast to 32 bits.
    pub fn f16(&mut self, name: &str, shape: &[usize], data: &[f16]) -> Value {
        let raw = data.iter().flat_map(|x| x.to_le_bytes()).collect();
        let stored = self.initializer(name, shape, data.len(), data_type::FLOAT16, raw);
        self.cast(&stored, ElementType::F32)
    }

    /// A node with one output and no attributes.
    pub fn node(&mut self, op: &str, inputs: &[&Value]) -> Value {
        self.node_with(op, inputs, [])
    }

    /// A node with one output.
    pub fn node_with<'a>(
        &mut self,
        op: &str,
        inputs: &[&Value],
        attributes: impl IntoIterator<Item = (&'a str, Attribute)>,
    ) -> Value {
        let name = self.unused(op);
        self.push(op, &name, inputs, vec![name.clone()], attributes);
        self.claim(&name)
    }

    /// A node with `N` outputs, such as `Split`.
    pub fn node_many<'a, const N: usize>(
        &mut self,
        op: &str,
        inputs: &[&Value],
        attributes: impl IntoIterator<Item = (&'a str, Attribute)>,
    ) -> [Value; N] {
        let name = self.unused(op);
        let outputs: [String; N] = std::array::from_fn(|i| format!("{name}_{i}"));
        self.push(op, &name, inputs, outputs.to_vec(), attributes);
        outputs.map(|output| self.claim(&output))
    }

    /// `Cast`.
    pub fn cast(&mut self, value: &Value, to: ElementType) -> Value {
        self.node_with("Cast", &[value], [("to", Attribute::Int(to.code().into()))])
    }

    /// `Reshape` to constant dimensions, where 0 keeps the input's and one -1 takes what remains.
    pub fn reshape(&mut self, value: &Value, dims: &[i64]) -> Value {
        let name = self.unused("shape");
        let shape = self.i64(&name, &[dims.len()], dims);
        self.node("Reshape", &[value, &shape])
    }

    /// `Transpose`.
    pub fn transpose(&mut self, value: &Value, permutation: &[i64]) -> Value {
        self.node_with("Transpose", &[value], [("perm", Attribute::Ints(permutation.to_vec()))])
    }

    /// The bytes of the model file.
    ///
    /// # Errors
    /// [`Error::InvalidArgument`] with the first mistake of the calls before.
    pub fn to_bytes(&self) -> Result<Vec<u8>> {
        if let Some(mistake) = &self.mistake {
            let name = self.graph.name.as_deref().unwrap_or_default();
            return Err(Error::InvalidArgument(format!("graph `{name}`: {mistake}")));
        }
        let model = pb::ModelProto {
            ir_version: Some(IR_VERSION),
            // No version: it would change the bytes, and so the hashes, of unchanged graphs.
            producer_name: Some("vqz".to_owned()),
            graph: Some(self.graph.clone()),
            opset_import: vec![pb::OperatorSetIdProto { domain: Some(String::new()), version: Some(OPSET) }],
            ..Default::default()
        };
        Ok(model.encode_to_vec())
    }

    fn push<'a>(
        &mut self,
        op: &str,
        name: &str,
        inputs: &[&Value],
        output: Vec<String>,
        attributes: impl IntoIterator<Item = (&'a str, Attribute)>,
    ) {
        if let Some(unknown) = inputs.iter().find(|v| !v.0.is_empty() && !self.names.contains(&v.0)) {
            self.record_mistake(format!("node `{name}` reads `{}`, which is not in this graph", unknown.0));
        }
        self.graph.node.push(pb::NodeProto {
            input: inputs.iter().map(|v| v.0.clone()).collect(),
            output,
            name: Some(name.to_owned()),
            op_type: Some(op.to_owned()),
            attribute: attributes.into_iter().map(|(name, attribute)| attribute.named(name)).collect(),
            ..Default::default()
        });
    }

    fn initializer(&mut self, name: &str, shape: &[usize], found: usize, code: i32, raw: Vec<u8>) -> Value {
        let expected: usize = shape.iter().product();
        if found != expected {
            self.record_mistake(format!(
                "initialiser `{name}` has {found} elements, its shape {shape:?} takes {expected}"
            ));
        }
        self.graph.initializer.push(pb::TensorProto {
            dims: shape.iter().map(|&d| d as i64).collect(),
            data_type: Some(code),
            name: Some(name.to_owned()),
            raw_data: Some(raw),
            ..Default::default()
        });
        self.claim(name)
    }

    /// A name that no value bears yet.
    fn unused(&self, op: &str) -> String {
        let mut name = format!("{}_{}", op.to_ascii_lowercase(), self.graph.node.len());
        while self.names.contains(&name) {
            name.push('_');
        }
        name
    }

    fn claim(&mut self, name: &str) -> Value {
        if name.is_empty() || !self.names.insert(name.to_owned()) {
            self.record_mistake(format!("the name `{name}` is empty or taken; give each value its own"));
        }
        Value(name.to_owned())
    }

    fn record_mistake(&mut self, mistake: String) {
        self.mistake.get_or_insert(mistake);
    }
}

fn value_info(name: &str, element: ElementType, dims: &[Dim]) -> pb::ValueInfoProto {
    let dim = dims
        .iter()
        .map(|dim| pb::DimensionProto {
            value: Some(match dim {
                Dim::Fixed(length) => pb::dimension::Value::Length(*length as i64),
                Dim::Symbol(symbol) => pb::dimension::Value::Symbol(symbol.clone()),
            }),
            denotation: None,
        })
        .collect();
    let tensor_type =
        pb::TensorTypeProto { elem_type: Some(element.code()), shape: Some(pb::TensorShapeProto { dim }) };
    pb::ValueInfoProto {
        name: Some(name.to_owned()),
        r#type: Some(pb::TypeProto { tensor_type: Some(tensor_type), denotation: None }),
        ..Default::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_calls_give_the_same_bytes() {
        let build = || {
            let mut g = GraphBuilder::new("g");
            let x = g.input("x", ElementType::F32, &["n".into(), 4.into()]);
            let y = g.reshape(&x, &[0, 2, -1]);
            let [a, _] = g.node_many("Split", &[&y], [("axis", Attribute::Int(1))]);
            g.output(&a, "y", ElementType::F32, &["n".into(), 1.into(), 2.into()]);
            g.to_bytes().unwrap()
        };
        assert_eq!(build(), build());
    }

    #[test]
    fn mistakes_are_reported_at_the_end() {
        let mut g = GraphBuilder::new("g");
        let x = g.input("x", ElementType::F32, &[3.into()]);
        let w = g.f32("w", &[2, 2], &[1.0]);
        let y = g.node("Mul", &[&x, &w]);
        g.output(&y, "y", ElementType::F32, &[3.into()]);
        assert_eq!(
            g.to_bytes().unwrap_err().to_string(),
            "invalid argument: graph `g`: initialiser `w` has 1 elements, its shape [2, 2] takes 4"
        );

        let mut g = GraphBuilder::new("g");
        g.input("x", ElementType::F32, &[]);
        g.input("x", ElementType::F32, &[]);
        assert!(g.to_bytes().unwrap_err().to_string().contains("the name `x` is empty or taken"));

        let mut g = GraphBuilder::new("g");
        let x = g.input("x", ElementType::F32, &[]);
        g.output(&x, "y", ElementType::F32, &[]);
        assert!(g.to_bytes().unwrap_err().to_string().contains("output `y` is `x`, which no node makes"));
    }
}
