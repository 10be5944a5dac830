//! The files of an input, and the fields of their names.

use crate::error::{Error, Result};
use crate::ingest::config::InputConfig;
use crate::ingest::sources::pattern::{Fields, Pattern};
use std::path::{Path, PathBuf};

/// The most names that a message lists.
const LISTED: usize = 3;

/// The files of an input, in the order of their names, with the fields of their names.
///
/// # Errors
/// [`Error::Invalid`] for patterns that match no file, and for names that the pattern for names does not match.
pub(crate) fn described(input: &InputConfig, folder: &Path) -> Result<Vec<(PathBuf, Fields)>> {
    let pattern = input.name.as_deref().map(Pattern::parse).transpose()?;
    let files = files(input, folder)?;
    let mut described = Vec::new();
    let mut unmatched = Vec::new();
    for file in files {
        match pattern.as_ref().map(|pattern| pattern.fields(&file)).transpose()? {
            Some(None) => unmatched.push(file),
            Some(Some(fields)) => described.push((file, fields)),
            None => described.push((file, Fields::default())),
        }
    }
    if let (Some(pattern), false) = (&pattern, unmatched.is_empty()) {
        return Err(Error::Invalid(format!(
            "{} do not match the name pattern \"{}\": {}; correct the pattern, or choose fewer files",
            count(unmatched.len(), "file"),
            pattern.text(),
            listed(&unmatched)
        )));
    }
    Ok(described)
}

/// The files that the patterns match, in the order of their names, each once.
fn files(input: &InputConfig, folder: &Path) -> Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for pattern in &input.files {
        let whole = folder.join(pattern);
        // A name that is a file's own is no pattern, whatever brackets it has.
        if !pattern.contains(['*', '?']) && whole.is_file() {
            files.push(whole);
            continue;
        }
        // Nor is the folder: that of a configuration may be called `run[1]`.
        let text = match Path::new(pattern).is_absolute() {
            true => pattern.clone(),
            false => match folder.to_str() {
                Some("") => pattern.clone(),
                Some(folder) => format!("{}/{pattern}", glob::Pattern::escape(folder.trim_end_matches('/'))),
                None => {
                    return Err(Error::Invalid(format!(
                        "the name of {} is no UTF-8; rename it",
                        folder.display()
                    )));
                }
            },
        };
        let paths = glob::glob(&text)
            .map_err(|e| Error::Invalid(format!("the pattern of files \"{pattern}\" is wrong: {e}")))?;
        let mut found: Vec<PathBuf> = paths
            .map(|path| {
                path.map_err(|e| {
                    let path = e.path().display().to_string();
                    Error::Io { path, source: e.into() }
                })
            })
            .collect::<Result<_>>()?;
        if found.is_empty() {
            return Err(Error::Invalid(format!(
                "no file matches {}; patterns are relative to the folder of the configuration",
                whole.display()
            )));
        }
        found.sort();
        files.extend(found);
    }
    if files.is_empty() {
        return Err(Error::Invalid("an [[input]] names no files; give at least one pattern".to_owned()));
    }
    let mut seen = std::collections::HashSet::new();
    files.retain(|file| seen.insert(file.clone()));
    Ok(files)
}

/// `1 file`, `3 files`.
pub(crate) fn count(n: usize, what: &str) -> String {
    let plural = what.strip_suffix('y').map_or_else(|| format!("{what}s"), |stem| format!("{stem}ies"));
    if n == 1 { format!("1 {what}") } else { format!("{n} {plural}") }
}

/// The first few of some paths.
fn listed(paths: &[PathBuf]) -> String {
    crate::listed::listed(paths.iter().map(|path| path.display().to_string()), LISTED)
}
