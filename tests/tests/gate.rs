//! The gate: what the default features must never pull in.

use std::process::Command;
use vqz_tests::repository;

/// Crates named `…-sys` that need no native library: system calls, and other platforms' bindings.
const HARMLESS: [&str; 6] =
    ["core-foundation-sys", "js-sys", "linux-raw-sys", "web-sys", "windows-sys", "wasi-sys"];

/// The crates that a package is built from, with its default features, on this platform.
fn crates(package: &str) -> Vec<String> {
    let tree = Command::new(env!("CARGO"))
        .current_dir(repository())
        .args([
            "tree",
            "--package",
            package,
            "--edges",
            "normal,build",
            "--prefix",
            "none",
            "--format",
            "{p}",
        ])
        .output()
        .expect("cargo can be run");
    assert!(tree.status.success(), "cargo tree: {}", String::from_utf8_lossy(&tree.stderr));
    let lines = String::from_utf8_lossy(&tree.stdout).into_owned();
    let mut crates: Vec<String> =
        lines.lines().filter_map(|line| line.split_whitespace().next()).map(str::to_owned).collect();
    crates.sort();
    crates.dedup();
    assert!(crates.iter().any(|name| name == package), "cargo tree shows the package itself");
    crates
}

fn heavy(name: &str) -> bool {
    ["gdal", "ort", "tch", "torch", "onnxruntime", "openssl", "bindgen", "cmake", "libtorch"].iter().any(
        |heavy| name == *heavy || name.strip_prefix(heavy).is_some_and(|rest| rest.starts_with(['-', '_'])),
    )
}

#[test]
fn the_codec_needs_no_native_library() {
    let found: Vec<String> = crates("vqz-codec")
        .into_iter()
        .filter(|name| heavy(name) || name.ends_with("-sys") && !HARMLESS.contains(&name.as_str()))
        .collect();
    assert!(found.is_empty(), "vqz-codec's default features pull in {found:?}; put them behind a feature");
}

#[test]
fn the_command_line_tool_needs_no_heavy_library() {
    let found: Vec<String> = crates("vqz-cli").into_iter().filter(|name| heavy(name)).collect();
    assert!(found.is_empty(), "vqz-cli's default features pull in {found:?}; put them behind a feature");
}

#[test]
fn the_adapter_alone_knows_zarrs_and_by_its_interfaces_only() {
    let zarrs = |package| -> Vec<String> {
        crates(package).into_iter().filter(|name| name.starts_with("zarrs")).collect()
    };
    assert_eq!(zarrs("vqz-codec"), [""; 0], "vqz-codec depends on crates of zarrs");
    assert!(!zarrs("vqz-zarr").contains(&"zarrs".to_owned()), "vqz-zarr depends on zarrs itself");
}
