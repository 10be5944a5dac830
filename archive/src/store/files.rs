//! Files that exist completely or not at all: they are written under a temporary name, then renamed.

use crate::error::{Context, Result};
use crate::raster::stored::StoredChunks;
use serde::{Deserialize, Serialize};
use std::fs::{self, File};
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

/// The prefix of the names of files that are not part of an array: those in an unfinished output that are needed to
/// resume it.
pub const OWN: &str = ".vqz-";

/// The greatest number of links to folders that are followed one after the other.
const MOST_LINKS: u32 = 8;

/// The suffix of the names of files that are still being written.
const TEMPORARY: &str = ".vqz-tmp";

/// A file as it was written: its length, and the CRC-32C of its bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stored(pub u64, pub u32);

impl Stored {
    /// Of these bytes.
    pub fn of(bytes: &[u8]) -> Self {
        Self(bytes.len() as u64, crc32c::crc32c(bytes))
    }

    /// Of the file at a path; none if there is none.
    ///
    /// # Errors
    /// When it can't be read.
    pub fn at(path: &Path) -> Result<Option<Self>> {
        match fs::read(path) {
            Ok(bytes) => Ok(Some(Self::of(&bytes))),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error).with_context(|| format!("reading {}", path.display())),
        }
    }
}

/// Writes a file under a temporary name, then renames it. Missing folders are created. On failure nothing is left
/// behind.
///
/// # Errors
/// When the file system fails; the error names the path.
pub fn write_atomically(path: &Path, bytes: &[u8]) -> Result<()> {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    // Several processes may write the same file.
    let number = NEXT.fetch_add(1, Ordering::Relaxed);
    let temporary = with_suffix(path, &format!(".{}-{number}{TEMPORARY}", std::process::id()));
    let written = (|| {
        if let Some(parent) = path.parent() {
            fs::create_dir_all(parent)?;
        }
        let mut file = File::create_new(&temporary).or_else(|error| match error.kind() {
            // A process of the same number was killed here, or it runs on another machine.
            ErrorKind::AlreadyExists => {
                fs::remove_file(&temporary).and_then(|()| File::create_new(&temporary))
            }
            _ => Err(error),
        })?;
        file.write_all(bytes)?;
        // A rename may reach the disk before the content does.
        file.sync_data()?;
        fs::rename(&temporary, path)
    })();
    written
        .inspect_err(|_| drop(fs::remove_file(&temporary)))
        .with_context(|| format!("writing {}", path.display()))
}

/// Removes what an interrupted [`write_atomically`] left under a folder.
pub fn remove_temporaries(folder: &Path) -> Result<()> {
    for file in files_under(folder)? {
        if file.to_string_lossy().ends_with(TEMPORARY) {
            fs::remove_file(&file).with_context(|| format!("removing {}", file.display()))?;
        }
    }
    Ok(())
}

/// A path with a suffix added to its last part.
pub fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.file_name().unwrap_or_default().to_os_string();
    name.push(suffix);
    path.with_file_name(name)
}

/// All files under a folder, sorted by path. Links are not followed.
pub fn files_under(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    list(folder, &mut Vec::new(), 0, &mut files)?;
    files.sort();
    Ok(files)
}

/// All files of a store, sorted by path: links to files and folders are followed, unless they lead to nothing or back to where they
/// stand in. Hidden files, and those that are still being written, are left out.
pub fn files_of_store(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    list(folder, &mut Vec::new(), MOST_LINKS, &mut files)?;
    let hidden = |name: &str| name.starts_with('.') || name.ends_with(TEMPORARY);
    files.retain(|file| {
        !file.file_name().is_some_and(|name| hidden(&name.to_string_lossy())) && file.is_file()
    });
    files.sort();
    Ok(files)
}

/// Adds the files under a folder. `above` are the places of the folders that it is in; `links` is how many links may be followed from
/// here on down.
fn list(folder: &Path, above: &mut Vec<PathBuf>, links: u32, files: &mut Vec<PathBuf>) -> Result<()> {
    let place = folder.canonicalize().with_context(|| format!("listing {}", folder.display()))?;
    above.push(place);
    for entry in fs::read_dir(folder).with_context(|| format!("listing {}", folder.display()))? {
        let entry = entry.with_context(|| format!("listing {}", folder.display()))?;
        let kind = entry.file_type().with_context(|| format!("listing {}", folder.display()))?;
        let path = entry.path();
        let leads_on = || {
            path.is_dir()
                && path.canonicalize().is_ok_and(|to| !above.iter().any(|folder| folder.starts_with(&to)))
        };
        if kind.is_dir() {
            list(&path, above, links, files)?;
        } else if kind.is_symlink() && links > 0 && leads_on() {
            list(&path, above, links - 1, files)?;
        } else {
            files.push(path);
        }
    }
    above.pop();
    Ok(())
}

/// Bytes of the files under a folder: of its `zarr.json` files, and of all others. Files that are only needed to
/// resume an unfinished output do not count, nor do other hidden files.
pub fn sizes(folder: &Path) -> Result<(u64, u64)> {
    let (mut metadata, mut data) = (0, 0);
    for file in files_of_store(folder)? {
        let len = fs::metadata(&file).with_context(|| format!("reading {}", file.display()))?.len();
        if file.file_name().is_some_and(|name| name == "zarr.json") {
            metadata += len;
        } else {
            data += len;
        }
    }
    Ok((metadata, data))
}

/// The same for an array whose stored chunks are known, where nothing but these counts.
pub(crate) fn sizes_with(folder: &Path, stored: Option<&StoredChunks>) -> Result<(u64, u64)> {
    let Some(stored) = stored else { return sizes(folder) };
    let path = folder.join("zarr.json");
    let metadata = fs::metadata(&path).with_context(|| format!("reading {}", path.display()))?.len();
    Ok((metadata, stored.bytes()))
}

/// Copies a store with everything in it.
pub fn copy_tree(from: &Path, to: &Path) -> Result<()> {
    for file in files_of_store(from)? {
        let relative = file.strip_prefix(from).unwrap_or(&file);
        let target = to.join(relative);
        let bytes = fs::read(&file).with_context(|| format!("reading {}", file.display()))?;
        write_atomically(&target, &bytes)?;
    }
    Ok(())
}

/// Removes a file, or a folder with everything in it.
pub fn remove(path: &Path) -> Result<()> {
    // A link is removed, not what it leads to.
    let is_folder = path.is_dir() && !path.is_symlink();
    let removed = if is_folder { fs::remove_dir_all(path) } else { fs::remove_file(path) };
    removed.with_context(|| format!("removing {}", path.display()))
}
