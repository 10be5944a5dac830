//! Turns the arguments of `vqz export` into calls, and prints what was written.

use super::arguments::{Args, Compression, Resampling};
use crate::progress::Terminal;
use crate::{arguments, output};
use anyhow::{Result, bail};
use vqz_archive::{
    Area, DateSelection, ExportOptions, ExportSummary, OverviewOptions, PixelDomain, export, export_overview,
    export_pixels,
};

pub(crate) fn run(args: &Args) -> Result<()> {
    let progress = Terminal::default();
    let summary = match &args.output {
        None => export_overview(&args.archive, &overview_options(args), &progress)?,
        Some(output) if !args.pixels.is_empty() => {
            export_pixels(&args.archive, output, &domain(args)?, &options(args)?, &progress)?
        }
        Some(output) => export(&args.archive, output, &options(args)?, &progress)?,
    };
    if args.json { output::json(&summary) } else { print(&summary) }
}

fn options(args: &Args) -> Result<ExportOptions> {
    Ok(ExportOptions::new()
        .area(area(args)?)
        .dates(args.dates.as_deref().map(DateSelection::from))
        .bands(args.bands.clone())
        .resolution(args.resolution)
        .resampling(args.resampling.map(resampling))
        .compression(args.compression.map(compression))
        .existing(arguments::existing(args.overwrite))
        .engine(args.engine))
}

fn overview_options(args: &Args) -> OverviewOptions {
    OverviewOptions::new()
        .levels(args.levels.clone())
        .resampling(args.resampling.map(resampling))
        .compression(args.compression.map(compression))
        .existing(arguments::existing(args.overwrite))
        .engine(args.engine)
}

fn area(args: &Args) -> Result<Option<Area>> {
    match (&args.window[..], &args.bounds[..]) {
        ([], []) => Ok(None),
        ([x0, y0, x1, y1], []) => Ok(Some(Area::Window { x: *x0..*x1, y: *y0..*y1 })),
        ([], [x0, y0, x1, y1]) => Ok(Some(Area::Bounds([*x0, *y0, *x1, *y1]))),
        _ => bail!("--window and --bounds take four numbers: x0,y0,x1,y1"),
    }
}

fn domain(args: &Args) -> Result<PixelDomain> {
    match &args.pixels[..] {
        [mask] => Ok(PixelDomain::Mask(mask.clone())),
        [rows, columns] => Ok(PixelDomain::Indices { rows: rows.clone(), columns: columns.clone() }),
        paths => bail!("--pixels names {} files; give a mask, or rows and columns", paths.len()),
    }
}

fn resampling(asked: Resampling) -> vqz_archive::Resampling {
    match asked {
        Resampling::Nearest => vqz_archive::Resampling::Nearest,
        Resampling::Average => vqz_archive::Resampling::Average,
    }
}

fn compression(asked: Compression) -> vqz_archive::Compression {
    match asked {
        Compression::Deflate => vqz_archive::Compression::Deflate,
        Compression::Zstd => vqz_archive::Compression::Zstd,
        Compression::Lzw => vqz_archive::Compression::Lzw,
        Compression::None => vqz_archive::Compression::None,
    }
}

fn print(summary: &ExportSummary) -> Result<()> {
    for path in &summary.outputs {
        output::line(path)?;
    }
    output::line(format!(
        "{} -> {} of {} in {:.2} s, {:.1} MB/s",
        output::bytes(summary.raw_bytes),
        output::bytes(summary.stored_bytes),
        summary.format,
        summary.seconds,
        summary.mb_s
    ))
}
