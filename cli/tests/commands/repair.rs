//! `vqz repair`: what was damaged or lost is as it was, to the last byte, and what is whole is never touched.

use crate::common::{
    as_u16, call, content, figures, folder, landscape, model, plain, read_array, succeed, write,
};
use serde_json::{Value, json};
use std::fs;
use std::path::{Path, PathBuf};

const SIDE: u64 = 256;

/// A folder with a raster `in.zarr` of 4 × 256 × 256, and an archive of it in 16 chunks.
fn archived(name: &str, options: &[&str]) -> PathBuf {
    let folder = folder(name);
    source(&folder, "in.zarr", 5, 0..0);
    let args = ["encode", "in.zarr", "out.zarr", "--chunk-size", "64"];
    succeed(&folder, &[&args, options].concat());
    folder
}

/// Writes a raster whose rows in a range hold something else.
fn source(folder: &Path, name: &str, seed: u64, other: std::ops::Range<u64>) {
    let (shape, mut samples) = ([4, SIDE, SIDE], landscape(4, SIDE as usize, SIDE as usize, seed));
    for (at, sample) in samples.iter_mut().enumerate() {
        if other.contains(&(at as u64 / SIDE % SIDE)) {
            *sample += 500.0;
        }
    }
    write(&folder.join(name), &plain(&shape, &[4, 64, 64]), as_u16(&samples));
}

/// Overwrites bytes in the middle of a file.
fn damage(path: &Path) {
    let mut bytes = fs::read(path).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle..middle + 4].iter_mut().for_each(|byte| *byte ^= 0x5a);
    fs::write(path, bytes).unwrap();
}

fn cut(path: &Path) {
    let bytes = fs::read(path).unwrap();
    fs::write(path, &bytes[..bytes.len() / 3]).unwrap();
}

/// Calls `vqz repair --json`, which must end with this exit code.
fn repair(folder: &Path, from: &str, code: i32) -> Value {
    repair_with(folder, from, &[], code)
}

fn repair_with(folder: &Path, from: &str, options: &[&str], code: i32) -> Value {
    let args = ["repair", "out.zarr", "--from", from, "--json"];
    let (found, out, err) = call(folder, &[&args, options].concat());
    assert_eq!(found, code, "{out}{err}");
    serde_json::from_str(&out).unwrap()
}

#[test]
fn chunks_are_again_what_they_were() {
    let model = model();
    let with_model = ["--model", model.to_str().unwrap(), "--quality", "45"];
    for (name, options) in
        [("model", &with_model[..]), ("bound", &["--max-error", "3"]), ("lossless", &["--lossless"])]
    {
        let folder = archived(&format!("repair-{name}"), options);
        let archive = folder.join("out.zarr");
        let before = content(&archive);
        let told = repair(&folder, "in.zarr", 0);
        assert_eq!((&told["whole"], &told["arrays"][0]["repaired"]), (&json!(true), &json!([])));
        assert!(content(&archive) == before, "what is whole is not written");

        damage(&archive.join("c/0/1/2"));
        cut(&archive.join("c/0/3/0"));
        fs::remove_file(archive.join("c/0/0/3")).unwrap();
        assert_eq!(call(&folder, &["verify", "out.zarr"]).0, 1);
        let told = repair(&folder, "in.zarr", 0);
        let array = &told["arrays"][0];
        assert_eq!(array["repaired"].as_array().unwrap().len(), 3, "{told}");
        assert_eq!((&array["as_recorded"], &array["failures"]), (&json!(true), &json!([])));
        assert!(content(&archive) == before, "{name}: the archive is what it was, to the last byte");
        succeed(&folder, &["verify", "out.zarr", "--against", "in.zarr"]);
    }
}

#[test]
fn shards_are_written_as_a_whole() {
    let folder = archived("repair-shards", &["--max-error", "3", "--shard-size", "128"]);
    let archive = folder.join("out.zarr");
    let before = content(&archive);
    succeed(&folder, &["decode", "out.zarr", "plain.zarr"]);
    let encoded = read_array(&folder.join("plain.zarr"));
    cut(&archive.join("c/0/0/1"));
    fs::remove_file(archive.join("c/0/1/1")).unwrap();
    damage(&archive.join("c/0/1/0"));
    let samples = |folder: &Path| {
        succeed(folder, &["decode", "out.zarr", "plain.zarr", "--overwrite"]);
        read_array(&folder.join("plain.zarr"))
    };
    let told = repair(&folder, "in.zarr", 0);
    assert_eq!(told["arrays"][0]["as_recorded"], true, "{told}");
    // Chunks may lie in another order within a shard.
    assert_eq!(content(&archive).keys().collect::<Vec<_>>(), before.keys().collect::<Vec<_>>());
    assert!(samples(&folder) == encoded, "{told}");
    // In a shard, a chunk that the source holds otherwise by now would be lost.
    source(&folder, "changed.zarr", 5, 0..64);
    damage(&archive.join("c/0/0/1"));
    let damaged = content(&archive);
    for options in [&[][..], &["--source-changed"]] {
        let told = repair_with(&folder, "changed.zarr", options, 1);
        assert!(content(&archive) == damaged, "{told}");
    }
}

