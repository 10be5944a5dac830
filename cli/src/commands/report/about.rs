//! The parts that pages about archives share: title, samples, credits, and the meaning of terms.

use serde_json::Value;
use vqz_archive::RasterInfo;
use vqz_report::{Block, Page};

/// Terms and their meanings.
const TERMS: [(&str, &str); 10] = [
    ("RMSE", "Root mean square error over all valid samples, in the data's units."),
    ("PSNR", "Peak signal-to-noise ratio, 20 log10(peak / RMSE), in dB: 6 dB more halve the errors."),
    (
        "Largest",
        "The largest absolute error of any sample. Mode \"quality\" measures it and does not bound it.",
    ),
    ("Bias", "The mean of decoded less source."),
    (
        "SSIM",
        "Structural similarity (Wang et al. 2004): similarity of local means, contrasts and patterns; 1 is equal.",
    ),
    ("Ring PSNR", "The PSNR within 8 pixels of the borders of tiles: far below the PSNR, tiles would show."),
    ("SAM", "Spectral angle between the bands of a pixel before and after, the mean in degrees; 0 is equal."),
    (
        "NDVI",
        "Normalised difference vegetation index, (near infrared − red) / (near infrared + red), from −1 to 1.",
    ),
    (
        "Bits a sample",
        "Bits of chunks over all samples; metadata, which hold the model once for each array, are left out.",
    ),
    (
        "Tile",
        "The part of a chunk that is coded by itself, at most 256 × 256 pixels of all bands of one date.",
    ),
];

/// A page whose last line names the program.
pub(crate) fn page(title: String, summary: String, last: String) -> Page {
    let colophon = format!("vqz {}, {last}", env!("CARGO_PKG_VERSION"));
    Page { eyebrow: "vqz report".to_owned(), summary, colophon, ..Page::new(title) }
}

/// Explains some of the terms.
pub(crate) fn terms(names: &[&str]) -> Block {
    let chosen = TERMS.iter().filter(|(name, _)| names.contains(name));
    Block::Terms(chosen.map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect())
}

/// Terms with their meanings; none for an empty list.
pub(crate) fn list(terms: Vec<(String, String)>) -> Option<Block> {
    (!terms.is_empty()).then_some(Block::Terms(terms))
}

/// The title that the attributes give.
pub(crate) fn title(info: &RasterInfo) -> Option<String> {
    info.metadata.attributes().get("title").and_then(Value::as_str).map(str::to_owned)
}

/// Shape, axes and type of the samples.
pub(crate) fn samples(info: &RasterInfo) -> String {
    let extents = info.shape.iter().map(u64::to_string).collect::<Vec<_>>().join(" × ");
    let axes = Vec::<String>::from(info.axes.clone()).join(", ");
    format!("{extents} samples ({axes}) of type {}", info.data_type.name())
}

/// What the attributes say about the data: where they come from, and whom to credit.
pub(crate) fn credits(info: &RasterInfo) -> Vec<(String, String)> {
    let attributes = info.metadata.attributes();
    let keys = [
        ("source", "Data"),
        ("institution", "Institution"),
        ("attribution", "Attribution"),
        ("citation", "Citation"),
        ("references", "References"),
        ("license", "Data licence"),
        ("licence", "Data licence"),
    ];
    let found = keys.into_iter().filter_map(|(key, name)| {
        let text = attributes.get(key).and_then(Value::as_str)?;
        Some((name.to_owned(), text.to_owned()))
    });
    found.collect()
}

/// The last part of a path, for people.
pub(crate) fn file_name(path: &std::path::Path) -> String {
    let name = path.file_name().map(|name| name.to_string_lossy().into_owned());
    name.unwrap_or_else(|| path.display().to_string())
}

/// Today's date, in UTC.
pub(crate) fn today() -> String {
    let seconds =
        std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).map_or(0, |time| time.as_secs());
    vqz_raster::conventions::time::iso((seconds / 86_400 * 86_400) as i64)
}
