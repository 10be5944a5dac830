//! For each rule, a graph that is refused, with its message; and graphs that must be accepted.

use super::*;
use crate::model::onnx::graph::{Attribute, ElementType, GraphBuilder, Value};
use crate::model::onnx::klt::{self, KltParameters};
use crate::model::onnx::pb::attribute_type;

/// `y = x * w`, decoded, to be spoilt.
fn sound() -> pb::ModelProto {
    let mut g = GraphBuilder::new("sound");
    let x = g.input("x", ElementType::F32, &["n".into(), 3.into()]);
    let w = g.f32("w", &[3], &[1.0, 2.0, 3.0]);
    let y = g.node("Mul", &[&x, &w]);
    g.output(&y, "y", ElementType::F32, &["n".into(), 3.into()]);
    pb::ModelProto::decode(g.to_bytes().unwrap().as_slice()).unwrap()
}

fn graph(model: &mut pb::ModelProto) -> &mut pb::GraphProto {
    model.graph.as_mut().unwrap()
}

#[track_caller]
fn refused(spoil: impl FnOnce(&mut pb::ModelProto), message: &str) {
    let mut model = sound();
    spoil(&mut model);
    let error = check(&model.encode_to_vec(), &Limits::default()).unwrap_err().to_string();
    assert!(error.contains(message), "found:    {error}\nexpected: {message}");
}

/// Refuses `op` applied to `x`, in a graph whose only input is `x` `[n, 3, h, w]`.
#[track_caller]
fn refused_node(op: &str, build: impl FnOnce(&mut GraphBuilder, Value) -> Value, message: &str) {
    let error = check(&with_node(build), &Limits::default()).unwrap_err().to_string();
    assert!(error.contains(op) && error.contains(message), "found:    {error}\nexpected: {message}");
}

fn with_node(build: impl FnOnce(&mut GraphBuilder, Value) -> Value) -> Vec<u8> {
    let mut g = GraphBuilder::new("one");
    let x = g.input("x", ElementType::F32, &["n".into(), 3.into(), "h".into(), "w".into()]);
    let y = build(&mut g, x);
    g.output(&y, "y", ElementType::F32, &["n".into()]);
    g.to_bytes().unwrap()
}

fn parameters(bands: usize) -> KltParameters {
    KltParameters {
        patch: 8,
        bands,
        mix: vec![half::f16::ONE; 64 * bands * bands],
        scale: vec![2.0; bands],
        offset: vec![3.0; bands],
        shrink: 0.25,
    }
}

#[test]
fn sound_graphs_are_described() {
    let summary = check(&sound().encode_to_vec(), &Limits::default()).unwrap();
    let port = |name: &str| Port {
        name: name.to_owned(),
        element: Element::F32,
        shape: vec![Axis::Symbol("n".to_owned()), Axis::Fixed(3)],
    };
    assert_eq!(
        summary,
        Summary { inputs: vec![port("x")], outputs: vec![port("y")], nodes: 1, weights: 3, opset: 17 }
    );
}

#[test]
fn klt_graphs_are_accepted() {
    let p = parameters(2);
    let summary = check(&klt::decoder(&p).unwrap(), &Limits::default()).unwrap();
    assert_eq!(summary.inputs[0].element, Element::I32);
    assert_eq!(summary.inputs[0].shape[1], Axis::Fixed(128));
    check(&klt::encoder(&p, &vec![0.5; 256]).unwrap(), &Limits::default()).unwrap();
}

#[test]
fn convolutional_graphs_are_accepted() {
    let onnx = with_node(|g, x| {
        let w = g.f32("w", &[8, 3, 3, 3], &[0.1; 216]);
        let pads = || [("pads", Attribute::Ints(vec![1; 4])), ("strides", Attribute::Ints(vec![2; 2]))];
        let down = g.node_with("Conv", &[&x, &w], pads());
        let active = g.node("Sigmoid", &[&down]);
        let up = g.f32("up", &[8, 3, 4, 4], &[0.1; 384]);
        let up = g.node_with("ConvTranspose", &[&active, &up], pads());
        let scales = g.f32("scales", &[4], &[1.0, 1.0, 2.0, 2.0]);
        let resized = g.node("Resize", &[&up, &Value::none(), &scales]);
        // A size that follows from an input's is for the engine to judge.
        let shape = g.node("Shape", &[&resized]);
        let zeros = g.node("ConstantOfShape", &[&shape]);
        g.node("Add", &[&resized, &zeros])
    });
    let summary = check(&onnx, &Limits::default()).unwrap();
    assert_eq!((summary.nodes, summary.weights), (7, 604));
}

