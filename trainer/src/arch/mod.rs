//! Architectures: written once over [`Ops`], computed by libtorch to fit, written as ONNX to export.
//!
//! | module | what it holds |
//! |---|---|
//! | [`ops`] | the operations |
//! | [`torch`], [`graph`] | their two meanings |
//! | [`heads`] | bands to channels and back |
//! | [`linear`] | the linear path, taken over from a `klt` fit |
//! | [`branch`] | the convolutional correction of `conv` |
//! | [`resnet`] | residual blocks and self-attention |
//! | [`network`] | all of it together |
//! | [`export`] | encoder and decoder graphs |

pub mod branch;
pub mod export;
pub mod graph;
pub mod heads;
pub mod linear;
pub mod network;
pub mod ops;
pub mod resnet;
pub mod torch;

pub use branch::Branch;
pub use heads::{Head, Heads};
pub use linear::Linear;
pub use network::{Body, Codebooks, Network, Quantiser};
pub use ops::{Init, Ops};
pub use resnet::Resnet;
pub use torch::{Torch, Weights};
