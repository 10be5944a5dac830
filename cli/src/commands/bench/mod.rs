//! `vqz bench`: compares rate and distortion of vqz with its rivals, on the same rasters, in one run.

mod curve;
mod downstream;
mod figures;
#[cfg(feature = "peers")]
mod images;
mod page;
#[cfg(feature = "peers")]
mod peers;
mod vqz;

use crate::progress::Terminal;
use crate::{arguments, console, output};
use anyhow::{Result, bail};
use curve::{Codec, Curve, Passes};
use downstream::{Downstream, Plan};
use figures::Figures;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use vqz_archive::encoded::remark_on_losses;
use vqz_archive::metadata::Metadata;
use vqz_archive::raster::select;
use vqz_archive::store::files;
use vqz_archive::{
    BandSelection, EncodeOptions, Existing, OpenOptions, OutputKind, Progress, Raster, archive_metadata,
    check_place, is_raster_file, open_all, open_model, refuse_overlap,
};
use vqz_codec::axes::Axes;
use vqz_codec::config::NoData;
use vqz_codec::engine::EngineKind;
use vqz_codec::model::Model;
use vqz_zarr::models;

/// How often each piece of work is timed at most, and for about how long. The fastest pass counts.
const PASSES: Passes = Passes { most: 5, enough: Duration::from_millis(400) };

/// The greatest total size of the rasters, because several copies of them are held in memory.
const MOST_SAMPLES: u64 = 500_000_000;

/// Another codec to compare with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Peer {
    /// JPEG 2000 on each band.
    Jpeg2000,
    /// JPEG 2000 after a rotation of the bands onto the principal components of each image.
    KltJpeg2000,
}

#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  vqz bench sample/sentinel2-l2a.zarr --model models/sentinel2-l2a.vqm --targets 42,46,50 --report bench.html
  vqz bench scene.zarr --model mine.vqm --downstream landcover.zarr --ignore 0

All codecs encode the same samples in memory, with the same number of threads (--threads). Bits per sample count \
everything that is coded; the model, which an archive holds once per array, is stated separately. Figures at a target PSNR \
are interpolated between measured points around it, bits on a logarithmic scale.

With --downstream, a random forest learns the class of a pixel from all bands at all dates, with five-fold cross-validation \
over blocks. vqz is set to each target PSNR, and the other codecs to the same number of bits.

The other codecs need the feature peers: cargo install --path cli --features peers")]
pub(crate) struct Args {
    /// Zarr v3 arrays or groups, or GeoTIFFs (feature gdal). Figures are for all of them together.
    #[arg(required = true)]
    input: Vec<PathBuf>,
    /// The models to encode with: .vqm files that hold an encoder.
    #[arg(long, short, required = true, value_name = "FILE")]
    model: Vec<PathBuf>,
    /// The target PSNRs to compare at, in dB.
    #[arg(long, value_delimiter = ',', default_values_t = [39.0, 42.0, 46.0, 50.0, 55.0], value_parser = arguments::psnr,
        allow_negative_numbers = true, value_name = "DB,…")]
    targets: Vec<f64>,
    /// The other codecs [default: all that this build has].
    #[arg(long, value_delimiter = ',', value_name = "NAME,…")]
    peers: Option<Vec<Peer>>,
    /// The peak for PSNR [default: that of the models].
    #[arg(long, value_parser = arguments::positive, allow_negative_numbers = true, value_name = "P")]
    peak: Option<f64>,
    /// The roles of the dimensions in order, if their names do not show them: time, band, y, x, or any other name.
    #[arg(long, value_parser = arguments::axes, value_name = "band,y,x")]
    axes: Option<Axes>,
    /// Values that mean "no data". They do not count in the errors.
    #[arg(long, value_delimiter = ',', allow_hyphen_values = true, value_name = "V,…")]
    nodata: Vec<NoData>,
    /// The bands to encode, in the order of the models' bands: names, or numbers from 0.
    #[arg(long, value_name = "B,…")]
    bands: Option<BandSelection>,
    /// The engine that runs the models. `vqz info --runtime` lists them.
    #[arg(long, value_name = "NAME")]
    engine: Option<EngineKind>,
    /// Class labels of the pixels of each input, in the same order: Zarr arrays or GeoTIFFs on the same grid. A classifier is
    /// trained and tested on original and on decoded pixels, at each target.
    #[arg(long, value_delimiter = ',', value_name = "LABELS,…")]
    downstream: Vec<PathBuf>,
    /// Labels to ignore, besides the nodata values that the labels declare.
    #[arg(
        long,
        requires = "downstream",
        value_delimiter = ',',
        allow_hyphen_values = true,
        value_name = "V,…"
    )]
    ignore: Vec<i64>,
    /// Write a page with the curves and tables.
    #[arg(long, value_name = "FILE.html")]
    report: Option<PathBuf>,
    /// Print the figures as one JSON object. `vqz schema` prints its schema.
    #[arg(long)]
    json: bool,
}

