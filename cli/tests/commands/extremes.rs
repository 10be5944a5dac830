//! Samples in units so small or so large that their squares are beyond a float: figures are right, promises hold, and what
//! can't be done is refused with a reason. And arrays that have nothing to measure.

use crate::common::{
    self, Plain, as_f32, call, figures, folder, landscape, plain, read_array, succeed, write,
};
use serde_json::{Value, json};
use std::path::Path;

fn as_f64(samples: &[f64]) -> Vec<u8> {
    samples.iter().flat_map(|v| v.to_le_bytes()).collect()
}

fn floats(data_type: &str, bytes: &[u8]) -> Vec<f64> {
    match data_type {
        "float32" => bytes.as_chunks::<4>().0.iter().map(|b| f64::from(f32::from_le_bytes(*b))).collect(),
        _ => bytes.as_chunks::<8>().0.iter().map(|b| f64::from_le_bytes(*b)).collect(),
    }
}

/// A field around 0 with a deviation of about 1, in a unit.
fn field(bands: usize, side: usize, unit: f64) -> Vec<f64> {
    landscape(bands, side, side, 9).iter().map(|v| (v - 2000.0) / 500.0 * unit).collect()
}

fn write_floats(path: &Path, data_type: &str, shape: &[u64], samples: &[f64]) {
    let bytes = if data_type == "float32" { as_f32(samples) } else { as_f64(samples) };
    write(path, &Plain { data_type, ..plain(shape, shape) }, bytes);
}

/// The largest and the root mean square difference of two arrays, in a unit.
fn apart(folder: &Path, data_type: &str, unit: f64) -> (f64, f64) {
    let [a, b] = ["in.zarr", "out.zarr"].map(|name| floats(data_type, &read_array(&folder.join(name))));
    let errors: Vec<f64> = a.iter().zip(&b).map(|(a, b)| (a - b).abs() / unit).collect();
    let most = errors.iter().copied().fold(0.0, f64::max);
    (most, (errors.iter().map(|e| e * e).sum::<f64>() / errors.len() as f64).sqrt())
}

fn number(value: &Value) -> f64 {
    value.as_f64().unwrap_or_else(|| panic!("{value} is no number"))
}

#[test]
fn figures_are_right_in_any_unit() {
    let folder = folder("extremes-units");
    let units: [(&str, &[f64]); 2] = [
        ("float32", &[1.0, 1e-20, 1e-24, 1e-30, 1e-37, 1e-40, 1e20, 1e30, 3e37]),
        ("float64", &[1.0, 1e-24, 1e-38, 1e-160, 1e-200, 1e-310, 1e24, 1e160, 1e200, 1e305]),
    ];
    for (data_type, units) in units {
        let mut usual = None;
        for unit in units.iter().copied() {
            let what = format!("{data_type} in {unit}");
            write_floats(&folder.join("in.zarr"), data_type, &[2, 60, 60], &field(2, 60, unit));
            let bound = format!("{:e}", unit * 0.01);
            let encode =
                ["encode", "in.zarr", "out.zarr", "--overwrite", "--max-error", &bound, "--chunk-size", "40"];
            let encoded = figures(&folder, &encode)["arrays"][0].clone();
            let (most, rms) = apart(&folder, data_type, unit);
            assert!(most > 0.0 && most <= 0.01 * 1.000_001, "{what}: off by {most}");
            let near = |found: &Value, wanted: f64| (number(found) / unit / wanted - 1.0).abs() < 1e-4;
            let compared = figures(&folder, &["compare", "in.zarr", "out.zarr"])["rasters"][0].clone();
            let report = figures(
                &folder,
                &["report", "out.zarr", "--against", "in.zarr", "-o", "r.html", "--overwrite"],
            );
            let report = report["arrays"][0].clone();
            let verified = figures(&folder, &["verify", "out.zarr", "--against", "in.zarr"]);
            assert_eq!(verified["holds"], true, "{what}");
            for (from, rmse, max_error) in [
                ("encode", &encoded["rmse"], &encoded["max_error"]),
                ("verify", &verified["arrays"][0]["rmse"], &verified["arrays"][0]["max_error"]),
                ("compare", &compared["overall"]["rmse"], &compared["overall"]["max_error"]),
                ("report", &report["stated_rmse"], &report["stated_max_error"]),
            ] {
                assert!(near(rmse, rms) && near(max_error, most), "{what}: {from} says {rmse}, {max_error}");
            }
            // These do not depend on the unit.
            let psnr = number(&compared["overall"]["psnr_db"]);
            let wanted = 20.0 * (number(&compared["peak"]) / unit / rms).log10();
            assert!((psnr - wanted).abs() < 1e-3, "{what}: {psnr} dB, {wanted}");
            let likeness = [&compared["overall"]["ssim"], &compared["sam_deg"]].map(number);
            let usual = *usual.get_or_insert(likeness);
            // Samples near the smallest float have fewer digits.
            let near = likeness.iter().zip(usual).all(|(found, usual)| (found - usual).abs() < 0.02 * usual);
            assert!(near && usual[0] > 0.99, "{what}: {likeness:?}, {usual:?} in the usual unit");
        }
    }
}

