//! The tables of a report.

use super::examined::Examined;
use super::palette::{Class, of_class};
use super::survey::Count;
use crate::output;
use std::collections::BTreeMap;
use vqz_archive::BandComparison;
use vqz_archive::words::scientific;
use vqz_report::number::grouped;
use vqz_report::{Group, Row, RowKind, Table};

/// Errors of each band, and of all bands together. None without a source.
pub(super) fn bands(examined: &Examined) -> Option<Table> {
    let measured = examined.measured.as_ref()?;
    let known = &examined.spectrum.bands;
    let waves = known.iter().any(|band| band.wavelength_nm.is_some());
    let bounds =
        examined.promise.bounds(measured.bands.len()).ok().flatten().filter(|b| b.iter().any(|b| *b > 0.0));
    let ring = measured.overall.ring_psnr_db.is_some();
    let list: Vec<&BandComparison> = if measured.bands.len() > 1 {
        measured.bands.iter().chain([&measured.overall]).collect()
    } else {
        measured.bands.iter().collect()
    };
    let rmse = output::errors(&list.iter().map(|band| band.rmse).collect::<Vec<_>>());
    let bias: Vec<Option<f64>> = examined.survey.bands.iter().map(|band| band.bias()).collect();
    let rows = list.iter().enumerate().map(|(i, band)| {
        let own = known.get(i).filter(|_| i < measured.bands.len());
        let mut cells = Vec::new();
        if waves {
            cells
                .push(own.and_then(|k| k.wavelength_nm).map_or_else(String::new, |nm| format!("{nm:.0} nm")));
        }
        cells.push(output::psnr_of(band, 2));
        cells.push(output::optional(band.ssim, 4));
        if ring {
            cells.push(output::optional(band.ring_psnr_db, 2));
        }
        cells.push(rmse[i].clone());
        cells.push(output::figure(band.max_error));
        if let Some(bounds) = &bounds {
            cells.push(bounds.get(i).map_or_else(String::new, |bound| format!("±{}", output::exact(*bound))));
        }
        let bias = bias.get(i).copied().flatten().filter(|_| own.is_some());
        cells.push(bias.map_or_else(String::new, |bias| signed(bias, band.rmse.unwrap_or_default())));
        cells.push(grouped(band.valid_samples));
        match own {
            Some(band) => Row::new(band.label(), cells),
            None => Row::new("all", cells).with_kind(RowKind::Sum),
        }
    });
    let mut groups = Vec::new();
    if waves {
        groups.push(Group::new("", ["wavelength"]));
    }
    let similarity: &[&str] =
        if ring { &["PSNR, dB", "SSIM", "ring PSNR, dB"] } else { &["PSNR, dB", "SSIM"] };
    groups.push(Group::new("Similarity", similarity.iter().copied()));
    let unit =
        examined.unit().map_or_else(|| "Error, in data units".to_owned(), |unit| format!("Error, {unit}"));
    let errors: &[&str] = if bounds.is_some() {
        &["RMSE", "largest", "promised", "bias"]
    } else {
        &["RMSE", "largest", "bias"]
    };
    groups.push(Group::new(&unit, errors.iter().copied()));
    groups.push(Group::new("Count", ["valid samples"]));
    Some(Table { wide: true, first: "band".to_owned(), groups, rows: rows.collect() })
}

/// Formats a bias. A bias of 0 has no sign, nor has one that is no more than what sums of floats leave beside this RMSE.
fn signed(value: f64, rmse: f64) -> String {
    let digits = match value.abs() {
        size if size <= 1e-7 * rmse => return "0".to_owned(),
        size if (5e-4..1e15).contains(&size) => format!("{size:.3}"),
        size => scientific(size, 2),
    };
    format!("{}{digits}", if value < 0.0 { '−' } else { '+' })
}

/// The figures that are measured across bands; none if there are none.
pub(super) fn across(examined: &Examined) -> Option<Table> {
    let measured = examined.measured.as_ref()?;
    let mut rows = Vec::new();
    if let Some(angle) = measured.sam_deg {
        let cells = vec![format!("{angle:.3}°"), String::new(), String::new()];
        rows.push(Row::new("SAM, the spectral angle", cells));
    }
    if let Some(v) = examined.survey.vegetation.as_ref().filter(|v| v.errors.count > 0) {
        let quantile = |part: f64| v.histogram.quantile(part).unwrap_or(0.0).abs();
        let rmse = format!("{:.5}", v.errors.rmse().unwrap_or(0.0));
        let most = format!("{:.4}", quantile(0.995).max(quantile(0.005)));
        rows.push(Row::new("NDVI error", vec![rmse, most, format!("{:.4}", v.errors.max)]));
    }
    let groups = vec![Group::new("", ["mean, or RMSE", "99 % are below", "largest"])];
    let table = Table { wide: false, first: "across bands".to_owned(), groups, rows };
    (!table.rows.is_empty()).then_some(table)
}

