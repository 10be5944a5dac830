//! All commands state the same figures of an archive: those of the samples that are there. Padding counts for nothing, and
//! samples of fill value count the same wherever they lie.

use crate::common::{
    Plain, as_f32, as_u16, call, figures, folder, landscape, model, plain, read_array, succeed, write,
};
use serde_json::{Value, json};
use std::path::Path;

/// Little-endian samples as floats.
fn values(data_type: &str, bytes: &[u8]) -> Vec<f64> {
    match data_type {
        "uint16" => bytes.as_chunks::<2>().0.iter().map(|b| f64::from(u16::from_le_bytes(*b))).collect(),
        "float32" => bytes.as_chunks::<4>().0.iter().map(|b| f64::from(f32::from_le_bytes(*b))).collect(),
        other => panic!("{other} is not needed"),
    }
}

/// What the samples themselves say: how many are valid, and their errors.
struct Truth {
    valid: u64,
    rmse: f64,
    max_error: f64,
}

impl Truth {
    /// Of `in.zarr` and what `out.zarr` decodes to.
    fn of(folder: &Path, data_type: &str, nodata: Option<f64>) -> Self {
        let [before, after] =
            ["in.zarr", "out.zarr"].map(|name| values(data_type, &read_array(&folder.join(name))));
        let mut truth = Self { valid: 0, rmse: 0.0, max_error: 0.0 };
        for (a, b) in before.iter().zip(&after).filter(|(a, _)| a.is_finite() && Some(**a) != nodata) {
            truth.valid += 1;
            truth.rmse += (a - b).powi(2);
            truth.max_error = truth.max_error.max((a - b).abs());
        }
        truth.rmse = (truth.rmse / truth.valid.max(1) as f64).sqrt();
        truth
    }

    fn check(&self, what: &str, valid: &Value, rmse: &Value, max_error: &Value) {
        assert_eq!(valid, &json!(self.valid), "{what}: valid samples");
        let near = |found: &Value, wanted: f64| {
            // Headers round up to three bytes.
            let found = found.as_f64().unwrap_or(f64::NAN);
            found >= wanted * 0.999_999 && found <= wanted * 1.000_05
        };
        if self.valid == 0 {
            assert!(rmse.is_null(), "{what}: RMSE {rmse}");
        } else {
            assert!(near(rmse, self.rmse), "{what}: RMSE {rmse}, it is {}", self.rmse);
        }
        assert!(near(max_error, self.max_error), "{what}: at most {max_error}, it is {}", self.max_error);
    }
}

/// Encodes `in.zarr`, and holds what every command states against the samples. Returns what `encode` states.
fn all_agree(folder: &Path, data_type: &str, nodata: Option<f64>, options: &[&str]) -> Value {
    let encode: Vec<&str> =
        ["encode", "in.zarr", "out.zarr", "--overwrite"].into_iter().chain(options.iter().copied()).collect();
    let encoded = figures(folder, &encode)["arrays"][0].clone();
    let truth = Truth::of(folder, data_type, nodata);
    let what = |command: &str| format!("{command} of {options:?} in {}", folder.display());
    truth.check(&what("encode"), &encoded["valid_samples"], &encoded["rmse"], &encoded["max_error"]);
    let told = &figures(folder, &["info", "out.zarr"])["arrays"][0]["encoding"].clone();
    truth.check(&what("info"), &told["valid_samples"], &told["rmse"], &told["max_error"]);
    for against in [&["verify", "out.zarr"][..], &["verify", "out.zarr", "--against", "in.zarr"]] {
        let told = &figures(folder, against)["arrays"][0];
        truth.check(&what("verify"), &told["valid_samples"], &told["rmse"], &told["max_error"]);
    }
    let told = &figures(folder, &["compare", "in.zarr", "out.zarr"])["rasters"][0]["overall"];
    truth.check(&what("compare"), &told["valid_samples"], &told["rmse"], &told["max_error"]);
    let report =
        figures(folder, &["report", "out.zarr", "--against", "in.zarr", "-o", "r.html", "--overwrite"]);
    let told = &report["arrays"][0];
    truth.check(&what("report"), &json!(truth.valid), &told["stated_rmse"], &told["stated_max_error"]);
    encoded
}

/// Images of four bands, one for each step, each a little different.
fn images(count: usize, height: usize, width: usize) -> Vec<f64> {
    (0..count)
        .flat_map(|i| landscape(4, height, width, 7 + i as u64 % 2).into_iter().map(move |v| v + i as f64))
        .collect()
}

