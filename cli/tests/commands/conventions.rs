//! Conventions of Zarr arrays that other programs wrote: what means "no data", which numbers attributes hold, where and when
//! samples lie, and which arrays must stay exact. Nothing of it is lost without a word. Needs the feature `gdal`.

#![cfg(feature = "gdal")]

use crate::common::{Plain, call, figures, folder, plain, read_array, succeed, write};
use crate::rasters;
use gdal::Dataset;
use rasters::describe;
use serde_json::{Value, json};
use std::path::{Path, PathBuf};

const HEIGHT: u64 = 24;
const WIDTH: u64 = 32;

fn bytes_of_f32(values: impl IntoIterator<Item = f32>) -> Vec<u8> {
    values.into_iter().flat_map(f32::to_le_bytes).collect()
}

fn bytes_of_f64(values: impl IntoIterator<Item = f64>) -> Vec<u8> {
    values.into_iter().flat_map(f64::to_le_bytes).collect()
}

fn f32_of(bytes: &[u8]) -> Vec<f32> {
    bytes.as_chunks().0.iter().map(|b| f32::from_ne_bytes(*b)).collect()
}

/// A field that no bound keeps by chance.
fn field() -> Vec<f32> {
    (0..HEIGHT * WIDTH).map(|i| 280.0 + (i as f32 * 0.37).sin() * 9.0 + (i % 7) as f32 * 0.31).collect()
}

