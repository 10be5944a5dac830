//! Finds the chunks that an array has on disk, from the names of its files. What this costs depends on the files, not on the shape
//! that the array declares.

use crate::error::{Context, Result};
use crate::metadata::document::Metadata;
use crate::raster::region::Grid;
use crate::raster::stored::StoredChunks;
use crate::store::files;
use serde_json::Value;
use std::fs;
use std::io::ErrorKind;
use std::path::Path;

/// How the indices of a chunk become the path of its file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Keys {
    /// A folder for each dimension but the last, below these.
    Folders(&'static str),
    /// One name with dots between the indices, after this beginning.
    Dots(&'static str),
}

/// The chunks of an array that are stored, shards where it is sharded. Files and folders that are no chunks of its grid are passed
/// over, whatever they are; links are followed. None where the array names its chunks in a way that is not known here.
///
/// # Errors
/// When a folder can't be listed, and when the metadata state no regular grid.
pub(crate) fn stored_chunks(folder: &Path, metadata: &Metadata) -> Result<Option<StoredChunks>> {
    let grid = Grid::new(&metadata.shape()?, &metadata.chunk_shape()?);
    let Some(keys) = keys(metadata) else { return Ok(None) };
    let counts = grid.counts().to_vec();
    let mut stored = StoredChunks::new(grid);
    match keys {
        _ if counts.is_empty() => {
            let name = if matches!(keys, Keys::Folders("") | Keys::Dots("")) { "0" } else { "c" };
            if let Some(bytes) = file_bytes(&folder.join(name))? {
                stored.add(&[], bytes);
            }
        }
        Keys::Folders(first) => {
            let mut place = Vec::new();
            descend(&folder.join(first), &counts, &mut place, &mut stored)?;
        }
        Keys::Dots(first) => {
            let mut found = Vec::new();
            for name in names(folder)? {
                let indices = name.strip_prefix(first).and_then(|rest| dotted(rest, &counts));
                if let Some(indices) = indices
                    && let Some(bytes) = file_bytes(&folder.join(&name))?
                {
                    found.push((indices, bytes));
                }
            }
            found.sort_unstable();
            found.iter().for_each(|(indices, bytes)| stored.add(indices, *bytes));
        }
    }
    Ok(Some(stored))
}

/// Bytes of an array's metadata, and of its chunks. Files that are no chunks do not count.
///
/// # Errors
/// When a folder can't be listed.
pub(crate) fn sizes_of_array(folder: &Path, metadata: &Metadata) -> Result<(u64, u64)> {
    // An array of another grid is measured by all its files.
    let stored = if metadata.chunk_shape().is_ok() { stored_chunks(folder, metadata)? } else { None };
    files::sizes_with(folder, stored.as_ref())
}

/// Whether an entry of an array's folder may be a chunk or a folder of chunks by its name. Where the array names its chunks in a way
/// that is not known here, any may.
pub(crate) fn may_hold_chunks(metadata: &Metadata, name: &str) -> bool {
    let number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    match keys(metadata) {
        Some(Keys::Folders("")) => number(name),
        Some(Keys::Folders(first)) => name == first,
        Some(Keys::Dots(first)) => {
            name == "c" || name.strip_prefix(first).is_some_and(|rest| rest.split('.').all(number))
        }
        None => true,
    }
}

/// How an array names its chunks.
fn keys(metadata: &Metadata) -> Option<Keys> {
    let encoding = metadata.json().get("chunk_key_encoding")?;
    let name = encoding.as_str().or_else(|| encoding.get("name").and_then(Value::as_str))?;
    let separator = encoding.pointer("/configuration/separator").and_then(Value::as_str);
    match (name, separator) {
        ("default", None | Some("/")) => Some(Keys::Folders("c")),
        ("default", Some(".")) => Some(Keys::Dots("c.")),
        ("v2", None | Some(".")) => Some(Keys::Dots("")),
        ("v2", Some("/")) => Some(Keys::Folders("")),
        _ => None,
    }
}

/// Adds the chunks in a folder, whose names begin with the indices of the folders above.
fn descend(folder: &Path, counts: &[u64], place: &mut Vec<u64>, stored: &mut StoredChunks) -> Result<()> {
    let Some(count) = counts.get(place.len()) else { return Ok(()) };
    let mut indices: Vec<u64> = names(folder)?.iter().filter_map(|name| index(name, *count)).collect();
    indices.sort_unstable();
    for index in indices {
        let path = folder.join(index.to_string());
        place.push(index);
        if place.len() < counts.len() {
            descend(&path, counts, place, stored)?;
        } else if let Some(bytes) = file_bytes(&path)? {
            stored.add(place, bytes);
        }
        place.pop();
    }
    Ok(())
}

/// The names in a folder; none where there is no such folder.
fn names(folder: &Path) -> Result<Vec<String>> {
    if !found(folder)?.is_some_and(|found| found.is_dir()) {
        return Ok(Vec::new());
    }
    let mut names = Vec::new();
    for entry in fs::read_dir(folder).with_context(|| format!("listing {}", folder.display()))? {
        let entry = entry.with_context(|| format!("listing {}", folder.display()))?;
        names.extend(entry.file_name().into_string().ok());
    }
    Ok(names)
}

/// Bytes of a file; none where there is no file.
fn file_bytes(path: &Path) -> Result<Option<u64>> {
    Ok(found(path)?.filter(fs::Metadata::is_file).map(|found| found.len()))
}

/// What is at a path, where a link leads to; none where there is nothing, or a link that leads nowhere or to itself.
fn found(path: &Path) -> Result<Option<fs::Metadata>> {
    match fs::metadata(path) {
        Ok(found) => Ok(Some(found)),
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => Ok(None),
        Err(error) if error.kind() != ErrorKind::PermissionDenied && path.is_symlink() => Ok(None),
        Err(error) => Err(error).with_context(|| format!("looking at {}", path.display())),
    }
}

/// An index as it is written in names, below a count.
fn index(text: &str, count: u64) -> Option<u64> {
    let canonical = text.bytes().all(|byte| byte.is_ascii_digit()) && (text == "0" || !text.starts_with('0'));
    canonical.then(|| text.parse().ok()).flatten().filter(|index| *index < count)
}

fn dotted(text: &str, counts: &[u64]) -> Option<Vec<u64>> {
    let indices: Vec<u64> =
        text.split('.').zip(counts).map(|(text, count)| index(text, *count)).collect::<Option<_>>()?;
    (indices.len() == counts.len() && text.split('.').count() == counts.len()).then_some(indices)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;
    use std::path::PathBuf;
    use vqz_codec::sample::DataType;

    fn folder(name: &str) -> PathBuf {
        let folder = std::env::temp_dir().join(format!("vqz-chunk-keys-{name}-{}", std::process::id()));
        drop(fs::remove_dir_all(&folder));
        fs::create_dir_all(&folder).unwrap();
        folder
    }

    fn metadata(shape: &[u64], chunk: &[u64], encoding: Value) -> Metadata {
        let mut metadata = Metadata::new_array(shape, DataType::UInt8, json!(0));
        metadata.set_chunk_shape(chunk);
        metadata.json_mut().insert("chunk_key_encoding".to_owned(), encoding);
        metadata
    }

    fn write(folder: &Path, names: &[&str]) {
        for name in names {
            let path = folder.join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, "12345").unwrap();
        }
    }

    fn places(folder: &Path, metadata: &Metadata) -> Vec<Vec<u64>> {
        let stored = stored_chunks(folder, metadata).unwrap().unwrap();
        assert_eq!(stored.bytes(), 5 * stored.len());
        stored.iter().map(<[u64]>::to_vec).collect()
    }

    #[test]
    fn every_way_of_naming_chunks() {
        for (number, (encoding, names)) in [
            (json!({"name": "default", "configuration": {"separator": "/"}}), ["c/0/10", "c/9/2"]),
            (json!({"name": "default"}), ["c/0/10", "c/9/2"]),
            (json!({"name": "default", "configuration": {"separator": "."}}), ["c.0.10", "c.9.2"]),
            (json!({"name": "v2"}), ["0.10", "9.2"]),
            (json!({"name": "v2", "configuration": {"separator": "/"}}), ["0/10", "9/2"]),
        ]
        .into_iter()
        .enumerate()
        {
            let folder = folder(&format!("ways-{number}"));
            write(&folder, &names);
            let metadata = metadata(&[1_000_000_000; 2], &[1, 1], encoding);
            assert_eq!(places(&folder, &metadata), [[0, 10], [9, 2]]);
            fs::remove_dir_all(&folder).unwrap();
        }
        let other = metadata(&[4], &[1], json!({"name": "of-tomorrow"}));
        assert!(stored_chunks(Path::new("none"), &other).unwrap().is_none());
    }

    #[test]
    fn what_is_no_chunk_is_passed_over() {
        let folder = folder("passed-over");
        let metadata = metadata(&[8, 8], &[4, 4], json!({"name": "default"}));
        write(
            &folder,
            &[
                "c/0/1",
                "c/0/0.vqz-tmp",
                "c/0/.DS_Store",
                "c/0/00",
                "c/0/+1",
                "c/2/0",
                "c/0/7",
                "c/x/0",
                "d/0/0",
            ],
        );
        write(&folder, &["c/1/0/deeper", "notes.txt"]);
        assert_eq!(places(&folder, &metadata), [[0, 1]]);
        #[cfg(unix)]
        {
            use std::os::unix::fs::symlink;
            symlink("nowhere", folder.join("c/0/0")).unwrap();
            symlink("..", folder.join("c/0/2")).unwrap();
            assert_eq!(places(&folder, &metadata), [[0, 1]]);
            // A chunk and a folder of chunks that stand elsewhere.
            fs::remove_file(folder.join("c/0/0")).unwrap();
            symlink("1", folder.join("c/0/0")).unwrap();
            fs::remove_dir_all(folder.join("c/1")).unwrap();
            symlink("0", folder.join("c/1")).unwrap();
            assert_eq!(places(&folder, &metadata), [[0, 0], [0, 1], [1, 0], [1, 1]]);
        }
        fs::remove_dir_all(&folder).unwrap();
        assert!(places(&folder, &metadata).is_empty());
    }

    #[test]
    fn an_array_without_dimensions_has_one_chunk() {
        let folder = folder("scalar");
        let metadata = metadata(&[], &[], json!({"name": "default"}));
        assert!(places(&folder, &metadata).is_empty());
        write(&folder, &["c"]);
        assert_eq!(places(&folder, &metadata).len(), 1);
        fs::remove_dir_all(&folder).unwrap();
    }
}
