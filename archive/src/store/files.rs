//! Files that exist completely or not at all: they are written under a temporary name, then renamed.

use crate::error::{Context, Result};
use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};

/// The prefix of the names of files that are not part of an array: those in an unfinished output that are needed to
/// resume it.
pub const OWN: &str = ".vqz-";

/// The suffix of the names of files that are still being written.
const TEMPORARY: &str = ".vqz-tmp";

/// Writes a file under a temporary name, then renames it. Missing folders are created. On failure nothing is left
/// behind.
///
/// # Errors
/// When the file system fails; the error names the path.
pub fn write_atomically(path: &Path, bytes: &[u8]) -> Result<()> {
    let mut name = path.file_name().unwrap_or_default().to_os_string();
    name.push(TEMPORARY);
    let temporary = path.with_file_name(name);
    let written = (|| {
        if let Some(parent) = path.parent() {
            fs::create_dir_all(parent)?;
        }
        let mut file = File::create(&temporary)?;
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

/// All files under a folder, sorted by path.
pub fn files_under(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    let mut folders = vec![folder.to_path_buf()];
    while let Some(next) = folders.pop() {
        for entry in fs::read_dir(&next).with_context(|| format!("listing {}", next.display()))? {
            let entry = entry.with_context(|| format!("listing {}", next.display()))?;
            // Links to folders are not followed, because they may form a loop.
            let kind = entry.file_type().with_context(|| format!("listing {}", next.display()))?;
            if kind.is_dir() {
                folders.push(entry.path());
            } else {
                files.push(entry.path());
            }
        }
    }
    files.sort();
    Ok(files)
}

/// Bytes of the files under a folder: of its `zarr.json` files, and of all others. Files that are only needed to
/// resume an unfinished output do not count.
pub fn sizes(folder: &Path) -> Result<(u64, u64)> {
    let (mut metadata, mut data) = (0, 0);
    for file in files_under(folder)? {
        if file.file_name().is_some_and(|name| name.to_string_lossy().starts_with(OWN)) {
            continue;
        }
        let len = fs::metadata(&file).with_context(|| format!("reading {}", file.display()))?.len();
        if file.file_name().is_some_and(|name| name == "zarr.json") {
            metadata += len;
        } else {
            data += len;
        }
    }
    Ok((metadata, data))
}

/// Copies a folder with everything in it.
pub fn copy_tree(from: &Path, to: &Path) -> Result<()> {
    for file in files_under(from)? {
        let relative = file.strip_prefix(from).unwrap_or(&file);
        let target = to.join(relative);
        let bytes = fs::read(&file).with_context(|| format!("reading {}", file.display()))?;
        write_atomically(&target, &bytes)?;
    }
    Ok(())
}

/// Removes a file, or a folder with everything in it.
pub fn remove(path: &Path) -> Result<()> {
    let removed = if path.is_dir() { fs::remove_dir_all(path) } else { fs::remove_file(path) };
    removed.with_context(|| format!("removing {}", path.display()))
}
