//! A model with scalar codes whose encoder takes the step and works in units of it, as networks do. Its planes have no structure of
//! frequencies.

use crate::linear_map::{LinearMap, by_patch, grid, raster};
use vqz_codec::authoring::graph::{ElementType, GraphBuilder};
use vqz_codec::authoring::{step, step_log2};
use vqz_codec::engine::{self, EngineKind, Session, Tensor};
use vqz_codec::fit::{self, Image, LatentGrid};
use vqz_codec::model::{Calibration, Model, ModelParts};

/// Steps of the calibration.
const STEPS: [f64; 6] = [8.0, 4.0, 2.0, 1.0, 0.5, 0.25];

/// Fits a model with this many latents on top of a linear one. Its encoder rounds latents to whole steps.
///
/// # Panics
/// When anything fails.
#[must_use]
pub fn fit_scalars(linear: &Model, images: &[Image], latents: usize, name: &str) -> Model {
    let map = LinearMap::strongest(linear, images, latents);
    let encoder = encoder(&map);
    let decoder = decoder(&map);
    let tract = engine::open(EngineKind::Tract).expect("tract is built in");
    let session = tract.load(&encoder).expect("the encoder loads");
    let grids: Vec<LatentGrid> = (images.iter().zip(STEPS.iter().cycle()))
        .map(|(image, at)| encode(&map, session.as_ref(), image, step_log2(*at)))
        .collect();
    let priors = fit::scalar_priors(&grids).expect("the latents are sound");
    let calibration =
        STEPS.iter().map(|at| calibrate(&map, session.as_ref(), images, linear, step_log2(*at)));
    let mut manifest = linear.manifest().clone();
    manifest.name = name.to_owned();
    manifest.architecture = "linear-steps".to_owned();
    manifest.planes = latents;
    manifest.calibration = calibration.collect();

    Model::assemble(ModelParts { manifest, decoder, correction: None, encoder, priors })
        .expect("the parts fit each other")
}

/// The latents of an image at a step.
fn encode(map: &LinearMap, encoder: &dyn Session, image: &Image, log2: i16) -> LatentGrid {
    let shape = vec![1, map.bands, image.height, image.width];
    let samples = Tensor::F32 { shape, data: image.samples.clone() };
    let outputs = encoder
        .run(vec![samples, Tensor::F32 { shape: vec![1], data: vec![step(log2)] }])
        .expect("the encoder runs");
    let (rows, columns) = (image.height / map.patch, image.width / map.patch);
    let values = by_patch(&outputs[0], rows * columns);
    LatentGrid { rows, columns, values, valid: vec![true; rows * columns], step: Some(log2) }
}

fn calibrate(
    map: &LinearMap,
    encoder: &dyn Session,
    images: &[Image],
    linear: &Model,
    log2: i16,
) -> Calibration {
    let exact =
        engine::open(EngineKind::Tract).and_then(|tract| tract.load(&map.encoder())).expect("it loads");
    let (mut squares, mut count) = (0.0, 0);
    for image in images.iter().step_by(4) {
        let shape = vec![1, map.bands, image.height, image.width];
        let samples = Tensor::F32 { shape, data: image.samples.clone() };
        let grid = encode(map, encoder, image, log2);
        let latents = by_patch(&exact.run(vec![samples]).expect("it runs")[0], grid.rows * grid.columns);
        // Latents are orthonormal in normalised units, which are the same for all bands.
        let scale = f64::from(linear.manifest().bands[0].scale);
        squares += latents.iter().zip(&grid.values).map(|(a, b)| f64::from(a - b).powi(2)).sum::<f64>()
            * scale
            * scale;
        count += image.samples.len();
    }
    let peak = linear.manifest().peak;
    Calibration { step: log2, psnr_db: 10.0 * (peak * peak * count as f64 / squares).log10() }
}

fn encoder(map: &LinearMap) -> Vec<u8> {
    let mut g = GraphBuilder::new("encoder");
    let samples = g.input("samples", ElementType::F32, &raster(map.bands));
    let step = g.input("step", ElementType::F32, &[1.into()]);
    let latents = map.analyse(&mut g, &samples);
    let scaled = g.node("Div", &[&latents, &step]);
    let whole = g.node("Round", &[&scaled]);
    let latents = g.node("Mul", &[&whole, &step]);
    g.output(&latents, "latents", ElementType::F32, &grid(map.shape()[0]));
    g.to_bytes().expect("the graph is sound")
}

fn decoder(map: &LinearMap) -> Vec<u8> {
    let mut g = GraphBuilder::new("decoder");
    let codes = g.input("codes", ElementType::I32, &grid(map.shape()[0]));
    let step = g.input("step", ElementType::F32, &[1.into()]);
    let codes = g.cast(&codes, ElementType::F32);
    let latents = g.node("Mul", &[&codes, &step]);
    map.synthesise(&mut g, &latents);
    g.to_bytes().expect("the graph is sound")
}
