//! Encoding to a PSNR, to bits or to a ratio: the target is met, each array with a quality of its own, or the output says
//! why not.

use crate::common::{
    self, as_u16, call, content, fail, figures, folder, landscape, model, plain, succeed, write,
};
use serde_json::Value;
use std::path::Path;

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

fn number(value: &Value) -> f64 {
    value.as_f64().unwrap_or_else(|| panic!("{value} is no number"))
}

/// Bytes under a folder: of metadata, and of all else.
fn sizes(folder: &Path) -> (u64, u64) {
    let files = content(folder);
    let sum = |metadata: bool| {
        let chosen = files.iter().filter(|(name, _)| name.ends_with("zarr.json") == metadata);
        chosen.map(|(_, bytes)| bytes.len() as u64).sum()
    };
    (sum(true), sum(false))
}

/// Encodes `in.zarr` with an option, and returns the figures of its array, of which the target is checked.
fn encode(folder: &Path, model: &Path, option: &str, value: f64, more: &[&str]) -> Value {
    let value = value.to_string();
    let mut args =
        vec!["encode", "in.zarr", "out.zarr", "--model", text(model), "--overwrite", option, &value];
    args.extend(more);
    let array = figures(folder, &args)["arrays"][0].clone();
    assert_eq!(array["target"]["met"], true, "{array}");
    assert_eq!(number(&array["target"]["asked"]).to_string(), value);
    array
}

/// All three targets on `in.zarr`; what is reported is checked against the files and a comparison.
fn check_targets(folder: &Path, model: &Path, psnr: f64, bits: f64, ratio: f64, more: &[&str]) {
    let array = encode(folder, model, "--psnr", psnr, more);
    let compared = figures(folder, &["compare", "in.zarr", "out.zarr"]);
    let found = number(&compared["rasters"][0]["overall"]["psnr_db"]);
    assert!(
        (found - psnr).abs() <= 0.1 && (found - number(&array["target"]["found"])).abs() < 1e-3,
        "{found}"
    );

    let array = encode(folder, model, "--bits", bits, more);
    let valid = number(&array["valid_samples"]);
    let found = sizes(&folder.join("out.zarr")).1 as f64 * 8.0 / valid;
    assert!(
        (found / bits - 1.0).abs() <= 0.02 && found == number(&array["bits_per_valid_sample"]),
        "{found}"
    );

    let array = encode(folder, model, "--ratio", ratio, more);
    let (metadata, data) = sizes(&folder.join("out.zarr"));
    let found = number(&array["input_bytes"]) / (metadata + data) as f64;
    assert!((found / ratio - 1.0).abs() <= 0.02 && found == number(&array["ratio"]), "{found}");
    succeed(folder, &["verify", "out.zarr", "--against", "in.zarr"]);
}

#[test]
fn targets_are_met() {
    let folder = folder("targets");
    // A corner without data: bits are those of valid samples.
    let mut samples = landscape(4, 500, 420, 31);
    for (i, sample) in samples.iter_mut().enumerate() {
        if i / 420 % 500 < 200 && i % 420 < 200 {
            *sample = 0.0;
        }
    }
    let mut input = plain(&[4, 500, 420], &[4, 128, 128]);
    input.attributes = serde_json::json!({"nodata": 0});
    write(&folder.join("in.zarr"), &input, as_u16(&samples));
    check_targets(&folder, &model(), 47.0, 1.5, 12.0, &["--chunk-size", "128"]);
    check_targets(
        &folder,
        &model(),
        52.0,
        2.2,
        9.0,
        &["--chunk-size", "64", "--shard-size", "256", "--entropy", "lz4"],
    );
}

#[test]
fn targets_are_met_from_a_part_of_the_chunks() {
    let folder = folder("targets-part");
    // Noise grows from left to right, so that no chunk is like another.
    let mut samples = landscape(4, 512, 512, 32);
    let mut state = 1u32;
    for (i, sample) in samples.iter_mut().enumerate() {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        *sample += f64::from(state >> 24) * (i % 512) as f64 / 512.0;
    }
    write(&folder.join("in.zarr"), &plain(&[4, 512, 512], &[4, 128, 128]), as_u16(&samples));
    let part = ["--chunk-size", "64", "--search-samples", "50000"];
    check_targets(&folder, &model(), 45.0, 1.5, 8.0, &part);
    let passes = number(&encode(&folder, &model(), "--psnr", 40.0, &part)["target"]["passes"]);
    assert!((1.0..=3.0).contains(&passes), "{passes} passes");
}

