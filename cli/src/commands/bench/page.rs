//! The benchmark's page: curves, a table at equal PSNR, speeds and how every codec was set.

use super::curve::At;
use super::downstream::{Downstream, Scores};
use super::figures::Figures;
use crate::output;
use crate::report::curves::{self, Curve};
use crate::report::html::Page;
use crate::report::table::{Group, Kind, Row, Table};

/// Encoding and decoding speed in a cell.
pub(super) fn speeds(at: Option<At>) -> String {
    at.map_or_else(|| "-".to_owned(), |at| format!("{:.0} / {:.0}", at.encode_mb_s, at.decode_mb_s))
}

/// The page as HTML.
pub(super) fn page(figures: &Figures) -> String {
    let summary = format!(
        "{} of {} raw, {} samples, coded in memory by every codec with {}. PSNR is stated against a peak of {}.",
        output::count(figures.rasters as u64, "raster"),
        output::bytes(figures.raw_bytes),
        figures.samples,
        output::count(figures.threads as u64, "thread"),
        output::figure(figures.peak)
    );
    let mut page = Page::new("Rate and distortion", &summary);
    let drawn: Vec<Curve> = figures
        .codecs
        .iter()
        .map(|codec| Curve {
            name: codec.codec.clone(),
            points: codec.points.iter().filter_map(|p| Some((p.bits_per_sample, p.psnr_db?))).collect(),
        })
        .collect();
    page.section("Curves", &curves::curves(&drawn, "PSNR over bits a sample, every codec"));
    page.section("Bits at equal PSNR", &(bits(figures).render() + &page_remarks(figures)));
    page.section("Speed, MB/s of raw samples, encode / decode", &speed(figures).render());
    if let Some(found) = &figures.downstream {
        let content =
            downstream(found).render() + &crate::report::html::paragraphs(&[about_downstream(found)]);
        page.section("Downstream: classes of pixels", &content);
    }
    let codecs = figures.codecs.iter().map(|codec| (codec.codec.clone(), codec.parameters.clone()));
    let inputs = ("Rasters".to_owned(), figures.inputs.join(", "));
    page.definitions("How they are set", &codecs.chain([inputs]).collect::<Vec<_>>());
    page.finish(&format!("vqz {}; `vqz bench` makes this page anew.", env!("CARGO_PKG_VERSION")))
}

fn page_remarks(figures: &Figures) -> String {
    let metadata = figures.codecs.iter().filter_map(|codec| {
        let bytes = output::bytes(codec.metadata_bytes?);
        Some(format!("{} holds {bytes} of metadata with its model, once for each array.", codec.codec))
    });
    let about = "Interpolated between measured points, bits in their logarithm. Bits are of all that is coded, metadata apart.";
    crate::report::html::paragraphs(&std::iter::once(about.to_owned()).chain(metadata).collect::<Vec<_>>())
}

fn names(figures: &Figures) -> Vec<String> {
    figures.codecs.iter().map(|codec| codec.codec.clone()).collect()
}

fn rows(figures: &Figures, cells: impl Fn(usize) -> Vec<String>) -> Vec<Row> {
    let targets = figures.targets.iter().enumerate();
    targets
        .map(|(i, target)| Row { name: output::figure(*target), cells: cells(i), kind: Kind::Usual })
        .collect()
}

fn bits(figures: &Figures) -> Table {
    let (names, pairs) = (names(figures), figures.pairs());
    let mut groups = vec![Group { name: "Bits a sample".to_owned(), columns: names.clone() }];
    if !pairs.is_empty() {
        let columns = pairs.iter().map(|(a, b)| format!("{} / {}", names[*a], names[*b])).collect();
        groups.push(Group { name: "Ratio".to_owned(), columns });
    }
    let cells = |i: usize| {
        let bits =
            figures.codecs.iter().map(|codec| output::optional(codec.at[i].map(|at| at.bits_per_sample), 4));
        bits.chain(pairs.iter().map(|pair| output::optional(figures.ratio(*pair, i), 3))).collect()
    };
    Table { wide: true, first: "dB".to_owned(), groups, rows: rows(figures, cells) }
}

fn speed(figures: &Figures) -> Table {
    let groups = vec![Group { name: "Encode / decode".to_owned(), columns: names(figures) }];
    let cells = |i: usize| figures.codecs.iter().map(|codec| speeds(codec.at[i])).collect();
    Table { wide: true, first: "dB".to_owned(), groups, rows: rows(figures, cells) }
}

/// What the columns of the downstream table hold.
pub(super) const DOWNSTREAM: [&str; 10] = [
    "codec",
    "bits/sample",
    "PSNR dB",
    "accuracy %",
    "macro F1",
    "kappa",
    "retrained %",
    "macro F1",
    "kappa",
    "same class %",
];

/// Its cells, those of the originals first.
pub(super) fn downstream_rows(found: &Downstream) -> Vec<Vec<String>> {
    let scores = |s: &Scores| {
        [format!("{:.2}", 100.0 * s.accuracy), format!("{:.4}", s.macro_f1), format!("{:.4}", s.kappa)]
    };
    let first = |name: &str, bits: String, psnr: String| vec![name.to_owned(), bits, psnr];
    let mut original = first("original", String::new(), String::new());
    original.extend(scores(&found.original));
    original.resize(DOWNSTREAM.len(), String::new());
    let rows = found.rows.iter().map(|row| {
        let mut cells =
            first(&row.codec, format!("{:.4}", row.bits_per_sample), output::psnr(row.psnr_db, 1, 2));
        cells.extend(scores(&row.tested));
        cells.extend(scores(&row.both));
        cells.push(format!("{:.2}", 100.0 * row.same));
        cells
    });
    std::iter::once(original).chain(rows).collect()
}

/// What was classified, and how.
pub(super) fn about_downstream(found: &Downstream) -> String {
    let classes: Vec<String> = found
        .classes
        .iter()
        .zip(&found.pixels)
        .map(|(class, pixels)| format!("{class} ({pixels})"))
        .collect();
    format!(
        "A random forest on {} features a pixel, {} classes by labelled pixels: {}; {} parts of blocks of {:?} pixels, each held \
         out once. Between the parts the accuracy on originals has a standard deviation of {:.2} points. Accuracy: trained on \
         originals, tested on what was decoded; retrained: trained on what was decoded too; same class: pixels whose class does \
         not change. Rivals without a setting within a tenth of the bits of vqz are left out.",
        found.features,
        found.classes.len(),
        classes.join(", "),
        found.folds,
        found.blocks,
        100.0 * found.original_spread
    )
}

fn downstream(found: &Downstream) -> Table {
    let column =
        |range: std::ops::Range<usize>| DOWNSTREAM[range].iter().map(|name| (*name).to_owned()).collect();
    let groups = vec![
        Group { name: "Rate".to_owned(), columns: column(1..3) },
        Group { name: "Trained on originals".to_owned(), columns: column(3..6) },
        Group { name: "Trained on decoded".to_owned(), columns: column(6..9) },
        Group { name: String::new(), columns: column(9..10) },
    ];
    let rows = downstream_rows(found).into_iter().enumerate().map(|(i, mut cells)| {
        let name = cells.remove(0);
        Row { name, cells, kind: if i == 0 { Kind::Baseline } else { Kind::Usual } }
    });
    Table { wide: true, first: "codec".to_owned(), groups, rows: rows.collect() }
}
