//! libonnxruntime, opened at run time: float32, one intra-op thread, sequential, so that results are reproducible.
//!
//! Parallelism comes from many calls at once: a session lends each caller an onnxruntime session of its own, because
//! ort's `run` takes its session exclusively. On a GPU there is one, and callers take turns.

mod library;

pub use library::{LibraryError, OLDEST_ONNXRUNTIME, library_is_open, open_library};

use std::sync::{Condvar, Mutex, PoisonError};
use std::thread;

use ort::environment::Environment;
use ort::ep::{self, cuda::ConvAlgorithmSearch};
use ort::logging::LogLevel;
use ort::session::{Session as OrtSession, SessionInputValue, builder::SessionBuilder};
use ort::value::{DynValue, Tensor as OrtTensor, TensorElementType, ValueType};

use self::library::Library;
use super::guard::guarded;
use super::session::{Engine, Session, Tensor};
use crate::error::{Error, Result};
use crate::model::onnx::graph::{ElementType, GraphBuilder};

/// Where onnxruntime computes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Provider {
    /// Its own CPU kernels.
    Cpu,
    /// The CUDA execution provider, without TF32.
    Cuda,
}

/// The library, opened, with a provider that has run a graph.
pub(super) struct OnnxRuntime {
    library: &'static Library,
    provider: Provider,
}

impl OnnxRuntime {
    /// Runs a small graph on the provider of the library that is open: that a provider is compiled in does not mean that it
    /// works.
    ///
    /// # Errors
    /// [`Error::Engine`] when no library is open, or the provider does not work.
    pub(super) fn open(provider: Provider) -> Result<Self> {
        guarded("onnxruntime", "trying the library", || {
            let engine = Self { library: library::opened()?, provider };
            engine.probe().map_err(|e| match (provider, e) {
                (Provider::Cuda, Error::Engine(why)) => Error::Engine(format!(
                    "{} has no working CUDA provider: {why}; install onnxruntime-gpu with its CUDA and cuDNN libraries \
                     and open its libonnxruntime, or choose the engine onnxruntime",
                    engine.library.path
                )),
                (_, e) => e,
            })?;
            Ok(engine)
        })
    }

    /// Whether the library that is open runs graphs on the CPU; `false` when none is.
    pub(super) fn works() -> bool {
        library::opened()
            .is_ok_and(|library| *library.works.get_or_init(|| Self::open(Provider::Cpu).is_ok()))
    }

    fn probe(&self) -> Result<()> {
        let mut g = GraphBuilder::new("probe");
        let x = g.input("x", ElementType::F32, &[2.into()]);
        let y = g.node("Mul", &[&x, &x]);
        g.output(&y, "y", ElementType::F32, &[2.into()]);
        let mut builder = builder(&self.library.environment, self.provider)?;
        if self.provider == Provider::Cuda {
            builder = builder.with_disable_cpu_fallback().map_err(failed)?;
        }
        let mut session = builder.commit_from_memory(&g.to_bytes()?).map_err(failed)?;
        let outputs = run(&mut session, vec![Tensor::F32 { shape: vec![2], data: vec![2.0, -3.0] }])?;
        if outputs == [Tensor::F32 { shape: vec![2], data: vec![4.0, 9.0] }] {
            return Ok(());
        }
        Err(Error::Engine(format!("the squares of 2 and -3 came out as {outputs:?}")))
    }
}

impl Engine for OnnxRuntime {
    fn name(&self) -> &'static str {
        match self.provider {
            Provider::Cpu => "onnxruntime",
            Provider::Cuda => "cuda",
        }
    }

    fn description(&self) -> String {
        let processor = match self.provider {
            Provider::Cpu => "CPU",
            Provider::Cuda => "CUDA",
        };
        format!("onnxruntime {}, {processor}", self.library.version)
    }

    fn load(&self, onnx: &[u8]) -> Result<Box<dyn Session>> {
        guarded("onnxruntime", "loading a graph", || {
            let most = match self.provider {
                Provider::Cpu => thread::available_parallelism().map_or(1, usize::from),
                Provider::Cuda => 1,
            };
            let pool = Pool {
                onnx: onnx.to_vec(),
                environment: &self.library.environment,
                provider: self.provider,
                most,
                state: Mutex::default(),
                returned: Condvar::new(),
            };
            // The first session is made now, so that a graph which can't be loaded is refused here.
            let first = pool.make()?;
            pool.lock().made = 1;
            pool.give_back(first);
            Ok(Box::new(pool) as Box<dyn Session>)
        })
    }
}

