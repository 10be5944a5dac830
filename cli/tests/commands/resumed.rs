//! What an interrupted run left is used only where it is what the resumed run would write: nothing stays of another input, of
//! other options, or of files that lost their content.

#![cfg(unix)]

use crate::common::{
    self, as_u16, call, content, fail, folder, landscape, model, plain, read_array, succeed, write,
};
use serde_json::{Value, json};
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::{Duration, Instant};

/// Starts `vqz` on one thread, and kills it once it has written some chunks of `out.zarr`. A run that ends before it can be
/// killed, as on a busy machine, is done over.
fn interrupt(folder: &Path, args: &[&str]) {
    let (output, partial) = (folder.join("out.zarr"), folder.join("out.zarr.partial"));
    for _ in 0..50 {
        let args = ["--threads", "1"].iter().chain(args);
        let mut child =
            common::vqz(folder).args(args).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        let begun = Instant::now();
        while chunks(&partial).len() < 3 && child.try_wait().unwrap().is_none() {
            assert!(begun.elapsed() < Duration::from_secs(120), "it is not under way");
            std::thread::sleep(Duration::from_micros(200));
        }
        child.kill().unwrap();
        child.wait().unwrap();
        if !output.exists() {
            return;
        }
        std::fs::remove_dir_all(&output).unwrap();
    }
    panic!("it ended before it could be killed, fifty times");
}

/// The files of chunks under a folder, in the order of their paths. Files and folders may come and go meanwhile.
fn chunks(folder: &Path) -> Vec<PathBuf> {
    let (mut found, mut folders) = (Vec::new(), vec![folder.to_path_buf()]);
    while let Some(next) = folders.pop() {
        for entry in std::fs::read_dir(next).into_iter().flatten().flatten() {
            let is_folder = entry.file_type().is_ok_and(|kind| kind.is_dir());
            if is_folder {
                folders.push(entry.path());
            } else if entry.file_name().to_str().unwrap().bytes().all(|byte| byte.is_ascii_digit()) {
                found.push(entry.path());
            }
        }
    }
    found.sort();
    found
}

/// A raster of 4 × 512 × 512 with chunks that hold as many bytes whatever the samples are.
fn input(folder: &Path, seed: u64) {
    write(
        &folder.join("in.zarr"),
        &plain(&[4, 512, 512], &[4, 64, 64]),
        as_u16(&landscape(4, 512, 512, seed)),
    );
}

const ENCODE: [&str; 7] = ["encode", "in.zarr", "out.zarr", "--max-error", "3", "--chunk-size", "64"];

/// Encodes what is in the folder from the start, and compares.
fn check_fresh(folder: &Path, encode: &[&str]) {
    let fresh: Vec<&str> =
        encode.iter().map(|arg| if *arg == "out.zarr" { "fresh.zarr" } else { *arg }).collect();
    succeed(folder, &fresh);
    assert!(content(&folder.join("out.zarr")) == content(&folder.join("fresh.zarr")), "bytes differ");
    std::fs::remove_dir_all(folder.join("fresh.zarr")).unwrap();
}

