//! The fit: batches in, a model package out.
//!
//! [`prepare`] sets everything up, [`step`] does one step of gradient descent, [`evaluate`](mod@evaluate) measures through the
//! codec, [`baseline`] compares with the linear model, [`package`] exports, [`checkpoint`] saves the state. [`run`]
//! is the loop around them.

pub mod baseline;
pub mod card;
pub mod checkpoint;
pub mod evaluate;
pub mod facts;
pub mod guard;
mod latents;
pub mod optimiser;
pub mod package;
mod parts;
mod pictures;
pub mod prepare;
pub mod step;
mod tensors;

use crate::arch::Quantiser;
use crate::config::{Config, DeviceChoice};
use crate::data::{Loader, LoaderOptions, Pieces, SamplerState};
use crate::error::{Error, Result};
use crate::report::{CodebookMonitor, CollapseRule, Report, ReportOptions, Step, Timer, Validation};
use baseline::{Baseline, Measured};
use checkpoint::{Checkpoints, State};
use evaluate::evaluate;
use prepare::Prepared;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;
use step::Trainee;
use tch::{Cuda, Device};
use vqz_codec::fit::Image;
use vqz_codec::model::Model;

/// Steps between two records.
const RECORD_EVERY: u64 = 20;
/// The number of steps over which codebooks are judged. A batch from one uniform area uses few entries, which does
/// not mean that the codebook has collapsed.
const JUDGE_EVERY: u64 = 200;

/// The inputs, outputs and settings of a fit.
#[derive(Clone, Debug)]
pub struct FitRequest {
    /// Zarr v3 arrays and groups.
    pub inputs: Vec<PathBuf>,
    /// The package to write.
    pub output: PathBuf,
    /// The folder of checkpoints and reports.
    pub run: PathBuf,
    /// All settings.
    pub config: Config,
    /// Continue from the last checkpoint.
    pub resume: bool,
}

/// How a fit ended.
#[derive(Clone, Debug, serde::Serialize)]
pub struct Outcome {
    /// The package, unless it was stopped before the end.
    pub output: Option<PathBuf>,
    /// Its hash.
    pub sha256: Option<String>,
    /// Steps taken.
    pub step: u64,
    /// Seconds of fitting, those before a resumption included.
    pub seconds: f64,
    /// Where it was computed.
    pub device: String,
    /// Numbers that were fitted.
    pub weights: usize,
    /// The last validation.
    #[serde(flatten)]
    pub measured: Measured,
}

/// Fits, until the last step or until `stop` is set; then a checkpoint is written.
///
/// # Errors
/// Every [`Error`]. Checkpoints before it stay whole.
pub fn run(request: &FitRequest, stop: &AtomicBool) -> Result<Outcome> {
    let fresh = !request.run.exists();
    match begin(request) {
        Ok(run) => run.go(stop),
        Err(error) => {
            // A folder that was made for a fit that can't begin would only be in the way of the next attempt. The first
            // error is the one to report.
            if fresh {
                let _ = std::fs::remove_dir_all(&request.run);
            }
            Err(error)
        }
    }
}

/// Removes what an earlier fit wrote into the folder of its run, and nothing else that lies there.
///
/// # Errors
/// [`Error::Io`].
pub fn clear(run: &Path) -> Result<()> {
    let entries = std::fs::read_dir(run).map_err(|e| Error::io(run, e))?;
    for entry in entries {
        let path = entry.map_err(|e| Error::io(run, e))?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if !OWN.contains(&name.as_str()) && !crate::report::is_own(&name) {
            continue;
        }
        let removed =
            if path.is_dir() { std::fs::remove_dir_all(&path) } else { std::fs::remove_file(&path) };
        removed.map_err(|e| Error::io(&path, e))?;
    }
    Ok(())
}

