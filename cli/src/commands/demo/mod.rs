//! `vqz demo`: encodes the sample that ships with vqz, decodes it again, and writes a report about it.

mod figures;
mod page;
mod runs;
mod tables;
mod views;

use crate::{arguments, output};
use anyhow::{Context, Result, bail};
use figures::Figures;
use runs::Paths;
use std::path::{Path, PathBuf};
use views::View;
use vqz_archive::store::files;
use vqz_archive::{OpenOptions, open};
use vqz_zarr::models;

/// The greatest number of dates that the report shows.
const DATES: u64 = 4;

#[derive(Debug, clap::Args)]
#[command(after_help = "Example:
  vqz demo --out target/demo --quality 40,45,50")]
pub(crate) struct Args {
    /// The folder for the archives and report.html.
    #[arg(long, default_value = "target/demo", value_name = "FOLDER")]
    out: PathBuf,
    /// The raster to encode [default: the sample that ships with vqz].
    #[arg(long, value_name = "PATH")]
    sample: Option<PathBuf>,
    /// The model to encode with [default: the one that ships with vqz].
    #[arg(long, value_name = "FILE.vqm")]
    model: Option<PathBuf>,
    /// The qualities to encode at, in dB.
    #[arg(long, value_delimiter = ',', default_values_t = [40.0, 45.0, 50.0], value_parser = arguments::quality,
        allow_negative_numbers = true, value_name = "DB,…")]
    quality: Vec<f64>,
    /// Print the figures as one JSON object. `vqz schema` prints its schema.
    #[arg(long)]
    json: bool,
}

pub(crate) fn run(args: &Args) -> Result<()> {
    let sample = shipped(args.sample.as_deref(), "sample/sentinel2-l2a.zarr", "--sample")?;
    let model_path = shipped(args.model.as_deref(), "models/sentinel2-l2a.vqm", "--model")?;
    std::fs::create_dir_all(&args.out).with_context(|| format!("making {}", args.out.display()))?;
    let original = open(&sample, &OpenOptions::default())?;
    let model =
        models::open(&model_path).with_context(|| format!("opening model {}", model_path.display()))?;
    let view = View::new(original.info());
    let dates: Vec<u64> = (0..view.dates.min(DATES)).collect();
    let before =
        dates.iter().map(|date| view.planes(original.as_ref(), *date)).collect::<Result<Vec<_>>>()?;

    let paths = Paths { sample: &sample, model: &model_path, out: &args.out };
    let mut qualities = args.quality.clone();
    qualities.sort_by(|a, b| b.total_cmp(a));
    qualities.dedup();
    let mut runs = Vec::new();
    for quality in qualities {
        runs.push(runs::run(&paths, original.as_ref(), quality, &view, &dates)?);
    }
    let curve = runs::curve(&paths, &model, &runs)?;
    let report = args.out.join("report.html");
    let stored = original.info().stored;
    let figures = Figures {
        sample: sample.display().to_string(),
        model: model_path.display().to_string(),
        model_sha256: model.sha256().to_owned(),
        report: report.display().to_string(),
        raw_bytes: original.info().raw_bytes(),
        sample_bytes: stored.0 + stored.1,
        sample_bits: stored.1 as f64 * 8.0 / (original.info().samples() as f64).max(1.0),
        threads: rayon::current_num_threads(),
        runs,
    };
    let shown = page::Shown { original: original.as_ref(), model: &model, view: &view, before: &before };
    files::write_atomically(&report, page::page(&shown, &figures, curve)?.html().as_bytes())?;
    if args.json { output::json(&figures) } else { print(&figures) }
}

/// The given path, or else the file that ships with vqz: in the current folder, or in the folder where vqz was built.
fn shipped(given: Option<&Path>, relative: &str, option: &str) -> Result<PathBuf> {
    if let Some(path) = given {
        return Ok(path.to_path_buf());
    }
    let built = Path::new(env!("CARGO_MANIFEST_DIR")).parent().map(|root| root.join(relative));
    let candidates = [Some(PathBuf::from(relative)), built];
    match candidates.into_iter().flatten().find(|path| path.exists()) {
        Some(path) => Ok(path),
        None => bail!("{relative} is not here; run vqz demo in the repository, or give {option}"),
    }
}

fn print(figures: &Figures) -> Result<()> {
    output::line(format!(
        "{}: {} raw, {} as it is stored; model {}",
        figures.sample,
        output::bytes(figures.raw_bytes),
        output::bytes(figures.sample_bytes),
        figures.model
    ))?;
    let header = [
        "quality",
        "chunks",
        "metadata",
        "ratio",
        "chunks only",
        "bits/sample",
        "PSNR dB",
        "RMSE",
        "max error",
        "SSIM",
        "SAM °",
        "encode MB/s",
        "decode MB/s",
    ];
    let rows: Vec<Vec<String>> = figures
        .runs
        .iter()
        .map(|run| {
            vec![
                run.quality.to_string(),
                output::bytes(run.stored.data_bytes),
                output::bytes(run.stored.metadata_bytes),
                format!("{:.1}", run.stored.ratio),
                format!("{:.1}", run.stored.data_ratio),
                format!("{:.4}", run.stored.bits_per_sample),
                output::psnr(run.psnr_db, run.valid_samples, 2),
                output::error(run.rmse),
                output::figure(run.max_error),
                output::optional(run.ssim, 4),
                output::optional(run.sam_deg, 3),
                format!("{:.0}", run.encode_mb_s),
                format!("{:.0}", run.decode_mb_s),
            ]
        })
        .collect();
    output::line(output::table(&header, &rows))?;
    output::line(
        "ratio: raw bytes over all that is stored; the metadata, which hold the model, do not grow with the array",
    )?;
    output::line(format!("report: {}", figures.report))
}