#[test]
fn an_input_that_changed_is_noticed_chunk_by_chunk() {
    let folder = folder("resumed-input");
    input(&folder, 41);
    // All of it.
    interrupt(&folder, &ENCODE);
    input(&folder, 42);
    let (code, _, err) = call(&folder, &ENCODE);
    assert_eq!(code, 0, "{err}");
    assert!(err.contains("resuming from out.zarr.partial"), "{err}");
    assert!(err.contains("note: the input was changed since out.zarr.partial was begun"), "{err}");
    assert!(
        err.contains("note: out.zarr: written again: ") && err.contains("of samples that were changed since"),
        "{err}"
    );
    check_fresh(&folder, &ENCODE);

    // One chunk, of the same size, with its times set back.
    std::fs::remove_dir_all(folder.join("out.zarr")).unwrap();
    interrupt(&folder, &ENCODE);
    let (first, other) = (folder.join("in.zarr/c/0/0/0"), folder.join("in.zarr/c/0/5/5"));
    let times = std::fs::metadata(&first).unwrap().modified().unwrap();
    std::fs::copy(&other, &first).unwrap();
    std::fs::File::options().write(true).open(&first).unwrap().set_modified(times).unwrap();
    let (code, _, err) = call(&folder, &ENCODE);
    assert_eq!(code, 0, "{err}");
    assert!(err.contains("1 chunk of samples that were changed since"), "{err}");
    check_fresh(&folder, &ENCODE);

    // Samples that are fill value now: no chunk is left for them.
    std::fs::remove_dir_all(folder.join("out.zarr")).unwrap();
    interrupt(&folder, &ENCODE);
    std::fs::remove_file(&first).unwrap();
    succeed(&folder, &ENCODE);
    assert!(!folder.join("out.zarr/c/0/0/0").exists());
    check_fresh(&folder, &ENCODE);

    // The same files, touched: everything is kept.
    std::fs::remove_dir_all(folder.join("out.zarr")).unwrap();
    interrupt(&folder, &ENCODE);
    let file = std::fs::File::options().write(true).open(&other).unwrap();
    file.set_modified(std::time::SystemTime::now()).unwrap();
    let (code, _, err) = call(&folder, &ENCODE);
    assert!(code == 0 && !err.contains("changed since;") && !err.contains("of samples that"), "{err}");
    check_fresh(&folder, &ENCODE);
}

#[test]
fn chunks_that_lost_their_content_are_written_again() {
    let folder = folder("resumed-damage");
    input(&folder, 43);
    type Damage = fn(&Path, &[PathBuf]);
    let damages: [(&str, Damage); 6] = [
        ("cut", |_, chunks| {
            let bytes = std::fs::read(&chunks[0]).unwrap();
            std::fs::write(&chunks[0], &bytes[..bytes.len() - 10]).unwrap();
        }),
        ("empty", |_, chunks| std::fs::write(&chunks[1], "").unwrap()),
        ("flipped in the middle", |_, chunks| {
            let mut bytes = std::fs::read(&chunks[0]).unwrap();
            let middle = bytes.len() / 2;
            bytes[middle] ^= 0x10;
            std::fs::write(&chunks[0], bytes).unwrap();
        }),
        ("swapped", |_, chunks| {
            let (first, second) = (std::fs::read(&chunks[0]).unwrap(), std::fs::read(&chunks[1]).unwrap());
            std::fs::write(&chunks[0], second).unwrap();
            std::fs::write(&chunks[1], first).unwrap();
        }),
        ("lost", |_, chunks| std::fs::remove_file(&chunks[0]).unwrap()),
        ("put there", |partial, chunks| {
            std::fs::create_dir_all(partial.join("c/0/7")).unwrap();
            std::fs::copy(&chunks[0], partial.join("c/0/7/7")).unwrap();
        }),
    ];
    for (name, damage) in damages {
        interrupt(&folder, &ENCODE);
        let partial = folder.join("out.zarr.partial");
        damage(&partial, &chunks(&partial));
        let (code, _, err) = call(&folder, &ENCODE);
        assert_eq!(code, 0, "{name}: {err}");
        assert!(err.contains("out.zarr: written again: "), "{name}: {err}");
        succeed(&folder, &["verify", "out.zarr", "--against", "in.zarr"]);
        check_fresh(&folder, &ENCODE);
        std::fs::remove_dir_all(folder.join("out.zarr")).unwrap();
    }
    // Without its ledger nothing is known to be complete.
    interrupt(&folder, &ENCODE);
    std::fs::remove_file(folder.join("out.zarr.partial/.vqz-chunks")).unwrap();
    let (code, out, err) = call(&folder, &ENCODE);
    assert!(code == 0 && err.contains("chunks not known to be complete"), "{err}");
    assert!(!out.contains("kept from an earlier run"), "{out}");
    check_fresh(&folder, &ENCODE);
}

