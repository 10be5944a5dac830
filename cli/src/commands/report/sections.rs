//! The page of a report, section by section.

use super::arguments::Args;
use super::bench::Bench;
use super::curves::Curve;
use super::examined::Examined;
use super::figures::PromiseCheck;
use super::palette::Palette;
use super::{about, card, curves, histograms, pictures, tables};
use crate::{output, wording};
use anyhow::Result;
use vqz_archive::promise_means;
use vqz_codec::config::Promise;
use vqz_report::number::grouped;
use vqz_report::palette::INTENSITY;
use vqz_report::{Banner, Block, Card, Figure, Legend, Page, Tile, TileSize, Tone};

/// The page.
pub(super) fn page(args: &Args, examined: &[Examined], bench: Option<&Bench>) -> Result<Page> {
    let (title, summary) = match examined {
        [one] => (about::title(&one.info).unwrap_or_else(|| one.label.clone()), summary(one)),
        several => (
            about::file_name(&args.archive),
            format!("{} in one group.", output::count(several.len() as u64, "archive")),
        ),
    };
    let mut page =
        about::page(title, summary, format!("{}; `vqz report` makes this page anew.", about::today()));
    let several = examined.len() > 1;
    if several {
        let link = |(i, e): (usize, &Examined)| (format!("array{i}"), e.label.clone());
        page.blocks.push(Block::Links(examined.iter().enumerate().map(link).collect()));
    }
    for (i, e) in examined.iter().enumerate() {
        if several {
            page.blocks.push(Block::Part([format!("array{i}"), title_of(e), self::summary(e)]));
        }
        array(&mut page, args, e, bench)?;
    }
    let mut terms = vec!["RMSE", "PSNR"];
    if examined.iter().any(|e| e.measured.is_some()) {
        terms.extend(["Bias", "SSIM", "Ring PSNR", "SAM", "NDVI"]);
    }
    terms.extend(["Bits a sample", "Tile"]);
    page.section("What the terms mean", [about::terms(&terms)]);
    Ok(page)
}

/// All sections about one array.
fn array(page: &mut Page, args: &Args, e: &Examined, bench: Option<&Bench>) -> Result<()> {
    page.blocks.extend(banners(e));
    page.blocks.push(Block::Cards(cards(e)));
    page.section("Pictures", pictures::pictures(e)?);
    if let (Palette::Classes(named), Some(found)) = (&e.palette, &e.survey.classes) {
        page.section("Classes", [tables::classes(found, named, e.source.is_some()).into()]);
    }
    if !matches!(e.palette, Palette::Classes(_)) {
        page.section("Figures", figures(e));
        page.section("Histograms", histograms(e));
    }
    page.section("Vegetation index", vegetation(e));
    page.section("Where the bits go", rate(e));
    page.section("Dates", dates(e));
    page.section("Rate and distortion", bench.map(|bench| curves(args, e, bench)).unwrap_or_default());
    page.section("Where and when", georeference(e));
    page.section("Model", card::card(e));
    page.section("Data", about::list(about::credits(&e.info)));
    Ok(())
}

/// In a group, the heading includes the path.
fn title_of(e: &Examined) -> String {
    about::title(&e.info).map_or_else(|| e.label.clone(), |title| format!("{}: {title}", e.label))
}

fn summary(e: &Examined) -> String {
    let how = match &e.model {
        Some(model) if e.promise == Promise::Quality => {
            let quality = output::figure((e.quality * 10.0).round() / 10.0);
            format!("encoded with model {} at quality {quality} dB", model.manifest().name)
        }
        Some(model) => format!("encoded with model {}", model.manifest().name),
        None => "encoded without a model".to_owned(),
    };
    let against = if e.source.is_some() { ", and compared with its source, sample by sample" } else { "" };
    format!("{}, {how}{against}.", about::samples(&e.info))
}

