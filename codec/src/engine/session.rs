//! The interface of engines: an engine loads graphs and runs them on tensors.

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

impl Tensor {
    /// Its shape.
    pub fn shape(&self) -> &[usize] {
        match self {
            Self::F32 { shape, .. } | Self::I32 { shape, .. } => shape,
        }
    }

    /// Refuses a tensor whose elements do not fill its shape, before a foreign library sees it.
    #[cfg(any(feature = "tract", feature = "onnxruntime"))]
    pub(super) fn verify(&self) -> Result<()> {
        let found = match self {
            Self::F32 { data, .. } => data.len(),
            Self::I32 { data, .. } => data.len(),
        };
        let shape = self.shape();
        if shape.iter().try_fold(1_usize, |n, &d| n.checked_mul(d)) == Some(found) {
            return Ok(());
        }
        Err(crate::Error::Engine(format!(
            "an input of shape {shape:?} holds {found} elements; pass one for each position"
        )))
    }
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
    /// `tract`, `onnxruntime` or `cuda`.
    fn name(&self) -> &'static str;
    /// The engine's release and the device on which it runs, such as `tract 0.23.9, CPU` or `onnxruntime 1.31.1, CUDA`.
    fn description(&self) -> String;
    /// Loads a graph. The codec hands over graphs that it has checked: operators of an allow-list, within stated ceilings.
    ///
    /// # Errors
    /// [`Error::Engine`](crate::Error::Engine) when the engine fails or refuses the graph.
    fn load(&self, onnx: &[u8]) -> Result<Box<dyn Session>>;
}
