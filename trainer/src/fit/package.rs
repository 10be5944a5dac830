//! From fitted weights to a model: graphs, priors, calibration.

use super::evaluate::{calibrate, calibrated, provisional};
use super::guard::guarded;
use super::latents::latents;
use super::parts::parts;
use super::prepare::Prepared;
use super::step::{ENTRIES, Trainee};
use crate::arch::export::{correction, decoder, encoder, stored};
use crate::arch::graph::numbers;
use crate::arch::{Body, Head, Network, Quantiser, Weights};
use crate::config::Config;
use crate::data::Window;
use crate::error::Result;
use std::rc::Rc;
use std::sync::Arc;
use tch::Tensor;
use vqz_codec::authoring::{Rates, Search, step_log2};
use vqz_codec::fit::{CodeGrid, Image, LatentGrid, index_priors, scalar_priors, tree_order};
use vqz_codec::model::{
    Band, CodebookShape, Codebooks, Manifest, Model, ModelParts, Priors, Quantiser as CodecQuantiser,
};

/// Samples that the calibration codes, about.
const CALIBRATION_SAMPLES: usize = 1_500_000;
/// Samples that priors are fitted on, about.
const PRIOR_SAMPLES: usize = 24_000_000;
/// Steps at which codes are made for the priors of indices.
const PRIOR_STEPS: usize = 4;

/// The model with the averaged weights, measured and ready to be saved.
///
/// # Errors
/// [`crate::Error::Codec`], [`crate::Error::Torch`].
pub fn package(trainee: &Trainee, prepared: &Prepared, config: &Config) -> Result<Arc<Model>> {
    guarded(|| {
        let weights = trainee.weights.frozen(|name, w| match config.optimiser.ema {
            ema if ema > 0.0 => stored(trainee.adam.average(name).unwrap_or(w)),
            _ => stored(w),
        });
        let exported = Exported::new(trainee, weights)?;
        let priors = exported.priors(trainee, prepared)?;
        let network = &exported.network;
        let manifest = manifest(network, prepared, config);
        let (decoder, encoder) = match (network.keeps_linear_model(), prepared.base.encoder()) {
            // It is the same to the byte, so that codecs recognise it as the linear model.
            (true, Some(encoder)) => (prepared.base.decoder().to_vec(), encoder.to_vec()),
            _ => (exported.decoder()?, encoder(network, &exported.weights)?),
        };
        let correction = correction(network, &exported.weights)?;
        let assemble = |manifest: Manifest| -> Result<Arc<Model>> {
            let (decoder, correction) = (decoder.clone(), correction.clone());
            let (encoder, priors) = (encoder.clone(), priors.clone());
            Ok(Arc::new(Model::assemble(ModelParts { manifest, decoder, correction, encoder, priors })?))
        };
        let model = assemble(manifest.clone())?;
        let images = images(&prepared.windows, CALIBRATION_SAMPLES);
        let calibration = calibrate(&model, &images, trainee.steps())?;
        assemble(calibrated(&manifest, calibration))
    })
}

/// `parts` as the codec takes them.
pub fn images(windows: &[Window], at_most: usize) -> Vec<Image> {
    let image = |w: Window| Image { height: w.height, width: w.width, samples: w.samples };
    parts(windows, at_most).into_iter().map(image).collect()
}

/// Windows spread evenly, up to a number of samples.
fn spread_windows(windows: &[Window], at_most: usize) -> impl Iterator<Item = &Window> {
    let total: usize = windows.iter().map(|w| w.samples.len()).sum();
    windows.iter().step_by(total.div_ceil(at_most.max(1)).max(1))
}

fn manifest(network: &Network, prepared: &Prepared, config: &Config) -> Manifest {
    let placed = network.heads.placed();
    let bands = placed.zip(&prepared.band_names).map(|((first, head), name)| {
        // Where samples lie: engines take data units, so this is for people, and for what continues masks.
        let (offset, scale) = match head {
            Head::Continuous => (network.linear.offset[first], network.linear.scale[first]),
            Head::Canopy { .. } => (network.linear.offset[first + 1], network.linear.scale[first + 1]),
            Head::Categorical { .. } => (0.0, 1.0),
        };
        let unit = if matches!(head, Head::Categorical { .. }) { "class" } else { "" };
        Band { name: name.clone(), unit: unit.to_owned(), wavelength_nm: None, offset, scale }
    });
    let (quantiser, planes) = match network.quantiser {
        Quantiser::Fsq { .. } => (CodecQuantiser::Fsq, network.latents()),
        Quantiser::Vq(books) => (CodecQuantiser::Vq, books.planes()),
        Quantiser::Rvq(books) => (CodecQuantiser::Rvq, books.planes()),
    };
    {
        let mut manifest = Manifest::new(
            config.model.name.clone(),
            match network.body {
                Body::Conv { .. } => "conv",
                Body::Resnet(_) => "resnet",
            }
            .to_owned(),
            bands.collect(),
            network.patch,
            planes,
        );
        manifest.quantiser = quantiser;
        manifest.codebooks = network.codebooks().map(shape);
        manifest.peak = prepared.peak;
        manifest.tolerance = tolerance(network, prepared.peak);
        manifest.calibration = provisional();
        manifest.licence = config.model.licence.clone();
        manifest.training_data = super::prepare::training_data(config, &prepared.source, &prepared.split);
        manifest
    }
}