#[test]
fn padding_of_dates_counts_for_nothing() {
    let folder = folder("figures-dates");
    let model = model();
    let model = model.to_str().unwrap();
    let input = Plain { names: Some(&["time", "band", "y", "x"]), ..plain(&[5, 4, 96, 80], &[5, 4, 96, 80]) };
    write(&folder.join("in.zarr"), &input, as_u16(&images(5, 96, 80)));
    for options in [
        &["--model", model, "--quality", "40", "--dates", "4"][..],
        &["--model", model, "--quality", "40", "--dates", "3", "--entropy", "lz4", "--chunk-size", "64"],
        &["--model", model, "--dates", "4", "--max-error", "20"],
        &["--dates", "2", "--max-error", "3"],
        &["--dates", "4", "--lossless"],
        &["--model", model, "--quality", "40", "--dates", "4", "--chunk-size", "32", "--shard-size", "64"],
    ] {
        all_agree(&folder, "uint16", None, options);
    }
    // A target is met by what is there.
    let encoded = all_agree(&folder, "uint16", None, &["--model", model, "--psnr", "44", "--dates", "4"]);
    assert_eq!(
        (&encoded["target"]["met"], &encoded["valid_samples"]),
        (&json!(true), &json!(5 * 4 * 96 * 80))
    );
    let compared = figures(&folder, &["compare", "in.zarr", "out.zarr"]);
    let psnr = compared["rasters"][0]["overall"]["psnr_db"].as_f64().unwrap();
    assert!((psnr - 44.0).abs() < 0.11, "{psnr}");
    all_agree(&folder, "uint16", None, &["--model", model, "--bits", "2", "--dates", "4"]);
}

#[test]
fn padding_of_other_dimensions_counts_for_nothing() {
    let folder = folder("figures-others");
    let model = model();
    let model = model.to_str().unwrap();
    // Steps of a forecast beside dates, in any order; and bands, without a model.
    for (names, shape, chunk) in [
        (&["step", "time", "band", "y", "x"][..], [3, 3, 4, 48, 40], "2,2,4,48,40"),
        (&["time", "band", "y", "x", "step"], [3, 4, 48, 40, 3], "2,4,48,40,2"),
    ] {
        let input = Plain { names: Some(names), ..plain(&shape, &shape) };
        write(&folder.join("in.zarr"), &input, as_u16(&images(9, 48, 40)));
        for options in [
            &["--model", model, "--quality", "42", "--chunk", chunk][..],
            &["--max-error", "2", "--chunk", chunk],
        ] {
            all_agree(&folder, "uint16", None, options);
        }
        std::fs::remove_dir_all(folder.join("in.zarr")).unwrap();
    }
    for fill in [0, 77, 1800] {
        let shape = [2, 4, 70, 60];
        let input =
            Plain { names: Some(&["time", "band", "y", "x"]), fill: json!(fill), ..plain(&shape, &shape) };
        write(&folder.join("in.zarr"), &input, as_u16(&images(2, 70, 60)));
        for options in [
            &["--max-error", "5", "--chunk", "1,3,64,64"][..],
            &["--max-error", "5", "--stable", "--chunk", "2,3,32,32"],
            &["--max-error", "4,3,2,1", "--chunk", "1,4,64,64"],
        ] {
            all_agree(&folder, "uint16", None, options);
        }
        std::fs::remove_dir_all(folder.join("in.zarr")).unwrap();
    }
}