pub(crate) fn run(args: &Args) -> Result<()> {
    #[cfg(not(feature = "peers"))]
    if args.peers.is_some() {
        bail!("this vqz was built without its rivals, which --peers asks for; {}", HOW);
    }
    if let Some(report) = &args.report {
        // The page is replaced without being asked, so an input must not be what it replaces.
        for input in args.input.iter().chain(&args.model).chain(&args.downstream) {
            refuse_overlap(input, report)?;
        }
        check_place(report, OutputKind::File, Existing::Replace)?;
    }
    let mut targets = args.targets.clone();
    targets.sort_by(f64::total_cmp);
    targets.dedup();
    let mut models = Vec::new();
    for path in &args.model {
        let model = open_model(path)?;
        models::register(Arc::clone(&model));
        models.push(model);
    }
    let peak = peak(args, &models)?;
    let rasters = rasters(args)?;
    let samples: u64 = rasters.iter().map(|raster| raster.info().samples()).sum();
    if samples > MOST_SAMPLES {
        bail!(
            "the inputs have {samples} samples, bench holds all in memory and takes {MOST_SAMPLES} at most; give fewer, or \
             cut-outs of them"
        );
    }
    let mut plan = match &args.downstream[..] {
        [] => None,
        labels => Some(Plan::new(&rasters, labels, &args.ignore)?),
    };
    #[cfg(feature = "peers")]
    let images = images(args, &rasters)?;
    let mut measured: Vec<(Box<dyn Codec + '_>, Curve)> = Vec::new();
    for model in &models {
        let laid_out = rasters
            .iter()
            .map(|raster| Ok((Arc::clone(raster), metadata(args, raster, model)?)))
            .collect::<Result<Vec<_>>>()?;
        let mut ours = vqz::Vqz::load(&laid_out, model, args.engine)?;
        let metadata_bytes = ours.metadata_bytes;
        let mut curve = curve(&mut ours, &targets, peak)?;
        (curve.ours, curve.metadata_bytes) = (true, Some(metadata_bytes));
        measured.push((Box::new(ours), curve));
    }
    #[cfg(feature = "peers")]
    for mut rival in images.iter().flat_map(|images| rivals(args, images)) {
        let curve = curve(&mut rival, &targets, peak)?;
        measured.push((Box::new(rival), curve));
    }
    #[cfg(not(feature = "peers"))]
    console::note("measured_alone", &format!("vqz is measured alone: this build has no rivals; {HOW}"));
    if let Some(plan) = &mut plan {
        downstream::run(plan, &mut measured, &targets, peak)?;
    }
    let codecs = measured.into_iter().map(|(_, curve)| curve).collect();
    let figures = Figures {
        inputs: args.input.iter().map(|path| path.display().to_string()).collect(),
        rasters: rasters.len(),
        samples,
        raw_bytes: rasters.iter().map(|raster| raster.info().raw_bytes()).sum(),
        peak,
        threads: rayon::current_num_threads(),
        targets,
        codecs,
        downstream: plan.map(Plan::finish),
    };
    if let Some(report) = &args.report {
        files::write_atomically(report, page::page(&figures).html().as_bytes())?;
    }
    if args.json { output::json(&figures) } else { print(&figures, args) }
}

/// Says how to get the rivals.
#[cfg(not(feature = "peers"))]
const HOW: &str =
    "get them with `cargo install --path cli --features peers` (OpenJPEG is compiled from source)";

/// The value that PSNR is stated against.
fn peak(args: &Args, models: &[Arc<Model>]) -> Result<f64> {
    let mut peaks: Vec<f64> = models.iter().map(|model| model.manifest().peak).collect();
    peaks.dedup();
    match (args.peak, &peaks[..]) {
        (Some(peak), _) => Ok(peak),
        (None, [peak]) => Ok(*peak),
        _ => bail!("the models state PSNR against different peaks, {peaks:?}; state one with --peak"),
    }
}

/// All rasters of all inputs.
fn rasters(args: &Args) -> Result<Vec<Arc<dyn Raster>>> {
    let options = OpenOptions::new().axes(args.axes.clone()).nodata(args.nodata.clone()).engine(args.engine);
    let mut rasters = Vec::new();
    for input in &args.input {
        if !is_raster_file(input) {
            remark_on_losses(input, args.engine, &Terminal::default())?;
        }
        for (_, raster) in open_all(input, &options)? {
            rasters.push(match &args.bands {
                Some(selection) => select(raster, selection)?,
                None => raster,
            });
        }
    }
    Ok(rasters)
}

/// The metadata of the archive that `encode` would make of a raster.
fn metadata(args: &Args, raster: &Arc<dyn Raster>, model: &Model) -> Result<Metadata> {
    let (info, manifest) = (raster.info(), model.manifest());
    if info.bands() != manifest.bands.len() as u64 {
        bail!(
            "{} has {} bands, model {} takes {}; choose bands with --bands",
            info.label,
            info.bands(),
            manifest.name,
            manifest.bands.len()
        );
    }
    let quality = args.targets.first().copied().unwrap_or(42.0);
    let options = EncodeOptions::new().bands(args.bands.clone());
    Ok(archive_metadata(&options, info, model, quality, &Terminal::default())?)
}

/// Measures a codec.
fn curve(codec: &mut dyn Codec, targets: &[f64], peak: f64) -> Result<Curve> {
    let name = codec.name();
    let progress = Terminal::default();
    progress.started(&format!("measuring {name}"), 1);
    let points = curve::measure(codec, targets, peak, &PASSES)?;
    Ok(Curve {
        codec: name,
        parameters: codec.parameters(),
        ours: false,
        metadata_bytes: None,
        at: targets.iter().map(|target| curve::at(&points, *target)).collect(),
        points,
    })
}

/// The rasters as the rivals need them. None if the rivals can't code them and none was asked for.
#[cfg(feature = "peers")]
fn images(args: &Args, rasters: &[Arc<dyn Raster>]) -> Result<Option<images::Images>> {
    match images::Images::read(rasters) {
        Ok(images) => Ok(Some(images)),
        Err(error) if args.peers.is_none() => {
            console::note("measured_alone", &format!("vqz is measured alone: {error:#}"));
            Ok(None)
        }
        Err(error) => Err(error),
    }
}

/// The requested rivals.
#[cfg(feature = "peers")]
fn rivals<'a>(args: &Args, images: &'a images::Images) -> Vec<peers::Jpeg2000<'a>> {
    use peers::{Bands, Jpeg2000};
    let chosen = args.peers.clone().unwrap_or_else(|| vec![Peer::KltJpeg2000, Peer::Jpeg2000]);
    let rival = |peer: Peer| match peer {
        Peer::Jpeg2000 => Jpeg2000 { bands: Bands::Apart, images },
        Peer::KltJpeg2000 => Jpeg2000 { bands: Bands::Rotated, images },
    };
    chosen.into_iter().map(rival).collect()
}

