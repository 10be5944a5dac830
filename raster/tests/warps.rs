//! Rasters brought onto grids in other coordinate reference systems: what covers a grid is found however the two lie, and no
//! sample is blended with one that is missing.

mod common;

use common::{Folder, Raster, all, array, plan, refused};
use gdal::raster::{Buffer, GdalType, RasterCreationOptions};
use gdal::spatial_ref::SpatialRef;
use gdal::{Dataset, DriverManager};
use std::path::Path;

/// A map of the world, a pixel a degree, whose samples are 1 more than the degrees from 180° W on; nodata -1.
fn world(folder: &Folder, name: &str, left: f64, columns: usize) {
    let samples: Vec<i16> = (0..180 * columns)
        .map(|at| 1 + (left + (at % columns) as f64 + 180.5).rem_euclid(360.0) as i16)
        .collect();
    let raster = Raster::new([180, columns], &samples);
    folder.tiff(
        name,
        &Raster { epsg: Some(4326), corner: [left, 90.0], pixel: 1.0, nodata: Some(-1.0), ..raster },
    );
}

/// All samples of the files `name` on a grid.
fn brought(folder: &Folder, name: &str, grid: &str) -> Vec<i16> {
    let config =
        format!("[[input]]\nfiles = [\"{name}\"]\nbands = [\"a\"]\n[grid]\nresampling = \"nearest\"\n{grid}");
    all(&plan(&folder.0, &config).unwrap(), "data")
}

#[test]
fn a_map_of_the_world_covers_every_grid() {
    let folder = Folder::new();
    // From 180° W, from Greenwich, from half a pixel west of it, and with a column twice.
    for (name, left, columns) in
        [("w.tif", -180.0, 360), ("g.tif", 0.0, 360), ("h.tif", -0.5, 360), ("t.tif", 0.0, 361)]
    {
        world(&folder, name, left, columns);
    }
    let grids = [
        // Tiles of UTM: across the central meridian, west of it, in the south, across 180°, across Greenwich.
        ("EPSG:32633", 1830.0, [399_960.0, 5_490_240.0, 509_760.0, 5_600_040.0]),
        ("EPSG:32633", 1830.0, [300_000.0, 5_490_240.0, 409_800.0, 5_600_040.0]),
        ("EPSG:32755", 5000.0, [200_000.0, 6_000_000.0, 800_000.0, 6_400_000.0]),
        ("EPSG:32701", 5000.0, [100_000.0, 7_800_000.0, 500_000.0, 8_000_000.0]),
        ("EPSG:32630", 5000.0, [600_000.0, 5_000_000.0, 900_000.0, 5_200_000.0]),
        // Around both poles.
        ("EPSG:3413", 40_000.0, [-1_000_000.0, -1_000_000.0, 1_000_000.0, 1_000_000.0]),
        ("EPSG:3031", 50_000.0, [-3_000_000.0, -3_000_000.0, 3_000_000.0, 3_000_000.0]),
        // Most of the world, and a piece that is smaller than a pixel of the map.
        ("EPSG:3857", 500_000.0, [-20_000_000.0, -15_000_000.0, 20_000_000.0, 15_000_000.0]),
        ("EPSG:32633", 10.0, [400_000.0, 5_500_000.0, 400_100.0, 5_500_100.0]),
        // Degrees, counted from elsewhere.
        ("EPSG:4326", 0.5, [-180.0, -80.0, 180.0, 80.0]),
        ("EPSG:4326", 0.7, [0.0, -70.0, 350.0, 70.0]),
        ("EPSG:4269", 0.5, [170.0, -80.0, 190.0, 80.0]),
    ];
    for (crs, resolution, bounds) in grids {
        let grid = format!("crs = \"{crs}\"\nresolution = {resolution:?}\nbounds = {bounds:?}\n");
        let expected = brought(&folder, "w.tif", &grid);
        assert!(expected.iter().all(|v| *v > 0), "{crs} {bounds:?}: some of the world is missing");
        for name in ["g.tif", "h.tif", "t.tif"] {
            let found = brought(&folder, name, &grid);
            let missing = found.iter().filter(|v| **v <= 0).count();
            assert_eq!(missing, 0, "{name} on {crs} {bounds:?}");
            // Pixels of the third map lie half a pixel beside.
            let far = found
                .iter()
                .zip(&expected)
                .filter(|(a, b)| (**a - **b).rem_euclid(360).min((**b - **a).rem_euclid(360)) > 1);
            assert_eq!(far.count(), 0, "{name} on {crs} {bounds:?}");
        }
    }
}

