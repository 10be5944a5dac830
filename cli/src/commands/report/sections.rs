//! The page of a report, section by section.

use super::bench::Bench;
use super::figures::Held;
use super::tables::{self, thousands};
use super::{Args, Examined, card, file_name, pictures};
use crate::report::curves::{self, Curve};
use crate::report::html::{Card, Legend, Page, definitions, figure, image, legend, paragraphs};
use crate::report::palette::Palette;
use crate::report::{escape, histogram, picture, today};
use crate::{output, wording};
use anyhow::Result;
use serde_json::Value;
use std::fmt::Write;
use vqz_archive::promise_means;
use vqz_codec::config::Promise;

/// The page as HTML.
pub(super) fn page(args: &Args, examined: &[Examined], bench: Option<&Bench>) -> Result<String> {
    let heading = match examined {
        [one] => title(one),
        _ => file_name(&args.archive),
    };
    let about = match examined {
        [one] => summary(one),
        several => format!("{} in one group.", output::count(several.len() as u64, "archive")),
    };
    let mut page = Page::new(&heading, &about);
    if examined.len() > 1 {
        let links = examined
            .iter()
            .enumerate()
            .map(|(i, e)| format!("<a href=\"#array{i}\">{}</a>\n", escape(&e.label)));
        page.push(&format!("<nav>{}</nav>\n", links.collect::<String>()));
    }
    for (i, e) in examined.iter().enumerate() {
        if examined.len() > 1 {
            page.push(&format!(
                "<div class=\"array\" id=\"array{i}\"><h1>{}</h1><p class=\"soft\">{}</p></div>\n",
                escape(&title_of(e)),
                escape(&summary(e))
            ));
        }
        array(&mut page, args, e, bench)?;
    }
    page.definitions("What the terms mean", &glossary(examined));
    Ok(page.finish(&format!(
        "vqz {}, {}; `vqz report` makes this page anew.",
        env!("CARGO_PKG_VERSION"),
        today()
    )))
}

fn array(page: &mut Page, args: &Args, e: &Examined, bench: Option<&Bench>) -> Result<()> {
    page.push(&promise(e));
    page.cards(&cards(e));
    page.section("Pictures", &pictures::pictures(e)?);
    if let (Palette::Classes(named), Some(found)) = (&e.palette, &e.survey.classes) {
        page.section("Classes", &tables::classes(found, named, e.source.is_some()));
    }
    let graded = !matches!(e.palette, Palette::Classes(_));
    if let Some(table) = tables::bands(e).filter(|_| graded) {
        let mut content = table.render();
        content += &tables::across(e).map_or_else(String::new, |table| table.render());
        page.section("Figures", &(content + &paragraphs(&remarks(e))));
    }
    histograms(page, e);
    vegetation(page, e);
    page.section("Where the bits go", &rate(e)?);
    dates(page, e)?;
    if let Some(bench) = bench {
        page.section("Rate and distortion", &curves(args, e, bench));
    }
    let place = place(e);
    if !place.is_empty() {
        page.section("Where and when", &definitions(&place));
    }
    page.section("Model", &card::card(e));
    let credits = card::credits(e);
    if !credits.is_empty() {
        page.section("Data", &definitions(&credits));
    }
    Ok(())
}

/// The title that the attributes give.
fn title(e: &Examined) -> String {
    let attributes = e.info.metadata.attributes();
    attributes.get("title").and_then(Value::as_str).map_or_else(|| e.label.clone(), str::to_owned)
}

/// In a group the path as well.
fn title_of(e: &Examined) -> String {
    match title(e) {
        title if title == e.label => title,
        title => format!("{}: {title}", e.label),
    }
}

fn summary(e: &Examined) -> String {
    let extents = e.info.shape.iter().map(u64::to_string).collect::<Vec<_>>().join(" × ");
    let axes = Vec::<String>::from(e.info.axes.clone()).join(", ");
    let how = match &e.model {
        Some(model) if e.promise == Promise::Quality => {
            format!(
                "encoded with model {} at quality {} dB",
                model.manifest().name,
                output::figure((e.quality * 10.0).round() / 10.0)
            )
        }
        Some(model) => format!("encoded with model {}", model.manifest().name),
        None => "encoded without a model".to_owned(),
    };
    let against = if e.source.is_some() { ", and held against its source, sample by sample" } else { "" };
    format!("{extents} samples ({axes}) of type {}, {how}{against}.", e.info.data_type.name())
}

