//! What an encode did, from the files that it wrote and the headers in them.

use super::Args;
use crate::commands::hierarchy::{self, Done, Planned, Step};
use crate::output::{self, Stored};
use crate::raster::archive::Totals;
use crate::raster::{Info, files};
use anyhow::Result;
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
    #[serde(flatten)]
    stored: Stored,
    psnr_db: Option<f64>,
    peak: f64,
    rmse: Option<f64>,
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
    #[serde(flatten)]
    pub(in crate::commands) stored: Stored,
    peak: f64,
    pub(in crate::commands) psnr_db: Option<f64>,
    rmse: Option<f64>,
    max_error: f64,
    seconds: f64,
    /// Of raw samples, in 10⁶ bytes a second.
    pub(in crate::commands) mb_s: f64,
    chunks_kept: u64,
}

impl Figures {
    /// Measures what was written.
    pub(super) fn measure(
        args: &Args,
        planned: &[Planned],
        totals: &[(String, Totals)],
        model: &Model,
        done: &Done,
    ) -> Result<Self> {
        let peak = model.manifest().peak;
        let mut arrays = Vec::new();
        let mut all = Totals::default();
        for node in planned {
            let Step::Convert(raster, _) = &node.step else { continue };
            let Some((_, found)) = totals.iter().find(|(path, _)| *path == node.path) else { continue };
            let folder = hierarchy::place(&args.output, &node.path);
            arrays.push(array_figures(&folder, &node.path, raster.info(), found, peak)?);
            all.merge(found);
        }
        let sum = |field: fn(&ArrayFigures) -> u64| arrays.iter().map(field).sum::<u64>();
        let (input_bytes, samples) = (sum(|a| a.input_bytes), sum(|a| a.samples));
        let sizes = (sum(|a| a.stored.metadata_bytes), sum(|a| a.stored.data_bytes));
        Ok(Self {
            output: args.output.display().to_string(),
            model: model.manifest().name.clone(),
            quality: args.quality,
            input_bytes,
            stored: Stored::new(sizes, input_bytes, samples),
            peak,
            psnr_db: all.psnr_db(peak),
            rmse: all.rmse(),
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
                    output::bytes(a.stored.data_bytes),
                    output::bytes(a.stored.metadata_bytes),
                    format!("{:.1}", a.stored.ratio),
                    format!("{:.4}", a.stored.bits_per_sample),
                    output::psnr(a.psnr_db, a.valid_samples, 2),
                    output::error(a.rmse),
                    output::figure(a.max_error),
                ]
            })
            .collect();
        let header =
            ["array", "raw", "chunks", "metadata", "ratio", "bits/sample", "PSNR dB", "RMSE", "max error"];
        output::line(output::table(&header, &rows))?;
        let kept = if self.chunks_kept > 0 {
            format!(", {} kept from before", output::count(self.chunks_kept, "chunk"))
        } else {
            String::new()
        };
        output::line(format!(
            "{} -> {}; {:.2} s, {:.1} MB/s; PSNR against a peak of {}{kept}",
            output::bytes(self.input_bytes),
            self.stored.words(),
            self.seconds,
            self.mb_s,
            output::figure(self.peak),
        ))
    }
}

/// What was written, from the files and the headers in them.
fn array_figures(
    folder: &Path,
    path: &str,
    input: &Info,
    totals: &Totals,
    peak: f64,
) -> Result<ArrayFigures> {
    Ok(ArrayFigures {
        path: path.to_owned(),
        samples: input.samples(),
        valid_samples: totals.valid,
        input_bytes: input.raw_bytes(),
        stored: Stored::new(files::sizes(folder)?, input.raw_bytes(), input.samples()),
        psnr_db: totals.psnr_db(peak),
        peak,
        rmse: totals.rmse(),
        max_error: totals.max_error,
        chunks: totals.chunks,
        fill_only_chunks: totals.absent,
    })
}
