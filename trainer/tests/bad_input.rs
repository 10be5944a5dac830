//! What a fit says of data and settings that can't be fitted, and that nothing is lost then.

mod common;

use common::{array, config, job, run, sample};
use std::path::Path;
use std::sync::atomic::AtomicBool;
use vqz_trainer::Error;

fn message(folder: &Path, input: std::path::PathBuf, settings: &[&str]) -> String {
    let error = run(&job(folder, input, settings), &AtomicBool::new(false)).unwrap_err();
    assert!(!folder.join("model.vqm").exists() && !folder.join("model.run").exists());
    error.to_string()
}

#[test]
fn data_that_hold_nothing_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let empty = array(&folder.path().join("empty.zarr"), 2, 128, |_, _, _| f32::NAN);
    let said = message(folder.path(), empty, &[]);
    assert!(said.starts_with("data: ") && said.contains("valid"), "{said}");
    let said = message(folder.path(), folder.path().join("none.zarr"), &[]);
    assert!(said.starts_with("data: ") && said.contains("none.zarr"), "{said}");
    let said = message(folder.path(), sample(), &["data.bands=['B99']"]);
    assert!(said.contains("B99"), "{said}");
    let said = message(folder.path(), sample(), &["heads=[{bands=['77'], kind='continuous'}]"]);
    assert!(said.contains("heads name band 77"), "{said}");
    let said = message(folder.path(), sample(), &["heads=[{bands=['0'], kind='continuous'}]"]);
    assert!(said.contains("heads leave some bands out"), "{said}");
    let said = message(folder.path(), sample(), &["heads=[{bands=['*'], kind='categorical'}]"]);
    assert!(said.contains("more than 256 different values"), "{said}");
}

#[test]
fn a_loss_that_is_no_number_stops_and_keeps_the_checkpoint_before() {
    let folder = tempfile::tempdir().unwrap();
    // Values whose squares overflow, in a part of the data only.
    let input = array(&folder.path().join("wild.zarr"), 1, 128, |_, y, x| {
        if y > 64 && x > 64 { 3e38 } else { ((y * 7 + x * 3) % 11) as f32 }
    });
    let settings = ["checkpoint.every_steps=1", "data.validation=0", "data.crops=[32]", "optimiser.steps=60"];
    let error = run(&job(folder.path(), input, &settings), &AtomicBool::new(false)).unwrap_err();
    let said = error.to_string();
    assert!(matches!(error, Error::NotANumber(_)), "{said}");
    assert!(said.contains("on a batch from") && said.contains("resume from the last checkpoint"), "{said}");
    let checkpoints = vqz_trainer::fit::checkpoint::Checkpoints::new(&folder.path().join("model.run"), 2);
    let kept = checkpoints.steps();
    assert!(!kept.is_empty(), "the steps before were saved");
    assert!(checkpoints.load(&config(&settings)).is_ok(), "and are whole");
}

#[test]
fn a_perceptual_network_that_is_none_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("features.pt");
    std::fs::write(&file, b"nothing").unwrap();
    let setting = format!("perceptual.weights='{}'", file.display());
    let said = message(folder.path(), sample(), &["perceptual.weight=1", &setting]);
    assert!(said.contains("features.pt") && said.contains("TorchScript"), "{said}");
}

#[test]
fn a_full_disk_says_so_and_leaves_the_checkpoint_before_whole() {
    let folder = tempfile::tempdir().unwrap();
    // Checkpoints of about a megabyte, all else is smaller than the limit below.
    let settings = ["conv.width=48", "optimiser.steps=3", "checkpoint.every_steps=1"];
    let mut job = job(folder.path(), sample(), &settings);
    run(&job, &AtomicBool::new(true)).unwrap();
    let config = folder.path().join("config.toml");
    std::fs::write(&config, job.config.to_toml().unwrap()).unwrap();
    // Files of at most 700 blocks of 512 bytes. The signal is ignored, so that writing fails, as on a full disk.
    let output = std::process::Command::new("dash")
        .args([
            "-c",
            "trap '' XFSZ; ulimit -f 700; exec \"$@\"",
            "sh",
            env!("CARGO_BIN_EXE_vqz-train"),
            "fit",
        ])
        .args([sample().as_os_str(), "--resume".as_ref(), "--config".as_ref(), config.as_os_str()])
        .args(["-o".as_ref(), job.output.as_os_str()])
        .output()
        .unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(!output.status.success(), "{said}");
    assert!(said.contains("tensors.safetensors can't be written (") && said.contains("make room"), "{said}");
    assert!(!job.run.join("checkpoints/partial").exists() && !job.output.exists());
    job.resume = true;
    let outcome = run(&job, &AtomicBool::new(false)).unwrap();
    assert_eq!(outcome.step, 3);
}

#[test]
fn folders_and_devices_that_are_none_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let mut job = job(folder.path(), sample(), &["optimiser.steps=1"]);
    std::fs::write(folder.path().join("model.run"), b"").unwrap();
    let said = run(&job, &AtomicBool::new(false)).unwrap_err().to_string();
    assert!(said.contains("model.run"), "{said}");
    job.config = config(&["run.device=cuda"]);
    if !tch::Cuda::is_available() {
        let said = run(&job, &AtomicBool::new(false)).unwrap_err().to_string();
        assert!(said.contains("finds no GPU") && said.contains("choose cpu"), "{said}");
    }
}
