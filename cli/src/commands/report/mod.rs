//! `vqz report`: one page on an archive, to be looked at without a network: pictures, errors, rate, promise and model.

pub(super) mod about;
mod bench;
mod canvas;
mod card;
pub(super) mod curves;
mod figures;
mod histograms;
mod palette;
mod pictures;
mod rate;
mod sections;
mod spectrum;
mod survey;
mod tables;

use crate::output;
use crate::progress::Terminal;
use anyhow::{Context, Result, bail};
use bench::Bench;
use canvas::Shown;
use figures::Figures;
use palette::Palette;
use rate::Rate;
use spectrum::Spectrum;
use std::path::PathBuf;
use std::str::FromStr;
use std::sync::Arc;
use survey::Survey;
use vqz_archive::encoded::{EncodedArray, Totals};
use vqz_archive::metrics::scan_blocks;
use vqz_archive::raster::Mask;
use vqz_archive::store::{self, Node, ZarrRaster, files, locate};
use vqz_archive::{
    Existing, OpenOptions, Raster, RasterComparison, RasterInfo, Record, StoredSize, compare_rasters,
    open_all, refuse_existing, source_of,
};
use vqz_codec::axes::Role;
use vqz_codec::config::Promise;
use vqz_codec::engine::EngineKind;
use vqz_codec::model::Model;
use vqz_codec::sample::DataType;
use vqz_raster::georeference::Summary;
use vqz_zarr::models;

/// The longer side of the large pictures, in pixels.
const PICTURE: u64 = 640;

/// That of small ones, one for each date.
const THUMBNAIL: u64 = 256;

/// Dates that are shown unless more are asked for.
const DATES: u64 = 8;

/// Dates that are shown at most.
const MOST_DATES: u64 = 120;

/// Distinct values up to which a lossless band of bytes is taken for classes.
const FEW: usize = 64;

#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  vqz report scene-vqz.zarr --against scene.zarr -o report.html
  vqz bench scene.zarr --model mine.vqm --json > bench.json
  vqz report scene-vqz.zarr --against scene.zarr --bench bench.json

The page holds all it shows, pictures too, and asks nothing of a network. With --against it shows source, decoded and \
error side by side; without, what is decoded and what the archive states. Large arrays are shown smaller, at a factor that \
stands below each picture; figures are of all samples. See docs/guides/report.md.")]
pub(crate) struct Args {
    /// The archive: an encoded Zarr v3 array, or a group that holds some.
    archive: PathBuf,
    /// What was encoded: a Zarr v3 array or group, or a GeoTIFF (feature gdal).
    #[arg(long, value_name = "SOURCE")]
    against: Option<PathBuf>,
    /// Where the page goes.
    #[arg(long, short, default_value = "report.html", value_name = "FILE.html")]
    output: PathBuf,
    /// The date that the large pictures show, by number from 0, or `all`: small ones of every date.
    #[arg(long, default_value = "0", value_name = "N|all")]
    date: Dates,
    /// Curves to show: what `vqz bench --json` printed.
    #[arg(long, value_name = "FILE.json")]
    bench: Option<PathBuf>,
    /// The package of the model, for its card, which archives do not hold.
    #[arg(long, value_name = "FILE.vqm")]
    model: Option<PathBuf>,
    /// Replace the page if it exists.
    #[arg(long)]
    overwrite: bool,
    /// The engine to run the model with; see `vqz info --runtime`.
    #[arg(long, value_name = "NAME")]
    engine: Option<EngineKind>,
    /// Print the figures as JSON.
    #[arg(long)]
    json: bool,
}

/// Dates to show.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Dates {
    /// One, and some small.
    One(u64),
    /// All, small.
    All,
}

impl FromStr for Dates {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "all" => Ok(Self::All),
            _ => {
                text.parse().map(Self::One).map_err(|_| "allowed are numbers from 0 on, and `all`".to_owned())
            }
        }
    }
}

/// All that is known of one array.
pub(super) struct Examined {
    label: String,
    info: RasterInfo,
    promise: Promise,
    quality: f64,
    model: Option<Arc<Model>>,
    /// The package that was given beside, with a card.
    package: Option<Arc<Model>>,
    embedded_bytes: Option<usize>,
    totals: Totals,
    recorded: Option<Record>,
    stored: StoredSize,
    place: Summary,
    spectrum: Spectrum,
    /// What a single band shows.
    palette: Palette,
    survey: Survey,
    rate: Rate,
    measured: Option<RasterComparison>,
    date: u64,
    decoded: Arc<dyn Raster>,
    source: Option<Arc<dyn Raster>>,
}

