//! For programs that make models, such as a trainer of networks: nothing here is needed to encode or decode.
//!
//! A model's graphs are ONNX. [`graph`] writes them, in one canonical form; [`klt`] writes and reads those of the linear
//! architecture. The rest states what a step means and how codes are chosen, so that a fit can do the same as the codec.
//! A model is put together with [`Model::assemble`](crate::model::Model::assemble).

pub use crate::model::onnx::{graph, klt};
pub use crate::quantise::{Rates, Search, lagrangian, quantise, step, step_log2};

/// The protobuf messages of ONNX: for tests that damage graphs, and no part of the stable interface.
#[doc(hidden)]
pub use crate::model::onnx::pb;