/// The promise, whether it was kept, and whether chunks are lost.
fn banners(e: &Examined) -> Vec<Block> {
    let (tone, head, text) = match e.check_promise() {
        PromiseCheck::NotPromised => {
            let most =
                output::figure(e.measured.as_ref().map_or(e.totals.max_error, |m| m.overall.max_error));
            let text = format!("Errors are measured, not bounded; here the largest is {most}.");
            (Tone::Plain, "Nothing promised".to_owned(), text)
        }
        PromiseCheck::Unchecked => (
            Tone::Plain,
            format!("Promised: {}", wording::promise(&e.promise)),
            format!("{}. Not compared with its source here.", capital(&promise_means(&e.promise))),
        ),
        PromiseCheck::Kept => {
            let found = e.measured.as_ref().map_or(0, |m| m.overall.valid_samples);
            let text = match &e.promise {
                Promise::Lossless => {
                    format!("All {} valid samples are equal, and no data is where it was.", grouped(found))
                }
                _ => format!(
                    "{}. The largest error of all {} valid samples is {}.",
                    capital(&promise_means(&e.promise)),
                    grouped(found),
                    output::figure(e.measured.as_ref().map_or(0.0, |m| m.overall.max_error))
                ),
            };
            (Tone::Good, format!("Promise kept: {}", wording::promise(&e.promise)), text)
        }
        PromiseCheck::Broken { found } => {
            let head = format!("Promise broken: {}", wording::promise(&e.promise));
            (Tone::Bad, head, capital(&found) + ".")
        }
    };
    let lost = e.lost.clone().map(|text| Banner { tone: Tone::Bad, head: "Incomplete".to_owned(), text });
    std::iter::once(Banner { tone, head, text }).chain(lost).map(Block::Banner).collect()
}

fn capital(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

fn cards(e: &Examined) -> Vec<Card> {
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
        Card::new(
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
        Card::new(
            "Rate",
            format!("{:.3}", stored.bits_per_sample),
            "bits a sample",
            format!("{} bits raw; chunks alone", 8 * e.info.data_type.size()),
        ),
    ];
    let exact = valid > 0 && largest == 0.0;
    if exact {
        cards.push(Card::new(
            "Error",
            "none".to_owned(),
            "",
            format!("of {} valid samples, {known}", grouped(valid)),
        ));
        return cards;
    }
    if let Some(peak) = e.peak() {
        let text = format!("against a peak of {}, {known}", output::figure(peak));
        cards.push(Card::new("PSNR", output::psnr(psnr, valid, 2), "dB", text));
    }
    let unit = e.unit().unwrap_or_default();
    cards.push(Card::new(
        "Error",
        output::error(rmse),
        format!("{unit} RMSE").trim_start(),
        format!("the largest is {}, {known}, {}", output::figure(largest), e.unit_words()),
    ));
    cards
}

/// Errors of each band and across bands; empty without a source.
fn figures(e: &Examined) -> Vec<Block> {
    let tables = tables::bands(e).into_iter().chain(tables::across(e)).map(Block::from);
    tables.chain(Block::texts(remarks(e))).collect()
}

fn remarks(e: &Examined) -> Vec<String> {
    let Some(measured) = &e.measured else { return Vec::new() };
    let against = match (measured.peak, measured.peak_from) {
        (Some(peak), "given") => {
            format!("PSNR and SSIM are stated against a peak of {} (the model's).", output::figure(peak))
        }
        (Some(peak), from) => {
            format!("PSNR and SSIM are stated against a peak of {} ({from}).", output::figure(peak))
        }
        (None, why) => format!("There is no PSNR and no SSIM, for they have no peak: {why}."),
    };
    let mut remarks = vec![format!(
        "{against} All {} samples are counted, of every date; {} have no data.",
        grouped(measured.samples),
        grouped(measured.samples.saturating_sub(measured.overall.valid_samples))
    )];
    let stated = (e.totals.rmse(), e.totals.max_error);
    if let (Some(stated), Some(found)) = (stated.0, measured.overall.rmse) {
        let agree = (stated - found).abs() <= 0.01 * found;
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
            grouped(measured.overall.mask_mismatches)
        ));
    }
    remarks
}