/// Bound on the difference between conforming decoders: networks add up more terms than the linear path alone.
fn tolerance(network: &Network, peak: f64) -> f64 {
    let spread = network.linear.scale.iter().fold(0.0f32, |a, b| a.max(*b));
    (peak * 4e-6).max(f64::from(spread) * 1e-4)
}

fn shape(books: crate::arch::Codebooks) -> CodebookShape {
    CodebookShape { groups: books.groups, stages: books.stages, size: books.size, width: books.width }
}

/// A network with the weights that go into the package.
struct Exported {
    network: Network,
    weights: Rc<Weights>,
    /// As the codec searches them, and as the graph holds them.
    codebooks: Option<(Codebooks, Tensor)>,
}

impl Exported {
    fn new(trainee: &Trainee, weights: Rc<Weights>) -> Result<Self> {
        let network = trainee.network.clone();
        let mut this = Self { network, weights, codebooks: None };
        let (Some(state), Some(books)) = (&trainee.codebooks, this.network.codebooks()) else {
            return Ok(this);
        };
        let quantiser = match this.network.quantiser {
            Quantiser::Rvq(_) => CodecQuantiser::Rvq,
            _ => CodecQuantiser::Vq,
        };
        let averaged = trainee.adam.average(ENTRIES).unwrap_or(&state.entries);
        let entries = numbers(&stored(averaged));
        // Similar entries get nearby indices, which the entropy coder's tree relies on.
        let mut ordered = Vec::with_capacity(entries.len());
        for plane in entries.chunks_exact(books.size * books.width) {
            for entry in tree_order(plane, books.width, quantiser == CodecQuantiser::Rvq) {
                ordered.extend_from_slice(&plane[entry as usize * books.width..][..books.width]);
            }
        }
        let size = [books.planes() as i64, books.size as i64, books.width as i64];
        let tensor = Tensor::from_slice(&ordered).reshape(size);
        this.codebooks = Some((Codebooks::new(quantiser, shape(books), &ordered)?, tensor));
        Ok(this)
    }

    fn decoder(&self) -> Result<Vec<u8>> {
        Ok(decoder(&self.network, &self.weights, self.codebooks.as_ref().map(|(_, tensor)| tensor))?)
    }

    fn priors(&self, trainee: &Trainee, prepared: &Prepared) -> Result<Priors> {
        if let Some((codebooks, _)) = &self.codebooks {
            let grids = self.indices(codebooks, &Rates::flat(codebooks), prepared, &trainee.steps())?;
            let first = index_priors(&grids, codebooks)?;
            // The choice of codes depends on the rates, and the rates depend on the choice, so this is repeated once.
            let grids = self.indices(codebooks, &Rates::of(&first)?, prepared, &trainee.steps())?;
            return Ok(index_priors(&grids, codebooks)?);
        }
        let gains = matches!(self.network.quantiser, Quantiser::Fsq { fitted_steps: true });
        if matches!(self.network.body, Body::Conv { .. }) && !gains {
            // Planes are those of the linear model. A branch before the encoder changes their statistics little, compared
            // with what frequencies and components reveal about each other.
            return Ok(prepared.base.priors().clone());
        }
        let [finest, coarsest] = trainee.steps();
        let grids: Vec<LatentGrid> = spread_windows(&prepared.windows, PRIOR_SAMPLES)
            .enumerate()
            .map(|(i, window)| {
                let part = (i % PRIOR_STEPS) as f64 / (PRIOR_STEPS - 1) as f64;
                let step = (finest + (coarsest - finest) * part).exp2();
                let (values, valid, rows, columns) = self.latents(window, step);
                let told = self.network.encoder_takes_step().then(|| step_log2(step));
                LatentGrid { rows, columns, values, valid, step: told }
            })
            .collect();
        Ok(scalar_priors(&grids)?)
    }

    /// Codes of windows at a few steps.
    fn indices(
        &self,
        codebooks: &Codebooks,
        rates: &Rates,
        prepared: &Prepared,
        [finest, coarsest]: &[f64; 2],
    ) -> Result<Vec<CodeGrid>> {
        let mut grids = Vec::new();
        for (i, window) in spread_windows(&prepared.windows, PRIOR_SAMPLES).enumerate() {
            let (latents, valid, rows, columns) = self.latents(window, 1.0);
            // One step for each grid, because priors are tested on grids that they were not fitted to.
            let part = (i % PRIOR_STEPS) as f64 / (PRIOR_STEPS - 1) as f64;
            let step = (finest + (coarsest - finest) * part).exp2();
            let lambda = crate::quantise::lagrangian(step);
            let codes = codebooks.assign(&latents, lambda, rates, &Search::default());
            grids.push(CodeGrid { rows, columns, codes, valid });
        }
        Ok(grids)
    }

    /// Latents `(patch, plane)` of a window's whole patches, which patches hold data, and the grid.
    fn latents(&self, window: &Window, step: f64) -> (Vec<f32>, Vec<bool>, usize, usize) {
        let found = latents(&self.network, &self.weights, window, step);
        let size = found.values.size();
        let valid = numbers(&found.present).into_iter().map(|v| v > 0.0).collect();
        (numbers(&found.values.permute([0, 2, 3, 1])), valid, size[2] as usize, size[3] as usize)
    }
}
