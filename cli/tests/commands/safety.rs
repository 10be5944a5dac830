//! What can't be undone: inputs are never lost, what is lost is noticed, and nothing that can't succeed is begun.

use crate::common::{
    self, as_u16, call, content, fail, figures, folder, landscape, model, plain, succeed, write,
};
use serde_json::{Value, json};
use std::path::Path;

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

/// A folder with a raster `in.zarr` of 4 × 128 × 128.
fn with_input(name: &str) -> std::path::PathBuf {
    let folder = folder(name);
    write(
        &folder.join("in.zarr"),
        &plain(&[4, 128, 128], &[4, 128, 128]),
        as_u16(&landscape(4, 128, 128, 21)),
    );
    folder
}

#[test]
fn an_output_never_replaces_its_input() {
    let folder = with_input("overlap");
    let model = model();
    let before = content(&folder.join("in.zarr"));
    let encode = |input: &str, output: &str, message: &str| {
        fail(&folder, &["encode", input, output, "--overwrite", "--model", text(&model)], 2, message);
    };
    let lost = "which would be lost; choose another output";
    encode(
        "in.zarr",
        "in.zarr",
        &format!("output in.zarr is the input, {lost}, and replace the input afterwards"),
    );
    encode(
        "./in.zarr/",
        "in.zarr",
        &format!("output in.zarr is the input, {lost}, and replace the input afterwards"),
    );
    encode(
        "in.zarr",
        "in.zarr/out.zarr",
        "output in.zarr/out.zarr lies within the input, in.zarr; choose an output outside of it",
    );
    #[cfg(unix)]
    {
        std::os::unix::fs::symlink("in.zarr", folder.join("link")).unwrap();
        encode(
            "link",
            "in.zarr",
            &format!("output in.zarr is the input, {lost}, and replace the input afterwards"),
        );
        encode(
            "in.zarr",
            "link",
            &format!("output link is the input, {lost}, and replace the input afterwards"),
        );
        // A member of a group that is a link.
        std::fs::create_dir(folder.join("group")).unwrap();
        let node = json!({"zarr_format": 3, "node_type": "group"}).to_string();
        std::fs::write(folder.join("group/zarr.json"), node).unwrap();
        std::os::unix::fs::symlink("../in.zarr", folder.join("group/scene")).unwrap();
        encode(
            "group",
            "in.zarr",
            &format!("output in.zarr is the input, {lost}, and replace the input afterwards"),
        );
        write(&folder.join("group/own"), &plain(&[4, 8, 8], &[4, 8, 8]), as_u16(&landscape(4, 8, 8, 1)));
        encode("group/own", "group", &format!("output group holds the input, group/own, {lost}"));
    }
    assert_eq!(content(&folder.join("in.zarr")), before);

    succeed(&folder, &["encode", "in.zarr", "out.zarr", "--model", text(&model)]);
    fail(
        &folder,
        &["decode", "out.zarr", "out.zarr", "--overwrite"],
        2,
        &format!("output out.zarr is the input, {lost}, and replace the input afterwards"),
    );

    // What is asked to be replaced must be an output.
    std::fs::create_dir(folder.join("photos")).unwrap();
    std::fs::write(folder.join("photos/one.jpg"), "a picture").unwrap();
    encode(
        "in.zarr",
        "photos",
        "output photos is a folder of something else than Zarr v3, which is never replaced; choose another \
         output, or delete that folder",
    );
    assert!(folder.join("photos/one.jpg").is_file());
    std::fs::create_dir(folder.join("out.zarr.replaced")).unwrap();
    std::fs::write(folder.join("out.zarr.replaced/mine"), "mine").unwrap();
    encode(
        "in.zarr",
        "out.zarr",
        "out.zarr.replaced is in the way: an earlier run that was interrupted may have put an output aside there; move \
         or delete it",
    );
}

#[test]
fn encoding_an_archive_again_is_remarked_on() {
    let folder = with_input("again");
    let model = model();
    succeed(&folder, &["encode", "in.zarr", "once.zarr", "--model", text(&model), "--quality", "45"]);
    let (code, _, err) = call(&folder, &["encode", "once.zarr", "twice.zarr", "--model", text(&model)]);
    assert_eq!(code, 0);
    assert!(
        err.contains("warning: once.zarr is an archive already (model tiny, quality 45): errors add up, and all figures"),
        "{err}"
    );
    // Its record is of its own chunks.
    succeed(&folder, &["verify", "twice.zarr"]);
}

