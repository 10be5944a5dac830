//! One suite over every ONNX engine at hand.

use std::sync::Arc;
use std::thread;

#[cfg(any(feature = "tract", feature = "onnxruntime"))]
use super::guard::guarded;
use super::*;
use crate::model::onnx::graph::{Attribute, ElementType, GraphBuilder};

/// Opens the libonnxruntime that `ORT_DYLIB_PATH` names; whether there is one.
fn library_for_tests() -> bool {
    #[cfg(feature = "onnxruntime")]
    if let Some(path) = std::env::var_os("ORT_DYLIB_PATH").filter(|path| !path.is_empty()) {
        open_library(path.as_ref(), || None).unwrap();
        return true;
    }
    false
}

/// Runs `f` in tract, and in onnxruntime where its library is named.
pub(crate) fn each_engine(f: impl Fn(Arc<dyn Engine>)) {
    #[cfg(feature = "tract")]
    f(open(EngineKind::Tract).unwrap());
    if library_for_tests() {
        f(open(EngineKind::OnnxRuntime).unwrap());
    } else {
        eprintln!("SKIPPED: onnxruntime; build with --features onnxruntime and set ORT_DYLIB_PATH");
    }
}

fn f32s(shape: &[usize], data: Vec<f32>) -> Tensor {
    Tensor::F32 { shape: shape.to_vec(), data }
}

/// `sum = x + y` over `[n, 2]` floats, and `twice = 2 k` of `[n]` integers.
fn two_outputs() -> Vec<u8> {
    let mut g = GraphBuilder::new("two_outputs");
    let x = g.input("x", ElementType::F32, &["n".into(), 2.into()]);
    let y = g.input("y", ElementType::F32, &["n".into(), 2.into()]);
    let k = g.input("k", ElementType::I32, &["n".into()]);
    let sum = g.node("Add", &[&x, &y]);
    let twice = g.node("Add", &[&k, &k]);
    g.output(&sum, "sum", ElementType::F32, &["n".into(), 2.into()]);
    g.output(&twice, "twice", ElementType::I32, &["n".into()]);
    g.to_bytes().unwrap()
}

fn inputs(n: usize) -> Vec<Tensor> {
    vec![
        f32s(&[n, 2], (0..2 * n).map(|i| i as f32).collect()),
        f32s(&[n, 2], vec![0.5; 2 * n]),
        Tensor::I32 { shape: vec![n], data: (0..n as i32).collect() },
    ]
}

#[test]
fn inputs_and_outputs_keep_their_order() {
    each_engine(|engine| {
        let session = engine.load(&two_outputs()).unwrap();
        // More shapes than a session keeps plans for, and back to the first.
        for n in (1..=12).chain([1]) {
            let outputs = session.run(inputs(n)).unwrap();
            let sum = (0..2 * n).map(|i| i as f32 + 0.5).collect();
            let twice = (0..n as i32).map(|k| 2 * k).collect();
            assert_eq!(outputs, [f32s(&[n, 2], sum), Tensor::I32 { shape: vec![n], data: twice }]);
        }
    });
}

#[test]
fn sessions_are_shared_between_threads() {
    each_engine(|engine| {
        let session = engine.load(&two_outputs()).unwrap();
        let expected: Vec<_> = (0..8).map(|i| session.run(inputs(1 + i % 3)).unwrap()).collect();
        thread::scope(|scope| {
            for (i, expected) in expected.iter().enumerate() {
                let session = &session;
                scope.spawn(move || {
                    for _ in 0..20 {
                        assert_eq!(session.run(inputs(1 + i % 3)).unwrap(), *expected);
                    }
                });
            }
        });
    });
}

