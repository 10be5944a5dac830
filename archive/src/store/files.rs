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
    list(folder, None, &mut files)?;
    files.sort();
    Ok(files)
}

/// All files of a store, sorted by path: links to files and folders are followed, unless they lead to nothing or back to where they
/// stand in. Hidden files, those in hidden folders, and those that are still being written are left out.
pub fn files_of_store(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    list(folder, Some(&mut Links { above: Vec::new(), left: MOST_LINKS }), &mut files)?;
    files.retain(|file| !file.to_string_lossy().ends_with(TEMPORARY) && file.is_file());
    files.sort();
    Ok(files)
}

/// How links to folders are followed.
struct Links {
    /// The places of the folders that the present one is in.
    above: Vec<PathBuf>,
    /// How many may be followed from here on down.
    left: u32,
}

/// Adds the files under a folder. Where `links` are followed, hidden files and folders are left out.
fn list(folder: &Path, mut links: Option<&mut Links>, files: &mut Vec<PathBuf>) -> Result<()> {
    if let Some(links) = &mut links {
        let place = folder.canonicalize().with_context(|| format!("listing {}", folder.display()))?;
        links.above.push(place);
    }
    for entry in fs::read_dir(folder).with_context(|| format!("listing {}", folder.display()))? {
        let entry = entry.with_context(|| format!("listing {}", folder.display()))?;
        let kind = entry.file_type().with_context(|| format!("listing {}", folder.display()))?;
        let path = entry.path();
        match &mut links {
            None if kind.is_dir() => list(&path, None, files)?,
            None => files.push(path),
            Some(_) if entry.file_name().to_string_lossy().starts_with('.') => {}
            Some(links) if kind.is_dir() => list(&path, Some(links), files)?,
            Some(links) if kind.is_symlink() && links.leads_on(&path) => {
                links.left -= 1;
                list(&path, Some(links), files)?;
                links.left += 1;
            }
            Some(_) => files.push(path),
        }
    }
    if let Some(links) = links {
        links.above.pop();
    }
    Ok(())
}

impl Links {
    /// Whether a link leads to a folder that is none of those above, nor holds one of them.
    fn leads_on(&self, link: &Path) -> bool {
        let is_new = |to: PathBuf| !self.above.iter().any(|folder| folder.starts_with(&to));
        self.left > 0 && link.is_dir() && link.canonicalize().is_ok_and(is_new)
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_store_holds_nothing_hidden() {
        let folder = std::env::temp_dir().join(format!("vqz-files-hidden-{}", std::process::id()));
        drop(fs::remove_dir_all(&folder));
        let names = ["zarr.json", "c/0/1", "c/.DS_Store", ".git/config", "c/.old/0/1", "c/2.vqz-tmp"];
        for name in names {
            let path = folder.join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, name).unwrap();
        }
        let below = |files: Vec<PathBuf>| -> Vec<String> {
            let names = files.iter().map(|file| file.strip_prefix(&folder).unwrap());
            names.map(|name| name.to_str().unwrap().to_owned()).collect()
        };
        assert_eq!(below(files_of_store(&folder).unwrap()), ["c/0/1", "zarr.json"]);
        assert_eq!(files_under(&folder).unwrap().len(), names.len());
        #[cfg(unix)]
        {
            use std::os::unix::fs::symlink;
            symlink("0", folder.join("c/1")).unwrap();
            symlink("..", folder.join("c/above")).unwrap();
            symlink("nowhere", folder.join("c/3")).unwrap();
            assert_eq!(below(files_of_store(&folder).unwrap()), ["c/0/1", "c/1/1", "zarr.json"]);
            assert_eq!(files_under(&folder).unwrap().len(), names.len() + 3);
        }
        fs::remove_dir_all(&folder).unwrap();
    }
}
