//! Models with codebooks, fitted in plain Rust: k-means, stage by stage, over the strongest latents of a linear model.

use crate::Random;
use crate::linear_map::{LinearMap, by_patch, grid};
use vqz_codec::authoring::graph::{Attribute, ElementType, GraphBuilder, Value};
use vqz_codec::authoring::{Rates, Search, lagrangian, step_log2};
use vqz_codec::engine::{self, EngineKind, Session, Tensor};
use vqz_codec::fit::{self, CodeGrid, Image};
use vqz_codec::model::{Calibration, CodebookShape, Codebooks, Model, ModelParts, Priors, Quantiser};

/// Rounds of k-means.
const ROUNDS: usize = 10;

/// What to fit, and how.
#[derive(Clone, Debug)]
pub struct CodebookOptions {
    /// The model's name.
    pub name: String,
    /// `vq` or `rvq`.
    pub quantiser: Quantiser,
    /// How many codebooks, and of what shape.
    pub shape: CodebookShape,
    /// Steps of the calibration, falling, in normalised units. Priors are learnt at all of them but the last.
    pub steps: Vec<f64>,
}

/// Fits a model with codebooks on top of a linear one.
///
/// # Panics
/// When anything fails.
#[must_use]
pub fn fit_codebooks(linear: &Model, images: &[Image], options: &CodebookOptions) -> Model {
    let map = LinearMap::strongest(linear, images, options.shape.latents());
    let encoder = map.encoder();
    let tract = engine::open(EngineKind::Tract).expect("tract is built in");
    let session = tract.load(&encoder).expect("the encoder loads");
    let tiles: Vec<Tile> = images.iter().map(|image| Tile::new(image, &map, session.as_ref())).collect();

    let latents: Vec<f32> = tiles.iter().flat_map(|tile| tile.latents.iter().copied()).collect();
    let codebooks = codebooks(&latents, options);
    let decoder = decoder(&map, &codebooks);
    let session = tract.load(&decoder).expect("the decoder loads");
    let priors = priors(&tiles, &codebooks, options);
    let calibration = calibrate(&tiles, images, &codebooks, &priors, session.as_ref(), linear, options);
    let mut manifest = linear.manifest().clone();
    manifest.name = options.name.clone();
    manifest.architecture = "linear-codebooks".to_owned();
    manifest.planes = options.shape.planes();
    manifest.quantiser = options.quantiser;
    manifest.codebooks = Some(options.shape);
    manifest.calibration = calibration;

    manifest.encoder_sha256.clear();
    Model::assemble(ModelParts { manifest, decoder, correction: None, encoder, priors })
        .expect("the parts fit each other")
}

/// The latents of an image.
struct Tile {
    rows: usize,
    columns: usize,
    /// `(patch, latent)`
    latents: Vec<f32>,
}

impl Tile {
    fn new(image: &Image, map: &LinearMap, encoder: &dyn Session) -> Self {
        let samples =
            Tensor::F32 { shape: vec![1, map.bands, image.height, image.width], data: image.samples.clone() };
        let outputs = encoder.run(vec![samples]).expect("the encoder runs");
        let (rows, columns) = (image.height / map.patch, image.width / map.patch);
        Self { rows, columns, latents: by_patch(&outputs[0], rows * columns) }
    }

    fn grid(&self, codes: Vec<i32>) -> CodeGrid {
        let (rows, columns) = (self.rows, self.columns);
        CodeGrid { rows, columns, codes, valid: vec![true; rows * columns] }
    }
}

/// The lookup, the sum over the stages, and the linear map back.
fn decoder(map: &LinearMap, codebooks: &Codebooks) -> Vec<u8> {
    let CodebookShape { groups, stages, size, width } = codebooks.shape();
    let mut g = GraphBuilder::new("decoder");
    let codes = g.input("codes", ElementType::I32, &grid(groups * stages));
    let entries: Vec<half::f16> = (0..groups * stages)
        .flat_map(|plane| (0..size).flat_map(move |index| codebooks.entry(plane, index).to_vec()))
        .map(half::f16::from_f32)
        .collect();
    let books = g.f16("codebooks", &[groups * stages, size, width], &entries);
    let axis = |axis| [("axis", Attribute::Int(axis))];
    let mut parts: Vec<Value> = Vec::new();
    for group in 0..groups {
        let mut sum: Option<Value> = None;
        for stage in 0..stages {
            let plane = stage * groups + group;
            let at = g.i64(&format!("plane_{plane}"), &[], &[plane as i64]);
            let book = g.node_with("Gather", &[&books, &at], axis(0));
            let indices = g.node_with("Gather", &[&codes, &at], axis(1));
            let values = g.node_with("Gather", &[&book, &indices], axis(0));
            sum = Some(match sum {
                Some(sum) => g.node("Add", &[&sum, &values]),
                None => values,
            });
        }
        let sum = sum.expect("there is a stage");
        parts.push(g.transpose(&sum, &[0, 3, 1, 2]));
    }
    let latents = g.node_with("Concat", &parts.iter().collect::<Vec<_>>(), axis(1));
    map.synthesise(&mut g, &latents);
    g.to_bytes().expect("the graph is sound")
}