#[test]
fn a_state_that_tells_nothing_is_refused_and_changes_nothing() {
    let folder = folder("resumed-state");
    input(&folder, 44);
    interrupt(&folder, &ENCODE);
    let state = folder.join("out.zarr.partial/.vqz-resume.json");
    let sound = std::fs::read(&state).unwrap();
    let before = chunks(&folder.join("out.zarr.partial")).len();
    let message = |what: &str| {
        format!(
            "out.zarr.partial/.vqz-resume.json is {what}: nothing tells what out.zarr.partial was begun with, so nothing in \
             it is used; delete that folder to start afresh"
        )
    };
    std::fs::write(&state, "").unwrap();
    fail(&folder, &ENCODE, 2, &message("empty"));
    for other in [&sound[..sound.len() / 2], b"{\"job\": 7}", b"null", b"\xff\xfe"] {
        std::fs::write(&state, other).unwrap();
        fail(&folder, &ENCODE, 2, &message("damaged, or none of vqz's"));
    }
    assert_eq!(chunks(&folder.join("out.zarr.partial")).len(), before);
    std::fs::write(&state, sound).unwrap();
    succeed(&folder, &ENCODE);
    check_fresh(&folder, &ENCODE);
}

#[test]
fn other_options_and_another_model_of_the_same_name_are_refused() {
    let folder = folder("resumed-options");
    // Small, because qualities are tried before the first chunk is written.
    write(&folder.join("in.zarr"), &plain(&[4, 128, 128], &[4, 64, 64]), as_u16(&landscape(4, 128, 128, 45)));
    std::fs::copy(model(), folder.join("m.vqm")).unwrap();
    let encode = |more: &[&'static str]| -> Vec<&str> {
        let args = ["encode", "in.zarr", "out.zarr", "--model", "m.vqm", "--chunk-size", "16"];
        args.into_iter().chain(more.iter().copied()).collect()
    };
    interrupt(&folder, &encode(&["--max-error", "4"]));
    for (more, key) in [
        (&["--max-error", "2"][..], "promise/max_error/0 was 4.0, now it is 2.0"),
        (&["--max-error", "4", "--stable"], "promise/stable was false, now it is true"),
        (&["--lossless"], "was begun with other settings"),
        (&["--max-error", "4", "--nodata", "7"], "was begun with other settings (arrays/0/metadata/"),
        (&["--max-error", "4", "--entropy", "fast"], "was begun with other settings (arrays/0/metadata/"),
    ] {
        let (code, _, err) = call(&folder, &encode(more));
        assert!(code == 2 && (err.contains(key) || more.contains(&"--entropy")), "{more:?}: {err}");
        assert!(err.lines().all(|line| line.len() < 600), "{err}");
    }
    // The same file name, another model.
    let fit = ["fit", "in.zarr", "-o", "m.vqm", "--overwrite", "--patch", "16"];
    succeed(&folder, &fit);
    let (code, _, err) = call(&folder, &encode(&["--max-error", "4"]));
    assert!(code == 2 && err.contains("was begun with other settings ("), "{err}");
    // Another input with the same options.
    std::fs::copy(model(), folder.join("m.vqm")).unwrap();
    std::fs::rename(folder.join("in.zarr"), folder.join("other.zarr")).unwrap();
    let mut args = encode(&["--max-error", "4"]);
    args[1] = "other.zarr";
    let (code, _, err) = call(&folder, &args);
    assert!(code == 2 && err.contains("was begun with other settings (input was "), "{err}");
}

#[test]
fn a_decode_notices_the_same() {
    let folder = folder("resumed-decode");
    input(&folder, 46);
    let decode = ["decode", "a.zarr", "out.zarr"];
    let archive = |bound: &str| {
        let args = ["encode", "in.zarr", "a.zarr", "--overwrite", "--max-error", bound, "--chunk-size", "64"];
        succeed(&folder, &args);
    };
    archive("1");
    let partial = folder.join("out.zarr.partial");
    interrupt(&folder, &decode);
    // Plain chunks have no checksum of their own.
    let chunk = &chunks(&partial)[0];
    let mut bytes = std::fs::read(chunk).unwrap();
    let last = bytes.len() - 1;
    bytes[last] ^= 1;
    std::fs::write(chunk, bytes).unwrap();
    let (code, _, err) = call(&folder, &decode);
    assert!(code == 0 && err.contains("1 chunk damaged or lost"), "{err}");
    succeed(&folder, &["decode", "a.zarr", "whole.zarr"]);
    assert!(read_array(&folder.join("out.zarr")) == read_array(&folder.join("whole.zarr")));

    std::fs::remove_dir_all(folder.join("out.zarr")).unwrap();
    interrupt(&folder, &decode);
    // Another archive of the same name.
    archive("40");
    let (code, _, err) = call(&folder, &decode);
    assert!(code == 0 && err.contains("the input was changed since"), "{err}");
    succeed(&folder, &["decode", "a.zarr", "whole.zarr", "--overwrite"]);
    assert!(content(&folder.join("out.zarr")) == content(&folder.join("whole.zarr")), "bytes differ");
}

