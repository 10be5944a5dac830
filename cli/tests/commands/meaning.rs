//! What samples mean goes with them: classes, coordinates and transparency stay exact under a bound, what files contradict each other
//! in is refused, and what is clipped, left out or not understood is said.

#![cfg(feature = "gdal")]

use crate::common::{call, figures, folder, read_array, succeed};
use gdal::raster::{Buffer, GdalType, RasterCreationOptions};
use gdal::spatial_ref::SpatialRef;
use gdal::{Dataset, DriverManager, Metadata as _};
use serde_json::{Value, json};
use std::path::Path;
use vqz_raster::band::{Band, Category, read_bands, write_bands};
use vqz_raster::netcdf::{Content, NetCdf, Storage};
use vqz_raster::sample::DataType;

const SIDE: usize = 64;
const ALL: usize = SIDE * SIDE;

/// The attributes of an array.
fn attributes(array: &Path) -> Value {
    let text = std::fs::read(array.join("zarr.json")).unwrap();
    serde_json::from_slice::<Value>(&text).unwrap()["attributes"].clone()
}

/// The messages of remarks of a kind.
fn said(summary: &Value, kind: &str) -> Vec<String> {
    let remarks = summary["remarks"].as_array().unwrap().iter();
    remarks.filter(|r| r["kind"] == kind).map(|r| r["message"].as_str().unwrap().to_owned()).collect()
}

/// What a call that must fail says.
fn refused(folder: &Path, args: &[&str]) -> String {
    let (code, out, err) = call(folder, args);
    assert_ne!(code, 0, "vqz {}\n{out}{err}", args.join(" "));
    err
}

/// A sample that is like no other around it.
fn noise(at: usize) -> usize {
    at.wrapping_mul(2_654_435_761) >> 7
}

/// A variable over rows and columns: its name, its type, its samples as bytes, and its attributes.
type Variable<'a> = (&'a str, DataType, Vec<u8>, Value);

