//! A fit that receives a signal to stop saves its state, says so, and can be resumed from there.
#![cfg(unix)]

mod common;

use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// Long enough on any machine.
const PATIENCE: Duration = Duration::from_secs(120);

fn start(folder: &Path, more: &[&str]) -> Child {
    let sample = common::sample();
    let mut command = Command::new(env!("CARGO_BIN_EXE_vqz-train"));
    command.args(["fit", sample.to_str().unwrap(), "--output", "model.vqm"]).args(more).current_dir(folder);
    let settings = [
        "optimiser.steps=100000",
        "data.crops=[32]",
        "conv.width=8",
        "conv.blocks=1",
        "validation.every_steps=0",
    ];
    // A run that goes on knows its settings.
    for setting in settings.iter().filter(|_| !more.contains(&"--resume")) {
        command.args(["--set", setting]);
    }
    command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap()
}

fn steps(folder: &Path) -> usize {
    let records = std::fs::read_to_string(folder.join("model.run/metrics.jsonl")).unwrap_or_default();
    records.lines().filter(|line| line.contains("\"kind\":\"step\"")).count()
}

/// Waits for records beyond some, then sends a signal and gives the exit code.
fn interrupt(mut child: Child, folder: &Path, beyond: usize, signal: &str) -> Option<i32> {
    let begun = Instant::now();
    while steps(folder) <= beyond && begun.elapsed() < PATIENCE {
        std::thread::sleep(Duration::from_millis(50));
    }
    Command::new("kill").args([signal, &child.id().to_string()]).status().unwrap();
    child.wait().unwrap().code()
}

#[test]
fn signals_end_a_fit_after_its_step_and_it_can_go_on() {
    let folder = tempfile::tempdir().unwrap();
    assert_eq!(interrupt(start(folder.path(), &[]), folder.path(), 1, "-INT"), Some(3));
    let checkpoints = || std::fs::read_dir(folder.path().join("model.run/checkpoints")).unwrap().count();
    assert!(checkpoints() > 0);
    assert!(!folder.path().join("model.vqm").exists());
    let before = steps(folder.path());
    let resumed = start(folder.path(), &["--resume"]);
    assert_eq!(interrupt(resumed, folder.path(), before, "-TERM"), Some(3));
    assert!(steps(folder.path()) > before);
}
