//! Grids of any declared size cost what is stored: sparse arrays are worked on, and hostile shapes end soon.

#![cfg(unix)]

use crate::common::{as_u16, call, content, figures, folder, landscape, plain, read_array, succeed, write};
use serde_json::{Value, json};
use std::os::unix::fs::symlink;
use std::path::Path;
use std::time::{Duration, Instant};

const LOSSLESS: [&str; 6] = ["encode", "in.zarr", "out.zarr", "--lossless", "--chunk-size", "32"];

/// Changes the metadata of an array.
fn edit(array: &Path, change: impl FnOnce(&mut Value)) {
    let path = array.join("zarr.json");
    let mut metadata: Value = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
    change(&mut metadata);
    std::fs::write(&path, metadata.to_string()).unwrap();
}

/// Declares another shape, without the record that would tell what was lost.
fn declare(array: &Path, shape: Value) {
    edit(array, |metadata| {
        metadata["shape"] = shape;
        metadata["attributes"].as_object_mut().unwrap().remove("vqz");
    });
}

/// Calls `vqz`, which must end soon.
fn soon(folder: &Path, args: &[&str]) -> (i32, String, String) {
    let begun = Instant::now();
    let outcome = call(folder, args);
    assert!(begun.elapsed() < Duration::from_secs(20), "vqz {}: {:?}", args.join(" "), begun.elapsed());
    outcome
}

fn soon_done(folder: &Path, args: &[&str]) -> String {
    let (code, out, err) = soon(folder, args);
    assert_eq!(code, 0, "vqz {}\n{out}{err}", args.join(" "));
    out
}

/// A refusal for the size, in one line.
fn soon_refused(folder: &Path, args: &[&str]) {
    let (code, out, err) = soon(folder, args);
    assert!(
        code == 2 && err.contains("declares the shape [") && err.contains("that can be gone through"),
        "{out}{err}"
    );
}

fn archive(name: &str, more: &[&str]) -> std::path::PathBuf {
    let folder = folder(name);
    write(&folder.join("in.zarr"), &plain(&[2, 96, 96], &[2, 32, 32]), as_u16(&landscape(2, 96, 96, 71)));
    succeed(&folder, &[&LOSSLESS[..], more].concat());
    folder
}

#[test]
fn a_huge_grid_with_few_chunks_is_looked_at_and_decoded() {
    for (name, more) in [("sparse-huge", &[][..]), ("sparse-huge-shards", &["--shard-size", "64"])] {
        let folder = archive(name, more);
        let archive = folder.join("out.zarr");
        let before = read_array(&archive);
        declare(&archive, json!([2, 1_000_000_000, 1_000_000_000]));
        let (code, out, err) = soon(&folder, &["info", "out.zarr", "--json"]);
        assert_eq!(code, 0, "{err}");
        let info: Value = serde_json::from_str(&out).unwrap();
        let encoding = &info["arrays"][0]["encoding"];
        assert_eq!(
            (&encoding["chunks"], &encoding["fill_only_chunks"]),
            (&json!(9), &json!(31_250_000u64.pow(2) - 9))
        );
        soon_done(&folder, &["info", "out.zarr", "--window", "0:1,0:1"]);
        let out =
            soon_done(&folder, &["info", "out.zarr", "--window", "0:1000000000,0:1000000000", "--json"]);
        let window: Value = serde_json::from_str(&out).unwrap();
        assert_eq!(window["arrays"][0]["window"]["chunks"], 9, "{window}");
        soon_done(&folder, &["verify", "out.zarr"]);
        // All that is stored comes back, and the rest stays implicit.
        soon_done(&folder, &["decode", "out.zarr", "plain.zarr"]);
        soon_done(&folder, &["verify", "out.zarr", "--against", "plain.zarr"]);
        edit(&folder.join("plain.zarr"), |metadata| metadata["shape"] = json!([2, 96, 96]));
        assert!(read_array(&folder.join("plain.zarr")) == before);
        soon_done(&folder, &["encode", "out.zarr", "again.zarr", "--lossless", "--chunk-size", "32"]);
        edit(&folder.join("again.zarr"), |metadata| metadata["shape"] = json!([2, 96, 96]));
        assert!(read_array(&folder.join("again.zarr")) == before);
        soon_refused(&folder, &["compare", "out.zarr", "out.zarr"]);
        soon_refused(&folder, &["report", "out.zarr", "-o", "page.html"]);
        soon_refused(&folder, &["fit", "out.zarr", "-o", "model.vqm"]);
        soon_refused(&folder, &["encode", "out.zarr", "no.zarr", "--max-error-of-range", "0.01"]);
        assert!(!folder.join("no.zarr").exists() && !folder.join("no.zarr.partial").exists());
    }
}

