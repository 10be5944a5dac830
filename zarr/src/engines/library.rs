//! The search for libonnxruntime.
//!
//! Where `ORT_DYLIB_PATH` names a file, only that one is tried. Otherwise these places are tried in order: the folder `lib` beside
//! the program, the search path of the system's loader, and the usual folders.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, OnceLock, PoisonError};
use std::{env, fs};
use vqz_codec::engine::{LibraryError, OLDEST_ONNXRUNTIME, library_is_open, open_library};
use vqz_codec::error::{Error, Result};

/// The variable that names the library.
const VARIABLE: &str = "ORT_DYLIB_PATH";

/// Opens the first library that can be opened, once in a process.
pub(super) fn open() -> Result<()> {
    static OPENING: Mutex<()> = Mutex::new(());
    let _one_at_a_time = OPENING.lock().unwrap_or_else(PoisonError::into_inner);
    if library_is_open() {
        return Ok(());
    }
    let named = env::var_os(VARIABLE).filter(|path| !path.is_empty());
    let candidates = match &named {
        // The loader resolves relative paths against the program's folder; users mean the current folder.
        Some(path) => vec![fs::canonicalize(path).unwrap_or_else(|_| PathBuf::from(path))],
        None => candidates(),
    };
    let mut why_not = Vec::new();
    for path in &candidates {
        match open_library(path, || release_of_loaded(path)) {
            Ok(()) => return Ok(()),
            Err(LibraryError::NotLoaded(why)) => why_not.push(why),
            Err(other) => return Err(Error::Engine(other.to_string())),
        }
    }
    Err(missing(named.as_ref(), &why_not))
}

/// Opens a library if there is one. The search is made once in a process.
pub(super) fn open_if_found() {
    static SEARCHED: OnceLock<()> = OnceLock::new();
    SEARCHED.get_or_init(|| {
        // A missing library is not an error here, because another engine runs the model then.
        let _ = open();
    });
}

fn missing(named: Option<&OsString>, why_not: &[String]) -> Error {
    let wanted = format!(
        "install libonnxruntime {OLDEST_ONNXRUNTIME} or later, for example with `pip install onnxruntime`, and set {VARIABLE} \
         to its file (in a wheel, onnxruntime/capi/libonnxruntime.so.1.x.y), or choose the engine tract"
    );
    Error::Engine(match named {
        Some(path) => format!(
            "the library that {VARIABLE} names, {}, can't be opened: {}; {wanted}",
            Path::new(path).display(),
            why_not.join("; ")
        ),
        None => {
            // Most candidates do not exist, which is not worth a message. A library that exists and was refused is.
            let refused = why_not.iter().filter(|why| why.contains("expected version"));
            let refused: String = refused.map(|why| format!(" ({why})")).collect();
            format!(
                "no libonnxruntime was found beside the program or in the system's folders{refused}; {wanted}"
            )
        }
    })
}

/// `lib` beside the program, the loader's own search, then the system's folders; newer releases first.
fn candidates() -> Vec<PathBuf> {
    let file = format!("{}onnxruntime{}", env::consts::DLL_PREFIX, env::consts::DLL_SUFFIX);
    let beside = env::current_exe().ok().and_then(|exe| Some(exe.parent()?.to_owned()));
    let mut found = Vec::new();
    for folder in beside.iter().flat_map(|folder| [folder.join("lib"), folder.join("../lib"), folder.clone()])
    {
        found.extend(libraries(&folder, &file));
    }
    found.push(PathBuf::from(&file));
    found.push(PathBuf::from(format!("{file}.1")));
    for folder in [
        "/usr/local/lib",
        "/usr/lib",
        "/usr/lib64",
        "/usr/lib/x86_64-linux-gnu",
        "/usr/lib/aarch64-linux-gnu",
    ]
    .into_iter()
    .chain(["/opt/homebrew/lib", "/opt/onnxruntime/lib"])
    {
        found.extend(libraries(Path::new(folder), &file));
    }
    found
}

/// The files of a folder that are called `file`, with or without a version.
fn libraries(folder: &Path, file: &str) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(folder) else { return Vec::new() };
    let stem = file.trim_end_matches(env::consts::DLL_SUFFIX);
    let mut found: Vec<PathBuf> = entries
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| {
            let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
            // `libonnxruntime.so.1.31.1` and `libonnxruntime.1.31.1.dylib`, not `libonnxruntime_providers_shared.so`.
            name == file
                || name.starts_with(&format!("{file}."))
                || (name.starts_with(&format!("{stem}.")) && name.ends_with(env::consts::DLL_SUFFIX))
        })
        .collect();
    found.sort_by_key(|path| std::cmp::Reverse(release(path)));
    found
}

/// The numbers in a file name, such as `[1, 31, 1]` for `libonnxruntime.so.1.31.1`.
fn release(path: &Path) -> Vec<u64> {
    let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    name.split('.').filter_map(|part| part.parse().ok()).collect()
}

/// The release of the library that was loaded by this name, if the name of its file states it.
fn release_of_loaded(path: &Path) -> Option<String> {
    let real = loaded().or_else(|| fs::canonicalize(path).ok()).unwrap_or_else(|| path.to_owned());
    let numbers = release(&real);
    (numbers.len() >= 2).then(|| numbers.iter().map(u64::to_string).collect::<Vec<_>>().join("."))
}

/// The file that the loader opened, where the system reports it.
fn loaded() -> Option<PathBuf> {
    let maps = fs::read_to_string("/proc/self/maps").ok()?;
    let path = maps.lines().find_map(|line| {
        let path = &line[line.find('/')?..];
        path.rsplit('/').next()?.starts_with("libonnxruntime.so").then_some(path)
    })?;
    Some(PathBuf::from(path))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn newer_releases_come_first() {
        let folder = env::temp_dir().join(format!("vqz-libraries-{}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        let names = [
            "libonnxruntime.so.1.9.0",
            "libonnxruntime.so.1.31.1",
            "libonnxruntime.so",
            "libonnxruntime_providers_shared.so",
        ];
        for name in names {
            fs::write(folder.join(name), []).unwrap();
        }
        let found = libraries(&folder, "libonnxruntime.so");
        fs::remove_dir_all(&folder).unwrap();
        let found: Vec<_> = found.iter().map(|path| path.file_name().unwrap().to_str().unwrap()).collect();
        assert_eq!(found, ["libonnxruntime.so.1.31.1", "libonnxruntime.so.1.9.0", "libonnxruntime.so"]);
    }

    #[test]
    fn a_library_that_is_not_there_is_explained() {
        // This does not call `open`, because a process keeps the first library that it opened.
        let path = OsString::from("/nowhere/libonnxruntime.so");
        let error = missing(Some(&path), &["no such file".to_owned()]).to_string();
        assert!(
            error.starts_with(
                "engine: the library that ORT_DYLIB_PATH names, /nowhere/libonnxruntime.so, can't be opened: no such file; \
                 install libonnxruntime 1.20 or later"
            ),
            "{error}"
        );
        assert!(
            error.contains("`pip install onnxruntime`") && error.contains("or choose the engine tract"),
            "{error}"
        );

        let old = "expected version >= '1.20.x', but got '1.9.0'".to_owned();
        let error = missing(None, &["no such file".to_owned(), old]).to_string();
        let start = "engine: no libonnxruntime was found beside the program or in the system's folders (expected version";
        assert!(error.starts_with(start) && error.contains("set ORT_DYLIB_PATH"), "{error}");
    }
}
