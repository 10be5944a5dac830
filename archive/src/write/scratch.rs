//! Outputs that are written at one go, such as files that GDAL writes: made in a folder beside the target, then renamed.
//!
//! They are not resumed. What an interrupted run left in that folder is removed by the next one, which the folder's state tells from
//! what anybody else put there.

use crate::error::{Context, Result, bail};
use crate::store::files;
use crate::write::existing::Existing;
use crate::write::paths::resolved;
use crate::write::settings::Settings;
use crate::write::state::{self, MARKER};
use std::ffi::OsStr;
use std::fs::{self, File, TryLockError};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

/// A folder in which one output is made. It is removed with everything in it when this is dropped.
#[derive(Debug)]
pub(crate) struct Scratch {
    target: PathBuf,
    folder: PathBuf,
    existing: Existing,
    /// Held locked while the output is made.
    _marker: File,
}

impl Scratch {
    /// Makes the folder. `existing` says what to do where the target is there already, or appears meanwhile.
    ///
    /// # Errors
    /// When something else stands in its place, another process makes the same output, or the file system refuses.
    pub(crate) fn begin(target: &Path, existing: Existing) -> Result<Self> {
        let target = resolved(target);
        let folder = state::folder_of(&target);
        let settings = Settings::at_one_go();
        // Once more where another process removes what was found.
        loop {
            let found = state::make_or_find(&target, settings.json())?;
            if found && !state::check(&folder, settings.json())? {
                continue;
            }
            let path = folder.join(MARKER);
            let marker = match File::options().read(true).write(true).open(&path) {
                Ok(marker) => marker,
                Err(error) if error.kind() == ErrorKind::NotFound => continue,
                Err(error) => return Err(error).with_context(|| format!("opening {}", path.display())),
            };
            let locked = marker.try_lock();
            if !state::is_at(&marker, &folder) {
                continue;
            }
            if let Err(TryLockError::WouldBlock) = locked {
                bail!(
                    Busy,
                    "{} is being written by another process; wait for it, or stop it",
                    folder.display()
                );
            }
            let scratch = Self { target, folder, existing, _marker: marker };
            if found {
                scratch.empty()?;
            }
            return Ok(scratch);
        }
    }

    fn empty(&self) -> Result<()> {
        for entry in
            fs::read_dir(&self.folder).with_context(|| format!("listing {}", self.folder.display()))?
        {
            let entry = entry.with_context(|| format!("listing {}", self.folder.display()))?;
            if entry.file_name() != MARKER {
                files::remove(&entry.path())?;
            }
        }
        Ok(())
    }

    /// Where to make the output: a path with the target's name.
    pub(crate) fn path(&self) -> PathBuf {
        self.folder.join(self.target.file_name().unwrap_or(OsStr::new("output")))
    }

