//! Rasters through the program and back: figures, metadata, groups, shards, masks, orders of dimensions.

use crate::common::{
    self, as_f32, as_u16, call, figures, folder, landscape, model, plain, read_array, succeed, write,
};
use serde_json::{Value, json};
use std::path::Path;

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

fn metadata(path: &Path) -> Value {
    serde_json::from_slice(&std::fs::read(path.join("zarr.json")).unwrap()).unwrap()
}

#[test]
fn a_raster_goes_through_all_commands() {
    let folder = folder("all-commands");
    let model = model();
    let mut input = plain(&[4, 300, 270], &[4, 128, 128]);
    input.attributes = json!({"spatial_ref": "EPSG:32633", "band_names": ["blue", "green", "red", "nir"]});
    write(&folder.join("in.zarr"), &input, as_u16(&landscape(4, 300, 270, 2)));

    let encoded = figures(
        &folder,
        &["encode", "in.zarr", "out.zarr", "--model", text(&model), "--quality", "45", "--chunk-size", "128"],
    );
    let array = &encoded["arrays"][0];
    assert_eq!(array["input_bytes"], 4 * 300 * 270 * 2);
    assert_eq!(array["chunks"], 9);
    assert_eq!(array["valid_samples"], 4 * 300 * 270);
    assert!(array["ratio"].as_f64().unwrap() > 3.0, "{array}");
    let out = metadata(&folder.join("out.zarr"));
    let mut recorded = input.attributes.clone();
    let digest = out["attributes"]["vqz"]["digest"].clone();
    assert_eq!(digest.as_str().unwrap().len(), 16);
    recorded["vqz"] = json!({
        "chunks": 9, "valid_samples": 4 * 300 * 270, "digest": digest, "shape": [4, 300, 270], "data_type": "uint16",
        "fill_value": "0000", "nodata": []
    });
    assert_eq!(out["attributes"], recorded);
    assert_eq!(out["dimension_names"], json!(["band", "y", "x"]));
    assert_eq!(out["fill_value"], 0);
    assert_eq!(out["codecs"][0]["name"], "vqz");
    assert!(out["codecs"][0]["configuration"]["model"]["decoder"].is_string());

    let info = figures(&folder, &["info", "out.zarr"]);
    let encoding = &info["arrays"][0]["encoding"];
    assert_eq!(encoding["model"], "tiny");
    assert_eq!(encoding["psnr_db"], array["psnr_db"]);
    assert_eq!(info["arrays"][0]["axes"], json!(["band", "y", "x"]));

    let verified = figures(&folder, &["verify", "out.zarr", "--against", "in.zarr"]);
    assert_eq!(verified["holds"], true);
    assert_eq!(verified["arrays"][0]["chunks"], 9);

    // What the headers say is what a comparison finds.
    let compared = figures(&folder, &["compare", "in.zarr", "out.zarr"]);
    let raster = &compared["rasters"][0];
    assert_eq!(raster["peak_from"], "model");
    let (stated, found) =
        (array["psnr_db"].as_f64().unwrap(), raster["overall"]["psnr_db"].as_f64().unwrap());
    assert!((stated - found).abs() < 1e-4, "{stated} {found}");
    assert_eq!(array["max_error"], raster["overall"]["max_error"]);
    assert_eq!(raster["data_bytes"], array["data_bytes"]);
    assert_eq!(raster["bands"].as_array().unwrap().len(), 4);
    assert_eq!(raster["bands"][0]["band"], "blue");
    let ssim = raster["overall"]["ssim"].as_f64().unwrap();
    assert!(ssim > 0.8 && ssim < 1.0, "{ssim}");
    assert!(raster["sam_deg"].as_f64().unwrap() > 0.0);
    assert!(raster["overall"]["ring_psnr_db"].as_f64().unwrap() > 30.0);

    // The plain output holds the same samples, in codecs that anything reads.
    succeed(&folder, &["decode", "out.zarr", "plain.zarr"]);
    assert_eq!(read_array(&folder.join("plain.zarr")), read_array(&folder.join("out.zarr")));
    let decoded = metadata(&folder.join("plain.zarr"));
    assert_eq!(decoded["attributes"], input.attributes);
    let names: Vec<&str> =
        decoded["codecs"].as_array().unwrap().iter().map(|c| c["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["bytes", "zstd"]);
    let equal = figures(&folder, &["compare", "out.zarr", "plain.zarr"]);
    assert_eq!(equal["rasters"][0]["overall"]["max_error"], 0.0);
    assert_eq!(equal["rasters"][0]["overall"]["ssim"], 1.0);
    succeed(&folder, &["decode", "out.zarr", "raw.zarr", "--codec", "none", "--chunk-size", "100"]);
    assert_eq!(read_array(&folder.join("raw.zarr")), read_array(&folder.join("out.zarr")));
}

#[test]
fn shards_hold_the_same_samples_and_lz4_better_ones() {
    let folder = folder("shards");
    let model = model();
    write(
        &folder.join("in.zarr"),
        &plain(&[4, 200, 200], &[4, 200, 200]),
        as_u16(&landscape(4, 200, 200, 3)),
    );
    let encode = |output: &str, more: &[&str]| {
        let args = ["encode", "in.zarr", output, "--model", text(&model), "--chunk-size", "64"];
        succeed(&folder, &args.into_iter().chain(more.iter().copied()).collect::<Vec<_>>());
    };
    encode("plain.zarr", &[]);
    encode("shards.zarr", &["--shard-size", "128"]);
    encode("lz4.zarr", &["--entropy", "lz4"]);
    let samples = read_array(&folder.join("plain.zarr"));
    assert_eq!(read_array(&folder.join("shards.zarr")), samples);
    // Codes that need not be paid for by the bit are rounded to the nearest.
    let psnr = |output: &str| {
        let compared = figures(&folder, &["compare", "in.zarr", output]);
        compared["rasters"][0]["overall"]["psnr_db"].as_f64().unwrap()
    };
    let (chosen, rounded) = (psnr("plain.zarr"), psnr("lz4.zarr"));
    assert!(rounded > chosen && rounded < chosen + 3.0, "{rounded} {chosen}");
    let info = figures(&folder, &["info", "shards.zarr"]);
    assert_eq!(info["arrays"][0]["shard"], json!([4, 128, 128]));
    assert_eq!(info["arrays"][0]["encoding"]["chunks"], 16);
    let verified = figures(&folder, &["verify", "shards.zarr", "--against", "in.zarr"]);
    assert_eq!(verified["arrays"][0]["chunks"], 16);
    succeed(&folder, &["decode", "shards.zarr", "decoded.zarr"]);
    assert_eq!(read_array(&folder.join("decoded.zarr")), samples);
}

#[test]
fn shards_hold_arrays_that_are_narrower_than_a_chunk() {
    let folder = folder("narrow-shards");
    let group = folder.join("in.zarr");
    std::fs::create_dir_all(&group).unwrap();
    std::fs::write(group.join("zarr.json"), json!({"zarr_format": 3, "node_type": "group"}).to_string())
        .unwrap();
    // Narrower than a chunk in one dimension, in the other, in both, in none; and one that is a single row.
    let shapes = [("a", 300, 40), ("b", 40, 300), ("c", 33, 17), ("d", 300, 300), ("e", 1, 300)];
    for (name, height, width) in shapes {
        let shape = [2, height as u64, width as u64];
        write(&group.join(name), &plain(&shape, &shape), as_u16(&landscape(2, height, width, 6)));
    }
    let options = ["--lossless", "--chunk-size", "64", "--shard-size", "128"];
    let (code, _, err) = call(&folder, &[&["encode", "in.zarr", "out.zarr"], &options[..]].concat());
    assert!(code == 0 && !err.contains("copied as it is"), "{err}");
    let info = figures(&folder, &["info", "out.zarr"]);
    let shards: Vec<_> =
        info["arrays"].as_array().unwrap().iter().map(|array| array["shard"].clone()).collect();
    assert_eq!(
        shards,
        [
            json!([2, 128, 40]),
            json!([2, 40, 128]),
            json!([2, 33, 17]),
            json!([2, 128, 128]),
            json!([2, 1, 128])
        ]
    );
    succeed(&folder, &["verify", "out.zarr", "--against", "in.zarr"]);
    for (name, ..) in shapes {
        assert_eq!(read_array(&folder.join("out.zarr").join(name)), read_array(&group.join(name)), "{name}");
    }
    // The defaults for chunks, and the size that the guides name.
    succeed(&folder, &["encode", "in.zarr/a", "alone.zarr", "--lossless", "--shard-size", "4096"]);
    succeed(&folder, &["verify", "alone.zarr", "--against", "in.zarr/a"]);
}

#[test]
fn any_order_of_dimensions_and_a_loop_over_time() {
    let folder = folder("orders");
    let model = model();
    // (y, x, band, time) from two landscapes.
    let (height, width) = (80, 72);
    let dates = [landscape(4, height, width, 4), landscape(4, height, width, 5)];
    let mut samples = Vec::new();
    for y in 0..height {
        for x in 0..width {
            for band in 0..4 {
                samples.extend(dates.iter().map(|date| date[(band * height + y) * width + x]));
            }
        }
    }
    let mut input = plain(&[80, 72, 4, 2], &[80, 72, 4, 2]);
    input.names = Some(&["lat", "lon", "channel", "date"]);
    write(&folder.join("in.zarr"), &input, as_u16(&samples));
    let encoded =
        figures(&folder, &["encode", "in.zarr", "out.zarr", "--model", text(&model), "--quality", "50"]);
    // One date a chunk.
    assert_eq!(encoded["arrays"][0]["chunks"], 2);
    let configuration = &metadata(&folder.join("out.zarr"))["codecs"][0]["configuration"];
    assert_eq!(configuration["axes"], json!(["y", "x", "band", "time"]));
    succeed(&folder, &["verify", "out.zarr", "--against", "in.zarr"]);
    let compared = figures(&folder, &["compare", "in.zarr", "out.zarr"]);
    assert_eq!(compared["rasters"][0]["bands"].as_array().unwrap().len(), 4);
    assert!(compared["rasters"][0]["overall"]["psnr_db"].as_f64().unwrap() > 45.0);

    // The same without names needs the roles.
    input.names = None;
    write(&folder.join("unnamed.zarr"), &input, as_u16(&samples));
    succeed(
        &folder,
        &[
            "encode",
            "unnamed.zarr",
            "given.zarr",
            "--model",
            text(&model),
            "--axes",
            "y,x,band,time",
            "--quality",
            "50",
        ],
    );
    assert_eq!(read_array(&folder.join("given.zarr")), read_array(&folder.join("out.zarr")));
}

#[test]
fn nodata_comes_back_exactly_and_counts_for_nothing() {
    let folder = folder("nodata");
    let model = model();
    let mut samples = landscape(4, 96, 96, 6);
    for (i, sample) in samples.iter_mut().enumerate() {
        match i % 96 {
            0..20 => *sample = -9999.0,
            20..23 => *sample = f64::NAN,
            _ => {}
        }
    }
    let mut input = plain(&[4, 96, 96], &[4, 96, 96]);
    input.data_type = "float32";
    input.fill = json!("NaN");
    input.attributes = json!({"missing_value": -9999.0});
    write(&folder.join("in.zarr"), &input, as_f32(&samples));
    let encoded = figures(&folder, &["encode", "in.zarr", "out.zarr", "--model", text(&model)]);
    assert_eq!(encoded["arrays"][0]["valid_samples"], 4 * 96 * 73);
    let back = read_array(&folder.join("out.zarr"));
    for (i, (a, b)) in as_f32(&samples).as_chunks::<4>().0.iter().zip(back.as_chunks::<4>().0).enumerate() {
        if i % 96 < 23 {
            assert_eq!(a, b);
        } else {
            let value = f32::from_le_bytes(*b);
            assert!(value.is_finite() && value != -9999.0);
        }
    }
    succeed(&folder, &["verify", "out.zarr", "--against", "in.zarr"]);
    let compared = figures(&folder, &["compare", "in.zarr", "out.zarr"]);
    assert_eq!(compared["rasters"][0]["overall"]["valid_samples"], 4 * 96 * 73);
    assert_eq!(compared["rasters"][0]["overall"]["mask_mismatches"], 0);
}

#[test]
fn groups_keep_their_members() {
    let folder = folder("groups");
    let model = model();
    let group = folder.join("in.zarr");
    write(&group.join("a/scene"), &plain(&[4, 64, 64], &[4, 64, 64]), as_u16(&landscape(4, 64, 64, 7)));
    write(&group.join("b"), &plain(&[4, 64, 96], &[4, 64, 64]), as_u16(&landscape(4, 64, 96, 8)));
    let mut coordinate = plain(&[64], &[64]);
    coordinate.names = Some(&["x"]);
    write(&group.join("x"), &coordinate, as_u16(&landscape(1, 1, 64, 9)));
    let node = json!({"zarr_format": 3, "node_type": "group", "attributes": {"title": "two scenes"},
        "consolidated_metadata": {"kind": "inline", "must_understand": false, "metadata": {}}});
    std::fs::write(group.join("zarr.json"), node.to_string()).unwrap();
    std::fs::write(group.join("a/zarr.json"), json!({"zarr_format": 3, "node_type": "group"}).to_string())
        .unwrap();

    let (code, out, err) =
        call(&folder, &["encode", "in.zarr", "out.zarr", "--model", text(&model), "--json"]);
    assert_eq!(code, 0, "{err}");
    // Coordinates are copied without a word.
    assert!(!err.contains("copied as it is"), "{err}");
    let encoded: Value = serde_json::from_str(&out).unwrap();
    let paths: Vec<&str> =
        encoded["arrays"].as_array().unwrap().iter().map(|a| a["path"].as_str().unwrap()).collect();
    assert_eq!(paths, ["a/scene", "b"]);
    let root = metadata(&folder.join("out.zarr"));
    assert_eq!(root["attributes"]["title"], "two scenes");
    let consolidated = root["consolidated_metadata"]["metadata"].as_object().unwrap();
    let encoded = metadata(&folder.join("out.zarr/a/scene"));
    assert_eq!(consolidated["a/scene"], encoded, "it describes the output, not the input");
    assert!(consolidated.contains_key("b") && consolidated.contains_key("x"));
    assert_eq!(read_array(&folder.join("out.zarr/x")), read_array(&group.join("x")));

    let verified = figures(&folder, &["verify", "out.zarr", "--against", "in.zarr"]);
    assert_eq!(verified["arrays"].as_array().unwrap().len(), 2);
    let compared = figures(&folder, &["compare", "in.zarr", "out.zarr"]);
    assert_eq!(compared["rasters"][1]["path"], "b");
    succeed(&folder, &["decode", "out.zarr", "plain.zarr"]);
    assert_eq!(read_array(&folder.join("plain.zarr/b")), read_array(&folder.join("out.zarr/b")));
    assert_eq!(read_array(&folder.join("plain.zarr/x")), read_array(&group.join("x")));
}

#[test]
fn bands_can_be_chosen_and_reordered() {
    let folder = folder("bands");
    let model = model();
    let samples = landscape(6, 64, 64, 10);
    let mut input = plain(&[6, 64, 64], &[6, 64, 64]);
    input.attributes = json!({"band_names": ["u", "v", "blue", "green", "red", "nir"]});
    write(&folder.join("in.zarr"), &input, as_u16(&samples));
    succeed(
        &folder,
        &["encode", "in.zarr", "named.zarr", "--model", text(&model), "--bands", "blue,green,red,nir"],
    );
    succeed(&folder, &["encode", "in.zarr", "numbered.zarr", "--model", text(&model), "--bands", "2-5"]);
    let out = metadata(&folder.join("named.zarr"));
    assert_eq!(out["shape"], json!([4, 64, 64]));
    assert_eq!(out["attributes"]["band_names"], json!(["blue", "green", "red", "nir"]));
    assert_eq!(read_array(&folder.join("named.zarr")), read_array(&folder.join("numbered.zarr")));
    write(&folder.join("four.zarr"), &plain(&[4, 64, 64], &[4, 64, 64]), as_u16(&samples[2 * 64 * 64..]));
    succeed(&folder, &["verify", "named.zarr", "--against", "four.zarr"]);
}

#[test]
fn what_is_all_fill_value_is_not_stored() {
    let folder = folder("fill");
    let model = model();
    let mut samples = landscape(4, 128, 128, 11);
    for (i, sample) in samples.iter_mut().enumerate() {
        if i / 128 % 128 >= 64 {
            *sample = 0.0;
        }
    }
    write(&folder.join("in.zarr"), &plain(&[4, 128, 128], &[4, 64, 64]), as_u16(&samples));
    let encoded =
        figures(&folder, &["encode", "in.zarr", "out.zarr", "--model", text(&model), "--chunk-size", "64"]);
    assert_eq!(encoded["arrays"][0]["chunks"], 2);
    assert_eq!(encoded["arrays"][0]["fill_only_chunks"], 2);
    succeed(&folder, &["verify", "out.zarr", "--against", "in.zarr"]);
}

#[test]
fn the_number_of_threads_changes_no_byte() {
    let folder = folder("threads");
    let model = model();
    write(
        &folder.join("in.zarr"),
        &plain(&[4, 300, 300], &[4, 100, 100]),
        as_u16(&landscape(4, 300, 300, 12)),
    );
    for threads in ["1", "3"] {
        let output = format!("out-{threads}.zarr");
        succeed(&folder, &["--threads", threads, "encode", "in.zarr", &output, "--model", text(&model)]);
    }
    assert_eq!(common::content(&folder.join("out-1.zarr")), common::content(&folder.join("out-3.zarr")));
    // A chunk of four tiles: a window across their borders is what it is in the whole.
    succeed(&folder, &["verify", "out-1.zarr", "--against", "in.zarr"]);
    succeed(&folder, &["decode", "out-1.zarr", "windows.zarr", "--chunk-size", "70"]);
    assert_eq!(read_array(&folder.join("windows.zarr")), read_array(&folder.join("out-1.zarr")));
}

#[test]
fn checks_fail_with_exit_code_1() {
    let folder = folder("checks");
    let model = model();
    write(&folder.join("in.zarr"), &plain(&[4, 64, 64], &[4, 64, 64]), as_u16(&landscape(4, 64, 64, 13)));
    write(&folder.join("other.zarr"), &plain(&[4, 64, 64], &[4, 64, 64]), as_u16(&landscape(4, 64, 64, 14)));
    succeed(&folder, &["encode", "in.zarr", "out.zarr", "--model", text(&model)]);
    let (code, _, err) = call(&folder, &["compare", "in.zarr", "out.zarr", "--min-psnr", "90"]);
    assert_eq!(code, 1);
    assert!(
        err.starts_with("error: out.zarr has a PSNR of ") && err.ends_with("dB, at least 90 is asked for\n"),
        "{err}"
    );
    let (code, _, err) = call(&folder, &["compare", "in.zarr", "out.zarr", "--max-error", "0"]);
    assert_eq!(code, 1);
    assert!(
        err.starts_with("error: out.zarr is off by up to ") && err.ends_with("at most 0 is asked for\n"),
        "{err}"
    );
    let failing = "error: out.zarr fails the check: 1 failure, listed above; restore the archive from a copy, or let \
                   `vqz repair --from SOURCE` write what is damaged or lost again\n";
    let (code, out, err) = call(&folder, &["verify", "out.zarr", "--against", "other.zarr"]);
    let against = failing.replace("again\n", "again, if the source is the one that it was made from\n");
    assert_eq!((code, err), (1, against));
    assert!(out.contains("  chunk 0/0/0 of out.zarr: a sample is off by "), "{out}");

    // One byte of a chunk differs.
    let chunk = folder.join("out.zarr/c/0/0/0");
    let mut bytes = std::fs::read(&chunk).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    std::fs::write(&chunk, bytes).unwrap();
    let (code, out, err) = call(&folder, &["verify", "out.zarr"]);
    assert_eq!((code, err.as_str()), (1, failing));
    assert!(
        out.starts_with("out.zarr: 1 chunk (") && out.contains(", 0 of fill value only: FAILS\n"),
        "{out}"
    );
    assert!(out.contains("corrupt data"), "{out}");
}

#[test]
fn a_closed_pipe_is_quiet() {
    let folder = folder("pipe");
    let model = model();
    let mut child = common::vqz(&folder)
        .args(["info", text(&model)])
        .stdout(std::process::Stdio::piped())
        .stderr(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let (code, _, err) = common::read(child.wait_with_output().unwrap());
    assert_eq!((code, err.as_str()), (0, ""));
}

#[test]
fn models_and_engines_are_described() {
    let folder = folder("info");
    let model = figures(&folder, &["info", text(&model())]);
    assert_eq!(model["manifest"]["name"], "tiny");
    assert_eq!(model["can_encode"], true);
    assert!(model["manifest"]["calibration"].as_array().unwrap().len() > 4);
    let runtime = figures(&folder, &["info", "--runtime"]);
    assert_eq!(runtime["klt"], "native");
    assert_eq!(runtime["engines"].as_array().unwrap().len(), 4);
    let text = succeed(&folder, &["info", "--runtime"]);
    assert!(text.contains("used for klt models: native"), "{text}");
}

#[test]
fn the_demonstration_writes_its_report() {
    let folder = folder("demo");
    let model = model();
    let mut sample = plain(&[4, 96, 96], &[4, 96, 96]);
    sample.attributes =
        json!({"band_names": ["blue", "green", "red", "nir"], "attribution": "made up, & drawn"});
    write(&folder.join("sample.zarr"), &sample, as_u16(&landscape(4, 96, 96, 15)));
    let args =
        ["demo", "--sample", "sample.zarr", "--model", text(&model), "--out", "demo", "--quality", "40,50"];
    for _ in 0..2 {
        let text = succeed(&folder, &args);
        assert!(text.contains("report: demo/report.html"), "{text}");
    }
    let report = std::fs::read_to_string(folder.join("demo/report.html")).unwrap();
    // The original with its crop; at each quality the whole, the crop and the errors.
    assert_eq!(report.matches("data:image/png;base64,").count(), 8);
    assert!(report.contains("red, green, blue") && report.contains("<dd>made up, &amp; drawn</dd>"));
    assert!(report.contains("<dd>tiny, architecture klt, 4 bands</dd>") && report.contains("<svg "));
    assert!(report.find("Quality 50").unwrap() < report.find("Quality 40").unwrap(), "the best first");
    assert!(!folder.join("demo/curve.zarr").exists());
    assert!(folder.join("demo/sample-q50.zarr/zarr.json").is_file());
}

#[test]
fn archives_with_codebooks_are_told_apart_and_verified() {
    let folder = folder("codebooks");
    let golden = concat!(env!("CARGO_MANIFEST_DIR"), "/../spec/golden/v0/uint16-rvq.zarr");
    let info = succeed(&folder, &["info", golden]);
    let wanted = "rvq, 16 planes of indices: 8 stages of 2 groups, codebooks of 48 entries of 8 latents";
    assert!(info.contains(wanted), "{info}");
    let encoding = &figures(&folder, &["info", golden])["arrays"][0]["encoding"];
    assert_eq!(encoding["quantiser"], "rvq");
    assert_eq!(encoding["codebooks"], serde_json::json!({"groups": 2, "stages": 8, "size": 48, "width": 8}));
    succeed(&folder, &["verify", golden]);
}
