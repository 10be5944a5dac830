//! Engines run a model's ONNX graphs. The graph is normative; engines differ in speed and in the last bits.
//!
//! | engine | what it is | when |
//! |---|---|---|
//! | `native` | the linear path, sparse, in this crate (`transform`) | default for linear decoders: `klt`, and `conv` before its correction |
//! | `onnxruntime` | libonnxruntime, opened at run time, on the CPU | default for graphs, once its library is open |
//! | `tract` | tract-onnx, embedded, pure Rust | default for graphs otherwise |
//! | `cuda` | the same library with its CUDA execution provider | when it is asked for |
//!
//! Nothing here searches for libonnxruntime: a program opens it by its path, with `open_library`.

#[cfg(any(feature = "tract", feature = "onnxruntime"))]
mod guard;
mod kind;
#[cfg(feature = "onnxruntime")]
mod onnxruntime;
mod session;
#[cfg(test)]
pub(crate) mod tests;
#[cfg(feature = "tract")]
mod tract;

pub use kind::{EngineKind, open, preferred};
#[cfg(feature = "onnxruntime")]
pub use onnxruntime::{LibraryError, OLDEST_ONNXRUNTIME, library_is_open, open_library};
pub use session::{Engine, Session, Tensor};