pub(crate) fn run(args: &Args) -> Result<()> {
    let existing = if args.overwrite { Existing::Replace } else { Existing::Refuse };
    refuse_existing(&args.output, existing)?;
    let nodes = archives(args)?;
    let options = OpenOptions::new().engine(args.engine);
    let sources = args.against.as_ref().map(|path| open_all(path, &options)).transpose()?;
    let bench = args.bench.as_deref().map(Bench::read).transpose()?;
    let package = args.model.as_ref().map(|path| {
        models::open(path).map(Arc::new).with_context(|| format!("opening model {}", path.display()))
    });
    let package = package.transpose()?;
    let mut examined = Vec::new();
    for node in &nodes {
        let source = sources.as_ref().map(|sources| source_of(node, sources)).transpose()?;
        examined.push(examine(args, node, source, package.as_ref())?);
    }
    let page = sections::page(args, &examined, bench.as_ref())?;
    files::write_atomically(&args.output, page.html().as_bytes())?;
    let figures = Figures::of(args, &examined);
    if args.json { output::json(&figures) } else { figures.print() }
}

/// The encoded arrays that the archive holds.
fn archives(args: &Args) -> Result<Vec<Node>> {
    let nodes: Vec<Node> = store::arrays(&args.archive)?
        .into_iter()
        .filter(|node| node.path.is_empty() || !matches!(node.metadata.encoded(), Ok(None)))
        .collect();
    if nodes.is_empty() {
        bail!("group {} holds no vqz archive; give one that `vqz encode` wrote", args.archive.display());
    }
    Ok(nodes)
}

fn examine(
    args: &Args,
    node: &Node,
    source: Option<Arc<dyn Raster>>,
    package: Option<&Arc<Model>>,
) -> Result<Examined> {
    let archive = EncodedArray::open(node, args.engine)?;
    let options = OpenOptions::new().engine(args.engine);
    let decoded: Arc<dyn Raster> = Arc::new(ZarrRaster::open(node, &options)?);
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
    let sizes = files::sizes(&node.folder)?;
    Ok(Examined {
        label: if node.path.is_empty() { file_name(&args.archive) } else { node.path.clone() },
        promise: configuration.promise.clone(),
        quality: configuration.quality,
        embedded_bytes: configuration.model.as_ref().and_then(|m| m.decoder.as_ref()).map(String::len),
        totals: archive.totals()?,
        recorded: Record::of(&node.metadata),
        stored: StoredSize::new(sizes, info.raw_bytes(), info.samples()),
        place: locate(node, Some(&info.axes)),
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

/// The date that large pictures show, and all that are to be drawn: the first is that one.
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
    // As evenly spread as whole numbers can be.
    let thumbnails =
        every.map(|i| Shown { date: i * count / small.max(1), bands: few.clone(), side: THUMBNAIL });
    Ok((date, std::iter::once(large).chain(thumbnails).collect()))
}

/// What a single band shows: as its metadata or those of its source say; few values that are kept exactly are classes.
fn palette_of(info: &RasterInfo, source: Option<&dyn Raster>, promise: &Promise, survey: &Survey) -> Palette {
    let suggested =
        [Some(info), source.map(|source| source.info())].into_iter().flatten().map(palette::suggested);
    if let Some(told) = suggested.into_iter().find(|palette| *palette != Palette::Grey) {
        return told;
    }
    let few = survey.classes.as_ref().is_some_and(|classes| classes.len() <= FEW);
    if *promise == Promise::Lossless && info.data_type == DataType::UInt8 && few {
        return Palette::Classes(std::collections::BTreeMap::new());
    }
    Palette::Grey
}

/// The last part of a path, for people.
fn file_name(path: &std::path::Path) -> String {
    let name = path.file_name().map(|name| name.to_string_lossy().into_owned());
    name.unwrap_or_else(|| path.display().to_string())
}

/// Today's date, in UTC.
pub(super) fn today() -> String {
    let seconds =
        std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).map_or(0, |time| time.as_secs());
    vqz_raster::conventions::time::iso((seconds / 86_400 * 86_400) as i64)
}