/// Makes everything ready for the first step, or for the one after the last checkpoint.
fn begin(request: &FitRequest) -> Result<Run<'_>> {
    let config = &request.config;
    let device = device(config.run.device)?;
    if let Some(threads) = threads(config.run.threads) {
        tch::set_num_threads(i32::try_from(threads).unwrap_or(i32::MAX));
    }
    let checkpoints = Checkpoints::new(&request.run, config.checkpoint.keep);
    if !request.resume && !checkpoints.steps().is_empty() {
        return Err(Error::Checkpoint(format!(
            "{} holds those of an earlier fit; resume that fit, or overwrite it",
            request.run.display()
        )));
    }
    let kept = if request.resume { Some(checkpoints.load(config)?) } else { None };
    std::fs::create_dir_all(&request.run).map_err(|e| Error::io(&request.run, e))?;
    let (linear, settings) = (request.run.join(LINEAR), request.run.join(SETTINGS));
    if !request.resume && linear.exists() {
        if !settings.is_file() {
            return Err(Error::Configuration(format!(
                "{} is no file of a fit, and would be replaced; move it, or choose another folder for the run",
                linear.display()
            )));
        }
        // A leftover of an earlier fit, perhaps on other data, that ended before its first checkpoint.
        std::fs::remove_file(&linear).map_err(|e| Error::io(&linear, e))?;
    }
    std::fs::write(&settings, config.to_toml()?).map_err(|e| Error::io(&settings, e))?;
    let prepared = prepare::prepare(config, &request.inputs, &linear)?;
    let mut trainee = Trainee::new(&prepared, config, device)?;
    let mut at = Position::default();
    let mut restored = false;
    if let Some((state, tensors)) = kept {
        let find = |name: &str| tensors.get(name).map(tch::Tensor::shallow_clone);
        trainee.load(&find).map_err(|what| {
            Error::Checkpoint(format!("{}: {what}; it is of another architecture", request.run.display()))
        })?;
        restored = true;
        at = Position { step: state.step, seconds: state.seconds, sampler: Some(state.sampler) };
    }
    if !restored {
        let groups = prepared.network.codebooks().map_or(0, |books| books.groups);
        trainee.start(&prepared, &(0..groups).collect::<Vec<_>>())?;
    }
    let mut report = Report::open(
        &request.run,
        &ReportOptions {
            name: config.model.name.clone(),
            total_steps: config.optimiser.steps,
            resume_at_step: request.resume.then_some(at.step),
            ..ReportOptions::default()
        },
    )?;
    let held = validation_images(&prepared, config)?;
    let coded = held.iter().map(|image| image.samples.len()).sum();
    for (topic, words) in facts::data(&prepared, coded) {
        report.fact(topic, &words)?;
    }
    for warning in facts::warnings(&prepared) {
        if at.step == 0 {
            report.event(0, "warning", &warning)?;
        } else {
            report.say(&format!("warning: {warning}"));
        }
    }
    let place = match device {
        Device::Cpu => format!("cpu (run.threads={})", tch::get_num_threads()),
        other => format!("{other:?}").to_lowercase(),
    };
    let (topic, words) = facts::network(config, trainee.weights.count(), &place);
    report.fact(topic, &words)?;
    let qualities = &config.validation.qualities;
    let baseline = Baseline::measure(&prepared, &held, qualities)?;
    if let Some(baseline) = &baseline {
        let (topic, words) = facts::linear(baseline, qualities);
        report.fact(topic, &words)?;
    }
    Ok(Run {
        request,
        prepared,
        trainee,
        checkpoints,
        report,
        held,
        baseline,
        device,
        begun: Instant::now(),
        at,
    })
}

/// The file of a run's folder that holds its settings.
pub const SETTINGS: &str = "config.toml";

/// The linear model that the network is fitted after, within the folder of a run.
const LINEAR: &str = "linear.vqm";

/// The names of what a fit writes into the folder of its run, without its report.
const OWN: [&str; 3] = [SETTINGS, LINEAR, "checkpoints"];

/// Threads for libtorch; none leaves it to `OMP_NUM_THREADS`. Its own default, all processors, is slow if any other
/// program is running: its threads wait for each other, and therefore for any thread that is suspended. Half of them
/// are also the physical cores of most machines, and leave room for the readers.
fn threads(asked: usize) -> Option<usize> {
    if asked > 0 {
        return Some(asked);
    }
    if std::env::var_os("OMP_NUM_THREADS").is_some() {
        return None;
    }
    std::thread::available_parallelism().ok().map(|processors| (processors.get() / 2).max(1))
}

/// The device that was chosen.
fn device(choice: DeviceChoice) -> Result<Device> {
    match choice {
        DeviceChoice::Cpu => Ok(Device::Cpu),
        DeviceChoice::Auto => Ok(Device::cuda_if_available()),
        DeviceChoice::Cuda if Cuda::is_available() => Ok(Device::Cuda(0)),
        DeviceChoice::Cuda => Err(Error::Configuration(
            "run.device is cuda, but this libtorch finds no GPU; install a torch with CUDA and build vqz-train against it \
             (docs/guides/networks.md), or choose cpu"
                .to_owned(),
        )),
    }
}

