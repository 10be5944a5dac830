//! The demonstration's figures and pictures, put into the report's page.

use super::figures::Figures;
use super::runs::Run;
use super::tables;
use super::views::{self, View};
use crate::output;
use crate::report::chart::{self, Point};
use crate::report::html::{Card, Date, Gallery, Report, Row, render};
use crate::report::picture::{self, Planes, Stretch};
use crate::report::today;
use anyhow::{Result, bail};
use serde_json::Value;
use std::path::Path;
use vqz_archive::raster::source::{Raster, RasterInfo};
use vqz_codec::axes::Role;
use vqz_codec::model::Model;

/// What the page is about.
pub(super) struct Shown<'a> {
    pub(super) original: &'a dyn Raster,
    pub(super) model: &'a Model,
    pub(super) view: &'a View,
    /// The original's planes, date by date.
    pub(super) before: &'a [Planes],
}

/// The page as HTML.
pub(super) fn page(shown: &Shown<'_>, figures: &Figures, points: &[Point]) -> Result<String> {
    let info = shown.original.info();
    let several = figures.runs.iter().all(|run| run.bands.len() > 1);
    Ok(render(&Report {
        title: title(info, figures),
        summary: summary(info, shown.model, figures),
        cards: figures.runs.iter().map(card).collect(),
        gallery: gallery(shown, figures)?,
        figures: (tables::sizes(info, figures), remarks(figures)),
        curve: (points.len() > 1).then(|| {
            let title = "Bits a sample and PSNR at several qualities";
            (chart::curve(points, title), about_the_curve(figures))
        }),
        bands: several.then(|| tables::bands(figures)),
        dates: dates(shown, figures)?,
        glossary: glossary(),
        credits: credits(info, shown.model),
        colophon: format!(
            "vqz {}, {}, {}; `vqz demo` makes this page anew.",
            env!("CARGO_PKG_VERSION"),
            today(),
            output::count(figures.threads as u64, "thread")
        ),
    }))
}

fn title(info: &RasterInfo, figures: &Figures) -> String {
    match info.metadata.attributes().get("title").and_then(Value::as_str) {
        Some(title) => title.to_owned(),
        None => file_name(&figures.sample),
    }
}

fn file_name(path: &str) -> String {
    Path::new(path).file_name().unwrap_or_default().to_string_lossy().into_owned()
}

fn summary(info: &RasterInfo, model: &Model, figures: &Figures) -> String {
    let extents = info.shape.iter().map(u64::to_string).collect::<Vec<_>>().join(" × ");
    let axes = Vec::<String>::from(info.axes.clone()).join(", ");
    format!(
        "{extents} samples ({axes}) of type {}: {} raw. Encoded with the fitted model {} into Zarr v3, and read back \
         through zarrs.",
        info.data_type.name(),
        output::bytes(figures.raw_bytes),
        model.manifest().name
    )
}

fn card(run: &Run) -> Card {
    Card {
        what: format!("Quality {}", run.quality),
        figure: (format!("{:.1}", run.stored.ratio), "times smaller, all included".to_owned()),
        more: format!(
            "{:.1} times without the model · PSNR {} dB · RMSE {}",
            run.stored.data_ratio,
            output::psnr(run.psnr_db, run.valid_samples, 1),
            output::error(run.rmse)
        ),
    }
}

fn gallery(shown: &Shown<'_>, figures: &Figures) -> Result<Gallery> {
    let (Some(before), Some(coarsest)) =
        (shown.before.first(), figures.runs.last().and_then(|run| run.planes.first()))
    else {
        bail!("there is nothing to show; give at least one --quality");
    };
    let stretch = picture::stretch(before);
    let (x, y) = views::crop(before, coarsest);
    let cut = |planes: &Planes| planes.crop(x.clone(), y.clone());
    let full_scale = views::full_scale(before, coarsest);
    let mut rows = Vec::new();
    for run in &figures.runs {
        let Some(planes) = run.planes.first() else { continue };
        let name = format!("quality {}", run.quality);
        let found = views::shown(before, planes);
        rows.push(Row {
            heading: format!("Quality {}, {:.1} times smaller", run.quality, run.stored.ratio),
            text: format!(
                "What is shown has a PSNR of {} dB, an RMSE of {} and errors up to {}; all bands and dates have {} dB.",
                output::psnr(found.psnr_db(run.peak), found.count, 1),
                output::error(found.rmse()),
                output::figure(found.max),
                output::psnr(run.psnr_db, run.valid_samples, 1)
            ),
            whole: picture::colour(planes, &stretch, format!("Decoded at {name}"))?,
            crop: picture::colour(&cut(planes), &stretch, format!("Crop, decoded at {name}"))?,
            errors: picture::errors(before, planes, full_scale, format!("Errors at {name}"))?,
        });
    }
    let (width, height) = (before.width as f64, before.height as f64);
    Ok(Gallery {
        about: format!(
            "{} ({}){}. Bands are stretched from the 1st to the 99th percentile of the original, with a gamma of 0.8.",
            if shown.view.true_colour { "True colour" } else { "False colour" },
            shown.view.names,
            looped(shown.original.info())
        ),
        original: (
            picture::colour(before, &stretch, "The original".to_owned())?,
            picture::colour(&cut(before), &stretch, "Crop of the original".to_owned())?,
        ),
        mark: [
            100.0 * x.start as f64 / width,
            100.0 * y.start as f64 / height,
            100.0 * x.len() as f64 / width,
            100.0 * y.len() as f64 / height,
        ],
        crop: format!("{} × {} pixels, where the lowest quality errs most", x.len(), y.len()),
        full_scale,
        rows,
    })
}

