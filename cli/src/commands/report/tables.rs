//! The tables of a report.

use super::Examined;
use super::survey::Count;
use crate::output;
use crate::report::escape;
use crate::report::palette::{Class, of_class};
use crate::report::table::{Group, Kind, Row, Table};
use std::collections::BTreeMap;
use std::fmt::Write;
use vqz_archive::BandComparison;

fn group(name: &str, columns: &[&str]) -> Group {
    Group { name: name.to_owned(), columns: columns.iter().map(|c| (*c).to_owned()).collect() }
}

/// Errors band by band, and of all. None without a source.
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
        cells.push(output::psnr(band.psnr_db, band.valid_samples, 2));
        cells.push(output::optional(band.ssim, 4));
        if ring {
            cells.push(output::optional(band.ring_psnr_db, 2));
        }
        cells.push(rmse[i].clone());
        cells.push(output::figure(band.max_error));
        if let Some(bounds) = &bounds {
            cells.push(bounds.get(i).map_or_else(String::new, |bound| format!("±{bound}")));
        }
        cells.push(bias.get(i).copied().flatten().filter(|_| own.is_some()).map_or_else(String::new, signed));
        cells.push(thousands(band.valid_samples));
        Row {
            name: own.map_or_else(|| "all".to_owned(), |known| known.label()),
            cells,
            kind: if own.is_some() { Kind::Usual } else { Kind::Sum },
        }
    });
    let mut groups = Vec::new();
    if waves {
        groups.push(group("", &["wavelength"]));
    }
    let likeness: &[&str] = if ring { &["PSNR, dB", "SSIM", "ring PSNR, dB"] } else { &["PSNR, dB", "SSIM"] };
    groups.push(group("Likeness", likeness));
    let unit =
        examined.unit().map_or_else(|| "Error, in data units".to_owned(), |unit| format!("Error, {unit}"));
    let errors: &[&str] = if bounds.is_some() {
        &["RMSE", "largest", "promised", "bias"]
    } else {
        &["RMSE", "largest", "bias"]
    };
    groups.push(group(&unit, errors));
    groups.push(group("Count", &["valid samples"]));
    Some(Table { wide: true, first: "band".to_owned(), groups, rows: rows.collect() })
}

/// A bias: where it is nothing, without a sign.
fn signed(value: f64) -> String {
    if value.abs() < 5e-7 {
        "0".to_owned()
    } else if value < 0.0 {
        format!("−{:.3}", -value)
    } else {
        format!("+{value:.3}")
    }
}

/// What is measured across bands: none where there is none of it.
pub(super) fn across(examined: &Examined) -> Option<Table> {
    let measured = examined.measured.as_ref()?;
    let mut rows = Vec::new();
    let mut row = |name: &str, cells: [String; 3]| {
        rows.push(Row { name: name.to_owned(), cells: cells.to_vec(), kind: Kind::Usual });
    };
    if let Some(angle) = measured.sam_deg {
        row("SAM, the spectral angle", [format!("{angle:.3}°"), String::new(), String::new()]);
    }
    let vegetation = examined.survey.vegetation.as_ref();
    if let Some(v) = vegetation.filter(|v| v.errors.count > 0) {
        let name = "NDVI error";
        let high = v
            .histogram
            .quantile(0.995)
            .unwrap_or(0.0)
            .abs()
            .max(v.histogram.quantile(0.005).unwrap_or(0.0).abs());
        row(
            name,
            [
                format!("{:.5}", v.errors.rmse().unwrap_or(0.0)),
                format!("{high:.4}"),
                format!("{:.4}", v.errors.max),
            ],
        );
    }
    if rows.is_empty() {
        return None;
    }
    let groups = vec![group("", &["mean, or RMSE", "99 % are below", "largest"])];
    Some(Table { wide: false, first: "across bands".to_owned(), groups, rows })
}

