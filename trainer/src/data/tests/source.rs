//! Reading: types, layouts, edges, masks, and what is refused.

use super::{Fixture, group, one, open};
use crate::data::{Source, SourceOptions};
use serde_json::json;
use std::path::Path;
use tempfile::TempDir;
use vqz_codec::DataType;
use vqz_codec::axes::Axes;
use vqz_codec::config::NoData;

fn refuse(folder: &Path, options: &SourceOptions) -> String {
    Source::open(folder, options).unwrap_err().to_string()
}

#[test]
fn every_type_is_read_to_its_ragged_edges() {
    for data_type in DataType::ALL {
        let fixture = Fixture::new(&["band", "y", "x"], &[2, 20, 30], &[2, 16, 16]).of_type(data_type);
        let value = |p: &[u64]| (p[0] * 100 + p[1] * 3 + p[2]) as f64;
        let (_folder, source) = one(&fixture, value);
        assert_eq!((source.bands(), source.blocks().len()), (2, 4));
        let mut seen = 0;
        for block in source.blocks() {
            let piece = source.read(&block).unwrap();
            assert_eq!((piece.images, piece.bands, piece.valid.as_ref()), (1, 2, None));
            assert_eq!(piece.samples.len() as u64, source.samples(&block));
            for (i, v) in piece.samples.iter().enumerate() {
                let (band, y, x) =
                    (i / (piece.height * piece.width), i / piece.width % piece.height, i % piece.width);
                let place = [band as u64, piece.top + y as u64, piece.left + x as u64];
                assert_eq!(f64::from(*v), value(&place), "{data_type:?} {place:?}");
            }
            seen += piece.samples.len();
        }
        assert_eq!(seen, 2 * 20 * 30);
    }
}

#[test]
fn times_are_images_and_bands_are_read_together() {
    // Channels last, bands and times split over chunks.
    let fixture = Fixture::new(&["time", "y", "x", "band", "level"], &[3, 9, 7, 5, 2], &[2, 8, 8, 2, 1]);
    let value = |p: &[u64]| (p[0] * 10_000 + p[4] * 5_000 + p[3] * 500 + p[1] * 20 + p[2]) as f64;
    let (_folder, source) = one(&fixture, value);
    assert_eq!(source.blocks().len(), 2 * 2 * 2, "times, rows, levels; bands are no blocks");
    let pieces: Vec<_> = source.blocks().iter().map(|block| source.read(block).unwrap()).collect();
    assert_eq!(pieces.iter().map(|p| p.images).collect::<Vec<_>>(), [2, 2, 2, 2, 1, 1, 1, 1]);
    let piece = &pieces[1];
    assert_eq!((piece.bands, piece.height, piece.width), (5, 8, 7));
    for image in 0..2 {
        for band in 0..5 {
            let at = (image * 5 + band) * 56 + 3 * 7 + 4;
            let place = [image as u64, 3, 4, band as u64, 1];
            assert_eq!(f64::from(piece.samples[at]), value(&place));
        }
    }
}

#[test]
fn shards_are_read_whole() {
    let mut fixture = Fixture::new(&["y", "x"], &[40, 40], &[8, 8]);
    fixture.shard = Some(vec![32, 32]);
    let (_folder, source) = one(&fixture, |p| (p[0] * 40 + p[1]) as f64);
    assert_eq!(source.blocks().len(), 4);
    let piece = source.read(&source.blocks()[3]).unwrap();
    assert_eq!((piece.height, piece.samples[9]), (8, (33 * 40 + 33) as f32));
}

#[test]
fn nodata_and_non_finite_samples_are_invalid() {
    let value = |p: &[u64]| match (p[0], p[1]) {
        (0, 0) => f64::NAN,
        (0, 1) => f64::INFINITY,
        (1, 0) => -9999.0,
        (1, 1) => 1e300,
        (1, 2) => 7.0,
        _ => 1.0,
    };
    let attributes = json!({"_FillValue": -9999, "missing_value": [7.0], "nodata": "unknown"});
    let fixture = Fixture::new(&["y", "x"], &[2, 4], &[2, 4]).of_type(DataType::Float64);
    let (folder, source) = one(&fixture.with_attributes(attributes), value);
    let mut piece = source.read(&source.blocks()[0]).unwrap();
    assert_eq!(piece.valid.as_deref(), Some(&[0, 0, 1, 1, 0, 0, 0, 1][..]));
    assert_eq!((piece.counts.as_slice(), piece.samples[0], piece.samples[5]), (&[3][..], 0.0, 0.0));
    piece.fill();
    assert_eq!(piece.samples, [1.0; 8]);
    // Given values take the place of declared ones.
    let options = SourceOptions { nodata: vec![NoData::Integer(1)], ..SourceOptions::default() };
    let source = Source::open(folder.path(), &options).unwrap();
    let piece = source.read(&source.blocks()[0]).unwrap();
    assert_eq!(piece.valid.as_deref(), Some(&[0, 0, 0, 0, 1, 0, 1, 0][..]));
}