/// Says which of several images is shown.
fn looped(info: &RasterInfo) -> String {
    let several = info
        .axes
        .roles()
        .iter()
        .zip(&info.shape)
        .filter(|(role, extent)| matches!(role, Role::Time | Role::Other(_)) && **extent > 1);
    several.map(|(role, extent)| format!(", the first of {extent} along {role}")).collect()
}

fn remarks(figures: &Figures) -> Vec<String> {
    let metadata = figures.runs.first().map_or(0, |run| run.stored.metadata_bytes);
    vec![
        format!(
            "The ratio is that of the raw samples to all that is stored. The metadata hold the model's decoding half, once \
             for each array, however large: {} here, one percent of an array of {}. Bits a sample leave the metadata out.",
            output::bytes(metadata),
            output::bytes(100 * metadata)
        ),
        format!(
            "Speeds are of raw samples and medians of several passes over this small sample, {}, files in memory; encoding \
             decodes everything again to measure its errors, and writes through to the disk.",
            output::count(figures.threads as u64, "thread")
        ),
    ]
}

fn about_the_curve(figures: &Figures) -> Vec<String> {
    let peak = figures.runs.first().map_or(0.0, |run| run.peak);
    vec![
        format!(
            "Quality sets how coarsely codes are rounded. It is the PSNR that the model's training data got; these data got \
             what the curve shows, against a peak of {}.",
            output::figure(peak)
        ),
        format!(
            "6 dB more halve the errors. As it lies, without loss, the sample takes {:.1} bits a sample.",
            figures.sample_bits
        ),
    ]
}

/// All dates, at the quality in the middle.
fn dates(shown: &Shown<'_>, figures: &Figures) -> Result<Option<(String, Vec<Date>)>> {
    let Some(run) = figures.runs.get(figures.runs.len() / 2).filter(|_| shown.before.len() > 1) else {
        return Ok(None);
    };
    let mut dates = Vec::new();
    for (i, (before, after)) in shown.before.iter().zip(&run.planes).enumerate() {
        let stretch: Stretch = picture::stretch(before);
        let psnr = output::psnr(views::shown(before, after).psnr_db(run.peak), 1, 1);
        dates.push(Date {
            name: format!("{} of {}: {psnr} dB", i + 1, shown.view.dates),
            pictures: [
                picture::colour(before, &stretch, format!("The original, date {}", i + 1))?,
                picture::colour(
                    after,
                    &stretch,
                    format!("Decoded at quality {}, date {}", run.quality, i + 1),
                )?,
            ],
        });
    }
    let about = format!(
        "The same bands: the original above, quality {} below, each date with a stretch of its own.",
        run.quality
    );
    Ok(Some((about, dates)))
}

fn glossary() -> Vec<(String, String)> {
    let terms = [
        ("RMSE", "Root mean square error over all valid samples, in the data's units."),
        (
            "PSNR",
            "Peak signal-to-noise ratio, 20 log10(peak / RMSE), in dB: how small the RMSE is beside the peak.",
        ),
        (
            "Largest",
            "The largest absolute error of any sample. Mode \"quality\" measures it and does not bound it.",
        ),
        (
            "SSIM",
            "Structural similarity (Wang et al. 2004): likeness of local means, contrasts and patterns; 1 is equal.",
        ),
        (
            "SAM",
            "Spectral angle between the bands of a pixel before and after, the mean in degrees: how much spectra turn; 0 is \
             equal.",
        ),
    ];
    terms.map(|(term, text)| (term.to_owned(), text.to_owned())).to_vec()
}

fn credits(info: &RasterInfo, model: &Model) -> Vec<(String, String)> {
    let attributes = info.metadata.attributes();
    let mut credits = Vec::new();
    for (key, name) in [
        ("source", "Data"),
        ("attribution", "Attribution"),
        ("citation", "Citation"),
        ("license", "Data licence"),
        ("licence", "Data licence"),
    ] {
        if let Some(text) = attributes.get(key).and_then(Value::as_str) {
            credits.push((name.to_owned(), text.to_owned()));
        }
    }
    let manifest = model.manifest();
    credits.push((
        "Model".to_owned(),
        format!("{}, architecture {}, {} bands", manifest.name, manifest.architecture, manifest.bands.len()),
    ));
    credits.push(("SHA-256".to_owned(), model.sha256().to_owned()));
    credits.push(("Fitted on".to_owned(), manifest.training_data.clone()));
    credits.push(("Model licence".to_owned(), manifest.licence.clone()));
    credits
}