#[test]
fn a_lost_chunk_is_noticed() {
    let folder = with_input("lost-chunk");
    let model = model();
    succeed(&folder, &["encode", "in.zarr", "out.zarr", "--model", text(&model), "--chunk-size", "64"]);
    let verified = figures(&folder, &["verify", "out.zarr"]);
    let recorded = &verified["arrays"][0]["recorded"];
    assert_eq!((&recorded["chunks"], &recorded["valid_samples"]), (&json!(4), &json!(4 * 128 * 128)));
    let whole = figures(&folder, &["info", "out.zarr"]);
    assert_eq!(whole["arrays"][0]["encoding"]["lost"], Value::Null);
    assert_eq!(verified["arrays"][0]["data_bytes"], whole["arrays"][0]["data_bytes"]);

    std::fs::remove_file(folder.join("out.zarr/c/0/1/0")).unwrap();
    let (code, out, err) = call(&folder, &["verify", "out.zarr"]);
    assert_eq!(code, 1, "{out}{err}");
    assert!(out.contains("out.zarr: 3 chunks (") && out.contains("1 of fill value only: FAILS"), "{out}");
    assert!(out.contains("  chunk 0/1/0 of out.zarr: it is lost: all chunks were written\n"), "{out}");
    assert!(err.contains("error: out.zarr fails the check: 1 failure, listed above"), "{err}");
    let (code, out, _) = call(&folder, &["verify", "out.zarr", "--against", "in.zarr", "--json"]);
    assert_eq!(code, 1);
    let found: Value = serde_json::from_str(&out).unwrap();
    assert_eq!(found["arrays"][0]["failures"].as_array().unwrap().len(), 1, "{found}");

    let info = succeed(&folder, &["info", "out.zarr"]);
    assert!(info.contains("  INCOMPLETE  1 of 4 chunks are lost; the figures are of what is left"), "{info}");
    let (code, _, err) = call(&folder, &["decode", "out.zarr", "plain.zarr"]);
    assert_eq!(code, 1);
    assert!(
        err.contains("warning: out.zarr: 1 of 4 chunks are lost: 0/1/0; they read as the fill value, 0; see `vqz verify`"),
        "{err}"
    );
}

#[test]
fn a_lost_chunk_among_others_that_never_were() {
    let folder = folder("lost-among-fill");
    let model = model();
    let mut samples = landscape(4, 128, 128, 22);
    for (i, sample) in samples.iter_mut().enumerate() {
        if i / 128 % 128 >= 64 {
            *sample = 0.0;
        }
    }
    write(&folder.join("in.zarr"), &plain(&[4, 128, 128], &[4, 64, 64]), as_u16(&samples));
    let encode = |output: &str, more: &[&str]| {
        let args = ["encode", "in.zarr", output, "--model", text(&model), "--chunk-size", "64"];
        succeed(&folder, &args.into_iter().chain(more.iter().copied()).collect::<Vec<_>>());
    };
    encode("out.zarr", &[]);
    succeed(&folder, &["verify", "out.zarr"]);
    std::fs::remove_file(folder.join("out.zarr/c/0/0/1")).unwrap();
    let (code, out, _) = call(&folder, &["verify", "out.zarr"]);
    assert_eq!(code, 1);
    assert!(out.contains("  out.zarr: 1 of 2 chunks are lost\n"), "{out}");

    // A shard holds two chunks that were written, and one that was not.
    encode("shards.zarr", &["--shard-size", "128"]);
    succeed(&folder, &["verify", "shards.zarr", "--against", "in.zarr"]);
    let info = figures(&folder, &["info", "shards.zarr"]);
    let encoding = &info["arrays"][0]["encoding"];
    assert_eq!((&encoding["chunks"], &encoding["fill_only_chunks"]), (&json!(2), &json!(2)));
    succeed(&folder, &["decode", "shards.zarr", "plain.zarr"]);
    encode("again.zarr", &[]);
    assert_eq!(
        common::read_array(&folder.join("plain.zarr")),
        common::read_array(&folder.join("again.zarr"))
    );
    std::fs::remove_file(folder.join("shards.zarr/c/0/0/0")).unwrap();
    let (code, out, _) = call(&folder, &["verify", "shards.zarr"]);
    assert_eq!(code, 1);
    assert!(out.contains("  shards.zarr: 2 of 2 chunks are lost\n"), "{out}");

    // Without a record nothing can be noticed, which is said.
    encode("foreign.zarr", &[]);
    let path = folder.join("foreign.zarr/zarr.json");
    let mut metadata: Value = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
    metadata["attributes"].as_object_mut().unwrap().remove("vqz");
    std::fs::write(&path, metadata.to_string()).unwrap();
    let out = succeed(&folder, &["verify", "foreign.zarr"]);
    assert!(out.contains("no record of how many chunks were written: lost ones would go unnoticed"), "{out}");
}