#[test]
fn files_that_are_no_models() {
    let message = |bytes: &[u8]| check(bytes, &Limits::default()).unwrap_err().to_string();
    assert!(message(b"\x3a\x7f").contains("not an ONNX file: it ends inside of a field"));
    assert!(message(b"\x3b").contains("not an ONNX file: field 7 has the wire type 3"));
    assert!(message(&[0xff; 20]).contains("not an ONNX file: a number is longer than 64 bits"));
    assert!(message(b"\x3a\x02\x08\x01").contains("not an ONNX file: failed to decode"));
    assert!(message(b"").contains("ONNX IR version 0, 4 to 10 are read"));
    refused(|m| m.graph = None, "the ONNX file holds no graph");
    refused(
        |m| m.ir_version = Some(99),
        "ONNX IR version 99, 4 to 10 are read; convert or export the model again",
    );
    refused(
        |m| m.opset_import[0].version = Some(7),
        "operator set 7, 11 to 21 are read; export with opset_version=17",
    );
    refused(
        |m| m.opset_import[0].domain = Some("com.microsoft".into()),
        "operators of the domain `com.microsoft` are imported; only one import, of the default domain, is allowed",
    );
    refused(|m| m.opset_import.push(m.opset_import[0].clone()), "only one import, of the default domain");
}

#[test]
fn foreign_parts() {
    refused(|m| m.functions.push(vec![]), "the model holds model-local functions, which are not allowed");
    refused(|m| m.training_info.push(vec![]), "the model holds training graphs, which are not allowed");
    refused(|m| m.configuration.push(vec![]), "the model holds device configurations, which are not allowed");
    refused(
        |m| graph(m).sparse_initializer.push(vec![]),
        "the model holds sparse initialisers, which are not allowed",
    );
    refused(|m| graph(m).quantization_annotation.push(vec![]), "the model holds quantisation annotations");
}

#[test]
fn ceilings() {
    let onnx = sound().encode_to_vec();
    let refused = |limits: Limits, message: &str| {
        let error = check(&onnx, &limits).unwrap_err().to_string();
        assert!(error.starts_with("over the limit: ") && error.contains(message), "{error}");
    };
    let limits = Limits::default();
    let bytes = onnx.len();
    refused(
        Limits { file_bytes: 9, ..limits.clone() },
        &format!("ONNX file has {bytes} bytes; 9 are allowed; use a smaller model or raise the limits"),
    );
    refused(Limits { fields: 9, ..limits.clone() }, "the ONNX file has 10 fields or more; 9 are allowed");
    refused(Limits { nodes: 0, ..limits.clone() }, "the graph has 1 nodes; 0 are allowed");
    refused(Limits { weights: 2, ..limits.clone() }, "tensor `w` has 3 elements; 2 are allowed");
    refused(Limits { rank: 1, ..limits.clone() }, "input `x` has 2 axes; 1 are allowed");
    refused(Limits { axis: 2, ..limits.clone() }, "input `x` has an axis of 3; 1 to 2 are allowed");
    refused(Limits { elements: 2, ..limits }, "input `x` has 3 elements; 2 are allowed");

    // Two bytes in the file for each node: refused before they are decoded.
    let many = [vec![0x3a, 0x80, 0x80, 0x80, 0x01], b"\x0a\x00".repeat(1 << 20)].concat();
    let error = check(&many, &Limits::default()).unwrap_err().to_string();
    assert!(error.contains("the ONNX file has 262145 fields or more; 262144 are allowed"), "{error}");
}

#[test]
fn inputs_and_outputs() {
    fn tensor(m: &mut pb::ModelProto) -> &mut pb::TensorTypeProto {
        graph(m).input[0].r#type.as_mut().unwrap().tensor_type.as_mut().unwrap()
    }
    fn length(m: &mut pb::ModelProto, at: usize, value: dimension::Value) {
        tensor(m).shape.as_mut().unwrap().dim[at].value = Some(value);
    }
    refused(
        |m| graph(m).input[0].r#type = None,
        "input `x` is not a tensor; models take and give tensors only",
    );
    refused(
        |m| tensor(m).elem_type = Some(11),
        "input `x` has element type 11; float32 (1) and int32 (6) are allowed",
    );
    refused(|m| tensor(m).shape = None, "input `x` declares no shape; export the model with shapes");
    refused(
        |m| length(m, 1, dimension::Value::Length(-1)),
        "input `x` has an axis of -1; 1 to 1048576 are allowed",
    );
    refused(
        |m| {
            length(m, 0, dimension::Value::Length(1 << 20));
            length(m, 1, dimension::Value::Length(1 << 20));
        },
        "input `x` has 1099511627776 elements; 268435456 are allowed",
    );
    refused(
        |m| length(m, 0, dimension::Value::Symbol("n*n".into())),
        "input `x` has an axis called \"n*n\"; up to 64 letters, digits and underscores are allowed",
    );
    refused(|m| graph(m).input.clear(), "reads `x`, which nothing before it defines");
    refused(|m| graph(m).output.clear(), "the graph has no inputs or no outputs");
    refused(|m| graph(m).output[0].name = Some("z".into()), "output `z` is made by no node");
    refused(|m| graph(m).output.extend_from_within(..), "output `y` is declared twice");
    refused(
        |m| {
            graph(m).input.extend_from_within(..);
            graph(m).input[1].name = Some("w".into());
        },
        "initialiser `w` is an input as well; export without keep_initializers_as_inputs",
    );
}

