//! Engines run a model's ONNX graphs. The graph is normative; engines differ in speed and in the last bits.
//!
//! | engine | what it is | when |
//! |---|---|---|
//! | `native` | the linear path of a `klt` model, sparse, in this crate ([`crate::transform`]) | default for `klt` |
//! | `tract` | tract-onnx, embedded, pure Rust | default for everything else |
//! | `onnxruntime` | libonnxruntime, opened at run time; CPU, or CUDA when asked | when asked |

#[cfg(feature = "onnxruntime")]
mod onnxruntime;
#[cfg(feature = "tract")]
mod tract;

use crate::error::Result;

/// A dense tensor in C order.
#[derive(Clone, Debug, PartialEq)]
pub enum Tensor {
    /// 32-bit floats.
    F32 {
        /// Its shape.
        shape: Vec<usize>,
        /// Its elements, as many as the product of the shape.
        data: Vec<f32>,
    },
    /// 32-bit signed integers.
    I32 {
        /// Its shape.
        shape: Vec<usize>,
        /// Its elements, as many as the product of the shape.
        data: Vec<i32>,
    },
}

/// A loaded graph. Inputs and outputs are positional, in the order in which the graph declares them.
pub trait Session: Send + Sync {
    /// Runs the graph.
    ///
    /// # Errors
    /// [`Error::Engine`](crate::Error::Engine) when shapes do not fit the graph or the engine fails.
    fn run(&self, inputs: Vec<Tensor>) -> Result<Vec<Tensor>>;
}

/// Something that loads ONNX graphs.
pub trait Engine: Send + Sync {
    /// `tract` or `onnxruntime`.
    fn name(&self) -> &'static str;
    /// What it really runs on, such as `tract 0.23.9, CPU` or `onnxruntime 1.31.1, CUDA`.
    fn description(&self) -> String;
    /// Loads a graph that [`crate::model::onnx::check`] has accepted.
    ///
    /// # Errors
    /// [`Error::Engine`](crate::Error::Engine) when the engine can't be had or refuses the graph.
    fn load(&self, onnx: &[u8]) -> Result<Box<dyn Session>>;
}