/// A group with members, each with its shape, dimensions, type, attributes and bytes.
fn group(folder: &Path, name: &str, attributes: Value, members: &[(&str, Plain<'_>, Vec<u8>)]) -> PathBuf {
    let group = folder.join(name);
    for (member, plain, samples) in members {
        write(&group.join(member), plain, samples.clone());
    }
    let root = json!({"zarr_format": 3, "node_type": "group", "attributes": attributes});
    std::fs::write(group.join("zarr.json"), root.to_string()).unwrap();
    group
}

fn member<'a>(shape: &'a [u64], names: &'a [&'a str], data_type: &'a str, attributes: Value) -> Plain<'a> {
    Plain { names: Some(names), data_type, attributes, ..plain(shape, shape) }
}

fn json_of(path: &Path) -> Value {
    serde_json::from_slice(&std::fs::read(path.join("zarr.json")).unwrap()).unwrap()
}

fn text_of(path: &Path) -> String {
    std::fs::read_to_string(path.join("zarr.json")).unwrap()
}

fn kinds(figures: &Value) -> Vec<&str> {
    figures["remarks"].as_array().unwrap().iter().map(|remark| remark["kind"].as_str().unwrap()).collect()
}

#[test]
fn every_spelling_of_nodata_is_a_mask() {
    let folder = folder("conventions-nodata");
    let (shape, names) = ([HEIGHT, WIDTH], ["y", "x"]);
    for (number, (attributes, value)) in [
        (json!({"_FillValue": "AAAAAACHw8A="}), -9998.0f32),
        (json!({"_FillValue": "AGAcxg=="}), -10008.0),
        (json!({"nodata": "-9998"}), -9998.0),
        (json!({"missing_value": [-1.0, "-9998.0"]}), -9998.0),
        (json!({"_nodata": -9998}), -9998.0),
        (json!({"_FillValue": "AAAAAAAA+H8=", "missing_value": -9998.0}), -9998.0),
        (json!({"nodatavals": [-9998.0]}), -9998.0),
        (json!({"bands": [{"name": "t", "nodata": "-9998"}]}), -9998.0),
    ]
    .into_iter()
    .enumerate()
    {
        let (input, archive, plain) =
            (format!("{number}.zarr"), format!("{number}-a.zarr"), format!("{number}-p.zarr"));
        let samples: Vec<f32> =
            field().into_iter().enumerate().map(|(i, v)| if i % 5 == 0 { value } else { v }).collect();
        let mut array = member(&shape, &names, "float32", attributes.clone());
        array.fill = json!(0.0);
        write(&folder.join(&input), &array, bytes_of_f32(samples.clone()));
        let told = figures(&folder, &["encode", &input, &archive, "--max-error", "1"]);
        assert_eq!(told["remarks"], json!([]), "{attributes}");
        succeed(&folder, &["decode", &archive, &plain]);
        let back = f32_of(&read_array(&folder.join(&plain)));
        let same = back.iter().zip(&samples).all(|(b, s)| (*b == value) == (*s == value));
        assert!(same, "{attributes}");
        assert_eq!(json_of(&folder.join(&plain))["attributes"], attributes);
        let tif = format!("{number}.tif");
        succeed(&folder, &["export", &archive, &tif]);
        let band = Dataset::open(folder.join(&tif)).unwrap();
        let declared = band.rasterband(1).unwrap().no_data_value().unwrap();
        assert!(
            declared == f64::from(value) || declared.is_nan() || declared == -1.0,
            "{attributes}: {declared}"
        );
    }
}

#[test]
fn what_masks_nothing_is_said() {
    let folder = folder("conventions-unread");
    let (shape, names) = ([HEIGHT, WIDTH], ["y", "x"]);
    for (attributes, words) in [
        (json!({"_FillValue": "AAAAAAAAAAAAAAAAAAAAAA=="}), "complex number"),
        (json!({"nodata": "gap"}), "it is no number"),
        (json!({"missing_value": -9999}), "no sample of uint8 can be that"),
        (json!({"nodata": {"value": 3}}), "it is no number"),
    ] {
        let array = member(&shape, &names, "uint8", attributes);
        write(&folder.join("in.zarr"), &array, (0..HEIGHT * WIDTH).map(|i| (i % 251) as u8).collect());
        let told = figures(&folder, &["encode", "in.zarr", "out.zarr", "--max-error", "1", "--overwrite"]);
        assert_eq!(kinds(&told), ["nodata_unread"]);
        assert!(told["remarks"][0]["message"].as_str().unwrap().contains(words), "{told}");
        // Who states values needs none that are declared.
        let args = ["encode", "in.zarr", "out.zarr", "--max-error", "1", "--overwrite", "--nodata", "7"];
        assert_eq!(figures(&folder, &args)["remarks"], json!([]));
    }
    let array = member(&shape, &names, "uint8", json!({"valid_range": [0, 200]}));
    write(&folder.join("in.zarr"), &array, (0..HEIGHT * WIDTH).map(|i| (i % 251) as u8).collect());
    let told = figures(&folder, &["encode", "in.zarr", "out.zarr", "--max-error", "1", "--overwrite"]);
    assert_eq!(kinds(&told), ["beyond_valid_range"]);
    let told = figures(&folder, &["encode", "in.zarr", "out.zarr", "--lossless", "--overwrite"]);
    assert_eq!(kinds(&told), [] as [&str; 0]);
}

#[test]
fn two_values_of_nodata_become_one_in_a_geotiff() {
    let folder = folder("conventions-two");
    let (shape, names) = ([HEIGHT, WIDTH], ["y", "x"]);
    let attributes = json!({"_FillValue": -32767, "missing_value": -32766});
    let array = member(&shape, &names, "int16", attributes);
    let samples: Vec<i16> = (0..HEIGHT * WIDTH)
        .map(|i| match i % 9 {
            0 => -32767,
            1 => -32766,
            _ => i as i16,
        })
        .collect();
    write(&folder.join("in.zarr"), &array, samples.iter().flat_map(|v| v.to_le_bytes()).collect());
    succeed(&folder, &["encode", "in.zarr", "out.zarr", "--max-error", "2"]);
    let told = figures(&folder, &["export", "out.zarr", "out.tif"]);
    assert_eq!(kinds(&told), ["nodata_merged"]);
    let dataset = Dataset::open(folder.join("out.tif")).unwrap();
    let band = dataset.rasterband(1).unwrap();
    assert_eq!(band.no_data_value(), Some(-32767.0));
    let found = band.read_band_as::<i16>().unwrap().data().to_vec();
    for (found, sample) in found.iter().zip(&samples) {
        assert_eq!(*found == -32767, *sample < -32765);
    }
    // CF declares both.
    assert_eq!(figures(&folder, &["export", "out.zarr", "plain.zarr"])["remarks"], json!([]));
    let attributes = &json_of(&folder.join("plain.zarr/data"))["attributes"];
    assert_eq!((&attributes["_FillValue"], &attributes["missing_value"]), (&json!(-32767), &json!([-32766])));
    succeed(&folder, &["export", "out.zarr", "out.nc"]);
    let dataset = Dataset::open(folder.join("out.nc")).unwrap();
    assert_eq!(dataset.rasterband(1).unwrap().no_data_value(), Some(-32767.0));
}

#[test]
fn numbers_that_json_does_not_know_survive() {
    let folder = folder("conventions-numbers");
    let array = member(&[8, 8], &["y", "x"], "float32", json!({"HERE": 0}));
    let samples = bytes_of_f32((0..64).map(|i| if i < 9 { f32::NAN } else { i as f32 }));
    let input = group(&folder, "in.zarr", json!({"HERE": 0}), &[("t", array, samples)]);
    let tokens = [
        "\"nodata\": NaN",
        "\"least\": -Infinity",
        "\"id\": 123456789012345678901234567890",
        "\"wide\": 18446744073709551615",
        "\"ticks\": 9007199254740993",
        "\"huge\": 1e400",
        "\"text\": \"NaN\"",
    ];
    for node in [input.clone(), input.join("t")] {
        let text = text_of(&node)
            .replace("\"HERE\": 0", &tokens.join(", "))
            .replace("\"HERE\":0", &tokens.join(", "));
        std::fs::write(node.join("zarr.json"), text).unwrap();
    }
    // Consolidated metadata hold a copy.
    let member = text_of(&input.join("t"));
    let consolidated = format!(
        "{{\"consolidated_metadata\": {{\"kind\": \"inline\", \"must_understand\": false, \"metadata\": {{\"t\": {member}}}}}, {}",
        text_of(&input).trim_start_matches('{')
    );
    std::fs::write(input.join("zarr.json"), consolidated).unwrap();
    succeed(&folder, &["encode", "in.zarr", "out.zarr", "--max-error", "0.1"]);
    succeed(&folder, &["verify", "out.zarr", "--against", "in.zarr"]);
    succeed(&folder, &["info", "out.zarr"]);
    succeed(&folder, &["decode", "out.zarr", "plain.zarr"]);
    for node in ["out.zarr", "out.zarr/t", "plain.zarr", "plain.zarr/t"] {
        let text = text_of(&folder.join(node));
        for token in tokens {
            assert!(text.contains(token), "{node} lacks {token}: {text}");
        }
    }
    for output in ["out.tif", "out.nc", "out-plain.zarr"] {
        succeed(&folder, &["export", "out.zarr", output]);
    }
    let exported = text_of(&folder.join("out-plain.zarr/data"));
    assert!(exported.contains(tokens[2]) && exported.contains(tokens[5]), "{exported}");
    let nan = Dataset::open(folder.join("out.tif")).unwrap().rasterband(1).unwrap().no_data_value().unwrap();
    assert!(nan.is_nan());
}

/// A swath: places in two dimensions, with what belongs to them.
fn swath(folder: &Path, coordinates: Value) -> PathBuf {
    let (shape, names) = ([HEIGHT, WIDTH], ["y", "x"]);
    let place =
        |slope: f64| bytes_of_f64((0..HEIGHT * WIDTH).map(move |i| slope * (i as f64).sqrt() + 0.123));
    let flags: Vec<u8> = (0..HEIGHT * WIDTH).map(|i| (i * 7 % 5) as u8).collect();
    let corners = bytes_of_f64((0..HEIGHT * WIDTH * 4).map(|i| f64::from(i as u32) * 0.0173));
    let lat = json!({"units": "degrees_north", "bounds": "lat_corners"});
    group(
        folder,
        "swath.zarr",
        json!({}),
        &[
            ("sst", member(&shape, &names, "float32", coordinates), bytes_of_f32(field())),
            ("lat", member(&shape, &names, "float64", lat), place(0.7)),
            ("nav_lon", member(&shape, &names, "float64", json!({})), place(1.1)),
            ("height", member(&shape, &names, "float64", json!({})), place(90.1)),
            (
                "lat_corners",
                member(&[HEIGHT, WIDTH, 4], &["y", "x", "corner"], "float64", json!({})),
                corners,
            ),
            ("error", member(&shape, &names, "float32", json!({})), bytes_of_f32(field())),
            (
                "quality",
                member(
                    &shape,
                    &names,
                    "uint8",
                    json!({"standard_name": "sea_surface_temperature status_flag"}),
                ),
                flags,
            ),
        ],
    )
}

#[test]
fn coordinates_and_flags_are_exact_under_any_bound() {
    let folder = folder("conventions-exact");
    let named = json!({"coordinates": "lat height", "ancillary_variables": "error quality"});
    for (attributes, exact) in [(named, &["height", "error"][..]), (json!({}), &[])] {
        let input = swath(&folder, attributes);
        let told =
            figures(&folder, &["encode", "swath.zarr", "out.zarr", "--max-error", "0.5", "--overwrite"]);
        succeed(&folder, &["decode", "out.zarr", "plain.zarr", "--overwrite"]);
        for member in ["lat", "nav_lon", "lat_corners", "quality"].iter().chain(exact) {
            let (before, after) =
                (read_array(&input.join(member)), read_array(&folder.join("plain.zarr").join(member)));
            assert!(before == after, "{member}");
        }
        let sst = |path: &Path| f32_of(&read_array(&path.join("sst")));
        assert_ne!(sst(&input), sst(&folder.join("plain.zarr")));
        let kinds = kinds(&told);
        assert!(kinds.contains(&"made_lossless") && kinds.contains(&"copied_as_it_is"), "{told}");
    }
    // An array alone is encoded, and stays exact.
    let told = figures(&folder, &["encode", "swath.zarr/lat", "lat.zarr", "--max-error", "0.5"]);
    assert_eq!(kinds(&told), ["made_lossless"]);
    succeed(&folder, &["decode", "lat.zarr", "lat-plain.zarr"]);
    assert!(read_array(&folder.join("lat-plain.zarr")) == read_array(&folder.join("swath.zarr/lat")));
    // Coordinates are no rasters of their own.
    let (code, _, told) = call(&folder, &["export", "out.zarr", "all.zarr"]);
    assert!(code == 2 && told.contains("holds 4 rasters (error, height, quality, sst)"), "{told}");
    // Exports keep what they can, and say what they can't.
    let told = figures(&folder, &["export", "out.zarr/sst", "sst.zarr"]);
    assert_eq!(told["remarks"], json!([]));
    let exported = folder.join("sst.zarr");
    assert!(read_array(&exported.join("lat")) == read_array(&folder.join("swath.zarr/lat")));
    assert_eq!(json_of(&exported.join("lat"))["attributes"]["bounds"], "lat_corners");
    assert_eq!(json_of(&exported.join("data"))["attributes"]["coordinates"], "lat nav_lon");
    succeed(&folder, &["export", "out.zarr/sst", "sst.nc"]);
    let told = figures(&folder, &["export", "out.zarr/sst", "sst.tif"]);
    assert_eq!(kinds(&told), ["coordinates_left_out"]);
    assert!(told["remarks"][0]["message"].as_str().unwrap().contains("lat, nav_lon"), "{told}");
    // A window cuts them too.
    succeed(&folder, &["export", "out.zarr/sst", "cut.zarr", "--window", "2,1,5,3"]);
    let all = read_array(&folder.join("swath.zarr/lat"));
    let row = |y: usize| all[(y * WIDTH as usize + 2) * 8..(y * WIDTH as usize + 5) * 8].to_vec();
    assert_eq!(read_array(&folder.join("cut.zarr/lat")), [row(1), row(2)].concat());
}

/// A field with coordinates of rows and columns.
fn gridded(folder: &Path, attributes: Value, rows: &[f64], columns: &[f64], of: [Value; 2]) {
    let (height, width) = (rows.len() as u64, columns.len() as u64);
    let samples = (0..height * width).map(|i| (i % 101) as f32);
    let [of_rows, of_columns] = of;
    group(
        folder,
        "grid.zarr",
        json!({}),
        &[
            ("v", member(&[height, width], &["lat", "lon"], "float32", attributes), bytes_of_f32(samples)),
            ("lat", member(&[height], &["lat"], "float64", of_rows), bytes_of_f64(rows.iter().copied())),
            ("lon", member(&[width], &["lon"], "float64", of_columns), bytes_of_f64(columns.iter().copied())),
        ],
    );
    succeed(folder, &["encode", "grid.zarr", "out.zarr", "--lossless", "--overwrite"]);
}

fn steps(first: f64, step: f64, count: usize) -> Vec<f64> {
    (0..count).map(|i| first + step * i as f64).collect()
}

#[test]
fn coordinates_are_followed_where_a_transform_contradicts() {
    let folder = folder("conventions-place");
    let none = || [json!({}), json!({})];
    let stated = json!({"GeoTransform": "500000 10 0 5000000 0 -10", "proj:code": "EPSG:32633"});
    let (rows, columns) = (steps(4_999_945.0, -10.0, 12), steps(500_105.0, 10.0, 16));
    gridded(&folder, stated.clone(), &rows, &columns, none());
    let told = figures(&folder, &["export", "out.zarr", "out.tif"]);
    assert_eq!(kinds(&told), ["location_unclear"]);
    let moved = [500_100.0, 10.0, 0.0, 4_999_950.0, 0.0, -10.0];
    assert_eq!(describe(&folder.join("out.tif")).georeference.transform, Some(moved));
    let info = figures(&folder, &["info", "out.zarr"]);
    let v = info["arrays"].as_array().unwrap().iter().find(|array| array["path"] == "v").unwrap();
    assert_eq!((&v["place"]["transform"], kinds(&info)), (&json!(moved), vec!["location_unclear"]));
    // Every second pixel of it.
    gridded(&folder, stated.clone(), &steps(4_999_990.0, -20.0, 12), &steps(500_010.0, 20.0, 16), none());
    succeed(&folder, &["export", "out.zarr", "out.tif", "--overwrite"]);
    let coarse = Some([500_000.0, 20.0, 0.0, 5_000_000.0, 0.0, -20.0]);
    assert_eq!(describe(&folder.join("out.tif")).georeference.transform, coarse);
    // Where both agree, nothing is said.
    gridded(&folder, stated, &steps(4_999_995.0, -10.0, 12), &steps(500_005.0, 10.0, 16), none());
    let told = figures(&folder, &["export", "out.zarr", "out.tif", "--overwrite"]);
    assert_eq!(told["remarks"], json!([]));
}

/// Two coordinates of one dimension, one with the name that the dimension has in the output.
#[test]
fn coordinates_that_would_share_a_name_are_kept_apart() {
    let folder = folder("conventions-names");
    let (rows, columns) = (steps(47.0, -0.25, 12), steps(5.0, 0.25, 16));
    let metres = steps(5_200_000.0, -27_800.0, 12);
    let of = |name: &str, units: &str| json!({"standard_name": name, "units": units});
    group(
        &folder,
        "grid.zarr",
        json!({}),
        &[
            (
                "v",
                member(&[12, 16], &["lat", "lon"], "float32", json!({})),
                bytes_of_f32((0..192).map(|i| i as f32)),
            ),
            (
                "lat",
                member(&[12], &["lat"], "float64", of("latitude", "degrees_north")),
                bytes_of_f64(rows.clone()),
            ),
            (
                "lon",
                member(&[16], &["lon"], "float64", of("longitude", "degrees_east")),
                bytes_of_f64(columns),
            ),
            (
                "y",
                member(&[12], &["lat"], "float64", of("projection_y_coordinate", "m")),
                bytes_of_f64(metres.clone()),
            ),
        ],
    );
    succeed(&folder, &["encode", "grid.zarr", "archive.zarr", "--lossless"]);
    succeed(&folder, &["export", "archive.zarr", "out.zarr"]);
    // Dimensions and their coordinates keep their names.
    assert_eq!(json_of(&folder.join("out.zarr/data"))["dimension_names"], json!(["lat", "lon"]));
    assert_eq!(read_array(&folder.join("out.zarr/lat")), bytes_of_f64(rows));
    assert_eq!(json_of(&folder.join("out.zarr/lat"))["attributes"]["units"], "degrees_north");
    assert_eq!(read_array(&folder.join("out.zarr/y")), bytes_of_f64(metres));
    assert_eq!(json_of(&folder.join("out.zarr/y"))["attributes"]["units"], "m");
}

#[test]
fn uneven_latitudes_are_kept_or_said() {
    let folder = folder("conventions-uneven");
    let rows: Vec<f64> = (0..20).map(|i| (f64::from(i) * 0.06 - 0.6).sinh().atan().to_degrees()).collect();
    let degrees = |name: &str, units: &str| json!({"standard_name": name, "units": units});
    let of = [degrees("latitude", "degrees_north"), degrees("longitude", "degrees_east")];
    gridded(&folder, json!({}), &rows, &steps(5.125, 0.25, 30), of.clone());
    let told = figures(&folder, &["export", "out.zarr", "out.tif"]);
    assert_eq!(kinds(&told), ["location_unclear", "coordinates_left_out"]);
    assert_eq!(kinds(&figures(&folder, &["info", "out.zarr"])), ["location_unclear"]);
    for output in ["plain.zarr", "out.nc"] {
        succeed(&folder, &["export", "out.zarr", output]);
    }
    let y = folder.join("plain.zarr/lat");
    assert_eq!(read_array(&y), bytes_of_f64(rows.clone()));
    let attributes = &json_of(&y)["attributes"];
    assert_eq!((&attributes["units"], &attributes["axis"]), (&json!("degrees_north"), &json!("Y")));
    assert_eq!(json_of(&folder.join("plain.zarr/lon"))["attributes"]["standard_name"], "longitude");
    // Even latitudes of float32, whose rounding hides it: a grid for every command.
    let (step, at) = (1.0 / 360.0, |first: f64, step: f64, n: usize| {
        steps(first, step, n).into_iter().map(|v| f64::from(v as f32)).collect::<Vec<_>>()
    });
    gridded(&folder, json!({}), &at(70.0, -step, 60), &at(150.0, step, 80), of);
    assert_eq!(figures(&folder, &["export", "out.zarr", "fine.tif"])["remarks"], json!([]));
    let found = describe(&folder.join("fine.tif")).georeference.transform.unwrap();
    assert!((found[1] - step).abs() < 1e-7 && (found[0] - 150.0 + step / 2.0).abs() < 1e-5, "{found:?}");
}

/// A series with a coordinate of time.
fn series(folder: &Path, data_type: &str, attributes: Value, times: Vec<u8>, count: u64) {
    let shape = [count, 16, 16];
    let samples = (0..count * 256).map(|i| (i % 251) as u8).collect();
    group(
        folder,
        "series.zarr",
        json!({}),
        &[
            ("v", member(&shape, &["time", "y", "x"], "uint8", json!({})), samples),
            ("time", member(&[count], &["time"], data_type, attributes), times),
        ],
    );
    succeed(folder, &["encode", "series.zarr", "out.zarr", "--lossless", "--overwrite"]);
}

fn names(figures: &Value) -> Vec<&str> {
    figures["outputs"].as_array().unwrap().iter().map(|name| name.as_str().unwrap()).collect()
}

#[test]
fn dates_count_in_their_own_calendar() {
    let folder = folder("conventions-calendars");
    let whole = |values: &[i64]| values.iter().flat_map(|v| v.to_le_bytes()).collect::<Vec<u8>>();
    let since = |units: &str, calendar: &str| json!({"units": units, "calendar": calendar});
    for (attributes, values, dates) in [
        (since("days since 2000-01-01", "noleap"), [59, 365 * 50 + 59], ["2000-03-01", "2050-03-01"]),
        (since("days since 2000-01-01", "360_day"), [30, 359], ["2000-02-01", "2000-12-30"]),
        (since("days since 2000-01-01", "julian"), [0, 366], ["2000-01-01", "2001-01-01"]),
        (
            since("hours since 1-1-1 00:00:0.0", "gregorian"),
            [17_067_072, 17_067_078],
            ["1948-01-01", "1948-01-01T060000"],
        ),
        (
            since("hours since 2000-01-01 00 -05:00", "proleptic_gregorian"),
            [0, 19],
            ["2000-01-01T050000", "2000-01-02"],
        ),
    ] {
        series(&folder, "int64", attributes.clone(), whole(&values), 2);
        let told = figures(&folder, &["export", "out.zarr", "x.tif", "--overwrite"]);
        assert_eq!(names(&told), dates.map(|date| format!("x_{date}.tif")), "{attributes}");
        let info = succeed(&folder, &["info", "out.zarr"]);
        assert!(info.contains(&dates[0][..10]), "{info}");
        // The other formats keep dates that mean the same.
        succeed(&folder, &["export", "out.zarr", "plain.zarr", "--overwrite"]);
        let time = &json_of(&folder.join("plain.zarr/time"))["attributes"];
        let is_gregorian = attributes["calendar"].as_str().unwrap().ends_with("gregorian");
        assert_eq!(
            time["calendar"],
            if is_gregorian { json!("proleptic_gregorian") } else { attributes["calendar"].clone() }
        );
        succeed(&folder, &["export", "out.zarr", "x.nc", "--overwrite"]);
    }
}

#[test]
fn dates_that_are_none_are_said() {
    let folder = folder("conventions-dates");
    let seconds = json!({"units": "seconds since 1970-01-01"});
    series(&folder, "float64", seconds.clone(), bytes_of_f64([0.25, 0.75]), 2);
    let told = figures(&folder, &["export", "out.zarr", "x.tif"]);
    assert_eq!(names(&told), ["x_1970-01-01T000000.25.tif", "x_1970-01-01T000000.75.tif"]);
    succeed(&folder, &["export", "out.zarr", "plain.zarr"]);
    assert_eq!(read_array(&folder.join("plain.zarr/time")), bytes_of_f64([0.25, 0.75]));
    // NumPy's "not a time".
    let missing = [i64::MIN, 86_400].iter().flat_map(|v| v.to_le_bytes()).collect();
    series(&folder, "int64", seconds, missing, 2);
    let told = figures(&folder, &["export", "out.zarr", "y.tif"]);
    assert_eq!(
        (names(&told), kinds(&told)),
        (vec!["y_0000.tif", "y_1970-01-02.tif"], vec!["location_unclear"])
    );
    assert!(!describe(&folder.join("y_0000.tif")).items.contains_key("TIFFTAG_DATETIME"));
    let months = json!({"units": "months since 2000-01-01"});
    series(&folder, "float64", months, bytes_of_f64([0.5, 1.5]), 2);
    let told = figures(&folder, &["export", "out.zarr", "z.tif"]);
    assert_eq!((names(&told), kinds(&told)[0]), (vec!["z_0000.tif", "z_0001.tif"], "location_unclear"));
    let (_, out, _) = call(&folder, &["info", "out.zarr"]);
    assert!(out.contains("months and years differ in length"), "{out}");
    succeed(&folder, &["export", "out.zarr", "z.nc"]);
    succeed(&folder, &["export", "out.zarr", "z.zarr"]);
    assert_eq!(json_of(&folder.join("z.zarr/time"))["attributes"]["units"], "months since 2000-01-01");
}
