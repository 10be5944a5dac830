//! Outputs that are written at one go, such as files that GDAL writes: made in a folder beside the target, then renamed.
//!
//! They are not resumed. What an interrupted run left in that folder is removed by the next one, which the folder's state tells from
//! what anybody else put there.

use crate::error::{Context, Result, bail};
use crate::store::files;
use crate::write::paths::resolved;
use crate::write::settings::Settings;
use crate::write::state::{self, MARKER};
use std::ffi::OsStr;
use std::fs::{self, File, TryLockError};
use std::path::{Path, PathBuf};

/// A folder in which one output is made. It is removed with everything in it when this is dropped.
#[derive(Debug)]
pub(crate) struct Scratch {
    target: PathBuf,
    folder: PathBuf,
    /// Held locked while the output is made.
    _marker: File,
}

impl Scratch {
    /// Makes the folder.
    ///
    /// # Errors
    /// When something else stands in its place, another process makes the same output, or the file system refuses.
    pub(crate) fn begin(target: &Path) -> Result<Self> {
        let target = resolved(target);
        let folder = state::folder_of(&target);
        let settings = Settings::at_one_go();
        let found = state::make_or_find(&target, settings.json())?;
        if found {
            state::check(&folder, settings.json())?;
        }
        let path = folder.join(MARKER);
        let marker = File::options().read(true).write(true).open(&path);
        let marker = marker.with_context(|| format!("opening {}", path.display()))?;
        if let Err(TryLockError::WouldBlock) = marker.try_lock() {
            bail!(Busy, "{} is being written by another process; wait for it, or stop it", folder.display());
        }
        let scratch = Self { target, folder, _marker: marker };
        if found {
            scratch.empty()?;
        }
        Ok(scratch)
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
    /// When the file system refuses.
    pub(crate) fn put(&self) -> Result<()> {
        fs::rename(self.path(), &self.target)
            .with_context(|| format!("renaming to {}", self.target.display()))
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        // If that fails, the next run removes it.
        drop(fs::remove_dir_all(&self.folder));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_left_is_removed_and_nothing_else() {
        let root = std::env::temp_dir().join(format!("vqz-scratch-{}", std::process::id()));
        drop(fs::remove_dir_all(&root));
        fs::create_dir_all(&root).unwrap();
        let target = root.join("scene.tif");
        let scratch = Scratch::begin(&target).unwrap();
        assert!(
            Scratch::begin(&target).unwrap_err().to_string().contains("is being written by another process")
        );
        drop(scratch);
        // As if a process was killed.
        state::make_or_find(&target, Settings::at_one_go().json()).unwrap();
        fs::write(root.join("scene.tif.partial/scene.tif"), "half").unwrap();
        let scratch = Scratch::begin(&target).unwrap();
        assert!(!scratch.path().exists());
        fs::write(scratch.path(), "whole").unwrap();
        scratch.put().unwrap();
        drop(scratch);
        assert_eq!(fs::read_to_string(&target).unwrap(), "whole");
        assert_eq!(fs::read_dir(&root).unwrap().count(), 1);
        fs::write(root.join("scene.tif.partial"), "mine").unwrap();
        assert!(Scratch::begin(&target).unwrap_err().to_string().contains("is no unfinished output of vqz"));
        assert_eq!(fs::read_to_string(root.join("scene.tif.partial")).unwrap(), "mine");
        fs::remove_dir_all(&root).unwrap();
    }
}
