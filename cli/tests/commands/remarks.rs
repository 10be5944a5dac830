//! What is said of data and settings that give less than a user may expect, and the figures that show it.

use crate::common::{self, Plain, as_u16, call, figures, folder, landscape, model, plain, succeed, write};
use serde_json::json;
use std::path::Path;

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

/// Samples as little-endian int16.
fn as_i16(samples: &[f64]) -> Vec<u8> {
    samples.iter().flat_map(|v| (v.round() as i16).to_le_bytes()).collect()
}

/// Hills about 300 ± 80 m, of one band.
fn hills(height: usize, width: usize) -> Vec<f64> {
    landscape(1, height, width, 31).iter().map(|v| 300.0 + (v - 1900.0) * 0.15).collect()
}

fn dem<'a>(shape: &'a [u64]) -> Plain<'a> {
    Plain { data_type: "int16", names: Some(&["y", "x"]), ..plain(shape, shape) }
}

#[test]
fn elevations_are_no_reflectances() {
    let folder = folder("dem");
    write(&folder.join("dem.zarr"), &dem(&[256, 256]), as_i16(&hills(256, 256)));
    let fitted = figures(&folder, &["fit", "dem.zarr", "-o", "dem.vqm", "--patch", "8"]);
    assert_eq!(fitted["peak_from"], "range of the samples");
    let peak = fitted["peak"].as_f64().unwrap();
    assert!((100.0..600.0).contains(&peak), "{peak}");
    let encoded =
        figures(&folder, &["encode", "dem.zarr", "out.zarr", "--model", "dem.vqm", "--quality", "45"]);
    let array = &encoded["arrays"][0];
    // 45 dB of some 300 m are a metre or two.
    assert!(array["rmse"].as_f64().unwrap() < 4.0 && array["max_error"].as_f64().unwrap() < 30.0, "{array}");
    let psnr = 20.0 * (peak / array["rmse"].as_f64().unwrap()).log10();
    assert!((psnr - array["psnr_db"].as_f64().unwrap()).abs() < 1e-9);
    assert_eq!(figures(&folder, &["info", "out.zarr"])["arrays"][0]["encoding"]["rmse"], array["rmse"]);
    assert_eq!(figures(&folder, &["verify", "out.zarr"])["arrays"][0]["rmse"], array["rmse"]);
    let compared = figures(&folder, &["compare", "dem.zarr", "out.zarr"]);
    let found = compared["rasters"][0]["overall"]["rmse"].as_f64().unwrap();
    assert!((found - array["rmse"].as_f64().unwrap()).abs() < 1e-3);
    // Without a model to ask, a comparison takes the range too.
    succeed(&folder, &["decode", "out.zarr", "plain.zarr"]);
    let compared = figures(&folder, &["compare", "dem.zarr", "plain.zarr"]);
    assert_eq!(compared["rasters"][0]["peak"], peak);
}

#[test]
fn a_fill_value_is_no_mask_and_that_is_said() {
    let folder = folder("fill-no-mask");
    let mut samples = hills(256, 256);
    for (i, sample) in samples.iter_mut().enumerate() {
        if i % 256 < 40 {
            *sample = -9999.0;
        }
    }
    let mut input = dem(&[256, 256]);
    input.fill = json!(-9999);
    write(&folder.join("dem.zarr"), &input, as_i16(&samples));
    succeed(&folder, &["fit", "dem.zarr", "-o", "dem.vqm", "--patch", "8", "--nodata=-9999"]);
    let (code, _, err) = call(&folder, &["fit", "dem.zarr", "-o", "bad.vqm", "--patch", "8"]);
    assert_eq!(code, 0, "{err}");
    let warning = "warning: 10240 samples of dem.zarr equal its fill value, -9999, and were fitted like data; if they mean \
                   \"no data\", fit again with --nodata=-9999\n";
    assert!(err.contains(warning), "{err}");
    let (code, _, err) = call(&folder, &["encode", "dem.zarr", "bad.zarr", "--model", "dem.vqm"]);
    assert_eq!(code, 0, "{err}");
    let warning = "warning: 10240 samples of dem.zarr equal its fill value, -9999, and were encoded as data: they come back \
                   changed; if they mean \"no data\", encode again with --nodata=-9999\n";
    assert!(err.contains(warning), "{err}");
    let (code, _, err) =
        call(&folder, &["encode", "dem.zarr", "good.zarr", "--model", "dem.vqm", "--nodata=-9999"]);
    assert_eq!((code, err.as_str()), (0, ""));
    input.attributes = json!({"_FillValue": -9999});
    write(&folder.join("declared.zarr"), &input, as_i16(&samples));
    let (code, _, err) = call(&folder, &["encode", "declared.zarr", "same.zarr", "--model", "dem.vqm"]);
    assert_eq!((code, err.as_str()), (0, ""));
}

