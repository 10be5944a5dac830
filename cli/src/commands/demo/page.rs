//! The page of the demonstration: its figures and pictures, quality by quality.

use super::views::{self, View};
use super::{Figures, Run, tables};
use crate::commands::report::today;
use crate::output;
use anyhow::{Result, bail};
use serde_json::Value;
use std::path::Path;
use vqz_archive::raster::source::{Raster, RasterInfo};
use vqz_codec::axes::Role;
use vqz_codec::model::Model;
use vqz_report::palette::INTENSITY;
use vqz_report::{Axis, Chart, Scale, Series, Shape, Size, paint, scale};
use vqz_report::{Block, Card, Figure, Legend, Page, PictureRow, Planes, Section, Tile, TileSize};

/// What the page is about.
pub(super) struct Shown<'a> {
    pub(super) original: &'a dyn Raster,
    pub(super) model: &'a Model,
    pub(super) view: &'a View,
    /// The original's planes, date by date.
    pub(super) before: &'a [Planes],
}

/// The page.
pub(super) fn page(shown: &Shown<'_>, figures: &Figures, points: &[Point]) -> Result<Page> {
    let info = shown.original.info();
    let mut blocks = vec![Block::Cards(figures.runs.iter().map(card).collect())];
    let mut add = |heading: &str, content: Vec<Block>| blocks.push(Section::new(heading, content).into());
    add("Pictures", gallery(shown, figures)?);
    let sizes = Block::from(tables::sizes(info, figures));
    add("Figures", std::iter::once(sizes).chain(Block::texts(remarks(figures))).collect());
    if points.len() > 1 {
        let about = Block::texts(about_the_curve(figures)).collect();
        add("Bits and quality", vec![Block::Columns([vec![curve(points).into()], about])]);
    }
    if figures.runs.iter().all(|run| run.bands.len() > 1) {
        add("Band by band", vec![tables::bands(figures).into()]);
    }
    if let Some(dates) = dates(shown, figures) {
        add("Dates", dates);
    }
    add("What the terms mean", vec![Block::Terms(glossary())]);
    add("Data and model", vec![Block::Terms(credits(info, shown.model))]);
    Ok(Page {
        eyebrow: "vqz report".to_owned(),
        summary: summary(info, shown.model, figures),
        blocks,
        colophon: format!(
            "vqz {}, {}, {}; `vqz demo` makes this page anew.",
            env!("CARGO_PKG_VERSION"),
            today(),
            output::count(figures.threads as u64, "thread")
        ),
        ..Page::new(title(info, figures))
    })
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
        name: format!("Quality {}", run.quality),
        figure: format!("{:.1}", run.stored.ratio),
        unit: "times smaller, all included".to_owned(),
        note: format!(
            "{:.1} times without the model · PSNR {} dB · RMSE {}",
            run.stored.data_ratio,
            output::psnr(run.psnr_db, run.valid_samples, 1),
            output::error(run.rmse)
        ),
    }
}

