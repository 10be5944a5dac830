//! Interrupted work: the output is there whole or not at all, and the same command goes on where it stopped.

#![cfg(unix)]

use crate::common::{
    self, as_u16, call, content, fail, folder, landscape, model, plain, read, succeed, write,
};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

/// Chunks and other files under a folder.
fn files(folder: &Path) -> usize {
    if folder.exists() { content(folder).len() } else { 0 }
}

/// Starts `vqz`, waits until it has written some files under `partial`, and kills it.
fn kill_midway(folder: &Path, args: &[&str], partial: &Path) {
    let mut child =
        common::vqz(folder).args(args).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    let begun = Instant::now();
    let chunks = partial.join("c/0");
    loop {
        let written = std::fs::read_dir(&chunks).map_or(0, Iterator::count);
        if written >= 2 {
            break;
        }
        assert!(child.try_wait().unwrap().is_none(), "it ended before it could be killed");
        assert!(begun.elapsed() < Duration::from_secs(60));
        std::thread::sleep(Duration::from_micros(200));
    }
    // SIGKILL: nothing is tidied up.
    child.kill().unwrap();
    child.wait().unwrap();
}

#[test]
fn a_killed_encode_goes_on() {
    let folder = folder("killed-encode");
    let model = model();
    write(
        &folder.join("in.zarr"),
        &plain(&[4, 1024, 1024], &[4, 256, 256]),
        as_u16(&landscape(4, 1024, 1024, 1)),
    );
    let args = |output| {
        ["encode", "in.zarr", output, "--model", text(&model), "--chunk-size", "64", "--threads", "2"]
    };
    succeed(&folder, &args("whole.zarr"));

    let partial = folder.join("out.zarr.partial");
    kill_midway(&folder, &args("out.zarr"), &partial);
    assert!(!folder.join("out.zarr").exists());
    let kept = files(&partial);
    assert!(kept > 3 && kept < 258, "{kept} files");
    // As if it had been killed in the middle of a file.
    std::fs::write(partial.join("c/0/0/0.vqz-tmp"), "half").unwrap();

    // Other settings are refused, and change nothing.
    let other: Vec<&str> = args("out.zarr").into_iter().chain(["--quality", "30"]).collect();
    fail(
        &folder,
        &other,
        2,
        "out.zarr.partial was begun with other settings (quality was 42.0, now it is 30.0); delete it to start afresh, \
         or repeat the earlier settings to go on",
    );

    let (code, out, err) = call(&folder, &args("out.zarr"));
    assert_eq!(code, 0, "{err}");
    assert!(err.contains("resuming from out.zarr.partial"), "{err}");
    assert!(out.contains("chunks kept from an earlier run"), "{out}");
    assert!(!partial.exists());
    assert!(content(&folder.join("out.zarr")) == content(&folder.join("whole.zarr")), "bytes differ");
}

#[test]
fn a_killed_decode_goes_on() {
    let folder = folder("killed-decode");
    let model = model();
    write(
        &folder.join("in.zarr"),
        &plain(&[4, 1024, 1024], &[4, 256, 256]),
        as_u16(&landscape(4, 1024, 1024, 2)),
    );
    succeed(&folder, &["encode", "in.zarr", "in-vqz.zarr", "--model", text(&model), "--chunk-size", "64"]);
    succeed(&folder, &["decode", "in-vqz.zarr", "whole.zarr"]);
    kill_midway(&folder, &["decode", "in-vqz.zarr", "out.zarr"], &folder.join("out.zarr.partial"));
    assert!(!folder.join("out.zarr").exists());
    succeed(&folder, &["decode", "in-vqz.zarr", "out.zarr"]);
    assert!(content(&folder.join("out.zarr")) == content(&folder.join("whole.zarr")), "bytes differ");
}

#[test]
fn what_is_no_unfinished_output_is_left_alone() {
    let folder = folder("foreign-partial");
    write(&folder.join("in.zarr"), &plain(&[4, 32, 32], &[4, 32, 32]), as_u16(&landscape(4, 32, 32, 3)));
    std::fs::create_dir(folder.join("out.zarr.partial")).unwrap();
    std::fs::write(folder.join("out.zarr.partial/notes.txt"), "mine").unwrap();
    fail(
        &folder,
        &["encode", "in.zarr", "out.zarr", "--model", text(&model())],
        2,
        "out.zarr.partial exists and is no unfinished output of vqz; move or delete it, or choose another output",
    );
    assert!(folder.join("out.zarr.partial/notes.txt").is_file());
}

