//! What the program says, word for word: help texts, tables and errors, compared with snapshots in `tests/snapshots`.
//!
//! After a change that is meant, run the tests with `INSTA_UPDATE=always` and read the difference in the snapshots.

use crate::common::{as_f32, as_u16, call, folder, landscape, model, plain, read, succeed, vqz, write};
use std::path::Path;

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

fn assert(name: &str, found: &str) {
    let mut settings = insta::Settings::clone_current();
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.bind(|| insta::assert_snapshot!(name, found));
}

/// Replaces figures that depend on the machine: seconds and speeds.
fn without_speeds(text: &str) -> String {
    let lines = text.lines().map(|line| {
        let words: Vec<&str> = line.split(' ').collect();
        let unit = |word: Option<&&str>| {
            word.is_some_and(|word| matches!(word.trim_end_matches([',', ';']), "s" | "MB/s"))
        };
        let replaced = words
            .iter()
            .enumerate()
            .map(|(i, word)| if word.parse::<f64>().is_ok() && unit(words.get(i + 1)) { "N" } else { *word });
        replaced.collect::<Vec<_>>().join(" ")
    });
    lines.collect::<Vec<_>>().join("\n")
}

/// A call, with everything that it prints.
fn output_of(folder: &Path, args: &[&str]) -> String {
    let (code, out, err) = call(folder, args);
    format!("$ vqz {}\n{}{}[exit code {code}]\n", args.join(" "), out, err)
}

/// A folder that holds the sample and its model under short names.
#[cfg(unix)]
fn with_sample(name: &str) -> std::path::PathBuf {
    let (folder, root) = (folder(name), Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap());
    std::os::unix::fs::symlink(root.join("sample/sentinel2-l2a.zarr"), folder.join("sample.zarr")).unwrap();
    std::os::unix::fs::symlink(root.join("models/sentinel2-l2a.vqm"), folder.join("sample.vqm")).unwrap();
    folder
}

// Builds with fewer features have fewer options.
#[cfg(all(feature = "gdal", feature = "peers"))]
#[test]
fn help_texts() {
    let folder = folder("snapshots-help");
    let help = |args: &[&str]| {
        let output = vqz(&folder).args(args).env("COLUMNS", "100").output().unwrap();
        let (code, out, err) = read(output);
        assert_eq!((code, err.as_str()), (0, ""));
        out
    };
    assert("help", &help(&["--help"]));
    for command in [
        "ingest",
        "fit",
        "encode",
        "decode",
        "export",
        "info",
        "verify",
        "repair",
        "compare",
        "report",
        "bench",
        "demo",
        "completions",
        "man",
        "schema",
    ] {
        assert(&format!("help-{command}"), &help(&[command, "--help"]));
    }
}

#[cfg(unix)]
#[test]
fn tables_of_the_sample() {
    let folder = with_sample("snapshots-tables");
    let mut all = String::new();
    for args in [
        &["encode", "sample.zarr", "small.zarr", "--model", "sample.vqm", "--quality", "45"][..],
        &["encode", "sample.zarr", "exact.zarr", "--lossless", "--dates", "4"],
        &["encode", "sample.zarr", "bounded.zarr", "--max-error", "20"],
        &["info", "small.zarr"],
        &["info", "bounded.zarr", "--window", "0:64,0:64"],
        &["info", "sample.vqm"],
        &["verify", "small.zarr", "--against", "sample.zarr"],
        &["verify", "exact.zarr"],
        &["compare", "sample.zarr", "bounded.zarr"],
        &["compare", "sample.zarr", "exact.zarr", "--max-error", "0"],
        &["decode", "exact.zarr", "plain.zarr"],
    ] {
        all.push_str(&output_of(&folder, args));
        all.push('\n');
    }
    assert("tables", &without_speeds(&all));
}

