//! What real and made rasters say of their place, their bands and their colours comes back from archives. Needs the
//! feature `gdal`.

#![cfg(feature = "gdal")]

use crate::common::{self, folder, succeed};
use crate::rasters;
use gdal::raster::{Buffer, RasterCreationOptions};
use gdal::{Dataset, DriverManager};
use rasters::{FileDescription, crop, describe};
use serde_json::{Value, json};
use std::path::Path;
use vqz_raster::band::{Band, Category, write_bands};
use vqz_raster::georeference::{Georeference, write_georeference};
use vqz_raster::items::write_items;

const CROPS: [&str; 6] = ["nlcd", "naip", "landsat8", "sentinel2", "elevation", "goes"];

fn attributes(array: &Path) -> Value {
    let text = std::fs::read(array.join("zarr.json")).unwrap();
    serde_json::from_slice::<Value>(&text).unwrap()["attributes"].clone()
}

fn there_and_back(folder: &Path, input: &Path) -> FileDescription {
    succeed(folder, &["encode", input.to_str().unwrap(), "out.zarr", "--lossless", "--overwrite"]);
    if folder.join("back.tif").exists() {
        std::fs::remove_file(folder.join("back.tif")).unwrap();
    }
    succeed(folder, &["decode", "out.zarr", "back.tif"]);
    describe(&folder.join("back.tif"))
}

#[test]
fn real_rasters_say_the_same_afterwards() {
    let folder = folder("places-real");
    for name in CROPS {
        let before = describe(&crop(name));
        assert!(before.georeference.wkt.is_some() && before.georeference.transform.is_some(), "{name}");
        assert_eq!(there_and_back(&folder, &crop(name)), before, "{name}");
    }
}

#[test]
fn classes_keep_all_their_colours() {
    let folder = folder("places-classes");
    let after = there_and_back(&folder, &crop("nlcd"));
    assert_eq!(after.table.len(), 256);
    // Open water, and an entry that says nothing.
    assert_eq!((after.table[11], after.table[2]), ([71, 107, 160, 255], [0, 0, 0, 255]));
    assert_eq!(after.bands[0].nodata, Some(255.0));
    let attributes = attributes(&folder.join("out.zarr"));
    assert!(attributes["proj:wkt2"].as_str().unwrap().contains("UTM Zone 12, Northern Hemisphere"));
    assert_eq!((&attributes["nodata"], &attributes["_FillValue"]), (&json!(255), &json!(255)));
    let classes = attributes["bands"][0]["categories"].as_array().unwrap();
    assert!(classes.contains(&json!({"value": 11, "colour": "#476ba0"})), "{classes:?}");
}

#[test]
fn everything_that_can_be_said_comes_back() {
    let folder = folder("places-made");
    let path = folder.join("in.tif");
    let driver = DriverManager::get_driver_by_name("GTiff").unwrap();
    let mut dataset = driver.create_with_band_type::<i16, _>(&path, 40, 30, 2).unwrap();
    let georeference = Georeference {
        code: Some("EPSG:3031".to_owned()),
        transform: Some([-1000.5, 10.0, 0.25, 2000.0, 0.5, -12.5]),
        point: true,
        ..Georeference::default()
    };
    write_georeference(&mut dataset, &georeference).unwrap();
    let band = |name: &str, wavelength| Band {
        name: Some(name.to_owned()),
        unit: Some("W/m2".to_owned()),
        wavelength_um: Some(wavelength),
        nodata: Some(-999.0),
        scale: Some(0.1),
        offset: Some(-7.0),
        categories: Vec::new(),
        attributes: serde_json::Map::new(),
    };
    write_bands(&mut dataset, &[band("a", 0.49), Band { scale: Some(0.3), ..band("a b", 10.9) }]).unwrap();
    let items = json!({"TIFFTAG_DATETIME": "2020:07:01 10:11:12", "IMAGERY": {"CLOUDCOVER": "7"}});
    write_items(&mut dataset, items.as_object().unwrap()).unwrap();
    let samples: Vec<i16> = (0..1200).map(|i| if i % 7 == 0 { -999 } else { i }).collect();
    for number in [1, 2] {
        let mut buffer = Buffer::new((40, 30), samples.clone());
        dataset.rasterband(number).unwrap().write((0, 0), (40, 30), &mut buffer).unwrap();
    }
    dataset.close().unwrap();
    let before = describe(&path);
    let after = there_and_back(&folder, &path);
    assert_eq!(after, before);
    assert_eq!(after.georeference.transform, georeference.transform);
    assert!(after.georeference.point && after.georeference.code.as_deref() == Some("EPSG:3031"));
    assert_eq!(after.bands[1].scale, Some(0.3));
    let attributes = attributes(&folder.join("out.zarr"));
    assert_eq!((&attributes["units"], &attributes["add_offset"]), (&json!("W/m2"), &json!(-7.0)));
    assert_eq!(attributes.get("scale_factor"), None);
    assert_eq!(attributes["AREA_OR_POINT"], "Point");
}

