//! The correction of a decoded picture by a model's `correction.onnx`, a network that follows the linear path. The writer decides
//! for each tile whether it is applied, so it never makes a tile worse, and takes no time where it does not help.

use super::network::output;
use crate::engine::{self, EngineKind, Session, Tensor};
use crate::error::Result;
use std::sync::Arc;

/// A tile is corrected where that reduces its squared error to less than this part. A smaller gain would be worth only about one
/// per cent of the bits, while the correction takes most of the decoding time.
pub(super) const WORTHWHILE: f64 = 0.98;

/// A loaded correction.
pub(super) struct Correction {
    engine: Arc<dyn engine::Engine>,
    session: Box<dyn Session>,
    takes_step: bool,
}

impl std::fmt::Debug for Correction {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Correction").field(&self.engine.description()).finish()
    }
}

impl Correction {
    pub(super) fn load(onnx: &[u8], kind: EngineKind, takes_step: bool) -> Result<Self> {
        let engine = engine::open(kind)?;
        Ok(Self { session: engine.load(onnx)?, engine, takes_step })
    }

    pub(super) fn description(&self) -> String {
        self.engine.description()
    }

    /// Corrects a picture of whole patches, `[bands, height, width]` in data units.
    pub(super) fn apply(&self, picture: Vec<f32>, shape: [usize; 3], step: f32) -> Result<Vec<f32>> {
        let [bands, height, width] = shape;
        let shape = [1, bands, height, width];
        let mut inputs = vec![Tensor::F32 { shape: shape.to_vec(), data: picture }];
        if self.takes_step {
            inputs.push(Tensor::F32 { shape: vec![1], data: vec![step] });
        }
        output(self.session.run(inputs)?, &shape, "correction.onnx")
    }
}