#[test]
fn shards_and_groups_are_resumed_as_well() {
    let folder = folder("resumed-group");
    let group = folder.join("in.zarr");
    let grouped = |seed: u64| {
        std::fs::create_dir_all(&group).unwrap();
        std::fs::write(group.join("zarr.json"), json!({"zarr_format": 3, "node_type": "group"}).to_string())
            .unwrap();
        for (name, seed) in [("a", seed), ("b", seed + 1)] {
            let samples = as_u16(&landscape(4, 512, 512, seed));
            write(&group.join(name), &plain(&[4, 512, 512], &[4, 128, 128]), samples);
        }
        let mut names = plain(&[4], &[2]);
        names.names = Some(&["band"]);
        write(&group.join("band"), &names, as_u16(&[1.0, 2.0, 3.0, seed as f64]));
    };
    grouped(50);
    let encode =
        ["encode", "in.zarr", "out.zarr", "--max-error", "3", "--chunk-size", "32", "--shard-size", "64"];
    interrupt(&folder, &encode);
    let partial = folder.join("out.zarr.partial");
    let shard = &chunks(&partial)[0];
    let bytes = std::fs::read(shard).unwrap();
    std::fs::write(shard, &bytes[..bytes.len() / 2]).unwrap();
    let (code, _, err) = call(&folder, &encode);
    assert!(code == 0 && err.contains("a: written again: 1 chunk damaged or lost"), "{err}");
    check_fresh(&folder, &encode);

    // Samples of one array and of the coordinates change.
    std::fs::remove_dir_all(folder.join("out.zarr")).unwrap();
    interrupt(&folder, &encode);
    grouped(60);
    succeed(&folder, &encode);
    check_fresh(&folder, &encode);

    // An array is added, which the unfinished output does not know.
    std::fs::remove_dir_all(folder.join("out.zarr")).unwrap();
    interrupt(&folder, &encode);
    write(&group.join("c"), &plain(&[4, 64, 64], &[4, 64, 64]), as_u16(&landscape(4, 64, 64, 1)));
    let (code, _, err) = call(&folder, &encode);
    assert!(
        code == 2 && err.contains("out.zarr.partial was begun with other settings (arrays was "),
        "{err}"
    );
}

#[test]
fn an_output_that_appeared_meanwhile_is_not_replaced() {
    let folder = folder("resumed-appeared");
    input(&folder, 47);
    // A share of two, so that what is there can be arranged before the last one ends.
    let share = |share: &'static str| [&ENCODE[..], &["--shard", share]].concat();
    succeed(&folder, &share("0/2"));
    std::fs::create_dir(folder.join("out.zarr")).unwrap();
    std::fs::write(folder.join("out.zarr/mine.txt"), "mine").unwrap();
    fail(&folder, &share("1/2"), 2, "output out.zarr exists; choose another, or replace it with --overwrite");
    assert_eq!(std::fs::read_to_string(folder.join("out.zarr/mine.txt")).unwrap(), "mine");
    std::fs::remove_dir_all(folder.join("out.zarr")).unwrap();
    succeed(&folder, &share("1/2"));
    check_fresh(&folder, &ENCODE);
}

