//! The benchmark's page: curves, a table at equal PSNR, speeds, and the settings of every codec.

use super::curve::At;
use super::downstream::{Downstream, Scores};
use super::figures::Figures;
use crate::commands::report::about;
use crate::commands::report::curves::{self, Curve};
use crate::output;
use vqz_report::{Block, Group, Page, Row, RowKind, Table};

/// Encoding and decoding speed in a cell.
pub(super) fn speeds(at: Option<At>) -> String {
    at.map_or_else(|| "-".to_owned(), |at| format!("{:.0} / {:.0}", at.encode_mb_s, at.decode_mb_s))
}

/// The page.
pub(super) fn page(figures: &Figures) -> Page {
    let summary = format!(
        "{} of {} raw, {} samples, coded in memory by every codec with {}. PSNR is stated against a peak of {}.",
        output::count(figures.rasters as u64, "raster"),
        output::bytes(figures.raw_bytes),
        figures.samples,
        output::count(figures.threads as u64, "thread"),
        output::figure(figures.peak)
    );
    let point = |point: &super::curve::Point| Some((point.bits_per_sample, point.psnr_db?));
    let curves =
        figures.codecs.iter().map(|codec| Curve::new(&codec.codec, codec.points.iter().filter_map(point)));
    let last = "`vqz bench` makes this page anew.".to_owned();
    let mut page = about::page("Rate and distortion".to_owned(), summary, last);
    page.section("Curves", [curves::chart(curves.collect(), "PSNR over bits a sample, every codec")]);
    let bits = Block::from(bits(figures));
    page.section("Bits at equal PSNR", std::iter::once(bits).chain(Block::texts(remarks(figures))));
    page.section("Speed, MB/s of raw samples, encode / decode", [speed(figures).into()]);
    if let Some(found) = &figures.downstream {
        let about = Block::Text(about_downstream(found));
        page.section("Downstream: classes of pixels", [downstream(found).into(), about]);
    }
    let codecs = figures.codecs.iter().map(|codec| (codec.codec.clone(), codec.parameters.clone()));
    let inputs = ("Rasters".to_owned(), figures.inputs.join(", "));
    page.section("How they are set", [Block::Terms(codecs.chain([inputs]).collect())]);
    page
}

fn remarks(figures: &Figures) -> Vec<String> {
    let metadata = figures.codecs.iter().filter_map(|codec| {
        let bytes = output::bytes(codec.metadata_bytes?);
        Some(format!("{} holds {bytes} of metadata with its model, once for each array.", codec.codec))
    });
    let about = "Interpolated between measured points, bits in their logarithm. Bits are of all that is coded, metadata apart.";
    std::iter::once(about.to_owned()).chain(metadata).collect()
}

fn names(figures: &Figures) -> Vec<String> {
    figures.codecs.iter().map(|codec| codec.codec.clone()).collect()
}

fn rows(figures: &Figures, cells: impl Fn(usize) -> Vec<String>) -> Vec<Row> {
    let targets = figures.targets.iter().enumerate();
    targets.map(|(i, target)| Row::new(output::figure(*target), cells(i))).collect()
}

fn bits(figures: &Figures) -> Table {
    let (names, pairs) = (names(figures), figures.pairs());
    let mut groups = vec![Group::new("Bits a sample", names.clone())];
    if !pairs.is_empty() {
        let columns = pairs.iter().map(|(a, b)| format!("{} / {}", names[*a], names[*b]));
        groups.push(Group::new("Ratio", columns));
    }
    let cells = |i: usize| {
        let bits =
            figures.codecs.iter().map(|codec| output::optional(codec.at[i].map(|at| at.bits_per_sample), 4));
        bits.chain(pairs.iter().map(|pair| output::optional(figures.ratio(*pair, i), 3))).collect()
    };
    Table { wide: true, first: "dB".to_owned(), groups, rows: rows(figures, cells) }
}

fn speed(figures: &Figures) -> Table {
    let groups = vec![Group::new("Encode / decode", names(figures))];
    let cells = |i: usize| figures.codecs.iter().map(|codec| speeds(codec.at[i])).collect();
    Table { wide: true, first: "dB".to_owned(), groups, rows: rows(figures, cells) }
}

/// The columns of the downstream table.
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

/// The cells of that table, with those of the originals first.
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

/// A sentence on what was classified, and how.
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
    let columns =
        |name: &str, range: std::ops::Range<usize>| Group::new(name, DOWNSTREAM[range].iter().copied());
    let groups = vec![
        columns("Rate", 1..3),
        columns("Trained on originals", 3..6),
        columns("Trained on decoded", 6..9),
        columns("", 9..10),
    ];
    let rows = downstream_rows(found).into_iter().enumerate().map(|(i, mut cells)| {
        let name = cells.remove(0);
        let kind = if i == 0 { RowKind::Baseline } else { RowKind::Usual };
        Row::new(name, cells).with_kind(kind)
    });
    Table { wide: true, first: "codec".to_owned(), groups, rows: rows.collect() }
}
