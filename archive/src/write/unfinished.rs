//! Outputs in the making: `OUTPUT.partial` beside the target, renamed when complete, resumed when interrupted.

use crate::error::{Context, Error, Remedy, Result, bail};
use crate::progress::{Progress, Remark};
use crate::store::files::{self, OWN, with_suffix};
use crate::write::completion;
use crate::write::existing::{self, Existing, OutputKind, REPLACED, refuse_existing};
use crate::write::fingerprint::Fingerprint;
use crate::write::ledger;
use crate::write::paths::resolved;
use crate::write::settings::Settings;
use crate::write::share::Share;
use crate::write::state::{self, MARKER};
use std::fs::{self, File, OpenOptions, TryLockError};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// The file inside an unfinished output that lists the chunks that could not be made.
pub(crate) const FAILURES: &str = ".vqz-failed.json";

/// How long a process with a share of the work waits before it looks again whether it may go on.
const PAUSE: Duration = Duration::from_millis(50);

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
        if !is_own(&entry.path()) {
            files::remove(&entry.path())?;
        }
    }
    Ok(())
}

fn is_own(path: &Path) -> bool {
    path.file_name().is_some_and(|name| name.to_string_lossy().starts_with(OWN))
}

/// An unfinished output folder. Its files are written one by one, each whole or not at all.
#[derive(Debug)]
pub(crate) struct UnfinishedOutput {
    target: PathBuf,
    existing: Existing,
    folder: PathBuf,
    resumed: bool,
    /// Held locked, so that two processes never write into one folder, except with a share each.
    marker: File,
    hold: Hold,
    /// Whether this process is the one to complete an output of several.
    claimed: bool,
    /// What the files that all shares need are made from.
    made_from: Fingerprint,
    /// The share of the work that this process has, and its lock.
    share: Option<(Share, File)>,
}

/// How a process holds an unfinished output.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Hold {
    /// No other process works on it.
    Alone,
    /// Others may work on their shares.
    Among,
    /// The file system has no locks. The user must run one process at a time, or give each a share of its own.
    Unlocked,
    /// It was completed or removed meanwhile.
    Gone,
}

