//! The operations that networks are made of, over two kinds of values: libtorch's tensors, to fit with, and the values of
//! an ONNX graph, to export.
//!
//! Every architecture is written once, as a function generic over [`Ops`], so what is fitted and what is exported
//! cannot drift apart. Rasters are `(image, channel, y, x)`, float32.

/// How a weight is initialised.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Init {
    /// All zero, so that at first it has no effect on what follows.
    Zero,
    /// All one.
    One,
    /// Normally distributed with this standard deviation.
    Normal(f64),
}

/// One network's operations. A name is a path such as `decoder/block0/conv1`; the same name is the same weight.
pub trait Ops {
    /// A tensor.
    type Value;

    /// Another handle on the same tensor.
    fn same(&self, x: &Self::Value) -> Self::Value;

    /// A fixed tensor, in C order.
    fn constant(&mut self, name: &str, shape: &[usize], data: &[f32]) -> Self::Value;

    /// A fixed tensor whose entries are exact as 16-bit floats, and stored as such.
    fn constant_f16(&mut self, name: &str, shape: &[usize], data: &[f32]) -> Self::Value;

    /// A weight that is fitted.
    fn weight(&mut self, name: &str, shape: &[usize], init: Init) -> Self::Value;

    /// A vector of indices, for [`Ops::pick_channels`].
    fn indices(&mut self, name: &str, indices: &[usize]) -> Self::Value;

    /// 2-D convolution with zero padding of half the kernel, `weight` `(out, in, k, k)`, `bias` `(out)`.
    fn conv(&mut self, x: &Self::Value, weight: &Self::Value, bias: &Self::Value, how: Conv) -> Self::Value;

    /// Sum, with broadcasting.
    fn add(&mut self, a: &Self::Value, b: &Self::Value) -> Self::Value;

    /// Difference, with broadcasting.
    fn sub(&mut self, a: &Self::Value, b: &Self::Value) -> Self::Value;

    /// Product, with broadcasting.
    fn mul(&mut self, a: &Self::Value, b: &Self::Value) -> Self::Value;

    /// Quotient, with broadcasting.
    fn div(&mut self, a: &Self::Value, b: &Self::Value) -> Self::Value;

    /// Matrix product of the last two axes, with broadcasting of those before.
    fn matmul(&mut self, a: &Self::Value, b: &Self::Value) -> Self::Value;

    /// A reshape, where 0 keeps the input's dimension and one -1 takes what remains.
    fn reshape(&mut self, x: &Self::Value, dims: &[i64]) -> Self::Value;

    /// A reshape to the shape of another value.
    fn reshape_like(&mut self, x: &Self::Value, like: &Self::Value) -> Self::Value;

    /// A permutation of the axes.
    fn transpose(&mut self, x: &Self::Value, permutation: &[i64]) -> Self::Value;

    /// `(n, f·f·c, y, x)` to `(n, c, y·f, x·f)`; channels are (row, column, channel), as in ONNX's `DCR` mode.
    fn depth_to_space(&mut self, x: &Self::Value, f: usize) -> Self::Value;

    /// The inverse of [`Ops::depth_to_space`].
    fn space_to_depth(&mut self, x: &Self::Value, f: usize) -> Self::Value;

    /// Mean over one axis, which stays with length 1.
    fn mean(&mut self, x: &Self::Value, axis: i64) -> Self::Value;

    /// Mean over blocks of f × f pixels.
    fn mean_blocks(&mut self, x: &Self::Value, f: usize) -> Self::Value;

    /// Mean over 3×3 neighbours within the raster.
    fn mean3(&mut self, x: &Self::Value) -> Self::Value;

    /// Magnitude.
    fn abs(&mut self, x: &Self::Value) -> Self::Value;

    /// Natural logarithm.
    fn ln(&mut self, x: &Self::Value) -> Self::Value;

    /// Clamps values.
    fn clamp(&mut self, x: &Self::Value, low: f32, high: f32) -> Self::Value;

    /// `max(x, 0)`.
    fn relu(&mut self, x: &Self::Value) -> Self::Value;

    /// `x · sigmoid(x)`.
    fn silu(&mut self, x: &Self::Value) -> Self::Value;

    /// Hyperbolic tangent.
    fn tanh(&mut self, x: &Self::Value) -> Self::Value;

    /// Softmax over the last axis.
    fn softmax(&mut self, x: &Self::Value) -> Self::Value;

    /// Group normalisation: brings the channels of each group to mean 0 and variance 1 within an image, before any
    /// gain.
    fn group_norm(&mut self, x: &Self::Value, groups: usize) -> Self::Value;

    /// Joins along the channels.
    fn concat(&mut self, parts: &[Self::Value]) -> Self::Value;

    /// Channels `start..end`.
    fn channels(&mut self, x: &Self::Value, start: usize, end: usize) -> Self::Value;

    /// Channels by index; what [`Ops::indices`] made says which.
    fn pick_channels(&mut self, x: &Self::Value, indices: &Self::Value) -> Self::Value;

    /// Appends channels of zeros.
    fn pad_channels(&mut self, x: &Self::Value, count: usize) -> Self::Value;

    /// 1 where the value is exactly this one, else 0.
    fn equals(&mut self, x: &Self::Value, value: f32) -> Self::Value;

    /// 1 where the value is above `threshold`, else 0.
    fn above(&mut self, x: &Self::Value, threshold: f32) -> Self::Value;

    /// The entry of `table` (a vector) at the channel that is largest: `(n, c, y, x)` to `(n, 1, y, x)`.
    fn lookup_largest(&mut self, x: &Self::Value, table: &Self::Value) -> Self::Value;

    /// The entries that one plane of codes names: codes int32 `(n, planes, y, x)` and codebooks `(planes, size, width)`
    /// give `(n, width, y, x)`.
    fn entries(&mut self, codes: &Self::Value, codebooks: &Self::Value, plane: usize) -> Self::Value;

    /// Integers as floats.
    fn float(&mut self, x: &Self::Value) -> Self::Value;
}

/// A convolution's geometry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Conv {
    /// Side of the kernel, odd.
    pub kernel: usize,
    /// Distance between outputs, in pixels.
    pub stride: usize,
}

impl Conv {
    /// A pointwise convolution.
    pub const POINT: Self = Self { kernel: 1, stride: 1 };
    /// 3×3.
    pub const THREE: Self = Self { kernel: 3, stride: 1 };
    /// 3×3 to half the size.
    pub const HALVE: Self = Self { kernel: 3, stride: 2 };
}
