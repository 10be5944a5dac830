//! Outputs in the making: `OUTPUT.partial` beside the target, renamed when complete, resumed when interrupted.

use crate::error::{Context, Error, Remedy, Result, bail};
use crate::store::files::{self, with_suffix};
use crate::write::settings::Settings;
use crate::write::share::Share;
use serde_json::{Map, Value};
use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// The file inside an unfinished output that holds the settings it was begun with.
pub(crate) const MARKER: &str = ".vqz-resume.json";

/// The file inside an unfinished output that lists the chunks that could not be made.
pub(crate) const FAILURES: &str = ".vqz-failed.json";

/// How often, and at which interval, a process with a share of the work checks whether it may begin.
const LOCK_ATTEMPTS: (u32, Duration) = (100, Duration::from_millis(100));

/// The suffix of the name under which a replaced output is kept until the new one is in its place.
const REPLACED: &str = ".replaced";

/// What to do when the output already exists.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Existing {
    /// Stop with an error.
    Refuse,
    /// Replace it, once the new one is complete.
    Replace,
}

/// The folder of an output that was begun and not completed, if there is one.
pub(crate) fn unfinished(target: &Path) -> Option<PathBuf> {
    let folder = with_suffix(target, ".partial");
    folder.join(MARKER).is_file().then_some(folder)
}

/// Empties the folder of an array that must be written again. Its metadata are removed first. If the run is
/// interrupted after that, chunks without metadata remain, and a later run does not use them.
///
/// # Errors
/// When the file system refuses, with the path.
pub(crate) fn clear(folder: &Path) -> Result<()> {
    if !folder.exists() {
        return Ok(());
    }
    let metadata = folder.join("zarr.json");
    if metadata.exists() {
        files::remove(&metadata)?;
    }
    for entry in fs::read_dir(folder).with_context(|| format!("listing {}", folder.display()))? {
        let entry = entry.with_context(|| format!("listing {}", folder.display()))?;
        if entry.file_name() != MARKER {
            files::remove(&entry.path())?;
        }
    }
    Ok(())
}

/// An unfinished output folder. Its files are written one by one, each whole or not at all.
#[derive(Debug)]
pub(crate) struct UnfinishedOutput {
    target: PathBuf,
    folder: PathBuf,
    resumed: bool,
    /// Held locked, so that two processes never write into one folder.
    marker: File,
    /// The share of the work that this process has, and its lock.
    share: Option<(Share, File)>,
}

impl UnfinishedOutput {
    /// Begins an output, or resumes one that was interrupted and has the same settings.
    ///
    /// # Errors
    /// When the target exists and may not be replaced, another process is writing it, or an unfinished output was begun
    /// with other settings. With a share of the work, other processes may write other shares once [`UnfinishedOutput::share`] was
    /// called.
    pub(crate) fn begin(
        target: &Path,
        existing: Existing,
        settings: &Settings,
        share: Option<Share>,
    ) -> Result<Self> {
        refuse_existing(target, existing)?;
        let folder = with_suffix(target, ".partial");
        let found = folder.exists();
        if found && !folder.join(MARKER).is_file() {
            bail!(
                Exists,
                "{} exists and is no unfinished output of vqz; move or delete it, or choose another output",
                folder.display()
            );
        }
        fs::create_dir_all(&folder).with_context(|| format!("making {}", folder.display()))?;
        let path = folder.join(MARKER);
        let mut marker = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(&path)
            .with_context(|| format!("opening {}", path.display()))?;
        lock(&marker, &folder, share)?;
        let mut text = String::new();
        marker.read_to_string(&mut text).with_context(|| format!("reading {}", path.display()))?;
        let resumed = !text.is_empty();
        if resumed {
            check_settings(&text, settings.json(), &folder)?;
            if share.is_none() {
                files::remove_temporaries(&folder)?;
            }
        } else {
            let text = serde_json::to_string_pretty(settings.json())?;
            marker.write_all(text.as_bytes()).and_then(|()| marker.sync_data()).with_context(|| {
                // An empty marker means that there are no other files yet.
                drop(marker.set_len(0));
                format!("writing {}", path.display())
            })?;
        }
        let share = share.map(|share| Ok::<_, Error>((share, share.take(&folder)?))).transpose()?;
        Ok(Self { target: target.to_path_buf(), folder, resumed, marker, share })
    }

    /// Lets other processes begin with their shares: the files that all shares need are written.
    pub(crate) fn share(&self) {
        if self.share.is_some() {
            // On a file system without locks there is nothing to release.
            drop(self.marker.unlock());
            drop(self.marker.try_lock_shared());
        }
    }

    /// Marks the share of this process as done. Returns the shares that are not done yet; none if all are done and
    /// this process is the one to finish the output.
    ///
    /// # Errors
    /// When the file system fails.
    pub(crate) fn open_shares(&self) -> Result<Option<Vec<u64>>> {
        let Some((share, _)) = &self.share else { return Ok(None) };
        share.mark_done(&self.folder)?;
        let open = share.open_ones(&self.folder);
        if !open.is_empty() {
            return Ok(Some(open));
        }
        drop(self.marker.unlock());
        match self.marker.try_lock() {
            // Another process finished its share at the same moment, and completes the output.
            Err(TryLockError::WouldBlock) => Ok(Some(Vec::new())),
            Ok(()) | Err(TryLockError::Error(_)) => Ok(None),
        }
    }

