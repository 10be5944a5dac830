//! A run's diagnostics. Each figure goes to four places: a live line, `metrics.jsonl`, TensorBoard event files, and
//! `report.html`, one page made again from the records at each validation. Nothing here depends on the network: the
//! trainer names its figures (`loss/total`, `codebook/0/usage`, …) and the page sorts them by their names.

mod codebook;
mod disk;
mod error;
mod history;
mod journal;
mod live;
pub mod number;
mod page;
mod picture;
mod record;
mod tensorboard;
mod timer;

pub use codebook::{CodebookHealth, CodebookMonitor, CollapseRule};
pub use error::ReportError;
pub use page::write_page;
pub use record::{Step, Validation};
pub use timer::{Phase, Timer};
pub use vqz_report::Picture;

use journal::Journal;
use live::Live;
use record::Record;
use std::fs;
use std::io::IsTerminal;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use tensorboard::EventFile;

/// Whether a file or folder of this name in a run's folder is of its report.
#[must_use]
pub fn is_own(name: &str) -> bool {
    [journal::NAME, page::NAME, picture::FOLDER].contains(&name) || name.starts_with(tensorboard::PREFIX)
}

/// How a run is reported.
#[derive(Clone, Debug)]
pub struct ReportOptions {
    /// The run's name, the page's title.
    pub name: String,
    /// The number of steps that the run will have, for the remaining time; 0 if that is open.
    pub total_steps: u64,
    /// The step of the checkpoint from which the run continues; records beyond it are dropped. `None` refuses a folder that
    /// has records, `Some(0)` starts over.
    pub resume_at_step: Option<u64>,
    /// Whether the live line is redrawn in place, instead of a plain line printed now and then. By default it is if standard
    /// error is a terminal.
    pub terminal: bool,
    /// The time between two plain lines.
    pub plain_every: Duration,
}

impl Default for ReportOptions {
    fn default() -> Self {
        Self {
            name: "run".to_owned(),
            total_steps: 0,
            resume_at_step: None,
            terminal: std::io::stderr().is_terminal(),
            plain_every: Duration::from_secs(30),
        }
    }
}

/// A run's diagnostics, being written.
///
/// Every method shows what it is given, then writes it. An error means that a record is missing in a file, not that the file
/// is broken, and later calls may succeed.
pub struct Report {
    folder: PathBuf,
    name: String,
    total_steps: u64,
    last_step: u64,
    journal: Journal,
    events: EventFile,
    live: Live,
}

impl Report {
    /// Begins or resumes the report in a folder, which is made if there is none.
    ///
    /// # Errors
    /// [`ReportError::Occupied`] where the folder has another run's records, [`ReportError::Corrupt`] where they are
    /// not records, [`ReportError::Io`].
    pub fn open(folder: &Path, options: &ReportOptions) -> Result<Self, ReportError> {
        fs::create_dir_all(folder).map_err(ReportError::io("make", folder))?;
        let journal = Journal::open(folder, options.resume_at_step)?;
        let events = EventFile::open(folder, now(), options.resume_at_step)?;
        let live = Live::new(options.terminal, options.total_steps, options.plain_every);
        let (folder, name) = (folder.to_path_buf(), options.name.clone());
        let (last_step, total_steps) = (options.resume_at_step.unwrap_or(0), options.total_steps);
        let mut report = Self { folder, name, total_steps, last_step, journal, events, live };
        if last_step > 0 {
            report.event(last_step, "resume", &format!("resumed at step {}", number::grouped(last_step)))?;
        }
        Ok(report)
    }

    /// Records a training step.
    ///
    /// # Errors
    /// [`ReportError::Io`].
    pub fn step(&mut self, step: &Step) -> Result<(), ReportError> {
        self.live.step(step);
        self.last_step = step.step;
        let (time, Step { step, epoch, seconds, scalars }) = (now(), step.clone());
        let shown = self.events.scalars(time, step, &scalars);
        self.journal.add(&Record::Step { step, epoch, seconds, time, scalars })?;
        shown
    }

