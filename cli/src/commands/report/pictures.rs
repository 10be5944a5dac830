//! The pictures of a report: source, decoded and error side by side, at one stretch, whole and as a crop at full size.

use super::Examined;
use super::canvas::{Canvas, Side};
use crate::output;
use crate::report::html::{Legend, Trio, paragraphs, trio};
use crate::report::palette::{self, Palette, of_class, of_height};
use crate::report::picture::{self, Picture, Planes};
use crate::report::view::{two_digits, worst_place};
use anyhow::Result;
use std::collections::BTreeMap;
use std::ops::Range;
use vqz_archive::metrics::blocks;
use vqz_archive::raster::region::Region;
use vqz_archive::raster::samples::Mask;
use vqz_archive::raster::source::Raster;
use vqz_codec::axes::Role;
use vqz_codec::config::Promise;

/// The side of a crop at most, in pixels: a third of the array's smaller side.
const CROP: usize = 96;

/// The least side of an array of which a crop is shown, in pixels.
const LEAST: usize = 96;

/// Paints planes in rows of a width, with words for those who do not see them.
type Paint<'a> = dyn Fn(usize, &[Vec<f64>], String) -> Result<Picture> + 'a;

/// A way to paint some bands: whole pictures and crops alike.
struct Painter<'a> {
    heading: String,
    about: String,
    bands: Vec<usize>,
    legend: Option<Legend>,
    /// The error that has the brightest colour.
    full_scale: f64,
    paint: Box<Paint<'a>>,
    /// Whether a pixel that stands for several shows one of them, since means of classes are none.
    nearest: bool,
}

/// All large pictures, as HTML.
pub(super) fn pictures(e: &Examined) -> Result<String> {
    let Some(canvas) = e.survey.canvases.first() else { return Ok(String::new()) };
    let mut text = paragraphs(&[about(e, canvas)]);
    let painters = painters(e, canvas);
    if e.source.is_none() {
        return Ok(text + &alone(canvas, &painters)?);
    }
    for painter in painters {
        text += &paint(e, canvas, &painter)?;
    }
    Ok(text)
}

/// What is decoded, without a source to stand beside it.
fn alone(canvas: &Canvas, painters: &[Painter<'_>]) -> Result<String> {
    let mut shown = Trio {
        heading: String::new(),
        about: painters.first().map_or_else(String::new, |painter| painter.about.clone()),
        pictures: Vec::new(),
        crops: Vec::new(),
        mark: None,
        legends: painters.iter().filter_map(|painter| painter.legend.clone()).collect(),
    };
    for painter in painters {
        let decoded = (painter.paint)(
            canvas.width,
            &planes(canvas, painter, Side::Decoded),
            format!("Decoded, {}", what(painter)),
        )?;
        shown.pictures.push((decoded, painter.heading.clone()));
    }
    Ok(trio(&shown))
}

/// The bands that a painter takes.
fn planes(canvas: &Canvas, painter: &Painter<'_>, side: Side) -> Vec<Vec<f64>> {
    let one =
        |band: &usize| if painter.nearest { canvas.nearest(*band, side) } else { canvas.mean(*band, side) };
    painter.bands.iter().map(one).collect()
}

/// What all pictures have in common.
fn about(e: &Examined, canvas: &Canvas) -> String {
    let mut text = String::new();
    let dates = e.info.extent(&Role::Time);
    if dates > 1 {
        let name = e.place.dates.get(e.date as usize).map_or_else(String::new, |date| format!(", {date}"));
        text += &format!("Date {} of {dates}{name}. ", e.date + 1);
    }
    for (role, extent) in e.info.axes.roles().iter().zip(&e.info.shape) {
        if matches!(role, Role::Other(_)) && *extent > 1 {
            text += &format!("The first of {extent} along {role}. ");
        }
    }
    let (height, width) = (e.info.extent(&Role::Y), e.info.extent(&Role::X));
    text += &match (canvas.factor, &e.palette) {
        (1, _) => format!("All {height} × {width} pixels."),
        (factor, Palette::Classes(_)) => format!(
            "{height} × {width} pixels, drawn {factor} times smaller: each pixel shows the class in the middle of {factor} × \
             {factor}, and as an error whether any of them changed."
        ),
        (factor, _) => format!(
            "{height} × {width} pixels, drawn {factor} times smaller: each pixel shows the mean of {factor} × {factor}, and of \
             errors the largest."
        ),
    };
    if e.measured.is_some() && !matches!(e.palette, Palette::Classes(_)) {
        text += " Source and decoded have the same stretch, that of the source.";
    }
    text
}

fn painters<'a>(e: &'a Examined, canvas: &Canvas) -> Vec<Painter<'a>> {
    let side = if e.source.is_some() { Side::Source } else { Side::Decoded };
    if e.info.bands() == 1 && e.spectrum.natural.is_none() {
        return vec![single(e, canvas, side)];
    }
    let guess =
        if e.spectrum.assumed { ", as is usual for aerial pictures; the bands have no names" } else { "" };
    let mut painters = Vec::new();
    if let Some(bands) = e.spectrum.natural {
        painters.push(colour(
            e,
            canvas,
            side,
            bands,
            format!("True colour: {}{guess}", e.spectrum.names(&bands)),
        ));
    }
    if let Some(bands) = e.spectrum.infrared {
        painters.push(colour(e, canvas, side, bands, format!("False colour: {}", e.spectrum.names(&bands))));
    }
    if painters.is_empty() && e.info.bands() >= 3 {
        let heading = format!("False colour: {}", e.spectrum.names(&[0, 1, 2]));
        painters.push(colour(e, canvas, side, [0, 1, 2], heading));
    }
    if painters.is_empty() {
        painters.push(grey(e, canvas, side, 0));
    }
    painters
}

