//! Networks are fitted by `vqz-train`, a program of its own because it needs libtorch.
//!
//! It reads Zarr v3. Other rasters, and bands that are chosen or named here, are copied into plain arrays first.

use super::arguments::{Architecture, Args};
use crate::arguments;
use crate::progress::Terminal;
use anyhow::{Context, Result, bail};
use serde_json::Value;
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::process::Command;
use vqz_archive::{FitOptions, copy_inputs};

const NAME: &str = "vqz-train";

/// Runs `vqz-train` with the same arguments.
pub(super) fn run(args: &Args, options: &FitOptions, threads: Option<NonZeroUsize>) -> Result<()> {
    let arch = match args.arch {
        Architecture::Resnet => "resnet",
        _ => "conv",
    };
    let Some(program) = find() else {
        bail!(
            "--arch {arch} is fitted by {NAME}, which is neither beside vqz nor on PATH; install it as docs/guides/networks.md says \
             (libtorch is needed), or fit --arch klt, which needs nothing else"
        );
    };
    let mut command = Command::new(&program);
    command.arg("fit");
    let plain = args.bands.is_none() && args.axes.is_none() && args.nodata.is_empty();
    if plain && args.inputs.iter().all(|input| input.join("zarr.json").is_file()) {
        command.args(&args.inputs);
    } else {
        command.args(copies(args, options)?);
    }
    command.arg("--output").arg(&args.output);
    if let Some(name) = &args.name {
        command.arg("--name").arg(name);
    }
    for (flag, path) in [("--config", &args.config), ("--run", &args.run)] {
        if let Some(path) = path {
            command.arg(flag).arg(path);
        }
    }
    // Options that are not given here are left to the configuration.
    let text = |value: &str| Value::from(value).to_string();
    let mut settings = vec![format!("model.architecture={}", text(arch))];
    let mut setting = |key: &str, value: Option<String>| settings.extend(value.map(|v| format!("{key}={v}")));
    setting("model.patch", args.patch.clone());
    setting("model.licence", args.licence.as_deref().map(text));
    setting("model.attribution", args.attribution.as_deref().map(text));
    setting("model.scale_each_band", args.scale_each_band.then(|| "true".to_owned()));
    setting("data.max_samples", args.max_samples.map(|n| n.to_string()));
    setting("model.peak", args.peak.map(|peak| format!("{peak:?}")));
    setting("run.threads", threads.map(|threads| threads.to_string()));
    for setting in settings.iter().chain(&args.set) {
        command.arg("--set").arg(setting);
    }
    for (flag, given) in [("--overwrite", args.overwrite), ("--resume", args.resume), ("--json", args.json)] {
        if given {
            command.arg(flag);
        }
    }
    replace_process(command, &program)
}

/// Replaces this process by the program, so that signals and exit codes are those of the program.
#[cfg(unix)]
fn replace_process(mut command: Command, program: &Path) -> Result<()> {
    use std::os::unix::process::CommandExt;
    Err(command.exec()).with_context(|| format!("running {}", program.display()))
}

#[cfg(not(unix))]
fn replace_process(mut command: Command, program: &Path) -> Result<()> {
    let status = command.status().with_context(|| format!("running {}", program.display()))?;
    std::process::exit(status.code().unwrap_or(2))
}

/// Makes plain Zarr copies of the rasters. They lie beside the output, not in the folder of the run, which the fit
/// may clear. Copies of a run that is resumed are kept.
fn copies(args: &Args, options: &FitOptions) -> Result<Vec<PathBuf>> {
    let folder = args.output.with_extension("data");
    let existing = arguments::existing(!args.resume);
    Ok(copy_inputs(&args.inputs, &folder, &options.clone().existing(existing), &Terminal::default())?)
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
