//! `vqz demo`: the sample that ships with vqz, through the whole path and back, with a report to look at.

use super::{compare, encode};
use crate::output;
use crate::raster::files;
use crate::raster::region::Region;
use crate::raster::samples::{Mask, to_f64};
use crate::raster::{Info, OpenOptions, Raster, open_one, whole};
use crate::report::html::{Figure, Report, render};
use crate::report::picture::{self, Planes};
use anyhow::{Context, Result, bail};
use serde::Serialize;
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::time::Instant;
use vqz_codec::axes::Role;

/// The largest side of a picture, in pixels.
const PICTURE: u64 = 1024;

#[derive(Debug, clap::Args)]
#[command(after_help = "Example:
  vqz demo --out target/demo --quality 40,45,50")]
pub(crate) struct Args {
    /// Where the archives and report.html go.
    #[arg(long, default_value = "target/demo", value_name = "FOLDER")]
    out: PathBuf,
    /// The raster to encode; by default the sample that ships with vqz.
    #[arg(long, value_name = "PATH")]
    sample: Option<PathBuf>,
    /// The model to encode with; by default the one that ships with vqz.
    #[arg(long, value_name = "FILE.vqm")]
    model: Option<PathBuf>,
    /// The qualities to show, in dB.
    #[arg(long, value_delimiter = ',', default_values_t = [40.0, 45.0, 50.0], value_name = "DB,…")]
    quality: Vec<f64>,
    /// Print the figures as JSON.
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Serialize)]
struct Figures {
    sample: String,
    model: String,
    report: String,
    raw_bytes: u64,
    runs: Vec<Run>,
}

#[derive(Debug, Serialize)]
struct Run {
    quality: f64,
    #[serde(flatten)]
    stored: output::Stored,
    peak: f64,
    psnr_db: Option<f64>,
    max_error: f64,
    ssim: Option<f64>,
    sam_deg: Option<f64>,
    encode_mb_s: f64,
    decode_mb_s: f64,
}

pub(crate) fn run(args: &Args) -> Result<()> {
    let sample = shipped(args.sample.as_deref(), "sample/sentinel2-l2a.zarr", "--sample")?;
    let model = shipped(args.model.as_deref(), "models/sentinel2-l2a.vqm", "--model")?;
    std::fs::create_dir_all(&args.out).with_context(|| format!("making {}", args.out.display()))?;
    let original = open_one(&sample, &OpenOptions::default())?;
    let picked = Picked::new(original.as_ref());
    let before = picked.planes(original.as_ref())?;
    let stretch = picture::stretch(&before);

    let mut runs = Vec::new();
    let mut decoded_planes = Vec::new();
    for quality in &args.quality {
        let archive = args.out.join(format!("sample-q{quality}.zarr"));
        let encoded = encode::encode(&encode::Args::plain(&sample, &archive, &model, *quality))?;
        let decoded = open_one(&archive, &OpenOptions::default())?;
        let begun = Instant::now();
        let bytes = decoded.read(&whole(decoded.info()))?;
        let seconds = begun.elapsed().as_secs_f64();
        let compared = compare::measure("", original.as_ref(), decoded.as_ref(), None)?;
        decoded_planes.push(picked.planes(decoded.as_ref())?);
        runs.push(Run {
            quality: *quality,
            stored: compared.stored,
            peak: compared.peak,
            psnr_db: compared.overall.psnr_db,
            max_error: compared.overall.max_error,
            ssim: compared.overall.ssim,
            sam_deg: compared.sam_deg,
            encode_mb_s: encoded.mb_s,
            decode_mb_s: bytes.len() as f64 / 1e6 / seconds.max(1e-9),
        });
    }
    let report = args.out.join("report.html");
    let figures = Figures {
        sample: sample.display().to_string(),
        model: model.display().to_string(),
        report: report.display().to_string(),
        raw_bytes: original.info().raw_bytes(),
        runs,
    };
    let page = page(original.as_ref(), &figures, &picked, &before, &decoded_planes, &stretch)?;
    files::write_atomically(&report, page.as_bytes())?;
    if args.json {
        return output::json(&figures);
    }
    let (header, rows) = table(&figures);
    let header: Vec<&str> = header.iter().map(String::as_str).collect();
    output::line(format!(
        "{}: {} raw, model {}",
        figures.sample,
        output::bytes(figures.raw_bytes),
        figures.model
    ))?;
    output::line(output::table(&header, &rows))?;
    output::line(format!("report: {}", figures.report))
}

