//! `vqz export`: formats, choices, names of files, and what is refused. Needs the feature `gdal`.

#![cfg(feature = "gdal")]

use crate::common::{self, fail, figures, folder, read_array, succeed, write};
use crate::rasters;
use gdal::Dataset;
use rasters::{crop, describe, layout};
use serde_json::{Value, json};
use std::path::Path;

const HEIGHT: usize = 90;
const WIDTH: usize = 70;

/// Three dates of two bands with a place, as a group: an archive without loss, `cube.zarr`.
fn cube(folder: &Path) -> Vec<i16> {
    let samples: Vec<i16> = (0..3 * 2 * HEIGHT * WIDTH)
        .map(|i| if i % WIDTH < 5 { -1 } else { (i % 997) as i16 + (i / (HEIGHT * WIDTH)) as i16 * 1000 })
        .collect();
    let mut plain = common::plain(&[3, 2, HEIGHT as u64, WIDTH as u64], &[1, 2, 64, 64]);
    plain.names = Some(&["time", "band", "y", "x"]);
    plain.data_type = "int16";
    plain.attributes = json!({
        "GeoTransform": "500000 10 0 5000000 0 -10",
        "proj:code": "EPSG:32633",
        "band_names": ["red", "nir"],
        "nodata": -1,
        "scale_factor": 0.01,
    });
    let group = folder.join("plain.zarr");
    write(&group.join("data"), &plain, samples.iter().flat_map(|v| v.to_le_bytes()).collect());
    let mut time = common::plain(&[3], &[3]);
    time.names = Some(&["time"]);
    time.data_type = "int64";
    time.attributes = json!({"units": "days since 2020-01-01"});
    write(&group.join("time"), &time, [0i64, 31, 366].iter().flat_map(|v| v.to_le_bytes()).collect());
    let root = json!({"zarr_format": 3, "node_type": "group", "attributes": {}});
    std::fs::write(group.join("zarr.json"), root.to_string()).unwrap();
    succeed(folder, &["encode", "plain.zarr", "cube.zarr", "--lossless"]);
    samples
}

fn plane(samples: &[i16], date: usize, band: usize) -> Vec<i16> {
    let size = HEIGHT * WIDTH;
    samples[(date * 2 + band) * size..][..size].to_vec()
}

fn band_of(path: &Path, number: usize) -> Vec<i16> {
    let dataset = Dataset::open(path).unwrap();
    dataset.rasterband(number).unwrap().read_band_as::<i16>().unwrap().data().to_vec()
}

fn json_of(path: &Path) -> Value {
    serde_json::from_slice(&std::fs::read(path.join("zarr.json")).unwrap()).unwrap()
}

#[test]
fn every_date_becomes_a_geotiff() {
    let folder = folder("export-dates");
    let samples = cube(&folder);
    let printed = figures(&folder, &["export", "cube.zarr", "scene.tif"]);
    let names = ["scene_2020-01-01.tif", "scene_2020-02-01.tif", "scene_2021-01-01.tif"];
    assert_eq!((&printed["outputs"], &printed["format"]), (&json!(names), &json!("GeoTIFF")));
    assert_eq!(
        (&printed["shape"], &printed["raw_bytes"]),
        (&json!([3, 2, HEIGHT, WIDTH]), &json!(3 * 2 * HEIGHT * WIDTH * 2))
    );
    for (date, name) in names.iter().enumerate() {
        let path = folder.join(name);
        assert_eq!(layout(&path).as_deref(), Some("COG"));
        assert_eq!(
            [band_of(&path, 1), band_of(&path, 2)],
            [plane(&samples, date, 0), plane(&samples, date, 1)]
        );
        let described = describe(&path);
        assert_eq!(described.georeference.code.as_deref(), Some("EPSG:32633"));
        assert_eq!(described.georeference.transform, Some([500_000.0, 10.0, 0.0, 5_000_000.0, 0.0, -10.0]));
        assert_eq!(
            (described.bands[1].name.as_deref(), described.bands[1].nodata, described.bands[1].scale),
            (Some("nir"), Some(-1.0), Some(0.01))
        );
        assert_eq!(
            described.items["TIFFTAG_DATETIME"],
            format!("{} 00:00:00", name[6..16].replace('-', ":"))
        );
    }
    let left: Vec<_> =
        std::fs::read_dir(&folder).unwrap().map(|e| e.unwrap().file_name().into_string().unwrap()).collect();
    assert_eq!(left.len(), 2 + names.len(), "{left:?}");
    fail(
        &folder,
        &["export", "cube.zarr", "scene.tif"],
        2,
        "output scene_2020-01-01.tif exists; choose another, or replace it with --overwrite",
    );
    let printed =
        figures(&folder, &["export", "cube.zarr", "scene.tif", "--dates", "2020-02", "--bands", "nir"]);
    assert_eq!(printed["outputs"], json!(["scene.tif"]));
    assert_eq!(band_of(&folder.join("scene.tif"), 1), plane(&samples, 1, 1));
}