fn print(figures: &Figures, args: &Args) -> Result<()> {
    output::line(format!(
        "{} of {} raw in memory, {}; PSNR against a peak of {}",
        output::count(figures.rasters as u64, "raster"),
        output::bytes(figures.raw_bytes),
        output::count(figures.threads as u64, "thread"),
        output::figure(figures.peak)
    ))?;
    let names: Vec<String> = figures.codecs.iter().map(|codec| codec.codec.clone()).collect();
    let pairs = figures.pairs();
    let versus = pairs.iter().map(|(a, b)| format!("{} / {}", names[*a], names[*b]));
    output::line("\nbits a sample at equal PSNR")?;
    let header: Vec<String> =
        std::iter::once("dB".to_owned()).chain(names.iter().cloned()).chain(versus).collect();
    let rows = figures.targets.iter().enumerate().map(|(i, target)| {
        let bits =
            figures.codecs.iter().map(|codec| output::optional(codec.at[i].map(|at| at.bits_per_sample), 4));
        let ratios = pairs.iter().map(|pair| output::optional(figures.ratio(*pair, i), 3));
        std::iter::once(output::figure(*target)).chain(bits).chain(ratios).collect()
    });
    output::line(table(&header, &rows.collect::<Vec<_>>()))?;
    output::line("\nMB/s of raw samples, encode / decode")?;
    let header: Vec<String> = std::iter::once("dB".to_owned()).chain(names.iter().cloned()).collect();
    let rows = figures.targets.iter().enumerate().map(|(i, target)| {
        let speeds = figures.codecs.iter().map(|codec| page::speeds(codec.at[i]));
        std::iter::once(output::figure(*target)).chain(speeds).collect()
    });
    output::line(table(&header, &rows.collect::<Vec<_>>()))?;
    if let Some(found) = &figures.downstream {
        print_downstream(found)?;
    }
    output::line("")?;
    for codec in &figures.codecs {
        let metadata = codec.metadata_bytes.map_or_else(String::new, |bytes| {
            format!("; metadata with the model {} an array", output::bytes(bytes))
        });
        output::line(format!("{}: {}{metadata}", codec.codec, codec.parameters))?;
    }
    match &args.report {
        Some(report) => output::line(format!("report: {}", report.display())),
        None => Ok(()),
    }
}

fn print_downstream(found: &Downstream) -> Result<()> {
    output::line(format!("\n{}", page::about_downstream(found)))?;
    let header: Vec<String> = page::DOWNSTREAM.iter().map(|name| (*name).to_owned()).collect();
    output::line(table(&header, &page::downstream_rows(found)))
}

fn table(header: &[String], rows: &[Vec<String>]) -> String {
    output::table(&header.iter().map(String::as_str).collect::<Vec<_>>(), rows)
}