/// Codebooks by k-means on latents `(patch, latent)`; each stage is fitted to the residuals of the stages before.
fn codebooks(latents: &[f32], options: &CodebookOptions) -> Codebooks {
    let CodebookShape { groups, stages, size, width } = options.shape;
    let mut entries = vec![0.0; groups * stages * size * width];
    let mut random = Random::new(99);
    for group in 0..groups {
        let mut residuals: Vec<f32> = latents
            .chunks_exact(groups * width)
            .flat_map(|patch| patch[group * width..(group + 1) * width].iter().copied())
            .collect();
        for stage in 0..stages {
            let keep_zero = options.quantiser == Quantiser::Rvq;
            let book = k_means(&residuals, size, width, keep_zero, &mut random);
            let order = fit::tree_order(&book, width, keep_zero);
            let book: Vec<f32> =
                order.iter().flat_map(|i| book[*i as usize * width..][..width].to_vec()).collect();
            let single = single(&book, size, width);
            let codes = single.assign(&residuals, 0.0, &Rates::flat(&single), &Search::default());
            for (residual, code) in residuals.chunks_exact_mut(width).zip(codes) {
                residual.iter_mut().zip(single.entry(0, code as usize)).for_each(|(r, e)| *r -= e);
            }
            let plane = stage * groups + group;
            entries[plane * size * width..(plane + 1) * size * width].copy_from_slice(&book);
        }
    }
    Codebooks::new(options.quantiser, options.shape, &entries).expect("the entries are sound")
}

fn single(book: &[f32], size: usize, width: usize) -> Codebooks {
    let shape = CodebookShape { groups: 1, stages: 1, size, width };
    Codebooks::new(Quantiser::Vq, shape, book).expect("the entries are sound")
}

fn k_means(vectors: &[f32], size: usize, width: usize, keep_zero: bool, random: &mut Random) -> Vec<f32> {
    let count = vectors.len() / width;
    let any = |random: &mut Random| {
        let at = random.below(count as u64) as usize;
        vectors[at * width..][..width].to_vec()
    };
    let mut book: Vec<f32> = (0..size).flat_map(|_| any(random)).collect();
    let first = usize::from(keep_zero);
    book[..first * width].fill(0.0);
    for _ in 0..ROUNDS {
        let single = single(&book, size, width);
        let codes = single.assign(vectors, 0.0, &Rates::flat(&single), &Search::default());
        let mut sums = vec![0.0f64; size * width];
        let mut counts = vec![0u32; size];
        for (vector, code) in vectors.chunks_exact(width).zip(&codes) {
            counts[*code as usize] += 1;
            let sum = &mut sums[*code as usize * width..][..width];
            sum.iter_mut().zip(vector).for_each(|(s, v)| *s += f64::from(*v));
        }
        for index in first..size {
            let entry = &mut book[index * width..][..width];
            if counts[index] == 0 {
                entry.copy_from_slice(&any(random));
            } else {
                let sum = &sums[index * width..][..width];
                entry.iter_mut().zip(sum).for_each(|(e, s)| *e = (s / f64::from(counts[index])) as f32);
            }
        }
    }
    book
}

/// Priors, fitted in rounds: each round chooses codes with the priors of the round before, the first with flat rates.
fn priors(tiles: &[Tile], codebooks: &Codebooks, options: &CodebookOptions) -> Priors {
    let mut rates = Rates::flat(codebooks);
    let steps = &options.steps[..options.steps.len() - 1];
    let mut round = || {
        let grids: Vec<CodeGrid> = (tiles.iter().zip(steps.iter().cycle()))
            .map(|(tile, step)| {
                let lambda = lagrangian(step_log2(*step));
                tile.grid(codebooks.assign(&tile.latents, lambda, &rates, &Search::default()))
            })
            .collect();
        let priors = fit::index_priors(&grids, codebooks).expect("the codes are sound");
        rates = Rates::of(&priors).expect("the priors are of indices");
        priors
    };
    round();
    round()
}

fn calibrate(
    tiles: &[Tile],
    images: &[Image],
    codebooks: &Codebooks,
    priors: &Priors,
    decoder: &dyn Session,
    linear: &Model,
    options: &CodebookOptions,
) -> Vec<Calibration> {
    let rates = Rates::of(priors).expect("the priors are of indices");
    let planes = options.shape.planes();
    let mut out: Vec<Calibration> = Vec::new();
    for step in &options.steps {
        let step = step_log2(*step);
        let (mut squares, mut count) = (0.0, 0);
        for (tile, image) in tiles.iter().zip(images) {
            let codes = codebooks.assign(&tile.latents, lagrangian(step), &rates, &Search::default());
            let patches = tile.rows * tile.columns;
            let data = (0..codes.len()).map(|i| codes[i % patches * planes + i / patches]).collect();
            let input = Tensor::I32 { shape: vec![1, planes, tile.rows, tile.columns], data };
            let outputs = decoder.run(vec![input]).expect("the decoder runs");
            let Tensor::F32 { data, .. } = &outputs[0] else { panic!("the decoder gives floats") };
            squares += data.iter().zip(&image.samples).map(|(a, b)| f64::from(a - b).powi(2)).sum::<f64>();
            count += data.len();
        }
        let peak = linear.manifest().peak;
        let psnr_db = 10.0 * (peak * peak * count as f64 / squares).log10();
        let psnr_db = (psnr_db * 1000.0).round() / 1000.0;
        if out.last().is_none_or(|last| last.psnr_db < psnr_db) {
            out.push(Calibration { step, psnr_db });
        }
    }
    out
}
