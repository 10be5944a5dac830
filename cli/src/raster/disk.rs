//! Files on their way to the disk: written by threads of their own, so that nobody computes less while the disk confirms.

use crate::raster::files;
use anyhow::{Error, Result, anyhow};
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Mutex, PoisonError};

/// Threads that wait for the disk.
const WRITERS: usize = 4;

/// Files that wait for a thread, at most; whoever brings more waits.
const QUEUE: usize = 4;

/// Takes files while a function runs that brings them.
pub(crate) struct Disk<'a> {
    queue: SyncSender<(PathBuf, Vec<u8>)>,
    failure: &'a Mutex<Option<Error>>,
}

impl Disk<'_> {
    /// Runs a function; returns once all the files that it brought are written, whole or not at all. `written` is called for
    /// each.
    ///
    /// # Errors
    /// The first that a file met, before those of the function: these may come of it.
    pub(crate) fn with(written: impl Fn() + Sync, work: impl FnOnce(&Disk<'_>) -> Result<()>) -> Result<()> {
        let failure = Mutex::new(None);
        let (queue, waiting) = sync_channel(QUEUE);
        let waiting = Mutex::new(waiting);
        let done = std::thread::scope(|scope| {
            for _ in 0..WRITERS {
                scope.spawn(|| {
                    while let Some((path, bytes)) = next(&waiting) {
                        match files::write_atomically(&path, &bytes) {
                            Ok(()) => written(),
                            Err(error) => {
                                failure.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(error);
                            }
                        }
                    }
                });
            }
            // The queue ends with it, and with the queue the threads.
            let disk = Disk { queue, failure: &failure };
            work(&disk)
        });
        match failure.into_inner().unwrap_or_else(PoisonError::into_inner) {
            Some(error) => Err(error),
            None => done,
        }
    }

    /// Brings a file.
    ///
    /// # Errors
    /// When an earlier one could not be written.
    pub(crate) fn write(&self, path: &Path, bytes: Vec<u8>) -> Result<()> {
        if self.failure.lock().unwrap_or_else(PoisonError::into_inner).is_some() {
            return Err(anyhow!("an earlier file could not be written"));
        }
        self.queue.send((path.to_path_buf(), bytes)).map_err(|_| anyhow!("nobody writes files any more"))
    }
}

fn next(waiting: &Mutex<Receiver<(PathBuf, Vec<u8>)>>) -> Option<(PathBuf, Vec<u8>)> {
    waiting.lock().unwrap_or_else(PoisonError::into_inner).recv().ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicUsize, Ordering};

    #[test]
    fn all_files_are_there_and_the_first_failure_is_told() {
        let folder = std::env::temp_dir().join(format!("vqz-disk-{}", std::process::id()));
        let count = AtomicUsize::new(0);
        let add = || {
            count.fetch_add(1, Ordering::Relaxed);
        };
        let bring = |root: &Path| {
            Disk::with(add, |disk| {
                (0..50u8).try_for_each(|n| disk.write(&root.join(n.to_string()), vec![n; 1000]))
            })
        };
        bring(&folder).unwrap();
        assert_eq!(count.load(Ordering::Relaxed), 50);
        for n in 0..50u8 {
            assert_eq!(std::fs::read(folder.join(n.to_string())).unwrap(), vec![n; 1000]);
        }
        // A file where a folder is needed.
        let error = bring(&folder.join("7")).unwrap_err().to_string();
        assert!(error.starts_with("writing ") && error.contains("/7/"), "{error}");
        assert_eq!(count.load(Ordering::Relaxed), 50);
        std::fs::remove_dir_all(&folder).unwrap();
    }
}