#[test]
fn samples_of_fill_value_count_wherever_they_lie() {
    let folder = folder("figures-fill");
    let model = model();
    let model = model.to_str().unwrap();
    let (dates, height, width) = (3, 80, 100);
    let shape = [dates as u64, 4, height as u64, width as u64];
    // Rows and columns at the end, whole chunks and tiles, whole dates, single pixels, one band.
    type IsFill = fn(usize, usize, usize, usize) -> bool;
    let places: [(&str, IsFill); 7] = [
        ("rows", |_, _, y, _| y >= 45),
        ("columns", |_, _, _, x| x >= 70),
        ("corner", |_, _, y, x| y < 64 && x < 64),
        ("last date", |date, _, _, _| date == 2),
        ("first date", |date, _, _, _| date == 0),
        ("pixels", |_, _, y, x| (x * 7 + y * 3) % 11 == 0),
        ("band", |_, band, _, _| band == 3),
    ];
    for (what, is_fill) in places {
        let mut samples = images(dates, height, width);
        for (i, sample) in samples.iter_mut().enumerate() {
            let (x, y) = (i % width, i / width % height);
            let (band, date) = (i / (width * height) % 4, i / (width * height * 4));
            if is_fill(date, band, y, x) {
                *sample = 0.0;
            }
        }
        for nodata in [None, Some(0.0)] {
            let attributes = nodata.map_or(json!({}), |nodata| json!({"nodata": nodata}));
            let input =
                Plain { names: Some(&["time", "band", "y", "x"]), attributes, ..plain(&shape, &shape) };
            write(&folder.join("in.zarr"), &input, as_u16(&samples));
            let with_model = ["--model", model, "--quality", "42", "--chunk-size", "64", "--dates", "2"];
            let without = ["--max-error", "2", "--chunk-size", "64"];
            // Masked samples need no second way.
            let both = [&with_model[..], &without];
            for options in both.into_iter().take(if nodata.is_some() { 1 } else { 2 }) {
                let encoded = all_agree(&folder, "uint16", nodata, options);
                let filled = samples.iter().filter(|sample| **sample == 0.0).count();
                let wanted = samples.len() - if nodata.is_some() { filled } else { 0 };
                assert_eq!(encoded["valid_samples"], json!(wanted), "{what}, {nodata:?}, {options:?}");
            }
            std::fs::remove_dir_all(folder.join("in.zarr")).unwrap();
        }
    }
}

#[test]
fn a_search_counts_fill_as_data_where_it_is() {
    let folder = folder("figures-search");
    let model = model();
    let mut samples = landscape(4, 200, 200, 3);
    for (i, sample) in samples.iter_mut().enumerate() {
        if i / 200 % 200 >= 90 {
            *sample = 0.0;
        }
    }
    write(&folder.join("in.zarr"), &plain(&[4, 200, 200], &[4, 200, 200]), as_u16(&samples));
    let options = ["--model", model.to_str().unwrap(), "--psnr", "45", "--chunk-size", "64"];
    let encoded = all_agree(&folder, "uint16", None, &options);
    let compared = figures(&folder, &["compare", "in.zarr", "out.zarr"])["rasters"][0]["overall"].clone();
    let [stated, found] = [&encoded["psnr_db"], &compared["psnr_db"]].map(|psnr| psnr.as_f64().unwrap());
    assert!((stated - found).abs() < 0.01 && (found - 45.0).abs() < 0.11, "{stated} {found}");
}

#[test]
fn fill_that_floats_can_be_is_no_exception() {
    let folder = folder("figures-floats");
    let mut samples = landscape(1, 90, 100, 5);
    for (i, sample) in samples.iter_mut().enumerate() {
        match i / 100 {
            60..90 => *sample = -9999.0,
            10..13 => *sample = f64::NAN,
            _ => {}
        }
    }
    for fill in [json!(-9999.0), json!("NaN"), json!(0.0)] {
        let input = Plain { data_type: "float32", fill, ..plain(&[1, 90, 100], &[1, 90, 100]) };
        write(&folder.join("in.zarr"), &input, as_f32(&samples));
        all_agree(&folder, "float32", None, &["--max-error", "0.3", "--chunk-size", "64"]);
        all_agree(
            &folder,
            "float32",
            Some(-9999.0),
            &["--max-error", "0.3", "--chunk-size", "64", "--nodata=-9999"],
        );
        std::fs::remove_dir_all(folder.join("in.zarr")).unwrap();
    }
}

#[test]
fn verify_finds_errors_that_padding_hides() {
    let folder = folder("figures-verify");
    let input = Plain { names: Some(&["time", "y", "x"]), ..plain(&[3, 64, 64], &[3, 64, 64]) };
    let samples: Vec<f64> = (0..3).flat_map(|i| landscape(1, 64, 64, i)).collect();
    write(&folder.join("in.zarr"), &input, as_u16(&samples));
    succeed(&folder, &["encode", "in.zarr", "out.zarr", "--max-error", "4", "--dates", "2"]);
    let other: Vec<f64> =
        samples.iter().enumerate().map(|(i, v)| v + f64::from(u8::from(i >= 2 * 64 * 64))).collect();
    write(&folder.join("other.zarr"), &input, as_u16(&other));
    let (code, out, _) = call(&folder, &["verify", "out.zarr", "--against", "other.zarr"]);
    assert!(code == 1 && out.contains("chunk 1/0/0 of out.zarr"), "{out}");
}
