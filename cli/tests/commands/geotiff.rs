//! GeoTIFFs in and out, with what they say about their place. Needs the feature `gdal`.

#![cfg(feature = "gdal")]

use crate::common::{self, as_u16, call, figures, folder, landscape, model, read_array, succeed};
use gdal::raster::Buffer;
use gdal::spatial_ref::SpatialRef;
use gdal::{Dataset, DriverManager, Metadata};
use serde_json::{Value, json};
use std::path::Path;

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

const TRANSFORM: [f64; 6] = [500_000.0, 10.0, 0.0, 5_000_000.0, 0.0, -10.0];

/// Writes a scene of four bands with all that is to be kept.
fn scene(path: &Path, samples: &[f64], height: usize, width: usize) {
    let driver = DriverManager::get_driver_by_name("GTiff").unwrap();
    let mut dataset = driver.create_with_band_type::<u16, _>(path, width, height, 4).unwrap();
    dataset.set_geo_transform(&TRANSFORM).unwrap();
    dataset.set_spatial_ref(&SpatialRef::from_epsg(32633).unwrap()).unwrap();
    for (i, name) in ["blue", "green", "red", "nir"].iter().enumerate() {
        let mut band = dataset.rasterband(i + 1).unwrap();
        band.set_description(name).unwrap();
        band.set_no_data_value(Some(0.0)).unwrap();
        let plane = &samples[i * height * width..(i + 1) * height * width];
        let data = plane.iter().map(|v| v.round() as u16).collect();
        band.write((0, 0), (width, height), &mut Buffer::new((width, height), data)).unwrap();
    }
    dataset.close().unwrap();
}

#[test]
fn a_geotiff_goes_there_and_back() {
    let folder = folder("geotiff");
    let model = model();
    let (height, width) = (150, 301);
    let mut samples = landscape(4, height, width, 1);
    for (i, sample) in samples.iter_mut().enumerate() {
        if i % width < 30 {
            *sample = 0.0;
        }
    }
    scene(&folder.join("in.tif"), &samples, height, width);
    let encoded =
        figures(&folder, &["encode", "in.tif", "out.zarr", "--model", text(&model), "--chunk-size", "128"]);
    assert_eq!(encoded["arrays"][0]["valid_samples"], 4 * height * (width - 30));
    let metadata: Value =
        serde_json::from_slice(&std::fs::read(folder.join("out.zarr/zarr.json")).unwrap()).unwrap();
    assert_eq!(metadata["dimension_names"], json!(["band", "y", "x"]));
    let attributes = &metadata["attributes"];
    assert_eq!(attributes["band_names"], json!(["blue", "green", "red", "nir"]));
    assert_eq!(attributes["proj:code"], "EPSG:32633");
    assert_eq!(attributes["GeoTransform"], "500000 10 0 5000000 0 -10");
    assert_eq!(attributes["spatial:transform"], json!([10.0, 0.0, 500_000.0, 0.0, -10.0, 5_000_000.0]));
    assert_eq!(attributes["nodata"], 0);
    assert!(attributes["spatial_ref"].as_str().unwrap().contains("UTM zone 33N"));
    succeed(&folder, &["verify", "out.zarr", "--against", "in.tif"]);

    succeed(&folder, &["decode", "out.zarr", "back.tif"]);
    let back = Dataset::open(folder.join("back.tif")).unwrap();
    assert_eq!(back.geo_transform().unwrap(), TRANSFORM);
    assert_eq!(back.spatial_ref().unwrap().auth_code().unwrap(), 32633);
    let whole = read_array(&folder.join("out.zarr"));
    for (i, name) in ["blue", "green", "red", "nir"].iter().enumerate() {
        let band = back.rasterband(i + 1).unwrap();
        assert_eq!(band.description().unwrap(), *name);
        assert_eq!(band.no_data_value(), Some(0.0));
        let samples = band.read_band_as::<u16>().unwrap();
        let bytes: Vec<u8> = samples.data().iter().flat_map(|v| v.to_le_bytes()).collect();
        assert!(bytes == whole[i * bytes.len()..(i + 1) * bytes.len()], "band {name}");
    }
    let compared = figures(&folder, &["compare", "in.tif", "back.tif"]);
    assert_eq!(compared["rasters"][0]["overall"]["mask_mismatches"], 0);
    assert_eq!(compared["rasters"][0]["overall"]["max_error"], encoded["max_error"]);
    assert_eq!(compared["rasters"][0]["bands"][3]["band"], "nir");
}

