//! Codebooks of `vq` and `rvq` models, read out of the decoder's graph, which holds the only copy.

use crate::error::{Error, Result};
use crate::model::onnx::pb::{self, data_type};
use crate::quantise::nearest::Packed;
use crate::quantise::shape::{CodebookShape, Quantiser};
use half::f16;
use prost::Message;
use std::sync::OnceLock;

/// The decoder's initialiser that holds the entries.
const INITIALISER: &str = "codebooks";

/// The codebooks of a model, as float16 values in float32.
#[derive(Clone, Debug)]
pub struct Codebooks {
    quantiser: Quantiser,
    shape: CodebookShape,
    /// `(plane, entry, latent)`
    entries: Vec<f32>,
    /// The layout for the search, made when it is first needed: readers never search.
    packed: OnceLock<Packed>,
}

impl Codebooks {
    /// Codebooks of entries `(plane, entry, latent)`, which are rounded to float16, as graphs store them.
    ///
    /// # Errors
    /// [`Error::InvalidArgument`] for a shape out of range, entries that do not fill it or are not finite as float16, and
    /// for `rvq` a first entry that is not zero.
    pub fn new(quantiser: Quantiser, shape: CodebookShape, entries: &[f32]) -> Result<Self> {
        Self::build(quantiser, shape, entries.iter().map(|v| f16::from_f32(*v)).collect())
            .map_err(Error::InvalidArgument)
    }

    /// Reads the codebooks of a decoder's graph.
    ///
    /// # Errors
    /// [`Error::InvalidModel`] when the graph does not hold codebooks of this shape.
    pub(crate) fn from_decoder(onnx: &[u8], quantiser: Quantiser, shape: CodebookShape) -> Result<Self> {
        let refuse =
            |what: String| Error::InvalidModel(format!("decoder.onnx: {what}; export the model again"));
        let graph = pb::ModelProto::decode(onnx).map_err(|e| refuse(format!("not an ONNX file: {e}")))?.graph;
        let mut tensors = graph.iter().flat_map(|g| &g.initializer);
        let tensor = tensors.find(|t| t.name.as_deref() == Some(INITIALISER)).ok_or_else(|| {
            refuse(format!("there is no initialiser `{INITIALISER}`, which {quantiser} models hold"))
        })?;
        let wanted = [shape.planes(), shape.size, shape.width].map(|n| n as i64);
        let raw = tensor.raw_data.as_deref().unwrap_or_default();
        let numbers = shape.planes() * shape.size * shape.width;
        if tensor.data_type != Some(data_type::FLOAT16) || tensor.dims != wanted || raw.len() != 2 * numbers {
            return Err(refuse(format!(
                "`{INITIALISER}` is of type {} and shape {:?}, model.json says float16 (10) of {wanted:?}, as raw data",
                tensor.data_type.unwrap_or(0),
                tensor.dims
            )));
        }
        let entries = raw.as_chunks().0.iter().map(|b| f16::from_le_bytes(*b)).collect();
        Self::build(quantiser, shape, entries).map_err(refuse)
    }

    fn build(quantiser: Quantiser, shape: CodebookShape, entries: Vec<f16>) -> Result<Self, String> {
        shape.check(quantiser)?;
        let numbers = shape.planes() * shape.size * shape.width;
        if entries.len() != numbers {
            return Err(format!("the codebooks have {} numbers, {shape:?} takes {numbers}", entries.len()));
        }
        if let Some(at) = entries.iter().position(|v| !v.is_finite()) {
            return Err(format!(
                "entry {} of codebook {} holds {}; finite numbers within ±65504 are allowed",
                at / shape.width % shape.size,
                at / shape.width / shape.size,
                entries[at]
            ));
        }
        let firsts = entries.chunks_exact(shape.size * shape.width).map(|book| &book[..shape.width]);
        if quantiser == Quantiser::Rvq
            && let Some(plane) = firsts.into_iter().position(|first| first.iter().any(|v| v.to_f32() != 0.0))
        {
            return Err(format!(
                "entry 0 of codebook {plane} is not zero; in rvq it stands for a stage that is not used"
            ));
        }
        let entries: Vec<f32> = entries.into_iter().map(f16::to_f32).collect();
        Ok(Self { quantiser, shape, entries, packed: OnceLock::new() })
    }

    /// The entries as laid out for the search.
    pub(super) fn packed(&self) -> &Packed {
        self.packed.get_or_init(|| Packed::new(&self.entries, &self.shape))
    }

    /// `vq` or `rvq`.
    #[must_use]
    pub fn quantiser(&self) -> Quantiser {
        self.quantiser
    }

    /// The shape.
    #[must_use]
    pub fn shape(&self) -> CodebookShape {
        self.shape
    }

    /// One entry.
    ///
    /// # Panics
    /// Where the shape has no such plane or entry.
    #[must_use]
    pub fn entry(&self, plane: usize, index: usize) -> &[f32] {
        &self.entries[(plane * self.shape.size + index) * self.shape.width..][..self.shape.width]
    }

    /// Latents `(patch, group × width + latent)` that codes `(patch, plane)` stand for, from the first `stages` stages.
    ///
    /// # Panics
    /// When a code names no entry.
    #[must_use]
    pub fn reconstruct(&self, codes: &[i32], stages: usize) -> Vec<f32> {
        let CodebookShape { groups, width, .. } = self.shape;
        let mut out = vec![0.0; codes.len() / self.shape.planes() * self.shape.latents()];
        let patches = codes.chunks_exact(self.shape.planes());
        for (codes, latents) in patches.zip(out.chunks_exact_mut(self.shape.latents())) {
            for (plane, code) in codes[..stages.min(self.shape.stages) * groups].iter().enumerate() {
                let group = &mut latents[plane % groups * width..][..width];
                group.iter_mut().zip(self.entry(plane, *code as usize)).for_each(|(l, e)| *l += e);
            }
        }
        out
    }

    /// Refuses codes `(patch, plane)` that name no entry, or that go on after a stage that is not used.
    pub(crate) fn check(&self, codes: &[i32]) -> Result<()> {
        let CodebookShape { groups, size, .. } = self.shape;
        for patch in codes.chunks_exact(self.shape.planes()) {
            if let Some(code) = patch.iter().find(|c| **c < 0 || **c as usize >= size) {
                return Err(Error::Corrupt(format!(
                    "an index of {code} is outside a codebook of {size} entries; write the chunk again"
                )));
            }
            let goes_on = |(plane, code): (usize, &i32)| *code != 0 && patch[plane - groups] == 0;
            if self.quantiser == Quantiser::Rvq && patch.iter().enumerate().skip(groups).any(goes_on) {
                return Err(Error::Corrupt(
                    "a stage is used after one that is not; write the chunk again".to_owned(),
                ));
            }
        }
        Ok(())
    }
}
