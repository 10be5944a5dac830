//! Networks are fitted by `vqz-train`, a program of its own because it needs libtorch.

use anyhow::{Context, Result, bail};
use std::path::{Path, PathBuf};
use std::process::Command;

const NAME: &str = "vqz-train";

/// Runs `vqz-train` with the same arguments.
pub(super) fn run(inputs: &[PathBuf], output: &Path, name: Option<&str>) -> Result<()> {
    let Some(program) = find() else {
        bail!(
            "--arch conv is fitted by {NAME}, which is neither beside vqz nor on PATH; install it with `cargo install \
             --path trainer` (libtorch is needed), or fit --arch klt, which needs nothing else"
        );
    };
    let mut command = Command::new(&program);
    command.arg("fit").args(inputs).arg("--output").arg(output);
    if let Some(name) = name {
        command.arg("--name").arg(name);
    }
    let status = command.status().with_context(|| format!("running {}", program.display()))?;
    if !status.success() {
        bail!("{} ended with {status}; what it wrote above says why", program.display());
    }
    Ok(())
}

fn find() -> Option<PathBuf> {
    let file = format!("{NAME}{}", std::env::consts::EXE_SUFFIX);
    let beside = std::env::current_exe().ok().and_then(|path| path.parent().map(Path::to_path_buf));
    let on_path = std::env::var_os("PATH").map(|path| std::env::split_paths(&path).collect::<Vec<_>>());
    beside
        .into_iter()
        .chain(on_path.unwrap_or_default())
        .map(|folder| folder.join(&file))
        .find(|path| path.is_file())
}