/// The validation chunks' images, up to the samples asked for; the training windows where nothing was kept back.
fn validation_images(prepared: &Prepared, config: &Config) -> Result<Vec<Image>> {
    let at_most = config.validation.samples as usize;
    if prepared.split.validation.is_empty() {
        return Ok(package::images(&prepared.windows, at_most));
    }
    let mut images = Vec::new();
    let mut taken = 0;
    for piece in Pieces::read(Arc::clone(&prepared.source), prepared.split.validation.clone())? {
        let piece = piece?;
        let size = piece.image_len();
        for (i, samples) in piece.samples.chunks_exact(size).enumerate() {
            let mut samples = samples.to_vec();
            if let Some(valid) = &piece.valid {
                for (sample, valid) in samples.iter_mut().zip(&valid[i * size..(i + 1) * size]) {
                    if *valid == 0 {
                        *sample = f32::NAN;
                    }
                }
            }
            if taken > 0 && taken + size > at_most {
                return Ok(images);
            }
            taken += size;
            images.push(Image { height: piece.height, width: piece.width, samples });
        }
    }
    Ok(images)
}

#[derive(Clone, Copy, Debug, Default)]
struct Position {
    step: u64,
    seconds: f64,
    sampler: Option<SamplerState>,
}

/// A fit in progress.
struct Run<'a> {
    request: &'a FitRequest,
    prepared: Prepared,
    trainee: Trainee,
    checkpoints: Checkpoints,
    report: Report,
    held: Vec<Image>,
    baseline: Option<Baseline>,
    device: Device,
    begun: Instant,
    at: Position,
}