/// What was given, or what ships with vqz: in the folder where it is called, or in the one where it was built.
fn shipped(given: Option<&Path>, relative: &str, option: &str) -> Result<PathBuf> {
    if let Some(path) = given {
        return Ok(path.to_path_buf());
    }
    let built = Path::new(env!("CARGO_MANIFEST_DIR")).parent().map(|root| root.join(relative));
    let places = [Some(PathBuf::from(relative)), built];
    match places.into_iter().flatten().find(|path| path.exists()) {
        Some(path) => Ok(path),
        None => bail!("{relative} is not here; call vqz demo in the repository, or give {option}"),
    }
}

/// The bands and the window that pictures show.
struct Picked {
    bands: [u64; 3],
    names: String,
    height: u64,
    width: u64,
}

impl Picked {
    /// True colour where the names of the bands tell, else the first three.
    fn new(raster: &dyn Raster) -> Self {
        let info = raster.info();
        let names = info.band_names().unwrap_or_default();
        let find = |wanted: [&str; 3]| -> Option<[u64; 3]> {
            let found = wanted.map(|name| names.iter().position(|n| n.eq_ignore_ascii_case(name)));
            Some([found[0]? as u64, found[1]? as u64, found[2]? as u64])
        };
        let last = info.bands().saturating_sub(1);
        let bands = find(["B04", "B03", "B02"]).or_else(|| find(["red", "green", "blue"])).unwrap_or([
            0,
            1.min(last),
            2.min(last),
        ]);
        let name = |i: u64| names.get(i as usize).cloned().unwrap_or_else(|| format!("band {i}"));
        Self {
            bands,
            names: bands.map(name).join(", "),
            height: info.extent(&Role::Y).min(PICTURE),
            width: info.extent(&Role::X).min(PICTURE),
        }
    }

    /// The first image's planes.
    fn planes(&self, raster: &dyn Raster) -> Result<Planes> {
        let info = raster.info();
        let mask = Mask::new(&info.nodata, info.data_type)?;
        let plane = |band: u64| -> Result<Vec<f64>> {
            let region: Region = info
                .axes
                .roles()
                .iter()
                .map(|role| match role {
                    Role::Band => band..band + 1,
                    Role::Y => 0..self.height,
                    Role::X => 0..self.width,
                    Role::Time | Role::Other(_) => 0..1,
                })
                .collect();
            let shape: Vec<usize> = region.iter().map(|r| (r.end - r.start) as usize).collect();
            let layout = info.axes.layout(&shape)?;
            let samples = to_f64(info.data_type, &raster.read(&region)?);
            let [_, y_stride, x_stride] = layout.image_strides();
            let places = (0..layout.height()).flat_map(|y| (0..layout.width()).map(move |x| (y, x)));
            let values = places.map(|(y, x)| samples[y * y_stride + x * x_stride]);
            Ok(values.map(|v| if mask.is_valid(v) { v } else { f64::NAN }).collect())
        };
        let [r, g, b] = self.bands;
        Ok(Planes {
            width: self.width as usize,
            height: self.height as usize,
            rgb: [plane(r)?, plane(g)?, plane(b)?],
        })
    }
}

fn table(figures: &Figures) -> (Vec<String>, Vec<Vec<String>>) {
    let header = [
        "quality",
        "size",
        "metadata",
        "ratio",
        "bits/sample",
        "psnr_db",
        "max_error",
        "ssim",
        "sam_deg",
        "encode MB/s",
        "decode MB/s",
    ];
    let rows = figures.runs.iter().map(|run| {
        vec![
            run.quality.to_string(),
            output::bytes(run.stored.data_bytes),
            output::bytes(run.stored.metadata_bytes),
            format!("{:.1}", run.stored.ratio),
            format!("{:.4}", run.stored.bits_per_sample),
            output::optional(run.psnr_db, 2),
            output::figure(run.max_error),
            output::optional(run.ssim, 4),
            output::optional(run.sam_deg, 3),
            format!("{:.0}", run.encode_mb_s),
            format!("{:.0}", run.decode_mb_s),
        ]
    });
    (header.map(str::to_owned).to_vec(), rows.collect())
}

