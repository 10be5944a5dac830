//! Encoder and decoder graphs of a fitted network, for the model package.

use super::graph::{Graph, numbers};
use super::network::{Network, Quantiser};
use super::ops::Ops;
use super::torch::Weights;
use half::f16;
use std::rc::Rc;
use tch::{Kind, Tensor};
use vqz_codec::authoring::graph::{Dim, ElementType};

/// The name under which the decoder graph holds codebooks.
pub const CODEBOOKS: &str = "codebooks";

/// A weight as it is stored: float16.
pub fn stored(weight: &Tensor) -> Tensor {
    weight.to_kind(Kind::Half).to_kind(Kind::Float)
}

/// The encoder: `samples` `[n, bands, y, x]` in data units, and `step` where the network takes it, to `latents`
/// `[n, planes, gy, gx]`.
///
/// # Errors
/// [`vqz_codec::Error::InvalidArgument`] when the weights do not fit the network.
pub fn encoder(network: &Network, weights: &Rc<Weights>) -> Result<Vec<u8>, vqz_codec::Error> {
    let mut g = Graph::new("encoder", weights);
    let samples = g.builder.input("samples", ElementType::F32, &raster(network.heads.bands.len()));
    let step = if network.encoder_takes_step() {
        g.builder.input("step", ElementType::F32, &[1.into()])
    } else {
        g.constant("unit", &[1], &[1.0])
    };
    let channels = network.heads.expand(&mut g, &samples);
    let x = network.normalise(&mut g, &channels);
    let latents = network.encode(&mut g, &x, &step);
    g.builder.output(&latents, "latents", ElementType::F32, &grid(network.latents()));
    g.builder.to_bytes()
}

/// The decoder: `codes` int32 `[n, planes, gy, gx]`, and `step` `[1]` for scalar codes, to `samples` `[n, bands, y,
/// x]` in data units. `codebooks` is `(planes, size, width)`. For a network that is split, this is the picture before
/// its [`correction`].
///
/// # Errors
/// [`vqz_codec::Error::InvalidArgument`] when the weights do not fit the network.
pub fn decoder(
    network: &Network,
    weights: &Rc<Weights>,
    codebooks: Option<&Tensor>,
) -> Result<Vec<u8>, vqz_codec::Error> {
    let mut g = Graph::new("decoder", weights);
    let planes = network.codebooks().map_or(network.latents(), |books| books.planes());
    let codes = g.builder.input("codes", ElementType::I32, &grid(planes));
    let (values, step) = match network.quantiser {
        Quantiser::Fsq { .. } => {
            let step = g.builder.input("step", ElementType::F32, &[1.into()]);
            (g.float(&codes), step)
        }
        Quantiser::Vq(books) | Quantiser::Rvq(books) => {
            let entries: Vec<f16> =
                codebooks.map(numbers).unwrap_or_default().into_iter().map(f16::from_f32).collect();
            let shape = [books.planes(), books.size, books.width];
            let codebooks = g.builder.f16(CODEBOOKS, &shape, &entries);
            let values = dequantise(&mut g, &codes, &codebooks, books);
            (values, g.constant("unit", &[1], &[1.0]))
        }
    };
    let normal = match network.is_split() {
        true => network.decode_linearly(&mut g, &values, &step),
        false => network.decode(&mut g, &values, &step),
    };
    let channels = network.denormalise(&mut g, &normal);
    let samples = network.heads.collapse(&mut g, &channels);
    g.builder.output(&samples, "samples", ElementType::F32, &raster(network.heads.bands.len()));
    g.builder.to_bytes()
}

/// The correction of a network that is split: `picture` `[n, bands, y, x]` in data units, as the [`decoder`] gives
/// it, and `step` for scalar codes, to `samples`.
///
/// # Errors
/// [`vqz_codec::Error::InvalidArgument`] when the weights do not fit the network.
pub fn correction(network: &Network, weights: &Rc<Weights>) -> Result<Option<Vec<u8>>, vqz_codec::Error> {
    if !network.is_split() {
        return Ok(None);
    }
    let mut g = Graph::new("correction", weights);
    let bands = raster(network.heads.bands.len());
    let picture = g.builder.input("picture", ElementType::F32, &bands);
    let step = match network.quantiser {
        Quantiser::Fsq { .. } => g.builder.input("step", ElementType::F32, &[1.into()]),
        _ => g.constant("unit", &[1], &[1.0]),
    };
    let normal = network.normalise(&mut g, &picture);
    let normal = network.correct(&mut g, &normal, &step);
    let samples = network.denormalise(&mut g, &normal);
    g.builder.output(&samples, "samples", ElementType::F32, &bands);
    g.builder.to_bytes().map(Some)
}

/// Latents `(n, groups × width, y, x)` of codes: the sum over the stages, group by group.
pub fn dequantise<O: Ops>(
    o: &mut O,
    codes: &O::Value,
    codebooks: &O::Value,
    books: super::network::Codebooks,
) -> O::Value {
    let mut groups = Vec::new();
    for group in 0..books.groups {
        let mut sum = o.entries(codes, codebooks, group);
        for stage in 1..books.stages {
            let entries = o.entries(codes, codebooks, stage * books.groups + group);
            sum = o.add(&sum, &entries);
        }
        groups.push(sum);
    }
    if groups.len() == 1 { groups.remove(0) } else { o.concat(&groups) }
}

fn raster(bands: usize) -> [Dim; 4] {
    ["n".into(), bands.into(), "height".into(), "width".into()]
}

fn grid(planes: usize) -> [Dim; 4] {
    ["n".into(), planes.into(), "gy".into(), "gx".into()]
}