impl UnfinishedOutput {
    /// Begins an output, or resumes one that was interrupted and has the same settings. `made_from` is what the files that all
    /// shares need are made from: where these were made from another input, this process waits until it is alone, to make them
    /// again.
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
        made_from: &Fingerprint,
    ) -> Result<Self> {
        let target = resolved(target);
        let folder = state::folder_of(&target);
        // Once more where another process completes or removes what was found.
        loop {
            refuse_existing(&target, OutputKind::Folder, existing)?;
            let resumed = state::make_or_find(&target, settings.json())?;
            if resumed && !state::check(&folder, settings.json())? {
                continue;
            }
            let path = folder.join(MARKER);
            let marker = match OpenOptions::new().read(true).write(true).open(&path) {
                Ok(marker) => marker,
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => continue,
                Err(error) => return Err(error).with_context(|| format!("opening {}", path.display())),
            };
            let hold = match share {
                None => lock(&marker, &folder)?,
                Some(_) => lock_for_share(&marker, &folder, made_from),
            };
            if hold == Hold::Gone {
                continue;
            }
            if resumed && hold == Hold::Alone && share.is_none() {
                files::remove_temporaries(&folder)?;
            }
            let share = share.map(|share| Ok::<_, Error>((share, share.take(&folder)?))).transpose()?;
            let (claimed, made_from) = (false, made_from.clone());
            return Ok(Self { target, existing, folder, resumed, marker, hold, claimed, made_from, share });
        }
    }

    /// Whether everything but the chunks was written by this or another process, from this input.
    pub(crate) fn is_prepared(&self) -> bool {
        Share::is_prepared(&self.folder, &self.made_from)
    }

    /// Notes that everything but the chunks is made again: if this process is interrupted, the next one begins with it.
    ///
    /// # Errors
    /// When that can't be noted.
    pub(crate) fn prepare_again(&self) -> Result<()> {
        Share::mark_unprepared(&self.folder)
    }

    /// Whether files other than chunks may be there that an earlier run wrote and no process needs any more.
    pub(crate) fn holds_leftovers(&self) -> bool {
        let alone = self.is_alone() || self.share.is_none();
        self.resumed && (alone || Share::is_outdated(&self.folder, &self.made_from))
    }

    /// Whether no other process can write into the folder now.
    fn is_alone(&self) -> bool {
        self.hold == Hold::Alone
    }

    /// Lets other processes begin with their shares: the files that all shares need are written.
    ///
    /// # Errors
    /// When that can't be noted.
    pub(crate) fn share(&mut self) -> Result<()> {
        Share::mark_prepared(&self.folder, &self.made_from)?;
        if self.hold == Hold::Alone {
            // Others may hold it for a moment, to see that everything is prepared.
            let among = self.marker.unlock().and_then(|()| self.marker.lock_shared());
            self.hold = if among.is_ok() { Hold::Among } else { Hold::Unlocked };
        }
        Ok(())
    }

    /// Marks the share of this process as done. Returns the shares that are not done yet; none if all are done and
    /// this process is the one to finish the output.
    ///
    /// # Errors
    /// When the file system fails, or chunks of a share that is done are not there any more.
    pub(crate) fn open_shares(&mut self, input: &Fingerprint) -> Result<Option<Vec<u64>>> {
        let Some((share, _)) = &self.share else { return Ok(None) };
        share.mark_done(&self.folder, input)?;
        if self.hold != Hold::Unlocked {
            drop(self.marker.unlock());
        }
        loop {
            let open = share.open_ones(&self.folder, input);
            if !state::is_at(&self.marker, &self.folder) {
                // Another process put the output in its place.
                return Ok(Some(Vec::new()));
            }
            if !open.is_empty() {
                return Ok(Some(open));
            }
            // Whoever holds it now begins, ends or completes the output.
            match self.marker.try_lock() {
                Err(TryLockError::WouldBlock) => std::thread::sleep(PAUSE),
                Err(TryLockError::Error(_)) => break,
                Ok(()) if self.hold == Hold::Alone => break,
                // What was looked at before may have changed.
                Ok(()) => self.hold = Hold::Alone,
            }
        }
        for share in share.all() {
            if let Some(chunk) = ledger::missing(&self.folder, share)? {
                share.reopen(&self.folder)?;
                bail!(
                    MissingChunk,
                    "{chunk}, which {share} wrote into {}, is lost or was cut short; do {share} again",
                    self.folder.display()
                );
            }
        }
        self.claimed = completion::claim(&self.folder, self.is_alone())?;
        if !self.claimed {
            return Ok(Some(Vec::new()));
        }
        if self.is_alone() {
            // Those of shares that were killed, and done again since.
            files::remove_temporaries(&self.folder)?;
        }
        Ok(None)
    }

    /// Where to write.
    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }

    /// Whether an earlier run was interrupted, whose files are kept.
    pub(crate) fn resumed(&self) -> bool {
        self.resumed
    }

    /// Puts the finished output in its place. What can't be tidied up after that is remarked on, for the output is complete.
    ///
    /// # Errors
    /// When the target appeared meanwhile and may not be replaced, or the file system refuses. What was written is then still in the
    /// folder beside the target.
    pub(crate) fn commit(&self, progress: &dyn Progress) -> Result<()> {
        refuse_existing(&self.target, OutputKind::Folder, self.existing)?;
        let aside = with_suffix(&self.target, REPLACED);
        if self.target.exists() {
            existing::put_aside(&self.target, &aside)?;
        }
        // An earlier run may have been interrupted with the replaced output aside and none in its place.
        let replaced = existing::was_put_aside(&aside).then_some(aside);
        let placed = fs::rename(&self.folder, &self.target)
            .with_context(|| format!("renaming {} to {}", self.folder.display(), self.target.display()));
        if let Err(error) = placed {
            if let Some(replaced) = &replaced {
                existing::put_back(replaced, &self.target);
            }
            return Err(error);
        }
        let left = |path: &Path, error: &Error| {
            progress.remark(&Remark::LeftBehind { path: path.to_path_buf(), why: error.one_line() });
        };
        if let Err(error) = self.tidy() {
            left(&self.target.join(format!("{OWN}*")), &error);
        }
        if let Some(replaced) = replaced
            && let Err(error) = existing::remove_aside(&replaced)
        {
            left(&replaced, &error);
        }
        Ok(())
    }

    /// Removes what was only needed while the output was not complete.
    fn tidy(&self) -> Result<()> {
        for entry in
            fs::read_dir(&self.target).with_context(|| format!("listing {}", self.target.display()))?
        {
            let entry = entry.with_context(|| format!("listing {}", self.target.display()))?;
            if is_own(&entry.path()) {
                files::remove(&entry.path())?;
            }
        }
        Ok(())
    }

    /// Ends an output that failed: adds to the error what is left on disk and how to continue. If no chunk was
    /// written, there is nothing to continue from, and nothing is left on disk.
    pub(crate) fn fail(self, error: Error) -> Error {
        if !self.folder.exists() {
            return error;
        }
        if self.claimed {
            completion::give_up(&self.folder);
        }
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
        let metadata = |file: &PathBuf| {
            let named = |name: &str| file.file_name().is_some_and(|found| found == name);
            named("zarr.json") || is_own(file) && !named(FAILURES)
        };
        let empty = files::files_under(&self.folder).is_ok_and(|files| files.iter().all(metadata));
        // If something can't be removed now, the next run resumes it.
        empty && fs::remove_dir_all(&self.folder).is_ok()
    }
}

/// Locks an unfinished output for one process.
fn lock(marker: &File, folder: &Path) -> Result<Hold> {
    let hold = match marker.try_lock() {
        Ok(()) => Hold::Alone,
        Err(TryLockError::Error(_)) => Hold::Unlocked,
        Err(TryLockError::WouldBlock) if state::is_at(marker, folder) => {
            bail!(Busy, "{} is being written by another process; wait for it, or stop it", folder.display())
        }
        Err(TryLockError::WouldBlock) => Hold::Gone,
    };
    Ok(if state::is_at(marker, folder) { hold } else { Hold::Gone })
}

/// Locks an unfinished output for a process that has a share of the work. The first one is alone, until everything is there that
/// the others need; these wait for it, however long it takes. So is the first one that finds what was made from another input.
fn lock_for_share(marker: &File, folder: &Path, made_from: &Fingerprint) -> Hold {
    loop {
        let prepared = Share::is_prepared(folder, made_from);
        let tried = if prepared { marker.try_lock_shared() } else { marker.try_lock() };
        let hold = match tried {
            // It was prepared between the two looks, from this input or from another one.
            Ok(()) if Share::is_prepared(folder, made_from) != prepared => {
                drop(marker.unlock());
                continue;
            }
            Ok(()) if prepared => Hold::Among,
            Ok(()) => Hold::Alone,
            Err(TryLockError::Error(_)) => Hold::Unlocked,
            Err(TryLockError::WouldBlock) if !state::is_at(marker, folder) => Hold::Gone,
            Err(TryLockError::WouldBlock) => {
                std::thread::sleep(PAUSE);
                continue;
            }
        };
        return if state::is_at(marker, folder) { hold } else { Hold::Gone };
    }
}