    /// Records a validation and makes the page again. Its pictures must be recorded before.
    ///
    /// # Errors
    /// [`ReportError::Io`].
    pub fn validation(&mut self, validation: &Validation) -> Result<(), ReportError> {
        let (time, step, seconds) = (now(), validation.step, validation.seconds);
        let under =
            |name: &str| if name.starts_with("valid/") { name.to_owned() } else { format!("valid/{name}") };
        let scalars: Vec<_> = validation.scalars.iter().map(|(name, value)| (under(name), *value)).collect();
        let of = |name: &str| scalars.iter().find(|(found, _)| found == name).map(|(_, value)| *value);
        self.live.validated(of("valid/psnr_db").zip(of("valid/rate/bits_per_sample")));
        let mut line = format!("step {} validation", number::grouped(step));
        line.extend(of("valid/psnr_db").map(|psnr| format!("  {psnr:.2} dB")));
        line.extend(of("valid/rate/bits_per_sample").map(|bits| format!("  {bits:.3} bits")));
        line.extend(of("valid/saved_percent").map(|saved| format!("  {}", number::saving(saved))));
        self.live.say(&line);
        let shown = self.events.scalars(time, step, &scalars);
        self.journal.add(&Record::Validation { step, seconds, time, scalars })?;
        self.page()?;
        shown
    }

    /// Shows a fact about the run, such as its data, and records it: the page lists these on their own. A resumed run
    /// already has them in its records.
    ///
    /// # Errors
    /// [`ReportError::Io`].
    pub fn fact(&mut self, topic: &str, words: &str) -> Result<(), ReportError> {
        let message = format!("{topic}: {words}");
        self.live.say(&message);
        if self.last_step > 0 {
            return Ok(());
        }
        self.note(message)
    }

    /// Records a result of the run, which the page shows beside the [facts](Self::fact).
    ///
    /// # Errors
    /// [`ReportError::Io`].
    pub fn conclude(&mut self, topic: &str, words: &str) -> Result<(), ReportError> {
        self.note(format!("{topic}: {words}"))
    }

    fn note(&mut self, message: String) -> Result<(), ReportError> {
        let (step, event) = (self.last_step, "start".to_owned());
        self.journal.add(&Record::Event { step, time: now(), event, message })
    }

    /// Shows a line that is not recorded.
    pub fn say(&self, line: &str) {
        self.live.say(line);
    }

    /// Records that something happened: `kind` is one word, such as `checkpoint`, `collapse` or `nan`.
    ///
    /// # Errors
    /// [`ReportError::Io`].
    pub fn event(&mut self, step: u64, kind: &str, message: &str) -> Result<(), ReportError> {
        self.live.say(&format!("step {} {kind}: {message}", number::grouped(step)));
        self.last_step = self.last_step.max(step);
        let time = now();
        let shown = self.events.text(time, step, &format!("event/{kind}"), message);
        self.journal.add(&Record::Event {
            step,
            time,
            event: kind.to_owned(),
            message: message.to_owned(),
        })?;
        shown
    }

    /// Records a picture; those of one name make a strip over time.
    ///
    /// # Errors
    /// [`ReportError::Picture`] where the pixels do not match the size, [`ReportError::Io`].
    pub fn picture(&mut self, step: u64, name: &str, picture: &Picture) -> Result<(), ReportError> {
        let (time, png) = (now(), picture.png().map_err(ReportError::picture(name))?);
        let (file, width, height) = (picture::file(name, step), picture.width, picture.height);
        let path = self.folder.join(&file);
        if let Some(parent) = path.parent() {
            fs::create_dir_all(parent).map_err(ReportError::io("make", parent))?;
        }
        disk::replace(&path, &png)?;
        let shown = self.events.image(time, step, name, (width, height), png);
        let (name, file) = (name.to_owned(), file.to_string_lossy().into_owned());
        self.journal.add(&Record::Picture { step, time, name, file, width, height })?;
        shown
    }

    /// Ends the run: the page says so.
    ///
    /// # Errors
    /// [`ReportError::Io`].
    pub fn finish(&mut self) -> Result<(), ReportError> {
        self.end(self.last_step, "finish", "the run is complete")
    }

    /// Ends this part of a run that was stopped by a signal. The run can be resumed.
    ///
    /// # Errors
    /// [`ReportError::Io`].
    pub fn stop(&mut self, step: u64) -> Result<(), ReportError> {
        self.end(step, "stop", "stopped; --resume goes on from here")
    }

    /// Ends a run that can't go on as it is: `kind` is `nan` or `error`.
    ///
    /// # Errors
    /// [`ReportError::Io`].
    pub fn fail(&mut self, step: u64, kind: &str, message: &str) -> Result<(), ReportError> {
        self.end(step, kind, message)
    }

    fn end(&mut self, step: u64, kind: &str, message: &str) -> Result<(), ReportError> {
        self.live.finish();
        self.event(step, kind, message)?;
        self.page()?;
        self.live.say(&format!("report: {}", self.folder.join(page::NAME).display()));
        Ok(())
    }

    fn page(&self) -> Result<(), ReportError> {
        write_page(&self.folder, &self.name, self.total_steps)
    }
}

/// Seconds since 1970.
fn now() -> f64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0.0, |since| since.as_secs_f64())
}

#[cfg(test)]
mod tests;
