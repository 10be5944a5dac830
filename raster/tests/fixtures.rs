//! Ingest of small real rasters that lie beside the tests: one of each kind, so that every build reads them.

mod common;

use common::{all, array, bands, plain, plan, read, refused};
use std::path::{Path, PathBuf};
use vqz_raster::conventions::time::iso;
use vqz_raster::ingest::plan::CubePlan;
use vqz_raster::npy::NpyArray;
use vqz_raster::sample::DataType;

fn data(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data").join(name)
}

fn source(folder: &Path, name: &str) -> Vec<f64> {
    plain(&folder.join(name).to_string_lossy(), 1).1
}

fn times(plan: &CubePlan, path: &str) -> Vec<String> {
    array(plan, path).times.as_ref().unwrap().iter().map(|time| iso(*time)).collect()
}

const LANDSAT: &str = r#"
    [[input]]
    files = ["*/*.TIF"]
    name = "LC08_L1TP_{scene}_{time:%Y%m%d}_{band}.TIF"
    nodata = 0
    resampling = { BQA = "nearest" }
"#;

#[test]
fn dates_of_landsat_come_onto_one_grid() {
    let folder = data("landsat");
    let error = refused(&folder, LANDSAT);
    assert!(error.ends_with("set a common one as resolution under [grid]"), "{error}");
    let near = format!("{LANDSAT}\n[grid]\nresolution = 3020\nresampling = \"nearest\"\n");
    let plan = plan(&folder, &near).unwrap();
    assert_eq!(bands(&plan, "data"), ["B3", "B4", "B5", "BQA"]);
    assert_eq!(times(&plan, "data"), ["2018-01-31", "2018-04-21", "2018-07-10", "2018-10-30"]);
    let cube = array(&plan, "data");
    assert_eq!((cube.sample_type, cube.nodata), (DataType::UInt16, Some(0.0)));
    assert_eq!(cube.grid.georeference.code.as_deref(), Some("EPSG:32618"));
    // The nearest is a sample of the scene; nearly all of them come, and what lies beside it is nodata.
    let samples: Vec<u16> = read(&plan, "data", &[1..2, 2..3, 0..cube.shape()[2], 0..cube.shape()[3]]);
    let own = source(&folder, "LC08_L1TP_013032_20180421_20180502_01_T1/LC08_L1TP_013032_20180421_B5.TIF");
    assert!(samples.iter().all(|v| *v == 0 || own.contains(&f64::from(*v))));
    let valid = samples.iter().filter(|v| **v > 0).count();
    let whole = own.iter().filter(|v| **v > 0.0).count();
    assert!(valid.abs_diff(whole) * 10 < whole, "{valid} of {whole}");
    // Only where clouds are far away; the cloudiest date is left out.
    let clear = format!(
        "{near}[[mask]]\nband = \"BQA\"\npreset = \"landsat-c1-bqa\"\n[time]\nmin_valid = 0.67\n[output]\ndrop = [\"BQA\"]\n"
    );
    let clear = common::plan(&folder, &clear).unwrap();
    let left: Vec<String> = times(&clear, "data");
    assert_eq!(left, ["2018-01-31", "2018-04-21", "2018-07-10"], "{:?}", clear.remarks);
    assert!(
        clear.remarks.iter().any(|r| r.starts_with("left out, too little of them is valid: 2018-")),
        "{:?}",
        clear.remarks
    );
}

#[test]
fn a_patch_has_three_grids() {
    let folder = data("bigearthnet");
    let config = r#"
        [[input]]
        files = ["*/*.tif"]
        name = "{patch}/S2A_MSIL2A_{time:%Y%m%dT%H%M%S}_*_{band}.tif"
        [[derive]]
        name = "ndvi"
        expression = "(B08 - B04) / (B08 + B04)"
        [output]
        split = "patch"
    "#;
    let plan = plan(&folder, config).unwrap();
    let patch = "S2A_MSIL2A_20170613T101031_87_48";
    let paths: Vec<String> = plan.arrays.iter().map(|array| array.path.replace(patch, "*")).collect();
    assert_eq!(paths, ["*/10m/data", "*/20m/data", "*/60m/data", "*/10m/ndvi"]);
    for (grid, shape, names) in [
        ("10m", vec![1, 2, 24, 30], vec!["B04", "B08"]),
        ("20m", vec![1, 2, 12, 15], vec!["B05", "B11"]),
        ("60m", vec![1, 1, 4, 5], vec!["B01"]),
    ] {
        let path = format!("{patch}/{grid}/data");
        assert_eq!((array(&plan, &path).shape(), bands(&plan, &path)), (shape.clone(), names.clone()));
        let own: Vec<f64> =
            names.iter().flat_map(|band| source(&folder, &format!("{patch}/{patch}_{band}.tif"))).collect();
        let found: Vec<f64> = all::<u16>(&plan, &path).into_iter().map(f64::from).collect();
        assert_eq!(found, own, "{grid}");
    }
    let index: Vec<f32> = all(&plan, &format!("{patch}/10m/ndvi"));
    let (red, infrared) = (
        source(&folder, &format!("{patch}/{patch}_B04.tif")),
        source(&folder, &format!("{patch}/{patch}_B08.tif")),
    );
    for ((found, red), infrared) in index.iter().zip(&red).zip(&infrared) {
        assert!((f64::from(*found) - (infrared - red) / (infrared + red)).abs() < 1e-6);
    }
    // One grid for all, where that is asked for.
    let one = format!("{config}\n[grid]\nresolution = 10\nresampling = \"nearest\"\n");
    let one = common::plan(&folder, &one).unwrap();
    assert_eq!(array(&one, &format!("{patch}/data")).shape(), [1, 5, 24, 30]);
    let coarse: Vec<u16> = read(&one, &format!("{patch}/data"), &[0..1, 0..1, 0..24, 0..30]);
    let own = source(&folder, &format!("{patch}/{patch}_B01.tif"));
    assert_eq!(bands(&one, &format!("{patch}/data"))[0], "B01");
    let expected: Vec<u16> = (0..24 * 30).map(|i| own[i / 30 / 6 * 5 + i % 30 / 6] as u16).collect();
    assert_eq!(coarse, expected);
}