/// The size of the archive, part by part.
pub(super) fn parts(examined: &Examined) -> Table {
    let (rate, stored) = (&examined.rate, &examined.stored);
    let total = (stored.total_bytes as f64).max(1.0);
    let samples = (examined.info.samples() as f64).max(1.0);
    let row = |name: &str, bytes: u64| {
        let part = 100.0 * bytes as f64 / total;
        let bits = bytes as f64 * 8.0 / samples;
        Row::new(name, vec![output::bytes(bytes), format!("{part:.1} %"), format!("{bits:.4}")])
    };
    let model = examined.embedded_bytes.unwrap_or(0) as u64;
    let shards = stored.data_bytes.saturating_sub(rate.tile_bytes + rate.header_bytes);
    let mut rows = vec![row("tiles", rate.tile_bytes), row("headers of chunks", rate.header_bytes)];
    if shards > 0 {
        rows.push(row("indexes of shards", shards));
    }
    if model > 0 {
        rows.push(row("model in the metadata", model));
    }
    rows.push(row("other metadata", stored.metadata_bytes.saturating_sub(model)));
    rows.push(row("all", stored.total_bytes).with_kind(RowKind::Sum));
    let groups = vec![Group::new("", ["stored", "part", "bits a sample"])];
    Table { wide: false, first: "what".to_owned(), groups, rows }
}

/// Classes with their colours, the most frequent first.
pub(super) fn classes(found: &BTreeMap<i64, Count>, named: &BTreeMap<i64, Class>, compared: bool) -> Table {
    let positions: BTreeMap<i64, usize> = found.keys().enumerate().map(|(i, value)| (*value, i)).collect();
    let total: u64 = found.values().map(|count| count.decoded).sum();
    let mut list: Vec<(&i64, &Count)> = found.iter().collect();
    list.sort_by_key(|(value, count)| (std::cmp::Reverse(count.decoded.max(count.source)), **value));
    let columns: &[&str] = if compared {
        &["share", "source, pixels", "decoded, pixels", "equal"]
    } else {
        &["share", "pixels"]
    };
    let percent = |part: u64, whole: u64| 100.0 * part as f64 / (whole as f64).max(1.0);
    let row = |(value, count): (&i64, &Count)| {
        let class = named.get(value);
        let name = class.and_then(|class| class.name.as_ref());
        let mut cells = vec![format!("{:.2} %", percent(count.decoded, total))];
        if compared {
            let all = count.source == count.decoded && count.same == count.source;
            cells.push(grouped(count.source));
            cells.push(grouped(count.decoded));
            cells.push(if all {
                "all".to_owned()
            } else {
                format!("{:.3} %", percent(count.same, count.source))
            });
        } else {
            cells.push(grouped(count.decoded));
        }
        Row {
            colour: Some(of_class(class, positions.get(value).copied().unwrap_or(0))),
            ..Row::new(name.map_or_else(|| value.to_string(), |name| format!("{value} {name}")), cells)
        }
    };
    let groups = vec![Group::new("", columns.iter().copied())];
    Table { wide: false, first: "class".to_owned(), groups, rows: list.into_iter().map(row).collect() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn classes_are_listed_by_their_share() {
        let one = |source, decoded, same| Count { source, decoded, same };
        let found = BTreeMap::from([(11, one(10, 10, 10)), (41, one(3000, 2999, 2999))]);
        let named =
            BTreeMap::from([(41, Class { name: Some("forest".to_owned()), colour: Some([1, 2, 3]) })]);
        let table = classes(&found, &named, true);
        let rows: Vec<(&str, &[String])> =
            table.rows.iter().map(|row| (&row.name[..], &row.cells[..])).collect();
        assert_eq!(rows[0].0, "41 forest");
        assert_eq!(rows[0].1, ["99.67 %", "3,000", "2,999", "99.967 %"]);
        assert_eq!((rows[1].0, &rows[1].1[3][..], table.rows[0].colour), ("11", "all", Some([1, 2, 3])));
        let signed = |(bias, rmse)| signed(bias, rmse);
        assert_eq!([(0.0, 0.0), (-0.25, 1.0), (1e-12, 1.5)].map(signed), ["0", "−0.250", "0"]);
        assert_eq!([(1.5, 2.0), (3e-20, 1e-19)].map(signed), ["+1.500", "+3.00e-20"]);
    }
}