#[test]
fn shares_that_begin_at_the_same_moment_work_together() {
    let folder = folder("shares-at-once");
    let group = folder.join("in.zarr");
    std::fs::create_dir_all(&group).unwrap();
    std::fs::write(group.join("zarr.json"), json!({"zarr_format": 3, "node_type": "group"}).to_string())
        .unwrap();
    for (name, seed) in [("a", 1), ("b", 2)] {
        write(&group.join(name), &plain(&[2, 256, 256], &[2, 64, 64]), as_u16(&landscape(2, 256, 256, seed)));
    }
    let encode = ["encode", "in.zarr", "out.zarr", "--lossless", "--chunk-size", "64", "--threads", "1"];
    let spawn = |output: &'static str, more: &[&str]| {
        let args = encode
            .iter()
            .map(|arg| if *arg == "out.zarr" { output } else { *arg })
            .chain(more.iter().copied());
        let mut command = common::vqz(&folder);
        command.args(args).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
    };
    for round in 0..6 {
        let children: Vec<_> =
            (0..6).map(|share| spawn("out.zarr", &["--shard", &format!("{share}/6")])).collect();
        for child in children {
            let (code, _, err) = common::read(child.wait_with_output().unwrap());
            assert_eq!(code, 0, "round {round}: {err}");
        }
        assert!(!folder.join("out.zarr.partial").exists());
        check_fresh(&folder, &encode);
        std::fs::remove_dir_all(folder.join("out.zarr")).unwrap();
        // Nothing is left but the input.
        assert_eq!(std::fs::read_dir(&folder).unwrap().count(), 1);
    }
    // Two runs with other settings: whichever is first goes on, the other is told.
    for _ in 0..4 {
        let pair = [spawn("two.zarr", &["--shard", "0/2"]), spawn("two.zarr", &["--shard", "0/3"])];
        let ended = pair.map(|child| common::read(child.wait_with_output().unwrap()));
        let refused: Vec<&String> =
            ended.iter().filter(|(code, ..)| *code == 2).map(|(.., err)| err).collect();
        assert_eq!(refused.len(), 1, "{ended:?}");
        assert!(
            refused[0].contains("two.zarr.partial was begun with other settings (shares was "),
            "{refused:?}"
        );
        std::fs::remove_dir_all(folder.join("two.zarr.partial")).unwrap();
    }
}

#[test]
fn shares_notice_what_happened_to_the_others() {
    let folder = folder("shares-notice");
    input(&folder, 48);
    let run = |share: &'static str| call(&folder, &[&ENCODE[..], &["--shard", share]].concat());
    assert_eq!(run("0/3").0, 0);
    assert_eq!(run("1/3").0, 0);
    // A chunk of a share that is done is cut short.
    let partial = folder.join("out.zarr.partial");
    let bytes = std::fs::read(partial.join("c/0/0/1")).unwrap();
    std::fs::write(partial.join("c/0/0/1"), &bytes[..bytes.len() - 1]).unwrap();
    let (code, _, err) = run("2/3");
    assert_eq!(code, 2, "{err}");
    assert!(err.contains("c/0/0/1, which share 1/3 wrote into "), "{err}");
    assert!(err.contains("is lost or was cut short; do share 1/3 again"), "{err}");
    assert!(!folder.join("out.zarr").exists());
    let (code, _, err) = run("1/3");
    assert!(code == 0 && err.contains("written again: 1 chunk damaged or lost"), "{err}");
    check_fresh(&folder, &ENCODE);

    // The input changes after a share was done: that share is open again.
    std::fs::remove_dir_all(folder.join("out.zarr")).unwrap();
    assert_eq!(run("0/3").0, 0);
    std::fs::copy(folder.join("in.zarr/c/0/7/7"), folder.join("in.zarr/c/0/0/0")).unwrap();
    assert_eq!(run("1/3").0, 0);
    let (code, out, _) = run("2/3");
    assert!(code == 0 && out.contains("not done yet: [0]"), "{out}");
    let (code, _, err) = run("0/3");
    assert!(code == 0 && err.contains("1 chunk of samples that were changed since"), "{err}");
    check_fresh(&folder, &ENCODE);
    let (code, _, err) = run("0/3");
    assert!(code == 2 && err.contains("output out.zarr exists"), "{err}");
}