#[test]
fn verify_notices_small_errors_too() {
    let folder = folder("extremes-verify");
    for unit in [1e-26, 1e-200] {
        write_floats(&folder.join("in.zarr"), "float64", &[1, 40, 40], &field(1, 40, unit));
        let bound = format!("{:e}", unit * 0.01);
        succeed(&folder, &["encode", "in.zarr", "out.zarr", "--overwrite", "--max-error", &bound]);
        let other: Vec<f64> = field(1, 40, unit).iter().map(|v| v + 0.001 * unit).collect();
        write_floats(&folder.join("other.zarr"), "float64", &[1, 40, 40], &other);
        let (code, out, _) = call(&folder, &["verify", "out.zarr", "--against", "other.zarr"]);
        assert!(code == 1 && out.contains("FAILS"), "{unit}: {out}");
    }
}

#[test]
fn a_model_codes_data_in_any_unit() {
    let folder = folder("extremes-models");
    let mut usual = 0.0;
    for (data_type, unit) in [
        ("float32", 1.0),
        ("float32", 1e-13),
        ("float32", 1e-24),
        ("float32", 1e-30),
        ("float32", 1e30),
        ("float64", 1e-15),
        ("float64", 1e-30),
        ("float64", 1e30),
    ] {
        let what = format!("{data_type} in {unit}");
        write_floats(&folder.join("in.zarr"), data_type, &[3, 160, 160], &field(3, 160, unit));
        succeed(&folder, &["fit", "in.zarr", "-o", "m.vqm", "--overwrite", "--patch", "8"]);
        let encode = ["encode", "in.zarr", "out.zarr", "--overwrite", "--model", "m.vqm"];
        let with = |more: &[&str]| {
            figures(&folder, &encode.iter().chain(more).copied().collect::<Vec<_>>())["arrays"][0].clone()
        };
        let psnr = number(&with(&["--quality", "42"])["psnr_db"]);
        if unit == 1.0 {
            usual = psnr;
        }
        assert!((psnr - usual).abs() < 0.2, "{what}: {psnr} dB, {usual} in the usual unit");
        let array = with(&["--psnr", "45"]);
        let (_, rms) = apart(&folder, data_type, unit);
        let real = 20.0 * (number(&array["peak"]) / unit / rms).log10();
        assert!((real - 45.0).abs() < 0.11 && array["target"]["met"] == true, "{what}: {real} dB, {array}");
        succeed(&folder, &["verify", "out.zarr", "--against", "in.zarr"]);
        let bound = format!("{:e}", 0.05 * unit);
        let bounded = with(&["--max-error", &bound]);
        assert!(number(&bounded["max_error"]) <= 0.05 * unit * 1.000_05, "{what}: {bounded}");
        succeed(&folder, &["verify", "out.zarr", "--against", "in.zarr"]);
    }
}

#[test]
fn constant_bands_do_no_harm_to_others() {
    let folder = folder("extremes-constant");
    for unit in [1.0, 1e-20, 1e20] {
        let mut samples = field(3, 96, unit);
        samples[96 * 96..2 * 96 * 96].fill(3.0 * unit);
        write_floats(&folder.join("in.zarr"), "float32", &[3, 96, 96], &samples);
        for more in [&[][..], &["--scale-each-band"]] {
            let fit = ["fit", "in.zarr", "-o", "m.vqm", "--overwrite", "--patch", "8"];
            succeed(&folder, &fit.iter().chain(more).copied().collect::<Vec<_>>());
            let encode =
                ["encode", "in.zarr", "out.zarr", "--overwrite", "--model", "m.vqm", "--quality", "44"];
            let psnr = number(&figures(&folder, &encode)["arrays"][0]["psnr_db"]);
            assert!((40.0..50.0).contains(&psnr), "{unit} {more:?}: {psnr}");
        }
    }
}

