//! The fit of the linear architecture, from statistics of the bands to the package.

use super::calibration::ErrorWeights;
use super::image::Image;
use super::options::FitOptions;
use super::{basis, calibration, latents, normalisation, predictor, statistics};
use crate::entropy::predict::Predictor;
use crate::entropy::tile::Statistics;
use crate::error::{Error, Result};
use crate::model::onnx::klt::{self, KltParameters};
use crate::model::priors::ScalarPriors;
use crate::model::{MAX_PLANES, Manifest, Model, ModelParts, Quantiser};

/// How much the magnitude of a code is reduced on reconstruction, in steps. With cells of `quantise::ROUNDING`, the centre of
/// mass of natural latents lies at the code itself.
const SHRINK: f32 = 0.0;
/// The bound on the difference between conforming decoders, as a part of the peak: several times the measured difference.
const TOLERANCE: f64 = 4e-6;

/// Fits a model. `progress` is called with a fraction from 0 to 1 and the name of the present stage.
///
/// # Errors
/// [`Error::InvalidArgument`] for options out of range, images of another number of bands, and too little valid data.
pub fn fit_klt(
    images: &[Image],
    options: &FitOptions,
    progress: &(dyn Fn(f64, &str) + Sync),
) -> Result<Model> {
    check(images, options)?;
    progress(0.0, "statistics of the bands");
    let bands = normalisation::bands(images, options)?;
    progress(0.05, "patches");
    let mut grids = latents::coefficients(images, &bands, options.patch)?;
    progress(0.35, "principal components");
    let basis = basis::fit(&grids, options.patch, bands.len())?;
    let unmix = crate::model::unmix(&basis.mix_f32(), bands.len())?;
    latents::project(&mut grids, &basis, &unmix, bands.len());
    let mut priors = ScalarPriors {
        sigma: basis.sigma.clone(),
        order: basis.order.clone(),
        components: bands.len(),
        predictor: Predictor::default(),
        statistics: Statistics::unfitted(),
    };
    progress(0.55, "predictions");
    predictor::fit(&grids, &mut priors);
    progress(0.6, "steps");
    let integers =
        images.iter().all(|i| i.samples.iter().step_by(97).all(|v| v.is_nan() || v.fract() == 0.0));
    let weights = ErrorWeights::new(&priors.order, &basis, &bands, options, integers);
    let curve = calibration::rounded(&grids, &weights);
    let steps = statistics::useful_steps(&curve.density());
    statistics::fit(&grids, &mut priors, &steps, &|done| progress(0.65 + 0.3 * done, "entropy coder"))?;
    progress(0.95, "calibration");
    let curve = calibration::chosen(&grids, &priors, &weights, &curve)?;
    progress(0.98, "graphs");
    let parameters = KltParameters {
        patch: options.patch,
        bands: bands.len(),
        mix: basis.mix.clone(),
        scale: bands.iter().map(|b| b.scale).collect(),
        offset: bands.iter().map(|b| b.offset).collect(),
        shrink: SHRINK,
    };
    let encoder = klt::encoder(&parameters, &unmix)?;
    let manifest = Manifest {
        format: Manifest::FORMAT.to_owned(),
        version: Manifest::VERSION,
        name: options.name.clone(),
        architecture: "klt".to_owned(),
        planes: priors.planes(),
        bands,
        patch: options.patch,
        window: 1,
        quantiser: Quantiser::Fsq,
        codebooks: None,
        peak: options.peak,
        tolerance: options.peak * TOLERANCE,
        calibration: curve.points(),
        encoder_sha256: String::new(),
        licence: options.licence.clone(),
        training_data: options.training_data.clone(),
    };
    let decoder = klt::decoder(&parameters)?;
    let model =
        Model::assemble(ModelParts { manifest, decoder, correction: None, encoder, priors: priors.into() })?;
    progress(1.0, "done");
    Ok(model)
}

fn check(images: &[Image], options: &FitOptions) -> Result<()> {
    let bands = options.band_names.len();
    if bands == 0 || bands * options.patch * options.patch > MAX_PLANES {
        return Err(Error::InvalidArgument(format!(
            "{bands} bands in patches of {0}×{0} are {1} planes, allowed are 1 to {2}; choose bands or a smaller patch",
            options.patch,
            bands * options.patch * options.patch,
            MAX_PLANES
        )));
    }
    if !matches!(options.patch, 8 | 16 | 32) {
        return Err(Error::InvalidArgument(format!("patch is {}, allowed are 8, 16 and 32", options.patch)));
    }
    if !(options.peak.is_finite() && options.peak > 0.0) {
        return Err(Error::InvalidArgument(format!("peak is {}, a positive number is needed", options.peak)));
    }
    for (i, image) in images.iter().enumerate() {
        if image.samples.len() != bands * image.height * image.width {
            return Err(Error::InvalidArgument(format!(
                "training image {i} has {} samples, {bands} bands of {} × {} pixels take {}",
                image.samples.len(),
                image.height,
                image.width,
                bands * image.height * image.width
            )));
        }
    }
    Ok(())
}