#[test]
fn errors() {
    let folder = folder("snapshots-errors");
    write(&folder.join("in.zarr"), &plain(&[4, 64, 64], &[4, 64, 64]), as_u16(&landscape(4, 64, 64, 1)));
    write(&folder.join("three.zarr"), &plain(&[3, 64, 64], &[3, 64, 64]), as_u16(&landscape(3, 64, 64, 1)));
    let mut other = plain(&[4, 64, 64], &[4, 64, 64]);
    other.data_type = "uint32";
    write(&folder.join("type.zarr"), &other, as_f32(&landscape(4, 64, 64, 1)));
    other.data_type = "uint16";
    other.names = None;
    write(&folder.join("unnamed.zarr"), &other, as_u16(&landscape(4, 64, 64, 1)));
    std::fs::copy(model(), folder.join("tiny.vqm")).unwrap();
    std::fs::write(folder.join("text.vqm"), "no model").unwrap();
    std::fs::create_dir(folder.join("empty")).unwrap();
    succeed(&folder, &["encode", "in.zarr", "out.zarr", "--model", "tiny.vqm", "--chunk-size", "32"]);
    let all: String = [
        &["encode"][..],
        &["encode", "in.zarr", "new.zarr"],
        &["encode", "absent.zarr", "new.zarr", "--lossless"],
        &["encode", "empty", "new.zarr", "--lossless"],
        &["encode", "in.zarr", "out.zarr", "--lossless"],
        &["encode", "in.zarr", "in.zarr", "--lossless"],
        &["encode", "in.zarr", "no/folder/new.zarr", "--lossless"],
        &["encode", "three.zarr", "new.zarr", "--model", "tiny.vqm"],
        &["encode", "type.zarr", "new.zarr", "--model", "tiny.vqm"],
        &["encode", "unnamed.zarr", "new.zarr", "--lossless"],
        &["encode", "unnamed.zarr", "new.zarr", "--lossless", "--axes", "y,x"],
        &["encode", "in.zarr", "new.zarr", "--model", "none.vqm"],
        &["encode", "in.zarr", "new.zarr", "--model", "text.vqm"],
        &["encode", "in.zarr", "new.zarr", "--model", "tiny.vqm", "--bands", "0-9"],
        &["encode", "in.zarr", "new.zarr", "--model", "tiny.vqm", "--quality", "300"],
        &["encode", "in.zarr", "new.zarr", "--model", "tiny.vqm", "--psnr", "40", "--bits", "1"],
        &["encode", "in.zarr", "new.zarr", "--model", "tiny.vqm", "--psnr", "40", "--max-error", "1"],
        &["encode", "in.zarr", "new.zarr", "--model", "tiny.vqm", "--psnr", "40", "--shard", "0/2"],
        &["encode", "in.zarr", "new.zarr", "--model", "tiny.vqm", "--bits", "0.0001"],
        &["encode", "in.zarr", "new.zarr", "--lossless", "--chunk", "4,64"],
        &["encode", "in.zarr", "new.zarr", "--lossless", "--shard", "2/2"],
        &["encode", "in.zarr", "new.zarr", "--max-error", "-1"],
        &["encode", "in.zarr", "new.zarr", "--lossless", "--nodata", "none"],
        &["decode", "in.zarr", "new.zarr"],
        &["decode", "out.zarr", "in.zarr"],
        &["verify", "in.zarr"],
        &["verify", "out.zarr", "--against", "three.zarr"],
        &["compare", "in.zarr", "three.zarr"],
        &["compare", "in.zarr", "out.zarr", "--min-psnr", "190"],
        &["info"],
        &["info", "absent.zarr"],
        &["info", "out.zarr", "--window", "0:100,0:100"],
        &["info", "tiny.vqm", "--window", "0:10,0:10"],
        &["info", "out.zarr", "--engine", "abacus"],
        &["fit", "empty", "-o", "new.vqm"],
        &["fit", "in.zarr", "-o", "new.zip"],
        &["fit", "in.zarr", "three.zarr", "-o", "new.vqm"],
        &["fit", "in.zarr", "-o", "new.vqm", "--resume"],
        &["schema", "man"],
        &["encrypt"],
    ]
    .into_iter()
    .map(|args| output_of(&folder, args) + "\n")
    .collect();
    assert("errors", &all);
    assert!(!folder.join("new.zarr").exists() && !folder.join("new.zarr.partial").exists());
    assert!(text(&folder).len() > 1 && !all.contains(text(&folder)), "a path of this machine");
}
