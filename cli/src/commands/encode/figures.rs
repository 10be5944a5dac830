//! What an encode did, from the files that it wrote and the headers in them.

use super::Args;
use crate::commands::hierarchy::{Done, Planned, Step};
use crate::output;
use crate::raster::archive::{Archive, Totals};
use crate::raster::{Info, files, tree};
use anyhow::{Result, bail};
use serde::Serialize;
use std::path::Path;
use vqz_codec::model::Model;

/// The figures of one encoded array.
#[derive(Debug, Serialize)]
struct ArrayFigures {
    path: String,
    samples: u64,
    valid_samples: u64,
    input_bytes: u64,
    output_bytes: u64,
    metadata_bytes: u64,
    bits_per_sample: f64,
    ratio: f64,
    psnr_db: Option<f64>,
    peak: f64,
    max_error: f64,
    chunks: u64,
    fill_only_chunks: u64,
}

/// The figures of all of them.
#[derive(Debug, Serialize)]
pub(in crate::commands) struct Figures {
    output: String,
    model: String,
    quality: f64,
    arrays: Vec<ArrayFigures>,
    input_bytes: u64,
    output_bytes: u64,
    metadata_bytes: u64,
    bits_per_sample: f64,
    ratio: f64,
    peak: f64,
    psnr_db: Option<f64>,
    max_error: f64,
    seconds: f64,
    /// Of raw samples, in 10⁶ bytes a second.
    pub(in crate::commands) mb_s: f64,
    chunks_kept: u64,
}

impl Figures {
    /// Measures what was written.
    pub(super) fn measure(args: &Args, planned: &[Planned], model: &Model, done: &Done) -> Result<Self> {
        let peak = model.manifest().peak;
        let mut arrays = Vec::new();
        let mut all = Totals::default();
        for node in planned {
            if let Step::Convert(raster, _) = &node.step {
                let output = &args.output;
                let folder = if node.path.is_empty() { output.clone() } else { output.join(&node.path) };
                let (array, totals) = array_figures(&folder, &node.path, raster.info(), peak)?;
                arrays.push(array);
                all.merge(&totals);
            }
        }
        let sum = |field: fn(&ArrayFigures) -> u64| arrays.iter().map(field).sum::<u64>();
        let (input_bytes, output_bytes) = (sum(|a| a.input_bytes), sum(|a| a.output_bytes));
        Ok(Self {
            output: args.output.display().to_string(),
            model: model.manifest().name.clone(),
            quality: args.quality,
            input_bytes,
            output_bytes,
            metadata_bytes: sum(|a| a.metadata_bytes),
            bits_per_sample: output_bytes as f64 * 8.0 / sum(|a| a.samples) as f64,
            ratio: input_bytes as f64 / (output_bytes as f64).max(1.0),
            peak,
            psnr_db: all.psnr_db(peak),
            max_error: all.max_error,
            seconds: done.seconds,
            mb_s: done.bytes as f64 / 1e6 / done.seconds.max(1e-9),
            chunks_kept: done.kept,
            arrays,
        })
    }

    /// Prints a table and a line.
    pub(super) fn print(&self) -> Result<()> {
        let rows: Vec<Vec<String>> = self
            .arrays
            .iter()
            .map(|a| {
                vec![
                    if a.path.is_empty() { self.output.clone() } else { a.path.clone() },
                    output::bytes(a.input_bytes),
                    output::bytes(a.output_bytes),
                    output::bytes(a.metadata_bytes),
                    format!("{:.4}", a.bits_per_sample),
                    format!("{:.1}", a.ratio),
                    output::optional(a.psnr_db, 2),
                    output::figure(a.max_error),
                ]
            })
            .collect();
        let header = ["array", "raw", "encoded", "metadata", "bits/sample", "ratio", "psnr_db", "max_error"];
        output::line(output::table(&header, &rows))?;
        let kept = if self.chunks_kept > 0 {
            format!(", {} chunks kept from before", self.chunks_kept)
        } else {
            String::new()
        };
        output::line(format!(
            "{} -> {} (and {} of metadata) in {:.2} s, {:.1} MB/s; PSNR against a peak of {}{kept}",
            output::bytes(self.input_bytes),
            output::bytes(self.output_bytes),
            output::bytes(self.metadata_bytes),
            self.seconds,
            self.mb_s,
            output::figure(self.peak),
        ))
    }
}

/// What was written, from the files and the headers in them.
fn array_figures(folder: &Path, path: &str, input: &Info, peak: f64) -> Result<(ArrayFigures, Totals)> {
    let Some(node) = tree::arrays(folder)?.into_iter().next() else {
        bail!("{} is not there any more", folder.display());
    };
    let totals = Archive::open(&node, None)?.totals()?;
    let (metadata_bytes, output_bytes) = files::sizes(folder)?;
    let figures = ArrayFigures {
        path: path.to_owned(),
        samples: input.samples(),
        valid_samples: totals.valid,
        input_bytes: input.raw_bytes(),
        output_bytes,
        metadata_bytes,
        bits_per_sample: output_bytes as f64 * 8.0 / input.samples() as f64,
        ratio: input.raw_bytes() as f64 / (output_bytes as f64).max(1.0),
        psnr_db: totals.psnr_db(peak),
        peak,
        max_error: totals.max_error,
        chunks: totals.chunks,
        fill_only_chunks: totals.absent,
    };
    Ok((figures, totals))
}