/// Checks what a failed write leaves and says, and that the same command completes the output.
fn check_full(folder: &Path, output: &str, model: &Path, outcome: (i32, String, String)) {
    let (code, _, err) = outcome;
    assert_eq!(code, 2, "{err}");
    let partial = folder.join(format!("{output}.partial"));
    let left =
        if partial.exists() { "is not complete; what was written is kept in " } else { "is not begun: " };
    assert!(err.contains(&format!("{output} {left}")), "{err}");
    assert!(err.trim_end().ends_with("; make room and run the same command again"), "{err}");
    assert!(err.contains("writing ") && err.contains("os error"), "{err}");
    assert_eq!(err.lines().count(), 1, "{err}");
    assert!(!folder.join(output).exists());
    assert!(
        !partial.exists() || content(&partial).keys().all(|name| !text(name).ends_with(".vqz-tmp")),
        "half a file is left"
    );
    succeed(
        folder,
        &["encode", "in.zarr", output, "--model", text(model), "--quality", "75", "--chunk-size", "256"],
    );
    succeed(folder, &["verify", output, "--against", "in.zarr"]);
}

#[test]
fn a_limit_on_file_sizes_leaves_nothing_half_written() {
    let folder = folder("file-limit");
    let model = model();
    write(
        &folder.join("in.zarr"),
        &plain(&[4, 512, 512], &[4, 256, 256]),
        as_u16(&landscape(4, 512, 512, 4)),
    );
    // Files of at most 64 blocks of 512 bytes (1024 in bash): the metadata fits, chunks do not. The signal is ignored, so
    // that writing fails instead.
    let script = "trap '' XFSZ; ulimit -f 64; exec \"$@\"";
    let output = Command::new("sh")
        .args(["-c", script, "sh", env!("CARGO_BIN_EXE_vqz")])
        .args([
            "encode",
            "in.zarr",
            "out.zarr",
            "--model",
            text(&model),
            "--quality",
            "75",
            "--chunk-size",
            "256",
        ])
        .current_dir(&folder)
        .output()
        .unwrap();
    check_full(&folder, "out.zarr", &model, read(output));
}

/// A disk of its own size, there until dropped.
struct Disk<'a>(&'a Path);

impl Drop for Disk<'_> {
    fn drop(&mut self) {
        let unmounted = Command::new("umount").arg(self.0).status();
        assert!(unmounted.is_ok_and(|status| status.success()) || std::thread::panicking());
    }
}

fn mount(options: &str, disk: &Path) -> bool {
    let command = ["-t", "tmpfs", "-o", options, "tmpfs", text(disk)];
    Command::new("mount").args(command).stderr(Stdio::null()).status().is_ok_and(|status| status.success())
}

#[test]
fn a_full_disk_leaves_nothing_half_written() {
    let folder = folder("full-disk");
    let model = model();
    let disk = folder.join("disk");
    std::fs::create_dir(&disk).unwrap();
    if !mount("size=200k", &disk) {
        eprintln!(
            "SKIPPED: a small disk can't be mounted here (not root); the limit on file sizes is tested instead"
        );
        return;
    }
    let mounted = Disk(&disk);
    write(
        &folder.join("in.zarr"),
        &plain(&[4, 512, 512], &[4, 256, 256]),
        as_u16(&landscape(4, 512, 512, 5)),
    );
    let args = [
        "encode",
        "in.zarr",
        "disk/out.zarr",
        "--model",
        text(&model),
        "--quality",
        "75",
        "--chunk-size",
        "256",
    ];
    let outcome = call(&folder, &args);
    assert!(outcome.2.contains("No space left on device"), "{}", outcome.2);
    assert!(mount("remount,size=64m", &disk));
    check_full(&folder, "disk/out.zarr", &model, outcome);
    drop(mounted);
}
