//! Bad input: each is one line that says what was found, what is allowed and what to do, and exit code 2.

use crate::common::{self, as_f32, as_u16, call, fail, folder, landscape, model, plain, succeed, write};
use serde_json::{Value, json};
use std::path::Path;

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

#[test]
fn a_wrong_number_of_bands() {
    let folder = folder("bad-bands");
    write(&folder.join("in.zarr"), &plain(&[3, 32, 32], &[3, 32, 32]), as_u16(&landscape(3, 32, 32, 1)));
    let model = model();
    let encode = |more: &[&str], message: &str| {
        let args = ["encode", "in.zarr", "out.zarr", "--model", text(&model)];
        fail(&folder, &args.into_iter().chain(more.iter().copied()).collect::<Vec<_>>(), 2, message);
        assert!(!folder.join("out.zarr").exists() && !folder.join("out.zarr.partial").exists());
    };
    encode(&[], "array has 3 bands, model tiny takes 4; choose bands with --bands");
    encode(&["--bands", "0,1"], "array has 2 bands, model tiny takes 4; choose bands with --bands");
    encode(&["--bands", "0-3"], "choosing bands of in.zarr: band \"0-3\" is not there; allowed are 0 to 2");
}

#[test]
fn an_unsupported_type() {
    let folder = folder("bad-type");
    let mut input = plain(&[4, 32, 32], &[4, 32, 32]);
    input.data_type = "uint32";
    write(&folder.join("in.zarr"), &input, as_f32(&landscape(4, 32, 32, 1)));
    fail(
        &folder,
        &["encode", "in.zarr", "out.zarr", "--model", text(&model())],
        2,
        "in.zarr: invalid argument: the array's data type is uint32, the codec takes uint8, int16, uint16, int32, \
         float32 and float64; convert the array first",
    );
}

#[test]
fn missing_roles() {
    let folder = folder("bad-roles");
    let mut input = plain(&[4, 32, 32], &[4, 32, 32]);
    let samples = as_u16(&landscape(4, 32, 32, 1));
    input.names = None;
    write(&folder.join("unnamed.zarr"), &input, samples.clone());
    input.names = Some(&["band", "rows", "depth"]);
    write(&folder.join("no-x.zarr"), &input, samples);
    let model = model();
    let encode = |name: &str, more: &[&str], message: &str| {
        let args = ["encode", name, "out.zarr", "--model", text(&model)];
        fail(&folder, &args.into_iter().chain(more.iter().copied()).collect::<Vec<_>>(), 2, message);
    };
    encode(
        "unnamed.zarr",
        &[],
        "unnamed.zarr: the 3 dimensions have no names, so their roles (y, x, band, time or another) are unknown; give one \
         role for each in order, such as band,y,x, with --axes",
    );
    encode(
        "no-x.zarr",
        &[],
        "no-x.zarr: invalid argument: axes are (band, y, depth), exactly one must be `x`; name the dimensions, or state \
         their roles, with --axes",
    );
    encode(
        "unnamed.zarr",
        &["--axes", "y,x"],
        "unnamed.zarr: 2 roles are given for 3 dimensions; give one role for each",
    );
    let (code, _, err) =
        call(&folder, &["encode", "unnamed.zarr", "o.zarr", "--model", text(&model), "--axes", "y,y"]);
    assert_eq!(code, 2);
    assert!(err.contains("axes are (y, y), exactly one must be `y`"), "{err}");
}

#[test]
fn a_model_that_is_not_there_or_not_one() {
    let folder = folder("bad-model");
    write(&folder.join("in.zarr"), &plain(&[4, 32, 32], &[4, 32, 32]), as_u16(&landscape(4, 32, 32, 1)));
    fail(
        &folder,
        &["encode", "in.zarr", "out.zarr", "--model", "none.vqm"],
        2,
        "model none.vqm does not exist; give the path of a .vqm file, or make one with `vqz fit`",
    );
    std::fs::write(folder.join("text.vqm"), "no model").unwrap();
    let (code, _, err) = call(&folder, &["encode", "in.zarr", "out.zarr", "--model", "text.vqm"]);
    assert_eq!(code, 2);
    assert!(err.starts_with("error: opening model text.vqm: invalid model: "), "{err}");
}