fn colour<'a>(
    e: &'a Examined,
    canvas: &Canvas,
    side: Side,
    bands: [usize; 3],
    heading: String,
) -> Painter<'a> {
    let stretch = picture::stretch(&canvas.planes(bands, side));
    Painter {
        heading,
        about: "Each band from its 1st to its 99th percentile, gamma 0.8.".to_owned(),
        bands: bands.to_vec(),
        legend: None,
        full_scale: full_scale(e, canvas, &bands),
        paint: Box::new(move |width, planes, alt| {
            let [r, g, b] = [0, 1, 2].map(|i| planes.get(i).cloned().unwrap_or_default());
            let height = r.len() / width.max(1);
            picture::colour(&Planes { width, height, rgb: [r, g, b] }, &stretch, alt)
        }),
        nearest: false,
    }
}

fn single<'a>(e: &'a Examined, canvas: &Canvas, side: Side) -> Painter<'a> {
    match &e.palette {
        Palette::Classes(named) => classes(e, named),
        Palette::Terrain => terrain(e, canvas, side),
        Palette::Grey => grey(e, canvas, side, 0),
    }
}

fn grey<'a>(e: &'a Examined, canvas: &Canvas, side: Side, band: usize) -> Painter<'a> {
    let (low, high) = ends(&canvas.mean(band, side), 0.01);
    let name = e.spectrum.names(&[band]);
    Painter {
        heading: if e.info.bands() > 1 { name } else { "Samples".to_owned() },
        about: String::new(),
        bands: vec![band],
        legend: Some(Legend {
            gradient: "rgb(0 0 0),rgb(255 255 255)".to_owned(),
            ticks: ticks(low, high),
            text: format!("From the 1st to the 99th percentile, {}.", e.unit_words()),
        }),
        full_scale: full_scale(e, canvas, &[band]),
        paint: Box::new(move |width, planes, alt| {
            let level =
                move |value: f64| (255.0 * ((value - low) / (high - low)).clamp(0.0, 1.0)).round() as u8;
            picture::painted(width, &planes[0], |_, value| [level(value); 3], alt)
        }),
        nearest: false,
    }
}

