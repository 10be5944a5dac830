//! The linear part of test models: a convolution from patches to the strongest latents of a linear model, and one back.

use vqz_codec::authoring::graph::{Attribute, Dim, ElementType, GraphBuilder, Value};
use vqz_codec::authoring::klt::{self, KltParameters, dct_matrix};
use vqz_codec::engine::{self, EngineKind, Tensor};
use vqz_codec::fit::Image;
use vqz_codec::model::Model;

/// A linear map of patches to the strongest latents and back.
pub(crate) struct LinearMap {
    pub(crate) patch: usize,
    pub(crate) bands: usize,
    /// `(latent, band, y, x)`
    analysis: Vec<f32>,
    synthesis: Vec<f32>,
    offset: Vec<f32>,
}

impl LinearMap {
    /// The strongest latents of a linear model on these images.
    pub(crate) fn strongest(linear: &Model, images: &[Image], latents: usize) -> Self {
        let parameters = klt::read_decoder(linear.decoder()).expect("the model is linear");
        let unmix = klt::read_encoder(linear.encoder().expect("the model is whole"), &parameters)
            .expect("the model is linear");
        let (patch, bands) = (parameters.patch, parameters.bands);
        let session = engine::open(EngineKind::Tract)
            .and_then(|tract| tract.load(linear.encoder().unwrap_or_default()))
            .expect("the encoder loads");
        let mut power = vec![0.0f64; parameters.planes()];
        for image in images {
            let shape = vec![1, bands, image.height, image.width];
            let samples = Tensor::F32 { shape, data: image.samples.clone() };
            let Tensor::F32 { data, .. } = session.run(vec![samples]).expect("the encoder runs").remove(0)
            else {
                panic!("the encoder gives floats")
            };
            let patches = data.len() / power.len();
            for (power, values) in power.iter_mut().zip(data.chunks_exact(patches)) {
                *power += values.iter().map(|v| f64::from(*v).powi(2)).sum::<f64>();
            }
        }
        let mut planes: Vec<usize> = (0..power.len()).collect();
        planes.sort_by(|a, b| power[*b].total_cmp(&power[*a]));
        planes.truncate(latents);
        let mix: Vec<f32> = parameters.mix.iter().map(|w| w.to_f32()).collect();
        let weights = |across: &[f32], scale: fn(f32) -> f32| -> Vec<f32> {
            planes.iter().flat_map(|plane| pattern(&parameters, across, scale, *plane)).collect()
        };
        Self {
            patch,
            bands,
            analysis: weights(&unmix, |scale| 1.0 / scale),
            synthesis: weights(&mix, |scale| scale),
            offset: parameters.offset,
        }
    }

    /// Latents, bands, and the patch's sides.
    pub(crate) fn shape(&self) -> [usize; 4] {
        let each = self.patch * self.patch * self.bands;
        [self.analysis.len() / each, self.bands, self.patch, self.patch]
    }

    /// The encoder: nothing but the linear map.
    pub(crate) fn encoder(&self) -> Vec<u8> {
        let mut g = GraphBuilder::new("encoder");
        let samples = g.input("samples", ElementType::F32, &raster(self.bands));
        let latents = self.analyse(&mut g, &samples);
        g.output(&latents, "latents", ElementType::F32, &grid(self.shape()[0]));
        g.to_bytes().expect("the graph is sound")
    }

    /// Latents of samples.
    pub(crate) fn analyse(&self, g: &mut GraphBuilder, samples: &Value) -> Value {
        let [latents, bands, patch, _] = self.shape();
        let weights = g.f32("analysis", &self.shape(), &self.analysis);
        let bias: Vec<f32> = self
            .analysis
            .chunks_exact(bands * patch * patch)
            .map(|weights| {
                let bands = weights.chunks_exact(patch * patch).zip(&self.offset);
                -bands.map(|(w, offset)| w.iter().sum::<f32>() * offset).sum::<f32>()
            })
            .collect();
        let bias = g.f32("bias", &[latents], &bias);
        g.node_with("Conv", &[samples, &weights, &bias], window(patch))
    }

    /// Samples of latents, as the graph's output.
    pub(crate) fn synthesise(&self, g: &mut GraphBuilder, latents: &Value) {
        let weights = g.f32("synthesis", &self.shape(), &self.synthesis);
        let bias = g.f32("offset", &[self.bands], &self.offset);
        let samples = g.node_with("ConvTranspose", &[latents, &weights, &bias], window(self.patch));
        g.output(&samples, "samples", ElementType::F32, &raster(self.bands));
    }
}

/// `(plane, patch)` to `(patch, plane)`.
pub(crate) fn by_patch(tensor: &Tensor, patches: usize) -> Vec<f32> {
    let Tensor::F32 { data, .. } = tensor else { panic!("the graph gives floats") };
    let planes = data.len() / patches;
    (0..data.len()).map(|i| data[i % planes * patches + i / planes]).collect()
}

/// What one unit of a latent is in the pixels of its patch, `(band, y, x)`.
fn pattern(parameters: &KltParameters, across: &[f32], scale: fn(f32) -> f32, plane: usize) -> Vec<f32> {
    let (patch, bands) = (parameters.patch, parameters.bands);
    let dct = dct_matrix(patch);
    let (u, v) = (plane / bands / patch, plane / bands % patch);
    let across = &across[plane * bands..][..bands];
    (0..bands * patch * patch)
        .map(|i| {
            let (band, y, x) = (i / (patch * patch), i / patch % patch, i % patch);
            across[band] * scale(parameters.scale[band]) * dct[u * patch + y] * dct[v * patch + x]
        })
        .collect()
}

fn window(patch: usize) -> [(&'static str, Attribute); 2] {
    let side = || Attribute::Ints(vec![patch as i64; 2]);
    [("kernel_shape", side()), ("strides", side())]
}

pub(crate) fn raster(bands: usize) -> [Dim; 4] {
    ["n".into(), bands.into(), "height".into(), "width".into()]
}

pub(crate) fn grid(planes: usize) -> [Dim; 4] {
    ["n".into(), planes.into(), "gy".into(), "gx".into()]
}