/// Changes an archive's configuration.
fn edit(archive: &Path, change: impl Fn(&mut Value)) {
    let path = archive.join("zarr.json");
    let mut metadata: Value = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
    change(&mut metadata["codecs"][0]["configuration"]);
    std::fs::write(path, metadata.to_string()).unwrap();
}

#[test]
fn an_archive_whose_model_is_lost_or_another() {
    let folder = folder("lost-model");
    let model = model();
    write(&folder.join("in.zarr"), &plain(&[4, 32, 32], &[4, 32, 32]), as_u16(&landscape(4, 32, 32, 1)));
    succeed(&folder, &["encode", "in.zarr", "out.zarr", "--model", text(&model)]);
    let archive = folder.join("out.zarr");
    let zeros = "0".repeat(64);

    edit(&archive, |configuration| configuration["model"]["sha256"] = json!(zeros));
    for command in ["info", "verify"] {
        let (code, _, err) = call(&folder, &[command, "out.zarr"]);
        assert_eq!(code, 2);
        assert!(
            err.contains("invalid model: the embedded model has SHA-256 ") && err.contains(&zeros),
            "{err}"
        );
    }

    edit(&archive, |configuration| {
        configuration["model"].as_object_mut().unwrap().remove("decoder");
    });
    let (code, _, err) = call(&folder, &["decode", "out.zarr", "plain.zarr"]);
    assert_eq!(code, 2);
    assert!(
        err.contains("missing model: ") && err.contains(&zeros) && err.contains("VQZ_MODEL_PATH"),
        "{err}"
    );
    assert!(!folder.join("plain.zarr").exists());

    edit(&archive, |configuration| configuration["colour"] = json!("blue"));
    let (code, _, err) = call(&folder, &["info", "out.zarr"]);
    assert_eq!(code, 2);
    assert!(
        err.starts_with("error: out.zarr: the configuration of codec vqz: unknown field `colour`"),
        "{err}"
    );
}

#[test]
fn an_output_that_exists() {
    let folder = folder("exists");
    let model = model();
    write(&folder.join("in.zarr"), &plain(&[4, 32, 32], &[4, 32, 32]), as_u16(&landscape(4, 32, 32, 1)));
    let args = ["encode", "in.zarr", "out.zarr", "--model", text(&model)];
    succeed(&folder, &args);
    let message = "output out.zarr exists; choose another, or replace it with --overwrite";
    fail(&folder, &args, 2, message);
    std::fs::write(folder.join("old.vqm"), "a model").unwrap();
    let message = "output old.vqm exists; choose another, or replace it with --overwrite";
    fail(&folder, &["fit", "in.zarr", "-o", "old.vqm"], 2, message);
    std::fs::remove_file(folder.join("old.vqm")).unwrap();
    let before = common::content(&folder.join("out.zarr"));
    succeed(&folder, &args.into_iter().chain(["--overwrite", "--quality", "30"]).collect::<Vec<_>>());
    assert_ne!(common::content(&folder.join("out.zarr")), before);
    let left: Vec<_> = std::fs::read_dir(&folder).unwrap().map(|e| e.unwrap().file_name()).collect();
    assert_eq!(left.len(), 2, "{left:?}");
}

#[test]
fn paths_that_are_no_rasters() {
    let folder = folder("no-zarr");
    let model = model();
    let allowed = "vqz takes Zarr v3 arrays and groups, that is, folders with a zarr.json, and GeoTIFFs";
    std::fs::create_dir(folder.join("empty")).unwrap();
    std::fs::create_dir(folder.join("old")).unwrap();
    std::fs::write(folder.join("old/.zarray"), "{}").unwrap();
    std::fs::write(folder.join("file"), "text").unwrap();
    let encode = |input: &str, message: String| {
        fail(&folder, &["encode", input, "out.zarr", "--model", text(&model)], 2, &message);
    };
    encode("empty", format!("empty is a folder without zarr.json; {allowed}"));
    encode("absent", format!("absent does not exist; {allowed}"));
    if cfg!(not(feature = "gdal")) {
        encode("file", format!("file is a file; {allowed}"));
    }
    encode(
        "old",
        format!("old is Zarr version 2; convert it to version 3, such as with `zarr migrate v3`; {allowed}"),
    );
    std::fs::write(
        folder.join("empty/zarr.json"),
        json!({"zarr_format": 3, "node_type": "group"}).to_string(),
    )
    .unwrap();
    encode("empty", "nothing in group empty fits model tiny: it holds no arrays".to_owned());
    fail(
        &folder,
        &["verify", "empty"],
        2,
        "group empty holds no vqz archive; give one that `vqz encode` wrote",
    );
    write(&folder.join("plain.zarr"), &plain(&[4, 32, 32], &[4, 32, 32]), as_u16(&landscape(4, 32, 32, 1)));
    fail(
        &folder,
        &["decode", "plain.zarr", "out.zarr"],
        2,
        "plain.zarr is no vqz archive: its codecs are bytes, zstd; give one that `vqz encode` wrote",
    );
}

