//! `vqz encode --lossless` and `--max-error`: with a model and without, what is promised stands in the metadata and is kept,
//! `verify` compares it with the source, and the number of threads does not change the bytes.

use crate::common::{
    self, as_f32, as_u16, call, content, fail, figures, folder, landscape, model, plain, read_array, succeed,
    write,
};
use serde_json::{Value, json};
use std::path::Path;

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

fn metadata(archive: &Path) -> Value {
    serde_json::from_slice(&std::fs::read(archive.join("zarr.json")).unwrap()).unwrap()
}

/// A folder with a raster `in.zarr` of 4 × 200 × 180, uint16.
fn with_input(name: &str) -> std::path::PathBuf {
    let folder = folder(name);
    write(
        &folder.join("in.zarr"),
        &plain(&[4, 200, 180], &[4, 200, 180]),
        as_u16(&landscape(4, 200, 180, 3)),
    );
    folder
}

#[test]
fn lossless_needs_no_model_and_loses_nothing() {
    let folder = with_input("lossless");
    let printed = figures(&folder, &["encode", "in.zarr", "out.zarr", "--lossless"]);
    assert_eq!(printed["arrays"][0]["promise"], json!({"kind": "lossless"}));
    assert_eq!((printed["model"].clone(), printed["max_error"].clone()), (Value::Null, json!(0.0)));
    assert!(printed["ratio"].as_f64().unwrap() > 1.5, "{printed}");
    let configuration = metadata(&folder.join("out.zarr"))["codecs"][0]["configuration"].clone();
    assert_eq!(
        configuration,
        json!({"axes": ["band", "y", "x"], "entropy": "rans", "promise": {"kind": "lossless"}})
    );
    assert_eq!(read_array(&folder.join("out.zarr")), read_array(&folder.join("in.zarr")));
    succeed(&folder, &["decode", "out.zarr", "back.zarr"]);
    assert_eq!(read_array(&folder.join("back.zarr")), read_array(&folder.join("in.zarr")));
    let verified = succeed(&folder, &["verify", "out.zarr", "--against", "in.zarr"]);
    assert!(verified.contains("promised: lossless") && verified.contains("max error 0"), "{verified}");
    let info = succeed(&folder, &["info", "out.zarr"]);
    assert!(info.contains("model     none: samples are predicted from their neighbours"), "{info}");
    assert!(info.contains("promise   lossless"), "{info}");
    // What is lossless may be encoded again without a word.
    let (code, _, err) = call(&folder, &["encode", "out.zarr", "again.zarr", "--lossless"]);
    assert_eq!((code, err.contains("archive already")), (0, false), "{err}");
}

#[test]
fn bounds_are_kept_with_a_model_and_without() {
    let folder = with_input("bounded");
    let model = model();
    let mut sizes = Vec::new();
    for (output, more) in [("a.zarr", &[][..]), ("b.zarr", &["--model", text(&model)])] {
        let args = [&["encode", "in.zarr", output, "--max-error", "40"], more].concat();
        let printed = figures(&folder, &args);
        assert!(printed["max_error"].as_f64().unwrap() <= 40.01, "{printed}");
        assert_eq!(printed["arrays"][0]["promise"], json!({"kind": "max_error", "bound": [40.0]}));
        sizes.push(printed["arrays"][0]["data_bytes"].as_u64().unwrap());
        let verified = succeed(&folder, &["verify", output, "--against", "in.zarr"]);
        assert!(verified.contains("promised: ±40"), "{verified}");
    }
    // The shorter of both is taken, tile by tile.
    assert!(sizes[1] <= sizes[0] + 64, "{sizes:?}");

    // A bound for each band.
    let printed = figures(&folder, &["encode", "in.zarr", "c.zarr", "--max-error", "0,1,7.5,200"]);
    assert_eq!(printed["arrays"][0]["promise"]["bound"], json!([0.0, 1.0, 7.5, 200.0]));
    let (wanted, found) = (read_array(&folder.join("in.zarr")), read_array(&folder.join("c.zarr")));
    let samples = |bytes: &[u8]| -> Vec<i32> {
        bytes.chunks_exact(2).map(|b| i32::from(u16::from_ne_bytes([b[0], b[1]]))).collect()
    };
    for (band, bound) in [0, 1, 7, 200].into_iter().enumerate() {
        let range = band * 36_000..(band + 1) * 36_000;
        let (a, b) = (&samples(&wanted)[range.clone()], &samples(&found)[range]);
        let worst = a.iter().zip(b).map(|(a, b)| (a - b).abs()).max().unwrap();
        assert!(worst <= bound && (bound == 0 || worst > 0), "band {band} is off by {worst}");
    }
}