fn page(
    original: &dyn Raster,
    figures: &Figures,
    picked: &Picked,
    before: &Planes,
    decoded: &[Planes],
    stretch: &picture::Stretch,
) -> Result<String> {
    let info = original.info();
    let full_scale = error_scale(before, decoded);
    let mut pairs = Vec::new();
    for (run, planes) in figures.runs.iter().zip(decoded) {
        let caption = format!(
            "Decoded at quality {}: {} dB, ratio {:.1}",
            run.quality,
            output::optional(run.psnr_db, 2),
            run.stored.ratio
        );
        let source = picture::data_uri(&picture::colour(planes, stretch)?);
        let errors = picture::data_uri(&picture::errors(before, planes, full_scale)?);
        pairs.push((
            Figure { source, caption },
            Figure {
                source: errors,
                caption: format!("Largest error of the bands shown; white is {full_scale} or more"),
            },
        ));
    }
    let extents = info.shape.iter().map(u64::to_string).collect::<Vec<_>>().join(" × ");
    let axes = Vec::<String>::from(info.axes.clone()).join(", ");
    let peak = figures.runs.first().map_or(0.0, |run| run.peak);
    let mut notes = vec![
        format!(
            "Pictures show {}{}, each band stretched from its 1st to its 99th percentile in the original, with a gamma of \
             0.8.",
            picked.names,
            looped(info)
        ),
        format!(
            "PSNR is stated against a peak of {peak}; errors are in data units; bits per sample leave the metadata out, \
             which hold the decoder."
        ),
    ];
    let attributes = info.metadata.attributes();
    notes.extend(
        ["attribution", "license", "licence"].iter().filter_map(|key| {
            attributes.get(*key).and_then(Value::as_str).map(|text| format!("{key}: {text}"))
        }),
    );
    let (header, rows) = table(figures);
    Ok(render(&Report {
        title: "vqz: a learned codec for rasters".to_owned(),
        summary: format!(
            "{}, {extents} ({axes}) {}, {} raw, encoded into Zarr v3 and read back through zarrs.",
            Path::new(&figures.sample).file_name().unwrap_or_default().to_string_lossy(),
            info.data_type.name(),
            output::bytes(figures.raw_bytes)
        ),
        header,
        rows,
        original: Figure {
            source: picture::data_uri(&picture::colour(before, stretch)?),
            caption: format!("Original ({})", picked.names),
        },
        pairs,
        notes,
    }))
}

/// Says which of several images is shown.
fn looped(info: &Info) -> String {
    let several = info
        .axes
        .roles()
        .iter()
        .zip(&info.shape)
        .filter(|(role, extent)| matches!(role, Role::Time | Role::Other(_)) && **extent > 1);
    several.map(|(role, extent)| format!(", the first of {extent} along {role}")).collect()
}

/// Two significant digits above nearly all errors of the first, and coarsest, picture; one scale for all.
fn error_scale(before: &Planes, decoded: &[Planes]) -> f64 {
    let Some(first) = decoded.first() else {
        return 1.0;
    };
    let largest = |i: usize| (0..3).map(|c| (before.rgb[c][i] - first.rgb[c][i]).abs()).fold(0.0, f64::max);
    let mut errors: Vec<f64> = (0..before.width * before.height).map(largest).collect();
    errors.sort_by(f64::total_cmp);
    let high = errors.get(errors.len().saturating_sub(1) * 995 / 1000).copied().unwrap_or(1.0);
    if high <= 0.0 {
        return 1.0;
    }
    let unit = 10f64.powf(high.log10().floor() - 1.0);
    (high / unit).ceil() * unit
}
