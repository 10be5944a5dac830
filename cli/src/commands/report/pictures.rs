//! The pictures of a report: source, decoded and error side by side, with the same contrast stretch, as a whole and
//! as a crop at full resolution.

use super::canvas::{Canvas, Side};
use super::examined::Examined;
use super::palette::{Class, Palette, of_class};
use crate::output;
use anyhow::Result;
use std::collections::BTreeMap;
use std::ops::Range;
use vqz_archive::Raster;
use vqz_archive::metrics::read_block;
use vqz_archive::raster::{Mask, Region};
use vqz_codec::axes::Role;
use vqz_codec::config::Promise;
use vqz_report::palette::{GREY, HEIGHTS, INTENSITY};
use vqz_report::{Block, Figure, Legend, Picture, PictureRow, Planes, paint, scale};

/// The greatest side of a crop, in pixels. A crop is a third of the array's smaller side otherwise.
const CROP: usize = 96;

/// A crop is shown only if the sides of the array have at least this many pixels.
const LEAST: usize = 96;

/// Paints planes whose rows have the given width.
type Paint<'a> = dyn Fn(usize, &[Vec<f64>]) -> Picture + 'a;

/// A way to paint some bands: whole pictures and crops alike.
struct Painter<'a> {
    heading: String,
    about: String,
    bands: Vec<usize>,
    legend: Option<Legend>,
    /// The error that has the brightest colour.
    full_scale: f64,
    paint: Box<Paint<'a>>,
    /// Whether a pixel that stands for several samples shows one of them, because a mean of classes has no meaning.
    nearest: bool,
}

impl Painter<'_> {
    /// One side of a canvas.
    fn whole(&self, canvas: &Canvas, side: Side) -> Picture {
        let plane = |band: &usize| {
            if self.nearest { canvas.nearest(*band, side) } else { canvas.mean(*band, side) }
        };
        (self.paint)(canvas.width, &self.bands.iter().map(plane).collect::<Vec<_>>())
    }

    /// Paints errors whose rows have the given width.
    fn errors(&self, width: usize, errors: &[f64]) -> Picture {
        paint::ramp(width, errors, (0.0, self.full_scale), &INTENSITY)
    }

    /// A description for screen readers.
    fn what(&self) -> String {
        self.heading.split(':').next().unwrap_or_default().to_lowercase()
    }
}

/// All large pictures.
pub(super) fn pictures(e: &Examined) -> Result<Vec<Block>> {
    let Some(canvas) = e.survey.canvases.first() else { return Ok(Vec::new()) };
    let mut blocks = vec![Block::Text(about(e, canvas))];
    let painters = painters(e, canvas);
    if e.source.is_none() {
        blocks.push(Block::Pictures(alone(canvas, &painters)));
        return Ok(blocks);
    }
    for painter in &painters {
        blocks.push(Block::Pictures(compared(e, canvas, painter)?));
    }
    Ok(blocks)
}

/// The decoded picture alone, if there is no source.
fn alone(canvas: &Canvas, painters: &[Painter<'_>]) -> PictureRow {
    let figure = |painter: &Painter<'_>| {
        let decoded = painter.whole(canvas, Side::Decoded).described(format!("Decoded, {}", painter.what()));
        Figure::new(decoded, painter.heading.clone())
    };
    PictureRow {
        text: painters.first().map_or_else(String::new, |painter| painter.about.clone()),
        figures: painters.iter().map(figure).collect(),
        legends: painters.iter().filter_map(|painter| painter.legend.clone()).collect(),
        ..PictureRow::default()
    }
}