#[test]
fn folders_of_geotiffs_are_fitted() {
    let folder = folder("geotiff-fit");
    std::fs::create_dir(folder.join("scenes")).unwrap();
    for seed in 0..3 {
        scene(&folder.join(format!("scenes/{seed}.tif")), &landscape(4, 160, 160, seed), 160, 160);
    }
    let fitted = figures(&folder, &["fit", "scenes", "-o", "model.vqm", "--patch", "8"]);
    let card = vqz_zarr::models::open(&folder.join("model.vqm")).unwrap().card().unwrap().to_owned();
    assert!(
        card.contains("| PSNR dB | RMSE, in data units |") && card.contains("- training data: "),
        "{card}"
    );
    assert_eq!(fitted["images"], 3);
    assert_eq!(fitted["peak"], 10000.0);
    assert_eq!(fitted["bands"], json!(["blue", "green", "red", "nir"]));
    let fitted = figures(&folder, &["fit", "scenes", "-o", "part.vqm", "--patch", "8", "--bands", "red,nir"]);
    assert_eq!(fitted["bands"], json!(["red", "nir"]));
    let fitted =
        figures(&folder, &["fit", "scenes", "-o", "new.vqm", "--patch", "8", "--bands", "B2,B3,B4,B8"]);
    assert_eq!(fitted["bands"], json!(["B2", "B3", "B4", "B8"]));
    let (code, _, err) = call(&folder, &["fit", "scenes", "-o", "bad.vqm", "--bands", "red,swir"]);
    assert_eq!(code, 2);
    assert!(
        err.ends_with("band \"swir\" is not there; allowed are 0 to 3 or blue, green, red, nir\n"),
        "{err}"
    );
}

#[test]
fn series_do_not_fit_in_a_geotiff() {
    let folder = folder("geotiff-series");
    let mut input = common::plain(&[2, 4, 32, 32], &[1, 4, 32, 32]);
    input.names = Some(&["time", "band", "y", "x"]);
    common::write(&folder.join("in.zarr"), &input, as_u16(&landscape(8, 32, 32, 2)));
    succeed(&folder, &["encode", "in.zarr", "out.zarr", "--model", text(&model())]);
    let (code, _, err) = call(&folder, &["decode", "out.zarr", "out.tif"]);
    assert_eq!(code, 2);
    assert_eq!(
        err,
        "error: writing out.tif: a GeoTIFF holds bands, y and x only, the array has 2 of time; decode to Zarr instead\n"
    );
    assert!(!folder.join("out.tif").exists() && !folder.join("out.tif.partial").exists());
}

#[test]
fn bytes_with_a_sign_go_there_and_back_as_int16() {
    let folder = folder("signed-bytes");
    let driver = DriverManager::get_driver_by_name("GTiff").unwrap();
    for (name, nodata) in [("plain", None), ("negative", Some(-128.0)), ("unsigned", Some(128.0))] {
        let path = folder.join(format!("{name}.tif"));
        let options = gdal::raster::RasterCreationOptions::from_iter(["PIXELTYPE=SIGNEDBYTE"]);
        let dataset = driver.create_with_band_type_with_options::<u8, _>(&path, 16, 16, 1, &options).unwrap();
        let mut band = dataset.rasterband(1).unwrap();
        if nodata.is_some() {
            band.set_no_data_value(nodata).unwrap();
        }
        band.write((0, 0), (16, 16), &mut Buffer::new((16, 16), (0..=255u8).collect())).unwrap();
        dataset.close().unwrap();
        let written = Dataset::open(&path).unwrap();
        if !vqz_raster::band::is_signed_byte(&written.rasterband(1).unwrap()) {
            // Newer releases of GDAL have a type for them, and no such option.
            return;
        }
        let (input, archive, out) =
            (format!("{name}.tif"), format!("{name}.zarr"), format!("{name}-plain.zarr"));
        succeed(&folder, &["encode", &input, &archive, "--lossless"]);
        succeed(&folder, &["decode", &archive, &out]);
        let expected: Vec<u8> = (0..=255u8).flat_map(|b| i16::from(b.cast_signed()).to_ne_bytes()).collect();
        assert_eq!(read_array(&folder.join(&out)), expected, "{name}");
        let text = std::fs::read(folder.join(&archive).join("zarr.json")).unwrap();
        let metadata: Value = serde_json::from_slice(&text).unwrap();
        assert_eq!(metadata["attributes"]["nodata"], nodata.map_or(Value::Null, |_| json!(-128)), "{name}");
    }
}

#[test]
fn a_file_that_is_more_than_bands_is_for_ingest() {
    let data = Path::new(env!("CARGO_MANIFEST_DIR")).join("../raster/tests/data");
    let folder = folder("more-than-bands");
    for (file, said) in [
        ("worldcereal/S2-L2A-B04.nc", "its variable has the axes t, y, x, and a raster has bands only"),
        ("containers/soil.nc", "it holds several variables: am/moisture, density, pm/moisture"),
        (
            "containers/flags.nc",
            "are rows and columns, and which way they run, is not what GDAL takes for granted",
        ),
    ] {
        let path = data.join(file);
        let (code, _, err) = call(&folder, &["encode", text(&path), "out.zarr", "--lossless"]);
        assert_eq!(code, 2, "{file}");
        assert!(err.contains(said) && err.contains("which keeps all of it (`vqz ingest`)"), "{err}");
        assert!(!folder.join("out.zarr").exists());
    }
}
