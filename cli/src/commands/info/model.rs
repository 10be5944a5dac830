//! Prints the description of a model for people.

use crate::output;
use anyhow::Result;
use vqz_archive::ModelDescription;
use vqz_codec::model::{CodebookShape, MAX_EMBEDDED, Quantiser};

/// Prints a model for people.
pub(super) fn print(model: &ModelDescription) -> Result<()> {
    let m = &model.manifest;
    let embedded = model.embedded_bytes.map_or_else(
        || {
            format!(
                "the decoding half is above {} and is found by its hash",
                output::bytes(MAX_EMBEDDED as u64)
            )
        },
        |n| format!("{} embedded in each array", output::bytes(n as u64)),
    );
    output::line(format!("model {} ({})", m.name, model.path))?;
    output::line(format!("  sha256        {}", model.sha256))?;
    output::line(format!("  size          {}; {embedded}", output::bytes(model.file_bytes)))?;
    output::line(format!(
        "  halves        {}",
        if model.can_encode { "encoder and decoder" } else { "decoder only: it can't encode" }
    ))?;
    output::line(format!("  architecture  {}, patch {}, window {}", m.architecture, m.patch, m.window))?;
    output::line(format!("  quantiser     {}", codes(m.quantiser, m.planes, m.codebooks)))?;
    output::line(format!(
        "  peak          {}; tolerance {}",
        output::figure(m.peak),
        output::figure(m.tolerance)
    ))?;
    output::line(format!("  licence       {}", m.licence))?;
    output::line(format!("  fitted on     {}", m.training_data))?;
    let rows: Vec<Vec<String>> = m
        .bands
        .iter()
        .map(|band| {
            vec![
                band.name.clone(),
                band.unit.clone(),
                output::optional(band.wavelength_nm, 0),
                band.offset.to_string(),
                band.scale.to_string(),
            ]
        })
        .collect();
    output::line(output::table(&["band", "unit", "nm", "offset", "scale"], &rows))?;
    let rows: Vec<Vec<String>> = m
        .calibration
        .iter()
        .map(|point| {
            let step = (f64::from(point.step) / 256.0).exp2();
            vec![format!("{:.2}", point.psnr_db), point.step.to_string(), format!("{step:.5}")]
        })
        .collect();
    output::line(output::table(&["quality (dB)", "step code", "step"], &rows))
}

/// The planes of codes, in words.
pub(super) fn codes(quantiser: Quantiser, planes: usize, codebooks: Option<CodebookShape>) -> String {
    match codebooks {
        None => format!("{quantiser}, {planes} planes of scalar codes"),
        Some(CodebookShape { groups, stages, size, width }) => format!(
            "{quantiser}, {planes} planes of indices: {stages} stages of {groups} groups, codebooks of {size} entries of \
             {width} latents"
        ),
    }
}