/// What all pictures share.
fn about(e: &Examined, canvas: &Canvas) -> String {
    let mut text = String::new();
    let dates = e.info.extent(&Role::Time);
    if dates > 1 {
        let name =
            e.georeference.dates.get(e.date as usize).map_or_else(String::new, |date| format!(", {date}"));
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
    let stretch = canvas.planes(bands, side).stretch();
    Painter {
        heading,
        about: "Each band from its 1st to its 99th percentile, gamma 0.8.".to_owned(),
        bands: bands.to_vec(),
        legend: None,
        full_scale: full_scale(e, canvas, &bands),
        paint: Box::new(move |width, planes| {
            let rgb = [0, 1, 2].map(|i| planes.get(i).cloned().unwrap_or_default());
            Planes { width, height: rgb[0].len() / width.max(1), rgb }.picture(&stretch)
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
    let range = scale::percentiles(&canvas.mean(band, side), 0.01);
    let name = e.spectrum.names(&[band]);
    let text = format!("From the 1st to the 99th percentile, {}.", e.unit_words());
    Painter {
        heading: if e.info.bands() > 1 { name } else { "Samples".to_owned() },
        about: String::new(),
        bands: vec![band],
        legend: Some(Legend::new(&GREY, ticks(range), text)),
        full_scale: full_scale(e, canvas, &[band]),
        paint: Box::new(move |width, planes| paint::ramp(width, &planes[0], range, &GREY)),
        nearest: false,
    }
}

fn terrain<'a>(e: &'a Examined, canvas: &Canvas, side: Side) -> Painter<'a> {
    let heights = canvas.mean(0, side);
    let range = scale::percentiles(&heights, 0.002);
    let usual = paint::usual_slope(canvas.width, &heights);
    let factor = canvas.factor as f64;
    Painter {
        heading: "Heights".to_owned(),
        about: "Colours of a map, with light from the north-west.".to_owned(),
        bands: vec![0],
        legend: Some(Legend::new(&HEIGHTS, ticks(range), format!("Heights, {}.", e.unit_words()))),
        full_scale: full_scale(e, canvas, &[0]),
        paint: Box::new(move |width, planes| {
            // A crop has one pixel for each sample, so the distances between its pixels are shorter than in the whole
            // picture.
            let steep = if planes[0].len() <= CROP * CROP { usual / factor } else { usual };
            paint::relief(width, &planes[0], range, steep)
        }),
        nearest: false,
    }
}

fn classes<'a>(e: &'a Examined, named: &'a BTreeMap<i64, Class>) -> Painter<'a> {
    let found = e.survey.classes.as_ref();
    let positions: BTreeMap<i64, usize> =
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
        paint: Box::new(move |width, planes| {
            paint::painted(width, &planes[0], |_, value| {
                let value = value as i64;
                of_class(named.get(&value), positions.get(&value).copied().unwrap_or(0))
            })
        }),
        nearest: true,
    }
}

/// Source, decoded and error side by side, whole and as a crop.
fn compared(e: &Examined, canvas: &Canvas, painter: &Painter<'_>) -> Result<PictureRow> {
    let what = painter.what();
    let figures = [
        (painter.whole(canvas, Side::Source), "Source", format!("Source, {what}")),
        (painter.whole(canvas, Side::Decoded), "Decoded", format!("Decoded, {what}")),
        (painter.errors(canvas.width, &canvas.worst(&painter.bands)), "Error", format!("Errors of {what}")),
    ];
    let mut figures: Vec<Figure> =
        figures.map(|(picture, caption, alt)| Figure::new(picture.described(alt), caption)).into();
    if let Some((mark, crops)) = crops(e, canvas, painter)? {
        figures.iter_mut().for_each(|figure| figure.mark = Some(mark));
        figures.extend(crops);
    }
    let legends = painter.legend.iter().cloned().chain([legend(e, painter)]).collect();
    Ok(PictureRow { heading: painter.heading.clone(), text: painter.about.clone(), figures, legends })
}

/// Source, decoded and error of the crop where errors are largest, at full resolution, and its position in the whole
/// picture in percent. None for a small array.
fn crops(e: &Examined, canvas: &Canvas, painter: &Painter<'_>) -> Result<Option<([f64; 4], [Figure; 3])>> {
    let (rows, columns) = (e.info.extent(&Role::Y) as usize, e.info.extent(&Role::X) as usize);
    let (Some(source), true) = (&e.source, rows.min(columns) >= LEAST) else { return Ok(None) };
    let side = (rows.min(columns) / 3).min(CROP);
    let worst = canvas.worst(&painter.bands);
    let exact = worst.iter().all(|worst| worst.is_nan() || *worst == 0.0);
    let (x, y) = if exact {
        (canvas.width / 3, canvas.height / 3)
    } else {
        scale::worst_square(&worst, canvas.width, side.div_ceil(canvas.factor))
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
    let what = painter.what();
    let crop = |samples: &[Vec<f64>]| (painter.paint)(side, samples);
    let crops = [
        (crop(&before), caption, format!("Crop of the source, {what}")),
        (crop(&after), "Decoded".to_owned(), format!("Crop of what is decoded, {what}")),
        (painter.errors(side, &errors), "Error".to_owned(), format!("Errors of the crop, {what}")),
    ];
    // The last pixel may stand for fewer samples than the others.
    let percent = |range: &Range<usize>, pixels: usize| {
        let drawn = (pixels * canvas.factor) as f64;
        (100.0 * range.start as f64 / drawn, 100.0 * range.len() as f64 / drawn)
    };
    let ((left, wide), (top, high)) = (percent(&x, canvas.width), percent(&y, canvas.height));
    let crops = crops.map(|(picture, caption, alt)| Figure::new(picture.described(alt), caption));
    Ok(Some(([left, top, wide, high], crops)))
}

/// The legend for the colours of errors.
fn legend(e: &Examined, painter: &Painter<'_>) -> Legend {
    if painter.nearest {
        return Legend {
            stops: vec![INTENSITY[0], INTENSITY[7]],
            mixed: false,
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
    let ticks = vec!["0".to_owned(), output::figure(full / 2.0), last];
    Legend::new(&INTENSITY, ticks, format!("Errors: {which}, {}.", e.unit_words()))
}

/// The bound that is promised for some bands, if any.
fn bound(e: &Examined, bands: &[usize]) -> Option<f64> {
    let Promise::MaxError { .. } = &e.promise else { return None };
    let bounds = e.promise.bounds(e.info.bands() as usize).ok().flatten()?;
    bands.iter().filter_map(|band| bounds.get(*band)).copied().reduce(f64::max).filter(|bound| *bound > 0.0)
}

/// The error of the brightest colour: the bound if there is one, otherwise a value that nearly all errors are below.
fn full_scale(e: &Examined, canvas: &Canvas, bands: &[usize]) -> f64 {
    bound(e, bands).unwrap_or_else(|| scale::full_scale(&canvas.worst(bands)))
}

fn ticks((low, high): (f64, f64)) -> Vec<String> {
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
    let mut all = read_block(raster, &region, &mask)?;
    Ok(bands.iter().map(|band| std::mem::take(&mut all[*band])).collect())
}

/// Small pictures of dates, by number: source above, decoded below.
pub(super) fn thumbnails(e: &Examined) -> Vec<(u64, Vec<Picture>)> {
    let sides: &[(Side, &str)] = match e.source {
        Some(_) => &[(Side::Source, "Source"), (Side::Decoded, "Decoded")],
        None => &[(Side::Decoded, "Decoded")],
    };
    let date = |canvas: &Canvas| {
        let side = sides[0].0;
        let painter = match e.spectrum.natural {
            Some(bands) => colour(e, canvas, side, bands, String::new()),
            None if e.info.bands() >= 3 => colour(e, canvas, side, [0, 1, 2], String::new()),
            None if e.info.bands() == 1 => single(e, canvas, side),
            None => grey(e, canvas, side, 0),
        };
        let draw = |(side, name): &(Side, &str)| {
            painter.whole(canvas, *side).described(format!("{name}, date {}", canvas.date + 1))
        };
        (canvas.date, sides.iter().map(draw).collect())
    };
    e.survey.canvases.iter().skip(1).map(date).collect()
}
