//! Masks of files: what they leave out becomes "no data", or the mask is kept beside the samples and comes back, or it is told
//! that it does not.

#![cfg(feature = "gdal")]

use crate::common::{call, figures, folder, read_array, succeed};
use gdal::raster::{Buffer, GdalType, RasterCreationOptions};
use gdal::spatial_ref::SpatialRef;
use gdal::{Dataset, DriverManager, Metadata as _};
use std::path::Path;

const SIDE: usize = 96;

fn is_masked(at: usize) -> bool {
    at / SIDE < 20 || at % SIDE > 90
}

/// Writes two bands with a mask for both in the file; returns the first.
fn masked<T: GdalType + Copy>(path: &Path, nodata: Option<f64>, sample: impl Fn(usize) -> T) -> Vec<T> {
    gdal::config::set_thread_local_config_option("GDAL_TIFF_INTERNAL_MASK", "YES").unwrap();
    let driver = DriverManager::get_driver_by_name("GTiff").unwrap();
    let options = RasterCreationOptions::from_iter(["PHOTOMETRIC=MINISBLACK"]);
    let mut dataset =
        driver.create_with_band_type_with_options::<T, _>(path, SIDE, SIDE, 2, &options).unwrap();
    dataset.set_geo_transform(&[500_000.0, 10.0, 0.0, 5_000_000.0, 0.0, -10.0]).unwrap();
    dataset.set_spatial_ref(&SpatialRef::from_epsg(32_633).unwrap()).unwrap();
    let samples: Vec<T> = (0..SIDE * SIDE).map(sample).collect();
    for number in 1..=2 {
        let mut band = dataset.rasterband(number).unwrap();
        if nodata.is_some() {
            band.set_no_data_value(nodata).unwrap();
        }
        band.write((0, 0), (SIDE, SIDE), &mut Buffer::new((SIDE, SIDE), samples.clone())).unwrap();
    }
    let mut band = dataset.rasterband(1).unwrap();
    band.create_mask_band(true).unwrap();
    let mask = (0..SIDE * SIDE).map(|at| if is_masked(at) { 0u8 } else { 255 }).collect();
    band.open_mask_band().unwrap().write((0, 0), (SIDE, SIDE), &mut Buffer::new((SIDE, SIDE), mask)).unwrap();
    dataset.close().unwrap();
    samples
}

#[test]
fn masks_go_through_a_cube_and_back() {
    let folder = folder("masks-cube");
    let samples = masked(&folder.join("in.tif"), None, |at| (at % 251) as u8);
    let (code, _, err) = call(&folder, &["ingest", "in.tif", "cube.zarr"]);
    assert_eq!(code, 0, "{err}");
    assert!(
        err.contains("a mask of in.tif tells which pixels are valid; no value means \"no data\" in uint8"),
        "{err}"
    );
    let data = read_array(&folder.join("cube.zarr/data"));
    assert!(data[..SIDE * SIDE] == samples);
    let mask = read_array(&folder.join("cube.zarr/mask"));
    assert!(
        mask.iter().enumerate().all(|(at, valid)| (*valid == 0) == is_masked(at))
            && mask.len() == SIDE * SIDE
    );
    // Encoded with an error, the mask stays exact.
    succeed(&folder, &["encode", "cube.zarr", "archive.zarr", "--max-error", "3"]);
    assert!(read_array(&folder.join("archive.zarr/mask")) == mask);
    for (archive, tolerance) in [("cube.zarr", 0), ("archive.zarr", 3)] {
        succeed(&folder, &["export", archive, "back.tif", "--overwrite"]);
        let back = Dataset::open(folder.join("back.tif")).unwrap();
        let band = back.rasterband(2).unwrap();
        assert!(band.mask_flags().unwrap().is_per_dataset(), "{archive}");
        let read = band.open_mask_band().unwrap().read_band_as::<u8>().unwrap();
        assert!(
            read.data().iter().enumerate().all(|(at, valid)| (*valid == 0) == is_masked(at)),
            "{archive}"
        );
        let found = band.read_band_as::<u8>().unwrap();
        assert!(found.data().iter().zip(&samples).all(|(a, b)| a.abs_diff(*b) <= tolerance), "{archive}");
    }
    // Decoding takes the data, as exporting does, and the mask with them.
    succeed(&folder, &["decode", "archive.zarr", "decoded.tif"]);
    let decoded = Dataset::open(folder.join("decoded.tif")).unwrap();
    let band = decoded.rasterband(1).unwrap();
    let read = band.open_mask_band().unwrap().read_band_as::<u8>().unwrap();
    assert!(read.data().iter().enumerate().all(|(at, valid)| (*valid == 0) == is_masked(at)));
    let found = band.read_band_as::<u8>().unwrap();
    assert!(found.data().iter().zip(&samples).all(|(a, b)| a.abs_diff(*b) <= 3));
    // A part of it, and what holds no mask.
    succeed(&folder, &["export", "cube.zarr", "part.tif", "--window", "10,10,60,50"]);
    let part = Dataset::open(folder.join("part.tif")).unwrap();
    let read = part.rasterband(1).unwrap().open_mask_band().unwrap().read_band_as::<u8>().unwrap();
    assert_eq!(read.data().iter().filter(|valid| **valid == 0).count(), 10 * 50);
    let (code, _, err) = call(&folder, &["export", "cube.zarr", "back.nc"]);
    assert_eq!(code, 0, "{err}");
    assert!(err.contains("data has a mask, which is not exported"), "{err}");
    let (code, _, err) = call(&folder, &["export", "cube.zarr", "small.tif", "--resolution", "20"]);
    assert_eq!(code, 2);
    assert!(err.contains("data has a mask and no value for \"no data\""), "{err}");
}

