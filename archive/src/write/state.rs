//! The state of an unfinished output: a folder beside the target, and in it a file with the settings that it was begun with.
//!
//! The folder is made under another name and renamed once the state is in it, so that whoever finds the folder finds its state,
//! however many processes begin at the same moment.

use crate::error::{Context, Result, bail};
use crate::store::files::{self, with_suffix};
use crate::write::existing::is_empty;
use serde_json::{Map, Value};
use std::fs::{self, File};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// The file inside an unfinished output that holds the settings it was begun with.
pub(crate) const MARKER: &str = ".vqz-resume.json";

/// The suffix of the name of an unfinished output.
const PARTIAL: &str = ".partial";

/// A folder without its final name stands for moments only. After this time, whoever made it is taken to live no more, wherever it ran.
const MOMENTS: Duration = Duration::from_secs(600);

/// More characters of a setting than these are not shown.
const SHOWN: usize = 60;

/// The folder in which a target is put together.
pub(crate) fn folder_of(target: &Path) -> PathBuf {
    with_suffix(target, PARTIAL)
}

/// The folder of an output that was begun and not completed, if there is one.
pub(crate) fn unfinished(target: &Path) -> Option<PathBuf> {
    let folder = folder_of(target);
    folder.join(MARKER).is_file().then_some(folder)
}

/// Refuses a path that stands where an unfinished output would, and is none.
///
/// # Errors
/// [`Exists`](crate::ErrorKind::Exists), with the path.
pub(crate) fn refuse_foreign(folder: &Path) -> Result<()> {
    let Ok(found) = fs::symlink_metadata(folder) else { return Ok(()) };
    if found.is_symlink() {
        bail!(
            Exists,
            "{} is a link, and an unfinished output of vqz is a folder; move or delete the link, or choose another output",
            folder.display()
        );
    }
    if found.is_dir() && (folder.join(MARKER).is_file() || is_empty(folder)) {
        return Ok(());
    }
    if fs::symlink_metadata(folder).is_err() || folder.join(MARKER).is_file() {
        // It was put in its place between the two looks, or begun.
        return Ok(());
    }
    bail!(
        Exists,
        "{} exists and is no unfinished output of vqz; move or delete it, or choose another output",
        folder.display()
    )
}

/// Makes the folder of an unfinished output with its state, or finds one that is there. Returns whether it was found.
///
/// # Errors
/// When something else is there, or the file system refuses.
pub(crate) fn make_or_find(target: &Path, settings: &Map<String, Value>) -> Result<bool> {
    let folder = folder_of(target);
    remove_unnamed(target);
    // Once more where another process was first, and removed its folder meanwhile.
    loop {
        refuse_foreign(&folder)?;
        if folder.join(MARKER).is_file() {
            return Ok(true);
        }
        let made = unnamed(target)?;
        let written = files::write_atomically(&made.join(MARKER), &serde_json::to_vec_pretty(settings)?);
        // This takes the place of an empty folder, and of nothing else.
        let named = written.map(|()| fs::rename(&made, &folder));
        if let Ok(Ok(())) = named {
            return Ok(false);
        }
        files::remove(&made)?;
        if let Err(error) = named?
            && !matches!(error.kind(), ErrorKind::DirectoryNotEmpty | ErrorKind::AlreadyExists)
            && !folder.join(MARKER).is_file()
        {
            return Err(error).with_context(|| format!("making {}", folder.display()));
        }
    }
}

/// Makes sure that a target can be put together beside itself, by making a folder there and removing it.
///
/// # Errors
/// When the file system refuses.
pub(crate) fn try_folder(target: &Path) -> Result<()> {
    files::remove(&unnamed(target)?)
}

/// A new folder of a name that nobody else uses.
fn unnamed(target: &Path) -> Result<PathBuf> {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    loop {
        // Processes on other machines may have the same number, so a name that is taken is passed over.
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let folder = with_suffix(target, &format!("{PARTIAL}-{}-{number}", std::process::id()));
        match fs::create_dir(&folder) {
            Ok(()) => return Ok(folder),
            Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
            Err(error) => {
                return Err(error).with_context(|| format!("making {}", folder_of(target).display()));
            }
        }
    }
}

/// Removes the folders of [`unnamed`] that processes left that were killed just then. What can't be removed stays: it is in nobody's
/// way.
fn remove_unnamed(target: &Path) {
    let prefix = with_suffix(target, &format!("{PARTIAL}-"));
    let (Some(prefix), Some(parent)) = (prefix.file_name().and_then(|name| name.to_str()), target.parent())
    else {
        return;
    };
    let parent = if parent.as_os_str().is_empty() { Path::new(".") } else { parent };
    for entry in fs::read_dir(parent).into_iter().flatten().flatten() {
        let name = entry.file_name();
        let numbers = name.to_str().and_then(|name| name.strip_prefix(prefix)?.split_once('-'));
        let maker = numbers
            .filter(|(_, number)| number.parse::<u64>().is_ok())
            .and_then(|(process, _)| process.parse::<u32>().ok());
        if maker.is_some_and(|process| !runs(process)) && is_abandoned(&entry.path()) {
            drop(remove_own(&entry.path()));
        }
    }
}

