//! The card of a linear model: what it was fitted on and what to expect of it, in Markdown.

use crate::model::Manifest;
use std::fmt::Write as _;

/// The qualities that a card lists, in dB: points of the calibration beyond are there for completeness.
const LISTED: std::ops::Range<f64> = 30.0..65.0;

/// The card of a model that [`fit_klt`](super::fit_klt) made.
#[must_use]
pub fn card(manifest: &Manifest) -> String {
    let mut out = String::new();
    let scale = manifest.bands.first().map_or(1.0, |band| band.scale);
    let mut line = |text: String| {
        // Writing to a string does not fail.
        let _ = writeln!(out, "{text}");
    };
    line(format!("# {}\n", manifest.name));
    line(format!(
        "- architecture: {}, {}, patches of {} pixels",
        manifest.architecture, manifest.quantiser, manifest.patch
    ));
    line(format!("- licence: {}", manifest.licence));
    line(format!("- training data: {}", manifest.training_data));
    line(format!("- peak: {}\n", manifest.peak));
    line("## Bands\n".to_owned());
    line("| band | mean | scale |\n|---|---|---|".to_owned());
    for band in &manifest.bands {
        line(format!("| {} | {} | {} |", band.name, band.offset, band.scale));
    }
    line("\n## Figures\n".to_owned());
    line("On the training data, codes as the encoder chooses them.\n".to_owned());
    line("| PSNR dB | RMSE, in data units | step, in data units |\n|---|---|---|".to_owned());
    for point in manifest.calibration.iter().filter(|point| LISTED.contains(&point.psnr_db)) {
        let rmse = manifest.peak / 10f64.powf(point.psnr_db / 20.0);
        let step = (f64::from(point.step) / 256.0).exp2() * f64::from(scale);
        line(format!("| {:.1} | {rmse:.4} | {step:.4} |", point.psnr_db));
    }
    line("\n## Limits\n".to_owned());
    line(
        "Other sensors, processing levels, scales and offsets are coded soundly, at more bits. No error is bounded by the model: each \
         chunk states what was measured when it was written."
            .to_owned(),
    );
    out
}