/// The original and each quality: the whole, a crop, and the errors.
fn gallery(shown: &Shown<'_>, figures: &Figures) -> Result<Vec<Block>> {
    let (Some(before), Some(coarsest)) =
        (shown.before.first(), figures.runs.last().and_then(|run| run.planes.first()))
    else {
        bail!("there is nothing to show; give at least one --quality");
    };
    let stretch = before.stretch();
    let (x, y) = views::crop(before, coarsest);
    let cut = |planes: &Planes| planes.crop(x.clone(), y.clone()).picture(&stretch);
    let full = scale::full_scale(&before.errors(coarsest));
    let percent = |at: usize, extent: usize| 100.0 * at as f64 / extent as f64;
    let mark = [
        percent(x.start, before.width),
        percent(y.start, before.height),
        percent(x.len(), before.width),
        percent(y.len(), before.height),
    ];
    let caption = format!("{} × {} pixels, where the lowest quality errs most", x.len(), y.len());
    let whole = Figure::new(before.picture(&stretch).described("The original"), "");
    let ticks =
        vec!["0".to_owned(), output::figure(full / 2.0), format!("{} and more", output::figure(full))];
    let about = "Errors: at each pixel the largest of the bands shown, in the data's units. One scale for all qualities.";
    let original = PictureRow {
        heading: "Original".to_owned(),
        figures: vec![
            Figure { mark: Some(mark), ..whole },
            Figure::new(cut(before).described("Crop of the original"), caption),
        ],
        legends: vec![Legend::new(&INTENSITY, ticks, about)],
        ..PictureRow::default()
    };
    let row = |(run, planes): (&Run, &Planes)| {
        let found = views::shown(before, planes);
        let name = format!("quality {}", run.quality);
        let errors = paint::ramp(planes.width, &before.errors(planes), (0.0, full), &INTENSITY);
        PictureRow {
            heading: format!("Quality {}, {:.1} times smaller", run.quality, run.stored.ratio),
            text: format!(
                "What is shown has a PSNR of {} dB, an RMSE of {} and errors up to {}; all bands and dates have {} dB.",
                output::psnr(found.psnr_db(run.peak), found.count, 1),
                output::error(found.rmse()),
                output::figure(found.max),
                output::psnr(run.psnr_db, run.valid_samples, 1)
            ),
            figures: vec![
                Figure::new(planes.picture(&stretch).described(format!("Decoded at {name}")), ""),
                Figure::new(cut(planes).described(format!("Crop, decoded at {name}")), ""),
                Figure::new(errors.described(format!("Errors at {name}")), ""),
            ],
            legends: Vec::new(),
        }
    };
    let about = format!(
        "{} ({}){}. Bands are stretched from the 1st to the 99th percentile of the original, with a gamma of 0.8.",
        if shown.view.true_colour { "True colour" } else { "False colour" },
        shown.view.names,
        looped(shown.original.info())
    );
    let runs = figures.runs.iter().filter_map(|run| Some((run, run.planes.first()?)));
    let rows = std::iter::once(original).chain(runs.map(row)).map(Block::Pictures);
    Ok(std::iter::once(Block::Text(about)).chain(rows).collect())
}

/// A point of the curve: bits a sample, PSNR in dB, and the name of the quality where it is one that the page shows.
pub(super) type Point = (f64, f64, Option<String>);

/// PSNR over bits.
fn curve(points: &[Point]) -> Chart {
    let mut points = points.to_vec();
    points.sort_by(|a, b| a.0.total_cmp(&b.0));
    let labels = points.iter().enumerate().filter_map(|(i, point)| Some((i, point.2.clone()?)));
    let places: Vec<(f64, f64)> = points.iter().map(|point| (point.0, point.1)).collect();
    let (_, most) = scale::extent(places.iter().map(|point| point.0)).unwrap_or((0.0, 1.0));
    let (low, high) = scale::extent(places.iter().map(|point| point.1)).unwrap_or((0.0, 1.0));
    let titles = places.iter().map(|(bits, psnr)| format!("{bits:.4} bits a sample, {psnr:.2} dB")).collect();
    Chart {
        title: "PSNR".to_owned(),
        unit: "dB".to_owned(),
        label: "Bits a sample and PSNR at several qualities".to_owned(),
        x: Axis::around(0.0, most, Scale::Linear, 5).named("bits a sample, chunks alone"),
        y: Axis::around(low, high, Scale::Linear, 5),
        series: vec![Series {
            shape: Shape::Measured,
            labels: labels.collect(),
            titles,
            ..Series::line("", places.clone())
        }],
        size: Size::Tall,
        ..Chart::default()
    }
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

/// All dates, at the quality in the middle; none of a single date.
fn dates(shown: &Shown<'_>, figures: &Figures) -> Option<Vec<Block>> {
    let run = figures.runs.get(figures.runs.len() / 2).filter(|_| shown.before.len() > 1)?;
    let tile = |(i, (before, after)): (usize, (&Planes, &Planes))| {
        let stretch = before.stretch();
        let psnr = output::psnr(views::shown(before, after).psnr_db(run.peak), 1, 1);
        let decoded = format!("Decoded at quality {}, date {}", run.quality, i + 1);
        Tile {
            title: format!("{} of {}: {psnr} dB", i + 1, shown.view.dates),
            note: String::new(),
            pictures: vec![
                before.picture(&stretch).described(format!("The original, date {}", i + 1)),
                after.picture(&stretch).described(decoded),
            ],
            strip: Vec::new(),
        }
    };
    let about = format!(
        "The same bands: the original above, quality {} below, each date with a stretch of its own.",
        run.quality
    );
    let tiles = shown.before.iter().zip(&run.planes).enumerate().map(tile).collect();
    Some(vec![Block::Text(about), Block::Tiles(TileSize::Small, tiles)])
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