#[test]
fn longitudes_are_counted_from_anywhere_without_resampling() {
    let folder = Folder::new();
    world(&folder, "g.tif", 0.0, 360);
    world(&folder, "w.tif", -180.0, 360);
    let aligned = |name: &str, bounds: &str| {
        let config = format!("[[input]]\nfiles = [\"{name}\"]\nbands = [\"a\"]\n[grid]\nbounds = {bounds}\n");
        all::<i16>(&plan(&folder.0, &config).unwrap(), "data")
    };
    for bounds in [
        "[-180, -90, 180, 90]",
        "[0, -90, 360, 90]",
        "[170, 10, 200, 20]",
        "[-200, 10, -170, 20]",
        "[-10, 0, 10, 5]",
    ] {
        let (a, b) = (aligned("g.tif", bounds), aligned("w.tif", bounds));
        assert!(a == b && a.iter().all(|v| *v > 0), "{bounds}");
    }
    let config = "[[input]]\nfiles = [\"w.tif\"]\nbands = [\"a\"]\n[grid]\nbounds = [0, 100, 10, 110]\n";
    let error = refused(&folder.0, config);
    assert!(error.contains("the bounds under [grid] ([0.0, 100.0, 10.0, 110.0]) and the inputs"), "{error}");
    assert!(error.ends_with("have nothing in common"), "{error}");
}

#[test]
fn scenes_across_the_antimeridian_keep_both_sides() {
    let folder = Folder::new();
    let scene = vec![7i16; 60 * 160];
    let scene =
        Raster { epsg: Some(32_701), pixel: 2000.0, nodata: Some(0.0), ..Raster::new([60, 160], &scene) };
    folder.tiff("across.tif", &Raster { corner: [100_000.0, 8_000_000.0], ..scene.clone() });
    folder.tiff("beside.tif", &Raster { corner: [500_000.0, 8_000_000.0], ..scene });
    let bounded = |name: &str, bounds: &str| {
        brought(&folder, name, &format!("crs = \"EPSG:4326\"\nresolution = 0.05\nbounds = {bounds}\n"))
    };
    let count = |samples: &[i16]| samples.iter().filter(|v| **v == 7).count();
    let whole = count(&bounded("beside.tif", "[-180, -20, 180, -17]"));
    assert!((1250..1370).contains(&whole), "{whole}");
    let across = bounded("across.tif", "[-180, -20, 180, -17]");
    assert!(count(&across).abs_diff(whole) < 40, "{} of {whole}", count(&across));
    let rows = across.chunks(7200);
    let [mut left, mut right] = [0, 0];
    for row in rows {
        left += count(&row[..3600]);
        right += count(&row[3600..]);
    }
    assert!(left > 100 && right > 100, "{left} on one side, {right} on the other");
    for bounds in ["[0, -20, 360, -17]", "[170, -20, 190, -17]", "[-190, -20, -170, -17]"] {
        let found = count(&bounded("across.tif", bounds));
        assert!(found.abs_diff(left + right) < 5, "{found} within {bounds}, {left} + {right} before");
    }
    // In Mercator's projection the two sides are the two edges of the world.
    let mercator = brought(
        &folder,
        "across.tif",
        "crs = \"EPSG:3857\"\nresolution = 20000\nbounds = [-20037508, -2300000, 20037508, -1900000]\n",
    );
    assert!(
        count(&mercator) > 50
            && mercator.chunks(2004).any(|row| row[0] == 7)
            && mercator.chunks(2004).any(|row| row[2002] == 7)
    );

    // Without bounds, the grid reaches beyond 180°, and no further than the scenes do.
    let config = "[[input]]\nfiles = [\"across.tif\", \"beside.tif\"]\nbands = [\"a\"]\n[grid]\ncrs = \"EPSG:4326\"\nresolution = \
                  0.05\nresampling = \"nearest\"\n";
    let both = plan(&folder.0, config).unwrap();
    let [left, _, right, _] = array(&both, "data").grid.bounds();
    assert!((178.0..180.0).contains(&left) && (184.0..188.0).contains(&right), "{left} to {right}");
    assert!(
        both.remarks
            .iter()
            .any(|r| r
                .starts_with("the inputs lie across the antimeridian, and their longitudes run from 179")),
        "{:?}",
        both.remarks
    );
    assert!(count(&all::<i16>(&both, "data")).abs_diff(2 * whole) < 80);
}