#[test]
#[cfg(feature = "gdal")]
fn a_window_of_a_huge_grid_is_exported() {
    let folder = archive("sparse-export", &[]);
    let archive = folder.join("out.zarr");
    declare(&archive, json!([2, 1_000_000_000, 1_000_000_000]));
    soon_done(&folder, &["export", "out.zarr", "part.zarr", "--window", "0,0,96,96"]);
    assert!(read_array(&folder.join("part.zarr/data")) == read_array(&folder.join("in.zarr")));
    soon_done(&folder, &["export", "out.zarr", "far.zarr", "--window", "7,999999000,80,999999040"]);
    assert!(read_array(&folder.join("far.zarr/data")).iter().all(|byte| *byte == 0));
    for output in ["whole.tif", "whole.nc"] {
        let (code, _, err) = soon(&folder, &["export", "out.zarr", output]);
        assert!(code == 2 && err.starts_with("error: "), "{err}");
        assert!(!folder.join(output).exists() && !folder.join(format!("{output}.partial")).exists());
    }
}

#[test]
fn grids_beyond_64_bits_end_in_words() {
    let folder = archive("sparse-overflow", &[]);
    let archive = folder.join("out.zarr");
    for shape in [
        json!([2, u64::MAX, u64::MAX]),
        json!([2, 1u64 << 63, 1u64 << 63]),
        json!([u64::MAX, u64::MAX, u64::MAX]),
        json!([2, u64::MAX, 1]),
    ] {
        declare(&archive, shape.clone());
        for args in [
            &["info", "out.zarr"][..],
            &["info", "out.zarr", "--window", "0:1,0:1"],
            &["verify", "out.zarr"],
            &["compare", "out.zarr", "out.zarr"],
            &["decode", "out.zarr", "plain.zarr", "--overwrite"],
            &["encode", "out.zarr", "again.zarr", "--lossless", "--overwrite"],
            &["report", "out.zarr", "-o", "page.html", "--overwrite"],
        ] {
            let (code, out, err) = soon(&folder, args);
            assert!(
                [0, 1, 2].contains(&code) && !err.contains("panicked"),
                "{shape} {args:?}: {code} {out}{err}"
            );
        }
    }
}

#[test]
fn arrays_without_samples_and_chunks_beyond_the_array() {
    let folder = archive("sparse-empty", &[]);
    let archive = folder.join("out.zarr");
    declare(&archive, json!([2, 0, 96]));
    for args in [&["info", "out.zarr"][..], &["verify", "out.zarr"], &["decode", "out.zarr", "plain.zarr"]] {
        let (code, out, err) = soon(&folder, args);
        assert_eq!(code, 0, "{args:?}: {out}{err}");
    }
    let (code, _, err) = soon(&folder, &["encode", "out.zarr", "no.zarr", "--lossless"]);
    assert!(code == 2 && err.contains("has shape [2, 0, 96], so there is nothing to encode"), "{err}");
    // Smaller than its chunks: what lies beyond is not looked at.
    declare(&archive, json!([2, 20, 7]));
    let info = figures(&folder, &["info", "out.zarr"]);
    let encoding = &info["arrays"][0]["encoding"];
    assert_eq!((&encoding["chunks"], &encoding["fill_only_chunks"]), (&json!(1), &json!(0)));
    soon_done(&folder, &["verify", "out.zarr"]);
    soon_done(&folder, &["decode", "out.zarr", "plain.zarr", "--overwrite"]);
    assert_eq!(read_array(&folder.join("plain.zarr")), read_array(&archive));
}