/// Whether a process of this number runs on this machine; `true` where nothing tells.
fn runs(process: u32) -> bool {
    let all = Path::new("/proc");
    !all.join("self").exists() || all.join(process.to_string()).exists()
}

/// Whether a path is a folder that nothing was put into for longer than it takes to give it its name.
fn is_abandoned(folder: &Path) -> bool {
    let found = fs::symlink_metadata(folder).ok().filter(fs::Metadata::is_dir);
    let age = found.and_then(|found| found.modified().ok()?.elapsed().ok());
    age.is_some_and(|age| age > MOMENTS)
}

/// Removes a folder that holds a state, whole or half written, or nothing. A folder that holds anything else stays.
fn remove_own(folder: &Path) -> std::io::Result<()> {
    let files: Vec<_> = fs::read_dir(folder)?.collect::<std::io::Result<_>>()?;
    if files.iter().all(|file| file.file_name().to_string_lossy().starts_with(MARKER)) {
        files.iter().try_for_each(|file| fs::remove_file(file.path()))?;
        fs::remove_dir(folder)?;
    }
    Ok(())
}

/// Whether an open marker is the one that is in a folder now.
pub(crate) fn is_at(marker: &File, folder: &Path) -> bool {
    let (Ok(open), Ok(found)) = (marker.metadata(), fs::metadata(folder.join(MARKER))) else { return false };
    #[cfg(unix)]
    {
        use std::os::unix::fs::MetadataExt;
        (open.dev(), open.ino()) == (found.dev(), found.ino())
    }
    #[cfg(not(unix))]
    {
        open.len() == found.len()
    }
}

/// Compares the settings of an unfinished output with those of this run; names the first that differs. Returns `false` where
/// the output is not there any more.
///
/// # Errors
/// [`InvalidArgument`](crate::ErrorKind::InvalidArgument) for other settings, and [`Corrupt`](crate::ErrorKind::Corrupt) for a
/// state that can't be read.
pub(crate) fn check(folder: &Path, settings: &Map<String, Value>) -> Result<bool> {
    let path = folder.join(MARKER);
    let text = match fs::read(&path) {
        Ok(text) => text,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(false),
        Err(error) => return Err(error).with_context(|| format!("reading {}", path.display())),
    };
    let begun: Option<Map<String, Value>> = serde_json::from_slice(&text).ok();
    let known = |begun: &Map<String, Value>| ["vqz", "command"].iter().all(|key| begun.contains_key(*key));
    let Some(begun) = begun.filter(known) else {
        bail!(
            Corrupt,
            "{} is {}: nothing tells what {} was begun with, so nothing in it is used; delete that folder to start \
             afresh",
            path.display(),
            if text.is_empty() { "empty" } else { "damaged, or none of vqz's" },
            folder.display()
        );
    };
    for key in settings.keys().chain(begun.keys()) {
        let (before, now) =
            (begun.get(key).unwrap_or(&Value::Null), settings.get(key).unwrap_or(&Value::Null));
        if before != now {
            let (place, before, now) = difference(key.clone(), before, now);
            bail!(
                InvalidArgument,
                "{} was begun with other settings ({place} was {}, now it is {}); delete it to start afresh, or repeat the \
                 earlier settings to go on",
                folder.display(),
                shown(before),
                shown(now)
            );
        }
    }
    Ok(true)
}

/// The innermost place where two settings differ.
fn difference<'a>(place: String, before: &'a Value, now: &'a Value) -> (String, &'a Value, &'a Value) {
    match (before, now) {
        (Value::Object(a), Value::Object(b)) => {
            let mut keys = a.keys().chain(b.keys());
            let key = keys.find(|key| a.get(*key) != b.get(*key));
            if let Some(key) = key {
                let inner = |map: &'a Map<String, Value>| map.get(key).unwrap_or(&Value::Null);
                return difference(format!("{place}/{key}"), inner(a), inner(b));
            }
        }
        (Value::Array(a), Value::Array(b)) if a.len() == b.len() => {
            if let Some(at) = (0..a.len()).find(|at| a[*at] != b[*at]) {
                return difference(format!("{place}/{at}"), &a[at], &b[at]);
            }
        }
        _ => {}
    }
    (place, before, now)
}

