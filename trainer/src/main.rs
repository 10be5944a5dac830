//! `vqz-train`: fits networks with libtorch and exports them as model packages.

use clap::{Parser, Subcommand};
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use vqz_archive::Remedy;
use vqz_trainer::config::Config;
use vqz_trainer::data::DataError;
use vqz_trainer::fit::facts::embedded;
use vqz_trainer::fit::{FitRequest, Outcome, SETTINGS, run, run_folder};
use vqz_trainer::report::number::{bytes, short};
use vqz_trainer::{Error, Result};
use vqz_zarr::models::package_path;

/// Fit networks for vqz with libtorch.
#[derive(Debug, Parser)]
#[command(name = "vqz-train", version, about)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Write a configuration with every setting and its default.
    Init(Init),
    /// Fit a network to rasters, and write it as a model.
    Fit(Fit),
    /// Print the version of libtorch, and the device it computes on.
    Info,
}

#[derive(Debug, clap::Args)]
struct Init {
    /// The file to write [default: standard output].
    #[arg(long, short, value_name = "FILE.toml")]
    output: Option<PathBuf>,
    /// A setting that differs from the default, such as model.quantiser=rvq. May be repeated.
    #[arg(long, value_name = "KEY=VALUE")]
    set: Vec<String>,
}

#[derive(Debug, clap::Args)]
#[command(after_help = "Example:
  vqz-train fit scenes/*.zarr -o scenes.vqm --set optimiser.steps=5000
  vqz-train fit scenes.zarr -o scenes.vqm --set run.threads=1 --set 'data.crops=[64]' --set data.bands=B04,B03,B02
  vqz-train fit scenes.zarr -o scenes.vqm --resume

Exit codes: 0 done, 2 an error, 3 stopped by a signal, with a checkpoint.")]
struct Fit {
    /// The rasters to fit the network to: Zarr v3 arrays and groups, plain or vqz archives.
    #[arg(required = true)]
    inputs: Vec<PathBuf>,
    /// The model to write. Its name must end in .vqm.
    #[arg(long, short, value_parser = package_path, value_name = "FILE.vqm")]
    output: PathBuf,
    /// The configuration file. `vqz-train init` writes one.
    #[arg(long, short, value_name = "FILE.toml")]
    config: Option<PathBuf>,
    /// A setting that overrides the configuration, such as optimiser.steps=5000. May be repeated. Values are TOML, so
    /// quote lists for the shell: --set 'data.crops=[64, 128]'.
    #[arg(long, value_name = "KEY=VALUE")]
    set: Vec<String>,
    /// The model's name [default: the file name of the output].
    #[arg(long)]
    name: Option<String>,
    /// The folder for checkpoints and reports [default: the output's name with the ending .run].
    #[arg(long, value_name = "FOLDER")]
    run: Option<PathBuf>,
    /// Continue from the last checkpoint in that folder, with the settings of the first run.
    #[arg(long, conflicts_with = "overwrite")]
    resume: bool,
    /// Replace an existing output and an existing folder of a run.
    #[arg(long)]
    overwrite: bool,
    /// Print the result as JSON.
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
        eprintln!("vqz-train: {error}{}", advice(&error));
        ExitCode::from(2)
    })
}

/// Advice, in terms of this program's options, for an error of reading data.
fn advice(error: &Error) -> &'static str {
    match error {
        Error::Input(DataError::Archive(error)) if error.remedies().contains(&Remedy::GiveAxes) => {
            "; give them in order, such as --set data.axes=band,y,x"
        }
        _ => "",
    }
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
    let folder = args.run.unwrap_or_else(|| run_folder(&args.output));
    // A resumed run already has its settings.
    let kept = folder.join(SETTINGS);
    let file = args.config.or_else(|| (args.resume && kept.is_file()).then_some(kept));
    let mut config = Config::load(file.as_deref(), &args.set)?;
    if let Some(name) = args.name {
        config.model.name = name;
    } else if config.model.name.is_empty() {
        config.model.name = args.output.file_stem().unwrap_or_default().to_string_lossy().into_owned();
    }
    if args.output.exists() && !args.overwrite && !args.resume {
        return Err(Error::Configuration(format!(
            "{} exists; choose another name, or --overwrite",
            args.output.display()
        )));
    }
    if args.overwrite && folder.join("checkpoints").exists() {
        vqz_trainer::fit::clear(&folder)?;
    }
    let stop = Arc::new(AtomicBool::new(false));
    for signal in [signal_hook::consts::SIGINT, signal_hook::consts::SIGTERM] {
        // A second signal of the same kind ends the program at once.
        signal_hook::flag::register_conditional_shutdown(signal, 130, Arc::clone(&stop))
            .and_then(|_| signal_hook::flag::register(signal, Arc::clone(&stop)))
            .map_err(|e| Error::Configuration(format!("can't listen for signals: {e}")))?;
    }
    let request =
        FitRequest { inputs: args.inputs, output: args.output, run: folder, config, resume: args.resume };
    let outcome = run(&request, &stop)?;
    if args.json {
        let json = serde_json::to_string_pretty(&outcome).map_err(|e| Error::Configuration(e.to_string()))?;
        print(&(json + "\n"))?;
    } else {
        print(&summary(&request, &outcome))?;
    }
    Ok(if outcome.output.is_some() { ExitCode::SUCCESS } else { ExitCode::from(STOPPED) })
}

fn summary(request: &FitRequest, outcome: &Outcome) -> String {
    let mut text = String::new();
    let measured = &outcome.measured;
    for p in &measured.points {
        text += &format!(
            "quality {:>5}: {:.2} dB, {:.4} bits a sample, largest error {}",
            p.quality,
            p.psnr_db,
            p.bits_per_sample,
            short(p.max_error)
        );
        if let Some(c) = measured.beside_linear(p.quality) {
            text += &format!("; {} ({:.4} bits)", c.words(), c.linear_bits_per_sample);
            text += &c
                .pays_from_bytes
                .map_or_else(String::new, |from| format!(", pays from arrays of {}", bytes(from)));
        }
        text.push('\n');
    }
    if !measured.comparison.is_empty() && measured.comparison.iter().all(|c| c.saved_percent <= 0.0) {
        text += &format!(
            "note: nothing is saved against the linear model; fit longer, or encode with {}, which is smaller\n",
            request.run.join("linear.vqm").display()
        );
    }
    for note in &measured.notes {
        text += &format!("note: {note}\n");
    }
    if !measured.points.is_empty() {
        text += &embedded(measured.embedded_bytes);
        if !measured.comparison.is_empty() {
            text += &format!("; linear model: {}", embedded(measured.linear_embedded_bytes));
        }
        text.push('\n');
    }
    let took = format!("{} steps, {:.0} s on {}", outcome.step, outcome.seconds, outcome.device);
    match &outcome.output {
        Some(output) => {
            text += &format!(
                "{} after {took}; report: {}\n",
                output.display(),
                request.run.join("report.html").display()
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

/// Writes to standard output. It is no error if the reader has closed it.
fn print(text: &str) -> Result<()> {
    use std::io::Write;
    match std::io::stdout().write_all(text.as_bytes()) {
        Err(e) if e.kind() != std::io::ErrorKind::BrokenPipe => Err(Error::io("standard output", e)),
        _ => Ok(()),
    }
}
