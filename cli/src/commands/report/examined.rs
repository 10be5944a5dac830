//! Everything that a report shows about one array: its metadata, its headers, and what was measured.

use super::about::file_name;
use super::arguments::{Args, Dates};
use super::canvas::Shown;
use super::palette::{self, Palette};
use super::rate::Rate;
use super::spectrum::Spectrum;
use super::survey::Survey;
use crate::console;
use crate::progress::Terminal;
use anyhow::{Result, bail};
use std::sync::Arc;
use vqz_archive::encoded::{EncodedArray, Totals};
use vqz_archive::metrics::{check_size, scan_blocks};
use vqz_archive::raster::Mask;
use vqz_archive::store::{Node, ZarrRaster, files, locate};
use vqz_archive::{
    OpenOptions, Raster, RasterComparison, RasterInfo, Record, Remark, StoredSize, compare_rasters,
};
use vqz_codec::axes::Role;
use vqz_codec::config::Promise;
use vqz_codec::model::Model;
use vqz_codec::sample::DataType;
use vqz_raster::georeference::Summary;

/// The longer side of the large pictures, in pixels.
const PICTURE: u64 = 640;

/// The longer side of the small pictures, one for each date.
const THUMBNAIL: u64 = 256;

/// How many dates are shown by default.
const DATES: u64 = 8;

/// The greatest number of dates that are shown.
const MOST_DATES: u64 = 120;

/// A lossless band of bytes counts as classes if it has at most this many distinct values.
const FEW: usize = 64;

/// Everything that is known about one array.
pub(super) struct Examined {
    pub(super) label: String,
    pub(super) info: RasterInfo,
    pub(super) promise: Promise,
    pub(super) quality: f64,
    pub(super) model: Option<Arc<Model>>,
    /// The model package that was given as an option, with its card.
    pub(super) package: Option<Arc<Model>>,
    pub(super) embedded_bytes: Option<usize>,
    pub(super) totals: Totals,
    /// How the array differs from what was recorded of it, in words.
    pub(super) lost: Option<String>,
    pub(super) stored: StoredSize,
    pub(super) georeference: Summary,
    pub(super) spectrum: Spectrum,
    /// The kind of data in a single band.
    pub(super) palette: Palette,
    pub(super) survey: Survey,
    pub(super) rate: Rate,
    pub(super) measured: Option<RasterComparison>,
    pub(super) date: u64,
    pub(super) decoded: Arc<dyn Raster>,
    pub(super) source: Option<Arc<dyn Raster>>,
}

/// Opens an array and measures it, block by block: against its source, where there is one.
///
/// # Errors
/// When the requested date does not exist, the package belongs to another model, or reading fails.
pub(super) fn examine(
    args: &Args,
    node: &Node,
    source: Option<Arc<dyn Raster>>,
    package: Option<&Arc<Model>>,
) -> Result<Examined> {
    let archive = EncodedArray::open(node, args.engine)?;
    let options = OpenOptions::new().engine(args.engine);
    let decoded: Arc<dyn Raster> = Arc::new(ZarrRaster::open(node, &options)?);
    check_size(decoded.as_ref())?;
    let info = decoded.info().clone();
    let configuration = archive.configuration();
    let spectrum = Spectrum::of(&info, archive.model.as_ref().map(|model| model.manifest()));
    let (date, shown) = shown(args, &info, &spectrum)?;
    let mut survey = Survey::new(&info, &spectrum, &shown);
    let measured = match &source {
        Some(source) => Some(compare_rasters(
            &node.path,
            source.as_ref(),
            decoded.as_ref(),
            archive.peak(),
            &mut survey,
            &Terminal::default(),
        )?),
        None => {
            let mask = Mask::new(&info.nodata, info.data_type)?;
            let take = |region: &_, block| survey.take(region, &block);
            scan_blocks(decoded.as_ref(), &mask, "decoding", &Terminal::default(), take)?;
            None
        }
    };
    let model = archive.model.clone();
    if let (Some(package), Some(model)) = (package, &model)
        && package.sha256() != model.sha256()
    {
        bail!(
            "--model is {} ({}), {} was encoded with {} ({}); give that package, or leave --model out",
            package.manifest().name,
            &package.sha256()[..12],
            node.label(),
            model.manifest().name,
            &model.sha256()[..12]
        );
    }
    let totals = archive.totals()?;
    let sizes = files::sizes(&node.folder)?;
    let georeference = locate(node, Some(&info.axes));
    for note in &georeference.notes {
        console::remark(&Remark::LocationUnclear { array: info.label.clone(), note: note.clone() });
    }
    Ok(Examined {
        label: if node.path.is_empty() { file_name(&args.archive) } else { node.path.clone() },
        promise: configuration.promise.clone(),
        quality: configuration.quality,
        embedded_bytes: configuration.model.as_ref().and_then(|m| m.decoder.as_ref()).map(String::len),
        lost: Record::of(&node.metadata).and_then(|recorded| archive.differs(&recorded, &totals)),
        totals,
        stored: StoredSize::new(sizes, info.raw_bytes(), info.samples()),
        georeference,
        palette: palette_of(&info, source.as_deref(), &configuration.promise, &survey),
        rate: Rate::of(&archive, &info.shape)?,
        package: package.filter(|_| model.is_some()).cloned(),
        model,
        spectrum,
        survey,
        measured,
        date,
        decoded,
        source,
        info,
    })
}

/// The dates to draw. The first one is shown in the large pictures.
fn shown(args: &Args, info: &RasterInfo, spectrum: &Spectrum) -> Result<(u64, Vec<Shown>)> {
    let count = info.extent(&Role::Time);
    let date = match args.date {
        Dates::All => 0,
        Dates::One(date) if date < count => date,
        Dates::One(date) => {
            bail!("--date is {date}, {} has dates 0 to {}", info.label, count.saturating_sub(1))
        }
    };
    let mut bands: Vec<usize> = spectrum.natural.into_iter().chain(spectrum.infrared).flatten().collect();
    if bands.is_empty() {
        bands = (0..(info.bands() as usize).min(3)).collect();
    }
    bands.sort_unstable();
    bands.dedup();
    let few = spectrum.natural.map_or_else(|| bands.clone(), |natural| natural.to_vec());
    let small = match args.date {
        Dates::All if count > MOST_DATES => bail!(
            "{} has {count} dates, a page shows {MOST_DATES} at most; choose one with --date N",
            info.label
        ),
        Dates::All => count,
        Dates::One(_) => count.min(DATES),
    };
    let large = Shown { date, bands, side: PICTURE };
    let every = (0..small).filter(|_| count > 1);
    // As evenly spread as integers allow.
    let thumbnails =
        every.map(|i| Shown { date: i * count / small.max(1), bands: few.clone(), side: THUMBNAIL });
    Ok((date, std::iter::once(large).chain(thumbnails).collect()))
}

/// The kind of data in a single band, from its metadata or those of its source. A lossless band with few distinct
/// values counts as classes.
fn palette_of(info: &RasterInfo, source: Option<&dyn Raster>, promise: &Promise, survey: &Survey) -> Palette {
    let suggested =
        [Some(info), source.map(|source| source.info())].into_iter().flatten().map(palette::suggested);
    if let Some(palette) = suggested.into_iter().find(|palette| *palette != Palette::Grey) {
        return palette;
    }
    let few = survey.classes.as_ref().is_some_and(|classes| classes.len() <= FEW);
    if *promise == Promise::Lossless && info.data_type == DataType::UInt8 && few {
        return Palette::Classes(std::collections::BTreeMap::new());
    }
    Palette::Grey
}