#[test]
fn what_can_not_succeed_leaves_nothing_in_the_way() {
    let folder = with_input("nothing-left");
    let model = model();
    let encode = |more: &[&str]| {
        let args = ["encode", "in.zarr", "out.zarr", "--model", text(&model)];
        call(&folder, &args.into_iter().chain(more.iter().copied()).collect::<Vec<_>>())
    };
    for bad in [&["--quality", "300"][..], &["--quality=-3"], &["--quality", "-3"], &["-q", "nan"]] {
        let (code, _, err) = encode(bad);
        assert_eq!(code, 2);
        assert!(err.contains("for '--quality <DB>': allowed are 0 to 200, dB of PSNR on data like"), "{err}");
    }
    let engines = "choose native, tract, onnxruntime or cuda (see `vqz info --runtime`)";
    let unknown = format!("error: invalid argument: engine `bogus` is unknown; {engines}\n");
    let bogus = |args: &[&str]| {
        let output = common::vqz(&folder).args(args).env("VQZ_ENGINE", "bogus").output().unwrap();
        common::read(output)
    };
    let (code, _, err) = bogus(&["encode", "in.zarr", "out.zarr", "--model", text(&model)]);
    assert_eq!((code, err.as_str()), (2, unknown.as_str()));
    let missing = common::vqz(&folder)
        .args(["encode", "in.zarr", "out.zarr", "--model", text(&model), "--engine", "onnxruntime"])
        .env("ORT_DYLIB_PATH", "/nowhere/libonnxruntime.so")
        .output()
        .unwrap();
    let (code, _, err) = common::read(missing);
    assert_eq!(code, 2);
    assert!(err.starts_with("error: engine: ") && err.lines().count() == 1, "{err}");
    assert!(!folder.join("out.zarr").exists() && !folder.join("out.zarr.partial").exists());

    // The correction is free to be anything else.
    assert_eq!(encode(&["--quality", "44"]).0, 0);
    let (code, _, err) = bogus(&["decode", "out.zarr", "plain.zarr"]);
    assert_eq!(code, 2);
    assert!(err.ends_with(&unknown["error: ".len()..]) && !err.contains("not complete"), "{err}");
    assert!(!folder.join("plain.zarr.partial").exists());

    // A chunk that can't be read: nothing was written, so there is nothing to go on from.
    std::fs::write(folder.join("in.zarr/c/0/0/0"), "damaged").unwrap();
    let (code, _, err) = call(&folder, &["encode", "in.zarr", "again.zarr", "--model", text(&model)]);
    assert_eq!(code, 2);
    assert!(err.starts_with("error: reading in.zarr at ") && !err.contains("not complete"), "{err}");
    assert!(!folder.join("again.zarr.partial").exists());
}

#[test]
fn folders_and_names_of_outputs_are_checked_first() {
    let folder = with_input("output-folders");
    let model = model();
    let message = |output: &str, place: &str| {
        format!("output {output} would go to {place}, which is no folder; make it first, or correct the path")
    };
    fail(
        &folder,
        &["encode", "in.zarr", "no/such/out.zarr", "--model", text(&model)],
        2,
        &message("no/such/out.zarr", "no/such"),
    );
    fail(&folder, &["fit", "in.zarr", "-o", "nodir/j.vqm"], 2, &message("nodir/j.vqm", "nodir"));
    let (code, _, err) = call(&folder, &["fit", "in.zarr", "-o", "foo.txt"]);
    assert_eq!(code, 2);
    assert!(err.contains("for '--output <FILE.vqm>': models end in .vqm, such as foo.vqm"), "{err}");
    assert!(!folder.join("no").exists() && !folder.join("foo.txt").exists());
}