    /// Where to write.
    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }

    /// Whether an earlier run was interrupted, whose files are kept.
    pub(crate) fn resumed(&self) -> bool {
        self.resumed
    }

    /// Puts the finished output in its place.
    pub(crate) fn commit(self) -> Result<()> {
        if let Some((share, _)) = &self.share {
            share.remove_marks(&self.folder)?;
        }
        let failures = self.folder.join(FAILURES);
        if failures.exists() {
            files::remove(&failures)?;
        }
        let replaced = self.target.exists().then(|| with_suffix(&self.target, REPLACED));
        if let Some(replaced) = &replaced {
            fs::rename(&self.target, replaced)
                .with_context(|| format!("moving {} aside", self.target.display()))?;
        }
        fs::rename(&self.folder, &self.target)
            .with_context(|| format!("renaming {} to {}", self.folder.display(), self.target.display()))?;
        let marker = self.target.join(MARKER);
        fs::remove_file(&marker).with_context(|| format!("removing {}", marker.display()))?;
        if let Some(replaced) = replaced {
            files::remove(&replaced)?;
        }
        Ok(())
    }

    /// Ends an output that failed: adds to the error what is left on disk and how to continue. If no chunk was
    /// written, there is nothing to continue from, and nothing is left on disk.
    pub(crate) fn fail(self, error: Error) -> Error {
        let full = error.is_out_of_space();
        let (target, folder) = (self.target.display().to_string(), self.folder.clone());
        let error = if self.discard_empty() {
            if !full {
                return error;
            }
            error.context(format!("{target} is not begun"))
        } else {
            error.context(format!(
                "{target} is not complete; what was written is kept in {}",
                folder.display()
            ))
        };
        error.with_remedy(if full { Remedy::MakeRoom } else { Remedy::Resume })
    }

    /// Removes an output that holds nothing but metadata; returns whether it did.
    fn discard_empty(self) -> bool {
        if self.share.is_some() {
            // Another process may be about to write there.
            return false;
        }
        let metadata =
            |file: &PathBuf| file.file_name().is_some_and(|name| name == MARKER || name == "zarr.json");
        let empty = files::files_under(&self.folder).is_ok_and(|files| files.iter().all(metadata));
        // If something can't be removed now, the next run resumes it.
        empty && fs::remove_dir_all(&self.folder).is_ok()
    }
}

/// Locks an unfinished output. A process that has a share of the work waits a while, because others hold the lock
/// while they begin.
fn lock(marker: &File, folder: &Path, share: Option<Share>) -> Result<()> {
    let (attempts, interval) = if share.is_some() { LOCK_ATTEMPTS } else { (1, Duration::ZERO) };
    for attempt in 0..attempts {
        match marker.try_lock() {
            // Some file systems have no locks. There, the user must run one process at a time.
            Ok(()) | Err(TryLockError::Error(_)) => return Ok(()),
            // Other shares of the same work are running, so everything is prepared.
            Err(TryLockError::WouldBlock) if share.is_some() && marker.try_lock_shared().is_ok() => {
                return Ok(());
            }
            Err(TryLockError::WouldBlock) if attempt + 1 < attempts => std::thread::sleep(interval),
            Err(TryLockError::WouldBlock) => {}
        }
    }
    bail!(Busy, "{} is being written by another process; wait for it, or stop it", folder.display())
}

/// Refuses to replace an existing output unless the caller asked for it, and never replaces a folder that holds
/// something else than an output.
pub fn refuse_existing(target: &Path, existing: Existing) -> Result<()> {
    if !target.exists() {
        return Ok(());
    }
    if existing == Existing::Refuse {
        bail!(Exists, Replace, "output {} exists; choose another", target.display());
    }
    let empty = || fs::read_dir(target).is_ok_and(|mut entries| entries.next().is_none());
    if target.is_dir() && !target.join("zarr.json").is_file() && !empty() {
        bail!(
            Exists,
            "output {} is a folder of something else than Zarr v3, which is never replaced; choose another \
             output, or delete that folder",
            target.display()
        );
    }
    let aside = with_suffix(target, REPLACED);
    if aside.exists() {
        bail!(
            Exists,
            "{} is in the way: an earlier run that was interrupted may have put an output aside there; move or delete it",
            aside.display()
        );
    }
    Ok(())
}

/// Names the first setting that differs from those of an unfinished output.
fn check_settings(text: &str, settings: &Map<String, Value>, folder: &Path) -> Result<()> {
    let begun: Map<String, Value> = serde_json::from_str(text).unwrap_or_default();
    let keys = settings.keys().chain(begun.keys());
    for key in keys {
        let (before, now) =
            (begun.get(key).unwrap_or(&Value::Null), settings.get(key).unwrap_or(&Value::Null));
        if before != now {
            bail!(
                InvalidArgument,
                "{} was begun with other settings ({key} was {before}, now it is {now}); delete it to start afresh, or \
                 repeat the earlier settings to go on",
                folder.display()
            );
        }
    }
    Ok(())
}