#[test]
fn shares_copy_what_stands_beside_the_samples_as_it_is_now() {
    let folder = folder("shares-copies");
    let group = folder.join("in.zarr");
    std::fs::create_dir_all(&group).unwrap();
    let root = json!({"zarr_format": 3, "node_type": "group"});
    std::fs::write(group.join("zarr.json"), root.to_string()).unwrap();
    write(&group.join("a"), &plain(&[4, 128, 128], &[4, 64, 64]), as_u16(&landscape(4, 128, 128, 51)));
    // The rows are copied as they are, and of the bands those that are chosen.
    let beside = |name: &'static str, count: u64, chunk: u64, first: f64| {
        let values: Vec<f64> = (0..count).map(|at| first + at as f64).collect();
        let (shape, chunk, names) = ([count], [chunk], [name]);
        let mut array = plain(&shape, &chunk);
        array.names = Some(&names);
        drop(std::fs::remove_dir_all(group.join(name)));
        write(&group.join(name), &array, as_u16(&values));
    };
    beside("y", 128, 16, 100.0);
    beside("band", 4, 1, 1.0);
    let encode = [&ENCODE[..], &["--bands", "3,0,1"]].concat();
    let run = |share: &'static str| call(&folder, &[&encode[..], &["--shard", share]].concat());
    assert_eq!(run("0/2").0, 0);
    // Other values, in fewer chunks.
    beside("y", 128, 128, 500.0);
    beside("band", 4, 4, 11.0);
    let (code, out, err) = run("1/2");
    assert!(code == 0 && out.contains("not done yet: [0]"), "{out}{err}");
    let (code, _, err) = run("0/2");
    assert_eq!(code, 0, "{err}");
    assert_eq!(read_array(&folder.join("out.zarr/band")), as_u16(&[14.0, 11.0, 12.0]));
    assert_eq!(read_array(&folder.join("out.zarr/y")), read_array(&group.join("y")));
    check_fresh(&folder, &encode);
}

#[test]
fn a_share_whose_input_became_empty_is_done() {
    let folder = folder("shares-emptied");
    input(&folder, 52);
    let run = |share: &'static str| call(&folder, &[&ENCODE[..], &["--shard", share]].concat());
    assert_eq!(run("0/2").0, 0);
    let chunk = folder.join("out.zarr.partial/c/0/0/0");
    assert!(chunk.is_file());
    // One chunk of that share is gone from the input, and of another also the output's file is lost.
    for name in ["c/0/0/0", "c/0/0/2"] {
        std::fs::remove_file(folder.join("in.zarr").join(name)).unwrap();
    }
    std::fs::remove_file(folder.join("out.zarr.partial/c/0/0/2")).unwrap();
    let (code, out, err) = run("1/2");
    assert!(code == 0 && out.contains("not done yet: [0]"), "{out}{err}");
    let (code, _, err) = run("0/2");
    assert_eq!(code, 0, "{err}");
    assert!(!folder.join("out.zarr/c/0/0/0").exists());
    check_fresh(&folder, &ENCODE);
}

#[test]
fn a_completion_that_failed_is_left_to_any_process() {
    let folder = folder("shares-completion");
    input(&folder, 53);
    let run = |share: &'static str| call(&folder, &[&ENCODE[..], &["--shard", share]].concat());
    assert_eq!(run("0/2").0, 0);
    let partial = folder.join("out.zarr.partial");
    let metadata = std::fs::read(partial.join("zarr.json")).unwrap();
    let chunk = partial.join("c/0/0/0");
    let bytes = std::fs::read(&chunk).unwrap();
    // Of the same length, so that only reading its header tells.
    std::fs::write(&chunk, vec![0; bytes.len()]).unwrap();
    let (code, _, err) = run("1/2");
    assert_eq!(code, 2, "{err}");
    assert!(err.contains("reading the header of chunk 0/0/0"), "{err}");
    assert!(!partial.join(".vqz-completing").exists() && !folder.join("out.zarr").exists());
    assert_eq!(std::fs::read(partial.join("zarr.json")).unwrap(), metadata);
    std::fs::write(&chunk, &bytes).unwrap();
    assert_eq!(run("1/2").0, 0);
    check_fresh(&folder, &ENCODE);
}