fn histograms(e: &Examined) -> Vec<Block> {
    let compared = e.source.is_some();
    let bounds = match &e.promise {
        Promise::MaxError { .. } => e.promise.bounds(e.survey.bands.len()).ok().flatten(),
        _ => None,
    };
    let names: Vec<String> = e.spectrum.bands.iter().map(|band| band.label()).collect();
    let bands: Vec<_> = e
        .survey
        .bands
        .iter()
        .enumerate()
        .map(|(i, band)| (i, names.get(i).cloned().unwrap_or_else(|| i.to_string()), band))
        .collect();
    let unit = e.unit_words();
    let about = if compared {
        format!(
            "Samples {unit}, source filled and decoded as a line, from the 0.1st to the 99.9th percentile."
        )
    } else {
        format!("Decoded samples {unit}, from the 0.1st to the 99.9th percentile.")
    };
    let samples = bands
        .iter()
        .map(|(_, name, band)| histograms::samples(name, compared.then_some(&band.source), &band.decoded));
    let mut blocks = vec![Block::Text(about), Block::Charts(samples.collect())];
    if compared {
        let dashed = if bounds.is_some() { " Dashed: what is promised." } else { "" };
        let bound = |i: usize| bounds.as_ref().and_then(|bounds| bounds.get(i).copied()).filter(|b| *b > 0.0);
        let errors = bands.iter().map(|(i, name, band)| histograms::errors(name, &band.errors, bound(*i)));
        blocks.extend([
            Block::Heading("Errors".to_owned()),
            Block::Text(format!("Decoded less source, {unit}, counts in logarithms.{dashed}")),
            Block::Charts(errors.collect()),
        ]);
    }
    blocks
}

fn vegetation(e: &Examined) -> Vec<Block> {
    let Some(v) = e.survey.vegetation.as_ref().filter(|v| v.errors.count > 0) else { return Vec::new() };
    let Some((red, nir)) = e.spectrum.vegetation else { return Vec::new() };
    let text = format!(
        "The normalised difference vegetation index of {} and {}, decoded less source, over {} pixels: RMSE {:.5}, at most \
         {:.4}; half of all errors lie between {} and {}. Large errors are of dark pixels, where the index divides by little.",
        e.spectrum.names(&[red]),
        e.spectrum.names(&[nir]),
        grouped(v.errors.count),
        v.errors.rmse().unwrap_or(0.0),
        v.errors.max,
        index(v.histogram.quantile(0.25)),
        index(v.histogram.quantile(0.75))
    );
    vec![Block::Text(text), histograms::errors("NDVI", &v.histogram, None).into()]
}

fn index(value: Option<f64>) -> String {
    value.map_or_else(|| "-".to_owned(), |value| format!("{value:.5}").replace('-', "−"))
}

fn rate(e: &Examined) -> Vec<Block> {
    let rate = &e.rate;
    let mut left = Vec::new();
    if let Some((low, high)) = rate.map.range() {
        let caption = format!(
            "Bits a sample of each of {}, {low:.4} to {high:.4}, at its place{}",
            output::count(rate.tiles, "tile"),
            if rate.dates.len() > 1 { ", over all dates" } else { "" }
        );
        let map = rate.map.picture().described("Bits a sample of each tile");
        let ticks = vec!["0".to_owned(), format!("{:.3}", high / 2.0), format!("{high:.3}")];
        left.push(Figure::new(map, caption).into());
        left.push(Block::Legend(Legend::new(&INTENSITY, ticks, "Bits a sample.")));
    }
    let mut right = vec![tables::parts(e).into()];
    if let Some((low, high)) = rate.chunk_bits {
        let chunks = output::count(rate.chunks, "chunk");
        right.push(Block::Text(format!("{chunks}: {low:.4} to {high:.4} bits a sample.")));
    }
    if e.totals.absent > 0 {
        let chunks = output::count(e.totals.absent, "chunk");
        right.push(Block::Text(format!("{chunks} of fill value only are not stored.")));
    }
    vec![Block::Columns([left, right])]
}

