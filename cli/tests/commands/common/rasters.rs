//! What GDAL says of a raster file: everything that is to come back.

#![allow(dead_code, reason = "each test file uses a part")]

use gdal::{Dataset, Metadata};
use std::path::{Path, PathBuf};
use vqz_raster::band::{Band, read_bands};
use vqz_raster::georeference::{Georeference, read_georeference};
use vqz_raster::items::{read_colours, read_items};

/// A crop of a real raster that ships with the project.
pub(crate) fn crop(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/data/rasters").join(format!("{name}.tif"))
}

/// What GDAL says of a file.
#[derive(Debug, PartialEq)]
pub(crate) struct FileDescription {
    pub(crate) georeference: Georeference,
    pub(crate) bands: Vec<Band>,
    pub(crate) colours: Option<Vec<String>>,
    pub(crate) items: serde_json::Map<String, serde_json::Value>,
    /// All entries of the first band's colour table.
    pub(crate) table: Vec<[i16; 4]>,
    pub(crate) samples: Vec<Vec<u64>>,
}

/// Reads what GDAL says of a file. A nodata value of NaN becomes a number here, because NaN does not equal NaN.
pub(crate) fn describe(path: &Path) -> FileDescription {
    let dataset = Dataset::open(path).unwrap();
    let mut bands = read_bands(&dataset).unwrap();
    for band in &mut bands {
        band.nodata = band.nodata.map(|value| if value.is_nan() { -12345.25 } else { value });
    }
    let first = dataset.rasterband(1).unwrap();
    let entries = first.color_table().map_or(Vec::new(), |table| {
        (0..table.entry_count())
            .filter_map(|i| table.entry_as_rgb(i))
            .map(|entry| [entry.r, entry.g, entry.b, entry.a])
            .collect()
    });
    let samples = (1..=dataset.raster_count())
        .map(|number| {
            let band = dataset.rasterband(number).unwrap().read_band_as::<f64>().unwrap();
            band.data().iter().map(|v| v.to_bits()).collect()
        })
        .collect();
    FileDescription {
        georeference: read_georeference(&dataset).unwrap(),
        bands,
        colours: read_colours(&dataset),
        items: read_items(&dataset),
        table: entries,
        samples,
    }
}

/// The layout that GDAL finds, such as `COG`.
pub(crate) fn layout(path: &Path) -> Option<String> {
    Dataset::open(path).unwrap().metadata_item("LAYOUT", "IMAGE_STRUCTURE")
}