#[test]
fn tensors_that_do_not_add_up() {
    fn w(m: &mut pb::ModelProto) -> &mut pb::TensorProto {
        &mut graph(m).initializer[0]
    }
    let external = "tensor `w` keeps its data in another file; store all data inside of the model";
    refused(|m| w(m).data_location = Some(1), external);
    refused(|m| w(m).external_data.push(pb::StringStringEntryProto::default()), external);
    refused(|m| w(m).segment = Some(vec![]), "tensor `w` is a segment of a larger one");
    refused(|m| w(m).data_type = Some(8), "tensor `w` has element type 8; float32 (1), uint8 (2)");
    refused(|m| w(m).dims = vec![1; 9], "tensor `w` has 9 axes; 8 are allowed");
    refused(|m| w(m).dims = vec![-3], "tensor `w` has a negative axis of -3");
    refused(
        |m| w(m).dims = vec![i64::MAX; 2],
        "tensor `w` has 18446744073709551615 elements; 67108864 are allowed",
    );
    refused(
        |m| w(m).dims = vec![4],
        "tensor `w` holds 12 bytes, its shape [4] takes 16; export the model again",
    );
    refused(|m| w(m).raw_data = None, "tensor `w` holds 0 elements, its shape [3] takes 3");
    refused(|m| w(m).float_data = vec![1.0; 3], "tensor `w` holds data of two kinds, or of another type");
    refused(
        |m| {
            w(m).raw_data = None;
            w(m).int64_data = vec![1; 3];
        },
        "tensor `w` holds data of two kinds, or of another type",
    );
    refused(|m| graph(m).initializer.extend_from_within(..), "value `w` is defined twice");
    refused(|m| w(m).name = None, "a value is called \"\"; 1 to 256 printable bytes are allowed");
}

#[test]
fn nodes_that_are_not_allowed() {
    fn node(m: &mut pb::ModelProto) -> &mut pb::NodeProto {
        &mut graph(m).node[0]
    }
    fn attribute(m: &mut pb::ModelProto) -> &mut pb::AttributeProto {
        node(m).attribute.push(pb::AttributeProto { name: Some("a".into()), ..Default::default() });
        node(m).attribute.last_mut().unwrap()
    }
    refused(
        |m| node(m).op_type = Some("Loop".into()),
        "node 0 (mul_0, Loop) uses an operator that is not allowed; allowed are Abs, Add, ArgMax",
    );
    refused(|m| node(m).domain = Some("evil".into()), "node 0 (mul_0, Mul) is of the domain `evil`");
    refused(
        |m| node(m).input[1] = "later".into(),
        "node 0 (mul_0, Mul) reads `later`, which nothing before it defines",
    );
    refused(|m| node(m).output[0] = "x".into(), "value `x` is defined twice");
    refused(|m| node(m).output.clear(), "node 0 (mul_0, Mul) has no first output");
    refused(|m| node(m).input = vec!["x".into(); 300], "has 300 inputs or outputs; 256 are allowed");
    refused(|m| attribute(m).g = Some(vec![]), "holds a subgraph in `a`; control flow is not allowed");
    refused(|m| attribute(m).graphs.push(vec![]), "holds a subgraph in `a`; control flow is not allowed");
    let kind = "has the attribute `a` of a kind that is not allowed; numbers, strings and dense tensors are";
    refused(|m| attribute(m).sparse_tensor = Some(vec![]), kind);
    refused(|m| attribute(m).type_protos.push(vec![]), kind);
    refused(|m| attribute(m).ref_attr_name = Some("b".into()), kind);
    refused(
        |m| {
            attribute(m).t = Some(pb::TensorProto { data_type: Some(1), dims: vec![5], ..Default::default() })
        },
        "tensor `a of node 0 (mul_0, Mul)` holds 0 elements, its shape [5] takes 5",
    );
}