/// The dates: small pictures, bits and errors of each. Empty if there is a single date.
fn dates(e: &Examined) -> Vec<Block> {
    let count = e.rate.dates.len();
    if count < 2 {
        return Vec::new();
    }
    let thumbnails = pictures::thumbnails(e);
    let above = if e.source.is_some() {
        "Source above, decoded below, each date with a stretch of its own, the source's. "
    } else {
        ""
    };
    let about = format!(
        "{above}{} of {count} dates. PSNR over all bands of the date, bits of its tiles.",
        thumbnails.len()
    );
    let tile = |(date, pictures)| {
        let at = date as usize;
        let (bits, samples) = e.rate.dates.get(at).copied().unwrap_or_default();
        let mut note = format!("{:.3} bits", bits / samples.max(1.0));
        if let (Some(errors), Some(peak)) = (e.survey.dates.get(at).filter(|s| s.count > 0), e.peak()) {
            let psnr = output::psnr(errors.psnr_db(peak), errors.count, 1);
            note += &if psnr == "exact" { ", exact".to_owned() } else { format!(", {psnr} dB") };
        }
        let title = e.georeference.dates.get(at).cloned().unwrap_or_else(|| format!("Date {}", date + 1));
        Tile { title, note, pictures, ..Tile::default() }
    };
    vec![Block::Text(about), Block::Tiles(TileSize::Small, thumbnails.into_iter().map(tile).collect())]
}

fn curves(args: &Args, e: &Examined, bench: &Bench) -> Vec<Block> {
    let mut drawn = bench.curves();
    let mut remarks = bench.about();
    let psnr = e.measured.as_ref().and_then(|m| m.overall.psnr_db);
    match (psnr, e.peak()) {
        (Some(psnr), Some(peak)) if bench.is_of(args.against.as_ref(), peak) => {
            drawn.push(Curve::new("this archive", [(e.stored.bits_per_sample, psnr)]));
        }
        _ => remarks.push(
            "This archive is not among the curves: they are of other rasters, of another peak, or it has no PSNR."
                .to_owned(),
        ),
    }
    let chart = curves::chart(drawn, "PSNR over bits a sample");
    std::iter::once(chart).chain(Block::texts(remarks)).collect()
}

fn georeference(e: &Examined) -> Option<Block> {
    let rows = [
        ("System", e.georeference.system_text()),
        ("Pixel", e.georeference.pixel_text()),
        ("Bounds", e.georeference.bounds_text()),
        ("Dates", e.georeference.dates_text()),
    ];
    about::list(rows.into_iter().filter_map(|(term, text)| Some((term.to_owned(), text?))).collect())
}

impl Examined {
    /// The value against which PSNR is stated.
    fn peak(&self) -> Option<f64> {
        let of_model = self.model.as_ref().map(|model| model.manifest().peak);
        self.measured.as_ref().and_then(|measured| measured.peak).or(of_model)
    }

    /// The unit of the samples, if the attributes or the model state it.
    pub(super) fn unit(&self) -> Option<String> {
        let attributes = self.info.metadata.attributes();
        let scaled = ["scale_factor", "add_offset"].iter().any(|key| attributes.contains_key(*key));
        let unit = ["units", "unit"].iter().find_map(|key| attributes.get(*key)?.as_str());
        unit.filter(|unit| !unit.is_empty() && *unit != "1" && !scaled).map(str::to_owned)
    }

    /// The same for legends.
    pub(super) fn unit_words(&self) -> String {
        self.unit().map_or_else(|| "in data units".to_owned(), |unit| format!("in {unit}"))
    }
}