/// The promise, and whether it was held.
fn promise(e: &Examined) -> String {
    let (class, head, text) = match e.held() {
        Held::NotPromised => {
            let most =
                output::figure(e.measured.as_ref().map_or(e.totals.max_error, |m| m.overall.max_error));
            (
                "plain",
                "Nothing promised".to_owned(),
                format!("Errors are measured, not bounded; here the largest is {most}."),
            )
        }
        Held::Unchecked => (
            "plain",
            format!("Promised: {}", wording::promise(&e.promise)),
            format!("{}. Not held against its source here.", capital(&promise_means(&e.promise))),
        ),
        Held::Kept => {
            let found = e.measured.as_ref().map_or(0, |m| m.overall.valid_samples);
            let text = match &e.promise {
                Promise::Lossless => {
                    format!("All {} valid samples are equal, and no data is where it was.", thousands(found))
                }
                _ => format!(
                    "{}. The largest error of all {} valid samples is {}.",
                    capital(&promise_means(&e.promise)),
                    thousands(found),
                    output::figure(e.measured.as_ref().map_or(0.0, |m| m.overall.max_error))
                ),
            };
            ("held", format!("Promised and held: {}", wording::promise(&e.promise)), text)
        }
        Held::Broken { found } => (
            "broken",
            format!("Promised and broken: {}", wording::promise(&e.promise)),
            capital(&found) + ".",
        ),
    };
    let lost = e.recorded.and_then(|recorded| recorded.differs(&e.totals));
    let lost = lost.map_or_else(String::new, |lost| {
        format!("<p class=\"banner broken\"><strong>Incomplete</strong> {}</p>\n", escape(&lost))
    });
    format!("<p class=\"banner {class}\"><strong>{}</strong> {}</p>\n{lost}", escape(&head), escape(&text))
}