impl Run<'_> {
    fn seconds(&self) -> f64 {
        self.at.seconds + self.begun.elapsed().as_secs_f64()
    }

    fn go(mut self, stop: &AtomicBool) -> Result<Outcome> {
        let config = &self.request.config;
        let sampler = self.prepared.sampler(config)?;
        let options = LoaderOptions {
            readers: config.data.readers,
            queue: config.data.queue,
            ..LoaderOptions::default()
        };
        let mut loader = match self.at.sampler {
            Some(place) => Loader::resume(sampler, options, place)?,
            None => Loader::start(sampler, options)?,
        };
        let mut monitor = self.monitor();
        let mut timer = Timer::new();
        let mut saved = Instant::now();
        if self.at.step >= config.optimiser.steps {
            let steps = config.optimiser.steps;
            self.report.say(&format!(
                "all {steps} steps were taken in an earlier run: only the model is written again"
            ));
        }
        let mut following = None;
        for number in self.at.step..config.optimiser.steps {
            let done = number + 1;
            let last = done == config.optimiser.steps;
            let waiting = Instant::now();
            let mut fetch = || {
                loader
                    .next()
                    .ok_or_else(|| Error::Data("the batches ended early".to_owned()))?
                    .map_err(Error::from)
            };
            let batch = match following.take() {
                Some(batch) => batch,
                None => fetch()?,
            };
            if !last {
                following = Some(fetch()?);
            }
            timer.add(crate::report::Phase::Load, waiting.elapsed());
            let record = done.is_multiple_of(RECORD_EVERY) || last || done == 1;
            let figures = match self.trainee.step(&batch, following.as_ref(), number, &mut timer, record) {
                Ok(figures) => figures,
                Err(error) => {
                    let kind = if matches!(error, Error::NotANumber(_)) { "nan" } else { "error" };
                    self.report.fail(number, kind, &error.to_string())?;
                    return Err(error);
                }
            };
            self.at.sampler = Some(batch.next);
            if record {
                let mut scalars = figures.scalars;
                scalars.extend(timer.take());
                if done.is_multiple_of(JUDGE_EVERY) {
                    scalars.extend(self.codebooks(&mut monitor, done)?);
                }
                let step = Step { step: done, epoch: batch.epoch, seconds: self.seconds(), scalars };
                self.report.step(&step)?;
            }
            let every = config.validation.every_steps;
            if every > 0 && done.is_multiple_of(every) && !last {
                self.validate(done)?;
            }
            let stopping = stop.load(Ordering::Relaxed);
            let due = done.is_multiple_of(config.checkpoint.every_steps.max(1))
                || saved.elapsed().as_secs_f64() > config.checkpoint.every_minutes * 60.0;
            if due || stopping || last {
                self.save(done)?;
                saved = Instant::now();
            }
            loader.recycle(batch);
            if stopping && !last {
                self.report.stop(done)?;
                return Ok(self.outcome(done, None, Measured::default()));
            }
        }
        drop(loader);
        let (model, measured) = self.validate(config.optimiser.steps)?;
        let card =
            card::card(&model, &self.trainee, &self.prepared, config, &measured, config.optimiser.steps)?;
        let model = Model::from_bytes(&model.to_bytes()?)?.with_card(card);
        vqz_zarr::models::save(&model, &self.request.output)?;
        self.report.conclude("model", &facts::embedded(measured.embedded_bytes))?;
        self.report.conclude("settings", &format!("{SETTINGS}, beside this page"))?;
        self.report.finish()?;
        Ok(self.outcome(config.optimiser.steps, Some(&model), measured))
    }

    fn outcome(&self, step: u64, model: Option<&Model>, measured: Measured) -> Outcome {
        Outcome {
            output: model.map(|_| self.request.output.clone()),
            sha256: model.map(|model| model.sha256().to_owned()),
            step,
            seconds: self.seconds(),
            device: format!("{:?}", self.device).to_lowercase(),
            weights: self.trainee.weights.count(),
            measured,
        }
    }

    fn monitor(&self) -> Option<CodebookMonitor> {
        let books = self.trainee.network.codebooks()?;
        Some(CodebookMonitor::new(&vec![books.size; books.planes()], CollapseRule::default()))
    }

    /// Perplexity and usage of each codebook; collapsed ones are initialised again.
    fn codebooks(&mut self, monitor: &mut Option<CodebookMonitor>, step: u64) -> Result<Vec<(String, f64)>> {
        let (Some(monitor), Some(codebooks)) = (monitor, &mut self.trainee.codebooks) else {
            return Ok(Vec::new());
        };
        let residual = matches!(self.trainee.network.quantiser, Quantiser::Rvq(_));
        for (book, mut counts) in codebooks.take_usage().into_iter().enumerate() {
            if residual {
                // Entry 0 ends the stages of a position, so it does not count as a use of an entry.
                counts[0] = 0;
            }
            let _ = monitor.observe(book, &counts);
        }
        let health = monitor.take();
        // Later stages serve the few places that need them. That they are used little does not mean that they have
        // collapsed.
        let first = self.trainee.network.codebooks().map_or(0, |books| books.groups);
        let collapsed: Vec<_> = health.iter().take(first).filter(|h| h.collapsed).collect();
        if !collapsed.is_empty() {
            // The first books are those of the groups' first stages.
            let groups: Vec<usize> = collapsed.iter().map(|h| h.book).collect();
            self.trainee.start(&self.prepared, &groups)?;
            let messages: Vec<String> = collapsed.iter().map(|h| h.message()).collect();
            let message = format!("{}; started anew by k-means", messages.join("; "));
            self.report.event(step, "collapse", &message)?;
        }
        Ok(health.iter().flat_map(|h| h.scalars()).collect())
    }

    /// Codes the validation images with the model as it would be shipped.
    fn validate(&mut self, step: u64) -> Result<(Arc<Model>, Measured)> {
        let config = &self.request.config;
        let model = package::package(&self.trainee, &self.prepared, config)?;
        let points = evaluate(&model, &self.held, &config.validation.qualities)?;
        let measured = Measured::of(&model, points, self.baseline.as_ref())?;
        let rgb = pictures::bands(&config.validation.rgb, &self.prepared.band_names);
        if let Some(quality) = config.validation.qualities.first() {
            for (i, image) in self.held.iter().take(config.validation.pictures).enumerate() {
                let picture = pictures::picture(&model, image, *quality, &rgb)?;
                self.report.picture(step, &format!("validation/{i}"), &picture)?;
            }
        }
        let seconds = self.seconds();
        self.report.validation(&Validation { step, seconds, scalars: measured.scalars() })?;
        Ok((model, measured))
    }

    fn save(&mut self, step: u64) -> Result<()> {
        let Some(sampler) = self.at.sampler else { return Ok(()) };
        let state = State::new(step, self.seconds(), sampler, &self.request.config);
        self.checkpoints.save(&state, &self.trainee.saved())?;
        Ok(())
    }
}

/// Where a fit's folder lies by default: beside its output.
pub fn run_folder(output: &Path) -> PathBuf {
    output.with_extension("run")
}