#[test]
fn windows_and_bounds_move_the_place() {
    let folder = folder("export-window");
    let samples = cube(&folder);
    let all = plane(&samples, 0, 0);
    let expected: Vec<i16> = (20..60).flat_map(|y| all[y * WIDTH + 10..y * WIDTH + 40].to_vec()).collect();
    let export = |name: &str, choice: [&str; 2]| {
        succeed(&folder, &["export", "cube.zarr", name, "--dates", "0", choice[0], choice[1]]);
        let described = describe(&folder.join(name));
        assert_eq!(
            described.georeference.transform,
            Some([500_100.0, 10.0, 0.0, 4_999_800.0, 0.0, -10.0]),
            "{name}"
        );
        assert_eq!(band_of(&folder.join(name), 1), expected, "{name}");
    };
    export("window.tif", ["--window", "10,20,40,60"]);
    export("bounds.tif", ["--bounds", "500100,4999400,500400,4999800"]);
    // Pixels that are touched belong to it; corners come in any order.
    export("touched.tif", ["--bounds", "500391,4999799,500101,4999409"]);
    fail(
        &folder,
        &["export", "cube.zarr", "x.tif", "--window", "0,0,71,10"],
        2,
        "window 0,0,71,10 does not lie within 70 x 90 pixels; give x0 below x1, at most 70, and y0 below y1, at most 90",
    );
    fail(
        &folder,
        &["export", "cube.zarr", "x.tif", "--bounds", "0,0,10,10"],
        2,
        "bounds 0,0,10,10 lie outside the raster, which reaches from 500000,4999100 to 500700,5000000",
    );
    fail(
        &folder,
        &["export", "cube.zarr", "x.tif", "--window", "0,0,7"],
        2,
        "--window and --bounds take four numbers: x0,y0,x1,y1",
    );
}

#[test]
fn larger_pixels_are_means_or_middles() {
    let folder = folder("export-resolution");
    let samples = cube(&folder);
    let all = plane(&samples, 0, 0);
    succeed(&folder, &["export", "cube.zarr", "mean.tif", "--dates", "0", "--resolution", "40"]);
    let mean = band_of(&folder.join("mean.tif"), 1);
    let described_mean = describe(&folder.join("mean.tif"));
    assert_eq!(described_mean.georeference.transform, Some([500_000.0, 40.0, 0.0, 5_000_000.0, 0.0, -40.0]));
    let (height, width) = (HEIGHT.div_ceil(4), WIDTH.div_ceil(4));
    assert_eq!(mean.len(), height * width);
    let slow = |row: usize, column: usize| {
        let valid: Vec<f64> = (row * 4..(row * 4 + 4).min(HEIGHT))
            .flat_map(|y| (column * 4..(column * 4 + 4).min(WIDTH)).map(move |x| (y, x)))
            .map(|(y, x)| all[y * WIDTH + x])
            .filter(|v| *v != -1)
            .map(f64::from)
            .collect();
        if valid.is_empty() { -1 } else { (valid.iter().sum::<f64>() / valid.len() as f64).round() as i16 }
    };
    let expected: Vec<i16> =
        (0..height).flat_map(|y| (0..width).map(move |x| (y, x))).map(|(y, x)| slow(y, x)).collect();
    assert_eq!(mean, expected);
    assert!(mean[0] == -1 && mean[1] > 0);
    fail(
        &folder,
        &["export", "cube.zarr", "x.tif", "--resolution", "25"],
        2,
        "resolution 25 is no whole multiple of the pixels' size, 10 x 10; give one, such as 20.0, or resample an export \
         with gdalwarp",
    );
    // Classes are not averaged.
    succeed(&folder, &["encode", crop("nlcd").to_str().unwrap(), "nlcd.zarr", "--lossless"]);
    let pixel = describe(&crop("nlcd")).georeference.transform.unwrap();
    let both = (pixel[1] * 2.0).to_string();
    fail(
        &folder,
        &["export", "nlcd.zarr", "x.tif", "--resolution", &both],
        2,
        &format!(
            "resolution {both} is no whole multiple of the pixels' size, {} x {}; give one, such as {}, or resample an \
             export with gdalwarp",
            pixel[1],
            -pixel[5],
            pixel[1] * 2.0
        ),
    );
}