#[test]
fn what_models_can_not_hold_is_refused() {
    let folder = folder("extremes-refused");
    let cases: [(&str, f64, f64, &str); 5] = [
        ("float64", 1e200, 0.0, "models compute in float32, which ends at 3.4e38"),
        ("float64", 1e-200, 0.0, "does not tell apart well enough"),
        ("float32", 1e36, 0.0, "models take spreads from 1e-32 to 1e32"),
        ("float32", 1e-36, 0.0, "models take spreads from 1e-32 to 1e32"),
        ("float64", 1e-3, 1e8, "does not tell apart well enough"),
    ];
    for (data_type, unit, offset, why) in cases {
        let samples: Vec<f64> = field(1, 64, unit).iter().map(|v| v + offset).collect();
        write_floats(&folder.join("in.zarr"), data_type, &[1, 64, 64], &samples);
        let (code, out, err) = call(&folder, &["fit", "in.zarr", "-o", "m.vqm", "--patch", "8"]);
        assert!(code == 2 && err.contains(why), "{data_type} {unit}: {out}{err}");
        assert!(!folder.join("m.vqm").exists());
    }
}

#[test]
fn a_part_of_a_range_beyond_floats_is_a_bound() {
    let folder = folder("extremes-ranges");
    let shape = [1, 20, 30];
    let mut samples: Vec<f64> = (0..600).map(|i| if i % 2 == 0 { 1.7e308 } else { -1.7e308 }).collect();
    samples[7] = 3.0;
    write_floats(&folder.join("in.zarr"), "float64", &shape, &samples);
    succeed(&folder, &["encode", "in.zarr", "out.zarr", "--max-error-of-range", "0.01"]);
    let found = floats("float64", &read_array(&folder.join("out.zarr")));
    assert!(samples.iter().zip(&found).all(|(a, b)| (a - b).abs() <= 3.5e306));
    succeed(&folder, &["verify", "out.zarr", "--against", "in.zarr"]);
    let (code, _, err) = call(&folder, &["encode", "in.zarr", "no.zarr", "--max-error-of-range", "0.7"]);
    assert!(code == 2 && err.contains("0.7 of the range of in.zarr is beyond the largest float64"), "{err}");
    assert!(!folder.join("no.zarr").exists());
    // Without a peak to state them against, PSNR and SSIM are missing, and that is said.
    let compared = figures(&folder, &["compare", "in.zarr", "out.zarr"]);
    assert_eq!(compared["rasters"][0]["peak"], Value::Null);
    assert!(compared["remarks"][0]["message"].as_str().unwrap().contains("no PSNR"), "{compared}");
    // A difference that no float can hold is no figure.
    let negative: Vec<f64> = samples.iter().map(|v| -v).collect();
    write_floats(&folder.join("other.zarr"), "float64", &shape, &negative);
    let (code, _, err) = call(&folder, &["compare", "in.zarr", "other.zarr"]);
    assert!(code == 2 && err.contains("differ by more than float64 can hold"), "{err}");
}

#[test]
fn the_range_of_small_samples_has_its_parts() {
    let folder = folder("extremes-small-ranges");
    for unit in [1e-30, 1e-44] {
        write_floats(&folder.join("in.zarr"), "float32", &[2, 40, 40], &field(2, 40, unit));
        let encode = ["encode", "in.zarr", "out.zarr", "--overwrite", "--max-error-of-range", "0.02"];
        let encoded = figures(&folder, &encode)["arrays"][0].clone();
        let bound = number(&encoded["promise"]["bound"][0]);
        assert!(bound > 0.0 && apart(&folder, "float32", unit).0 <= 0.12, "{encoded}");
        succeed(&folder, &["verify", "out.zarr", "--against", "in.zarr"]);
    }
}