#[test]
fn what_decodes_is_never_touched() {
    let folder = archived("repair-changed", &["--lossless"]);
    let archive = folder.join("out.zarr");
    let before = content(&archive);
    source(&folder, "changed.zarr", 5, 0..64);
    damage(&archive.join("c/0/2/2"));
    let damaged = content(&archive);
    let told = repair(&folder, "changed.zarr", 1);
    assert!(content(&archive) == damaged, "chunks that decode speak against the source: {told}");
    let told = repair_with(&folder, "changed.zarr", &["--source-changed"], 1);
    let array = &told["arrays"][0];
    assert!(content(&archive) == before, "the damaged chunk is repaired, and no other one is written");
    assert_eq!((&array["as_recorded"], array["repaired"].as_array().unwrap().len()), (&json!(true), 1));
    assert_eq!(array["failures"].as_array().unwrap().len(), 4, "{told}");
    succeed(&folder, &["verify", "out.zarr", "--against", "in.zarr"]);
    // Where the source holds something else in place of what is gone, that is told.
    damage(&archive.join("c/0/0/2"));
    let told = repair_with(&folder, "changed.zarr", &["--source-changed"], 1);
    assert_eq!((&told["whole"], &told["arrays"][0]["as_recorded"]), (&json!(false), &json!(false)), "{told}");
    let found = told["arrays"][0]["failures"].to_string();
    assert!(found.contains("its chunks are not those that were written there"), "{told}");
    damage(&archive.join("c/0/0/2"));
    repair(&folder, "in.zarr", 0);
    assert!(content(&archive) == before);
}

#[test]
fn one_chunk_that_can_not_be_written_keeps_no_other() {
    let folder = archived("repair-folder", &["--lossless"]);
    let archive = folder.join("out.zarr");
    let (before, damaged) = (content(&archive), archive.join("c/0/2/2"));
    let chunk = fs::read(&damaged).unwrap();
    damage(&damaged);
    fs::remove_file(archive.join("c/0/1/1")).unwrap();
    fs::create_dir_all(archive.join("c/0/1/1/within")).unwrap();
    let told = repair(&folder, "in.zarr", 1);
    assert!(told["arrays"][0]["failures"].to_string().contains("could not be written again"), "{told}");
    assert!(fs::read(&damaged).unwrap() == chunk);
    fs::remove_dir_all(archive.join("c/0/1/1")).unwrap();
    repair(&folder, "in.zarr", 0);
    assert!(content(&archive) == before);
}

#[test]
fn a_repair_needs_the_source() {
    let folder = archived("repair-source", &["--lossless"]);
    damage(&folder.join("out.zarr/c/0/2/2"));
    let before = content(&folder.join("out.zarr"));
    write(&folder.join("small.zarr"), &plain(&[4, 64, 64], &[4, 64, 64]), as_u16(&landscape(4, 64, 64, 5)));
    for (from, words) in [
        ("small.zarr", "give the raster that was encoded"),
        ("none.zarr", "does not exist"),
        ("out.zarr", "is the input"),
    ] {
        let (code, _, err) = call(&folder, &["repair", "out.zarr", "--from", from]);
        assert!(code == 2 && err.contains(words), "{from}: {code} {err}");
    }
    let (code, _, err) = call(&folder, &["repair", "in.zarr", "--from", "small.zarr"]);
    assert!(code == 2 && err.contains("is no vqz archive"), "{err}");
    assert!(content(&folder.join("out.zarr")) == before);
    // An archive without a record, as other programs write them, is repaired too.
    let path = folder.join("out.zarr/zarr.json");
    let mut metadata: Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
    metadata["attributes"].as_object_mut().unwrap().remove("vqz");
    fs::write(&path, metadata.to_string()).unwrap();
    let told = repair(&folder, "in.zarr", 0);
    assert_eq!(told["arrays"][0]["as_recorded"], Value::Null);
    let told = figures(&folder, &["compare", "in.zarr", "out.zarr"]);
    assert_eq!(told["rasters"][0]["overall"]["max_error"], 0.0);
}
