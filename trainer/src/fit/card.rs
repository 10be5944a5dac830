//! The model card: data, licence, settings, figures and limits, in words that travel with the package.

use super::baseline::Measured;
use super::facts::{embedded, side};
use super::prepare::Prepared;
use super::step::Trainee;
use crate::arch::Head;
use crate::config::Config;
use crate::error::Result;
use crate::report::number::{bytes, short};
use std::fmt::Write;
use vqz_codec::model::Model;

/// The card as Markdown. What was `measured` was so on the validation chunks.
///
/// # Errors
/// [`crate::Error::Configuration`] for settings that TOML can't hold.
pub fn card(
    model: &Model,
    trainee: &Trainee,
    prepared: &Prepared,
    config: &Config,
    measured: &Measured,
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
    line("training data", &manifest.training_data);
    let held = prepared.split.validation.len();
    line("fitted on", &side(prepared, &prepared.split.training));
    line(
        "validated on",
        &if held > 0 {
            side(prepared, &prepared.split.validation)
        } else {
            "nothing was kept back".to_owned()
        },
    );
    line("size", &embedded(measured.embedded_bytes));
    text += "\n## Bands\n\n| band | kind | mean | standard deviation | least | greatest |\n|---|---|---|---|---|---|\n";
    let heads = &prepared.network.heads.bands;
    for ((name, band), head) in prepared.band_names.iter().zip(&prepared.bands).zip(heads) {
        let kind = match head {
            Head::Continuous => "continuous",
            Head::Categorical { .. } => "categorical",
            Head::Canopy { .. } => "canopy",
        };
        let _ = writeln!(
            text,
            "| {name} | {kind} | {:.6} | {:.6} | {} | {} |",
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
    for p in &measured.points {
        let _ = writeln!(
            text,
            "| {} | {:.2} | {:.4} | {} |",
            p.quality,
            p.psnr_db,
            p.bits_per_sample,
            short(p.max_error)
        );
    }
    for note in &measured.notes {
        let _ = write!(text, "\n{note}.\n");
    }
    if !measured.comparison.is_empty() {
        let _ = write!(
            text,
            "\n## Beside the linear model\n\nIts bits are at the same PSNR, on the same chunks; {}.\n\n\
             | quality | its bits a sample | saved | pays from arrays of |\n|---|---|---|---|\n",
            embedded(measured.linear_embedded_bytes)
        );
    }
    for c in &measured.comparison {
        let pays = c.pays_from_bytes.map_or_else(|| "-".to_owned(), bytes);
        let _ = writeln!(
            text,
            "| {} | {:.4} | {:.1} % | {pays} |",
            c.quality, c.linear_bits_per_sample, c.saved_percent
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