#[test]
fn a_sparse_input_is_encoded_where_it_holds_something() {
    let folder = folder("sparse-input");
    let input = folder.join("in.zarr");
    let mut array = plain(&[1, 64, 64], &[1, 64, 64]);
    array.fill = json!(7);
    write(&input, &array, as_u16(&landscape(1, 64, 64, 72)));
    edit(&input, |metadata| metadata["shape"] = json!([1, 50_000_000, 50_000_000]));
    std::fs::create_dir_all(input.join("c/0/500000")).unwrap();
    std::fs::copy(input.join("c/0/0/0"), input.join("c/0/500000/123456")).unwrap();
    soon_done(&folder, &LOSSLESS);
    // Two chunks of 64 pixels are eight of 32.
    let info = figures(&folder, &["info", "out.zarr"]);
    assert_eq!(info["arrays"][0]["encoding"]["chunks"], 8);
    soon_done(&folder, &["verify", "out.zarr", "--against", "in.zarr"]);
    // A chunk that the source holds and the archive lost.
    std::fs::remove_file(folder.join("out.zarr/c/0/1000001/246913")).unwrap();
    let (code, out, _) = soon(&folder, &["verify", "out.zarr", "--against", "in.zarr"]);
    assert!(code == 1 && out.contains("chunk 0/1000001/246913 of out.zarr"), "{out}");
    // Shares divide what is there.
    for share in ["0/2", "1/2"] {
        soon_done(
            &folder,
            &[&["encode", "in.zarr", "shared.zarr"], &LOSSLESS[3..], &["--shard", share]].concat(),
        );
    }
    soon_done(&folder, &["verify", "shared.zarr", "--against", "in.zarr"]);
}

#[test]
fn what_is_no_chunk_does_no_harm() {
    let folder = archive("sparse-foreign", &[]);
    let archive = folder.join("out.zarr");
    let before = figures(&folder, &["info", "out.zarr"]);
    for name in ["c/0/0.tmp", "c/0/0/1.vqz-tmp", "c/.DS_Store", "c/0/00", "notes.txt", "c/0/0/77"] {
        std::fs::write(archive.join(name), "not a chunk").unwrap();
    }
    std::fs::create_dir_all(archive.join("c/0/x/1")).unwrap();
    symlink("nowhere", archive.join("c/0/1/9")).unwrap();
    symlink("nowhere", archive.join("link")).unwrap();
    symlink("..", archive.join("c/0/loop")).unwrap();
    symlink("loop", archive.join("c/0/9")).unwrap();
    assert_eq!(figures(&folder, &["info", "out.zarr"]), before);
    succeed(&folder, &["verify", "out.zarr"]);
    succeed(&folder, &["decode", "out.zarr", "plain.zarr"]);
    assert!(read_array(&folder.join("plain.zarr")) == read_array(&folder.join("in.zarr")));
    assert!(content(&folder.join("plain.zarr")).keys().all(|name| !name.ends_with("notes.txt")));
    // Chunks that stand elsewhere are chunks.
    std::fs::rename(archive.join("c"), folder.join("chunks")).unwrap();
    symlink("../chunks", archive.join("c")).unwrap();
    succeed(&folder, &["verify", "out.zarr", "--against", "in.zarr"]);
    assert_eq!(figures(&folder, &["info", "out.zarr"])["arrays"][0]["encoding"]["chunks"], 9);
    // A chunk that is a link to nothing is lost.
    std::fs::remove_file(archive.join("c/0/2/2")).unwrap();
    symlink("nowhere", archive.join("c/0/2/2")).unwrap();
    let (code, out, _) = call(&folder, &["verify", "out.zarr"]);
    assert!(code == 1 && out.contains("chunk 0/2/2 of out.zarr: it is lost"), "{out}");
}
