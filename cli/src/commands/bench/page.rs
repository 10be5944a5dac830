//! The benchmark's page: curves, a table at equal PSNR, speeds and how every codec was set.

use super::Figures;
use super::curve::At;
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