fn capital(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

fn cards(e: &Examined) -> Vec<Card> {
    let card = |what: &str, figure: String, unit: &str, more: String| Card {
        what: what.to_owned(),
        figure: (figure, unit.to_owned()),
        more,
    };
    let stored = &e.stored;
    let (psnr, valid, rmse, largest) = match &e.measured {
        Some(m) => (m.overall.psnr_db, m.overall.valid_samples, m.overall.rmse, m.overall.max_error),
        None => (
            e.peak().and_then(|peak| e.totals.psnr_db(peak)),
            e.totals.valid,
            e.totals.rmse(),
            e.totals.max_error,
        ),
    };
    let known = if e.measured.is_some() { "measured" } else { "as the archive states" };
    let mut cards = vec![
        card(
            "Size",
            format!("{:.1}", stored.ratio),
            "times smaller",
            format!(
                "{} of {} raw; {:.1} times without the metadata",
                output::bytes(stored.total_bytes),
                output::bytes(e.info.raw_bytes()),
                stored.data_ratio
            ),
        ),
        card(
            "Rate",
            format!("{:.3}", stored.bits_per_sample),
            "bits a sample",
            format!("{} bits raw; chunks alone", 8 * e.info.data_type.size()),
        ),
    ];
    let exact = valid > 0 && largest == 0.0;
    if exact {
        cards.push(card(
            "Error",
            "none".to_owned(),
            "",
            format!("of {} valid samples, {known}", thousands(valid)),
        ));
        return cards;
    }
    if let Some(peak) = e.peak() {
        let text = format!("against a peak of {}, {known}", output::figure(peak));
        cards.push(card("PSNR", output::psnr(psnr, valid, 2), "dB", text));
    }
    let unit = e.unit().unwrap_or_default();
    cards.push(card(
        "Error",
        output::error(rmse),
        format!("{unit} RMSE").trim_start(),
        format!("the largest is {}, {known}, {}", output::figure(largest), e.unit_words()),
    ));
    cards
}

fn remarks(e: &Examined) -> Vec<String> {
    let Some(measured) = &e.measured else { return Vec::new() };
    let mut remarks = vec![format!(
        "PSNR and SSIM are stated against a peak of {} ({}). All {} samples are counted, of every date; {} have no data.",
        output::figure(measured.peak),
        match measured.peak_from {
            "given" => "the model's",
            other => other,
        },
        thousands(measured.samples),
        thousands(measured.samples.saturating_sub(measured.overall.valid_samples))
    )];
    let stated = (e.totals.rmse(), e.totals.max_error);
    if let (Some(stated), Some(found)) = (stated.0, measured.overall.rmse) {
        let agree = (stated - found).abs() <= 0.01 * found.max(1e-12);
        remarks.push(format!(
            "The archive itself states an RMSE of {}{}",
            output::error(Some(stated)),
            if agree {
                ": what was measured agrees.".to_owned()
            } else {
                format!("; measured were {}.", output::error(Some(found)))
            }
        ));
    }
    if measured.overall.mask_mismatches > 0 {
        remarks.push(format!(
            "{} samples have data in only one of the two.",
            thousands(measured.overall.mask_mismatches)
        ));
    }
    remarks
}

fn histograms(page: &mut Page, e: &Examined) {
    if matches!(e.palette, Palette::Classes(_)) {
        return;
    }
    let compared = e.source.is_some();
    let bounds = match &e.promise {
        Promise::MaxError { .. } => e.promise.bounds(e.survey.bands.len()).ok().flatten(),
        _ => None,
    };
    let mut text = paragraphs(&[if compared {
        format!(
            "Samples {}, source filled and decoded as a line, from the 0.1st to the 99.9th percentile.",
            e.unit_words()
        )
    } else {
        format!("Decoded samples {}, from the 0.1st to the 99.9th percentile.", e.unit_words())
    }]);
    let names: Vec<String> = e.spectrum.bands.iter().map(|band| band.label()).collect();
    let name = |i: usize| names.get(i).cloned().unwrap_or_else(|| i.to_string());
    let grid = |text: &mut String, charts: Vec<String>| {
        let _ = write!(text, "<div class=\"histograms\">\n{}</div>\n", charts.concat());
    };
    let samples = e.survey.bands.iter().enumerate();
    grid(
        &mut text,
        samples
            .map(|(i, band)| histogram::samples(&name(i), compared.then_some(&band.source), &band.decoded))
            .collect(),
    );
    if compared {
        text += "<h3>Errors</h3>\n";
        let about = if bounds.is_some() { " Dashed: what is promised." } else { "" };
        text +=
            &paragraphs(&[format!("Decoded less source, {}, counts in logarithms.{about}", e.unit_words())]);
        let errors = e.survey.bands.iter().enumerate();
        let bound = |i: usize| bounds.as_ref().and_then(|bounds| bounds.get(i).copied()).filter(|b| *b > 0.0);
        grid(
            &mut text,
            errors.map(|(i, band)| histogram::errors(&name(i), &band.errors, bound(i))).collect(),
        );
    }
    page.section("Histograms", &text);
}

fn vegetation(page: &mut Page, e: &Examined) {
    let Some(v) = e.survey.vegetation.as_ref().filter(|v| v.errors.count > 0) else { return };
    let Some((red, nir)) = e.spectrum.vegetation else { return };
    let mean = v.errors.rmse().unwrap_or(0.0);
    let text = format!(
        "The normalised difference vegetation index of {} and {}, decoded less source, over {} pixels: RMSE {mean:.5}, at most \
         {:.4}; half of all errors lie between {} and {}. Large errors are of dark pixels, where the index divides by little.",
        e.spectrum.names(&[red]),
        e.spectrum.names(&[nir]),
        thousands(v.errors.count),
        v.errors.max,
        index(v.histogram.quantile(0.25)),
        index(v.histogram.quantile(0.75))
    );
    let chart = histogram::errors("NDVI", &v.histogram, None);
    page.section(
        "Vegetation index",
        &format!("{}<div class=\"histograms\">{chart}</div>\n", paragraphs(&[text])),
    );
}

fn index(value: Option<f64>) -> String {
    value.map_or_else(|| "-".to_owned(), |value| format!("{value:.5}").replace('-', "−"))
}

fn rate(e: &Examined) -> Result<String> {
    let rate = &e.rate;
    let mut text = String::from("<div class=\"split rate\">\n<div>");
    if let Some((low, high)) = rate.map.range() {
        let map = rate.map.picture("Bits a sample of each tile".to_owned())?;
        let caption = format!(
            "Bits a sample of each of {}, {:.4} to {high:.4}, at its place{}",
            output::count(rate.tiles, "tile"),
            low,
            if rate.dates.len() > 1 { ", over all dates" } else { "" }
        );
        text += &figure(&map, "", &caption);
        text += &legend(&Legend {
            gradient: picture::gradient(),
            ticks: vec!["0".to_owned(), format!("{:.3}", high / 2.0), format!("{high:.3}")],
            text: "Bits a sample.".to_owned(),
        });
    }
    text += "</div>\n<div>";
    text += &tables::parts(e).render();
    let mut remarks = Vec::new();
    if let Some((low, high)) = rate.chunk_bits {
        remarks
            .push(format!("{}: {low:.4} to {high:.4} bits a sample.", output::count(rate.chunks, "chunk")));
    }
    if e.totals.absent > 0 {
        remarks
            .push(format!("{} of fill value only are not stored.", output::count(e.totals.absent, "chunk")));
    }
    text += &paragraphs(&remarks);
    Ok(text + "</div>\n</div>\n")
}

/// Dates, small: pictures, bits and errors of each.
fn dates(page: &mut Page, e: &Examined) -> Result<()> {
    let count = e.rate.dates.len();
    if count < 2 {
        return Ok(());
    }
    let mut text = String::new();
    let thumbnails = pictures::thumbnails(e)?;
    let above = if e.source.is_some() {
        "Source above, decoded below, each date with a stretch of its own, the source's. "
    } else {
        ""
    };
    text += &paragraphs(&[format!(
        "{above}{} of {count} dates. PSNR over all bands of the date, bits of its tiles.",
        thumbnails.len()
    )]);
    text += "<div class=\"dates\">\n";
    for (date, pictures) in thumbnails {
        let at = date as usize;
        let name = e.place.dates.get(at).cloned().unwrap_or_else(|| format!("Date {}", date + 1));
        let (bits, samples) = e.rate.dates.get(at).copied().unwrap_or_default();
        let mut told = vec![format!("{:.3} bits", bits / samples.max(1.0))];
        if let (Some(errors), Some(peak)) = (e.survey.dates.get(at).filter(|s| s.count > 0), e.peak()) {
            let psnr = output::psnr(errors.psnr_db(peak), errors.count, 1);
            told.push(if psnr == "exact" { psnr } else { format!("{psnr} dB") });
        }
        let images: String = pictures.iter().map(image).collect();
        let _ =
            writeln!(text, "<div><h3>{}<br>{}</h3>{images}</div>", escape(&name), escape(&told.join(", ")));
    }
    page.section("Dates", &(text + "</div>\n"));
    Ok(())
}

fn curves(args: &Args, e: &Examined, bench: &Bench) -> String {
    let mut drawn = bench.curves();
    let mut remarks = bench.about();
    let psnr = e.measured.as_ref().and_then(|m| m.overall.psnr_db);
    match (psnr, e.peak()) {
        (Some(psnr), Some(peak)) if bench.is_of(args.against.as_ref(), peak) => {
            drawn.push(Curve { name: "this archive".to_owned(), points: vec![(e.stored.bits_per_sample, psnr)] });
        }
        _ => remarks.push(
            "This archive is not among the curves: they are of other rasters, of another peak, or it has no PSNR.".to_owned(),
        ),
    }
    curves::curves(&drawn, "PSNR over bits a sample") + &paragraphs(&remarks)
}

fn place(e: &Examined) -> Vec<(String, String)> {
    let rows = [
        ("System", e.place.system_text()),
        ("Pixel", e.place.pixel_text()),
        ("Bounds", e.place.bounds_text()),
        ("Dates", e.place.dates_text()),
    ];
    rows.into_iter().filter_map(|(term, text)| Some((term.to_owned(), text?))).collect()
}

fn glossary(examined: &[Examined]) -> Vec<(String, String)> {
    let compared = examined.iter().any(|e| e.measured.is_some());
    let mut terms = vec![
        ("RMSE", "Root mean square error over all valid samples, in the data's units."),
        ("PSNR", "Peak signal-to-noise ratio, 20 log10(peak / RMSE), in dB: 6 dB more halve the errors."),
    ];
    if compared {
        terms.extend([
            ("Bias", "The mean of decoded less source."),
            ("SSIM", "Structural similarity (Wang et al. 2004): likeness of local means, contrasts and patterns; 1 is equal."),
            ("Ring PSNR", "The PSNR within 8 pixels of the borders of tiles: far below the PSNR, tiles would show."),
            ("SAM", "Spectral angle between the bands of a pixel before and after, the mean in degrees; 0 is equal."),
            ("NDVI", "Normalised difference vegetation index, (near infrared − red) / (near infrared + red), from −1 to 1."),
        ]);
    }
    terms.extend([
        ("Bits a sample", "Bits of chunks over all samples; metadata, which hold the model once for each array, are left out."),
        ("Tile", "The part of a chunk that is coded by itself, at most 256 × 256 pixels of all bands of one date."),
    ]);
    terms.into_iter().map(|(term, text)| (term.to_owned(), text.to_owned())).collect()
}

impl Examined {
    /// The value against which PSNR is stated.
    fn peak(&self) -> Option<f64> {
        let of_model = self.model.as_ref().map(|model| model.manifest().peak);
        self.measured.as_ref().map(|measured| measured.peak).or(of_model)
    }

    /// The samples' unit, where the attributes or the model say.
    pub(super) fn unit(&self) -> Option<String> {
        let attributes = self.info.metadata.attributes();
        let scaled = ["scale_factor", "add_offset"].iter().any(|key| attributes.contains_key(*key));
        let told = ["units", "unit"].iter().find_map(|key| attributes.get(*key)?.as_str());
        told.filter(|unit| !unit.is_empty() && *unit != "1" && !scaled).map(str::to_owned)
    }

    /// The same for legends.
    pub(super) fn unit_words(&self) -> String {
        self.unit().map_or_else(|| "in data units".to_owned(), |unit| format!("in {unit}"))
    }
}