#[test]
fn one_file_may_lie_at_two_places() {
    let folder = Folder::new();
    let samples: Vec<i16> = (1..=16).collect();
    folder.tiff("a.tif", &Raster { nodata: Some(0.0), ..Raster::new([4, 4], &samples) });
    // Over the grid, and three times as large around it: both cover all of it.
    let config = "[[input]]\nfiles = [\"a.tif\"]\nbands = [\"p\"]\nbounds = [0, 0, 80, 80]\n[[input]]\nfiles = [\"a.tif\"]\nbands = \
                  [\"q\"]\nbounds = [-80, -80, 160, 160]\n[grid]\nbounds = [0, 0, 80, 80]\nresolution = 40\nresampling = \
                  \"nearest\"\n";
    let found = plan(&folder.0, config).unwrap();
    let samples = all::<i16>(&found, "data");
    assert_eq!(samples[4..], [6, 7, 10, 11], "{samples:?}");
    assert_ne!(samples[..4], samples[4..]);
}

/// The plan of files of band `a` in degrees, or why there is none.
fn in_degrees(folder: &Folder, files: &[&str]) -> Result<vqz_raster::ingest::plan::CubePlan, String> {
    let config = format!(
        "[[input]]\nfiles = {files:?}\nbands = [\"a\"]\n[grid]\ncrs = \"EPSG:4326\"\nresolution = 0.02\nresampling = \"nearest\"\n"
    );
    plan(&folder.0, &config).map_err(|e| e.to_string())
}

#[test]
fn files_of_the_same_place_are_found_across_the_antimeridian() {
    let folder = Folder::new();
    let scene = vec![7i16; 60 * 160];
    let scene = Raster {
        epsg: Some(32_701),
        corner: [100_000.0, 8_000_000.0],
        pixel: 2000.0,
        nodata: Some(0.0),
        ..Raster::new([60, 160], &scene)
    };
    folder.tiff("utm.tif", &scene);
    let alone = in_degrees(&folder, &["utm.tif"]).unwrap();
    let grid = &array(&alone, "data").grid;
    let ([left, _, right, top], size) = (grid.bounds(), [grid.height, grid.width]);
    assert!(left < 180.0 && right > 180.0, "{left} to {right}");
    let samples = vec![7i16; size[0] * size[1]];
    let own = Raster { epsg: Some(4326), pixel: 0.02, nodata: Some(0.0), ..Raster::new(size, &samples) };
    // The same place, counted from Greenwich to the east or to the west; and the places beside it.
    for (name, left) in [
        ("east.tif", left),
        ("west.tif", left - 360.0),
        ("beside.tif", left - 360.0 + 0.02 * size[1] as f64),
        ("far.tif", 0.0),
    ] {
        folder.tiff(name, &Raster { corner: [left, top], ..own.clone() });
    }
    for files in [["utm.tif", "east.tif"], ["utm.tif", "west.tif"], ["east.tif", "west.tif"]] {
        let error = in_degrees(&folder, &files).err().unwrap_or_else(|| panic!("{files:?} are planned"));
        assert!(error.starts_with("2 files have band a of the same place: "), "{files:?}: {error}");
    }
    for files in [["utm.tif", "beside.tif"], ["west.tif", "beside.tif"], ["utm.tif", "far.tif"]] {
        assert_eq!(in_degrees(&folder, &files).err(), None, "{files:?}");
    }
}

