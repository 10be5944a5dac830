//! The tables of the report.

use super::figures::Figures;
use crate::output;
use vqz_archive::RasterInfo;
use vqz_report::{Group, Row, RowKind, Table};

/// Sizes, errors and speeds of each quality, and the size of the sample as it is stored.
pub(super) fn sizes(info: &RasterInfo, figures: &Figures) -> Table {
    let (raw, samples) = (figures.raw_bytes, info.samples());
    let lies = vqz_archive::StoredSize::new(info.stored, raw, samples);
    let mut baseline = vec![
        output::bytes(lies.total_bytes),
        output::bytes(lies.metadata_bytes),
        format!("{:.1}", lies.ratio),
        format!("{:.3}", lies.bits_per_sample),
        "exact".to_owned(),
    ];
    baseline.resize(11, String::new());
    let rmse = output::errors(&figures.runs.iter().map(|run| run.rmse).collect::<Vec<_>>());
    let mut rows: Vec<Row> = figures
        .runs
        .iter()
        .zip(rmse)
        .map(|(run, rmse)| {
            let cells = vec![
                output::bytes(run.stored.total_bytes),
                output::bytes(run.stored.metadata_bytes),
                format!("{:.1}", run.stored.ratio),
                format!("{:.3}", run.stored.bits_per_sample),
                output::psnr(run.psnr_db, run.valid_samples, 2),
                rmse,
                output::figure(run.max_error),
                output::optional(run.ssim, 4),
                run.sam_deg.map_or_else(|| "-".to_owned(), |angle| format!("{angle:.2}°")),
                format!("{:.0}", run.encode_mb_s),
                format!("{:.0}", run.decode_mb_s),
            ];
            Row::new(run.quality.to_string(), cells)
        })
        .collect();
    let name = format!("as it is stored ({})", info.metadata.codec_names().join(", "));
    rows.push(Row::new(name, baseline).with_kind(RowKind::Baseline));
    Table {
        wide: true,
        first: "quality".to_owned(),
        groups: vec![
            Group::new("Size", ["stored", "of it metadata", "ratio", "bits a sample"]),
            Group::new("Error", ["PSNR, dB", "RMSE", "largest", "SSIM", "SAM"]),
            Group::new("Speed", ["encode, MB/s", "decode, MB/s"]),
        ],
        rows,
    }
}

/// PSNR and RMSE of each band at each quality.
pub(super) fn bands(figures: &Figures) -> Table {
    let groups =
        figures.runs.iter().map(|run| Group::new(&format!("Quality {}", run.quality), ["PSNR, dB", "RMSE"]));
    let count = figures.runs.first().map_or(0, |run| run.bands.len());
    let columns: Vec<Vec<String>> = figures
        .runs
        .iter()
        .map(|run| {
            output::errors(&run.bands.iter().map(|band| band.rmse).chain([run.rmse]).collect::<Vec<_>>())
        })
        .collect();
    let cells = |row: usize| {
        figures.runs.iter().zip(&columns).flat_map(move |(run, rmse)| {
            let psnr = match run.bands.get(row) {
                Some(band) => output::psnr(band.psnr_db, band.valid_samples, 1),
                None => output::psnr(run.psnr_db, run.valid_samples, 1),
            };
            [psnr, rmse.get(row).cloned().unwrap_or_default()]
        })
    };
    let rows = (0..=count).map(|row| match figures.runs.first().and_then(|run| run.bands.get(row)) {
        Some(band) => Row::new(&band.band, cells(row).collect()),
        None => Row::new("all", cells(row).collect()).with_kind(RowKind::Sum),
    });
    Table { wide: false, first: "band".to_owned(), groups: groups.collect(), rows: rows.collect() }
}