/// Writes a NetCDF file of rows and columns, which have coordinates where `placed`. A variable without samples is a single number.
fn netcdf(path: &Path, placed: bool, variables: &[Variable<'_>]) {
    let mut file = NetCdf::create(path).unwrap();
    let of = |variable: &vqz_raster::netcdf::Variable, attributes: &Value| {
        for (key, value) in attributes.as_object().unwrap() {
            variable.attribute(key, value).unwrap();
        }
    };
    for (name, word) in [("y", "projection_y_coordinate"), ("x", "projection_x_coordinate")] {
        file.dimension(name, SIDE as u64).unwrap();
        if placed {
            let content = Content::Samples(DataType::Float64);
            let axis = file.variable(name, &[name], content, &Storage::default()).unwrap();
            of(&axis, &json!({"units": "m", "standard_name": word}));
            let sign = if name == "y" { -10.0 } else { 10.0 };
            let values =
                (0..SIDE).flat_map(|i| (500_000.0 + sign * i as f64).to_ne_bytes()).collect::<Vec<u8>>();
            axis.write(&[0], &[SIDE as u64], &values).unwrap();
        }
    }
    for (name, kind, samples, attributes) in variables {
        let over: &[&str] = if samples.is_empty() { &[] } else { &["y", "x"] };
        let variable = file.variable(name, over, Content::Samples(*kind), &Storage::default()).unwrap();
        of(&variable, attributes);
        if !samples.is_empty() {
            variable.write(&[0, 0], &[SIDE as u64; 2], samples).unwrap();
        }
    }
    file.finish().unwrap();
}

fn bytes(samples: impl Iterator<Item = f32>) -> Vec<u8> {
    samples.flat_map(f32::to_ne_bytes).collect()
}

/// Temperatures that a bound of 1 changes.
fn temperatures() -> Vec<u8> {
    bytes((0..ALL).map(|at| 280.0 + (noise(at) % 1000) as f32 / 100.0))
}

/// Writes a GeoTIFF of some bands.
fn geotiff<T: GdalType + Copy>(
    path: &Path,
    bands: &[Band],
    options: &[&str],
    sample: impl Fn(usize, usize) -> T,
) {
    let driver = DriverManager::get_driver_by_name("GTiff").unwrap();
    let options = RasterCreationOptions::from_iter(options.iter().copied());
    let mut dataset =
        driver.create_with_band_type_with_options::<T, _>(path, SIDE, SIDE, bands.len(), &options).unwrap();
    dataset.set_geo_transform(&[500_000.0, 10.0, 0.0, 5_000_000.0, 0.0, -10.0]).unwrap();
    dataset.set_spatial_ref(&SpatialRef::from_epsg(32_633).unwrap()).unwrap();
    write_bands(&mut dataset, bands).unwrap();
    for number in 1..=bands.len() {
        let samples = (0..ALL).map(|at| sample(number, at)).collect();
        let mut band = dataset.rasterband(number).unwrap();
        band.write((0, 0), (SIDE, SIDE), &mut Buffer::new((SIDE, SIDE), samples)).unwrap();
    }
    dataset.close().unwrap();
}

fn named(name: &str) -> Band {
    Band { name: Some(name.to_owned()), ..Band::default() }
}

fn class(value: i64, name: &str, colour: Option<[u8; 4]>) -> Category {
    Category { value, name: Some(name.to_owned()), colour }
}

#[test]
fn classes_of_netcdf_stay_exact() {
    let folder = folder("meaning-classes");
    let classes: Vec<u8> = (0..ALL).map(|at| (noise(at) % 8) as u8).collect();
    let listed = json!({"flag_values": [0, 1, 2, 3, 4, 5, 6, 7], "flag_meanings": "a b c d e f g h"});
    let bits = json!({"flag_masks": [1, 2, 4], "flag_meanings": "cloud shadow snow"});
    for (number, words) in [listed, bits, json!({"standard_name": "quality_flag"})].into_iter().enumerate() {
        let file = format!("{number}.nc");
        netcdf(&folder.join(&file), true, &[("lc", DataType::UInt8, classes.clone(), words.clone())]);
        for command in ["encode", "ingest"] {
            let (out, back) = (format!("{command}-{number}.zarr"), format!("{command}-{number}-back.zarr"));
            let summary = figures(&folder, &[command, &file, &out, "--max-error", "1"]);
            assert_eq!(said(&summary, "made_lossless").len(), 1, "{command} {words}: {summary}");
            succeed(&folder, &["decode", &out, &back]);
            let array = folder.join(&back).join(if command == "ingest" { "data" } else { "" });
            assert!(read_array(&array) == classes, "{command} {words}");
            let found = attributes(&array);
            for (key, value) in words.as_object().unwrap() {
                assert_eq!(&found[key], value, "{command} {key}");
            }
        }
    }
}

#[test]
fn classes_beside_other_variables_keep_the_bound_of_these() {
    let folder = folder("meaning-beside");
    let shorts = |f: &dyn Fn(usize) -> i16| (0..ALL).flat_map(|at| f(at).to_ne_bytes()).collect::<Vec<u8>>();
    let (t, lc) = (shorts(&|at| 2800 + (noise(at) % 1000) as i16), shorts(&|at| (noise(at + 7) % 8) as i16));
    netcdf(
        &folder.join("a.nc"),
        true,
        &[
            ("t", DataType::Int16, t.clone(), json!({"valid_range": [0, 5000]})),
            ("lc", DataType::Int16, lc.clone(), json!({"flag_masks": [1, 2, 4], "flag_meanings": "a b c"})),
        ],
    );
    succeed(&folder, &["ingest", "a.nc", "out.zarr", "--max-error", "9"]);
    succeed(&folder, &["decode", "out.zarr", "back.zarr"]);
    assert!(read_array(&folder.join("back.zarr/lc")) == lc);
    let data = read_array(&folder.join("back.zarr/data"));
    let number = |bytes: &[u8], at: usize| i16::from_le_bytes([bytes[2 * at], bytes[2 * at + 1]]);
    assert!(data != t && (0..ALL).all(|at| (number(&data, at) - number(&t, at)).abs() <= 9));
    let found = attributes(&folder.join("back.zarr/data"));
    assert_eq!((&found["band_names"], &found["valid_range"]), (&json!(["t"]), &json!([0, 5000])));
}

#[test]
fn coordinates_and_ancillary_variables_are_no_bands() {
    let folder = folder("meaning-swath");
    let degrees =
        |from: f32| bytes((0..ALL).map(|at| from + (at % SIDE) as f32 / 700.0 + (at / SIDE) as f32 / 900.0));
    let (latitude, longitude, qa) = (degrees(45.0), degrees(9.0), temperatures());
    netcdf(
        &folder.join("swath.nc"),
        false,
        &[
            ("where_y", DataType::Float32, latitude.clone(), json!({"units": "degrees_north"})),
            ("where_x", DataType::Float32, longitude.clone(), json!({"long_name": "longitude"})),
            (
                "t",
                DataType::Float32,
                temperatures(),
                json!({"coordinates": "where_y where_x", "ancillary_variables": "qa"}),
            ),
            ("qa", DataType::Float32, qa.clone(), json!({})),
        ],
    );
    succeed(&folder, &["ingest", "swath.nc", "out.zarr", "--max-error", "1"]);
    succeed(&folder, &["decode", "out.zarr", "back.zarr"]);
    let array = |name: &str| folder.join("back.zarr").join(name);
    let found = attributes(&array("data"));
    assert_eq!(found["band_names"], json!(["t"]));
    assert_eq!(found["coordinates"], "where_y where_x");
    assert_eq!(found["ancillary_variables"], "qa");
    assert!(read_array(&array("where_y")) == latitude);
    assert!(read_array(&array("where_x")) == longitude);
    assert!(read_array(&array("qa")) == qa);
    // A plain cube that is encoded later keeps them as well.
    succeed(&folder, &["ingest", "swath.nc", "plain.zarr"]);
    succeed(&folder, &["encode", "plain.zarr", "later.zarr", "--max-error", "1"]);
    succeed(&folder, &["decode", "later.zarr", "late.zarr"]);
    assert!(read_array(&folder.join("late.zarr/where_y")) == latitude);
    assert!(read_array(&folder.join("late.zarr/qa")) == qa);
    assert!(read_array(&folder.join("late.zarr/data")) != temperatures());
}

#[test]
fn one_page_of_several_must_be_named() {
    let folder = folder("meaning-pages");
    for (number, append) in [(1, "NO"), (2, "YES")] {
        let option = format!("APPEND_SUBDATASET={append}");
        geotiff(&folder.join("pages.tif"), &[named("v")], &[&option], |_, at| {
            (noise(at) % 100 + 100 * number) as u16
        });
    }
    for command in ["encode", "ingest"] {
        let err = refused(&folder, &[command, "pages.tif", "out.zarr", "--lossless"]);
        assert!(err.contains("pages.tif: it holds 2 pages, 1, 2, each a raster of its own"), "{err}");
        assert!(err.contains("variables = [\"1\"]"), "{err}");
    }
    std::fs::write(folder.join("c.toml"), "[[input]]\nfiles = [\"pages.tif\"]\nvariables = [\"2\"]\n")
        .unwrap();
    succeed(&folder, &["ingest", "c.toml", "cube.zarr"]);
    let samples: Vec<u8> = (0..ALL).flat_map(|at| ((noise(at) % 100 + 200) as u16).to_le_bytes()).collect();
    assert!(read_array(&folder.join("cube.zarr/data")) == samples);
}

#[test]
fn files_of_a_band_mean_the_same() {
    let folder = folder("meaning-files");
    let write = |name: &str, band: Band| geotiff(&folder.join(name), &[band], &[], |_, at| (at % 3) as u8);
    let ingest = |name: &str| {
        let (a, b, pattern) =
            (format!("{name}_2019.tif"), format!("{name}_2020.tif"), format!("{name}_{{time:%Y}}.tif"));
        call(&folder, &["ingest", &a, &b, &format!("{name}.zarr"), "--name", &pattern])
    };
    let unit = |unit: &str| Band { unit: Some(unit.to_owned()), ..named("v") };
    write("dem_2019.tif", unit("m"));
    write("dem_2020.tif", unit("ft"));
    let (code, _, err) = ingest("dem");
    assert!(
        code != 0
            && err.contains("band v: dem_2020.tif (band 1) has the unit ft, dem_2019.tif (band 1) has m"),
        "{err}"
    );
    write("same_2019.tif", unit("m"));
    write("same_2020.tif", named("v"));
    let (code, _, err) = ingest("same");
    assert!(code == 0 && err.contains("same_2020.tif states none: m is taken for all"), "{err}");
    let red = Some([255, 0, 0, 255]);
    let classes = |classes: Vec<Category>| Band { categories: classes, ..named("v") };
    write("lc_2019.tif", classes(vec![class(1, "wheat", None), class(2, "maize", None)]));
    write("lc_2020.tif", classes(vec![class(1, "maize", None), class(2, "wheat", None)]));
    let (code, _, err) = ingest("lc");
    assert!(
        code != 0 && err.contains("has for class 1, the name maize, lc_2019.tif (band 1) has wheat"),
        "{err}"
    );
    // What only one file has is taken from it, and a colour of another is said.
    write("col_2019.tif", classes(vec![class(1, "wheat", red)]));
    write("col_2020.tif", classes(vec![class(1, "wheat", Some([0, 0, 255, 255])), class(2, "maize", red)]));
    let (code, _, err) = ingest("col");
    assert!(
        code == 0 && err.contains("colours of classes differ between col_2019.tif and col_2020.tif"),
        "{err}"
    );
    let found = attributes(&folder.join("col.zarr/data"));
    assert_eq!((&found["flag_values"], &found["flag_meanings"]), (&json!([1, 2]), &json!("wheat maize")));
}

#[test]
fn transparency_stays_exact_and_likely_classes_are_said() {
    let folder = folder("meaning-alpha");
    let bands: Vec<Band> = ["r", "g", "b", "a"].map(named).to_vec();
    geotiff(&folder.join("rgba.tif"), &bands, &["PHOTOMETRIC=RGB", "ALPHA=YES"], |number, at| match number {
        4 => [0, 1, 254, 255][noise(at) % 4],
        _ => (noise(at + number) % 256) as u8,
    });
    let summary = figures(&folder, &["encode", "rgba.tif", "out.zarr", "--max-error", "5"]);
    assert_eq!(said(&summary, "bands_kept_exact").len(), 1, "{summary}");
    succeed(&folder, &["export", "out.zarr", "back.tif"]);
    let read = |name: &str, number: usize| {
        let dataset = Dataset::open(folder.join(name)).unwrap();
        let size = (SIDE, SIDE);
        dataset.rasterband(number).unwrap().read_as::<u8>((0, 0), size, size, None).unwrap().data().to_vec()
    };
    assert!(read("back.tif", 4) == read("rgba.tif", 4));
    assert!(read("back.tif", 1) != read("rgba.tif", 1));
    let summary = figures(&folder, &["encode", "rgba.tif", "all.zarr", "--max-error", "5,5,5,5"]);
    assert_eq!(said(&summary, "transparency_changed").len(), 1, "{summary}");
    geotiff(&folder.join("s2.tif"), &["B02", "SCL"].map(named), &[], |_, at| (noise(at) % 11) as u16);
    for command in ["encode", "ingest"] {
        let summary = figures(&folder, &[command, "s2.tif", &format!("{command}.zarr"), "--max-error", "3"]);
        let found = said(&summary, "likely_classes");
        assert!(found.len() == 1 && found[0].contains("band SCL was coded with errors"), "{summary}");
    }
    let summary = figures(&folder, &["encode", "s2.tif", "kept.zarr", "--max-error", "3,0"]);
    assert!(said(&summary, "likely_classes").is_empty(), "{summary}");
}

#[test]
fn classes_are_not_mixed_by_resampling() {
    let folder = folder("meaning-warp");
    let band = Band { categories: vec![class(0, "water", None), class(2, "forest", None)], ..named("lc") };
    geotiff(&folder.join("lc.tif"), &[band], &[], |_, at| 2 * (noise(at) % 2) as u8);
    for (method, is_refused) in [
        ("bilinear", true),
        ("average", true),
        ("cubic", true),
        ("lanczos", true),
        ("nearest", false),
        ("mode", false),
    ] {
        let text = format!(
            "[[input]]\nfiles = [\"lc.tif\"]\n[grid]\nresolution = 7\nresampling = \"{method}\"\n[output]\nnodata = 255\n"
        );
        std::fs::write(folder.join("c.toml"), text).unwrap();
        let out = format!("{method}.zarr");
        if is_refused {
            let err = refused(&folder, &["ingest", "c.toml", &out]);
            assert!(
                err.contains(&format!("holds classes, and resampling by {method} makes values between them")),
                "{err}"
            );
        } else {
            succeed(&folder, &["ingest", "c.toml", &out]);
            let found = read_array(&folder.join(&out).join("data"));
            assert!(found.iter().all(|v| [0, 2, 255].contains(v)) && found.contains(&2));
        }
    }
}

#[test]
fn samples_that_are_clipped_or_become_no_data_are_counted() {
    let folder = folder("meaning-clipped");
    // Tenths from 0 to 299.9.
    let value = |at: usize| (noise(at) % 3000) as f32 / 10.0;
    geotiff(&folder.join("f.tif"), &[named("f")], &[], |_, at| value(at));
    let write = |name: &str, text: &str| std::fs::write(folder.join(name), text).unwrap();
    write(
        "d.toml",
        "[[input]]\nfiles = [\"f.tif\"]\n[[derive]]\nname = \"r\"\nexpression = \"f * 1000\"\ndata_type = \"int16\"\nnodata = 100\n",
    );
    let summary = figures(&folder, &["ingest", "d.toml", "d.zarr"]);
    let clipped = (0..ALL).filter(|at| f64::from(value(*at)) * 1000.0 > 32_767.5).count();
    let found = said(&summary, "samples_clipped");
    assert!(
        found.len() == 1 && found[0].contains(&format!("({clipped} of band r)")) && clipped > 100,
        "{summary}"
    );
    let moved = (0..ALL).filter(|at| (f64::from(value(*at)) * 1000.0).round() == 100.0).count();
    let found = said(&summary, "moved_beside_nodata");
    assert!(found.len() == usize::from(moved > 0), "{moved} {summary}");
    write("t.toml", "[[input]]\nfiles = [\"f.tif\"]\n[output]\ndata_type = \"uint8\"\nnodata = 100\n");
    let summary = figures(&folder, &["ingest", "t.toml", "t.zarr"]);
    let clipped = (0..ALL).filter(|at| value(*at) > 255.5).count();
    let found = said(&summary, "samples_clipped");
    assert!(found.len() == 1 && found[0].contains(&format!("({clipped} of band f)")), "{summary}");
    // Exactly 100 is declared as "no data"; what only rounds to it is not.
    let became =
        (0..ALL).filter(|at| value(*at) != 100.0 && f64::from(value(*at)).round_ties_even() == 100.0).count();
    let found = said(&summary, "valid_became_nodata");
    assert!(
        found.len() == 1 && found[0].contains(&format!("({became} of band f)")) && became > 2,
        "{summary}"
    );
    let data = read_array(&folder.join("t.zarr/data"));
    assert_eq!(
        data.iter().filter(|v| **v == 255).count(),
        (0..ALL).filter(|at| value(*at) >= 254.5 && f64::from(value(*at)).round_ties_even() >= 255.0).count()
    );
}

#[test]
fn a_reference_system_that_is_not_understood_is_said() {
    let folder = folder("meaning-reference");
    let t = |mapping: &str| ("t", DataType::Float32, temperatures(), json!({"grid_mapping": mapping}));
    let crs = |attributes: Value| ("crs", DataType::Int32, Vec::new(), attributes);
    for (name, variables, words) in [
        ("missing", vec![t("nothing_here")], "is nothing_here, which the file does not have"),
        (
            "unknown",
            vec![crs(json!({"grid_mapping_name": "my_projection"})), t("crs")],
            "is crs, whose grid_mapping_name is my_projection, which can't be read",
        ),
        (
            "damaged",
            vec![crs(json!({"crs_wkt": "PROJCRS[\"bad\""})), t("crs")],
            "is crs, whose WKT can't be read",
        ),
    ] {
        let file = format!("{name}.nc");
        netcdf(&folder.join(&file), true, &variables);
        let summary = figures(&folder, &["ingest", &file, &format!("{name}.zarr")]);
        let found = said(&summary, "cube");
        assert!(found.iter().any(|text| text.contains(words)), "{name}: {found:?}");
    }
}

#[test]
fn valid_ranges_of_netcdf_are_kept_and_said() {
    let folder = folder("meaning-range");
    let words = json!({"valid_range": [281.0, 289.0]});
    netcdf(&folder.join("t.nc"), true, &[("t", DataType::Float32, temperatures(), words)]);
    for (command, path) in [("encode", "encode.zarr"), ("ingest", "ingest.zarr/data")] {
        let summary = figures(&folder, &[command, "t.nc", &format!("{command}.zarr"), "--lossless"]);
        let found = said(&summary, "cube");
        let words = "samples of t outside of its valid_range [281,289] are \"no data\", as CF means it";
        assert!(found.iter().any(|text| text.contains(words)), "{command}: {found:?}");
        assert_eq!(attributes(&folder.join(path))["valid_range"], json!([281, 289]));
    }
}

#[test]
fn valid_ranges_in_unpacked_units_make_nothing_missing() {
    let folder = folder("meaning-unpacked");
    let packed: Vec<i16> = (0..ALL).map(|at| (noise(at) % 5000) as i16 - 2000).collect();
    // A float, whatever number it is: the type says in which units it is.
    let words = json!({"scale_factor": 0.01, "add_offset": 273.15, "valid_max": 330.0});
    let bytes: Vec<u8> = packed.iter().flat_map(|v| v.to_ne_bytes()).collect();
    netcdf(&folder.join("t.nc"), true, &[("t", DataType::Int16, bytes.clone(), words)]);
    assert!(refused(&folder, &["encode", "t.nc", "x.zarr", "--lossless"]).contains("in unpacked units"));
    let summary = figures(&folder, &["ingest", "t.nc", "cube.zarr", "--lossless"]);
    assert!(said(&summary, "cube").iter().any(|text| text.contains("valid_max of t is in unpacked units")));
    assert!(said(&summary, "beyond_valid_range").is_empty(), "{summary}");
    // It stays one in files that are made of the cube.
    succeed(&folder, &["export", "cube.zarr", "back.nc"]);
    succeed(&folder, &["ingest", "back.nc", "again.zarr"]);
    for cube in ["cube.zarr", "again.zarr"] {
        let found = attributes(&folder.join(cube).join("data"));
        assert!(found["valid_max"].is_f64() && found["valid_max"] == json!(330.0), "{found}");
        assert_eq!(read_array(&folder.join(cube).join("data")), bytes, "{cube}");
    }
}

#[test]
fn descriptions_of_bands_are_those_of_the_file() {
    let folder = folder("meaning-items");
    geotiff(&folder.join("a.tif"), &[named("a"), named("b")], &[], |_, at| (at % 4) as u8);
    let mut dataset = Dataset::open_ex(
        folder.join("a.tif"),
        gdal::DatasetOptions {
            open_flags: gdal::GdalOpenFlags::GDAL_OF_UPDATE,
            ..gdal::DatasetOptions::default()
        },
    )
    .unwrap();
    dataset.rasterband(2).unwrap().set_metadata_item("flag_masks", "{1,2}", "").unwrap();
    dataset.flush_cache().unwrap();
    dataset.close().unwrap();
    let bands = read_bands(&Dataset::open(folder.join("a.tif")).unwrap()).unwrap();
    assert!(bands[0].attributes.is_empty() && bands[1].attributes["flag_masks"] == json!([1, 2]));
    let summary = figures(&folder, &["encode", "a.tif", "out.zarr", "--max-error", "1"]);
    assert_eq!(said(&summary, "made_lossless").len(), 1, "{summary}");
}

#[test]
fn words_about_samples_go_there_and_back() {
    let folder = folder("meaning-words");
    let words = json!({
        "long_name": "2 metre temperature", "cell_methods": "time: mean", "comment": "as reported", "units": "K"
    });
    netcdf(&folder.join("t2m.nc"), true, &[("t2m", DataType::Float32, temperatures(), words.clone())]);
    succeed(&folder, &["ingest", "t2m.nc", "cube.zarr", "--max-error", "1"]);
    succeed(&folder, &["export", "cube.zarr", "back.nc"]);
    succeed(&folder, &["ingest", "back.nc", "again.zarr"]);
    succeed(&folder, &["export", "cube.zarr", "back.tif"]);
    succeed(&folder, &["ingest", "back.tif", "third.zarr"]);
    for (name, band) in [("cube.zarr", "t2m"), ("again.zarr", "data_t2m"), ("third.zarr", "t2m")] {
        let found = attributes(&folder.join(name).join("data"));
        for (key, value) in words.as_object().unwrap() {
            assert_eq!(&found[key], value, "{name} {key}");
        }
        assert_eq!(found["band_names"][0], band, "{name}");
    }
    // Several variables keep their own.
    let other = json!({"long_name": "dew point", "cell_methods": "time: point"});
    netcdf(
        &folder.join("two.nc"),
        true,
        &[
            ("t2m", DataType::Float32, temperatures(), words.clone()),
            ("d2m", DataType::Float32, temperatures(), other),
        ],
    );
    succeed(&folder, &["ingest", "two.nc", "two.zarr"]);
    let found = attributes(&folder.join("two.zarr/data"));
    let bands: Vec<&Value> =
        found["bands"].as_array().unwrap().iter().map(|band| &band["cell_methods"]).collect();
    assert!(bands.contains(&&json!("time: mean")) && bands.contains(&&json!("time: point")), "{found}");
    assert_eq!(found.get("cell_methods"), None);
    succeed(&folder, &["export", "two.zarr", "one.zarr", "--bands", "d2m"]);
    assert_eq!(attributes(&folder.join("one.zarr/data"))["long_name"], "dew point");
}

#[test]
fn scales_of_bands_that_an_export_can_not_hold_are_said() {
    let folder = folder("meaning-scales");
    let scaled = |name: &str, scale: f64| Band { scale: Some(scale), ..named(name) };
    geotiff(&folder.join("in.tif"), &[scaled("a", 0.1), scaled("b", 0.5)], &[], |_, at| (at % 200) as u8);
    succeed(&folder, &["encode", "in.tif", "a.zarr", "--lossless"]);
    for (output, more, expected) in [
        ("out.nc", &[][..], 1),
        ("out.zarr", &[][..], 1),
        ("out.tif", &[][..], 0),
        ("b.nc", &["--bands", "b"][..], 0),
    ] {
        let args: Vec<&str> = ["export", "a.zarr", output].into_iter().chain(more.iter().copied()).collect();
        let summary = figures(&folder, &args);
        assert_eq!(said(&summary, "scales_not_exported").len(), expected, "{output}: {summary}");
    }
    let read = Dataset::open(folder.join("b.nc")).unwrap();
    assert_eq!(read.rasterband(1).unwrap().scale(), Some(0.5));
}

#[test]
fn places_that_no_transform_holds_are_said() {
    let folder = folder("meaning-places");
    geotiff(&folder.join("in.tif"), &[named("v")], &[], |_, at| (at % 200) as u8);
    let mut dataset = Dataset::open_ex(
        folder.join("in.tif"),
        gdal::DatasetOptions { open_flags: gdal::GdalOpenFlags::GDAL_OF_UPDATE, ..Default::default() },
    )
    .unwrap();
    // GDAL keeps them only where all are there.
    for part in ["LINE", "SAMP", "LAT", "LONG", "HEIGHT"] {
        for kind in ["OFF", "SCALE"] {
            dataset.set_metadata_item(&format!("{part}_{kind}"), "32", "RPC").unwrap();
        }
    }
    for part in ["LINE_NUM", "LINE_DEN", "SAMP_NUM", "SAMP_DEN"] {
        let coefficients = vec!["1"; 20].join(" ");
        dataset.set_metadata_item(&format!("{part}_COEFF"), &coefficients, "RPC").unwrap();
    }
    dataset.close().unwrap();
    for command in ["encode", "ingest"] {
        let (code, _, err) = call(&folder, &[command, "in.tif", &format!("{command}.zarr"), "--lossless"]);
        assert!(
            code == 0 && err.contains("in.tif: its rational polynomial coefficients are not kept\n"),
            "{command}: {err}"
        );
    }
}

#[test]
fn scales_of_hdf5_are_kept() {
    let folder = folder("meaning-hdf5");
    let samples: Vec<u8> = (0..ALL).flat_map(|at| ((noise(at) % 1000) as i16).to_ne_bytes()).collect();
    let packed = json!({"scale_factor": 0.0001, "add_offset": 2.0});
    netcdf(&folder.join("sc.h5"), true, &[("v", DataType::Int16, samples, packed)]);
    succeed(&folder, &["ingest", "sc.h5", "out.zarr", "--lossless"]);
    let found = attributes(&folder.join("out.zarr/data"));
    assert_eq!((&found["scale_factor"], &found["add_offset"]), (&json!(0.0001), &json!(2.0)));
}

#[test]
fn transparency_and_truth_stay_exact_in_cubes() {
    let folder = folder("meaning-alpha-cubes");
    let bands = vec![Band::default(); 4];
    geotiff(&folder.join("rgba.tif"), &bands, &["PHOTOMETRIC=RGB", "ALPHA=YES"], |number, at| match number {
        4 => [0u8, 100, 255][noise(at) % 3],
        _ => (noise(at + number) % 200) as u8,
    });
    let (_, _, err) = call(&folder, &["ingest", "rgba.tif", "out.zarr", "--max-error", "3"]);
    assert!(err.contains("without loss: data: alpha (its samples are transparency)"), "{err}");
    succeed(&folder, &["decode", "out.zarr", "back.zarr"]);
    let alpha: Vec<u8> = (0..ALL).map(|at| [0u8, 100, 255][noise(at) % 3]).collect();
    assert!(read_array(&folder.join("back.zarr/data"))[3 * ALL..] == alpha);
    // Whatever it is called.
    let bands: Vec<Band> = ["a", "b", "c", "see-through"].map(named).to_vec();
    geotiff(&folder.join("named.tif"), &bands, &["PHOTOMETRIC=RGB", "ALPHA=YES"], |_, at| {
        (noise(at) % 200) as u8
    });
    let (_, _, err) = call(&folder, &["ingest", "named.tif", "named.zarr", "--max-error", "3"]);
    succeed(&folder, &["ingest", "named.tif", "plain.zarr"]);
    let (_, _, later) = call(&folder, &["encode", "plain.zarr", "later.zarr", "--max-error", "3"]);
    for err in [err, later] {
        assert!(err.contains("without loss: data: see-through (its samples are transparency)"), "{err}");
    }

    let header = format!("{{'descr': '|b1', 'fortran_order': False, 'shape': ({SIDE}, {SIDE}), }}");
    let header = format!("{header:<117}\n");
    let truth: Vec<u8> = (0..ALL).map(|at| (noise(at) % 2) as u8).collect();
    let mut file = b"\x93NUMPY\x01\x00".to_vec();
    file.extend((header.len() as u16).to_le_bytes());
    file.extend(header.bytes());
    file.extend(&truth);
    std::fs::write(folder.join("b.npy"), file).unwrap();
    succeed(&folder, &["ingest", "b.npy", "truth.zarr", "--max-error", "2"]);
    succeed(&folder, &["decode", "truth.zarr", "same.zarr"]);
    assert!(read_array(&folder.join("same.zarr/data")) == truth);
}

#[test]
fn variables_of_which_nothing_is_kept_are_named() {
    let folder = folder("meaning-unread");
    let degrees = bytes((0..ALL).map(|at| 45.0 + (at % SIDE) as f32 / 700.0));
    netcdf(
        &folder.join("swath.nc"),
        true,
        &[
            ("t", DataType::Float32, temperatures(), json!({"coordinates": "height"})),
            ("height", DataType::Float64, Vec::new(), json!({"units": "m"})),
        ],
    );
    let (code, _, err) = call(&folder, &["ingest", "swath.nc", "out.zarr"]);
    assert!(code == 0 && err.contains("swath.nc: other variables are left out: height"), "{err}");
    // What is chosen, and its axes, are no others.
    netcdf(&folder.join("one.nc"), true, &[("t", DataType::Float32, degrees, json!({}))]);
    let (code, _, err) = call(&folder, &["ingest", "one.nc", "one.zarr"]);
    assert!(code == 0 && !err.contains("left out"), "{err}");
}

#[test]
fn wide_bounds_and_impossible_nodata_are_said() {
    let folder = folder("meaning-wide");
    geotiff(&folder.join("in.tif"), &[named("v")], &[], |_, at| (noise(at) % 200) as u8);
    let figures = figures(&folder, &["encode", "in.tif", "out.zarr", "--max-error", "60", "--nodata=-9999"]);
    let wide = said(&figures, "wide_bound");
    assert!(
        wide.len() == 1 && wide[0].contains("of band v reach from 0 to 199, of which an error of 60"),
        "{wide:?}"
    );
    let impossible = said(&figures, "impossible_nodata");
    assert!(
        impossible.len() == 1 && impossible[0].contains("nodata -9999, which no uint8 can be"),
        "{impossible:?}"
    );
}