#[test]
fn maps_of_the_world_are_of_the_same_place_and_a_scene_is_not() {
    let folder = Folder::new();
    world(&folder, "g.tif", 0.0, 360);
    world(&folder, "w.tif", -180.0, 360);
    let maps = "[[input]]\nfiles = [\"g.tif\", \"w.tif\"]\nbands = [\"a\"]\n";
    assert!(refused(&folder.0, maps).starts_with("2 files have band a of the same place: "));
    // Half a turn from the first file, one place has two longitudes.
    let tile = vec![7i16; 400];
    let tile = Raster { epsg: Some(4326), pixel: 1.0, nodata: Some(-1.0), ..Raster::new([20, 20], &tile) };
    for (name, left) in [("t0.tif", -10.0), ("t1.tif", 169.95), ("t2.tif", 170.05)] {
        folder.tiff(name, &Raster { corner: [left, 10.0], ..tile.clone() });
    }
    let error = refused(&folder.0, "[[input]]\nfiles = [\"t*.tif\"]\nbands = [\"a\"]\n");
    assert!(error.starts_with("2 files have band a of the same place: "), "{error}");
    assert!(error.contains("t1.tif, ") && error.contains("t2.tif; "), "{error}");
    // The reference system of the scene, which comes first, has no place for most of the world.
    let scene = [7i16; 4];
    folder.tiff("a.tif", &Raster { nodata: Some(-1.0), ..Raster::new([2, 2], &scene) });
    let config = |files: &str| {
        format!(
            "[[input]]\nfiles = [{files}]\nbands = [\"a\"]\n[grid]\ncrs = \"EPSG:4326\"\nresolution = 1\nresampling = \"nearest\"\n"
        )
    };
    assert_eq!(plan(&folder.0, &config("\"a.tif\", \"w.tif\"")).err().map(|e| e.to_string()), None);
    let error = refused(&folder.0, &config("\"a.tif\", \"g.tif\", \"w.tif\""));
    assert!(error.starts_with("2 files have band a of the same place: "), "{error}");
    assert!(error.contains("g.tif, ") && !error.contains("a.tif, "), "{error}");
}

#[test]
fn what_covers_a_grid_needs_no_value_wherever_longitudes_begin() {
    let folder = Folder::new();
    let samples: Vec<u8> = (0..180 * 360).map(|at| (at % 360 / 2) as u8).collect();
    let map =
        Raster { epsg: Some(4326), corner: [0.0, 90.0], pixel: 1.0, ..Raster::new([180, 360], &samples) };
    folder.tiff("g.tif", &map);
    // The eastern half only.
    let half: Vec<u8> = (0..180 * 180).map(|at| (at % 180 / 2) as u8).collect();
    folder.tiff("h.tif", &Raster { size: [180, 180], samples: &half, ..map });
    let config = |name: &str, bounds: &str| {
        format!(
            "[[input]]\nfiles = [\"{name}\"]\nbands = [\"a\"]\n[grid]\nbounds = {bounds}\nresolution = 0.5\nresampling = \"nearest\"\n"
        )
    };
    for bounds in ["[-180, -90, 180, 90]", "[-100, -10, -20, 10]", "[0, -90, 360, 90]", "[350, 0, 370, 10]"] {
        let found = plan(&folder.0, &config("g.tif", bounds)).map_err(|e| format!("{bounds}: {e}")).unwrap();
        let (samples, array) = (all::<u8>(&found, "data"), array(&found, "data"));
        assert_eq!(array.nodata, None);
        let [left, ..] = array.grid.bounds();
        for (column, sample) in samples[..array.grid.width].iter().enumerate() {
            let degrees = (left + (column as f64 + 0.5) / 2.0).rem_euclid(360.0);
            assert_eq!(f64::from(*sample), (degrees / 2.0).floor(), "{bounds} at {degrees}");
        }
    }
    assert!(plan(&folder.0, &config("h.tif", "[-350, -10, -190, 10]")).is_ok());
    let error = refused(&folder.0, &config("h.tif", "[-350, -10, -170, 10]"));
    assert!(error.contains("does not cover the whole grid"), "{error}");
}