#[test]
fn what_one_declares_as_nodata_goes_for_both() {
    let folder = folder("nodata-both");
    let model = model();
    let mut samples = landscape(4, 96, 96, 32);
    for (i, sample) in samples.iter_mut().enumerate() {
        if i % 96 < 20 {
            *sample = 0.0;
        }
    }
    let mut input = plain(&[4, 96, 96], &[4, 96, 96]);
    write(&folder.join("in.zarr"), &input, as_u16(&samples));
    succeed(&folder, &["encode", "in.zarr", "out.zarr", "--model", text(&model), "--nodata", "0"]);
    let overall = |a: &str, b: &str| figures(&folder, &["compare", a, b])["rasters"][0]["overall"].clone();
    for pair in [("in.zarr", "out.zarr"), ("out.zarr", "in.zarr")] {
        let found = overall(pair.0, pair.1);
        assert_eq!(found["mask_mismatches"], 0, "{found}");
        assert_eq!(found["valid_samples"], 4 * 96 * 76);
    }
    // Both declare something, and not the same.
    input.attributes = json!({"nodata": 7});
    write(&folder.join("other.zarr"), &input, as_u16(&samples));
    let out = succeed(&folder, &["compare", "other.zarr", "out.zarr"]);
    assert!(
        out.contains("mask mismatches: \"no data\" is [7] in the reference and [0] in the other; where that is not what"),
        "{out}"
    );
}

#[test]
fn a_quality_that_was_never_measured_is_remarked_on() {
    let folder = folder("quality-range");
    let model = model();
    write(&folder.join("in.zarr"), &plain(&[4, 64, 64], &[4, 64, 64]), as_u16(&landscape(4, 64, 64, 33)));
    for quality in ["5", "200"] {
        let args =
            ["encode", "in.zarr", "out.zarr", "--overwrite", "--model", text(&model), "--quality", quality];
        let (code, out, err) = call(&folder, &args);
        assert_eq!(code, 0, "{err}");
        let warning =
            format!("warning: quality {quality} is outside the range in which model tiny was measured, ");
        assert!(err.contains(&warning), "{err}");
        if quality == "200" {
            assert!(
                out.contains("exact") && figures(&folder, &["info", "out.zarr"]).to_string().contains("null")
            );
            assert!(succeed(&folder, &["info", "out.zarr"]).contains("measured  PSNR exact dB"), "{out}");
        }
    }
    let (_, _, err) =
        call(&folder, &["encode", "in.zarr", "usual.zarr", "--model", text(&model), "--quality", "45"]);
    assert_eq!(err, "");
}

#[test]
fn data_of_another_sensor_are_remarked_on() {
    let folder = folder("other-sensor");
    let bytes: Vec<u8> =
        landscape(4, 128, 128, 34).iter().map(|v| (v / 20.0).clamp(0.0, 255.0) as u8).collect();
    let mut input = plain(&[4, 128, 128], &[4, 128, 128]);
    input.data_type = "uint8";
    write(&folder.join("eight.zarr"), &input, bytes);
    succeed(&folder, &["fit", "eight.zarr", "-o", "eight.vqm", "--patch", "8"]);
    write(
        &folder.join("in.zarr"),
        &plain(&[4, 128, 128], &[4, 128, 128]),
        as_u16(&landscape(4, 128, 128, 35)),
    );
    let (code, _, err) = call(&folder, &["encode", "in.zarr", "out.zarr", "--model", "eight.vqm"]);
    assert_eq!(code, 0, "{err}");
    assert!(
        err.contains(
            "warning: 100 % of the samples examined in in.zarr are beyond what model eight knows, about "
        ),
        "{err}"
    );
    let (_, _, err) = call(&folder, &["encode", "eight.zarr", "own.zarr", "--model", "eight.vqm"]);
    assert_eq!(err, "");
}

#[test]
fn the_ratio_counts_all_that_is_stored() {
    let folder = folder("ratio");
    let model = model();
    write(&folder.join("in.zarr"), &plain(&[4, 64, 64], &[4, 64, 64]), as_u16(&landscape(4, 64, 64, 36)));
    let encoded = figures(&folder, &["encode", "in.zarr", "out.zarr", "--model", text(&model)]);
    let on_disk: usize = common::content(&folder.join("out.zarr")).values().map(Vec::len).sum();
    assert_eq!(encoded["total_bytes"], on_disk);
    let ratio = 4.0 * 64.0 * 64.0 * 2.0 / on_disk as f64;
    assert!((encoded["ratio"].as_f64().unwrap() - ratio).abs() < 1e-9);
    assert!(encoded["data_ratio"].as_f64().unwrap() > 2.0 * ratio);
    assert_eq!(figures(&folder, &["info", "out.zarr"])["arrays"][0]["ratio"], encoded["ratio"]);
    assert_eq!(
        figures(&folder, &["compare", "in.zarr", "out.zarr"])["rasters"][0]["ratio"],
        encoded["ratio"]
    );
}