    /// A path for a file that is needed on the way.
    #[cfg_attr(not(feature = "gdal"), allow(dead_code, reason = "only GeoTIFFs need it so far"))]
    pub(crate) fn on_the_way(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    /// Where the output goes.
    pub(crate) fn target(&self) -> &Path {
        &self.target
    }

    /// Renames the output that was made to its target.
    ///
    /// # Errors
    /// [`Exists`](crate::ErrorKind::Exists) when the target appeared meanwhile and may not be replaced, and when the file system
    /// refuses.
    pub(crate) fn put(&self) -> Result<()> {
        let (made, target) = (self.path(), &self.target);
        if self.existing == Existing::Refuse {
            // A link is never made in the place of another file, and a rename takes the place of one. Folders take no other's place.
            // Where that is no file, or the file system has no such links, the target is looked at instead.
            if made.is_file() && fs::hard_link(&made, target).is_ok() {
                // Otherwise it is removed with the folder.
                drop(fs::remove_file(&made));
                return Ok(());
            }
            if fs::symlink_metadata(target).is_ok() {
                bail!(Exists, Replace, "output {} was put there meanwhile; choose another", target.display());
            }
        }
        fs::rename(&made, target).with_context(|| format!("renaming to {}", target.display()))
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        // The state goes last, so that whoever finds the folder meanwhile knows what it is. If that fails, the next run removes it.
        if self.empty().is_ok() && fs::remove_file(self.folder.join(MARKER)).is_ok() {
            // Another process may take the empty folder just now.
            drop(fs::remove_dir(&self.folder));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_of_many_makes_an_output_at_a_time() {
        let root = std::env::temp_dir().join(format!("vqz-scratch-many-{}", std::process::id()));
        drop(fs::remove_dir_all(&root));
        fs::create_dir_all(&root).unwrap();
        let target = root.join("scene.tif");
        let at_work = std::sync::atomic::AtomicU64::new(0);
        std::thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| {
                    for _ in 0..50 {
                        match Scratch::begin(&target, Existing::Replace) {
                            Ok(scratch) => {
                                assert_eq!(at_work.fetch_add(1, std::sync::atomic::Ordering::SeqCst), 0);
                                fs::write(scratch.path(), "whole").unwrap();
                                scratch.put().unwrap();
                                at_work.fetch_sub(1, std::sync::atomic::Ordering::SeqCst);
                            }
                            Err(error) => {
                                assert!(error.to_string().contains("by another process"), "{error}");
                            }
                        }
                    }
                });
            }
        });
        assert_eq!(fs::read_to_string(&target).unwrap(), "whole");
        assert_eq!(fs::read_dir(&root).unwrap().count(), 1);
        fs::remove_dir_all(&root).unwrap();
    }

    #[test]
    fn what_is_left_is_removed_and_nothing_else() {
        let root = std::env::temp_dir().join(format!("vqz-scratch-{}", std::process::id()));
        drop(fs::remove_dir_all(&root));
        fs::create_dir_all(&root).unwrap();
        let target = root.join("scene.tif");
        let scratch = Scratch::begin(&target, Existing::Replace).unwrap();
        assert!(
            Scratch::begin(&target, Existing::Replace)
                .unwrap_err()
                .to_string()
                .contains("is being written by another process")
        );
        drop(scratch);
        // As if a process was killed.
        state::make_or_find(&target, Settings::at_one_go().json()).unwrap();
        fs::write(root.join("scene.tif.partial/scene.tif"), "half").unwrap();
        let scratch = Scratch::begin(&target, Existing::Replace).unwrap();
        assert!(!scratch.path().exists());
        fs::write(scratch.path(), "whole").unwrap();
        scratch.put().unwrap();
        drop(scratch);
        assert_eq!(fs::read_to_string(&target).unwrap(), "whole");
        assert_eq!(fs::read_dir(&root).unwrap().count(), 1);
        // What appears meanwhile stays, unless it may be replaced.
        for (existing, left) in [(Existing::Refuse, "another's"), (Existing::Replace, "mine")] {
            fs::remove_file(&target).unwrap();
            let scratch = Scratch::begin(&target, existing).unwrap();
            fs::write(scratch.path(), "mine").unwrap();
            fs::write(&target, "another's").unwrap();
            let put = scratch.put();
            assert_eq!(put.is_ok(), existing == Existing::Replace);
            assert!(put.err().is_none_or(|error| error.to_string().contains("was put there meanwhile")));
            drop(scratch);
            assert_eq!(fs::read_to_string(&target).unwrap(), left);
        }
        fs::remove_file(&target).unwrap();
        let scratch = Scratch::begin(&target, Existing::Refuse).unwrap();
        fs::write(scratch.path(), "mine").unwrap();
        scratch.put().unwrap();
        assert!(!scratch.path().exists());
        drop(scratch);
        assert_eq!(fs::read_to_string(&target).unwrap(), "mine");
        fs::write(root.join("scene.tif.partial"), "mine").unwrap();
        assert!(
            Scratch::begin(&target, Existing::Replace)
                .unwrap_err()
                .to_string()
                .contains("is no unfinished output of vqz")
        );
        assert_eq!(fs::read_to_string(root.join("scene.tif.partial")).unwrap(), "mine");
        fs::remove_dir_all(&root).unwrap();
    }
}