#[test]
fn what_has_no_place_needs_bounds() {
    let folder = Folder::new();
    world(&folder, "w.tif", -180.0, 360);
    for crs in ["EPSG:32633", "EPSG:3413", "EPSG:3035"] {
        let config = format!(
            "[[input]]\nfiles = [\"w.tif\"]\nbands = [\"a\"]\n[grid]\ncrs = \"{crs}\"\nresolution = 100000\nresampling = \"nearest\"\n"
        );
        let error = refused(&folder.0, &config);
        assert!(
            error.contains(&format!("can't be brought to {crs}: a part of it has no place there")),
            "{error}"
        );
        assert!(error.ends_with("say which area to cover, as bounds under [grid]"), "{error}");
    }
    // A scene around the pole covers all longitudes.
    let polar = vec![5i16; 200 * 200];
    let polar = Raster {
        epsg: Some(3413),
        corner: [-400_000.0, 300_000.0],
        pixel: 4000.0,
        nodata: Some(0.0),
        ..Raster::new([200, 200], &polar)
    };
    folder.tiff("p.tif", &polar);
    let config = "[[input]]\nfiles = [\"p.tif\"]\nbands = [\"a\"]\n[grid]\ncrs = \"EPSG:4326\"\nresolution = 0.25\nresampling = \"nearest\"\n";
    let found = plan(&folder.0, config).unwrap();
    let [left, _, right, top] = array(&found, "data").grid.bounds();
    assert_eq!((left, right, top), (-180.0, 180.0, 90.0));
    let samples = all::<i16>(&found, "data");
    assert!(samples[..4 * 1440].iter().all(|v| *v == 5), "all of the uppermost degree is covered");
}

/// Writes bands of float32 with a value for "no data", and a mask.
fn stack<T: GdalType + Copy>(
    path: &Path,
    side: usize,
    bands: &[Vec<T>],
    nodata: Option<f64>,
    mask: Option<&[u8]>,
) {
    gdal::config::set_thread_local_config_option("GDAL_TIFF_INTERNAL_MASK", "YES").unwrap();
    let driver = DriverManager::get_driver_by_name("GTiff").unwrap();
    let options = RasterCreationOptions::from_iter(["PHOTOMETRIC=MINISBLACK", "ALPHA=NO"]);
    let mut dataset: Dataset =
        driver.create_with_band_type_with_options::<T, _>(path, side, side, bands.len(), &options).unwrap();
    dataset.set_spatial_ref(&SpatialRef::from_epsg(32_633).unwrap()).unwrap();
    dataset.set_geo_transform(&[500_000.0, 10.0, 0.0, 5_000_000.0, 0.0, -10.0]).unwrap();
    for (number, samples) in bands.iter().enumerate() {
        let mut band = dataset.rasterband(number + 1).unwrap();
        if nodata.is_some() {
            band.set_no_data_value(nodata).unwrap();
        }
        band.write((0, 0), (side, side), &mut Buffer::new((side, side), samples.clone())).unwrap();
    }
    if let Some(mask) = mask {
        let mut band = dataset.rasterband(1).unwrap();
        band.create_mask_band(true).unwrap();
        let mut mask_band = band.open_mask_band().unwrap();
        mask_band.write((0, 0), (side, side), &mut Buffer::new((side, side), mask.to_vec())).unwrap();
    }
    dataset.close().unwrap();
}

const ALL: [&str; 6] = ["nearest", "bilinear", "cubic", "lanczos", "average", "mode"];

/// Whether a pixel of 40 × 40 lies in the square that is missing.
fn missing(at: usize) -> bool {
    (10..20).contains(&(at / 40)) && (10..20).contains(&(at % 40))
}

