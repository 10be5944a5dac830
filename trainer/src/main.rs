//! `vqz-train`: fits networks with libtorch and exports them as model packages.

use clap::{Parser, Subcommand};
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use vqz_trainer::config::Config;
use vqz_trainer::fit::{Job, Outcome, run, run_folder};
use vqz_trainer::{Error, Result};

/// Fits vqz networks with libtorch.
#[derive(Debug, Parser)]
#[command(version, about)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Writes a configuration with every default.
    Init(Init),
    /// Fits a model.
    Fit(Fit),
    /// Says which libtorch this is and where it computes.
    Info,
}

#[derive(Debug, clap::Args)]
struct Init {
    /// The file to write; by default it is printed.
    #[arg(long, short, value_name = "FILE.toml")]
    output: Option<PathBuf>,
    /// Settings that differ from the defaults, such as model.quantiser=rvq.
    #[arg(long, value_name = "KEY=VALUE")]
    set: Vec<String>,
}

#[derive(Debug, clap::Args)]
#[command(after_help = "Example:
  vqz-train fit scenes/*.zarr -o scenes.vqm --set optimiser.steps=5000")]
struct Fit {
    /// What to fit on: Zarr v3 arrays and groups, plain or vqvae archives.
    #[arg(required = true)]
    inputs: Vec<PathBuf>,
    /// The model to write.
    #[arg(long, short, value_name = "FILE.vqm")]
    output: PathBuf,
    /// The configuration; `vqz-train init` writes one.
    #[arg(long, short, value_name = "FILE.toml")]
    config: Option<PathBuf>,
    /// Settings over the configuration, such as optimiser.steps=5000.
    #[arg(long, value_name = "KEY=VALUE")]
    set: Vec<String>,
    /// The model's name; by default the output's.
    #[arg(long)]
    name: Option<String>,
    /// The folder of checkpoints and reports; by default the output's name with the ending .run.
    #[arg(long, value_name = "FOLDER")]
    run: Option<PathBuf>,
    /// Go on from the last checkpoint of that folder.
    #[arg(long, conflicts_with = "overwrite")]
    resume: bool,
    /// Replace the output and the folder of an earlier fit.
    #[arg(long)]
    overwrite: bool,
    /// Print the outcome as JSON.
    #[arg(long)]
    json: bool,
}

/// Stopped by a signal, with everything saved.
const STOPPED: u8 = 3;

fn main() -> ExitCode {
    vqz_trainer::memory::keep_blocks();
    let result = match Cli::parse().command {
        Command::Init(args) => init(&args),
        Command::Fit(args) => fit(args),
        Command::Info => info(),
    };
    result.unwrap_or_else(|error| {
        eprintln!("vqz-train: {error}");
        ExitCode::from(2)
    })
}

fn init(args: &Init) -> Result<ExitCode> {
    let text = Config::load(None, &args.set)?.explained()?;
    match &args.output {
        None => print(&text)?,
        Some(path) if path.exists() => {
            return Err(Error::Configuration(format!("{} exists; choose another name", path.display())));
        }
        Some(path) => std::fs::write(path, text).map_err(|e| Error::io(path, e))?,
    }
    Ok(ExitCode::SUCCESS)
}

fn fit(args: Fit) -> Result<ExitCode> {
    let mut config = Config::load(args.config.as_deref(), &args.set)?;
    if let Some(name) = args.name {
        config.model.name = name;
    } else if config.model.name.is_empty() {
        config.model.name = args.output.file_stem().unwrap_or_default().to_string_lossy().into_owned();
    }
    let folder = args.run.unwrap_or_else(|| run_folder(&args.output));
    if args.output.exists() && !args.overwrite && !args.resume {
        return Err(Error::Configuration(format!(
            "{} exists; choose another name, or --overwrite",
            args.output.display()
        )));
    }
    if args.overwrite && folder.join("checkpoints").exists() {
        std::fs::remove_dir_all(&folder).map_err(|e| Error::io(&folder, e))?;
    }
    let stop = Arc::new(AtomicBool::new(false));
    for signal in [signal_hook::consts::SIGINT, signal_hook::consts::SIGTERM] {
        // The second signal of a kind ends the program at once.
        signal_hook::flag::register_conditional_shutdown(signal, 130, Arc::clone(&stop))
            .and_then(|_| signal_hook::flag::register(signal, Arc::clone(&stop)))
            .map_err(|e| Error::Configuration(format!("signals can't be heard: {e}")))?;
    }
    let job = Job { inputs: args.inputs, output: args.output, run: folder, config, resume: args.resume };
    let outcome = run(&job, &stop)?;
    if args.json {
        let json = serde_json::to_string_pretty(&outcome).map_err(|e| Error::Configuration(e.to_string()))?;
        print(&(json + "\n"))?;
    } else {
        print(&told(&job, &outcome))?;
    }
    Ok(if outcome.output.is_some() { ExitCode::SUCCESS } else { ExitCode::from(STOPPED) })
}

fn told(job: &Job, outcome: &Outcome) -> String {
    let mut text = String::new();
    for p in &outcome.validation {
        text += &format!(
            "quality {:>5}: {:.2} dB, {:.4} bits a sample, largest error {}\n",
            p.quality, p.psnr_db, p.bits_per_sample, p.max_error
        );
    }
    let took = format!("{} steps, {:.0} s on {}", outcome.step, outcome.seconds, outcome.device);
    match &outcome.output {
        Some(output) => {
            text += &format!(
                "{} after {took}; report: {}\n",
                output.display(),
                job.run.join("report.html").display()
            )
        }
        None => text += &format!("stopped after {took}; go on with --resume\n"),
    }
    text
}

fn info() -> Result<ExitCode> {
    let cuda = if tch::Cuda::is_available() {
        format!("{} GPUs", tch::Cuda::device_count())
    } else {
        "no GPU".to_owned()
    };
    print(&format!(
        "vqz-train {}, libtorch with {} threads, {cuda}\n",
        env!("CARGO_PKG_VERSION"),
        tch::get_num_threads()
    ))?;
    Ok(ExitCode::SUCCESS)
}

/// Writes to standard output; a reader that has gone is no error.
fn print(text: &str) -> Result<()> {
    use std::io::Write;
    match std::io::stdout().write_all(text.as_bytes()) {
        Err(e) if e.kind() != std::io::ErrorKind::BrokenPipe => Err(Error::io("standard output", e)),
        _ => Ok(()),
    }
}