/// A group of arrays, each of 40 × 40 float32.
fn group(path: &Path, arrays: &[(&str, Vec<f64>)]) {
    std::fs::create_dir_all(path).unwrap();
    std::fs::write(path.join("zarr.json"), r#"{"zarr_format": 3, "node_type": "group"}"#).unwrap();
    for (name, samples) in arrays {
        write_floats(&path.join(name), "float32", &[1, 40, 40], samples);
    }
}

#[test]
fn arrays_without_a_range_stand_beside_others() {
    let folder = folder("extremes-group");
    group(
        &folder.join("in.zarr"),
        &[
            ("constant", vec![5.0; 1600]),
            ("empty", vec![f64::NAN; 1600]),
            ("usual", field(1, 40, 1.0)),
            ("zero", vec![0.0; 1600]),
        ],
    );
    succeed(&folder, &["encode", "in.zarr", "out.zarr", "--max-error", "0.01"]);
    succeed(&folder, &["verify", "out.zarr", "--against", "in.zarr"]);
    let compare = ["compare", "in.zarr", "out.zarr", "--max-error", "0.01", "--min-psnr", "30"];
    let compared = figures(&folder, &compare);
    let raster = |name: &str| {
        compared["rasters"].as_array().unwrap().iter().find(|raster| raster["path"] == name).unwrap().clone()
    };
    assert!(number(&raster("usual")["overall"]["psnr_db"]) > 40.0);
    for name in ["constant", "zero"] {
        let found = raster(name);
        assert_eq!(
            (&found["peak"], &found["peak_from"]),
            (&Value::Null, &json!("all valid samples are equal"))
        );
        assert_eq!(found["overall"]["valid_samples"], json!(1600));
    }
    let empty = raster("empty");
    assert_eq!((&empty["peak_from"], &empty["overall"]["rmse"]), (&json!("no valid sample"), &Value::Null));
    let remarks: Vec<&str> =
        compared["remarks"].as_array().unwrap().iter().map(|r| r["message"].as_str().unwrap()).collect();
    assert_eq!(remarks.len(), 2, "{remarks:?}");
    assert!(remarks.iter().any(|r| r.starts_with("empty: no sample is valid")), "{remarks:?}");
    assert!(remarks.iter().any(|r| r.starts_with("constant, zero: ")), "{remarks:?}");
    let out = succeed(&folder, &compare);
    assert!(out.contains("exact") && out.contains("no peak (all valid samples are equal)"), "{out}");
    succeed(&folder, &["report", "out.zarr", "--against", "in.zarr", "-o", "r.html"]);
    let page = std::fs::read_to_string(folder.join("r.html")).unwrap();
    assert!(page.contains("no valid samples") && page.contains("all valid samples are equal"));
}

#[test]
fn nothing_at_all_is_said_to_be_nothing() {
    let folder = folder("extremes-nothing");
    group(&folder.join("in.zarr"), &[("a", vec![f64::NAN; 1600]), ("b", vec![f64::INFINITY; 1600])]);
    succeed(&folder, &["encode", "in.zarr", "out.zarr", "--lossless"]);
    let compared = figures(&folder, &["compare", "in.zarr", "out.zarr"]);
    assert_eq!(compared["remarks"][0]["message"].as_str().unwrap().split(':').next(), Some("a, b"));
    succeed(&folder, &["verify", "out.zarr", "--against", "in.zarr"]);
    succeed(&folder, &["report", "out.zarr", "--against", "in.zarr", "-o", "r.html"]);
    // A constant that came back changed has an error, and no PSNR that could be held against a limit.
    group(&folder.join("flat.zarr"), &[("a", vec![4.0; 1600])]);
    group(&folder.join("other.zarr"), &[("a", vec![4.5; 1600])]);
    let (code, out, err) = call(&folder, &["compare", "flat.zarr", "other.zarr", "--min-psnr", "40"]);
    assert!(code == 1 && err.contains("state a peak with --peak") && !out.contains("exact"), "{out}{err}");
    succeed(&folder, &["compare", "flat.zarr", "other.zarr", "--min-psnr", "10", "--peak", "4"]);
}

#[test]
fn dimensions_without_names_are_those_of_the_archive() {
    let folder = folder("extremes-unnamed");
    let cases: [(&str, &[u64]); 4] = [
        ("band,y,x", &[3, 40, 36]),
        ("y,x,band", &[40, 36, 3]),
        ("time,y,x", &[3, 40, 36]),
        ("time,depth,y,x", &[2, 3, 40, 36]),
    ];
    for (axes, shape) in cases {
        let samples = landscape(6, 40, 36, 3)[..shape.iter().product::<u64>() as usize].to_vec();
        let input = Plain { names: None, ..plain(shape, shape) };
        write(&folder.join("in.zarr"), &input, common::as_u16(&samples));
        succeed(
            &folder,
            &["encode", "in.zarr", "out.zarr", "--overwrite", "--max-error", "2", "--axes", axes],
        );
        succeed(&folder, &["verify", "out.zarr", "--against", "in.zarr"]);
        succeed(&folder, &["compare", "in.zarr", "out.zarr", "--max-error", "2"]);
        succeed(&folder, &["report", "out.zarr", "--against", "in.zarr", "-o", "r.html", "--overwrite"]);
        succeed(&folder, &["decode", "out.zarr", "plain.zarr", "--overwrite"]);
        succeed(&folder, &["compare", "out.zarr", "plain.zarr", "--max-error", "0"]);
        std::fs::remove_dir_all(folder.join("in.zarr")).unwrap();
    }
}

#[test]
fn a_choice_of_bands_is_held_against_them() {
    let folder = folder("extremes-bands");
    let input = Plain {
        attributes: json!({"band_names": ["blue", "green", "red", "nir"]}),
        ..plain(&[4, 40, 36], &[4, 40, 36])
    };
    write(&folder.join("in.zarr"), &input, common::as_u16(&landscape(4, 40, 36, 3)));
    for bands in ["nir,red", "2", "nir,red,green,blue"] {
        succeed(
            &folder,
            &["encode", "in.zarr", "out.zarr", "--overwrite", "--max-error", "2", "--bands", bands],
        );
        succeed(&folder, &["verify", "out.zarr", "--against", "in.zarr"]);
    }
}