#[test]
fn each_array_of_a_group_has_its_own_quality() {
    let folder = folder("targets-group");
    std::fs::create_dir(folder.join("in.zarr")).unwrap();
    let group = r#"{"zarr_format": 3, "node_type": "group", "attributes": {}}"#;
    std::fs::write(folder.join("in.zarr/zarr.json"), group).unwrap();
    let smooth = landscape(4, 128, 128, 33);
    let noisy: Vec<f64> = smooth.iter().enumerate().map(|(i, v)| v + (i * 7919 % 257) as f64).collect();
    let flat = vec![700.0; 4 * 128 * 128];
    // Nothing but fill value: no chunk is stored, and nothing is off.
    let empty = vec![0.0; 4 * 128 * 128];
    for (name, samples) in [("smooth", smooth), ("noisy", noisy), ("flat", flat), ("empty", empty)] {
        let array_folder = folder.join("in.zarr").join(name);
        write(&array_folder, &plain(&[4, 128, 128], &[4, 128, 128]), as_u16(&samples));
    }
    let model = model();
    let args = ["encode", "in.zarr", "out.zarr", "--model", text(&model), "--psnr", "46"];
    let (code, out, err) = call(&folder, &args);
    // Constant data come out in coarse steps: they may do better than asked, which is not what was asked for.
    let met = |n: &str| out.contains(&format!("--psnr 46: met within 0.1 dB by {n} arrays"));
    assert!((code == 0 && met("4 of 4")) || (code == 1 && met("3 of 4")), "{code} {out}{err}");
    let (_, found, _) = call(&folder, &[&args[..], &["--overwrite", "--json"]].concat());
    let found: Value = serde_json::from_str(&found).unwrap();
    assert_eq!(found["quality"], Value::Null, "there is none for all");
    let quality = |name: &str| {
        let path = folder.join("out.zarr").join(name).join("zarr.json");
        let metadata: Value = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
        let quality = metadata["codecs"][0]["configuration"]["quality"].clone();
        let arrays = found["arrays"].as_array().unwrap();
        let array = arrays.iter().find(|array| array["path"] == name).unwrap();
        assert_eq!(array["quality"], quality);
        number(&quality)
    };
    assert!((quality("smooth") - quality("noisy")).abs() > 0.2);
}

#[test]
fn what_is_beyond_reach_is_told() {
    let folder = folder("beyond-reach");
    write(&folder.join("in.zarr"), &plain(&[4, 96, 96], &[4, 96, 96]), as_u16(&landscape(4, 96, 96, 34)));
    let model = model();
    let encode = |more: &[&str]| {
        let args = ["encode", "in.zarr", "out.zarr", "--overwrite", "--model", text(&model)];
        call(&folder, &args.into_iter().chain(more.iter().copied()).collect::<Vec<_>>())
    };
    let refused = |more: &[&str], start: &str, end: &str| {
        let (code, out, err) = encode(more);
        assert_eq!(code, 2, "{out}{err}");
        assert!(err.starts_with(start) && err.contains(end), "{err}");
        assert!(!folder.join("out.zarr").exists() && !folder.join("out.zarr.partial").exists());
        err
    };
    refused(
        &["--bits", "0.0001"],
        "error: 0.0001 bits a valid sample is beyond the reach of in.zarr: at the lowest quality, 0, it takes 0.",
        "ask for at least that, or for larger chunks (--chunk-size)",
    );
    let err = refused(
        &["--ratio", "500"],
        "error: a ratio of 500 is beyond the reach of in.zarr: of 73.73 kB raw, the metadata with the model take ",
        "put more into one array (such as all dates of a place), which holds its model once",
    );
    // What the message says can be had.
    let (_, largest) = err.split_once("the largest ratio is ").unwrap();
    let largest = largest.split_once(';').unwrap().0;
    let (code, _, err) = encode(&["--ratio", largest]);
    assert_eq!(code, 0, "{err}");

    // Errors end before 200 dB: better than asked for is not what was asked for.
    let (code, out, err) = encode(&["--psnr", "200"]);
    assert_eq!(code, 1, "{err}");
    assert!(
        err.contains("--psnr 200 is not met within 0.1 dB: found no error at all, at the lowest quality"),
        "{err}"
    );
    assert!(out.contains("met within 0.1 dB by 0 of 1 array"), "{out}");
    let (code, _, err) = encode(&["--bits", "60"]);
    assert_eq!(code, 1, "{err}");
    assert!(
        err.contains("--bits 60 is not met within 2 %: found ") && err.contains(", without any error"),
        "{err}"
    );

    for (bad, message) in [
        (["--psnr", "-3"], "'--psnr <DB>': allowed are numbers above 0, in dB"),
        (["--bits", "0"], "'--bits <B>': allowed are numbers above 0"),
        (["--ratio", "nan"], "'--ratio <R>': allowed are numbers above 0"),
    ] {
        let (code, _, err) = encode(&bad);
        assert!(code == 2 && err.contains(message), "{err}");
    }
    let (code, _, err) = encode(&["--psnr", "40", "--bits", "1"]);
    assert!(code == 2 && err.contains("'--psnr <DB>' cannot be used with '--bits <B>'"), "{err}");
    let (code, _, err) = encode(&["--quality", "40", "--ratio", "10"]);
    assert!(code == 2 && err.contains("'--quality <DB>' cannot be used with '--ratio <R>'"), "{err}");
}