#[test]
fn parameters_that_make_giants() {
    let int = |name, value| [(name, Attribute::Int(value))];
    refused_node(
        "DepthToSpace",
        |g, x| g.node_with("DepthToSpace", &[&x], int("blocksize", 0)),
        "has 0 in `blocksize`; 1 to 1024 are allowed",
    );
    refused_node(
        "Conv",
        |g, x| {
            let w = g.f32("w", &[1, 3, 1, 1], &[1.0; 3]);
            g.node_with("Conv", &[&x, &w], [("strides", Attribute::Ints(vec![1, 0]))])
        },
        "has 0 in `strides`; 1 to 1024 are allowed",
    );
    refused_node(
        "AveragePool",
        |g, x| g.node_with("AveragePool", &[&x], [("pads", Attribute::Ints(vec![1 << 40]))]),
        "has 1099511627776 in `pads`; 0 to 1024 are allowed",
    );
    refused_node("Transpose", |g, x| g.transpose(&x, &[0; 17]), "`perm` has 17 numbers; 16 are allowed");
    for axes in [[0, 1, 1, 2], [1, 2, 3, 4], [0, 1, 2, -1]] {
        refused_node("Transpose", |g, x| g.transpose(&x, &axes), "each from 0 on is allowed once");
    }
    let giant = [1_i64 << 20, 1 << 20];
    for (op, input) in [("ConstantOfShape", 0), ("Expand", 1)] {
        refused_node(
            op,
            |g, x| {
                let shape = g.i64("shape", &[2], &giant);
                if input == 0 { g.node(op, &[&shape]) } else { g.node(op, &[&x, &shape]) }
            },
            "its shape has 1099511627776 elements; 268435456 are allowed",
        );
    }
    refused_node(
        "Resize",
        |g, x| {
            let sizes = g.i64("sizes", &[2], &giant);
            g.node("Resize", &[&x, &Value::none(), &Value::none(), &sizes])
        },
        "its size has 1099511627776 elements; 268435456 are allowed",
    );
    refused_node(
        "Pad",
        |g, x| {
            let pads = g.i64("pads", &[2], &giant.map(|x| 4 * x));
            g.node("Pad", &[&x, &pads])
        },
        "positions of padding or more; 1048576 are allowed",
    );
    refused_node(
        "Tile",
        |g, x| {
            let repeats = g.i64("repeats", &[4], &[1, 1, 200, 200]);
            let once = g.node("Tile", &[&x, &repeats]);
            g.node("Tile", &[&once, &repeats])
        },
        "makes a value 1600000000 times the size of the graph's inputs; 65536 times are allowed",
    );
    refused_node(
        "Range",
        |g, _| {
            let [start, end, step] =
                [("a", 0), ("b", i64::MAX), ("c", 1)].map(|(name, x)| g.i64(name, &[], &[x]));
            g.node("Range", &[&start, &end, &step])
        },
        "elements; 268435456 are allowed",
    );
    refused_node(
        "Range",
        |g, _| {
            let [start, end] = [("a", 0), ("b", 9)].map(|(name, x)| g.i64(name, &[], &[x]));
            g.node("Range", &[&start, &end, &start])
        },
        "counts in steps of 0",
    );
    refused_node(
        "ConstantOfShape",
        |g, _| {
            let [a, b] = ["a", "b"].map(|name| g.i64(name, &[1], &[1 << 30]));
            let shape = g.node("Mul", &[&a, &b]);
            g.node("ConstantOfShape", &[&shape])
        },
        "takes its size from `mul_0`, which is computed from constants alone or longer than 64",
    );
}

#[test]
fn constants_of_nodes_count() {
    let constant = |attribute: pb::AttributeProto| {
        let mut model = sound();
        let node = pb::NodeProto {
            op_type: Some("Constant".into()),
            output: vec!["c".into()],
            attribute: vec![attribute],
            ..Default::default()
        };
        graph(&mut model).node.insert(0, node);
        check(&model.encode_to_vec(), &Limits::default())
    };
    let t =
        pb::TensorProto { data_type: Some(1), dims: vec![2], float_data: vec![1.0; 2], ..Default::default() };
    let attribute = |name: &str| pb::AttributeProto {
        name: Some(name.into()),
        t: (name == "value").then(|| t.clone()),
        r#type: Some(attribute_type::TENSOR),
        ..Default::default()
    };
    assert_eq!(constant(attribute("value")).unwrap().weights, 5);
    let error = constant(attribute("value_string")).unwrap_err().to_string();
    assert!(error.contains("holds `value_string`; numbers and dense tensors are allowed"), "{error}");
}

#[test]
fn damage_never_panics() {
    let onnx = klt::decoder(&parameters(1)).unwrap();
    for cut in 0..onnx.len() {
        let _ = check(&onnx[..cut], &Limits::default());
    }
    let mut flipped = onnx.clone();
    for bit in 0..onnx.len() * 8 {
        flipped[bit / 8] ^= 1 << (bit % 8);
        let _ = check(&flipped, &Limits::default());
        flipped[bit / 8] ^= 1 << (bit % 8);
    }
}