#[test]
fn classes_keep_their_colours_in_a_cog() {
    let folder = folder("export-classes");
    let before = describe(&crop("nlcd"));
    succeed(&folder, &["encode", crop("nlcd").to_str().unwrap(), "nlcd.zarr", "--lossless"]);
    for compression in ["deflate", "zstd", "lzw", "none"] {
        let name = format!("{compression}.tif");
        succeed(&folder, &["export", "nlcd.zarr", &name, "--compression", compression]);
        let mut after = describe(&folder.join(&name));
        // GDAL says how it made them.
        after.items.remove("OVR_RESAMPLING_ALG");
        assert_eq!(after, before, "{compression}");
        assert_eq!(layout(&folder.join(&name)).as_deref(), Some("COG"));
    }
}

#[test]
fn large_files_have_overviews() {
    let folder = folder("export-cog");
    let mut plain = common::plain(&[1, 1100, 700], &[1, 512, 512]);
    plain.attributes =
        json!({"bands": [{"name": "class", "categories": [{"value": 3, "colour": "#ff0000"}]}], "nodata": 0});
    plain.data_type = "uint8";
    let samples: Vec<u8> = (0..1100 * 700).map(|i| if i % 2 == 0 { 3 } else { 9 }).collect();
    write(&folder.join("classes.zarr"), &plain, samples);
    succeed(&folder, &["export", "classes.zarr", "classes.tif"]);
    let dataset = Dataset::open(folder.join("classes.tif")).unwrap();
    let band = dataset.rasterband(1).unwrap();
    assert_eq!(band.overview_count().unwrap(), 2);
    let overview = band.overview(0).unwrap();
    assert_eq!(overview.size(), (350, 550));
    let found = overview.read_as::<u8>((0, 0), (350, 550), (350, 550), None).unwrap();
    // No class between the two.
    assert!(found.data().iter().all(|v| [3, 9].contains(v)));
    assert_eq!(band.block_size(), (512, 512));
}

#[test]
fn plain_zarr_is_a_group_with_coordinates() {
    let folder = folder("export-zarr");
    let samples = cube(&folder);
    let printed = figures(&folder, &["export", "cube.zarr/data", "out.zarr", "--dates", "2,0"]);
    assert_eq!(printed["outputs"], json!(["out.zarr"]));
    let expected: Vec<u8> = [2, 0]
        .iter()
        .flat_map(|t| [plane(&samples, *t, 0), plane(&samples, *t, 1)].concat())
        .flat_map(i16::to_ne_bytes)
        .collect();
    assert_eq!(read_array(&folder.join("out.zarr/data")), expected);
    let metadata = json_of(&folder.join("out.zarr/data"));
    assert_eq!(metadata["dimension_names"], json!(["time", "band", "y", "x"]));
    assert_eq!((&metadata["fill_value"], &metadata["attributes"]["_FillValue"]), (&json!(-1), &json!(-1)));
    assert_eq!(metadata["attributes"]["grid_mapping"], "spatial_ref");
    assert!(metadata["codecs"].to_string().contains("zstd"));
    let times = read_array(&folder.join("out.zarr/time"));
    let day = |n: i64| ((18_262 + n) * 86_400).to_ne_bytes();
    assert_eq!(times, [day(366), day(0)].concat());
    assert_eq!(json_of(&folder.join("out.zarr/x"))["attributes"]["standard_name"], "projection_x_coordinate");
    assert_eq!(json_of(&folder.join("out.zarr/band"))["data_type"], "string");
    assert_eq!(
        json_of(&folder.join("out.zarr/spatial_ref"))["attributes"]["grid_mapping_name"],
        "transverse_mercator"
    );
    // What was exported can be encoded and exported again.
    succeed(&folder, &["encode", "out.zarr", "again.zarr", "--lossless"]);
    succeed(&folder, &["export", "again.zarr", "again.tif", "--dates", "2021"]);
    assert_eq!(band_of(&folder.join("again.tif"), 2), plane(&samples, 2, 1));
}

