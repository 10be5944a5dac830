//! The linear transform of the `klt` architecture, native: an orthonormal DCT of f×f pixels for each band, then,
//! for each spatial frequency, a Karhunen–Loève transform across the bands.
//!
//! The model's ONNX graphs are the normative form of the same map ([`crate::model::onnx`]); this one is sparse and
//! vectorised. It uses plain multiplications and additions in a fixed order, so all vector widths agree to the bit.

pub(crate) mod dct;
mod linear;

pub(crate) use linear::{Linear, LinearWeights, Scratch};
