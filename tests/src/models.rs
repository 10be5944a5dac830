//! Small models, and the images they are fitted on.

use crate::Random;
use crate::codebooks::{CodebookOptions, fit_codebooks};
use crate::corrections::with_floor;
use std::collections::HashMap;
use std::f64::consts::TAU;
use std::sync::{Arc, LazyLock, Mutex, PoisonError};
use vqz_codec::fit::{FitOptions, Image, fit_klt};
use vqz_codec::model::{CodebookShape, Model, ModelParts, Quantiser};
use vqz_zarr::models;

/// The value against which the models state their PSNR.
pub const PEAK: f64 = 255.0;

/// A smooth field with a little noise: a few plane waves, seen by each band with other weights; about 5 to 245.
#[derive(Clone, Debug)]
pub struct Field {
    waves: Vec<[f64; 4]>,
    seed: u64,
}

impl Field {
    /// Another field for each seed.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        let mut random = Random::new(seed);
        let mut wave = || {
            let (angle, cycles) = (random.fraction() * TAU, 0.005 + 0.06 * random.fraction().powi(2));
            [
                angle.cos() * cycles * TAU,
                angle.sin() * cycles * TAU,
                random.fraction() * TAU,
                random.fraction(),
            ]
        };
        Self { waves: (0..5).map(|_| wave()).collect(), seed }
    }

    /// The value at a place.
    #[must_use]
    pub fn at(&self, band: u64, y: u64, x: u64) -> f64 {
        let smooth: f64 = self
            .waves
            .iter()
            .map(|[fy, fx, phase, mix]| {
                let weight = 1.0 + 0.4 * (TAU * (mix + 0.17 * band as f64)).sin();
                weight * (fy * y as f64 + fx * x as f64 + phase).sin()
            })
            .sum();
        let noise = Random::new(self.seed ^ (band << 48 | y << 24 | x)).fraction() - 0.5;
        125.0 + 16.0 * smooth + 2.0 * noise
    }
}

/// Models by their number of bands and quantiser.
type Models = HashMap<(usize, Quantiser), Arc<Model>>;

static MODELS: LazyLock<Mutex<Models>> = LazyLock::new(Mutex::default);

/// A linear model for this many bands, patch 8, fitted once in a process and registered there.
///
/// # Panics
/// When the fit fails.
#[must_use]
pub fn model(bands: usize) -> Arc<Model> {
    model_of(Quantiser::Fsq, bands)
}

/// A model with this quantiser for this many bands, patch 8, fitted once in a process and registered there: a linear one,
/// or one with codebooks over the strongest latents of the linear one.
///
/// # Panics
/// When the fit fails.
#[must_use]
pub fn model_of(quantiser: Quantiser, bands: usize) -> Arc<Model> {
    let mut models = MODELS.lock().unwrap_or_else(PoisonError::into_inner);
    let mut get = |quantiser, make: &dyn Fn() -> Model| {
        let model = models.entry((bands, quantiser)).or_insert_with(|| {
            let model = Arc::new(make());
            models::register(Arc::clone(&model));
            model
        });
        Arc::clone(model)
    };
    let linear = get(Quantiser::Fsq, &|| fit(bands, &format!("test-{bands}")));
    match quantiser {
        Quantiser::Fsq => linear,
        _ => get(quantiser, &|| {
            fit_codebooks(&linear, &images(bands, 64), &codebook_options(quantiser, bands))
        }),
    }
}

/// The linear model for this many bands with a correction, made once in a process and registered there.
///
/// # Panics
/// When the fit fails.
#[must_use]
pub fn corrected(bands: usize) -> Arc<Model> {
    static CORRECTED: LazyLock<Mutex<HashMap<usize, Arc<Model>>>> = LazyLock::new(Mutex::default);
    let mut models = CORRECTED.lock().unwrap_or_else(PoisonError::into_inner);
    let model = models.entry(bands).or_insert_with(|| {
        let model = Arc::new(with_floor(&model(bands), &format!("test-corrected-{bands}")));
        models::register(Arc::clone(&model));
        model
    });
    Arc::clone(model)
}

/// The linear model for this many bands, which allows decoders to differ by much: by 0.4 data units. Made once in a process and
/// registered there.
///
/// # Panics
/// When the fit fails.
#[must_use]
pub fn tolerant(bands: usize) -> Arc<Model> {
    static TOLERANT: LazyLock<Mutex<HashMap<usize, Arc<Model>>>> = LazyLock::new(Mutex::default);
    let mut models = TOLERANT.lock().unwrap_or_else(PoisonError::into_inner);
    let made = models.entry(bands).or_insert_with(|| {
        let linear = model(bands);
        let mut manifest = linear.manifest().clone();
        manifest.name = format!("test-tolerant-{bands}");
        manifest.tolerance = 0.4;

        let parts = ModelParts {
            decoder: linear.decoder().to_vec(),
            correction: None,
            encoder: linear.encoder().expect("the model is whole").to_vec(),
            priors: linear.priors().clone(),
            manifest,
        };
        let model = Arc::new(Model::assemble(parts).expect("the parts fit each other"));
        models::register(Arc::clone(&model));
        model
    });
    Arc::clone(made)
}

/// Small codebooks: one index for each of two groups, or up to eight in residual stages. Sizes that are no powers of two.
fn codebook_options(quantiser: Quantiser, bands: usize) -> CodebookOptions {
    let shape = match quantiser {
        Quantiser::Vq => CodebookShape { groups: 4, stages: 1, size: 100, width: 3 },
        _ => CodebookShape { groups: 2, stages: 8, size: 48, width: 8 },
    };
    CodebookOptions {
        name: format!("test-{quantiser}-{bands}"),
        quantiser,
        shape,
        steps: vec![4.0, 2.0, 1.0, 0.5, 0.25, 0.1, 0.03],
    }
}

/// Fits a model without registering it.
///
/// # Panics
/// When the fit fails.
#[must_use]
pub fn fit(bands: usize, name: &str) -> Model {
    let images = images(bands, 8);
    let options = FitOptions {
        name: name.to_owned(),
        band_names: (1..=bands).map(|band| format!("B{band:02}")).collect(),
        patch: 8,
        peak: PEAK,
        scale_each_band: false,
        licence: "CC0-1.0".to_owned(),
        training_data: "synthetic plane waves".to_owned(),
    };
    fit_klt(&images, &options, &|_, _| {}).expect("a model can be fitted on synthetic images")
}

/// Training images of 64 × 64 pixels.
#[must_use]
pub fn images(bands: usize, count: u64) -> Vec<Image> {
    (0..count)
        .map(|seed| {
            let field = Field::new(1000 + seed);
            let samples = (0..bands as u64)
                .flat_map(|band| (0..64).flat_map(move |y| (0..64).map(move |x| (band, y, x))))
                .map(|(band, y, x)| field.at(band, y, x) as f32)
                .collect();
            Image { height: 64, width: 64, samples }
        })
        .collect()
}