#[test]
fn overviews_stand_beside_the_array() {
    let folder = folder("export-overview");
    cube(&folder);
    let before = common::content(&folder.join("cube.zarr/data"));
    let printed = figures(&folder, &["export", "cube.zarr", "--overview", "--levels", "2,4,6"]);
    assert_eq!(printed["outputs"], json!(["cube.zarr/overviews"]));
    assert_eq!(common::content(&folder.join("cube.zarr/data")), before);
    let group = json_of(&folder.join("cube.zarr"));
    let layout = &group["attributes"]["multiscales"]["layout"];
    let seen: Vec<_> = layout
        .as_array()
        .unwrap()
        .iter()
        .map(|l| {
            (
                l["asset"].as_str().unwrap(),
                l["derived_from"].as_str(),
                l["transform"]["scale"][0].as_f64().unwrap(),
            )
        })
        .collect();
    assert_eq!(
        seen,
        [
            ("data", None, 1.0),
            ("overviews/2/data", Some("data"), 2.0),
            ("overviews/4/data", Some("overviews/2/data"), 2.0),
            ("overviews/6/data", Some("data"), 6.0)
        ]
    );
    assert_eq!(layout[2]["spatial:transform"], json!([40.0, 0.0, 500_000.0, 0.0, -40.0, 5_000_000.0]));
    assert_eq!(layout[2]["spatial:shape"], json!([23, 18]));
    let below = json_of(&folder.join("cube.zarr/overviews"));
    assert_eq!(below["attributes"]["multiscales"]["layout"][1]["derived_from"], "2/data");
    let level = json_of(&folder.join("cube.zarr/overviews/4/data"));
    assert_eq!((&level["shape"], &level["codecs"][0]["name"]), (&json!([3, 2, 23, 18]), &json!("bytes")));
    // The levels are pictures of the array, and no rasters of their own.
    succeed(&folder, &["verify", "cube.zarr", "--against", "plain.zarr"]);
    assert_eq!(figures(&folder, &["info", "cube.zarr"])["arrays"].as_array().map(Vec::len), Some(2));
    succeed(&folder, &["export", "cube.zarr", "after.tif", "--dates", "0"]);
    succeed(&folder, &["export", "cube.zarr/overviews/4", "four.tif", "--dates", "0"]);
    succeed(&folder, &["export", "cube.zarr", "mean.tif", "--dates", "0", "--resolution", "60"]);
    succeed(&folder, &["export", "cube.zarr/overviews/6", "six.tif", "--dates", "0"]);
    assert_eq!(describe(&folder.join("six.tif")), describe(&folder.join("mean.tif")));
    fail(
        &folder,
        &["export", "cube.zarr", "--overview"],
        2,
        "output cube.zarr/overviews exists; choose another, or replace it with --overwrite",
    );
    succeed(&folder, &["export", "cube.zarr", "--overview", "--overwrite"]);
    assert!(folder.join("cube.zarr/overviews/2").is_dir() && !folder.join("cube.zarr/overviews/4").exists());
}

#[test]
fn what_can_not_be_had_is_told() {
    let folder = folder("export-refused");
    cube(&folder);
    let refused = |args: &[&str], message: &str| fail(&folder, &[&["export"], args].concat(), 2, message);
    refused(
        &["cube.zarr", "out.png"],
        "the ending of out.png names no known format; allowed are .tif (COG), .nc (NetCDF-4) and .zarr (plain)",
    );
    refused(
        &["cube.zarr", "out.nc", "--compression", "lzw"],
        "compression lzw can't be used for NetCDF; allowed are deflate, none",
    );
    refused(
        &["cube.zarr", "out.nc", "--dates", "2019"],
        "\"2019\" chooses no date; allowed are 0 to 2, or dates from 2020-01-01 to 2021-01-01",
    );
    refused(
        &["cube.zarr", "out.nc", "--bands", "swir"],
        "choosing bands of data: band \"swir\" is not there; allowed are 0 to 1 or red, nir",
    );
    refused(
        &["none.zarr", "out.nc"],
        "none.zarr does not exist; vqz takes Zarr v3 arrays and groups, that is, folders with a zarr.json, and GeoTIFFs",
    );
    refused(
        &["cube.zarr", "cube.zarr/out.nc"],
        "output cube.zarr/out.nc lies within the input, cube.zarr; choose an output outside of it",
    );
    succeed(&folder, &["encode", "plain.zarr/data", "alone.zarr", "--lossless"]);
    refused(
        &["alone.zarr", "--overview"],
        "alone.zarr is not in a group, so no overview can be written beside it; export a .tif, or encode a group",
    );
    let left: Vec<_> = std::fs::read_dir(&folder).unwrap().map(|e| e.unwrap().file_name()).collect();
    assert_eq!(left.len(), 3, "{left:?}");
}