#[test]
fn masks_become_no_data_in_an_archive() {
    let folder = folder("masks-archive");
    let valid = (0..SIDE * SIDE).filter(|at| !is_masked(*at)).count() as u64;
    masked(&folder.join("f.tif"), None, |at| at as f32 / 7.0);
    masked(&folder.join("n.tif"), Some(65_535.0), |at| at as u16);
    for name in ["f.tif", "n.tif"] {
        let out = format!("{name}.zarr");
        let found = figures(&folder, &["encode", name, &out, "--max-error", "1"]);
        assert_eq!(found["arrays"][0]["valid_samples"], 2 * valid, "{name}: {found}");
        succeed(&folder, &["verify", &out, "--against", name]);
    }
    succeed(&folder, &["export", "n.tif.zarr", "back.tif"]);
    let back = Dataset::open(folder.join("back.tif")).unwrap();
    let read = back.rasterband(1).unwrap().open_mask_band().unwrap().read_band_as::<u8>().unwrap();
    assert!(read.data().iter().enumerate().all(|(at, valid)| (*valid == 0) == is_masked(at)));

    // An integer without a nodata value has no way to tell.
    masked(&folder.join("i.tif"), None, |at| at as u16);
    let found = figures(&folder, &["encode", "i.tif", "i.zarr", "--max-error", "1"]);
    let remark = found["remarks"].as_array().unwrap().iter().find(|r| r["kind"] == "mask_left_out").unwrap();
    assert_eq!(remark["severity"], "warning");
    let text = remark["message"].as_str().unwrap();
    assert!(
        text.contains("a mask of i.tif tells which pixels are valid")
            && text.contains("`vqz ingest` keeps masks"),
        "{text}"
    );
    assert_eq!(found["arrays"][0]["valid_samples"], 2 * SIDE * SIDE);
    let found = figures(&folder, &["encode", "i.tif", "given.zarr", "--max-error", "1", "--nodata", "65535"]);
    assert_eq!(found["arrays"][0]["valid_samples"], 2 * valid);
    assert!(found["remarks"].as_array().unwrap().iter().all(|r| r["kind"] != "mask_left_out"));
}

/// Many programs write the fourth of four bands as transparency, whatever it is: its name tells.
#[test]
fn a_band_of_another_name_is_no_transparency() {
    let folder = folder("masks-alpha");
    for (name, valid) in [("nir", 4 * SIDE * SIDE), ("alpha", 4 * SIDE * SIDE - 3 * 20 * SIDE)] {
        let path = folder.join(format!("{name}.tif"));
        let driver = DriverManager::get_driver_by_name("GTiff").unwrap();
        let options = RasterCreationOptions::from_iter(["ALPHA=YES", "PHOTOMETRIC=RGB"]);
        let mut dataset =
            driver.create_with_band_type_with_options::<f32, _>(&path, SIDE, SIDE, 4, &options).unwrap();
        dataset.set_geo_transform(&[500_000.0, 10.0, 0.0, 5_000_000.0, 0.0, -10.0]).unwrap();
        for number in 1..=4 {
            let mut band = dataset.rasterband(number).unwrap();
            band.set_description(["red", "green", "blue", name][number - 1]).unwrap();
            let sample = |at: usize| if at < 20 * SIDE { 0.0 } else { 1.0 + (at % 251) as f32 };
            let samples = (0..SIDE * SIDE).map(sample).collect();
            band.write((0, 0), (SIDE, SIDE), &mut Buffer::new((SIDE, SIDE), samples)).unwrap();
        }
        dataset.close().unwrap();
        let out = format!("{name}.zarr");
        let found = figures(&folder, &["encode", path.to_str().unwrap(), &out, "--max-error", "0.1"]);
        assert_eq!(found["arrays"][0]["valid_samples"], valid, "{name}: {found}");
    }
}