#[test]
fn names_of_classes_stand_beside_a_geotiff() {
    let folder = folder("places-names");
    let path = folder.join("in.tif");
    let driver = DriverManager::get_driver_by_name("GTiff").unwrap();
    let options = RasterCreationOptions::from_iter(["PHOTOMETRIC=PALETTE"]);
    let mut dataset = driver.create_with_band_type_with_options::<u8, _>(&path, 20, 20, 1, &options).unwrap();
    let class =
        |value, name: &str, colour| Category { value, name: Some(name.to_owned()), colour: Some(colour) };
    let band = Band {
        name: Some("cover".to_owned()),
        categories: vec![class(1, "Open Water", [0, 0, 200, 255]), class(5, "Forest", [0, 99, 0, 255])],
        ..Band::default()
    };
    write_bands(&mut dataset, std::slice::from_ref(&band)).unwrap();
    let samples: Vec<u8> = (0..400u16).map(|i| if i % 3 == 0 { 1 } else { 5 }).collect();
    dataset.rasterband(1).unwrap().write((0, 0), (20, 20), &mut Buffer::new((20, 20), samples)).unwrap();
    dataset.close().unwrap();
    let after = there_and_back(&folder, &path);
    assert_eq!(after.bands, [band]);
    assert_eq!(attributes(&folder.join("out.zarr"))["flag_meanings"], "Open_Water Forest");
    assert!(folder.join("back.tif.aux.xml").is_file() && !folder.join("back.tif.partial.aux.xml").exists());
}

#[test]
fn archives_of_the_first_version_keep_their_place() {
    let folder = folder("places-first");
    let mut input = common::plain(&[1, 32, 32], &[1, 32, 32]);
    let georeference = Georeference { code: Some("EPSG:32633".to_owned()), ..Georeference::default() };
    let wkt = georeference.spatial_ref().unwrap().unwrap().to_wkt().unwrap();
    input.attributes = json!({
        "GeoTransform": "500000 10 0 5000000 0 -10",
        "spatial:transform": [10.0, 0.0, 500_000.0, 0.0, -10.0, 5_000_000.0],
        "spatial_ref": wkt,
        "proj:code": "EPSG:32633",
        "band_names": ["red"],
        "nodata": 0,
    });
    common::write(&folder.join("in.zarr"), &input, common::as_u16(&common::landscape(1, 32, 32, 3)));
    succeed(&folder, &["encode", "in.zarr", "out.zarr", "--lossless"]);
    succeed(&folder, &["decode", "out.zarr", "out.tif"]);
    let described = describe(&folder.join("out.tif"));
    assert_eq!(described.georeference.code.as_deref(), Some("EPSG:32633"));
    assert_eq!(described.georeference.transform, Some([500_000.0, 10.0, 0.0, 5_000_000.0, 0.0, -10.0]));
    assert_eq!((described.bands[0].name.as_deref(), described.bands[0].nodata), (Some("red"), Some(0.0)));
}