/// A setting in an error, cut where it is long.
fn shown(value: &Value) -> String {
    let text = value.to_string();
    match text.char_indices().nth(SHOWN) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn map(value: Value) -> Map<String, Value> {
        value.as_object().cloned().unwrap()
    }

    fn target(name: &str) -> PathBuf {
        let folder = std::env::temp_dir().join(format!("vqz-state-{name}-{}", std::process::id()));
        drop(fs::remove_dir_all(&folder));
        fs::create_dir_all(&folder).unwrap();
        folder.join("out.zarr")
    }

    #[test]
    fn the_first_difference_is_told() {
        let target = target("difference");
        let settings = |fill: Value, names: Value| {
            map(
                json!({"vqz": "1", "command": "encode", "arrays": [{"path": "", "fill_value": fill, "names": names}]}),
            )
        };
        let before = settings(json!(0), json!(["y", "x"]));
        assert!(!make_or_find(&target, &before).unwrap());
        assert!(make_or_find(&target, &before).unwrap());
        let folder = folder_of(&target);
        assert!(check(&folder, &before).unwrap());
        let told = |now: &Map<String, Value>| check(&folder, now).unwrap_err().to_string();
        assert!(
            told(&settings(json!(7), json!(["y", "x"]))).contains("(arrays/0/fill_value was 0, now it is 7)")
        );
        let many = json!(vec!["long"; 40]);
        assert!(told(&settings(json!(0), many)).contains("\"long\",\"long\",\"lo…);"));
        let mut more = before.clone();
        more.insert("model".to_owned(), json!("of another content"));
        assert!(told(&more).contains("(model was null, now it is \"of another content\")"));
        fs::remove_dir_all(&folder).unwrap();
        assert!(!check(&folder, &before).unwrap());
        fs::remove_dir_all(target.parent().unwrap()).unwrap();
    }

    #[test]
    fn a_state_that_tells_nothing_is_refused() {
        let target = target("damaged");
        let settings = map(json!({"vqz": "1", "command": "encode"}));
        make_or_find(&target, &settings).unwrap();
        let folder = folder_of(&target);
        for (text, what) in
            [("", "is empty"), ("{\"vqz\": \"1\",", "is damaged"), ("[]", "none of vqz's"), ("{}", "none of")]
        {
            fs::write(folder.join(MARKER), text).unwrap();
            let error = check(&folder, &settings).unwrap_err().to_string();
            assert!(error.contains(what) && error.contains("delete that folder to start afresh"), "{error}");
        }
        fs::remove_dir_all(target.parent().unwrap()).unwrap();
    }

    #[test]
    fn one_of_many_makes_the_folder() {
        let target = target("many");
        let made = AtomicU64::new(0);
        std::thread::scope(|scope| {
            for number in 0..16 {
                let (target, made) = (&target, &made);
                scope.spawn(move || {
                    let settings = map(json!({"vqz": "1", "command": "encode", "number": number}));
                    if !make_or_find(target, &settings).unwrap() {
                        made.fetch_add(1, Ordering::Relaxed);
                        assert!(check(&folder_of(target), &settings).unwrap());
                    }
                });
            }
        });
        assert_eq!(made.into_inner(), 1);
        // Nothing is left of the others.
        assert_eq!(fs::read_dir(target.parent().unwrap()).unwrap().count(), 1);
        fs::remove_dir_all(target.parent().unwrap()).unwrap();
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn what_killed_processes_left_is_removed() {
        let target = target("left");
        let root = target.parent().unwrap();
        let settings = map(json!({"vqz": "1", "command": "encode"}));
        // No process has the greatest number.
        let (dead, alive) = (u32::MAX, std::process::id());
        let names = [
            (format!("out.zarr.partial-{dead}-0"), Some(MARKER), true, false),
            (format!("out.zarr.partial-{dead}-1"), Some(".vqz-resume.json.7-0.vqz-tmp"), true, false),
            (format!("out.zarr.partial-{dead}-2"), None, true, false),
            // Of a process that lives, made just now, with something else in it, and of other names.
            (format!("out.zarr.partial-{alive}-77"), None, true, true),
            (format!("out.zarr.partial-{dead}-3"), Some(MARKER), false, true),
            (format!("out.zarr.partial-{dead}-4"), Some("notes.txt"), true, true),
            (format!("out.zarr.partial-{dead}-old"), None, true, true),
            (format!("other.zarr.partial-{dead}-0"), None, true, true),
        ];
        for (name, file, old, _) in &names {
            let folder = root.join(name);
            fs::create_dir(&folder).unwrap();
            if let Some(file) = file {
                fs::write(folder.join(file), "{}").unwrap();
            }
            if *old {
                let time = std::time::SystemTime::now() - 2 * MOMENTS;
                File::open(&folder).unwrap().set_modified(time).unwrap();
            }
        }
        assert!(!make_or_find(&target, &settings).unwrap());
        for (name, _, _, stays) in &names {
            assert_eq!(root.join(name).exists(), *stays, "{name}");
        }
        fs::remove_dir_all(root).unwrap();
    }

    #[test]
    fn only_an_empty_folder_is_taken() {
        let target = target("taken");
        let settings = map(json!({"vqz": "1", "command": "encode"}));
        let folder = folder_of(&target);
        fs::create_dir(&folder).unwrap();
        assert!(!make_or_find(&target, &settings).unwrap());
        fs::remove_dir_all(&folder).unwrap();
        fs::write(&folder, "a file").unwrap();
        assert!(
            make_or_find(&target, &settings).unwrap_err().to_string().contains("is no unfinished output")
        );
        fs::remove_file(&folder).unwrap();
        #[cfg(unix)]
        {
            std::os::unix::fs::symlink("nowhere", &folder).unwrap();
            assert!(make_or_find(&target, &settings).unwrap_err().to_string().contains("is a link"));
        }
        fs::remove_dir_all(target.parent().unwrap()).unwrap();
    }
}