#[test]
fn zarr_is_not_written_under_the_name_of_another_format() {
    let folder = with_input("other-formats");
    succeed(&folder, &["encode", "in.zarr", "archive.zarr", "--lossless"]);
    for name in ["out.nc", "out.H5", "out.grib2"] {
        let message = format!(
            "output {name} is written as Zarr, and .{} is the end of another format's files; choose a name that ends in .zarr; \
             `vqz export` writes .tif and .nc",
            name.rsplit('.').next().unwrap().to_lowercase()
        );
        fail(&folder, &["decode", "archive.zarr", name], 2, &message);
        fail(&folder, &["encode", "in.zarr", name, "--lossless"], 2, &message);
        assert!(!folder.join(name).exists() && !folder.join(format!("{name}.partial")).exists());
    }
}

#[cfg(feature = "gdal")]
#[test]
fn files_beside_an_export_are_not_its_own() {
    let folder = with_input("beside-exports");
    succeed(&folder, &["encode", "in.zarr", "archive.zarr", "--lossless"]);
    let mine = ["out.tif.partial", "out.tif.plain", "out.tif.partial.txt", "out.nc.partial"];
    for name in mine {
        std::fs::write(folder.join(name), "mine").unwrap();
    }
    // What stands where an output is made is in the way, and stays; what stands beside it is not.
    for output in ["out.tif", "out.nc"] {
        let (code, _, err) = call(&folder, &["export", "archive.zarr", output]);
        assert!(
            code == 2 && err.contains("exists and is no unfinished output of vqz; move or delete it"),
            "{err}"
        );
        assert!(!folder.join(output).exists());
    }
    for name in mine {
        assert_eq!(std::fs::read(folder.join(name)).unwrap(), b"mine", "{name}");
    }
    for name in ["out.tif.partial", "out.nc.partial"] {
        std::fs::remove_file(folder.join(name)).unwrap();
    }
    succeed(&folder, &["export", "archive.zarr", "out.tif"]);
    succeed(&folder, &["export", "archive.zarr", "out.nc"]);
    for name in ["out.tif.plain", "out.tif.partial.txt"] {
        assert_eq!(std::fs::read(folder.join(name)).unwrap(), b"mine", "{name}");
    }
    let left = content(&folder).into_keys().any(|path| text(&path).ends_with(".partial"));
    assert!(!left);
}

#[cfg(feature = "gdal")]
#[test]
fn a_fit_removes_only_its_own_copies() {
    use vqz_archive::{Existing, FitOptions, Silent, copy_inputs};
    let folder = with_input("copies");
    let copies = folder.join("model.data");
    let options = FitOptions::new().existing(Existing::Replace);
    let copy = || copy_inputs(&[folder.join("in.zarr")], &copies, &options, &Silent);
    std::fs::create_dir(&copies).unwrap();
    std::fs::write(copies.join("thesis.txt"), "mine").unwrap();
    let error = copy().unwrap_err().to_string();
    assert!(error.contains("is no copy of an input that an earlier fit made, so"), "{error}");
    assert!(copies.join("thesis.txt").is_file());
    std::fs::remove_file(copies.join("thesis.txt")).unwrap();
    copy().unwrap();
    // What is laid beside the copies later stays: they are not made again before it is moved.
    std::fs::write(copies.join("thesis.txt"), "mine").unwrap();
    assert!(copy().is_err() && copies.join("thesis.txt").is_file() && copies.join("0.zarr").is_dir());
    std::fs::remove_file(copies.join("thesis.txt")).unwrap();
    copy().unwrap();
}

#[test]
fn members_of_a_group_stay_below_the_output() {
    let folder = folder("members-below");
    std::fs::create_dir(folder.join("group")).unwrap();
    let node = json!({"zarr_format": 3, "node_type": "group"}).to_string();
    std::fs::write(folder.join("group/zarr.json"), node).unwrap();
    let samples = landscape(4, 32, 32, 3);
    // Odd, and harmless where they lie: they go there and back.
    for name in ["a b", "...", "CON", "Größe"] {
        write(&folder.join("group").join(name), &plain(&[4, 32, 32], &[4, 32, 32]), as_u16(&samples));
    }
    succeed(&folder, &["encode", "group", "archive.zarr", "--lossless"]);
    succeed(&folder, &["decode", "archive.zarr", "plain.zarr"]);
    for name in ["a b", "...", "CON", "Größe"] {
        assert!(common::read_array(&folder.join("plain.zarr").join(name)) == as_u16(&samples), "{name}");
    }
}