#[test]
fn what_stands_in_the_way_is_told_before_the_work() {
    let folder = folder("in-the-way");
    input(&folder, 49);
    let partial = folder.join("out.zarr.partial");
    // An output that is a link to nothing.
    symlink("nowhere", folder.join("out.zarr")).unwrap();
    let nothing =
        "output out.zarr is a link to nowhere, which is not there; remove the link, or choose another output";
    fail(&folder, &ENCODE, 2, nothing);
    fail(&folder, &[&ENCODE[..], &["--overwrite"]].concat(), 2, nothing);
    assert!(folder.join("out.zarr").is_symlink() && !partial.exists() && !folder.join("nowhere").exists());
    std::fs::remove_file(folder.join("out.zarr")).unwrap();
    // Where the unfinished output would stand: a link, a link to nothing, a file.
    std::fs::create_dir(folder.join("elsewhere")).unwrap();
    for target in ["elsewhere", "nowhere"] {
        symlink(target, &partial).unwrap();
        fail(
            &folder,
            &ENCODE,
            2,
            "out.zarr.partial is a link, and an unfinished output of vqz is a folder; move or delete the link, or choose \
             another output",
        );
        std::fs::remove_file(&partial).unwrap();
    }
    std::fs::write(&partial, "mine").unwrap();
    let foreign = "out.zarr.partial exists and is no unfinished output of vqz; move or delete it, or choose another output";
    fail(&folder, &ENCODE, 2, foreign);
    assert_eq!(std::fs::read_to_string(&partial).unwrap(), "mine");
    std::fs::remove_file(&partial).unwrap();
    // An empty folder is nobody's.
    std::fs::create_dir(&partial).unwrap();
    succeed(&folder, &ENCODE);
    assert!(!partial.exists());
    // A file is never replaced by a folder, nor a folder by a file.
    std::fs::write(folder.join("notes.txt"), "mine").unwrap();
    let onto = |args: &[&str], message: &str| {
        let (code, _, err) = call(&folder, args);
        assert!(code == 2 && err.contains(message), "{args:?}: {err}");
    };
    onto(
        &["encode", "in.zarr", "notes.txt", "--lossless", "--overwrite"],
        "output notes.txt is a file, and a folder is to be written, which never replaces one",
    );
    onto(&["decode", "out.zarr", "notes.txt", "--overwrite"], "output notes.txt is a file");
    assert_eq!(std::fs::read_to_string(folder.join("notes.txt")).unwrap(), "mine");
    std::fs::create_dir(folder.join("page.html")).unwrap();
    onto(
        &["report", "out.zarr", "-o", "page.html", "--overwrite"],
        "output page.html is a folder, and a file is to be written",
    );
    // The input under the names that are used on the way.
    std::fs::rename(folder.join("in.zarr"), folder.join("new.zarr.partial")).unwrap();
    onto(
        &["encode", "new.zarr.partial", "new.zarr", "--lossless"],
        "the input, new.zarr.partial, stands where new.zarr is put together; rename the input",
    );
    onto(&["encode", "new.zarr.partial", "..", "--lossless"], "output .. ");
    onto(
        &["encode", "new.zarr.partial", "page.html/../new.zarr.partial/in/../out.zarr", "--lossless"],
        "which is no folder",
    );
    assert!(folder.join("new.zarr.partial/zarr.json").is_file());
    let left: Vec<Value> = std::fs::read_dir(&folder)
        .unwrap()
        .map(|entry| json!(entry.unwrap().file_name().to_str().unwrap()))
        .collect();
    assert_eq!(left.len(), 5, "{left:?}");
}

#[test]
fn an_output_behind_a_link_is_replaced_where_it_is() {
    let folder = folder("behind-a-link");
    input(&folder, 51);
    succeed(&folder, &ENCODE);
    std::fs::create_dir(folder.join("disk")).unwrap();
    std::fs::rename(folder.join("out.zarr"), folder.join("disk/real.zarr")).unwrap();
    symlink("disk/real.zarr", folder.join("out.zarr")).unwrap();
    let (code, _, err) = call(&folder, &ENCODE);
    assert!(code == 2 && err.contains("output out.zarr exists"), "{err}");
    let again = ["encode", "in.zarr", "out.zarr", "--lossless", "--chunk-size", "64", "--overwrite"];
    succeed(&folder, &again);
    assert!(folder.join("out.zarr").is_symlink());
    assert!(read_array(&folder.join("disk/real.zarr")) == read_array(&folder.join("in.zarr")));
    assert_eq!(std::fs::read_dir(folder.join("disk")).unwrap().count(), 1);
}
