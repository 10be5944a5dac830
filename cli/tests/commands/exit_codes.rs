//! Exit codes 0, 1 and 2, what standard error says with each, and what `--quiet` leaves of it.

use crate::common::{self, as_u16, call, fail, folder, landscape, model, plain, read_array, succeed, write};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

fn parsed(out: &str) -> Value {
    serde_json::from_str(out).unwrap_or_else(|error| panic!("{error}: {out}"))
}

/// A folder with an archive, `out.zarr`, of 4 bands and 2 x 2 chunks, of which the upper right one is lost.
fn with_losses(name: &str) -> PathBuf {
    let folder = folder(name);
    let input = plain(&[4, 128, 128], &[4, 128, 128]);
    write(&folder.join("in.zarr"), &input, as_u16(&landscape(4, 128, 128, 41)));
    let model = model();
    succeed(&folder, &["encode", "in.zarr", "out.zarr", "--model", text(&model), "--chunk-size", "64"]);
    std::fs::remove_file(folder.join("out.zarr/c/0/0/1")).unwrap();
    folder
}

const LOST: &str =
    "warning: out.zarr: 1 of 4 chunks are lost: 0/0/1; they read as the fill value, 0; see `vqz verify`\n";
const FAILED: &str = "error: chunks of out.zarr are lost (see the warning above); the work was done with fill value in their place\n";

#[test]
fn decode_of_an_archive_that_lacks_a_chunk() {
    let folder = with_losses("exit-decode");
    let (code, out, err) = call(&folder, &["decode", "out.zarr", "plain.zarr"]);
    assert_eq!((code, err.as_str()), (1, format!("{LOST}{FAILED}").as_str()), "{out}");
    assert!(out.contains(" -> "), "the figures are printed: {out}");
    // The output is there, and whole but for that chunk.
    let samples = read_array(&folder.join("plain.zarr"));
    let at =
        |y: usize, x: usize| u16::from_le_bytes([samples[2 * (128 * y + x)], samples[2 * (128 * y + x) + 1]]);
    assert!(at(0, 64) == 0 && at(63, 127) == 0 && at(0, 63) > 0 && at(64, 127) > 0);

    let (code, out, _) = call(&folder, &["decode", "out.zarr", "again.zarr", "--json"]);
    assert_eq!(code, 1);
    let remarks = parsed(&out)["remarks"].clone();
    assert_eq!(remarks.as_array().map(Vec::len), Some(1), "{remarks}");
    assert_eq!((&remarks[0]["kind"], &remarks[0]["severity"]), (&json!("chunks_lost"), &json!("shortfall")));
    assert_eq!(
        remarks[0]["lost"],
        json!({"lost": 1, "written": 4, "not_stored": 1, "chunks": ["0/0/1"], "fill_value": 0})
    );
}

#[test]
fn other_commands_that_read_an_archive_that_lacks_a_chunk() {
    let folder = with_losses("exit-readers");
    let ends = |args: &[&str], code: i32| {
        let (found, out, err) = call(&folder, args);
        assert_eq!(found, code, "vqz {}\n{out}{err}", args.join(" "));
        err
    };
    for args in [
        &["encode", "out.zarr", "new.zarr", "--lossless"][..],
        &["compare", "in.zarr", "out.zarr"],
        &["fit", "out.zarr", "-o", "new.vqm", "--patch", "8"],
        &["report", "out.zarr"],
    ] {
        let err = ends(args, 1);
        assert!(err.contains(LOST) && err.ends_with(FAILED), "{err}");
    }
    assert!(folder.join("new.zarr/zarr.json").is_file() && folder.join("new.vqm").is_file());
    // To describe an archive is to say what it lacks.
    assert_eq!(ends(&["info", "out.zarr"], 0), "");
    ends(&["verify", "out.zarr"], 1);
}

