//! The quality that an array is encoded at where none is searched for.

use crate::encode::options::EncodeOptions;
use crate::target::Target;
use vqz_codec::config::Promise;
use vqz_codec::model::Manifest;
use vqz_codec::squares::SquareSum;

/// The default quality, in dB.
pub(crate) const DEFAULT: f64 = 42.0;

/// The highest allowed quality, in dB.
pub(crate) const HIGHEST: f64 = 200.0;

/// Under a bound, the RMSE of the model's picture divided by the bound, before corrections. At this ratio the model's
/// codes and the corrections together take the fewest bits, as measured: see `docs/decisions.md`.
const MODEL_ERROR: f64 = 0.42;

/// The quality to encode at, or to begin a search with.
pub(crate) fn first_quality(options: &EncodeOptions) -> f64 {
    match options.target {
        Some(Target::Quality(quality)) => quality,
        Some(Target::Psnr(psnr)) => psnr.min(HIGHEST),
        _ => DEFAULT,
    }
}

/// The quality to encode an array at: the given one, or else the one that takes the fewest bits under its promise.
/// Without a model it is 0 and not used.
pub(crate) fn quality_for(options: &EncodeOptions, promise: &Promise, model: Option<&Manifest>) -> f64 {
    let Some(manifest) = model else { return 0.0 };
    match promise {
        Promise::MaxError { bound, .. } if !matches!(options.target, Some(Target::Quality(_))) => {
            let mut squares = SquareSum::default();
            bound.iter().for_each(|bound| squares.add(*bound));
            let rms = squares.root_mean(bound.len() as u64);
            (20.0 * (manifest.peak.log10() - (MODEL_ERROR * rms).log10())).clamp(0.0, HIGHEST)
        }
        _ => first_quality(options),
    }
}