#[test]
fn shapes_that_differ() {
    let folder = folder("shapes");
    write(&folder.join("a.zarr"), &plain(&[1, 32, 32], &[1, 32, 32]), as_u16(&landscape(1, 32, 32, 1)));
    write(&folder.join("b.zarr"), &plain(&[1, 32, 40], &[1, 32, 40]), as_u16(&landscape(1, 32, 40, 1)));
    fail(
        &folder,
        &["compare", "a.zarr", "b.zarr"],
        2,
        "a.zarr has shape [1, 32, 32] (band, y, x), b.zarr has [1, 32, 40] (band, y, x); both must be the same",
    );
}

#[test]
fn chunks_and_shards_that_do_not_fit() {
    let folder = folder("bad-chunks");
    let model = model();
    write(
        &folder.join("in.zarr"),
        &plain(&[4, 128, 128], &[4, 128, 128]),
        as_u16(&landscape(4, 128, 128, 1)),
    );
    let encode = |more: &[&str], message: &str| {
        let args = ["encode", "in.zarr", "out.zarr", "--model", text(&model)];
        fail(&folder, &args.into_iter().chain(more.iter().copied()).collect::<Vec<_>>(), 2, message);
    };
    encode(&["--chunk", "2,64,64"], "chunks of 2 bands are asked for, the model needs all 4 in one");
    encode(
        &["--chunk", "64,64"],
        "chunks of [64, 64] are asked for, in.zarr has 3 dimensions; give one positive extent for each",
    );
    encode(
        &["--chunk-size", "48", "--shard-size", "100"],
        "shards of 100 pixels are asked for, chunks are 48 pixels wide; a shard holds whole chunks, such as 144",
    );
}

#[test]
fn networks_need_the_trainer() {
    let folder = folder("conv");
    let output = common::vqz(&folder)
        .args(["fit", "--arch", "conv", "in.zarr", "-o", "out.vqm"])
        .env("PATH", "")
        .output()
        .unwrap();
    let (code, _, err) = common::read(output);
    if Path::new(env!("CARGO_BIN_EXE_vqz")).with_file_name("vqz-train").exists() {
        eprintln!("SKIPPED: vqz-train is there, so nothing is missing");
        return;
    }
    assert_eq!(code, 2);
    assert_eq!(
        err,
        "error: --arch conv is fitted by vqz-train, which is neither beside vqz nor on PATH; install it as \
         docs/guides/networks.md says (libtorch is needed), or fit --arch klt, which needs nothing else\n"
    );
}

#[test]
#[cfg(not(feature = "gdal"))]
fn a_geotiff_without_gdal() {
    let folder = folder("no-gdal");
    let model = model();
    let advice = "this build has no GDAL; use Zarr v3, or a build with the feature gdal; build vqz with `cargo install \
                  --path cli --features gdal` (Debian's libgdal-dev is needed)";
    std::fs::write(folder.join("in.tif"), "II*").unwrap();
    let message = format!("in.tif is a GeoTIFF, and {advice}");
    fail(&folder, &["encode", "in.tif", "out.zarr", "--model", text(&model)], 2, &message);
    fail(&folder, &["fit", "in.tif", "-o", "out.vqm"], 2, &message);
    fail(&folder, &["compare", "in.tif", "in.tif"], 2, &message);
    write(&folder.join("in.zarr"), &plain(&[4, 32, 32], &[4, 32, 32]), as_u16(&landscape(4, 32, 32, 1)));
    succeed(&folder, &["encode", "in.zarr", "out.zarr", "--model", text(&model)]);
    fail(
        &folder,
        &["decode", "out.zarr", "out.tif"],
        2,
        &format!("out.tif would be a GeoTIFF, and {advice}"),
    );
}