/// What the archive takes, part by part.
pub(super) fn parts(examined: &Examined) -> Table {
    let (rate, stored) = (&examined.rate, &examined.stored);
    let total = (stored.total_bytes as f64).max(1.0);
    let samples = (examined.info.samples() as f64).max(1.0);
    let row = |name: &str, bytes: u64, kind: Kind| Row {
        name: name.to_owned(),
        cells: vec![
            output::bytes(bytes),
            format!("{:.1} %", 100.0 * bytes as f64 / total),
            format!("{:.4}", bytes as f64 * 8.0 / samples),
        ],
        kind,
    };
    let model = examined.embedded_bytes.unwrap_or(0) as u64;
    let shards = stored.data_bytes.saturating_sub(rate.tile_bytes + rate.header_bytes);
    let mut rows = vec![
        row("tiles", rate.tile_bytes, Kind::Usual),
        row("headers of chunks", rate.header_bytes, Kind::Usual),
    ];
    if shards > 0 {
        rows.push(row("indexes of shards", shards, Kind::Usual));
    }
    if model > 0 {
        rows.push(row("model in the metadata", model, Kind::Usual));
    }
    rows.push(row("other metadata", stored.metadata_bytes.saturating_sub(model), Kind::Usual));
    rows.push(row("all", stored.total_bytes, Kind::Sum));
    let groups = vec![group("", &["stored", "part", "bits a sample"])];
    Table { wide: false, first: "what".to_owned(), groups, rows }
}

/// Classes, most frequent first, as HTML: with their colours, which plain cells can't hold.
pub(super) fn classes(found: &BTreeMap<i64, Count>, named: &BTreeMap<i64, Class>, compared: bool) -> String {
    let places: BTreeMap<i64, usize> = found.keys().enumerate().map(|(i, value)| (*value, i)).collect();
    let total: u64 = found.values().map(|count| count.decoded).sum();
    let mut list: Vec<(&i64, &Count)> = found.iter().collect();
    list.sort_by_key(|(value, count)| (std::cmp::Reverse(count.decoded.max(count.source)), **value));
    let heads: &[&str] = if compared {
        &["share", "source, pixels", "decoded, pixels", "equal"]
    } else {
        &["share", "pixels"]
    };
    let heads: String = heads.iter().map(|head| format!("<th scope=\"col\">{head}</th>")).collect();
    let mut text = format!(
        "<table class=\"narrow classes\">\n<thead><tr class=\"heads\"><th scope=\"col\">class</th>{heads}</tr></thead>\n<tbody>\n"
    );
    for (value, count) in list {
        let class = named.get(value);
        let [r, g, b] = of_class(class, places.get(value).copied().unwrap_or(0));
        let name = class
            .and_then(|class| class.name.clone())
            .map_or_else(String::new, |name| format!(" {}", escape(&name)));
        // Writing to a string does not fail.
        let _ = write!(
            text,
            "<tr><th scope=\"row\"><span class=\"swatch\" style=\"background:rgb({r} {g} {b})\"></span>{value}{name}</th>\
             <td>{:.2} %</td>",
            100.0 * count.decoded as f64 / (total as f64).max(1.0)
        );
        if compared {
            let equal = if count.source == count.decoded && count.same == count.source {
                "all".to_owned()
            } else {
                format!("{:.3} %", 100.0 * count.same as f64 / (count.source as f64).max(1.0))
            };
            let _ = writeln!(
                text,
                "<td>{}</td><td>{}</td><td>{equal}</td></tr>",
                thousands(count.source),
                thousands(count.decoded)
            );
        } else {
            let _ = writeln!(text, "<td>{}</td></tr>", thousands(count.decoded));
        }
    }
    text + "</tbody>\n</table>\n"
}

/// A whole number with narrow spaces between its thousands.
pub(super) fn thousands(n: u64) -> String {
    let digits = n.to_string();
    let mut text = String::new();
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            text.push('\u{202f}');
        }
        text.push(digit);
    }
    text
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
        let text = classes(&found, &named, true);
        let forest = text.find("41 forest").unwrap();
        assert!(forest < text.find("</span>11</th>").unwrap(), "{text}");
        assert!(
            text.contains("rgb(1 2 3)")
                && text.contains("<td>99.967 %</td>")
                && text.contains("<td>all</td>")
        );
        assert_eq!([5, 1234, 1_000_000].map(thousands), ["5", "1\u{202f}234", "1\u{202f}000\u{202f}000"]);
        assert_eq!([0.0, -0.25, 1.5].map(signed), ["0", "−0.250", "+1.500"]);
    }
}
