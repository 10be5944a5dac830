//! A model's graphs in an ONNX engine, and the reordering between the graphs' planes and the scan order.

use crate::engine::{self, EngineKind, Session, Tensor};
use crate::error::{Error, Result};
use crate::model::Model;
use std::sync::Arc;

/// A loaded decoder, and an encoder where the model has one.
pub(super) struct Network {
    engine: Arc<dyn engine::Engine>,
    decoder: Box<dyn Session>,
    encoder: Option<Box<dyn Session>>,
}

impl std::fmt::Debug for Network {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Network").field(&self.description()).finish()
    }
}

impl Network {
    pub(super) fn load(model: &Model, kind: EngineKind) -> Result<Self> {
        let engine = engine::open(kind)?;
        Ok(Self {
            decoder: engine.load(model.decoder())?,
            encoder: model.encoder().map(|onnx| engine.load(onnx)).transpose()?,
            engine,
        })
    }

    pub(super) fn description(&self) -> String {
        self.engine.description()
    }

    /// Samples `(band, y, x)` of `rows` × `columns` whole patches, from codes `(patch, scan position)`.
    pub(super) fn decode(
        &self,
        model: &Model,
        codes: &[i32],
        step: f32,
        rows: usize,
        columns: usize,
    ) -> Result<Vec<f32>> {
        let manifest = model.manifest();
        let planes = manifest.planes;
        let patches = rows * columns;
        let mut input = vec![0; codes.len()];
        for (patch, codes) in codes.chunks_exact(planes).enumerate() {
            for (code, plane) in codes.iter().zip(&model.priors.order) {
                input[*plane as usize * patches + patch] = *code;
            }
        }
        let inputs = vec![
            Tensor::I32 { shape: vec![1, planes, rows, columns], data: input },
            Tensor::F32 { shape: vec![1], data: vec![step] },
        ];
        let shape = [1, manifest.bands.len(), rows * manifest.patch, columns * manifest.patch];
        output(self.decoder.run(inputs)?, &shape, "decoder.onnx")
    }

    /// Latents `(patch, scan position)` of samples `(band, y, x)` of whole patches; `None` without an encoder.
    pub(super) fn encode(
        &self,
        model: &Model,
        samples: Vec<f32>,
        rows: usize,
        columns: usize,
    ) -> Result<Option<Vec<f32>>> {
        let Some(encoder) = &self.encoder else { return Ok(None) };
        let manifest = model.manifest();
        let planes = manifest.planes;
        let shape = vec![1, manifest.bands.len(), rows * manifest.patch, columns * manifest.patch];
        let patches = rows * columns;
        let latents = output(
            encoder.run(vec![Tensor::F32 { shape, data: samples }])?,
            &[1, planes, rows, columns],
            "encoder.onnx",
        )?;
        let mut out = vec![0.0; latents.len()];
        for (patch, out) in out.chunks_exact_mut(planes).enumerate() {
            for (value, plane) in out.iter_mut().zip(&model.priors.order) {
                *value = latents[*plane as usize * patches + patch];
            }
        }
        Ok(Some(out))
    }
}

fn output(outputs: Vec<Tensor>, wanted: &[usize], graph: &str) -> Result<Vec<f32>> {
    match outputs.into_iter().next() {
        Some(Tensor::F32 { shape, data }) if shape == wanted => Ok(data),
        Some(Tensor::F32 { shape, .. }) => Err(Error::InvalidModel(format!(
            "{graph} gave a tensor of shape {shape:?}, {wanted:?} is needed; get the package again"
        ))),
        _ => Err(Error::InvalidModel(format!("{graph} gave no float tensor; get the package again"))),
    }
}