fn terrain<'a>(e: &'a Examined, canvas: &Canvas, side: Side) -> Painter<'a> {
    let heights = canvas.mean(0, side);
    let (low, high) = ends(&heights, 0.002);
    // Slopes are exaggerated so that they are seen on plains and do not drown mountains.
    let mut slopes: Vec<f64> =
        (0..heights.len()).map(|at| slope(&heights, canvas.width, at)).map(|(x, y)| x.hypot(y)).collect();
    slopes.retain(|s| s.is_finite());
    slopes.sort_by(f64::total_cmp);
    let usual = slopes.get(slopes.len() * 9 / 10).copied().filter(|s| *s > 0.0).unwrap_or(1.0);
    let factor = canvas.factor as f64;
    Painter {
        heading: "Heights".to_owned(),
        about: "Colours of a map, with light from the north-west.".to_owned(),
        bands: vec![0],
        legend: Some(Legend {
            gradient: palette::heights(),
            ticks: ticks(low, high),
            text: format!("Heights, {}.", e.unit_words()),
        }),
        full_scale: full_scale(e, canvas, &[0]),
        paint: Box::new(move |width, planes, alt| {
            // A crop has a sample for each pixel: its slopes are those of fewer metres.
            let steep = if planes[0].len() <= CROP * CROP { usual / factor } else { usual };
            let paint = |at: usize, value: f64| {
                let (x, y) = slope(&planes[0], width, at);
                let (x, y) = if x.is_finite() && y.is_finite() { (x / steep, y / steep) } else { (0.0, 0.0) };
                let light = (0.7 + 0.35 * (x + y) / 2f64.sqrt()).clamp(0.0, 1.0);
                of_height((value - low) / (high - low), light)
            };
            picture::painted(width, &planes[0], paint, alt)
        }),
        nearest: false,
    }
}

/// Rise to the east and to the south of a place, for each pixel: what rises there faces the light.
fn slope(heights: &[f64], width: usize, at: usize) -> (f64, f64) {
    let (x, y) = (at % width, at / width);
    let rows = heights.len() / width.max(1);
    let value = |x: usize, y: usize| heights[y * width + x];
    let (left, right) = (x.saturating_sub(1), (x + 1).min(width - 1));
    let (above, below) = (y.saturating_sub(1), (y + 1).min(rows - 1));
    let part = |rise: f64, run: usize| rise / run.max(1) as f64;
    (
        part(value(right, y) - value(left, y), right - left),
        part(value(x, below) - value(x, above), below - above),
    )
}

fn classes<'a>(e: &'a Examined, named: &'a BTreeMap<i64, palette::Class>) -> Painter<'a> {
    let found = e.survey.classes.as_ref();
    let places: BTreeMap<i64, usize> =
        found.into_iter().flat_map(|found| found.keys().enumerate()).map(|(i, value)| (*value, i)).collect();
    Painter {
        heading: "Classes".to_owned(),
        about: if named.values().any(|class| class.colour.is_some()) {
            "In the colours that the metadata give.".to_owned()
        } else {
            "The metadata give no colours: these only tell classes apart.".to_owned()
        },
        bands: vec![0],
        legend: None,
        full_scale: 1.0,
        paint: Box::new(move |width, planes, alt| {
            let paint = |_: usize, value: f64| {
                let value = value as i64;
                of_class(named.get(&value), places.get(&value).copied().unwrap_or(0))
            };
            picture::painted(width, &planes[0], paint, alt)
        }),
        nearest: true,
    }
}

/// Both sides, whole and as a crop.
fn paint(e: &Examined, canvas: &Canvas, painter: &Painter<'_>) -> Result<String> {
    let what = what(painter);
    let width = canvas.width;
    let decoded =
        (painter.paint)(width, &planes(canvas, painter, Side::Decoded), format!("Decoded, {what}"))?;
    let worst = canvas.worst(&painter.bands);
    let scale = (0.0, painter.full_scale);
    let before = (painter.paint)(width, &planes(canvas, painter, Side::Source), format!("Source, {what}"))?;
    let off = picture::scaled(width, &worst, scale, format!("Errors of {what}"))?;
    let mut shown = Trio {
        heading: painter.heading.clone(),
        about: painter.about.clone(),
        pictures: vec![
            (before, "Source".to_owned()),
            (decoded, "Decoded".to_owned()),
            (off, "Error".to_owned()),
        ],
        crops: Vec::new(),
        mark: None,
        legends: painter.legend.iter().cloned().chain([legend(e, painter)]).collect(),
    };
    crops(e, canvas, painter, &mut shown)?;
    Ok(trio(&shown))
}