/// One graph, in as many sessions as there are callers, up to the number of processors.
struct Pool {
    onnx: Vec<u8>,
    environment: &'static Environment,
    provider: Provider,
    most: usize,
    state: Mutex<PoolState>,
    returned: Condvar,
}

#[derive(Default)]
struct PoolState {
    idle: Vec<OrtSession>,
    made: usize,
}

impl Session for Pool {
    fn run(&self, inputs: Vec<Tensor>) -> Result<Vec<Tensor>> {
        inputs.iter().try_for_each(Tensor::verify)?;
        let mut session = self.take()?;
        let outcome = guarded("onnxruntime", "running a graph", || {
            let expected = session.inputs().len();
            if inputs.len() != expected {
                return Err(Error::Engine(format!(
                    "{} inputs were given, the graph takes {expected}",
                    inputs.len()
                )));
            }
            run(&mut session, inputs)
        });
        self.give_back(session);
        outcome
    }
}

impl Pool {
    fn lock(&self) -> std::sync::MutexGuard<'_, PoolState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn make(&self) -> Result<OrtSession> {
        let mut builder = builder(self.environment, self.provider)?;
        builder.commit_from_memory(&self.onnx).map_err(|e| {
            Error::Engine(format!("onnxruntime can't load the graph: {e}; try the engine tract"))
        })
    }

    fn take(&self) -> Result<OrtSession> {
        let mut state = self.lock();
        loop {
            if let Some(session) = state.idle.pop() {
                return Ok(session);
            }
            if state.made < self.most {
                state.made += 1;
                drop(state);
                let made = guarded("onnxruntime", "loading a graph", || self.make());
                if made.is_err() {
                    self.lock().made -= 1;
                    self.returned.notify_one();
                }
                return made;
            }
            state = self.returned.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }

    fn give_back(&self, session: OrtSession) {
        self.lock().idle.push(session);
        self.returned.notify_one();
    }
}

fn builder(environment: &Environment, provider: Provider) -> Result<SessionBuilder> {
    let builder = OrtSession::builder(environment).map_err(failed)?;
    let builder = builder.with_intra_threads(1).map_err(failed)?;
    let builder = builder.with_parallel_execution(false).map_err(failed)?;
    let builder = builder.with_deterministic_compute(true).map_err(failed)?;
    // Tiles differ in shape from call to call.
    let builder = builder.with_memory_pattern(false).map_err(failed)?;
    // Errors come back as results; logs on standard error would repeat them.
    let builder = builder.with_log_level(LogLevel::Fatal).map_err(failed)?;
    match provider {
        Provider::Cpu => Ok(builder),
        Provider::Cuda => {
            // The default search times kernels, so that two runs may choose different ones.
            let cuda = ep::CUDA::default()
                .with_tf32(false)
                .with_conv_algorithm_search(ConvAlgorithmSearch::Heuristic)
                .build()
                .error_on_failure();
            builder.with_execution_providers([cuda]).map_err(failed)
        }
    }
}

fn run(session: &mut OrtSession, inputs: Vec<Tensor>) -> Result<Vec<Tensor>> {
    let values = inputs.into_iter().map(value).collect::<Result<Vec<SessionInputValue<'_>>>>()?;
    let outputs = session.run(values.as_slice()).map_err(failed)?;
    outputs.values().map(|output| tensor(&output)).collect()
}

fn value(tensor: Tensor) -> Result<SessionInputValue<'static>> {
    match tensor {
        Tensor::F32 { shape, data } => OrtTensor::from_array((shape, data)).map(Into::into),
        Tensor::I32 { shape, data } => OrtTensor::from_array((shape, data)).map(Into::into),
    }
    .map_err(failed)
}

fn tensor(value: &DynValue) -> Result<Tensor> {
    match value.dtype() {
        ValueType::Tensor { ty: TensorElementType::Float32, .. } => {
            let (shape, data) = value.try_extract_tensor::<f32>().map_err(failed)?;
            Ok(Tensor::F32 { shape: lengths(shape), data: data.to_vec() })
        }
        ValueType::Tensor { ty: TensorElementType::Int32, .. } => {
            let (shape, data) = value.try_extract_tensor::<i32>().map_err(failed)?;
            Ok(Tensor::I32 { shape: lengths(shape), data: data.to_vec() })
        }
        other => {
            Err(Error::Engine(format!("the graph puts out {other:?}; float32 and int32 tensors are allowed")))
        }
    }
}

fn lengths(shape: &[i64]) -> Vec<usize> {
    shape.iter().map(|&d| usize::try_from(d).unwrap_or(0)).collect()
}

fn failed(e: impl std::fmt::Display) -> Error {
    Error::Engine(format!("onnxruntime failed: {e}"))
}