/// Bytes with a sign get a nodata value that no byte holds: masked samples are that, and no other.
#[test]
fn masked_bytes_with_a_sign_are_no_data() {
    let folder = folder("masks-signed");
    gdal::config::set_thread_local_config_option("GDAL_TIFF_INTERNAL_MASK", "YES").unwrap();
    let driver = DriverManager::get_driver_by_name("GTiff").unwrap();
    let options = RasterCreationOptions::from_iter(["PIXELTYPE=SIGNEDBYTE"]);
    let mut dataset = driver
        .create_with_band_type_with_options::<u8, _>(folder.join("in.tif"), SIDE, SIDE, 1, &options)
        .unwrap();
    dataset.set_geo_transform(&[500_000.0, 10.0, 0.0, 5_000_000.0, 0.0, -10.0]).unwrap();
    let mut band = dataset.rasterband(1).unwrap();
    let samples: Vec<u8> = (0..SIDE * SIDE).map(|at| (at % 256) as u8).collect();
    band.write((0, 0), (SIDE, SIDE), &mut Buffer::new((SIDE, SIDE), samples.clone())).unwrap();
    band.create_mask_band(true).unwrap();
    let mask = (0..SIDE * SIDE).map(|at| if is_masked(at) { 0u8 } else { 255 }).collect();
    band.open_mask_band().unwrap().write((0, 0), (SIDE, SIDE), &mut Buffer::new((SIDE, SIDE), mask)).unwrap();
    dataset.close().unwrap();
    succeed(&folder, &["encode", "in.tif", "out.zarr", "--lossless", "--nodata=-9999"]);
    let found = read_array(&folder.join("out.zarr"));
    for (at, bytes) in found.as_chunks::<2>().0.iter().enumerate() {
        let wanted = if is_masked(at) { -9999 } else { i16::from(samples[at].cast_signed()) };
        assert_eq!(i16::from_le_bytes(*bytes), wanted, "sample {at}");
    }
}

/// Whatever reads or writes without a mask says so.
#[test]
fn every_command_says_that_it_has_no_mask() {
    let folder = folder("masks-said");
    masked(&folder.join("in.tif"), None, |at| (at % 251) as u8);
    let said = |found: serde_json::Value, kind: &str| {
        found["remarks"].as_array().unwrap().iter().any(|remark| remark["kind"] == kind)
    };
    assert!(said(figures(&folder, &["fit", "in.tif", "-o", "m.vqm", "--patch", "8"]), "mask_left_out"));
    succeed(&folder, &["ingest", "in.tif", "cube.zarr"]);
    let overview = ["export", "cube.zarr", "--overview", "--resampling", "nearest"];
    assert!(said(figures(&folder, &overview), "mask_not_exported"));
    let domain: Vec<u8> = vec![1; SIDE * SIDE];
    let driver = DriverManager::get_driver_by_name("GTiff").unwrap();
    let pixels = driver.create_with_band_type::<u8, _>(folder.join("pixels.tif"), SIDE, SIDE, 1).unwrap();
    let mut band = pixels.rasterband(1).unwrap();
    band.write((0, 0), (SIDE, SIDE), &mut Buffer::new((SIDE, SIDE), domain)).unwrap();
    pixels.close().unwrap();
    let lists = ["export", "cube.zarr", "lists", "--pixels", "pixels.tif"];
    assert!(said(figures(&folder, &lists), "mask_not_exported"));
}

#[test]
fn valid_samples_that_become_no_data_are_counted() {
    let folder = folder("masks-clash");
    masked(&folder.join("a_20200101.tif"), Some(0.0), |at| (at % 5) as u8);
    masked(&folder.join("a_20210101.tif"), Some(200.0), |at| (at % 5) as u8);
    // Those of both dates: beside a mask, the nodata value of the first says nothing of single samples.
    let zeros = 2 * (0..SIDE * SIDE).filter(|at| !is_masked(*at) && at % 5 == 0).count();
    for command in [&["cube.zarr"][..], &["archive.zarr", "--lossless"]] {
        let args =
            ["ingest", "a_20200101.tif", "a_20210101.tif", command[0], "--name", "a_{time:%Y%m%d}.tif"];
        let found = figures(&folder, &[&args[..], &command[1..]].concat());
        let remarks = found["remarks"].as_array().unwrap();
        let remark = remarks
            .iter()
            .find(|r| r["kind"] == "valid_became_nodata")
            .unwrap_or_else(|| panic!("{remarks:?}"));
        let text = remark["message"].as_str().unwrap();
        assert!(text.contains(&format!("({zeros} of band B1, {zeros} of band B2)")), "{text}");
        assert_eq!((&remark["array"], &remark["severity"]), (&"data".into(), &"warning".into()));
    }
}