/// A crop at full size, where errors are largest; none of a small array.
fn crops(e: &Examined, canvas: &Canvas, painter: &Painter<'_>, shown: &mut Trio) -> Result<()> {
    let (rows, columns) = (e.info.extent(&Role::Y) as usize, e.info.extent(&Role::X) as usize);
    let (Some(source), true) = (&e.source, rows.min(columns) >= LEAST) else { return Ok(()) };
    let side = (rows.min(columns) / 3).min(CROP);
    let worst = canvas.worst(&painter.bands);
    let exact = worst.iter().all(|worst| worst.is_nan() || *worst == 0.0);
    let (x, y) = if exact {
        (canvas.width / 3, canvas.height / 3)
    } else {
        worst_place(&worst, canvas.width, side.div_ceil(canvas.factor))
    };
    let cut = |at: usize, extent: usize| {
        let start = (at * canvas.factor).min(extent - side);
        start..start + side
    };
    let (x, y) = (cut(x, columns), cut(y, rows));
    let before = window(source.as_ref(), e, &painter.bands, (&y, &x))?;
    let after = window(e.decoded.as_ref(), e, &painter.bands, (&y, &x))?;
    let mut errors = vec![f64::NAN; side * side];
    for (a, b) in before.iter().zip(&after) {
        errors.iter_mut().zip(a.iter().zip(b)).for_each(|(e, (a, b))| *e = e.max((a - b).abs()));
    }
    let why = if exact { "" } else { ", where errors are largest" };
    let caption = format!("Source: {side} × {side} pixels at row {}, column {}{why}", y.start, x.start);
    let what = what(painter);
    let scale = (0.0, painter.full_scale);
    shown.crops = vec![
        ((painter.paint)(side, &before, format!("Crop of the source, {what}"))?, caption),
        ((painter.paint)(side, &after, format!("Crop of what is decoded, {what}"))?, "Decoded".to_owned()),
        (picture::scaled(side, &errors, scale, format!("Errors of the crop, {what}"))?, "Error".to_owned()),
    ];
    // The last pixel may stand for fewer samples than the others.
    let percent = |range: &Range<usize>, pixels: usize| {
        let drawn = (pixels * canvas.factor) as f64;
        (100.0 * range.start as f64 / drawn, 100.0 * range.len() as f64 / drawn)
    };
    let ((left, wide), (top, high)) = (percent(&x, canvas.width), percent(&y, canvas.height));
    shown.mark = Some([left, top, wide, high]);
    Ok(())
}

/// What a painter shows, for those who do not see it.
fn what(painter: &Painter<'_>) -> String {
    painter.heading.split(':').next().unwrap_or_default().to_lowercase()
}

/// What the colours of errors mean.
fn legend(e: &Examined, painter: &Painter<'_>) -> Legend {
    if painter.nearest {
        return Legend {
            gradient: "rgb(0 0 4) 50%,rgb(252 255 164) 50%".to_owned(),
            ticks: vec!["equal".to_owned(), "another class".to_owned()],
            text: "Errors: pixels whose class changed.".to_owned(),
        };
    }
    let full = painter.full_scale;
    let bounded = bound(e, &painter.bands).is_some_and(|bound| bound == full);
    let last = if bounded {
        format!("{}, the bound", output::figure(full))
    } else {
        format!("{} and more", output::figure(full))
    };
    let which =
        if painter.bands.len() > 1 { "at each pixel the largest of the bands shown" } else { "absolute" };
    Legend {
        gradient: picture::gradient(),
        ticks: vec!["0".to_owned(), output::figure(full / 2.0), last],
        text: format!("Errors: {which}, {}.", e.unit_words()),
    }
}

