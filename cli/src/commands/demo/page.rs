//! The page of the demonstration: its figures and pictures, quality by quality.

use super::figures::Figures;
use super::runs::Run;
use super::tables;
use super::views::{self, View};
use crate::commands::report::about;
use crate::commands::report::curves::{self, Curve};
use crate::output;
use anyhow::{Result, bail};
use std::path::Path;
use vqz_archive::{Raster, RasterInfo};
use vqz_codec::axes::Role;
use vqz_codec::model::Model;
use vqz_report::palette::INTENSITY;
use vqz_report::{Block, Card, Figure, Legend, Page, PictureRow, Planes, Tile, TileSize, paint, scale};

/// The content of the page.
pub(super) struct Shown<'a> {
    pub(super) original: &'a dyn Raster,
    pub(super) model: &'a Model,
    pub(super) view: &'a View,
    /// The planes of the original, date by date.
    pub(super) before: &'a [Planes],
}

/// The page.
pub(super) fn page(shown: &Shown<'_>, figures: &Figures, curve: Curve) -> Result<Page> {
    let info = shown.original.info();
    let title = about::title(info).unwrap_or_else(|| about::file_name(Path::new(&figures.sample)));
    let threads = output::count(figures.threads as u64, "thread");
    let last = format!("{}, {threads}; `vqz demo` makes this page anew.", about::today());
    let mut page = about::page(title, summary(info, shown.model, figures), last);
    page.blocks.push(Block::Cards(figures.runs.iter().map(card).collect()));
    page.section("Pictures", gallery(shown, figures)?);
    let sizes = Block::from(tables::sizes(info, figures));
    page.section("Figures", std::iter::once(sizes).chain(Block::texts(remarks(figures))));
    let chart = curves::chart(vec![curve], "Bits a sample and PSNR at several qualities");
    let remarks = Block::texts(about_the_curve(figures)).collect();
    page.section("Bits and quality", [Block::Columns([vec![chart], remarks])]);
    if figures.runs.iter().all(|run| run.bands.len() > 1) {
        page.section("Band by band", [tables::bands(figures).into()]);
    }
    page.section("Dates", dates(shown, figures));
    page.section("What the terms mean", [about::terms(&["RMSE", "PSNR", "Largest", "SSIM", "SAM"])]);
    page.section("Data and model", [Block::Terms(credits(info, shown.model))]);
    Ok(page)
}

fn summary(info: &RasterInfo, model: &Model, figures: &Figures) -> String {
    format!(
        "{}: {} raw. Encoded with the fitted model {} into Zarr v3, and read back through zarrs.",
        about::samples(info),
        output::bytes(figures.raw_bytes),
        model.manifest().name
    )
}

fn card(run: &Run) -> Card {
    let note = format!(
        "{:.1} times without the model · PSNR {} dB · RMSE {}",
        run.stored.data_ratio,
        output::psnr(run.psnr_db, run.valid_samples, 1),
        output::error(run.rmse)
    );
    let ratio = format!("{:.1}", run.stored.ratio);
    Card::new(&format!("Quality {}", run.quality), ratio, "times smaller, all included", note)
}

/// The pictures of the original and of each quality: the whole, a crop, and the errors.
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

/// States which of several images is shown.
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
            "6 dB more halve the errors. As it is stored, without loss, the sample takes {:.1} bits a sample.",
            figures.sample_bits
        ),
    ]
}

/// All dates, at the middle quality. Empty if there is a single date.
fn dates(shown: &Shown<'_>, figures: &Figures) -> Vec<Block> {
    let Some(run) = figures.runs.get(figures.runs.len() / 2).filter(|_| shown.before.len() > 1) else {
        return Vec::new();
    };
    let tile = |(i, (before, after)): (usize, (&Planes, &Planes))| {
        let stretch = before.stretch();
        let psnr = output::psnr(views::shown(before, after).psnr_db(run.peak), 1, 1);
        let decoded = format!("Decoded at quality {}, date {}", run.quality, i + 1);
        let pictures = vec![
            before.picture(&stretch).described(format!("The original, date {}", i + 1)),
            after.picture(&stretch).described(decoded),
        ];
        Tile { title: format!("{} of {}: {psnr} dB", i + 1, shown.view.dates), pictures, ..Tile::default() }
    };
    let about = format!(
        "The same bands: the original above, quality {} below, each date with a stretch of its own.",
        run.quality
    );
    let tiles = shown.before.iter().zip(&run.planes).enumerate().map(tile).collect();
    vec![Block::Text(about), Block::Tiles(TileSize::Small, tiles)]
}

fn credits(info: &RasterInfo, model: &Model) -> Vec<(String, String)> {
    let m = model.manifest();
    let model = [
        ("Model", format!("{}, architecture {}, {} bands", m.name, m.architecture, m.bands.len())),
        ("SHA-256", model.sha256().to_owned()),
        ("Fitted on", m.training_data.clone()),
        ("Model licence", m.licence.clone()),
    ];
    let model = model.map(|(term, text)| (term.to_owned(), text));
    about::credits(info).into_iter().chain(model).collect()
}
