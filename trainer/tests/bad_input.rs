//! What a fit says of data and settings that can't be fitted, and that nothing is lost then.

mod common;

use common::{array, config, request, run, sample};
use std::path::Path;
use std::sync::atomic::AtomicBool;
use vqz_trainer::Error;

fn message(folder: &Path, input: std::path::PathBuf, settings: &[&str]) -> String {
    let error = run(&request(folder, input, settings), &AtomicBool::new(false)).unwrap_err();
    assert!(!folder.join("model.vqm").exists() && !folder.join("model.run").exists());
    error.to_string()
}

#[test]
fn data_that_hold_nothing_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let empty = array(&folder.path().join("empty.zarr"), 2, 128, |_, _, _| f32::NAN);
    let error = message(folder.path(), empty, &[]);
    assert!(error.starts_with("data: ") && error.contains("valid"), "{error}");
    let error = message(folder.path(), folder.path().join("none.zarr"), &[]);
    assert!(error.starts_with("data: ") && error.contains("none.zarr"), "{error}");
    let error = message(folder.path(), sample(), &["data.bands=['B99']"]);
    assert!(error.contains("B99"), "{error}");
    let error = message(folder.path(), sample(), &["heads=[{bands=['77'], kind='continuous'}]"]);
    assert!(error.contains("heads name band 77"), "{error}");
    let error = message(folder.path(), sample(), &["heads=[{bands=['0'], kind='continuous'}]"]);
    assert!(error.contains("heads leave some bands out"), "{error}");
    let error = message(folder.path(), sample(), &["heads=[{bands=['*'], kind='categorical'}]"]);
    assert!(error.contains("more than 256 different values"), "{error}");
}

#[test]
fn a_loss_that_is_no_number_stops_and_keeps_the_checkpoint_before() {
    let folder = tempfile::tempdir().unwrap();
    let input = array(&folder.path().join("plain.zarr"), 1, 128, |_, y, x| ((y * 7 + x * 3) % 11) as f32);
    // From the third step on, the loss has a part that overflows.
    let settings = [
        "checkpoint.every_steps=1",
        "data.validation=0",
        "data.crops=[32]",
        "optimiser.steps=60",
        "adversarial.weight=1e300",
        "adversarial.start=2",
    ];
    let error = run(&request(folder.path(), input, &settings), &AtomicBool::new(false)).unwrap_err();
    assert!(matches!(error, Error::NotANumber(_)), "{error}");
    let error = error.to_string();
    assert!(
        error.contains("on a batch from") && error.contains("resume from the last checkpoint"),
        "{error}"
    );
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
    let error = message(folder.path(), sample(), &["perceptual.weight=1", &setting]);
    assert!(error.contains("features.pt") && error.contains("TorchScript"), "{error}");
}

#[test]
fn a_full_disk_says_so_and_leaves_the_checkpoint_before_whole() {
    let folder = tempfile::tempdir().unwrap();
    // Checkpoints of about a megabyte, all else is smaller than the limit below.
    let settings = ["conv.width=48", "optimiser.steps=3", "checkpoint.every_steps=1"];
    let mut request = request(folder.path(), sample(), &settings);
    run(&request, &AtomicBool::new(true)).unwrap();
    let config = folder.path().join("config.toml");
    std::fs::write(&config, request.config.to_toml().unwrap()).unwrap();
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
        .args(["-o".as_ref(), request.output.as_os_str()])
        .output()
        .unwrap();
    let error = String::from_utf8(output.stderr).unwrap();
    assert!(!output.status.success(), "{error}");
    assert!(
        error.contains("tensors.safetensors can't be written (") && error.contains("make room"),
        "{error}"
    );
    assert!(!request.run.join("checkpoints/partial").exists() && !request.output.exists());
    request.resume = true;
    let outcome = run(&request, &AtomicBool::new(false)).unwrap();
    assert_eq!(outcome.step, 3);
}

#[test]
fn folders_and_devices_that_are_none_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let mut request = request(folder.path(), sample(), &["optimiser.steps=1"]);
    std::fs::write(folder.path().join("model.run"), b"").unwrap();
    let error = run(&request, &AtomicBool::new(false)).unwrap_err().to_string();
    assert!(error.contains("model.run"), "{error}");
    request.config = config(&["run.device=cuda"]);
    if !tch::Cuda::is_available() {
        let error = run(&request, &AtomicBool::new(false)).unwrap_err().to_string();
        assert!(error.contains("finds no GPU") && error.contains("choose cpu"), "{error}");
    }
}
