//! The model card: data, licence, settings, figures and limits, in words that travel with the package.

use super::evaluate::Point;
use super::prepare::Prepared;
use super::step::Trainee;
use crate::config::Config;
use crate::error::Result;
use std::fmt::Write;
use vqz_codec::model::Model;

/// The card as Markdown. `points` were measured on the validation chunks.
///
/// # Errors
/// [`crate::Error::Configuration`] for settings that TOML can't hold.
pub fn card(
    model: &Model,
    trainee: &Trainee,
    prepared: &Prepared,
    config: &Config,
    points: &[Point],
    step: u64,
) -> Result<String> {
    let manifest = model.manifest();
    let mut text = format!("# {}\n\n", manifest.name);
    let quantiser = manifest.quantiser.to_string();
    let mut line = |what: &str, value: &str| {
        // Writing to a string does not fail.
        let _ = writeln!(text, "- {what}: {value}");
    };
    line(
        "architecture",
        &format!("{}, {quantiser}, patches of {} pixels", manifest.architecture, manifest.patch),
    );
    line("fitted numbers", &trainee.weights.count().to_string());
    line("steps", &step.to_string());
    line("licence", &manifest.licence);
    line(
        "training data",
        if manifest.training_data.is_empty() { "not stated" } else { &manifest.training_data },
    );
    let held = prepared.split.validation.len();
    line(
        "chunks",
        &format!(
            "{} to fit, {held} to validate, of {} arrays",
            prepared.split.training.len(),
            prepared.source.rasters().len()
        ),
    );
    text += "\n## Bands\n\n| band | mean | standard deviation | least | greatest |\n|---|---|---|---|---|\n";
    for (name, band) in prepared.band_names.iter().zip(&prepared.bands) {
        let _ = writeln!(
            text,
            "| {name} | {:.6} | {:.6} | {} | {} |",
            band.mean, band.deviation, band.minimum, band.maximum
        );
    }
    let _ = write!(
        text,
        "\n## Figures\n\nOn {}, through the codec, peak {}. Bytes of all chunks; the model is apart.\n\n\
         | quality | PSNR dB | bits a sample | largest error |\n|---|---|---|---|\n",
        if held > 0 {
            "validation chunks, which were not fitted on"
        } else {
            "training data: nothing was kept back"
        },
        manifest.peak
    );
    for p in points {
        let _ = writeln!(
            text,
            "| {} | {:.2} | {:.4} | {} |",
            p.quality, p.psnr_db, p.bits_per_sample, p.max_error
        );
    }
    let [coarse, fine] = [manifest.calibration.first(), manifest.calibration.last()]
        .map(|point| point.map_or(f64::NAN, |p| p.psnr_db));
    let _ = write!(
        text,
        "\n## Limits\n\nFitted for qualities from {coarse:.0} to {fine:.0} dB on data like these; other sensors, processing \
         levels, scales and offsets take more bits. No error is bounded by the model: each chunk states what was measured \
         when it was written.\n\n## Settings\n\n```toml\n{}```\n",
        config.to_toml()?
    );
    Ok(text)
}