#[test]
fn bands_are_chosen_by_name_and_number() {
    let attributes = json!({"bands": ["blue", "green", "red", "nir"]});
    let fixture = Fixture::new(&["band", "y", "x"], &[4, 8, 8], &[1, 8, 8]).with_attributes(attributes);
    let folder = TempDir::new().unwrap();
    fixture.write(folder.path(), |p| p[0] as f64);
    let choose = |bands: &[&str]| SourceOptions {
        bands: Some(bands.iter().map(|b| (*b).to_owned()).collect()),
        ..SourceOptions::default()
    };
    let source = Source::open(folder.path(), &choose(&["nir", "1-2"])).unwrap();
    assert_eq!(source.band_names().unwrap(), ["nir", "green", "red"]);
    let piece = source.read(&source.blocks()[0]).unwrap();
    assert_eq!([piece.samples[0], piece.samples[64], piece.samples[128]], [3.0, 1.0, 2.0]);
    let message = refuse(folder.path(), &choose(&["swir"]));
    assert!(
        message.ends_with("band \"swir\" is not there; allowed are 0 to 3 or blue, green, red, nir"),
        "{message}"
    );
}

#[test]
fn a_group_is_all_its_rasters() {
    let folder = TempDir::new().unwrap();
    group(folder.path());
    group(&folder.path().join("b"));
    Fixture::new(&["band", "y", "x"], &[2, 8, 8], &[2, 8, 8]).write(&folder.path().join("b/one"), |_| 1.0);
    Fixture::new(&["y", "x", "band"], &[9, 5, 2], &[9, 5, 2])
        .of_type(DataType::UInt8)
        .write(&folder.path().join("a"), |_| 2.0);
    Fixture::new(&["time"], &[4], &[4]).write(&folder.path().join("time"), |p| p[0] as f64);
    let source = open(folder.path());
    let names: Vec<_> = source.rasters().iter().map(|raster| raster.name()).collect();
    assert_eq!(names, ["a", "b/one"]);
    assert_eq!(source.describe(&source.blocks()[1]), "b/one 0/0/0");
    Fixture::new(&["y", "x"], &[8, 8], &[8, 8]).write(&folder.path().join("c"), |_| 1.0);
    assert_eq!(
        refuse(folder.path(), &SourceOptions::default()),
        "c has 1 bands, a has 2; a model takes one number of bands: choose the same number of each, or fit two models"
    );
}

#[test]
fn what_is_no_raster_is_refused() {
    let folder = TempDir::new().unwrap();
    let message = refuse(folder.path(), &SourceOptions::default());
    assert!(
        message.contains("is a folder without zarr.json; vqz takes Zarr v3 arrays and groups"),
        "{message}"
    );
    group(folder.path());
    let message = refuse(folder.path(), &SourceOptions::default());
    assert!(message.ends_with("holds no raster: it holds no arrays"), "{message}");
    let array = folder.path().join("array");
    Fixture::new(&["row", "band"], &[4, 4], &[4, 4]).write(&array, |_| 0.0);
    let message = refuse(folder.path(), &SourceOptions::default());
    assert!(message.contains("exactly one must be `x`"), "{message}");
    let axes = Some(Axes::from_names(&["y", "x"]).unwrap());
    assert!(Source::open(&array, &SourceOptions { axes, ..SourceOptions::default() }).is_ok());
    let axes = Some(Axes::from_names(&["band", "y", "x"]).unwrap());
    let message = refuse(&array, &SourceOptions { axes, ..SourceOptions::default() });
    assert!(message.ends_with(": 3 roles are given for 2 dimensions; give one role for each"), "{message}");
    let file = array.join("zarr.json");
    let message = refuse(&file, &SourceOptions::default());
    assert!(
        message.contains("zarr.json is a file; the trainer reads Zarr v3 arrays and groups"),
        "{message}"
    );
}

#[test]
fn overviews_are_not_fitted_on() {
    let folder = TempDir::new().unwrap();
    let attributes = json!({"multiscales": {"layout": [
        {"asset": "data"},
        {"asset": "overviews/2/data", "derived_from": "data"},
        {"asset": "coarse", "derived_from": "data"},
    ]}});
    for below in ["", "overviews", "overviews/2"] {
        group(&folder.path().join(below));
    }
    let metadata = json!({"zarr_format": 3, "node_type": "group", "attributes": attributes});
    std::fs::write(folder.path().join("zarr.json"), metadata.to_string()).unwrap();
    Fixture::new(&["y", "x"], &[16, 16], &[16, 16]).write(&folder.path().join("data"), |_| 1.0);
    Fixture::new(&["y", "x"], &[8, 8], &[8, 8]).write(&folder.path().join("overviews/2/data"), |_| 1.0);
    Fixture::new(&["y", "x"], &[4, 4], &[4, 4]).write(&folder.path().join("coarse"), |_| 1.0);
    let names: Vec<String> =
        open(folder.path()).rasters().iter().map(|raster| raster.name().to_owned()).collect();
    assert_eq!(names, ["data"]);
}

#[test]
fn a_damaged_chunk_is_named() {
    let fixture = Fixture::new(&["band", "y", "x"], &[1, 32, 32], &[1, 16, 16]);
    let (folder, source) = one(&fixture, |_| 1.0);
    std::fs::write(folder.path().join("c/0/1/0"), b"damaged").unwrap();
    let message = source.read(&source.blocks()[2]).unwrap_err().to_string();
    assert!(message.starts_with("reading chunk 0/1/0 of array "), "{message}");
    assert!(message.ends_with("restore the chunk, or leave the array out of the training data"), "{message}");
    assert!(source.read(&source.blocks()[1]).is_ok());
}
