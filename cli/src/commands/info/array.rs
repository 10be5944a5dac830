//! Prints the description of an array for people.

use super::model::codes;
use crate::{output, wording};
use anyhow::Result;
use vqz_archive::{ArrayDescription, EncodingDescription, ModelUse, WindowCost};
use vqz_codec::config::Promise;
use vqz_raster::georeference::Summary;

/// Prints an array as labelled lines.
pub(super) fn print(array: &ArrayDescription) -> Result<()> {
    let list = |extents: &[u64]| extents.iter().map(u64::to_string).collect::<Vec<_>>().join(" x ");
    output::line(&array.path)?;
    let axes = array.axes.as_ref().map_or_else(|| "roles unknown".to_owned(), |axes| axes.join(", "));
    output::line(format!("  shape     {} ({axes}), {}", list(&array.shape), array.data_type))?;
    let shard = array.shard.as_ref().map_or_else(String::new, |shard| format!(", shards {}", list(shard)));
    output::line(format!("  chunks    {}{shard}", list(&array.chunk)))?;
    output::line(format!("  codecs    {}; fill value {}", array.codecs.join(", "), array.fill_value))?;
    output::line(format!(
        "  stored    {} and {} of metadata, ratio {:.1}, {} bits/sample without the metadata",
        output::bytes(array.data_bytes),
        output::bytes(array.metadata_bytes),
        array.ratio,
        output::optional(array.bits_per_sample, 4)
    ))?;
    if let Some(encoding) = &array.encoding {
        print_encoding(encoding)?;
    }
    if let Some(georeference) = &array.georeference {
        print_georeference(georeference)?;
    }
    array.window.as_ref().map_or(Ok(()), print_window)
}

/// A coordinate array in one word: its name and the number of its values.
pub(super) fn short(array: &ArrayDescription) -> String {
    let count = array.shape.first().map_or_else(String::new, |count| format!(" ({count})"));
    format!("{}{count}", array.path)
}

fn print_model(model: &ModelUse) -> Result<()> {
    let origin = if model.embedded {
        format!("embedded, {}", output::bytes(model.embedded_bytes as u64))
    } else {
        "found by its hash".to_owned()
    };
    output::line(format!("  model     {} ({origin}), sha256 {}", model.model, model.sha256))?;
    output::line(format!("  codes     {}", codes(model.quantiser, model.planes, model.codebooks)))
}

fn print_encoding(encoding: &EncodingDescription) -> Result<()> {
    match &encoding.model {
        Some(model) => print_model(model)?,
        None => output::line("  model     none: samples are predicted from their neighbours")?,
    }
    if encoding.model.is_some() {
        output::line(format!(
            "  quality   {} dB asked for, entropy coder {}",
            encoding.quality,
            encoding.entropy.as_str().unwrap_or_default()
        ))?;
    }
    output::line(format!("  nodata    {}", encoding.nodata))?;
    output::line(format!("  promise   {}", wording::promise(&encoding.promise)))?;
    if encoding.promise != Promise::Quality {
        output::line(format!("            {}", encoding.promise_means))?;
    }
    let psnr = |peak| {
        let psnr = output::psnr(encoding.psnr_db, encoding.valid_samples, 3);
        format!("PSNR {psnr} dB (peak {}), ", output::figure(peak))
    };
    output::line(format!(
        "  measured  {}RMSE {}, max error {}, over {} in {}, and {} of fill value only",
        encoding.peak.map_or_else(String::new, psnr),
        output::error(encoding.rmse),
        output::figure(encoding.max_error),
        output::count(encoding.valid_samples, "valid sample"),
        output::count(encoding.chunks, "chunk"),
        encoding.fill_only_chunks
    ))?;
    encoding.lost.as_ref().map_or(Ok(()), |lost| {
        output::line(format!("  INCOMPLETE  {lost}; the figures are of what is left, see `vqz verify`"))
    })
}

fn print_georeference(georeference: &Summary) -> Result<()> {
    let lines = [
        ("crs      ", georeference.system_text()),
        ("pixel    ", georeference.pixel_text()),
        ("bounds   ", georeference.bounds_text()),
        ("dates    ", georeference.dates_text()),
    ];
    lines.into_iter().try_for_each(|(name, words)| {
        words.map_or(Ok(()), |words| output::line(format!("  {name} {words}")))
    })?;
    georeference.notes.iter().try_for_each(|note| output::line(format!("  note      {note}")))
}

fn print_window(window: &WindowCost) -> Result<()> {
    let region: Vec<String> = window.region.iter().map(|[start, end]| format!("{start}:{end}")).collect();
    output::line(format!(
        "  window    {}: {} of samples",
        region.join(","),
        output::bytes(window.raw_bytes)
    ))?;
    let fill = match window.fill_only_chunks {
        0 => String::new(),
        count => format!(" and {count} of fill value only"),
    };
    output::line(format!(
        "    reads   {} of {} ({:.2} %) in {}: {}{fill}, {} ({})",
        output::bytes(window.bytes),
        output::bytes(window.stored_bytes),
        100.0 * window.part,
        output::count(window.requests, "request"),
        output::count(window.chunks, "chunk"),
        output::count(window.tiles + window.referred_tiles, "tile"),
        output::bytes(window.tile_bytes)
    ))?;
    if window.referred_tiles == 0 {
        return Ok(());
    }
    let dates: Vec<String> = window.referred_dates.iter().map(u64::to_string).collect();
    output::line(format!(
        "    of these, {} of other dates, to which tiles of the window refer: {}",
        output::count(window.referred_tiles, "tile"),
        dates.join(", ")
    ))
}