#[test]
fn an_interrupted_search_goes_on_at_its_quality() {
    let folder = folder("targets-interrupted");
    write(
        &folder.join("in.zarr"),
        &plain(&[4, 256, 256], &[4, 256, 256]),
        as_u16(&landscape(4, 256, 256, 35)),
    );
    let model = model();
    let args = |output: &'static str, more: &[&'static str]| {
        let args = ["encode", "in.zarr", output, "--model", text(&model), "--chunk-size", "64"];
        args.into_iter().chain(more.iter().copied()).map(str::to_owned).collect::<Vec<_>>()
    };
    let run = |args: Vec<String>| call(&folder, &args.iter().map(String::as_str).collect::<Vec<_>>());
    assert_eq!(run(args("whole.zarr", &["--psnr", "46"])).0, 0);

    let partial = folder.join("out.zarr.partial");
    let again = || {
        if partial.exists() {
            std::fs::remove_dir_all(&partial).unwrap();
        }
        // Killed once a chunk's folder is there: nothing is tidied up.
        let mut child = common::vqz(&folder)
            .args(args("out.zarr", &["--psnr", "46", "--threads", "1"]))
            .stdout(std::process::Stdio::null())
            .stderr(std::process::Stdio::null())
            .spawn()
            .unwrap();
        let begun = std::time::Instant::now();
        while !partial.join("c").exists() && child.try_wait().unwrap().is_none() {
            assert!(begun.elapsed() < std::time::Duration::from_secs(60));
            std::thread::sleep(std::time::Duration::from_micros(100));
        }
        child.kill().unwrap();
        child.wait().unwrap();
        partial.exists()
    };
    assert!(again(), "it ended before it could be killed");
    fail(
        &folder,
        &args("out.zarr", &["--psnr", "47"]).iter().map(String::as_str).collect::<Vec<_>>(),
        2,
        "out.zarr.partial was begun with other settings (psnr was 46.0, now it is 47.0); delete it to start afresh, or \
         repeat the earlier settings to go on",
    );
    let (code, _, err) = run(args("out.zarr", &["--psnr", "46"]));
    assert_eq!(code, 0, "{err}");
    assert!(err.contains("resuming from out.zarr.partial"), "{err}");
    assert!(content(&folder.join("out.zarr")) == content(&folder.join("whole.zarr")), "bytes differ");

    // Killed between two passes: chunks of the first without metadata are not taken for those of the second.
    std::fs::remove_dir_all(folder.join("out.zarr")).unwrap();
    assert!(again(), "it ended before it could be killed");
    std::fs::remove_file(partial.join("zarr.json")).unwrap();
    std::fs::write(partial.join("c/stale"), "of another quality").unwrap();
    let (code, _, err) = run(args("out.zarr", &["--psnr", "46"]));
    assert_eq!(code, 0, "{err}");
    assert!(content(&folder.join("out.zarr")) == content(&folder.join("whole.zarr")), "bytes differ");
}

#[test]
fn the_sample_meets_its_targets() {
    let folder = folder("targets-sample");
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let (sample, model) = (root.join("sample/sentinel2-l2a.zarr"), root.join("models/sentinel2-l2a.vqm"));
    for (option, value) in [("--psnr", "45"), ("--bits", "0.3"), ("--ratio", "20")] {
        let args =
            ["encode", text(&sample), "out.zarr", "--overwrite", "--model", text(&model), option, value];
        let array = &figures(&folder, &args)["arrays"][0];
        assert_eq!(array["target"]["met"], true, "{array}");
        assert_eq!(array["target"]["passes"], 1);
    }
}
