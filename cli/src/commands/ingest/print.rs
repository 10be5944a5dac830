//! Prints for people what an ingest would write, and what it wrote.

use crate::output;
use anyhow::Result;
use vqz_archive::{IngestEstimate, IngestSummary};

/// Prints a table, and the oddities of the files.
///
/// # Errors
/// When standard output is closed.
pub(super) fn print_estimate(estimate: &IngestEstimate) -> Result<()> {
    let rows: Vec<Vec<String>> = estimate
        .arrays
        .iter()
        .map(|array| {
            let extents = |list: &[u64]| list.iter().map(u64::to_string).collect::<Vec<_>>().join(" × ");
            let dates = match (&array.first_date, &array.last_date) {
                (Some(first), Some(last)) => format!("{}: {first} to {last}", array.dates),
                _ => "-".to_owned(),
            };
            vec![
                array.path.clone(),
                array.data_type.to_owned(),
                array.nodata.clone().unwrap_or_else(|| "-".to_owned()),
                format!("{} ({})", extents(&array.shape), array.dimensions.join(", ")),
                extents(&array.chunk),
                dates,
                output::bytes(array.raw_bytes),
            ]
        })
        .collect();
    let header = ["array", "type", "nodata", "shape", "chunk", "dates", "raw"];
    output::line(output::table(&header, &rows))?;
    for array in &estimate.arrays {
        output::line(format!("{}: {}; bands {}", array.path, array.grid, array.bands.join(", ")))?;
    }
    for remark in &estimate.remarks {
        output::line(remark)?;
    }
    output::line(format!(
        "{} from {}, about {} to read, {} of memory for chunks; nothing was written",
        output::bytes(estimate.raw_bytes),
        output::count(estimate.files as u64, "file"),
        duration(estimate.estimated_seconds),
        output::bytes(estimate.working_bytes)
    ))
}

fn duration(seconds: f64) -> String {
    match seconds {
        s if s < 1.0 => "a second".to_owned(),
        s if s < 90.0 => format!("{s:.0} s"),
        s if s < 5400.0 => format!("{:.0} min", s / 60.0),
        s => format!("{:.1} h", s / 3600.0),
    }
}

/// Prints a line for each array and the table of classes.
///
/// # Errors
/// When standard output is closed.
pub(super) fn print(summary: &IngestSummary) -> Result<()> {
    for array in &summary.arrays {
        output::line(format!(
            "{}: {} {}, {}",
            array.path,
            array.shape.iter().map(u64::to_string).collect::<Vec<_>>().join(" × "),
            array.data_type,
            array.grid
        ))?;
    }
    if !summary.classes.is_empty() {
        let rows: Vec<Vec<String>> = summary
            .classes
            .iter()
            .map(|class| {
                vec![
                    class.array.clone(),
                    class.value.to_string(),
                    class.name.clone().unwrap_or_default(),
                    class.samples.to_string(),
                    format!("{:.2} %", 100.0 * class.fraction),
                ]
            })
            .collect();
        output::line(output::table(&["labels", "class", "name", "samples", "part"], &rows))?;
    }
    output::line(format!(
        "{} from {} -> {} in {:.2} s, {:.1} MB/s",
        output::bytes(summary.raw_bytes),
        output::count(summary.files as u64, "file"),
        output::bytes(summary.stored_bytes),
        summary.seconds,
        summary.mb_s
    ))
}