#[test]
fn months_of_a_variable_are_dates() {
    let folder = data("worldcereal");
    let plan = plan(&folder, "[[input]]\nfiles = [\"*.nc\"]\nname = \"S2-L2A-{band}.nc\"\n").unwrap();
    assert_eq!(bands(&plan, "data"), ["B04", "B08"]);
    assert_eq!(array(&plan, "data").shape(), [12, 2, 16, 16]);
    let days = times(&plan, "data");
    assert_eq!((days[0].as_str(), days[11].as_str()), ("2020-11-01", "2021-10-01"));
    assert_eq!(
        (array(&plan, "data").sample_type, array(&plan, "data").nodata),
        (DataType::Int16, Some(-32767.0))
    );
    assert_eq!(array(&plan, "data").grid.georeference.code.as_deref(), Some("EPSG:32631"));
    let (_, own) = plain(&folder.join("S2-L2A-B08.nc").to_string_lossy(), 6);
    let found: Vec<i16> = read(&plan, "data", &[5..6, 1..2, 0..16, 0..16]);
    assert_eq!(found.into_iter().map(f64::from).collect::<Vec<_>>(), own);
}

#[test]
fn flags_are_bytes_with_a_sign() {
    let folder = data("goes");
    let config = r#"
        [[input]]
        files = ["*.tif"]
        name = "OR_ABI-*_s{time:%Y%j%H%M%S}*_{band}.tif"
        [[mask]]
        band = "DQF"
        keep = [0]
    "#;
    let plan = plan(&folder, config).unwrap();
    let (cmi, flags) = (array(&plan, "data"), array(&plan, "DQF"));
    assert_eq!((cmi.sample_type, cmi.nodata), (DataType::UInt16, Some(65535.0)));
    assert_eq!((flags.sample_type, flags.nodata), (DataType::Int16, Some(-1.0)));
    assert_eq!(cmi.bands[0].band.scale, Some(0.000_317_460_013_320_669_53));
    assert_eq!(times(&plan, "data"), ["2021-05-25T18:00:26"]);
    let name = "OR_ABI-L2-CMIPM1-M6C05_G16_s20211451800267_e20211451800324_c20211451800393_CMI.tif";
    let found: Vec<f64> = all::<u16>(&plan, "data").into_iter().map(f64::from).collect();
    assert_eq!(found, source(&folder, name));
    assert!(all::<i16>(&plan, "DQF").iter().all(|flag| *flag == 0));
}

#[test]
fn numpy_arrays_and_polygons_are_one_patch() {
    let folder = data("eo-learn");
    // Rows 20 to 43 and columns 30 to 49 of a patch of 101 × 100 pixels.
    let [left, bottom, right, top] =
        [465_181.0522318204, 5_079_244.8912012065, 466_180.53145382757, 5_080_254.63349641];
    let (dx, dy): (f64, f64) = ((right - left) / 100.0, (top - bottom) / 101.0);
    let place = format!(
        "crs = \"EPSG:32633\"\nbounds = [{}, {}, {}, {}]",
        left + 30.0 * dx,
        top - 44.0 * dy,
        left + 50.0 * dx,
        top - 20.0 * dy
    );
    let config = format!(
        r#"
        [[input]]
        files = ["NDVI.npy", "CLM.npy"]
        name = "{{band}}.npy"
        times = ["2015-08-01", "2015-08-11", "2015-08-21", "2015-09-01", "2015-09-11", "2015-09-21", "2015-10-01", "2015-10-11"]
        {place}
        [[input]]
        files = ["LULC.npy"]
        name = "{{band}}.npy"
        {place}
        [[mask]]
        band = "CLM"
        values = [1]
        [[labels]]
        name = "land_use"
        file = "LULC.gpkg"
        field = "LULC_ID"
        [output]
        drop = ["CLM"]
        "#
    );
    let plan = plan(&folder, &config).unwrap();
    assert_eq!(array(&plan, "data").shape(), [8, 1, 24, 20]);
    let read = |name: &str| {
        let array = NpyArray::open(folder.join(name)).unwrap();
        let window: Vec<_> = array.shape().iter().map(|extent| 0..*extent).collect();
        array.read_f64(&window).unwrap()
    };
    let (own, clouds) = (read("NDVI.npy"), read("CLM.npy"));
    let found: Vec<f32> = all(&plan, "data");
    for (at, (found, (own, cloud))) in found.iter().zip(own.iter().zip(&clouds)).enumerate() {
        assert!(if *cloud == 1.0 { found.is_nan() } else { f64::from(*found) == *own }, "sample {at}");
    }
    assert!(clouds.contains(&1.0) && clouds.contains(&0.0));
    let classes: Vec<f64> = all::<u16>(&plan, "LULC").into_iter().map(f64::from).collect();
    assert_eq!(classes, read("LULC.npy"), "what has no date is not masked by clouds");
    let burnt: Vec<f64> = all::<u8>(&plan, "land_use").into_iter().map(f64::from).collect();
    assert_eq!(burnt, classes, "the polygons are those classes");
    let names: Vec<i64> =
        array(&plan, "land_use").bands[0].band.categories.iter().map(|class| class.value).collect();
    assert!(names.len() > 1, "{names:?}");
}
