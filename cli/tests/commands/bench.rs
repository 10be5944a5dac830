//! `vqz bench`: its table, JSON and page; with rivals where they are built in.

use crate::common::{as_f32, as_u16, call, fail, figures, folder, landscape, model, plain, succeed, write};
use serde_json::Value;
use std::path::Path;

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

fn codec<'a>(figures: &'a Value, name: &str) -> &'a Value {
    let codecs = figures["codecs"].as_array().unwrap();
    codecs.iter().find(|codec| codec["codec"] == name).unwrap_or_else(|| panic!("{name} is not in {figures}"))
}

/// Bits of a codec at each target.
fn bits(figures: &Value, name: &str) -> Vec<f64> {
    let at = codec(figures, name)["at"].as_array().unwrap();
    at.iter().map(|at| at["bits_per_sample"].as_f64().unwrap()).collect()
}

#[test]
fn a_model_is_measured_as_it_encodes() {
    let folder = folder("bench-alone");
    let mut input = plain(&[4, 200, 180], &[4, 200, 180]);
    input.attributes = serde_json::json!({"nodata": 0});
    let mut samples = landscape(4, 200, 180, 41);
    samples[..900].fill(0.0);
    write(&folder.join("in.zarr"), &input, as_u16(&samples));
    let model = model();
    let args = ["bench", "in.zarr", "--model", text(&model), "--targets", "40,47", "--report", "bench.html"];
    let found = figures(&folder, &args);
    assert_eq!((&found["targets"][0], &found["samples"]), (&40.0.into(), &(4 * 200 * 180).into()));
    // An archive of the same PSNR takes as many bits as the curve says.
    let encoded =
        figures(&folder, &["encode", "in.zarr", "out.zarr", "--model", text(&model), "--psnr", "47"]);
    let array = &encoded["arrays"][0];
    let psnr = array["psnr_db"].as_f64().unwrap();
    let expected = bits(&found, "vqz tiny")[1] * ((psnr - 47.0) / 6.0).exp2();
    let stored = array["bits_per_sample"].as_f64().unwrap();
    assert!((stored / expected - 1.0).abs() < 0.02, "{stored} {expected}");
    assert_eq!(codec(&found, "vqz tiny")["ours"], true);

    let report = std::fs::read_to_string(folder.join("bench.html")).unwrap();
    assert!(report.contains("<svg ") && report.contains("vqz tiny") && report.ends_with("</html>\n"));
    assert!(!report.contains("http://") && !report.contains("https://"), "it stands alone");
    let out = succeed(&folder, &args);
    assert!(out.contains("bits a sample at equal PSNR") && out.contains("report: bench.html"), "{out}");
}

#[test]
fn what_bench_can_not_take_is_told() {
    let folder = folder("bench-bad");
    write(&folder.join("in.zarr"), &plain(&[3, 32, 32], &[3, 32, 32]), as_u16(&landscape(3, 32, 32, 42)));
    let model = model();
    fail(
        &folder,
        &["bench", "in.zarr", "--model", text(&model)],
        2,
        "in.zarr has 3 bands, model tiny takes 4; choose bands with --bands",
    );
    let mut input = plain(&[4, 96, 96], &[4, 96, 96]);
    input.data_type = "float32";
    write(&folder.join("floats.zarr"), &input, as_f32(&landscape(4, 96, 96, 43)));
    let args = ["bench", "floats.zarr", "--model", text(&model), "--targets", "45"];
    let (code, _, err) = call(&folder, &args);
    assert_eq!(code, 0, "{err}");
    assert!(err.contains("note: vqz is measured alone: "), "{err}");
    let (code, _, err) = call(&folder, &[&args[..], &["--peers", "jpeg2000"]].concat());
    assert_eq!(code, 2);
    let why = if cfg!(feature = "peers") {
        "of type float32, JPEG 2000 takes 8 and 16 bits"
    } else {
        "--features peers"
    };
    assert!(err.contains(why), "{err}");
}

#[test]
fn rivals_code_the_same_samples() {
    if !cfg!(feature = "peers") {
        eprintln!("SKIPPED: the rivals of `vqz bench` need the feature peers");
        return;
    }
    let folder = folder("bench-peers");
    // Noise that no codec knows beforehand, half of it common to all bands.
    let mut samples = landscape(4, 160, 128, 44);
    for (i, sample) in samples.iter_mut().enumerate() {
        *sample += (i % (160 * 128) * 7919 % 257) as f64 + (i * 104_729 % 263) as f64;
    }
    write(&folder.join("in.zarr"), &plain(&[4, 160, 128], &[4, 64, 64]), as_u16(&samples));
    let model = model();
    let args = ["bench", "in.zarr", "--model", text(&model), "--targets", "42,50"];
    let found = figures(&folder, &args);
    let (apart, rotated) = (bits(&found, "JPEG 2000"), bits(&found, "KLT + JPEG 2000"));
    let ours = bits(&found, "vqz tiny");
    // The bands are related, so that a rotation pays; a rival that is set up badly would be far off.
    for i in 0..2 {
        assert!(rotated[i] < apart[i], "{rotated:?} {apart:?}");
        assert!((0.3..1.5).contains(&(ours[i] / rotated[i])), "{ours:?} {rotated:?}");
    }
    for rival in ["JPEG 2000", "KLT + JPEG 2000"] {
        let rival = codec(&found, rival);
        assert!(rival["parameters"].as_str().unwrap().contains("irreversible 9/7"));
        assert!(rival["at"][0]["decode_mb_s"].as_f64().unwrap() > 0.0);
    }
    let one = figures(&folder, &[&args[..], &["--peers", "jpeg2000"]].concat());
    assert_eq!(one["codecs"].as_array().unwrap().len(), 2);
    assert!((bits(&one, "JPEG 2000")[0] / apart[0] - 1.0).abs() < 1e-9, "bits are the same in each run");
    let out = succeed(&folder, &args);
    assert!(out.contains("vqz tiny / KLT + JPEG 2000"), "{out}");
}