#[test]
fn missing_samples_are_not_blended_band_by_band() {
    let folder = Folder::new();
    let with = |value: f32, missing_value: f32, other: f32| -> Vec<f32> {
        (0..1600)
            .map(|at| match at {
                _ if missing(at) => missing_value,
                5 | 1000 => other,
                _ => value,
            })
            .collect()
    };
    // Missing in one band only; a NaN beside a value; NaN alone.
    for (nodata, first, other) in [
        (Some(-9999.0), -9999.0, 100.0),
        (Some(-9999.0), -9999.0, f32::NAN),
        (Some(f64::NAN), f32::NAN, 100.0),
        (None, f32::NAN, 100.0),
    ] {
        stack(&folder.path("a.tif"), 40, &[with(100.0, first, other), vec![200.0f32; 1600]], nodata, None);
        for resampling in ALL {
            for resolution in [8, 25] {
                let config = format!(
                    "[[input]]\nfiles = [\"a.tif\"]\nbands = [\"p\", \"q\"]\n[grid]\nresolution = {resolution}\nresampling = \"{resampling}\"\n"
                );
                let plan = plan(&folder.0, &config).unwrap();
                let found = all::<f32>(&plan, "data");
                let array = array(&plan, "data");
                let area = array.grid.height * array.grid.width;
                let nodata = array.nodata.unwrap() as f32;
                let valid = |v: &&f32| !v.is_nan() && **v != nodata;
                for (band, value) in found.chunks(area).zip([100.0, 200.0]) {
                    let odd: Vec<&f32> =
                        band.iter().filter(valid).filter(|v| (**v - value).abs() > 1e-3).collect();
                    assert!(
                        odd.is_empty(),
                        "{resampling} to {resolution}, nodata {nodata}: {odd:?} beside {value}"
                    );
                }
                let parts =
                    found.chunks(area).map(|band| band.iter().filter(valid).count() as f64 / area as f64);
                let parts: Vec<f64> = parts.collect();
                assert!(
                    (0.90..0.99).contains(&parts[0]) && parts[1] > 0.95,
                    "{resampling} to {resolution}: {parts:?}"
                );
            }
        }
    }
}

#[test]
fn masked_samples_are_not_blended() {
    let folder = Folder::new();
    let samples: Vec<u16> = (0..1600).map(|at| if missing(at) { 60_000 } else { 100 }).collect();
    let mask: Vec<u8> = (0..1600).map(|at| if missing(at) { 0 } else { 255 }).collect();
    for nodata in [None, Some(7.0)] {
        stack(&folder.path("m.tif"), 40, &[samples.clone(), vec![200u16; 1600]], nodata, Some(&mask));
        for resampling in ALL {
            let config = format!(
                "[[input]]\nfiles = [\"m.tif\"]\nbands = [\"p\", \"q\"]\n[grid]\nresolution = 8\nresampling = \"{resampling}\"\n[output]\nnodata = 0\n"
            );
            let plan = plan(&folder.0, &config).unwrap();
            let found = all::<u16>(&plan, "data");
            let area = found.len() / 2;
            for (band, value) in found.chunks(area).zip([100, 200]) {
                assert!(band.iter().all(|v| *v == 0 || *v == value), "{resampling}");
                let missing = band.iter().filter(|v| **v == 0).count();
                assert!((area / 25..area / 14).contains(&missing), "{resampling}: {missing} of {area}");
            }
        }
    }
}

#[test]
fn resampled_masks_are_arrays_where_no_value_means_no_data() {
    let folder = Folder::new();
    let samples: Vec<u16> = (0..1600).map(|at| if missing(at) { 60_000 } else { 100 }).collect();
    let mask: Vec<u8> = (0..1600).map(|at| if missing(at) { 0 } else { 255 }).collect();
    stack(&folder.path("m.tif"), 40, &[samples, vec![200u16; 1600]], None, Some(&mask));
    // The same pixels, and half of them.
    for (grid, side) in [("", 40), ("[grid]\nresolution = 20\nresampling = \"nearest\"\n", 20)] {
        let config = format!("[[input]]\nfiles = [\"m.tif\"]\nbands = [\"p\", \"q\"]\n{grid}");
        let found = plan(&folder.0, &config).unwrap();
        assert_eq!(array(&found, "data").nodata, None);
        let (valid, samples) = (all::<u8>(&found, "mask"), all::<u16>(&found, "data"));
        assert_eq!(valid.iter().filter(|valid| **valid == 0).count(), side * side / 16, "{side}");
        for (valid, sample) in valid.iter().zip(&samples) {
            assert!(*valid == 0 || *sample == 100, "{sample} is valid");
        }
    }
}