#[test]
fn results_are_reproducible() {
    let mut g = GraphBuilder::new("conv");
    let x = g.input("x", ElementType::F32, &["n".into(), 8.into(), "h".into(), "w".into()]);
    let w = g.f32("w", &[16, 8, 3, 3], &(0..1152).map(|i| (i as f32).sin()).collect::<Vec<_>>());
    let y = g.node_with("Conv", &[&x, &w], [("pads", Attribute::Ints(vec![1; 4]))]);
    let y = g.node("Sigmoid", &[&y]);
    g.output(&y, "y", ElementType::F32, &["n".into(), 16.into(), "h".into(), "w".into()]);
    let onnx = g.to_bytes().unwrap();
    let x = f32s(&[2, 8, 33, 17], (0..2 * 8 * 33 * 17).map(|i| (i as f32 * 0.7).cos()).collect());
    each_engine(|engine| {
        let first = engine.load(&onnx).unwrap().run(vec![x.clone()]).unwrap();
        let again = engine.load(&onnx).unwrap();
        for _ in 0..3 {
            assert_eq!(again.run(vec![x.clone()]).unwrap(), first);
        }
    });
}

#[test]
fn what_does_not_fit_is_an_error() {
    each_engine(|engine| {
        let session = engine.load(&two_outputs()).unwrap();
        let message = |inputs| session.run(inputs).unwrap_err().to_string();

        assert_eq!(message(inputs(2)[..2].to_vec()), "engine: 2 inputs were given, the graph takes 3");
        let short = vec![f32s(&[3, 2], vec![0.0; 5]), inputs(3).remove(1), inputs(3).remove(2)];
        assert_eq!(
            message(short),
            "engine: an input of shape [3, 2] holds 5 elements; pass one for each position"
        );
        let endless = vec![f32s(&[usize::MAX, 2], vec![]), inputs(3).remove(1), inputs(3).remove(2)];
        assert!(message(endless).contains("holds 0 elements; pass one for each position"));
        // Rows that differ, and a wrong type.
        assert!(
            message(vec![inputs(2).remove(0), inputs(3).remove(1), inputs(2).remove(2)])
                .starts_with("engine: ")
        );
        assert!(
            message(vec![inputs(2).remove(2), inputs(2).remove(1), inputs(2).remove(2)])
                .starts_with("engine: ")
        );
        // The session works on.
        assert!(session.run(inputs(2)).is_ok());
    });
}

#[test]
fn graphs_that_are_none_are_refused() {
    each_engine(|engine| {
        let error = engine.load(b"\xff\xff").err().unwrap().to_string();
        assert!(error.contains("can't load the graph") && error.contains("try the engine"), "{error}");
    });
}

#[test]
#[cfg(any(feature = "tract", feature = "onnxruntime"))]
fn a_panic_is_an_error() {
    let error =
        guarded::<()>("tract", "running a graph", || panic!("index {} is out of bounds", 7)).unwrap_err();
    assert_eq!(
        error.to_string(),
        "engine: tract panicked while running a graph: index 7 is out of bounds; try another engine"
    );
}

#[test]
#[cfg(feature = "tract")]
fn tract_refuses_giants_before_it_plans() {
    let mut g = GraphBuilder::new("outer");
    let x = g.input("x", ElementType::F32, &["n".into(), 1.into()]);
    let across = g.transpose(&x, &[1, 0]);
    let outer = g.node("MatMul", &[&x, &across]);
    let sum = g.node_with("ReduceSum", &[&outer], [("keepdims", Attribute::Int(0))]);
    g.output(&sum, "sum", ElementType::F32, &[]);
    let session = open(EngineKind::Tract).unwrap().load(&g.to_bytes().unwrap()).unwrap();
    assert_eq!(session.run(vec![f32s(&[3, 1], vec![1.0, 2.0, 3.0])]).unwrap(), [f32s(&[], vec![36.0])]);
    let error = session.run(vec![f32s(&[20_000, 1], vec![1.0; 20_000])]).unwrap_err().to_string();
    assert!(
        error.starts_with(
            "over the limit: node `matmul_1` of the graph makes a value of shape [20000, 20000]; 268435456"
        ),
        "{error}"
    );
}
