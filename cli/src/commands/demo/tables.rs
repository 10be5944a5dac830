//! The tables of the report.

use super::figures::Figures;
use crate::output;
use crate::report::table::{Group, Kind, Row, Table};
use vqz_archive::raster::source::RasterInfo;

/// Sizes, errors and speeds of each quality, and the sample as it lies.
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
        .map(|(run, rmse)| Row {
            name: run.quality.to_string(),
            cells: vec![
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
            ],
            kind: Kind::Usual,
        })
        .collect();
    let name = format!("as it lies ({})", info.metadata.codec_names().join(", "));
    rows.push(Row { name, cells: baseline, kind: Kind::Baseline });
    let group = |name: &str, columns: &[&str]| Group {
        name: name.to_owned(),
        columns: columns.iter().map(|c| (*c).to_owned()).collect(),
    };
    Table {
        wide: true,
        first: "quality".to_owned(),
        groups: vec![
            group("Size", &["stored", "of it metadata", "ratio", "bits a sample"]),
            group("Error", &["PSNR, dB", "RMSE", "largest", "SSIM", "SAM"]),
            group("Speed", &["encode, MB/s", "decode, MB/s"]),
        ],
        rows,
    }
}

/// PSNR and RMSE of each band at each quality.
pub(super) fn bands(figures: &Figures) -> Table {
    let groups = figures.runs.iter().map(|run| Group {
        name: format!("Quality {}", run.quality),
        columns: vec!["PSNR, dB".to_owned(), "RMSE".to_owned()],
    });
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
    let rows = (0..=count).map(|row| {
        let band = figures.runs.first().and_then(|run| run.bands.get(row));
        Row {
            name: band.map_or_else(|| "all".to_owned(), |band| band.band.clone()),
            cells: cells(row).collect(),
            kind: if band.is_some() { Kind::Usual } else { Kind::Sum },
        }
    });
    Table { wide: false, first: "band".to_owned(), groups: groups.collect(), rows: rows.collect() }
}
