//! The embedded engine: tract-onnx, pure Rust, float32, one thread per call.
//!
//! tract plans a graph for concrete shapes. Tiles come in few shapes, so a session keeps the plans of the latest ones.

use std::io::Cursor;
use std::sync::{Arc, Mutex, PoisonError};

use tract_onnx::prelude::{
    DatumType, Framework, InferenceFact, InferenceModel, InferenceModelExt, IntoRunnable, IntoTValue,
    Tensor as Array, TractResult, TypedRunnableModel,
};

use super::guard::guarded;
use super::session::{Engine, Session, Tensor};
use crate::error::{Error, Result};

/// The release that `Cargo.toml` asks for; tract has no way to tell.
const VERSION: &str = "0.23";
/// Plans that a session keeps. The oldest is dropped first.
const PLANS: usize = 8;
/// The most elements that a value inside of a graph may have: 1 GiB of floats.
const MAX_ELEMENTS: u64 = 1 << 28;

pub(super) struct Tract;

impl Engine for Tract {
    fn name(&self) -> &'static str {
        "tract"
    }

    fn description(&self) -> String {
        format!("tract {VERSION}, CPU")
    }

    fn load(&self, onnx: &[u8]) -> Result<Box<dyn Session>> {
        guarded("tract", "loading a graph", || {
            // Types of inner values are left for tract to infer: the file's are unchecked.
            let framework = tract_onnx::onnx().with_ignore_value_info(true);
            let graph = framework.model_for_read(&mut Cursor::new(onnx)).map_err(|e| {
                Error::Engine(format!("tract can't load the graph: {e:#}; try the engine onnxruntime"))
            })?;
            Ok(Box::new(TractSession { graph, plans: Mutex::default() }) as Box<dyn Session>)
        })
    }
}

type Shapes = Vec<(DatumType, Vec<usize>)>;
type Plan = Arc<TypedRunnableModel>;
/// A plan, or its place while the first thread that needs it makes it.
type Slot = Arc<Mutex<Option<Plan>>>;

struct TractSession {
    graph: InferenceModel,
    plans: Mutex<Vec<(Shapes, Slot)>>,
}

impl Session for TractSession {
    fn run(&self, inputs: Vec<Tensor>) -> Result<Vec<Tensor>> {
        let expected = self.graph.inputs.len();
        if inputs.len() != expected {
            return Err(Error::Engine(format!(
                "{} inputs were given, the graph takes {expected}",
                inputs.len()
            )));
        }
        inputs.iter().try_for_each(Tensor::verify)?;
        guarded("tract", "running a graph", || {
            let arrays = inputs.iter().map(array).collect::<TractResult<Vec<_>>>().map_err(failed)?;
            let shapes = arrays.iter().map(|a| (a.datum_type(), a.shape().to_vec())).collect();
            let plan = self.plan(shapes)?;
            let outputs =
                plan.run(arrays.into_iter().map(IntoTValue::into_tvalue).collect()).map_err(failed)?;
            outputs.iter().map(|output| tensor(output)).collect()
        })
    }
}

impl TractSession {
    fn plan(&self, shapes: Shapes) -> Result<Plan> {
        let slot = {
            let mut plans = self.plans.lock().unwrap_or_else(PoisonError::into_inner);
            match plans.iter().find(|(known, _)| *known == shapes) {
                Some((_, slot)) => Arc::clone(slot),
                None => {
                    if plans.len() == PLANS {
                        plans.remove(0);
                    }
                    let slot = Slot::default();
                    plans.push((shapes.clone(), Arc::clone(&slot)));
                    slot
                }
            }
        };
        // Planning is slow and happens outside of the session's lock, but once.
        let mut plan = slot.lock().unwrap_or_else(PoisonError::into_inner);
        if plan.is_none() {
            *plan = Some(self.make(&shapes)?);
        }
        plan.clone().ok_or_else(|| Error::Engine("tract made no plan".to_owned()))
    }

    fn make(&self, shapes: &Shapes) -> Result<Plan> {
        let unfit = |e| {
            let shapes = shapes.iter().map(|(_, shape)| shape).collect::<Vec<_>>();
            Error::Engine(format!("tract can't run the graph on inputs of shapes {shapes:?}: {e:#}"))
        };
        let mut graph = self.graph.clone();
        for (i, (datum, shape)) in shapes.iter().enumerate() {
            graph = graph.with_input_fact(i, InferenceFact::dt_shape(*datum, shape)).map_err(unfit)?;
        }
        graph.analyse(false).map_err(unfit)?;
        for node in graph.nodes() {
            for output in &node.outputs {
                let Some(shape) = output.fact.shape.as_concrete_finite().ok().flatten() else { continue };
                let elements =
                    shape.iter().try_fold(1_u64, |n, &d| n.checked_mul(d as u64)).unwrap_or(u64::MAX);
                if elements > MAX_ELEMENTS {
                    return Err(Error::Limit(format!(
                        "node `{}` of the graph makes a value of shape {shape:?}; {MAX_ELEMENTS} elements are allowed; \
                         use smaller tiles or another model",
                        node.name
                    )));
                }
            }
        }
        graph.into_optimized().and_then(IntoRunnable::into_runnable).map_err(unfit)
    }
}

fn array(tensor: &Tensor) -> TractResult<Array> {
    match tensor {
        Tensor::F32 { shape, data } => Array::from_shape(shape, data),
        Tensor::I32 { shape, data } => Array::from_shape(shape, data),
    }
}

fn tensor(array: &Array) -> Result<Tensor> {
    let shape = array.shape().to_vec();
    let view = array.try_as_plain_ram().map_err(failed)?;
    match array.datum_type() {
        DatumType::F32 => Ok(Tensor::F32 { shape, data: view.as_slice::<f32>().map_err(failed)?.to_vec() }),
        DatumType::I32 => Ok(Tensor::I32 { shape, data: view.as_slice::<i32>().map_err(failed)?.to_vec() }),
        other => Err(Error::Engine(format!("the graph puts out {other:?}; float32 and int32 are allowed"))),
    }
}

fn failed(e: impl std::fmt::Display) -> Error {
    Error::Engine(format!("tract failed to run the graph: {e:#}"))
}
