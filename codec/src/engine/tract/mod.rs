//! The embedded engine: tract, pure Rust, one thread per call.
//!
//! tract-core alone is a part of the program. The crates around it that read ONNX files know every operator and every kind
//! of model, and took half of the time of a build. The check of models allows 69 operators, and the modules here turn
//! those into tract's own: the same operations in the same order as tract-onnx makes of them, so that results are equal.
//!
//! tract plans a graph for concrete shapes. Tiles come in few shapes, so a session keeps the plans of the latest ones.

mod arithmetic;
mod constants;
mod convert;
mod normalise;
mod rearrange;
mod resize;
#[cfg(test)]
mod tests;
mod windows;
mod wiring;

use std::sync::{Arc, Mutex, PoisonError};

use tract_core::internal::{DatumType, IntoTValue, Tensor as Array, TractResult};
use tract_core::model::{IntoRunnable, TypedRunnableModel};

use self::convert::Graph;

use super::guard::guarded;
use super::session::{Engine, Session, Tensor};
use crate::error::{Error, Result};

/// The release that `Cargo.toml` asks for, because tract does not report its own.
const VERSION: &str = "0.23";
/// Plans that a session keeps. The oldest is dropped first.
const PLANS: usize = 8;

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
            let graph = Graph::decode(onnx).map_err(|e| {
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
    graph: Graph,
    plans: Mutex<Vec<(Shapes, Slot)>>,
}

impl Session for TractSession {
    fn run(&self, inputs: Vec<Tensor>) -> Result<Vec<Tensor>> {
        let expected = self.graph.arity();
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
        let plan = self.graph.model(shapes).and_then(|model| model.into_optimized()?.into_runnable());
        plan.map_err(|error| match error.downcast::<Error>() {
            Ok(limit) => limit,
            Err(error) => {
                let shapes = shapes.iter().map(|(_, shape)| shape).collect::<Vec<_>>();
                Error::Engine(format!("tract can't run the graph on inputs of shapes {shapes:?}: {error:#}"))
            }
        })
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