#[test]
fn a_part_of_the_range_becomes_a_bound_of_each_band() {
    let folder = folder("of-range");
    let mut samples: Vec<f64> = (0..2 * 60 * 50).map(|i| f64::from(i as u32 % 3000) * 0.01).collect();
    samples[17] = f64::NAN;
    samples[3000..].iter_mut().for_each(|v| *v *= 10.0);
    let input =
        common::Plain { data_type: "float32", fill: json!("NaN"), ..plain(&[2, 60, 50], &[2, 60, 50]) };
    write(&folder.join("in.zarr"), &input, as_f32(&samples));
    let printed = figures(&folder, &["encode", "in.zarr", "out.zarr", "--max-error-of-range", "0.01"]);
    let bound = printed["arrays"][0]["promise"]["bound"].clone();
    let bound: Vec<f64> = serde_json::from_value(bound).unwrap();
    assert!((bound[0] - 0.2999).abs() < 1e-3 && (bound[1] - 2.999).abs() < 1e-2, "{bound:?}");
    succeed(&folder, &["verify", "out.zarr", "--against", "in.zarr"]);
}

#[test]
fn stable_archives_can_be_written_again() {
    let folder = with_input("stable");
    for (from, to) in [("in.zarr", "a.zarr"), ("a.zarr", "b.zarr")] {
        succeed(&folder, &["encode", from, to, "--max-error", "9", "--stable"]);
    }
    assert_eq!(read_array(&folder.join("a.zarr")), read_array(&folder.join("b.zarr")));
    assert_ne!(read_array(&folder.join("in.zarr")), read_array(&folder.join("a.zarr")));
    fail(
        &folder,
        &["encode", "in.zarr", "c.zarr", "--lossless", "--stable"],
        2,
        "the argument '--lossless' cannot be used with '--stable'",
    );
}

#[test]
fn dates_threads_and_runs_change_no_byte() {
    let folder = folder("same-bytes");
    let samples: Vec<f64> = (0..3).flat_map(|date| landscape(2, 300, 270, 5 + date / 2)).collect();
    let input = common::Plain {
        names: Some(&["time", "band", "y", "x"]),
        ..plain(&[3, 2, 300, 270], &[1, 2, 300, 270])
    };
    write(&folder.join("in.zarr"), &input, as_u16(&samples));
    let encode = |output: &str, threads: &str, dates: &str| {
        let args = ["--max-error", "6", "--chunk-size", "300", "--dates", dates, "--threads", threads];
        succeed(&folder, &[&["encode", "in.zarr", output][..], &args].concat());
        content(&folder.join(output))
    };
    let one = encode("one.zarr", "1", "3");
    assert!(one == encode("four.zarr", "4", "3"));
    let size = |files: &std::collections::BTreeMap<std::path::PathBuf, Vec<u8>>| {
        files.values().map(Vec::len).sum::<usize>()
    };
    let apart = encode("apart.zarr", "2", "1");
    assert!(size(&one) < size(&apart), "{} {}", size(&one), size(&apart));
    succeed(&folder, &["verify", "one.zarr", "--against", "in.zarr"]);
}

#[test]
fn broken_promises_are_noticed() {
    let folder = with_input("broken");
    succeed(&folder, &["encode", "in.zarr", "out.zarr", "--max-error", "12"]);
    // Another source than that which was encoded.
    let mut other = landscape(4, 200, 180, 3);
    other[7] += 40.0;
    write(&folder.join("other.zarr"), &plain(&[4, 200, 180], &[4, 200, 180]), as_u16(&other));
    let (code, out, _) = call(&folder, &["verify", "out.zarr", "--against", "other.zarr"]);
    assert!(code == 1 && out.contains("a sample is off by"), "{out}");
    // A promise that the chunks do not make.
    let path = folder.join("out.zarr/zarr.json");
    let tight = std::fs::read_to_string(&path).unwrap().replace("12.0", "3.0");
    std::fs::write(&path, tight).unwrap();
    let (code, out, _) = call(&folder, &["verify", "out.zarr"]);
    assert!(code == 1 && out.contains("the chunk states a maximum error of 12, 3 is promised"), "{out}");
}

#[test]
fn promises_that_make_no_sense_are_refused() {
    let folder = with_input("senseless");
    let model = model();
    let encode = |more: &[&str], message: &str| {
        fail(&folder, &[&["encode", "in.zarr", "out.zarr"], more].concat(), 2, message);
        assert!(!folder.join("out.zarr").exists());
    };
    encode(
        &[],
        "there is no model, and no bound is promised that would need none; give a model with --model (such as models/sentinel2-l2a.vqm, or what `vqz fit` makes of your data), \
         or ask for --lossless or --max-error",
    );
    encode(
        &["--model", text(&model), "--lossless", "--psnr", "40"],
        "a PSNR of 40 dB can't be combined with a bound on the error; ask for one or the other",
    );
    encode(&["--max-error", "1,2"], "2 bounds are given, in.zarr has 4 bands; give one, or one for each");
    encode(
        &["--max-error", "-1"],
        "invalid value '-1' for '--max-error <E,…>': allowed are numbers from 0 on",
    );
}
