//! A model's graphs in an ONNX engine, and the reordering between the graphs' planes and the scan order. Planes of
//! indices are not reordered.

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
        let order = order(model);
        for (patch, codes) in codes.chunks_exact(planes).enumerate() {
            for (scan, code) in codes.iter().enumerate() {
                input[order(scan) * patches + patch] = *code;
            }
        }
        let mut inputs = vec![Tensor::I32 { shape: vec![1, planes, rows, columns], data: input }];
        if model.codebooks().is_none() {
            inputs.push(Tensor::F32 { shape: vec![1], data: vec![step] });
        }
        let shape = [1, manifest.bands.len(), rows * manifest.patch, columns * manifest.patch];
        output(self.decoder.run(inputs)?, &shape, "decoder.onnx")
    }

    /// Latents `(patch, scan position)`, not divided by the step, of samples `(band, y, x)` of whole patches; `None` without an encoder.
    pub(super) fn encode(
        &self,
        model: &Model,
        samples: Vec<f32>,
        step: f32,
        rows: usize,
        columns: usize,
    ) -> Result<Option<Vec<f32>>> {
        let Some(encoder) = &self.encoder else { return Ok(None) };
        let manifest = model.manifest();
        let planes = manifest.latents();
        let shape = vec![1, manifest.bands.len(), rows * manifest.patch, columns * manifest.patch];
        let patches = rows * columns;
        let mut inputs = vec![Tensor::F32 { shape, data: samples }];
        if model.encoder_takes_step {
            inputs.push(Tensor::F32 { shape: vec![1], data: vec![step] });
        }
        let latents = output(encoder.run(inputs)?, &[1, planes, rows, columns], "encoder.onnx")?;
        let order = order(model);
        let mut out = vec![0.0; latents.len()];
        for (patch, out) in out.chunks_exact_mut(planes).enumerate() {
            for (scan, value) in out.iter_mut().enumerate() {
                *value = latents[order(scan) * patches + patch];
            }
        }
        Ok(Some(out))
    }
}

/// The graphs' plane at a scan position.
fn order(model: &Model) -> impl Fn(usize) -> usize {
    let order = model.priors().scalar().map(|priors| priors.order.as_slice());
    move |scan| order.map_or(scan, |order| order[scan] as usize)
}

pub(super) fn output(outputs: Vec<Tensor>, wanted: &[usize], graph: &str) -> Result<Vec<f32>> {
    match outputs.into_iter().next() {
        Some(Tensor::F32 { shape, data }) if shape == wanted => Ok(data),
        Some(Tensor::F32 { shape, .. }) => Err(Error::InvalidModel(format!(
            "{graph} gave a tensor of shape {shape:?}, {wanted:?} is needed; get the package again"
        ))),
        _ => Err(Error::InvalidModel(format!("{graph} gave no float tensor; get the package again"))),
    }
}