/// What is promised of some bands, where it is a bound.
fn bound(e: &Examined, bands: &[usize]) -> Option<f64> {
    let Promise::MaxError { .. } = &e.promise else { return None };
    let bounds = e.promise.bounds(e.info.bands() as usize).ok().flatten()?;
    bands.iter().filter_map(|band| bounds.get(*band)).copied().reduce(f64::max).filter(|bound| *bound > 0.0)
}

/// The error of the brightest colour: the bound where there is one, and else what nearly all errors are below.
fn full_scale(e: &Examined, canvas: &Canvas, bands: &[usize]) -> f64 {
    bound(e, bands).unwrap_or_else(|| two_digits(&canvas.worst(bands)))
}

/// What a part of samples is below, and what as large a part is above.
fn ends(values: &[f64], part: f64) -> (f64, f64) {
    let mut valid: Vec<f64> = values.iter().copied().filter(|v| v.is_finite()).collect();
    valid.sort_by(f64::total_cmp);
    let at = |part: f64| valid.get((part * valid.len().saturating_sub(1) as f64) as usize).copied();
    match (at(part), at(1.0 - part)) {
        (Some(low), Some(high)) if high > low => (low, high),
        (Some(low), _) => (low, low + 1.0),
        _ => (0.0, 1.0),
    }
}

fn ticks(low: f64, high: f64) -> Vec<String> {
    let digits = (2.0 - (high - low).log10().floor()).clamp(0.0, 9.0) as usize;
    [low, f64::midpoint(low, high), high]
        .map(|v| output::figure(format!("{v:.digits$}").parse().unwrap_or(v)))
        .to_vec()
}

/// Bands of the date that is shown, over rows and columns, NaN where there are no data.
fn window(
    raster: &dyn Raster,
    e: &Examined,
    bands: &[usize],
    (y, x): (&Range<usize>, &Range<usize>),
) -> Result<Vec<Vec<f64>>> {
    let info = raster.info();
    let declared = if info.nodata.is_empty() { &e.info.nodata } else { &info.nodata };
    let mask = Mask::new(declared, info.data_type)?;
    let span = |range: &Range<usize>| range.start as u64..range.end as u64;
    let region: Region = info
        .axes
        .roles()
        .iter()
        .zip(&info.shape)
        .map(|(role, extent)| match role {
            Role::Band => 0..*extent,
            Role::Y => span(y),
            Role::X => span(x),
            Role::Time => e.date..e.date + 1,
            Role::Other(_) => 0..1,
        })
        .collect();
    let mut all = blocks::read(raster, &region, &mask)?;
    Ok(bands.iter().map(|band| std::mem::take(&mut all[*band])).collect())
}

/// Small pictures of each date: source above, decoded below.
pub(super) fn thumbnails(e: &Examined) -> Result<Vec<(u64, Vec<Picture>)>> {
    let mut out = Vec::new();
    for canvas in e.survey.canvases.iter().skip(1) {
        let side = if e.source.is_some() { Side::Source } else { Side::Decoded };
        let painter = match e.spectrum.natural {
            Some(bands) => colour(e, canvas, side, bands, String::new()),
            None if e.info.bands() >= 3 => colour(e, canvas, side, [0, 1, 2], String::new()),
            None if e.info.bands() == 1 => single(e, canvas, side),
            None => grey(e, canvas, side, 0),
        };
        let draw = |side: Side, name: &str| {
            (painter.paint)(
                canvas.width,
                &planes(canvas, &painter, side),
                format!("{name}, date {}", canvas.date + 1),
            )
        };
        let mut pictures = Vec::new();
        if e.source.is_some() {
            pictures.push(draw(Side::Source, "Source")?);
        }
        pictures.push(draw(Side::Decoded, "Decoded")?);
        out.push((canvas.date, pictures));
    }
    Ok(out)
}