#[test]
fn a_choice_of_bands_keeps_what_is_said_of_them() {
    let folder = folder("places-bands");
    let path = crop("sentinel2");
    let before = describe(&path);
    succeed(&folder, &["encode", path.to_str().unwrap(), "out.zarr", "--lossless", "--bands", "7,3"]);
    succeed(&folder, &["decode", "out.zarr", "back.tif"]);
    let after = describe(&folder.join("back.tif"));
    assert_eq!(after.bands, [before.bands[7].clone(), before.bands[3].clone()]);
    assert_eq!(after.samples, [before.samples[7].clone(), before.samples[3].clone()]);
    assert_eq!(Dataset::open(folder.join("back.tif")).unwrap().raster_count(), 2);
}

/// Writes a coordinate of centres or times beside a data array.
fn coordinate(group: &Path, name: &str, data_type: &str, bytes: Vec<u8>, count: u64, attributes: Value) {
    let (shape, names) = ([count], vec![name]);
    let mut plain = common::plain(&shape, &shape);
    (plain.data_type, plain.names, plain.attributes) = (data_type, Some(names.as_slice()), attributes);
    common::write(&group.join(name), &plain, bytes);
}

/// What `info` says of where and when the only array of a path lies.
fn located(folder: &Path, path: &str) -> Value {
    common::figures(folder, &["info", path])["arrays"][0]["place"].clone()
}

#[test]
fn info_and_export_agree_on_coordinates_and_calendars() {
    let folder = folder("places-coordinates");
    let group = folder.join("in.zarr");
    let mut plain = common::plain(&[2, 8, 6], &[1, 8, 6]);
    plain.names = Some(&["time", "y", "x"]);
    common::write(&group.join("data"), &plain, common::as_u16(&common::landscape(2, 8, 6, 3)));
    std::fs::write(group.join("zarr.json"), r#"{"zarr_format": 3, "node_type": "group"}"#).unwrap();
    let days = |values: [i64; 2]| values.iter().flat_map(|day| day.to_le_bytes()).collect::<Vec<u8>>();
    let calendar = json!({"units": "days since 2004-02-28", "calendar": "noleap"});
    coordinate(&group, "time", "int64", days([0, 1]), 2, calendar);
    let put = |name: &str, count: u64, centre: &dyn Fn(f64) -> f64| {
        let bytes = (0..count).flat_map(|i| (centre(i as f64) as f32).to_le_bytes()).collect();
        coordinate(&group, name, "float32", bytes, count, json!({}));
    };
    // Centres of pixels of 231.7 m in single precision: steps differ by 0.2 %.
    put("x", 6, &|i| 500_000.0 + 231.656_358 * (i + 0.5));
    put("y", 8, &|i| 4_447_802.079 - 231.656_358 * (i + 0.5));
    let shown = located(&folder, "in.zarr");
    let numbers =
        |value: &Value| value.as_array().map(|all| all.iter().filter_map(Value::as_f64).collect::<Vec<_>>());
    let transform = numbers(&shown["transform"]).unwrap();
    assert!((transform[1] - 231.656).abs() < 0.2 && (transform[5] + 231.656).abs() < 0.2, "{transform:?}");
    assert_eq!(shown["dates"], json!(["2004-02-28", "2004-03-01"]), "a year without leap days");
    succeed(&folder, &["export", "in.zarr", "out.zarr"]);
    succeed(&folder, &["export", "in.zarr", "out.tif", "--dates", "0"]);
    assert_eq!(located(&folder, "out.zarr")["dates"], shown["dates"]);
    let written = describe(&folder.join("out.tif")).georeference.transform.unwrap();
    assert_eq!(written.to_vec(), transform);
    // Steps that differ by 0.8 %, in whole metres: no grid for either.
    put("x", 6, &|i| if i == 2.0 { 2502.0 } else { 250.0 * i + 2000.0 });
    assert_eq!(located(&folder, "in.zarr")["transform"], Value::Null);
    succeed(&folder, &["export", "in.zarr", "uneven.tif", "--dates", "0"]);
    assert_eq!(describe(&folder.join("uneven.tif")).georeference.transform, None);
}
