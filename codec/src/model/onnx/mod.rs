//! ONNX: writing graphs from Rust, the graphs of the `klt` architecture, and checking graphs that others wrote.
//!
//! | module | what it does |
//! |---|---|
//! | [`pb`] | the protobuf messages |
//! | [`graph`] | a builder with canonical output: the same graph gives the same bytes |
//! | [`klt`] | the encoder and decoder graphs of the linear architecture, and reading their parameters back |
//! | [`check`](fn@check) | refuses graphs that are malformed, oversized, or use anything outside of an allow-list |

pub(crate) mod check;
pub mod graph;
pub mod klt;
pub mod pb;

pub(crate) use check::{Axis, Element, Limits, Port, Summary, check};