/// Coordinates are copied, and a chunk of theirs that is lost is noticed as well.
#[test]
fn a_chunk_of_coordinates_that_is_lost() {
    let folder = folder("exit-coordinates");
    std::fs::create_dir_all(folder.join("in.zarr")).unwrap();
    std::fs::write(folder.join("in.zarr/zarr.json"), r#"{"zarr_format": 3, "node_type": "group"}"#).unwrap();
    write(&folder.join("in.zarr/a"), &plain(&[4, 64, 64], &[4, 64, 64]), as_u16(&landscape(4, 64, 64, 44)));
    let steps: Vec<f64> = (1..=64).map(f64::from).collect();
    let x = common::Plain { names: Some(&["x"]), ..plain(&[64], &[32]) };
    write(&folder.join("in.zarr/x"), &x, as_u16(&steps));
    succeed(&folder, &["encode", "in.zarr", "out.zarr", "--lossless"]);
    succeed(&folder, &["decode", "out.zarr", "whole.zarr"]);
    let whole = std::fs::read_to_string(folder.join("whole.zarr/zarr.json")).unwrap();
    assert!(!whole.contains("copies"), "what was made of the archive has no record: {whole}");
    succeed(&folder, &["verify", "out.zarr", "--against", "in.zarr"]);
    std::fs::remove_file(folder.join("out.zarr/x/c/1")).unwrap();
    for args in [
        &["decode", "out.zarr", "plain.zarr"][..],
        &["verify", "out.zarr"],
        &["encode", "out.zarr", "again.zarr", "--lossless"],
        &["compare", "in.zarr", "out.zarr"],
        &["report", "out.zarr"],
    ] {
        let (code, out, err) = call(&folder, args);
        assert!(
            code == 1 && err.contains("x: 1 of 2 chunks are lost; they read as"),
            "{args:?}: {code} {out}{err}"
        );
    }
}

#[cfg(feature = "gdal")]
#[test]
fn an_export_is_whole_where_it_needs_no_lost_chunk() {
    let folder = with_losses("exit-export");
    let (code, _, err) = call(&folder, &["export", "out.zarr", "lower.tif", "--window", "0,64,128,128"]);
    assert_eq!((code, err.as_str()), (0, ""));
    let (code, _, err) = call(&folder, &["export", "out.zarr", "upper.tif", "--window", "32,0,96,32"]);
    assert_eq!(code, 1, "{err}");
    assert!(err.contains(LOST) && err.ends_with(FAILED), "{err}");
    assert!(folder.join("upper.tif").is_file());
    let (code, _, err) = call(&folder, &["export", "out.zarr", "all.zarr"]);
    assert!(code == 1 && err.ends_with(FAILED), "{err}");
}

#[test]
fn which_chunks_are_lost_is_not_always_known() {
    let folder = folder("exit-unsure");
    let model = model();
    let mut samples = landscape(4, 128, 128, 42);
    for (i, sample) in samples.iter_mut().enumerate() {
        if i / 128 % 128 >= 64 {
            *sample = 0.0;
        }
    }
    write(&folder.join("in.zarr"), &plain(&[4, 128, 128], &[4, 64, 64]), as_u16(&samples));
    succeed(&folder, &["encode", "in.zarr", "out.zarr", "--model", text(&model), "--chunk-size", "64"]);
    succeed(&folder, &["decode", "out.zarr", "whole.zarr"]);
    std::fs::remove_file(folder.join("out.zarr/c/0/0/1")).unwrap();
    let (code, _, err) = call(&folder, &["decode", "out.zarr", "plain.zarr"]);
    assert_eq!(code, 1, "{err}");
    assert!(
        err.contains(
            "warning: out.zarr: 1 of 2 chunks are lost; which ones is not known, for chunks that hold nothing but the fill \
             value are not stored either: one or more of 0/0/1, 0/1/0, 0/1/1; they read as the fill value, 0"
        ),
        "{err}"
    );
}

#[test]
fn a_target_that_is_not_met() {
    let folder = folder("exit-target");
    write(&folder.join("in.zarr"), &plain(&[4, 96, 96], &[4, 96, 96]), as_u16(&landscape(4, 96, 96, 43)));
    let model = model();
    let encode = |more: &[&str]| {
        let args = ["encode", "in.zarr", "out.zarr", "--overwrite", "--model", text(&model)];
        call(&folder, &args.into_iter().chain(more.iter().copied()).collect::<Vec<_>>())
    };
    assert_eq!(encode(&["--psnr", "45"]).0, 0);
    let (code, out, err) = encode(&["--psnr", "200"]);
    let failed = "error: the target was not met by in.zarr (see the warning above); the output is complete and is kept\n";
    assert!(code == 1 && err.ends_with(failed), "{err}");
    assert!(err.starts_with("warning: in.zarr: --psnr 200 is not met within 0.1 dB: found "), "{err}");
    assert!(out.contains("--psnr 200: met within 0.1 dB by 0 of 1 array"), "{out}");
    succeed(&folder, &["verify", "out.zarr", "--against", "in.zarr"]);

    let (code, out, _) = encode(&["--psnr", "200", "--json"]);
    let (code, found) = (code, parsed(&out));
    assert_eq!((code, &found["arrays"][0]["target"]["met"]), (1, &json!(false)));
    let remark = found["remarks"].as_array().unwrap().iter().find(|r| r["kind"] == "target_missed").unwrap();
    assert_eq!((&remark["severity"], &remark["array"]), (&json!("shortfall"), &json!("in.zarr")));
    assert!(remark["message"].as_str().unwrap().starts_with("in.zarr: --psnr 200 is not met"), "{remark}");
}

#[test]
fn errors_end_with_exit_code_2() {
    let folder = folder("exit-errors");
    fail(
        &folder,
        &["verify", "absent.zarr"],
        2,
        "absent.zarr does not exist; vqz takes Zarr v3 arrays and groups, that is, folders with a zarr.json, and GeoTIFFs",
    );
    for wrong in [&["encode"][..], &["encrypt"], &["info", "--colour"]] {
        let (code, out, err) = call(&folder, wrong);
        assert!(code == 2 && out.is_empty() && err.starts_with("error: "), "{code} {out}{err}");
    }
    for fine in [&["--help"][..], &["--version"], &["encode", "--help"]] {
        let (code, out, err) = call(&folder, fine);
        assert!(code == 0 && !out.is_empty() && err.is_empty(), "{code} {out}{err}");
    }
}

#[test]
fn quiet_leaves_errors_and_figures() {
    let folder = folder("quiet");
    let model = model();
    write(&folder.join("in.zarr"), &plain(&[4, 64, 64], &[4, 64, 64]), as_u16(&landscape(4, 64, 64, 44)));
    let args = ["encode", "in.zarr", "out.zarr", "--overwrite", "--model", text(&model), "--quality", "95"];
    let with =
        |more: &[&str]| call(&folder, &args.into_iter().chain(more.iter().copied()).collect::<Vec<_>>());
    let (code, _, err) = with(&[]);
    assert!(
        code == 0
            && err.contains("warning: quality 95 is outside the range in which model tiny was measured, "),
        "{err}"
    );
    let (code, out, err) = with(&["--quiet"]);
    assert_eq!((code, err.as_str()), (0, ""));
    assert!(out.contains("bits/sample"), "figures stay: {out}");
    // What is not shown is in the JSON all the same.
    let (_, out, err) = with(&["--quiet", "--json"]);
    let remark = parsed(&out)["remarks"][0].clone();
    assert!(
        err.is_empty() && remark["kind"] == "quality_beyond_model" && remark["severity"] == "warning",
        "{remark}"
    );
    assert!(remark["message"].as_str().unwrap().starts_with("quality 95 is outside the range"), "{remark}");

    let (code, _, err) = call(&folder, &["--quiet", "info", "absent.zarr"]);
    assert!(code == 2 && err.starts_with("error: absent.zarr does not exist"), "{err}");
    // What decides the exit code is no remark to be left out.
    let missed = ["encode", "in.zarr", "missed.zarr", "--quiet", "--model", text(&model), "--psnr", "200"];
    let (code, _, err) = call(&folder, &missed);
    assert!(
        code == 1 && err.starts_with("warning: in.zarr: --psnr 200 is not met") && err.lines().count() == 2,
        "{err}"
    );
}

#[test]
fn nothing_is_coloured_and_no_bar_is_drawn_off_a_terminal() {
    let folder = folder("colour");
    write(&folder.join("in.zarr"), &plain(&[4, 64, 64], &[4, 64, 64]), as_u16(&landscape(4, 64, 64, 45)));
    for (variable, value) in [("CLICOLOR", "1"), ("NO_COLOR", "1"), ("TERM", "xterm-256color")] {
        for args in
            [&["encode", "in.zarr", "out.zarr", "--lossless", "--overwrite"][..], &["encode"], &["--help"]]
        {
            let output = common::vqz(&folder).args(args).env(variable, value).output().unwrap();
            assert!(
                !output.stdout.contains(&0x1b) && !output.stderr.contains(&0x1b),
                "{variable}: {output:?}"
            );
        }
    }
    // Colours that are asked for are used in help and errors of arguments, unless NO_COLOR is set.
    let coloured = |no_color: bool| {
        let mut command = common::vqz(&folder);
        command.arg("--help").env("CLICOLOR_FORCE", "1");
        if no_color {
            command.env("NO_COLOR", "1");
        }
        command.output().unwrap().stdout.contains(&0x1b)
    };
    assert!(coloured(false) && !coloured(true));
}
